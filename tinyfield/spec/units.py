"""Quantities and units: a small exact table of our own.

Factors are fractions, so a conversion is exact or says that it is not. Compound units are
written with ``/`` and ``*`` (``L/min``, ``lux*h``, ``ug/m3``). Definitions: SI brochure, 9th
edition (BIPM 2019); the standard acceleration of gravity is 9.80665 m/s2; KiB is 1024 B.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache

from tinyfield.spec.mistake import Mistake
from tinyfield.spelling import nearest

# Base dimensions, in the order of the exponent vectors below.
_BASE = ("m", "kg", "s", "A", "K", "cd", "B", "deg")
Dimension = tuple[int, ...]


@dataclass(frozen=True)
class Unit:
    """A unit: ``base value = value · factor + offset`` in SI base units."""

    name: str
    dimension: Dimension
    factor: Fraction
    offset: Fraction = Fraction(0)


def _dimension(**powers: int) -> Dimension:
    return tuple(powers.get(base, 0) for base in _BASE)


_NONE = _dimension()
_LENGTH = _dimension(m=1)
_TIME = _dimension(s=1)
_DATA = _dimension(B=1)
_VOLT = _dimension(kg=1, m=2, s=-3, A=-1)
_POWER = _dimension(kg=1, m=2, s=-3)
_PRESSURE = _dimension(kg=1, m=-1, s=-2)
_LUX = _dimension(cd=1, m=-2)
_ENERGY = _dimension(kg=1, m=2, s=-2)
_CHARGE = _dimension(A=1, s=1)

_TABLE: dict[str, tuple[Dimension, str]] = {
    "1": (_NONE, "1"),
    "%": (_NONE, "1/100"),
    "ppm": (_NONE, "1/1000000"),
    "ppb": (_NONE, "1/1000000000"),
    "V": (_VOLT, "1"),
    "mV": (_VOLT, "1/1000"),
    "uV": (_VOLT, "1/1000000"),
    "m": (_LENGTH, "1"),
    "km": (_LENGTH, "1000"),
    "cm": (_LENGTH, "1/100"),
    "mm": (_LENGTH, "1/1000"),
    "m2": (_dimension(m=2), "1"),
    "cm2": (_dimension(m=2), "1/10000"),
    "ha": (_dimension(m=2), "10000"),
    "m3": (_dimension(m=3), "1"),
    "L": (_dimension(m=3), "1/1000"),
    "mL": (_dimension(m=3), "1/1000000"),
    "K": (_dimension(K=1), "1"),
    "s": (_TIME, "1"),
    "ms": (_TIME, "1/1000"),
    "us": (_TIME, "1/1000000"),
    "min": (_TIME, "60"),
    "h": (_TIME, "3600"),
    "d": (_TIME, "86400"),
    "Hz": (_dimension(s=-1), "1"),
    "bpm": (_dimension(s=-1), "1/60"),
    "kHz": (_dimension(s=-1), "1000"),
    "B": (_DATA, "1"),
    "kB": (_DATA, "1000"),
    "MB": (_DATA, "1000000"),
    "KiB": (_DATA, "1024"),
    "MiB": (_DATA, "1048576"),
    "A": (_dimension(A=1), "1"),
    "mA": (_dimension(A=1), "1/1000"),
    "uA": (_dimension(A=1), "1/1000000"),
    "Ah": (_CHARGE, "3600"),
    "mAh": (_CHARGE, "18/5"),
    "W": (_POWER, "1"),
    "mW": (_POWER, "1/1000"),
    "uW": (_POWER, "1/1000000"),
    "J": (_ENERGY, "1"),
    "kJ": (_ENERGY, "1000"),
    "cal": (_ENERGY, "4184/1000"),
    "kcal": (_ENERGY, "4184"),
    "Wh": (_ENERGY, "3600"),
    "mWh": (_ENERGY, "18/5"),
    "Pa": (_PRESSURE, "1"),
    "hPa": (_PRESSURE, "100"),
    "mbar": (_PRESSURE, "100"),
    "kPa": (_PRESSURE, "1000"),
    "bar": (_PRESSURE, "100000"),
    "lux": (_LUX, "1"),
    "klux": (_LUX, "1000"),
    "kg": (_dimension(kg=1), "1"),
    "gram": (_dimension(kg=1), "1/1000"),
    "mg": (_dimension(kg=1), "1/1000000"),
    "ug": (_dimension(kg=1), "1/1000000000"),
    "g": (_dimension(m=1, s=-2), "196133/20000"),
    "deg": (_dimension(deg=1), "1"),
    "udeg": (_dimension(deg=1), "1/1000000"),
    "dps": (_dimension(deg=1, s=-1), "1"),
}
_OFFSET = {
    "degC": (Fraction(1), Fraction(27315, 100)),
    "degF": (Fraction(5, 9), Fraction(45967, 180)),
}

_SPELLINGS = {
    "°c": "degC", "℃": "degC", "c": "degC", "celsius": "degC", "°f": "degF", "f": "degF",
    "fahrenheit": "degF",
    "percent": "%", "lx": "lux", "l": "L", "ml": "mL", "liter": "L", "litre": "L", "liters": "L",
    "litres": "L", "sec": "s", "second": "s", "seconds": "s", "mins": "min", "minute": "min",
    "minutes": "min", "hr": "h", "hour": "h", "hours": "h", "day": "d", "days": "d",
    "kb": "kB", "kib": "KiB", "mib": "MiB", "byte": "B", "bytes": "B",
    "volt": "V", "volts": "V", "watt": "W", "meter": "m", "metre": "m", "°/s": "dps",
    "m²": "m2", "m³": "m3", "cm²": "cm2", "degc": "degC", "degf": "degF", "°": "deg",
    "grams": "gram", "gramme": "gram", "calories": "cal", "kcals": "kcal",
}  # fmt: skip

_NAMES: dict[Dimension, str] = {
    _NONE: "a share", _LENGTH: "a length", _TIME: "a time", _DATA: "an amount of memory",
    _VOLT: "a voltage", _POWER: "a power", _PRESSURE: "a pressure", _LUX: "an illuminance",
    _ENERGY: "an energy", _CHARGE: "a battery capacity", _dimension(K=1): "a temperature",
    _dimension(m=2): "an area", _dimension(m=3): "a volume", _dimension(A=1): "a current",
    _dimension(kg=1): "a mass", _dimension(s=-1): "a frequency", _dimension(deg=1): "an angle",
    _dimension(deg=1, s=-1): "an angular speed", _dimension(m=1, s=-2): "an acceleration",
    _dimension(m=3, s=-1): "a flow", _dimension(kg=1, m=-3): "a concentration",
    _dimension(m=1, s=-1): "a speed or rain rate",
}  # fmt: skip

_IMPERIAL: dict[str, tuple[str, str]] = {
    "lb": ("0.45359237", "kg"), "lbs": ("0.45359237", "kg"), "pound": ("0.45359237", "kg"),
    "pounds": ("0.45359237", "kg"), "oz": ("28.349523125", "gram"), "ft": ("0.3048", "m"),
    "feet": ("0.3048", "m"), "foot": ("0.3048", "m"), "in": ("2.54", "cm"),
    "inch": ("2.54", "cm"), "inches": ("2.54", "cm"), "yd": ("0.9144", "m"),
    "mi": ("1.609344", "km"), "mile": ("1.609344", "km"), "miles": ("1.609344", "km"),
    "mph": ("0.44704", "m/s"), "psi": ("68.94757", "hPa"), "inHg": ("33.8639", "hPa"),
    "mmHg": ("1.333224", "hPa"), "gal": ("3.785411784", "L"), "gallon": ("3.785411784", "L"),
    "gallons": ("3.785411784", "L"), "acre": ("4046.8564224", "m2"),
}  # fmt: skip
"""Units that are written otherwise here: how many of which that is (NIST SP 811, appendix B)."""

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?")
MAX_DIGITS = 30


@dataclass(frozen=True)
class Quantity:
    """A number with a unit, exactly as written: ``Quantity(Decimal("2300"), "mV")``."""

    value: Decimal
    unit: str

    def to(self, unit: str) -> Decimal:
        """The value in another unit of the same dimension, rounded to 28 digits if need be.

        Raises Mistake when the dimensions differ.
        """
        exact = self.exact(unit)
        return Decimal(exact.numerator) / Decimal(exact.denominator)

    def exact(self, unit: str) -> Fraction:
        """The value in another unit as an exact fraction; Mistake when dimensions differ."""
        mine, other = find_unit(self.unit), find_unit(unit)
        if mine.dimension != other.dimension:
            raise Mistake(
                f"{self} is {dimension_name(self.unit)}, not {dimension_name(unit)}",
                hint=f"write it in {unit}",
                code="unit",
            )
        return (Fraction(self.value) * mine.factor + mine.offset - other.offset) / other.factor

    def __str__(self) -> str:
        return f"{self.value} {self.unit}".strip()


@cache
def find_unit(text: str) -> Unit:
    """The unit of that spelling; Mistake with the nearest one if there is none."""
    if text == "":
        return Unit("", _NONE, Fraction(1))
    simple = _simple(text)
    if simple is not None:
        return simple
    parts = re.split(r"([/*·])", text)
    if len(parts) == 1 or len(parts) > 41:
        raise _unknown(text)
    dimension, factor, name, sign = _NONE, Fraction(1), "", 1
    for index, part in enumerate(parts):
        if index % 2:
            sign = -1 if part == "/" else 1
            name += "*" if part == "·" else part
            continue
        unit = _simple(part.strip())
        if unit is None:
            raise _unknown(text)
        # A temperature inside a compound unit is a difference, which has no offset.
        dimension = tuple(a + sign * b for a, b in zip(dimension, unit.dimension, strict=True))
        factor = factor * unit.factor if sign > 0 else factor / unit.factor
        name += unit.name
    return Unit(name, dimension, factor)


def same_dimension(a: str, b: str) -> bool:
    """Whether a value in one unit can be given in the other."""
    return find_unit(a).dimension == find_unit(b).dimension


def dimension_name(unit: str) -> str:
    """``a voltage`` for ``mV``; ``a value in X`` where there is no word for it."""
    if unit == "":
        return "a plain number"
    return _NAMES.get(find_unit(unit).dimension, f"a value in {unit}")


def units_like(unit: str) -> tuple[str, ...]:
    """Every simple unit of the same dimension, for hints."""
    wanted = find_unit(unit).dimension
    return tuple(name for name in unit_names() if find_unit(name).dimension == wanted)


def unit_names() -> tuple[str, ...]:
    """Every simple unit's own name."""
    return tuple(name for name in (*_TABLE, *_OFFSET) if name != "1")


def parse_quantity(text: str, *, example: str = "10 mV") -> Quantity:
    """``"2300 mV"``, ``"2300mV"``, ``"-4.5 °C"``, ``"0.8"`` as a Quantity.

    Raises Mistake: no number, a decimal comma, an unknown unit.
    """
    text = text.strip()
    match = _NUMBER.match(text)
    if match is None:
        raise Mistake(
            f"{text!r} does not begin with a number",
            hint=f"write a number and a unit, such as {example!r}",
            code="unit",
        )
    rest = text[match.end() :].strip()
    if re.match(r",\d", rest):
        fixed = text.replace(",", ".", 1)
        raise Mistake(
            "a decimal comma", hint=f"write a point: {fixed!r}", code="unit", offset=match.end()
        )
    digits = match.group().lower().partition("e")
    if len(digits[0]) > MAX_DIGITS or abs(int(digits[2] or 0)) > MAX_DIGITS:
        raise Mistake("a number of more digits than any sensor has", hint="round it", code="range")
    value = Decimal(match.group())
    try:
        unit = find_unit(rest).name if rest else ""
    except Mistake as mistake:
        mistake.hint = _in_ours(value, rest) or mistake.hint
        raise
    return Quantity(value, unit)


def _in_ours(value: Decimal, unit: str) -> str | None:
    """What to write instead of a quantity in a unit that is not known here."""
    if unit in _IMPERIAL:
        factor, ours = _IMPERIAL[unit]
        return f"write '{float(value) * float(factor):.4g} {ours}'"
    if match := re.fullmatch(r"(\w+) ?(?:/|per) ?100 ?g(?:ram)?", unit):
        return f"write '{_plain(value * 10)} {match[1]}/kg'"
    return None


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"


def longest_unit(text: str) -> int:
    """How many characters at the start of ``text`` make a unit; 0 if none does."""
    match = re.match(r"[%°℃A-Za-zµμ²³][A-Za-z0-9²³]*(?:[/*·][A-Za-zµμ][A-Za-z0-9²³]*)*", text)
    if match is None:
        return 0
    found = match.group()
    while found:
        try:
            find_unit(found)
        except Mistake:
            cut = max(found.rfind("/"), found.rfind("*"), found.rfind("·"))
            if cut <= 0:
                return 1 if found[0] == "%" else 0
            found = found[:cut]
        else:
            return len(found)
    return 0


def scaled(quantity: Quantity, unit: str, scale: int) -> Fraction:
    """The quantity in steps of ``10^scale`` of ``unit``, exactly."""
    return quantity.exact(unit) / power_of_ten(scale)


def power_of_ten(scale: int) -> Fraction:
    """10^scale, exactly."""
    return Fraction(10**scale) if scale >= 0 else Fraction(1, 10**-scale)


def nearest_int(x: Fraction) -> int:
    """The nearest whole number, halves away from zero."""
    whole = (abs(x.numerator) * 2 + x.denominator) // (2 * x.denominator)
    return whole if x >= 0 else -whole


def _simple(text: str) -> Unit | None:
    plain = text.replace("µ", "u").replace("μ", "u")
    name = plain if plain in _TABLE or plain in _OFFSET else _SPELLINGS.get(plain.lower(), "")
    # "M" and "m", "K" and "k" mean different things: only spellings listed may differ in case.
    if name in _TABLE:
        dimension, factor = _TABLE[name]
        return Unit(name, dimension, Fraction(factor))
    if name in _OFFSET:
        factor_offset = _OFFSET[name]
        return Unit(name, _dimension(K=1), *factor_offset)
    return None


UNITS = "units: mV, cm, %, degC, hPa, lux, min, h, KiB"
"""The hint where nothing tells which of them would fit."""


def _unknown(text: str) -> Mistake:
    near = nearest(text, unit_names())
    return Mistake(
        f"unknown unit {text!r}",
        hint=f"did you mean {near!r}?" if near else UNITS,
        code="unit",
    )
