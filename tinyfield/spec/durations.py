"""Times: ``10 min``, ``1 h 30 min``, ``every 10 min``."""

from __future__ import annotations

import re
from fractions import Fraction

from tinyfield.spec.mistake import Mistake
from tinyfield.spec.units import parse_quantity, same_dimension

_PART = re.compile(r"\s*([+-]?[\d.,]+\s*[^\W\d]+)")
LONGEST_S = 366 * 86400


def parse_duration(text: str | int | float) -> Fraction:
    """Seconds, exactly. Mistake without a unit, with a unit of no time, or below zero."""
    if isinstance(text, (int, float)):
        raise Mistake(
            f"{text} of what?", hint=f"give a unit: '{text} s' or '{text} min'", code="unit"
        )
    total = Fraction(0)
    rest = text.strip()
    parts = _PART.findall(rest)
    if not parts or _PART.sub("", rest).strip():
        parts = [rest]
    for part in parts:
        quantity = parse_quantity(part, example="10 min")
        if quantity.unit == "":
            raise Mistake(
                f"{part.strip()} of what?", hint=f"give a unit: '{part.strip()} min'", code="unit"
            )
        if not same_dimension(quantity.unit, "s"):
            hint = "write a time, such as '10 min', '6 h' or '1 d'"
            if quantity.unit == "m":
                hint = f"'m' is a metre; write '{quantity.value} min'"
            raise Mistake(f"'{part.strip()}' is no time", hint=hint, code="unit")
        total += quantity.exact("s")
    if total < 0:
        raise Mistake("a time below zero", hint="write a time above zero", code="range")
    return total


def parse_seconds(text: str | int | float, *, least: int = 1, most: int = LONGEST_S) -> int:
    """Whole seconds within ``least`` and ``most``; Mistake otherwise."""
    exact = parse_duration(text)
    if exact.denominator != 1:
        said = str(text).strip()
        raise Mistake(f"'{said}' is no whole number of seconds", hint="round it", code="range")
    seconds = int(exact)
    if not least <= seconds <= most:
        raise Mistake(
            f"{text} is out of range",
            hint=f"write a time from {duration_text(least)} to {duration_text(most)}",
            code="range",
        )
    return seconds


def parse_every(text: str | int | float) -> int:
    """``every 10 min`` (or ``10 min``) as whole seconds, 1 s to 1 day."""
    if isinstance(text, str):
        text = re.sub(r"^\s*every\b", "", text, flags=re.IGNORECASE)
    return parse_seconds(text, least=1, most=86400)


def duration_text(seconds: int) -> str:
    """``480`` → ``8 min``; ``5400`` → ``1 h 30 min``; ``0`` → ``0 s``."""
    if seconds == 0:
        return "0 s"
    parts = []
    for size, name in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {name}")
    return " ".join(parts)
