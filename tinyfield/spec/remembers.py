"""What a node kept before a scenario begins: ``{on_foot.usual: 90 min, on_foot.today: 20 min}``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction

from tinyfield.spec.app import Total
from tinyfield.spec.durations import duration_text, parse_seconds
from tinyfield.spec.frozen import build
from tinyfield.spec.mistake import Mistake
from tinyfield.spec.rule_types import TOTAL_PARTS
from tinyfield.spec.scenario import Kept
from tinyfield.spec.units import (
    dimension_name,
    nearest_int,
    parse_quantity,
    power_of_ten,
    same_dimension,
    scaled,
)
from tinyfield.spelling import listing, nearest

DAY_S = 86400


def find_total(name: str, totals: Mapping[str, Total | None]) -> tuple[str, str]:
    """The total and the part of it that a key such as ``on_foot.usual`` names.

    Raises:
        Mistake: no such total, no such part, or one that is not kept.
    """
    first, _, part = name.partition(".")
    if first not in totals:
        known = [f"{total}.{p}" for total in totals for p in TOTAL_PARTS]
        near = nearest(name, known) or nearest(first, totals)
        nothing = "add 'totals: {walked: {time: activity == walking}}': it is these that are kept"
        hint = f"totals: {listing(totals)}" if totals else nothing
        raise Mistake(
            f"{first!r} is no total; of nothing else can be said what was kept",
            hint=f"did you mean {near!r}?" if near else hint, code="unknown",
        )  # fmt: skip
    if part not in TOTAL_PARTS:
        near = nearest(part, TOTAL_PARTS) if part else None
        parts = " or ".join(f"'{first}.{p}'" for p in TOTAL_PARTS)
        raise Mistake(
            f"{first!r} has no {part!r}" if part else f"{first!r} is a total: what of it?",
            hint=f"did you mean '{first}.{near}'?" if near else f"write {parts}", code="unknown",
        )  # fmt: skip
    total = totals[first]
    if part == "usual" and total is not None and total.over_days == 0:
        raise Mistake(
            f"what is usual of {first!r} is not kept",
            hint=f"add 'usual: 14 days' to the total {first!r}", code="total",
        )  # fmt: skip
    return first, part


def example(total: Total | None) -> str:
    """A value that a total can have."""
    return "20 min" if total is None or total.held is not None else f"10 {total.unit}".strip()


def parse_kept(text: str, *, total: Total, part: str, start: datetime | None, played: bool) -> Kept:
    """The value that is kept of a total.

    Args:
        start: local time of the first sample; None: midnight, or a trace's own.
        played: a world is, so that ``start`` is known.

    Raises:
        Mistake: no such quantity, or one that no day can bring.
    """
    past = (start - start.replace(hour=0, minute=0, second=0)).seconds if start is not None else 0
    if part == "today" and played and not past:
        raise Mistake(
            "at midnight today has brought nothing yet",
            hint="begin later, such as 'start: 2026-06-01 19:50', or remove it", code="range",
        )  # fmt: skip
    if total.held is not None:
        value = parse_seconds(text, least=0)
        most = past if part == "today" and played else DAY_S
        if value > most:
            begins = f"{start:%H:%M}" if start is not None else ""
            cause = f"at {begins} only {duration_text(most)} of today are over"
            raise Mistake(
                cause if most < DAY_S else f"a day has no {duration_text(value)}",
                hint=f"write at most {duration_text(most)}", code="range",
            )  # fmt: skip
    else:
        value = _summed(text, total)
    said = f"{total.name}.{part} {' '.join(text.split())}"
    return build(Kept)(total=total.name, part=part, value=value, text=said)  # type: ignore[arg-type]


def _summed(text: str, total: Total) -> int:
    """A sum in its scaled steps."""
    unit = total.unit
    quantity = parse_quantity(text, example=example(total))
    if not same_dimension(quantity.unit, unit):
        raise Mistake(
            f"{total.name} is {dimension_name(unit)}, {text!r} is {dimension_name(quantity.unit)}",
            hint=f"write it in {unit or 'plain numbers'}", code="unit",
        )  # fmt: skip
    value = nearest_int(scaled(quantity, unit, total.scale))
    if not total.minimum <= value <= total.maximum:
        ends = (Fraction(v) * power_of_ten(total.scale) for v in (total.minimum, total.maximum))
        low, high = (f"{float(end):g}" for end in ends)
        raise Mistake(
            f"no day of {total.name} comes to {quantity}",
            hint=f"write {low} to {high} {unit}".strip(), code="range",
        )  # fmt: skip
    return value
