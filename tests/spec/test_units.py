"""Units: exact, and the same as pint's."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pint
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyfield.spec.mistake import Mistake
from tinyfield.spec.units import (
    Quantity,
    dimension_name,
    find_unit,
    longest_unit,
    nearest_int,
    parse_quantity,
    same_dimension,
    scaled,
    unit_names,
    units_like,
)

PINT_NAMES = {
    "%": "percent", "L": "liter", "mL": "milliliter", "m2": "meter**2", "cm2": "centimeter**2",
    "m3": "meter**3", "lux": "lux", "klux": "kilolux", "d": "day", "h": "hour", "min": "minute",
    "ha": "hectare", "B": "byte", "kB": "kilobyte", "MB": "megabyte", "KiB": "kibibyte",
    "MiB": "mebibyte", "Ah": "ampere_hour", "mAh": "milliampere_hour", "Wh": "watt_hour",
    "mWh": "milliwatt_hour", "g": "standard_gravity", "deg": "degree",
    "udeg": "microdegree", "dps": "degree/second",
    "ug": "microgram", "us": "microsecond", "uV": "microvolt", "uA": "microampere",
    "uW": "microwatt", "ppb": "ppb", "lux*h": "lux*hour", "L/min": "liter/minute",
    "bpm": "1/minute", "cal": "calorie", "kcal": "kilocalorie",
    "%/h": "percent/hour", "ug/m3": "microgram/meter**3", "mm/d": "millimeter/day",
}  # fmt: skip


NO_PLAIN_NUMBERS = {"deg", "udeg", "dps", "Hz", "kHz", "bpm", "%/h", "B", "kB", "MB", "KiB", "MiB"}
"""Pint takes angles and bytes for plain numbers; for us they are kinds of their own."""


@pytest.fixture(scope="module")
def registry() -> pint.UnitRegistry[float]:
    found: pint.UnitRegistry[float] = pint.UnitRegistry(autoconvert_offset_to_baseunit=True)
    found.define("ppb = 1e-9")
    return found


@pytest.mark.parametrize("name", [*unit_names(), "lux*h", "L/min", "%/h", "ug/m3", "mm/d"])
def test_factors_are_pints(name: str, registry: pint.UnitRegistry[float]) -> None:
    unit = find_unit(name)
    theirs = registry.Quantity(3.0, PINT_NAMES.get(name, name))
    for other in unit_names():
        their_other = registry.Quantity(1.0, PINT_NAMES.get(other, other))
        if {name, other} & NO_PLAIN_NUMBERS:
            continue
        assert same_dimension(name, other) == (theirs.check(their_other.dimensionality)), other
        if not same_dimension(name, other):
            continue
        ours = float(Quantity(Decimal(3), name).exact(other))
        assert ours == pytest.approx(theirs.to(their_other.units).magnitude, rel=1e-12), other
    assert unit.factor > 0


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("2300 mV", "V", "2.3"),
        ("2300mV", "mV", "2300"),
        ("-4.5 °C", "degC", "-4.5"),
        ("77 °F", "degC", "25"),
        ("0 °C", "K", "273.15"),
        ("8 KiB", "B", "8192"),
        ("8 kB", "B", "8000"),
        ("50%", "%", "50"),
        ("50 %", "", "0.5"),
        ("1e3 lx", "klux", "1"),
        ("10 L/min", "L/h", "600"),
        ("20 µg/m³", "ug/m3", "20"),
        ("250 °/s", "dps", "250"),
        ("1 g", "m/s", None),
        ("2 h", "min", "120"),
    ],
)
def test_quantities(text: str, unit: str, value: str | None) -> None:
    quantity = parse_quantity(text)
    if value is None:
        with pytest.raises(Mistake, match="is an acceleration"):
            quantity.to(unit)
    else:
        assert quantity.to(unit) == Decimal(value)


@pytest.mark.parametrize(
    ("text", "cause", "cure"),
    [
        ("mV 3", "does not begin with a number", "10 mV"),
        ("0,5 W", "decimal comma", "0.5 W"),
        ("3 milivolt", "unknown unit 'milivolt'", None),
        ("3 mv", "unknown unit 'mv'", "did you mean 'mV'"),
        ("3 mB", "unknown unit 'mB'", "did you mean 'MB'"),
        ("1e400 mV", "digits", None),
        ("", "does not begin", "10 mV"),
        ("3 V/", "unknown unit 'V/'", None),
    ],
)
def test_what_is_no_quantity(text: str, cause: str, cure: str | None) -> None:
    with pytest.raises(Mistake) as caught:
        parse_quantity(text)
    assert cause in caught.value.message
    if cure:
        assert cure in (caught.value.hint or "")


@pytest.mark.parametrize(("name", "other", "ratio"), [
    ("KiB", "B", 1024), ("MB", "kB", 1000), ("dps", "deg/s", 1), ("kHz", "Hz", 1000),
    ("%/h", "%/min", Fraction(1, 60)),
])  # fmt: skip
def test_kinds_of_our_own(name: str, other: str, ratio: int) -> None:
    assert Quantity(Decimal(1), name).exact(other) == ratio
    assert not same_dimension(name, "%")


def test_hints_name_units_of_the_same_kind() -> None:
    assert set(units_like("mV")) == {"V", "mV", "uV"}
    assert dimension_name("hPa") == "a pressure"
    assert "1" not in unit_names()


@pytest.mark.parametrize(
    ("text", "length"),
    [("% and x", 1), ("mm/h > 3", 4), ("mV/tank.level", 2), ("and x", 0), ("L/min*h", 7), ("", 0)],
)
def test_the_longest_unit(text: str, length: int) -> None:
    assert longest_unit(text) == length


@given(st.fractions(min_value=-1000, max_value=1000))
def test_rounding_halves_away_from_zero(x: Fraction) -> None:
    whole = nearest_int(x)
    assert abs(whole - x) <= Fraction(1, 2)
    assert nearest_int(-x) == -whole
    if abs(whole - x) == Fraction(1, 2):
        assert abs(whole) > abs(x)


def test_scaled_is_exact() -> None:
    assert scaled(parse_quantity("15 %"), "%", -1) == 150
    assert scaled(parse_quantity("2.35 V"), "mV", 0) == 2350
    assert scaled(parse_quantity("70 °F"), "degC", -2).denominator != 1


@given(st.text(max_size=30))
def test_any_text_is_a_quantity_or_a_mistake(text: str) -> None:
    try:
        quantity = parse_quantity(text)
    except Mistake as mistake:
        assert mistake.message
    else:
        assert quantity.unit == "" or find_unit(quantity.unit)
