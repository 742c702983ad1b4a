"""The hardware Uno's own firmware (its clock, deep sleep, watchdog, ADC, I2C) on a simulated chip.

`uno` itself needs PlatformIO's registry; the same sources on Debian's core, without
``TINY_VIRTUAL``, are the same program.
"""

from __future__ import annotations

import subprocess
import textwrap
from pathlib import Path

import pytest

from tests.codegen.apps import app_of, generated
from tests.gateway.processes import PATIENCE_S
from tests.sim.conftest import need
from tinyfield import pio, project
from tinyfield.boards import load_boards
from tinyfield.wire import (
    Downlink,
    FrameReader,
    FrameType,
    Kind,
    Message,
    decode_message,
    encode_downlink,
    encode_frame,
)

APP = """
app: quick
board: uno
sensors:
  soil: {driver: capacitive_soil, pin: A0, calibrate: {dry: 2300 mV, wet: 1050 mV}}
  air: {driver: bme280, address: 0x76}
sample: every 10 s
actuators:
  valve: {driver: relay, pin: 7, max_on: 15 min, safe: off}
decisions:
  wet: {when: soil.moisture > 0.1 %, do: valve on for 1 min}
reporting: {link: serial, heartbeat: 1 min}
"""

ENVIRONMENT = """
[env:uno_free]
platform = symlink://${PROJECT_DIR}/firmware/platforms/simavr
build_src_filter =
    ${env.build_src_filter} +<generated/uno_free/> +<hal/arduino.cpp> +<hal/arduino_avr.c>
build_flags =
    ${env.build_flags} -I firmware/generated/uno_free ${uno_serial.build_flags}
"""

HERTZ = 16_000_000


@pytest.fixture(scope="module")
def image(no_network: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> pio.Image:
    need(load_boards()["simavr_uno"])
    folder = project.ensure_project(tmp_path_factory.mktemp("uno"))
    with (folder / "platformio.ini").open("a") as ini:
        ini.write(ENVIRONMENT)
    app = app_of(textwrap.dedent(APP), folder)
    generated(app, folder / "firmware/generated/uno_free", load_boards()["uno"])
    return pio.build("uno_free", folder)


def listen(image: pio.Image, folder: Path, until: int) -> tuple[list[Message], int]:
    """Messages up to the ``until``-th heartbeat, and the chip's cycles by then.

    That one is not answered: the chip's time stands still until it is.
    """
    runner = image.elf.with_name("tiny_simavr")
    node = subprocess.Popen(
        [str(runner), "--free", "--stats", str(image.elf)],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
    )
    assert node.stdin is not None
    assert node.stdout is not None
    reader, said = FrameReader(), list[Message]()
    left = until
    try:
        while left:
            data = node.stdout.read(4096)
            assert data, "it has ended"
            for frame in reader.feed(data):
                assert frame.type is FrameType.UPLINK
                message = decode_message(frame.payload)
                said.append(message)
                left -= message.kind is Kind.HEARTBEAT
                decided = message.kind is Kind.DECISION
                down = Downlink(boot=message.boot, seq=message.seq) if decided else Downlink()
                if left:
                    node.stdin.write(encode_frame(FrameType.DOWNLINK, encode_downlink(down)))
    finally:
        node.terminate()
        _, told = node.communicate(timeout=PATIENCE_S)
    assert reader.errors == 0
    return said, int(told.decode().split()[1])


def test_it_keeps_time_and_tells_its_health(image: pio.Image, tmp_path: Path) -> None:
    said, cycles = listen(image, tmp_path, until=2)
    assert [m.kind for m in said if m.kind is not Kind.DECISION] == [
        Kind.BIRTH,
        Kind.HEARTBEAT,
        Kind.HEARTBEAT,
    ]
    first, second = (m for m in said if m.kind is Kind.HEARTBEAT)
    assert first.counters is not None
    assert second.counters is not None
    assert second.counters[0] - first.counters[0] == 6  # a minute of samples
    assert 119 < cycles / HERTZ < 123, "heartbeats are a minute apart"
    # simavr's supply is 3.3 V; nothing answers on the I2C bus.
    assert all(m.battery is not None and 3200 < m.battery < 3400 for m in said)
    assert second.fault_mask is not None
    assert second.fault_mask & 2
    assert {m.boot for m in said} == {1}


def test_it_counts_its_boots(image: pio.Image, tmp_path: Path) -> None:
    boots = [listen(image, tmp_path, until=1)[0][0].boot for _ in range(2)]
    assert boots == [1, 2]
    assert (tmp_path / "persist.bin").stat().st_size == 1024
