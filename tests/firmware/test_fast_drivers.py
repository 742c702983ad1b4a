"""Drivers of fast sensors: every frame once and in order, in the datasheet's units, or a fault."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.firmware.harness import Harness
from tinyfield.spec.drivers import driver

OK, FULL, IO = 0, -3, -5
PARTS = ("mpu6050", "adxl345")
ID = {"mpu6050": 0x68, "adxl345": 0xE5}
WIDTH = {"mpu6050": 6, "adxl345": 3}
HZ = 100
RATE = HZ * 1000


def raw(part: str, frames: int, seed: int = 1) -> NDArray[np.int16]:
    """Frames as the part's registers hold them; the first numbers them."""
    rng = np.random.default_rng(seed)
    most = 32768 if part == "mpu6050" else 4096
    made = rng.integers(-most, most, (frames, WIDTH[part])).astype(np.int16)
    made[:, 0] = np.arange(frames)
    made[: min(frames, 2), 1] = (-most, most - 1)[: min(frames, 2)]
    return made


def start(fast: Harness, part: str, frames: NDArray[np.int16], *, period_us: int = 10_000) -> None:
    order = ">" if part == "mpu6050" else "<"
    data = struct.pack(f"{order}{frames.size}h", *frames.ravel().tolist())
    assert fast.ask("part", part, ID[part], period_us, data.hex()) == "ok"


def read(fast: Harness, part: str, count: int) -> tuple[int, NDArray[np.int64], int]:
    """Status, frames, and how often the driver has waited."""
    status, waits, *values = fast.numbers("frames", RATE, count)
    return status, np.array(values).reshape(count, WIDTH[part]), waits


def expected(part: str, frames: NDArray[np.int16]) -> NDArray[np.float64]:
    """In thousandths of g and tenths of deg/s, from the datasheets' steps."""
    steps = 1000 / 2048 if part == "mpu6050" else 1000 / 256
    made = frames.astype(np.float64) * steps
    if part == "mpu6050":
        made[:, 3:] *= 10 / 16.4 / steps
    return np.clip(made, *((-16000, 16000) if part == "adxl345" else (-20000, 20000)))


@pytest.mark.parametrize("part", PARTS)
def test_every_frame_comes_once_and_in_order(fast: Harness, part: str) -> None:
    """Read in pieces, as the node does, with its own work of 50 ms in between."""
    frames = raw(part, 240)
    start(fast, part, frames)
    assert fast.ask("begin", RATE) == "0"
    found = []
    for piece in (7, 1, 14, 30, 13, 25, 50):
        status, values, _ = read(fast, part, piece)
        assert status == OK
        found.append(values)
        fast.ask("pass", 50_000)
    all_of_them = np.concatenate(found)
    assert np.abs(all_of_them - expected(part, frames)[: len(all_of_them)]).max() <= 0.5001
    channels = driver(part).channels
    for k, channel in enumerate(channels):
        assert channel.minimum <= all_of_them[:, k].min()
        assert all_of_them[:, k].max() <= channel.maximum


@pytest.mark.parametrize("part", PARTS)
def test_what_the_fifo_cannot_hold_is_a_fault_and_begins_anew(fast: Harness, part: str) -> None:
    start(fast, part, raw(part, 300))
    assert fast.ask("begin", RATE) == "0"
    fifo = driver(part).fast
    assert fifo is not None
    fast.ask("pass", (fifo.fifo - 4) * 10_000)
    assert read(fast, part, 5)[0] == OK, "almost full is well"
    fast.ask("pass", 10_000 * (fifo.fifo + 8))
    assert read(fast, part, 5)[0] == FULL
    assert fast.ask("begin", RATE) == "0"
    status, values, _ = read(fast, part, 5)
    assert status == OK
    first = np.diff(values[:, 0] / (1000 / 2048 if part == "mpu6050" else 1000 / 256))
    assert np.allclose(first, 1, atol=1.1), "and the frames follow one another again"


@pytest.mark.parametrize("part", PARTS)
def test_frames_that_stay_away_are_a_fault_soon(fast: Harness, part: str) -> None:
    start(fast, part, raw(part, 3))
    assert fast.ask("begin", RATE) == "0"
    status, _, waits = read(fast, part, 5)
    assert status == IO
    assert waits < 20, "a dead part does not hold the node up"


@pytest.mark.parametrize("part", PARTS)
def test_nobody_there_or_somebody_else(fast: Harness, part: str) -> None:
    start(fast, part, raw(part, 3))
    fast.ask("lose")
    assert fast.ask("begin", RATE) == str(IO)
    assert read(fast, part, 1)[0] == IO
    assert fast.ask("rest", RATE) == str(IO)
    fast.ask("part", part, ID[part] ^ 1, 10_000, "00")
    assert fast.ask("begin", RATE) == str(IO)


@pytest.mark.parametrize("part", PARTS)
def test_it_sleeps_when_it_is_told(fast: Harness, part: str) -> None:
    start(fast, part, raw(part, 50))
    assert fast.ask("begin", RATE) == "0"
    assert fast.ask("rest", RATE) == "0"
    power = int(fast.ask("show", 0x6B if part == "mpu6050" else 0x2D))
    assert power == (0x40 if part == "mpu6050" else 0)


@pytest.mark.parametrize(
    ("hz", "divider", "low_pass"),
    [(250, 3, 2), (200, 4, 2), (125, 7, 3), (100, 9, 3), (50, 19, 4), (25, 39, 5), (4, 249, 6)],
)
def test_mpu6050_registers(fast: Harness, hz: int, divider: int, low_pass: int) -> None:
    """The rate divides 1 kHz; the low-pass stays below half of it (register map 4.4 and 4.5)."""
    start(fast, "mpu6050", raw("mpu6050", 3))
    assert fast.ask("begin", hz * 1000) == "0"
    shown = [int(fast.ask("show", register)) for register in (0x19, 0x1A, 0x1B, 0x1C, 0x23, 0x6B)]
    assert shown == [divider, low_pass, 0x18, 0x18, 0x78, 0x01]
    bandwidth = {1: 184, 2: 94, 3: 44, 4: 21, 5: 10, 6: 5}[low_pass]
    assert bandwidth <= hz / 2 or low_pass == 6


def test_adxl345_registers(fast: Harness) -> None:
    """Table 7's codes; full resolution at the widest range."""
    fast_part = driver("adxl345").fast
    assert fast_part is not None
    for rate, code in zip(fast_part.rates, range(0x06, 0x0C), strict=True):
        start(fast, "adxl345", raw("adxl345", 3))
        assert fast.ask("begin", rate) == "0"
        assert [int(fast.ask("show", r)) for r in (0x2C, 0x31, 0x38)] == [code, 0x0B, 0x80]
    low, high = driver("adxl345").channels[0].minimum, driver("adxl345").channels[0].maximum
    assert (low, high) == (-16000, 16000)
