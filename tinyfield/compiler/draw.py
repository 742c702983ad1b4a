"""The memory plan as a picture: tensors over steps, arena bytes upwards, as one SVG file."""

from __future__ import annotations

from html import escape

from tinyfield.compiler.memory import Plan

_WIDTH, _HEIGHT, _MARGIN = 960, 420, 60
# Colours that stay apart for the colour-blind (Okabe and Ito, 2008), lightened.
_COLOURS = ("#8cc9ec", "#f0c878", "#80cfb9", "#f4e58c", "#7fb8d8", "#eba67f", "#e4bbd2", "#c8c8c8")


def draw(plan: Plan) -> str:
    """An SVG document; a box spans the steps at which a slot is alive and its bytes."""
    steps = max(len(plan.calls), 1)
    size = max(plan.arena_bytes, 1)
    across = (_WIDTH - _MARGIN - 20) / steps
    up = (_HEIGHT - 2 * _MARGIN) / size
    base = _HEIGHT - _MARGIN
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        'font-family="sans-serif" font-size="11">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>',
        f'<text x="{_MARGIN}" y="24" font-size="14">arena: {plan.arena_bytes} bytes over '
        f"{len(plan.calls)} steps</text>",
    ]
    for number, slot in enumerate(sorted(plan.slots, key=lambda one: (one.first, one.offset))):
        x = _MARGIN + slot.first * across
        width = (slot.last - slot.first + 1) * across
        height = slot.bytes * up
        y = base - slot.offset * up - height
        label = escape(f"{slot.name}: {slot.bytes} B at {slot.offset}")
        lines.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
            f'fill="{_COLOURS[number % len(_COLOURS)]}" stroke="#444"><title>{label}</title></rect>'
        )
        if height > 13 and width > 40:
            shown = escape(slot.name[: int(width / 6)])
            lines.append(f'<text x="{x + 4:.1f}" y="{y + 12:.1f}">{shown}</text>')
    lines.append(
        f'<path d="M{_MARGIN} {_MARGIN} V{base} H{_WIDTH - 20}" fill="none" stroke="black"/>'
    )
    for share in (0, 0.25, 0.5, 0.75, 1):
        y = base - share * (_HEIGHT - 2 * _MARGIN) + 4
        lines.append(
            f'<text x="{_MARGIN - 6}" y="{y:.1f}" text-anchor="end">{round(share * size)}</text>'
        )
    for step, call in enumerate(plan.calls):
        x = _MARGIN + (step + 0.5) * across
        lines.append(
            f'<text x="{x:.1f}" y="{base + 16}" text-anchor="middle">{step}'
            f"<title>{escape(call.label)}</title></text>"
        )
    return "\n".join([*lines, "</svg>"]) + "\n"
