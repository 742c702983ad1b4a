"""Drivers of an air monitor: gas cells, MQ sensors, wind, rain, against their formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.firmware.harness import Harness
from tinyfield.data.gas import ratio
from tinyfield.data.importers import mq
from tinyfield.spec.drivers import driver

MISSING = -(2**31)
OK, IO = 0, -5
FAST = settings(max_examples=200, deadline=None)
MOLAR_L = 24.465  # L/mol at 25 degC, 101.325 kPa: R T / p
MOLAR_MASS = {0: 28.010, 1: 46.0055, 2: 64.066, 3: 47.998}  # CO, NO2, SO2, O3


def read(drivers: Harness, *words: object) -> tuple[int, list[int]]:
    _, result = drivers.ask(*words).split("|")
    status, *values = (int(word) for word in result.split())
    return status, values


# --- electrochemical cells -------------------------------------------------------------------


@FAST
@given(
    gas=st.integers(0, 3), mv=st.integers(0, 3300), zero=st.integers(100, 500),
    span=st.integers(600, 3000), test=st.integers(100, 5000), warmer=st.integers(-20, 20),
    tenths=st.integers(-300, 600),
)  # fmt: skip
def test_mass_of_a_gas(
    drivers: Harness, gas: int, mv: int, zero: int, span: int, test: int, warmer: int, tenths: int
) -> None:
    """The line through zero and span, as mass, over what warmth adds to the cell's answer."""
    drivers.ask("queue", mv, mv, mv)
    status, (value,) = read(drivers, "gas", 32, gas, zero, span, test, warmer, tenths)
    ppb = test * (mv - zero) / (span - zero)
    factor = max(0.2, 1 + warmer / 100 * (tenths - 200) / 100)
    exact = max(ppb, 0) * MOLAR_MASS[gas] / MOLAR_L / factor
    if status == OK:
        room = 1 + 0.5 * MOLAR_MASS[gas] / MOLAR_L
        assert abs(min(exact, 30000) - value) <= room / factor + exact * 2e-4 + 1
    else:
        assert ppb * MOLAR_MASS[gas] / MOLAR_L > 29_990


def test_a_cell_without_a_thermometer_is_read_as_it_is(drivers: Harness) -> None:
    drivers.ask("queue", 900, 900, 900)
    assert read(drivers, "gas", 32, 0, 300, 1500, 4000, 3, MISSING) == (OK, [2290])


def test_a_cell_below_its_zero_gives_none(drivers: Harness) -> None:
    drivers.ask("queue", 250, 250, 250)
    assert read(drivers, "gas", 32, 0, 300, 1500, 4000, 3, 200) == (OK, [0])


@pytest.mark.parametrize("readings", [(-1,), (900, -1), (5001,) * 3])
def test_faults_of_a_cell(drivers: Harness, readings: tuple[int, ...]) -> None:
    drivers.ask("queue", *readings)
    assert read(drivers, "gas", 32, 0, 300, 1500, 4000, 3, 200) == (IO, [MISSING])


# --- MQ sensors ------------------------------------------------------------------------------


@FAST
@given(mv=st.integers(30, 4990), air=st.integers(100, 4900), load=st.floats(1e3, 1e5))
def test_ratio_of_resistances(drivers: Harness, mv: int, air: int, load: float) -> None:
    """Rs = RL (Vc - V) / V, whatever the load is; at 20 degC and 33 %."""
    drivers.ask("queue", mv, mv, mv)
    status, (value,) = read(drivers, "mq", 34, 5000, air, *CURVE, 200, 330)
    resistance, clean = load * (5000 - mv) / mv, load * (5000 - air) / air
    exact = min(max(1000 * resistance / clean, 1), 100_000)
    assert status == OK
    assert abs(value - exact) <= 0.51 + exact * 1e-9


CURVE = (171, 125, 91, 91)  # the driver's own: -10, 5 and 50 degC, 85 %
MQ3 = (160, 122, 88, 88)


def usual(celsius: float, humidity: float, curve: tuple[int, ...]) -> float:
    """Rs of clean air against that at 20 degC and 33 %, by straight lines between the points."""
    cold, cool, hot, damp = (point / 100 for point in curve)
    warmth = np.interp(celsius, (-10, 5, 20, 50), (cold, cool, 1, hot))
    return float(warmth * (1 + (damp - 1) * (humidity - 33) / 52))


@pytest.mark.parametrize("celsius", [-20, -10, -3, 5, 12, 20, 28, 35, 50, 60])
@pytest.mark.parametrize("humidity", [10, 33, 60, 85, 100])
@pytest.mark.parametrize("curve", [CURVE, MQ3])
def test_clean_air_is_one_in_any_weather(
    drivers: Harness, celsius: int, humidity: int, curve: tuple[int, ...]
) -> None:
    """What the curve says of clean air comes out as 1, however warm and damp."""
    clean_ohm = (5000 - 3590) / 3590
    mv = round(5000 / (1 + clean_ohm * usual(celsius, humidity, curve)))
    drivers.ask("queue", mv, mv, mv)
    status, (value,) = read(drivers, "mq", 34, 5000, 3590, *curve, 10 * celsius, 10 * humidity)
    assert status == OK
    assert abs(value - 1000) <= 4


@pytest.mark.parametrize(
    ("celsius", "dry", "damp"),
    [(-10, 1.708, 1.533), (4.9, 1.251, 1.138), (20, 1.0, 0.913), (50, 0.917, 0.821)],
)
def test_the_curve_is_the_datasheets(celsius: float, dry: float, damp: float) -> None:
    """Figure 4 of Hanwei's MQ-135 datasheet as a public library has digitised it, within 3 %."""
    assert usual(celsius, 33, CURVE) == pytest.approx(dry, rel=0.01)
    assert usual(celsius, 85, CURVE) == pytest.approx(damp, rel=0.025)


def test_the_defaults_are_that_curve() -> None:
    params = driver("mq_gas").params
    names = ("cold", "cool", "hot", "damp")
    assert tuple(params[f"curve.{name}"].default for name in names) == CURVE


@pytest.mark.parametrize("sensor", mq.SENSORS)
def test_the_data_sets_ratio_is_the_drivers(drivers: Harness, sensor: str) -> None:
    """A reading of gas_mq becomes by ``data.gas.ratio`` what the driver makes of its voltage, at
    the weather of the calibration; a mV more or less is what the converter's steps leave."""
    clean = mq.CLEAN[mq.SENSORS.index(sensor)]
    air = round(clean * 5000 / mq.COUNTS)
    for counts in range(250, 901, 50):
        mv = round(counts * 5000 / mq.COUNTS)
        drivers.ask("queue", mv, mv, mv)
        found = read(drivers, "mq", 34, 5000, air, *CURVE, MISSING, MISSING)
        (expected,) = ratio(np.array([float(counts)]), clean)
        assert found == (OK, [pytest.approx(1000 * expected, rel=0.002, abs=1)])


def test_an_mq_without_weather_is_read_as_it_is(drivers: Harness) -> None:
    drivers.ask("queue", 3590, 3590, 3590)
    assert read(drivers, "mq", 34, 5000, 3590, *CURVE, MISSING, MISSING) == (OK, [1000])


@pytest.mark.parametrize("readings", [(-1,), (10,) * 3, (5000,) * 3])
def test_faults_of_an_mq(drivers: Harness, readings: tuple[int, ...]) -> None:
    drivers.ask("queue", *readings)
    assert read(drivers, "mq", 34, 5000, 3590, *CURVE, 200, 330) == (IO, [MISSING])


# --- wind ------------------------------------------------------------------------------------


@pytest.mark.parametrize("degrees", [0, 45, 90, 180, 202.5, 270, 359])
@pytest.mark.parametrize("speed", [0.0, 3.2, 15.0])
def test_wind_goes_where_it_does_not_come_from(
    drivers: Harness, degrees: float, speed: float
) -> None:
    mv, vane = round(400 + 1600 * speed / 32.4), round(3300 * degrees / 360)
    drivers.ask("queue", mv, mv, mv, vane, vane, vane)
    status, (told, east, north) = read(drivers, "wind", 36, 39, 3300, 400, 2000, 3240)
    assert status == OK
    assert abs(told / 100 - speed) < 0.02
    turn = math.radians(degrees)
    assert abs(east / 100 + speed * math.sin(turn)) < 0.03
    assert abs(north / 100 + speed * math.cos(turn)) < 0.03


def test_wind_without_its_vane_is_a_speed(drivers: Harness) -> None:
    drivers.ask("queue", 1200, 1200, 1200, -1)
    status, values = read(drivers, "wind", 36, 39, 3300, 400, 2000, 3240)
    assert (status, values) == (IO, [1620, MISSING, MISSING])


@pytest.mark.parametrize("mv", [-1, 0, 290])
def test_an_anemometer_without_supply(drivers: Harness, mv: int) -> None:
    drivers.ask("queue", mv, mv, mv)
    assert read(drivers, "wind", 36, 39, 3300, 400, 2000, 3240) == (IO, [MISSING] * 3)


# --- rain ------------------------------------------------------------------------------------


@pytest.mark.parametrize("fine, tenths", [(0, 0), (2794, 3), (499, 0), (500, 1), (1_234_567, 1235)])
def test_rain_of_the_last_hour(drivers: Harness, fine: int, tenths: int) -> None:
    """Register 0x0C in ten-thousandths of a millimetre."""
    registers = bytes(12) + fine.to_bytes(4, "little") + bytes(240)
    drivers.ask("registers", 0x1D, registers.hex())
    assert read(drivers, "sen0575", 0x1D) == (OK, [tenths])


def test_a_gauge_that_is_not_there_or_tells_tales(drivers: Harness) -> None:
    drivers.ask("registers", 0x1D, (bytes(12) + b"\xff" * 4 + bytes(240)).hex())
    assert read(drivers, "sen0575", 0x1D) == (IO, [MISSING])
    assert read(drivers, "sen0575", 0x1E) == (IO, [MISSING])
