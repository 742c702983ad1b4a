"""Drivers of what an animal wears and eats from: temperature, heart rate, fence, feeder; against
the datasheets' tables and formulas."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.firmware.harness import Harness
from tests.firmware.test_drivers import FAST, MISSING, read

OK, NONE, FORMAT, IO = 0, -2, -4, -5

# --- TMP117 ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "hundredths"),
    [(0x0000, 0), (0x0001, 1), (0x0C80, 2500), (0x3200, 10000), (0xFFFF, -1), (0xF380, -2500),
     (0x1340, 3850)],
)  # fmt: skip
def test_tmp117_is_the_datasheets_table(drivers: Harness, raw: int, hundredths: int) -> None:
    """Table 7-1: 7.8125 m degC a step. The answers: ready, then the temperature."""
    drivers.ask("answers", 0x48, f"2c20{raw:04x}")
    status, values, done = read(drivers, "tmp117", 0x48)
    assert (status, values) == (OK, [hundredths])
    assert done == ["to:48:010c20", "wait:125", "to:48:01", "to:48:00"]


def test_tmp117_that_never_gets_ready_or_is_not_there(drivers: Harness) -> None:
    drivers.ask("answers", 0x48, "0c20" * 16)
    assert read(drivers, "tmp117", 0x48)[:2] == (IO, [MISSING])
    assert read(drivers, "tmp117", 0x49)[:2] == (IO, [MISSING])


# --- SEN0344 ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rate", "status", "value"),
    [(72, OK, 72), (20, OK, 20), (350, OK, 350), (0, NONE, MISSING), (351, NONE, MISSING),
     (0xFFFFFFFF, NONE, MISSING)],
)  # fmt: skip
def test_heart_rate(drivers: Harness, rate: int, status: int, value: int) -> None:
    drivers.ask("answers", 0x57, f"6200{rate:08x}0000")
    assert read(drivers, "sen0344", 0x57) == (status, [value], ["to:57:200001", "to:57:0c"])


def test_a_heart_sensor_that_is_not_there(drivers: Harness) -> None:
    assert read(drivers, "sen0344", 0x58)[:2] == (IO, [MISSING])


# --- a servo on a hopper ---------------------------------------------------------------------


@pytest.mark.parametrize(("on", "us"), [(1, 2000), (0, 1000)])
def test_a_servo_gets_a_pulse_every_20_ms_for_as_long_as_it_turns(
    drivers: Harness, on: int, us: int
) -> None:
    status, _, done = read(drivers, "feeder", 9, 2000, 1000, on)
    assert status == OK
    assert done == ["mode:9:1"] + [f"out:9:{us}", "wait:18"] * 30


# --- GPS -------------------------------------------------------------------------------------

HOME = (33_071_400, -111_971_500)


def nmea(body: str) -> str:
    """A sentence with its checksum, in hex."""
    total = 0
    for c in body:
        total ^= ord(c)
    return f"${body}*{total:02X}\r\n".encode("latin-1").hex()


def rmc(latitude: int, longitude: int, state: str = "A") -> str:
    """The RMC sentence of a position in millionths of a degree, as a receiver writes it."""

    def angle(udeg: int, width: int, letters: str) -> str:
        whole, rest = divmod(abs(udeg), 1_000_000)
        return f"{whole:0{width}d}{rest * 60 / 1e6:08.5f},{letters[udeg < 0]}"

    place = f"{angle(latitude, 2, 'NS')},{angle(longitude, 3, 'EW')}"
    return nmea(f"GNRMC,083559.00,{state},{place},0.004,77.52,091202,,,A")


def test_a_sentence_of_the_makers_own_description(drivers: Harness) -> None:
    """u-blox M8 Receiver Description, section 31.2.13: 47 deg 17.11437' N, 8 deg 33.91522' E."""
    text = b"$GPRMC,083559.00,A,4717.11437,N,00833.91522,E,0.004,77.52,091202,,,A*57\r\n".hex()
    assert read(drivers, "nmea", text)[1:] == ([47_285_240, 8_565_254], ["0"])


@FAST
@given(
    latitude=st.integers(-89_999_999, 89_999_999),
    longitude=st.integers(-179_999_999, 179_999_999),
)
def test_positions_are_read_to_a_millionth(drivers: Harness, latitude: int, longitude: int) -> None:
    _, (lat, lon), ends = read(drivers, "nmea", rmc(latitude, longitude))
    assert ends == ["0"] and abs(lat - latitude) <= 1 and abs(lon - longitude) <= 1


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        (rmc(*HOME, state="V"), [str(NONE)]),
        (nmea("GNRMC,,V,,,,,,,,,,N"), [str(NONE)]),
        (nmea("GNGGA,083559.00,4717.11437,N,00833.91522,E,1,08,1.01,499.6,M,48.0,M,,"), []),
        (rmc(*HOME).replace("2a", "2b"), [str(FORMAT)]),
        (nmea("GNRMC,083559.00,A,9117.1,N,00833.9,E,0.0,0.0,091202,,,A"), [str(FORMAT)]),
        (nmea("GNRMC,083559.00,A,4761.1,N,00833.9,E,0.0,0.0,091202,,,A"), [str(FORMAT)]),
        (nmea("GNRMC,083559.00,A,4717.1,Q,00833.9,E,0.0,0.0,091202,,,A"), [str(FORMAT)]),
        (nmea("GNRMC,083559.00,A,47x7.1,N,00833.9,E,0.0,0.0,091202,,,A"), [str(FORMAT)]),
        (nmea("GNRMC,083559.00,A,4717.1"), [str(FORMAT)]),
        (("$" + "x" * 200 + "\r\n").encode().hex(), [str(FORMAT)]),
        (b"$\r\n".hex(), [str(FORMAT)]),
    ],
)
def test_sentences_without_a_position(drivers: Harness, text: str, ends: list[str]) -> None:
    assert read(drivers, "nmea", text)[1:] == ([0, 0], ends)
    assert read(drivers, "nmea", text + rmc(*HOME))[2][-1] == "0", "the next one is read"


pieces = st.one_of(
    st.binary(max_size=30),
    st.builds(
        lambda text, at, byte: (
            (b := bytearray(bytes.fromhex(text)))[: at % len(b)]
            + bytes([byte])
            + b[at % len(b) + 1 :]
        ),
        st.just(rmc(*HOME)),
        st.integers(0, 200),
        st.integers(0, 255),
    ),
    st.sampled_from([b"$", b"*", b",", b"\r\n", b"$GNRMC,", b"A,4717.1,N,", bytes(90)]),
)


@settings(max_examples=1000, deadline=None)
@given(stream=st.lists(pieces, max_size=8))
def test_noise_is_no_position_out_of_range(drivers: Harness, stream: list[bytes]) -> None:
    """And, the program being built with sanitizers, nothing is read or written out of bounds."""
    noise = b"".join(stream).hex() or "-"
    _, (latitude, longitude), _ = read(drivers, "nmea", noise)
    assert abs(latitude) <= 90_000_000 and abs(longitude) <= 180_000_000


def great_circle(a: tuple[int, int], b: tuple[int, int]) -> float:
    """Metres on a sphere of 6371 km (haversine)."""
    p, q = (tuple(math.radians(x / 1e6) for x in place) for place in (a, b))
    h = (
        math.sin((p[0] - q[0]) / 2) ** 2
        + math.cos(p[0]) * math.cos(q[0]) * math.sin((p[1] - q[1]) / 2) ** 2
    )
    return 2 * 6_371_000 * math.asin(math.sqrt(h))


@FAST
@given(
    latitude=st.integers(-70_000_000, 70_000_000),
    longitude=st.integers(-180_000_000, 180_000_000),
    north=st.integers(-200_000, 200_000),
    east=st.integers(-200_000, 200_000),
)
def test_distances_are_the_great_circles(
    drivers: Harness, latitude: int, longitude: int, north: int, east: int
) -> None:
    other = longitude + east
    other -= 360_000_000 * (other > 180_000_000) - 360_000_000 * (other < -180_000_000)
    a, b = (latitude, longitude), (latitude + north, other)
    exact = great_circle(a, b)
    (metres,) = read(drivers, "metres", *a, *b)[1]
    assert abs(metres - exact) <= 1 + 0.003 * exact


@pytest.mark.parametrize(
    ("north_m", "beyond"), [(0, 0), (39, 0), (41, 1), (140, 100), (5040, 5000)]
)
def test_only_the_distance_beyond_the_fence_comes_out(
    drivers: Harness, north_m: int, beyond: int
) -> None:
    here = (HOME[0] + round(north_m / 0.111195), HOME[1])
    talk = nmea("GNGSV,1,1,00") + rmc(*here)
    drivers.ask("stream", 0x42, talk)
    status, (value,), _ = read(drivers, "fence", 0x42, *HOME, 40)
    assert status == OK and abs(value - beyond) <= 1


def test_no_fix_no_word_nobody(drivers: Harness) -> None:
    drivers.ask("stream", 0x42, rmc(*HOME, state="V"))
    assert read(drivers, "fence", 0x42, *HOME, 40)[:2] == (NONE, [MISSING])
    drivers.ask("stream", 0x42, "-")
    status, values, done = read(drivers, "fence", 0x42, *HOME, 40)
    assert (status, values, done) == (IO, [MISSING], ["wait:20"] * 75)
    assert read(drivers, "fence", 0x43, *HOME, 40)[:2] == (IO, [MISSING])
