"""The memory plan as a picture: tensors over steps, arena bytes upwards, as one SVG file."""

from __future__ import annotations

import re
from html import escape

from tinyfield.compiler.memory import Plan
from tinyfield.compiler.steps import Step

_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM = 1080, 580, 70, 48, 150
# Colours that stay apart for the colour-blind (Okabe and Ito, 2008), lightened.
_COLOURS = ("#8cc9ec", "#f0c878", "#80cfb9", "#f4e58c", "#7fb8d8", "#eba67f", "#e4bbd2", "#c8c8c8")
_LETTER = 5.6  # about the width of one, at 10 pixels


def draw(plan: Plan) -> str:
    """An SVG document.

    A box spans the steps at which a stretch of the arena is taken, and its bytes; pointing at it
    shows all its tensors. Boxes that overlap are outputs that lie over what has been read by then.
    """
    steps = max(len(plan.steps), 1)
    size = max(plan.arena_bytes, 1)
    across = (_WIDTH - _LEFT - 20) / steps
    up = (_HEIGHT - _TOP - _BOTTOM) / size
    base = _HEIGHT - _BOTTOM
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        'font-family="sans-serif" font-size="10">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>',
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
        room = int((width - 6) / _LETTER)
        if height > 12 and room > 3:
            shown = f"{short(slot.name)} · {slot.bytes:,} B"
            shown = shown if len(shown) <= room else shown[: room - 1] + "…"
            lines.append(
                f'<text x="{x + 4:.1f}" y="{y + 10.5:.1f}" pointer-events="none">'
                f"{escape(shown)}</text>"
            )
    lines += _axes(plan, across, up, size)
    return "\n".join([*lines, "</svg>"]) + "\n"


def _axes(plan: Plan, across: float, up: float, size: int) -> list[str]:
    base = _HEIGHT - _BOTTOM
    lines = [f'<path d="M{_LEFT} {_TOP} V{base} H{_WIDTH - 20}" fill="none" stroke="black"/>']
    for share in (0, 0.25, 0.5, 0.75, 1):
        y = base - share * size * up + 4
        lines.append(
            f'<text x="{_LEFT - 6}" y="{y:.1f}" text-anchor="end">{round(share * size):,}</text>'
        )
    for number, step in enumerate(plan.steps):
        x = _LEFT + (number + 0.5) * across
        lines.append(
            f'<text transform="translate({x + 3:.1f} {base + 8}) rotate(90)">'
            f"{escape(_name(number, step))}<title>{escape(step.label)}</title></text>"
        )
    return lines


def _name(number: int, step: Step) -> str:
    kinds = [call.kernel.removeprefix("tiny_") for call in step.calls]
    text = f"{number} {kinds[0]}"
    return text if len(kinds) == 1 else f"{number} {len(kinds)} layers by rows"


def short(name: str) -> str:
    """A tensor's name as a person would say it: converters join many with ``;`` and ``/``."""
    first = name.rsplit(" = ", maxsplit=1)[-1]
    match = re.match(r"(t\d+|scratch of node \d+|\d+ rows of t\d+) ?(.*)", first)
    head, rest = (match[1], match[2]) if match else ("", first)
    parts = [part for part in rest.split(";")[0].split("/") if part]
    return f"{head} {parts[-1] if parts else ''}".strip()
