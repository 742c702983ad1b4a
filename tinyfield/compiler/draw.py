"""The memory plan as a picture: tensors over steps, arena bytes upwards, as one SVG file."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from html import escape

from tinyfield.compiler.memory import Plan
from tinyfield.compiler.steps import Step

_LEFT, _TOP, _HIGH = 72, 44, 340  # the axes' place, and how high the arena is drawn
_BROADEST, _NARROWEST, _ALL = 100.0, 24.0, 940.0  # widths of a step, and of many together
_SIZE = 12
_LETTER, _LINE = 6.8, 15  # about the width of a letter of that size, and of a line's height
_BROAD = 12 * _LETTER  # what a step needs for the longest word of its name
# Colours that stay apart for the colour-blind (Okabe and Ito, 2008), lightened.
_COLOURS = ("#8cc9ec", "#f0c878", "#80cfb9", "#f4e58c", "#7fb8d8", "#eba67f", "#e4bbd2", "#c8c8c8")


@dataclass(frozen=True)
class _Names:
    """The steps' names below the axis: level in lines where a step is broad enough, else slanted.

    Attributes:
        lines: of each step's name.
        slanted: half a right angle downwards.
        below, right: room that they need below the axis, and right of it.
    """

    lines: tuple[tuple[str, ...], ...]
    slanted: bool
    below: float
    right: float


def _named(plan: Plan, across: float) -> _Names:
    names = [_name(number, step) for number, step in enumerate(plan.steps)]
    if across >= _BROAD:
        lines = [tuple(textwrap.wrap(name, int(across / _LETTER))) for name in names]
        return _Names(tuple(lines), False, 12 + _LINE * max(map(len, lines), default=1), 20)
    reach = [0.71 * (_LETTER * len(name) + _SIZE) for name in names]
    left = [(len(names) - number - 0.5) * across for number in range(len(names))]
    right = max(r - room for r, room in zip(reach, left, strict=True))
    return _Names(tuple((name,) for name in names), True, 16 + max(reach), max(20, right + 8))


def draw(plan: Plan) -> str:
    """An SVG document.

    A box spans the steps at which a stretch of the arena is taken, and its bytes; pointing at it
    shows all its tensors. Boxes that overlap are outputs that lie over what has been read by then.
    """
    steps = max(len(plan.steps), 1)
    size = max(plan.arena_bytes, 1)
    across = max(min(_BROADEST, _ALL / steps), _NARROWEST)
    names = _named(plan, across)
    wide, high = round(_LEFT + steps * across + names.right), round(_TOP + _HIGH + names.below)
    up = _HIGH / size
    base = _TOP + _HIGH
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" '
        f'viewBox="0 0 {wide} {high}" font-family="sans-serif" font-size="{_SIZE}">',
        f'<rect width="{wide}" height="{high}" fill="white"/>',
        f'<text x="{_LEFT}" y="24" font-size="15">Arena: {plan.arena_bytes:,} bytes over '
        f"{len(plan.steps)} steps</text>",
    ]
    for number, slot in enumerate(sorted(plan.slots, key=lambda one: (one.first, one.offset))):
        x = _LEFT + slot.first * across
        width = (slot.last - slot.first + 1) * across
        height = max(slot.bytes * up, 0.5)
        y = base - (slot.offset + slot.bytes) * up
        title = escape(f"{slot.name}: {slot.bytes:,} B at {slot.offset:,}")
        box = (
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
            f'fill="{_COLOURS[number % len(_COLOURS)]}" fill-opacity="0.8" stroke="#444">'
            f"<title>{title}</title></rect>"
        )
        lines.append(box)
        size_of = f"{slot.bytes:,} B"
        wordings = (f"{short(slot.name)} · {size_of}", short(slot.name), size_of)
        shown = next((one for one in wordings if len(one) * _LETTER <= width - 6), "")
        if height > _LINE and shown:
            lines.append(
                f'<text x="{x + 4:.1f}" y="{y + 12.5:.1f}" pointer-events="none">'
                f"{escape(shown)}</text>"
            )
    lines += _axes(plan, names, across, size)
    return "\n".join([*lines, "</svg>"]) + "\n"


def _axes(plan: Plan, names: _Names, across: float, size: int) -> list[str]:
    base, end = _TOP + _HIGH, _LEFT + max(len(plan.steps), 1) * across
    lines = [f'<path d="M{_LEFT} {_TOP} V{base} H{end:.1f}" fill="none" stroke="black"/>']
    for share in (0, 0.25, 0.5, 0.75, 1):
        y = base - share * _HIGH + 4
        lines.append(
            f'<text x="{_LEFT - 6}" y="{y:.1f}" text-anchor="end">{round(share * size):,}</text>'
        )
    for number, (step, said) in enumerate(zip(plan.steps, names.lines, strict=True)):
        x = _LEFT + (number + 0.5) * across
        title = f"<title>{escape(step.label)}</title>"
        if names.slanted:
            lines.append(
                f'<text transform="translate({x - 3:.1f} {base + 14}) rotate(45)">'
                f"{escape(said[0])}{title}</text>"
            )
            continue
        spans = "".join(
            f'<tspan x="{x:.1f}" y="{base + _LINE * (line + 1)}">{escape(words)}</tspan>'
            for line, words in enumerate(said)
        )
        lines.append(f'<text text-anchor="middle">{spans}{title}</text>')
    return lines


def _name(number: int, step: Step) -> str:
    """``2: fully connected per channel``, the words of the step's kernel."""
    kinds = [call.kernel.removeprefix("tiny_").replace("_", " ") for call in step.calls]
    return f"{number}: {kinds[0] if len(kinds) == 1 else f'{len(kinds)} layers by rows'}"


def short(name: str) -> str:
    """A tensor's name as a person would say it: converters join many with ``;`` and ``/``."""
    first = name.rsplit(" = ", maxsplit=1)[-1]
    match = re.match(r"(t\d+|scratch of node \d+|\d+ rows of t\d+) ?(.*)", first)
    head, rest = (match[1], match[2]) if match else ("", first)
    parts = [part for part in rest.split(";")[0].split("/") if part]
    return f"{head} {parts[-1] if parts else ''}".strip()
