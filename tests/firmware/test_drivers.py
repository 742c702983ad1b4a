"""The drivers against the datasheets' own examples and formulas, on a board that a script plays."""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.firmware.harness import Harness
from tinyfield.spec.drivers import driver

MISSING = -(2**31)
OK, IO = 0, -5
FAST = settings(max_examples=300, deadline=None)


def read(drivers: Harness, *words: object) -> tuple[int, list[int], list[str]]:
    """Status, channels, and what the driver did on the board."""
    done, result = drivers.ask(*words).split("|")
    status, *values = (int(word) for word in result.split())
    return status, values, done.split()


# --- a voltage -------------------------------------------------------------------------------


def test_a_voltage_is_the_middle_of_three(drivers: Harness) -> None:
    for triple in ((0, 1675, 5000), (1675, 5000, 0), (5000, 0, 1675)):
        drivers.ask("queue", *triple)
        assert read(drivers, "voltage", 14) == (OK, [1675], ["adc:14"] * 3)


def test_a_voltage_at_and_beyond_its_ends(drivers: Harness) -> None:
    for mv, status, value in ((0, OK, 0), (6000, OK, 6000), (6001, IO, MISSING), (-1, IO, MISSING)):
        drivers.ask("queue", mv, mv, mv)
        assert read(drivers, "voltage", 14)[:2] == (status, [value])


# --- capacitive soil probe -------------------------------------------------------------------


@pytest.mark.parametrize(
    "mv, tenths",
    [(2300, 0), (1050, 1000), (1675, 500), (2299, 1), (1051, 999), (2600, -240), (800, 1200)],
)
def test_soil_between_and_beyond_its_calibration(drivers: Harness, mv: int, tenths: int) -> None:
    drivers.ask("queue", mv, mv, mv)
    assert read(drivers, "soil", 14, 2300, 1050) == (OK, [tenths], ["adc:14"] * 3)


def test_soil_takes_the_middle_of_three(drivers: Harness) -> None:
    for triple in ((0, 1675, 5000), (1675, 5000, 0), (5000, 0, 1675)):
        drivers.ask("queue", *triple)
        assert read(drivers, "soil", 14, 2300, 1050)[1] == [500]


@pytest.mark.parametrize("readings", [(-1,), (1675, -1), (20, 20, 20), (4900,) * 3, (99999,) * 3])
def test_soil_faults(drivers: Harness, readings: tuple[int, ...]) -> None:
    drivers.ask("queue", *readings)
    assert read(drivers, "soil", 14, 2300, 1050)[:2] == (IO, [MISSING])


@FAST
@given(
    mv=st.integers(0, 5000),
    ends=st.tuples(st.integers(0, 5000), st.integers(0, 5000)).filter(lambda e: e[0] != e[1]),
)
def test_soil_is_a_line(drivers: Harness, mv: int, ends: tuple[int, int]) -> None:
    dry, wet = ends
    exact = 1000 * (mv - dry) / (wet - dry)
    drivers.ask("queue", mv, mv, mv)
    status, (value,), _ = read(drivers, "soil", 1, dry, wet)
    if status == OK:
        assert abs(value - exact) <= 0.5 + 1e-9
    else:
        assert mv < 100 or not -499.5 < exact < 1999.5


# --- HC-SR04 ---------------------------------------------------------------------------------


@pytest.mark.parametrize("mm, tenths", [(800, 0), (100, 1000), (450, 500)])
def test_tank_level(drivers: Harness, mm: int, tenths: int) -> None:
    us = round(mm * 5.8)  # the user guide's 58 us a centimetre
    drivers.ask("queue", us, us, us)
    status, values, done = read(drivers, "hcsr04", 5, 6, 800, 100)
    assert (status, values) == (OK, [tenths])
    assert done == ["pulse:5:6:30000", "wait:60", "pulse:5:6:30000", "wait:60", "pulse:5:6:30000"]


def test_tank_tries_five_times_and_takes_the_middle(drivers: Harness) -> None:
    drivers.ask("queue", -1, 2610, -1, 200, 20000)
    assert read(drivers, "hcsr04", 5, 6, 800, 100)[:2] == (OK, [500])


@pytest.mark.parametrize(
    "echoes", [(-1,) * 5, (2610, 2610, -1, -1, -1), (9000,) * 3, (50,) * 3, (40000,) * 5]
)
def test_tank_faults(drivers: Harness, echoes: tuple[int, ...]) -> None:
    drivers.ask("queue", *echoes)
    assert read(drivers, "hcsr04", 5, 6, 800, 100)[:2] == (IO, [MISSING])


# --- BH1750 ----------------------------------------------------------------------------------


def test_light_of_the_datasheet(drivers: Harness) -> None:
    """Technical note, "read measurement result": 0x8390 is 28067 lx."""
    drivers.ask("answers", 0x23, "8390")
    status, values, done = read(drivers, "bh1750", 0x23)
    assert (status, values) == (OK, [28067])
    assert done == [
        "to:23:42",
        "to:23:65",
        "to:23:20",
        "wait:180",
    ]  # time 69, one-time H-resolution


def test_full_sun_is_measured_with_the_shortest_time(drivers: Harness) -> None:
    drivers.ask("answers", 0x5C, "ffff" + f"{50_000:04x}")
    status, values, done = read(drivers, "bh1750", 0x5C)
    assert (status, values) == (OK, [round(50_000 / 1.2 * 69 / 31)])
    assert done[4:] == ["to:5c:40", "to:5c:7f", "to:5c:20", "wait:180"]
    drivers.ask("answers", 0x5C, "ffffffff")
    assert read(drivers, "bh1750", 0x5C)[1] == [120_000]


def test_no_light_sensor(drivers: Harness) -> None:
    drivers.ask("answers", 0x5C, "8390")
    assert read(drivers, "bh1750", 0x23)[:2] == (IO, [MISSING])


# --- SHT31 -----------------------------------------------------------------------------------


def crc8(data: bytes) -> int:
    """Datasheet section 4.12: polynomial x8 + x5 + x4 + 1, start 0xFF."""
    crc = 0xFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ (0x31 if crc & 0x80 else 0)) & 0xFF
    return crc


def sht31(raw_t: int, raw_rh: int) -> str:
    t, rh = raw_t.to_bytes(2, "big"), raw_rh.to_bytes(2, "big")
    return (t + bytes([crc8(t)]) + rh + bytes([crc8(rh)])).hex()


def test_the_checksum_of_the_datasheet() -> None:
    assert crc8(b"\xbe\xef") == 0x92


@FAST
@given(raw_t=st.integers(0, 65535), raw_rh=st.integers(0, 65535))
def test_sht31_formulas(drivers: Harness, raw_t: int, raw_rh: int) -> None:
    drivers.ask("answers", 0x44, sht31(raw_t, raw_rh))
    status, (celsius, humidity), done = read(drivers, "sht31", 0x44)
    assert status == OK
    exact = min(max(-45 + 175 * raw_t / 65535, -40), 125)
    assert abs(celsius / 100 - exact) <= 0.00501
    assert abs(humidity / 10 - 100 * raw_rh / 65535) <= 0.0501
    assert done == ["to:44:2400", "wait:16"]


@pytest.mark.parametrize("byte", range(6))
def test_sht31_wrong_checksum(drivers: Harness, byte: int) -> None:
    data = bytearray.fromhex(sht31(26000, 30000))
    data[byte] ^= 0x20
    drivers.ask("answers", 0x44, data.hex())
    assert read(drivers, "sht31", 0x44)[:2] == (IO, [MISSING, MISSING])


# --- SPS30 -----------------------------------------------------------------------------------


def sps30(*masses: int) -> str:
    words = [mass.to_bytes(2, "big") for mass in masses]
    return b"".join(word + bytes([crc8(word)]) for word in words).hex()


def test_sps30_starts_reads_and_stops(drivers: Harness) -> None:
    drivers.ask("answers", 0x69, sps30(7, 258, 1000, 65535))
    status, values, done = read(drivers, "sps30", 0x69)
    assert (status, values) == (OK, [7, 258, 1000, 1000])
    start, *waits, point, stop, last = done
    assert start == f"to:69:00100500{crc8(bytes([5, 0])):02x}"
    assert waits == ["wait:1000", "fed"] * 30
    assert (point, stop, last) == ("to:69:0300", "to:69:0104", "wait:20")


@pytest.mark.parametrize("byte", range(12))
def test_sps30_wrong_checksum_gives_nothing_and_stops_the_fan(drivers: Harness, byte: int) -> None:
    data = bytearray.fromhex(sps30(7, 258, 300, 400))
    data[byte] ^= 0x04
    drivers.ask("answers", 0x69, data.hex())
    status, values, done = read(drivers, "sps30", 0x69)
    assert (status, values) == (IO, [MISSING] * 4)
    assert "to:69:0104" in done


def test_no_sps30(drivers: Harness) -> None:
    drivers.ask("answers", 0x68, sps30(7, 258, 300, 400))
    status, values, done = read(drivers, "sps30", 0x69)
    assert (status, values) == (IO, [MISSING] * 4)
    assert len(done) == 1, "no half minute for a sensor that is not there"


# --- BME280 ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Raw:
    """Calibration and one measurement, in the order of the C program's words."""

    t1: int = 27504
    t2: int = 26435
    t3: int = -1000
    p1: int = 36477
    p2: int = -10685
    p3: int = 3024
    p4: int = 2855
    p5: int = 140
    p6: int = -7
    p7: int = 15500
    p8: int = -14600
    p9: int = 6000
    h1: int = 75
    h2: int = 362
    h3: int = 0
    h4: int = 313
    h5: int = 50
    h6: int = 30
    adc_t: int = 519_888
    adc_p: int = 415_148
    adc_h: int = 29_000

    def registers(self) -> bytes:
        """As the part's memory holds them (tables 16 and 18)."""
        memory = bytearray(256)
        memory[0xD0] = 0x60
        at = 0x88
        for value in (
            self.t1, self.t2, self.t3, self.p1, self.p2, self.p3, self.p4, self.p5, self.p6,
            self.p7, self.p8, self.p9,
        ):  # fmt: skip
            memory[at : at + 2] = (value & 0xFFFF).to_bytes(2, "little")
            at += 2
        memory[0xA1] = self.h1
        memory[0xE1:0xE3] = (self.h2 & 0xFFFF).to_bytes(2, "little")
        memory[0xE3] = self.h3
        memory[0xE4] = self.h4 >> 4 & 0xFF
        memory[0xE5] = (self.h4 & 0x0F) | (self.h5 & 0x0F) << 4
        memory[0xE6] = self.h5 >> 4 & 0xFF
        memory[0xE7] = self.h6 & 0xFF
        memory[0xF7:0xFA] = (self.adc_p << 4).to_bytes(3, "big")
        memory[0xFA:0xFD] = (self.adc_t << 4).to_bytes(3, "big")
        memory[0xFD:0xFF] = self.adc_h.to_bytes(2, "big")
        return bytes(memory)

    def exact(self) -> tuple[float, float, float]:
        """Bosch's double precision formulas (data sheet, section 8.1): degC, %, hPa."""
        v1 = (self.adc_t / 16384 - self.t1 / 1024) * self.t2
        v2 = (self.adc_t / 131072 - self.t1 / 8192) ** 2 * self.t3
        fine = v1 + v2
        h = fine - 76800
        h = (self.adc_h - (self.h4 * 64 + self.h5 / 16384 * h)) * (
            self.h2 / 65536 * (1 + self.h6 / 67108864 * h * (1 + self.h3 / 67108864 * h))
        )
        h *= 1 - self.h1 * h / 524288
        v1 = fine / 2 - 64000
        v2 = v1 * v1 * self.p6 / 32768
        v2 += v1 * self.p5 * 2
        v2 = v2 / 4 + self.p4 * 65536
        v1 = (self.p3 * v1 * v1 / 524288 + self.p2 * v1) / 524288
        v1 = (1 + v1 / 32768) * self.p1
        p = (1048576 - self.adc_p - v2 / 4096) * 6250 / v1
        p += (self.p9 * p * p / 2147483648 + p * self.p8 / 32768 + self.p7) / 16
        return fine / 5120, min(max(h, 0), 100), p / 100


def test_the_example_of_boschs_data_sheet(drivers: Harness) -> None:
    """BMP280 (BST-BMP280-DS001, section 3.12), whose T and P arithmetic is the BME280's: 25.08
    degC and, in 32 bits, 100656 Pa."""
    _, (celsius, _, pressure), _ = read(drivers, "compensate", *astuple(Raw()))
    assert celsius == 2508
    assert pressure == 10066


@FAST
@given(
    adc_t=st.integers(350_000, 640_000).filter(lambda raw: raw != 0x80000),
    adc_p=st.integers(250_000, 650_000).filter(lambda raw: raw != 0x80000),
    adc_h=st.integers(15_000, 45_000).filter(lambda raw: raw != 0x8000),
)
def test_integers_follow_boschs_doubles(
    drivers: Harness, adc_t: int, adc_p: int, adc_h: int
) -> None:
    raw = Raw(adc_t=adc_t, adc_p=adc_p, adc_h=adc_h)
    _, (celsius, humidity, pressure), _ = read(drivers, "compensate", *astuple(raw))
    t, h, p = raw.exact()
    if celsius == MISSING:
        assert not -39.9 < t < 84.9
        return
    assert math.isclose(celsius / 100, t, abs_tol=0.011)
    assert math.isclose(humidity / 10, h, abs_tol=0.15)
    assert pressure == MISSING or math.isclose(pressure / 10, p, abs_tol=0.15)
    assert (pressure != MISSING) or not 301 < p < 1099


raws = st.builds(
    Raw,
    **{f"{n}1": st.integers(0, 65535) for n in "tp"},
    **{f"t{n}": st.integers(-32768, 32767) for n in (2, 3)},
    **{f"p{n}": st.integers(-32768, 32767) for n in range(2, 10)},
    h1=st.integers(0, 255), h2=st.integers(-32768, 32767), h3=st.integers(0, 255),
    h4=st.integers(-2048, 2047), h5=st.integers(-2048, 2047), h6=st.integers(-128, 127),
    adc_t=st.integers(0, 2**20 - 1), adc_p=st.integers(0, 2**20 - 1),
    adc_h=st.integers(0, 65535),
)  # fmt: skip


@FAST
@given(raw=raws)
def test_nonsense_from_the_bus_stays_in_range(drivers: Harness, raw: Raw) -> None:
    """And, the program being built with sanitizers, overflows nothing."""
    _, values, _ = read(drivers, "compensate", *astuple(raw))
    for value, channel in zip(values, driver("bme280").channels, strict=True):
        assert value == MISSING or channel.minimum <= value <= channel.maximum


@FAST
@given(raw=raws)
def test_registers_are_read_as_they_are_laid_out(drivers: Harness, raw: Raw) -> None:
    expected = read(drivers, "compensate", *astuple(raw))[1]
    drivers.ask("registers", 0x76, raw.registers().hex())
    assert read(drivers, "bme280", 0x76)[1] == expected


def test_a_measurement_is_forced_once(drivers: Harness) -> None:
    drivers.ask("registers", 0x77, Raw().registers().hex())
    status, values, done = read(drivers, "bme280", 0x77)
    assert status == OK and values[0] == 2508
    assert [d for d in done if d.startswith("to") and len(d) > 8] == [
        "to:77:f500", "to:77:f201", "to:77:f425",
    ]  # fmt: skip
    assert done.count("wait:10") == 1


@pytest.mark.parametrize(
    "address, byte, value", [(0x77, 0, 0), (0x76, 0xD0, 0x58), (0x76, 0xF3, 0x08)]
)
def test_bme280_faults(drivers: Harness, address: int, byte: int, value: int) -> None:
    """Nobody there; a BMP280, which has no humidity; a measurement that never ends."""
    memory = bytearray(Raw().registers())
    memory[byte] = value
    drivers.ask("registers", 0x76, bytes(memory).hex())
    assert read(drivers, "bme280", address)[:2] == (IO, [MISSING] * 3)


def test_skipped_measurements_are_missing(drivers: Harness) -> None:
    status, values, _ = read(drivers, "compensate", *astuple(Raw(adc_h=0x8000)))
    assert (status, values[1]) == (OK, MISSING)
    values = read(drivers, "compensate", *astuple(Raw(adc_p=0x80000)))[1]
    assert values[0] == 2508 and values[2] == MISSING
    assert read(drivers, "compensate", *astuple(Raw(adc_t=0x80000)))[1] == [MISSING] * 3


# --- relay -----------------------------------------------------------------------------------


@pytest.mark.parametrize("active_low, on, level", [(0, 1, 1), (0, 0, 0), (1, 1, 0), (1, 0, 1)])
def test_relay_sets_the_level_before_the_mode(
    drivers: Harness, active_low: int, on: int, level: int
) -> None:
    status, _, done = read(drivers, "relay", 7, active_low, on)
    assert status == OK
    assert done == [f"write:7:{level}", "mode:7:1", f"write:7:{level}"]
