"""Fixtures of the firmware's tests: one running program a topic."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.firmware.harness import Harness, build


def _running(name: str, *sources: str) -> Iterator[Harness]:
    harness = Harness(build(name, sources))
    yield harness
    harness.close()


@pytest.fixture(scope="module")
def frames() -> Iterator[Harness]:
    yield from _running("frames", "core/frame.c", "core/bytes.c")


@pytest.fixture(scope="module")
def wire() -> Iterator[Harness]:
    yield from _running("wire", "core/wire.c")


@pytest.fixture(scope="module")
def neighbours() -> Iterator[Harness]:
    yield from _running("neighbours", "core/neighbours.c")


@pytest.fixture(scope="module")
def interlock() -> Iterator[Harness]:
    yield from _running("interlock", "core/interlock.c")


@pytest.fixture(scope="module")
def outbox() -> Iterator[Harness]:
    yield from _running("outbox", "core/outbox.c", "core/journal.c", "core/bytes.c")


@pytest.fixture(scope="module")
def rules() -> Iterator[Harness]:
    yield from _running("rules", "core/rules.c")


@pytest.fixture(scope="module")
def drivers() -> Iterator[Harness]:
    names = (
        "analog_voltage", "bh1750", "bme280", "capacitive_soil", "electrochemical_gas",
        "gps_geofence", "hcsr04", "mq_gas",
        "relay", "sen0344", "sen0575", "servo_feeder", "sht31", "sps30", "tmp117", "wind_vane",
    )  # fmt: skip
    sources = [f"drivers/{name}/{name}.c" for name in names]
    yield from _running("drivers", *sources, "core/bytes.c", "core/features/arithmetic.c")


@pytest.fixture(scope="module")
def pet() -> Iterator[Harness]:
    yield from _running("pet", "core/pet.c", "core/features/arithmetic.c")


@pytest.fixture(scope="module")
def totals() -> Iterator[Harness]:
    yield from _running(
        "totals", "core/totals.c", "core/keep.c", "core/bytes.c", "core/features/arithmetic.c"
    )


@pytest.fixture(scope="module")
def fast() -> Iterator[Harness]:
    yield from _running("fast_drivers", "drivers/mpu6050/mpu6050.c", "drivers/adxl345/adxl345.c")
