"""Losing the link never blocks, resets or leaves a valve open: a hardware board in fast motion."""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.codegen.apps import app_of, generated, include_folders, node_sources
from tests.firmware.harness import HERE
from tinyfield import hostcc
from tinyfield.boards import load_boards
from tinyfield.wire import Downlink, FrameType, encode_downlink, encode_frame

APP = """
app: bed
board: uno
sensors:
  soil: {driver: capacitive_soil, pin: A0, calibrate: {dry: 2300 mV, wet: 1050 mV}}
  tank: {driver: hcsr04, trigger: 5, echo: 6, calibrate: {empty: 80 cm, full: 10 cm}}
sample: every 1 min
actuators:
  valve: {driver: relay, pin: 7, max_on: 2 min, min_off: 3 min, safe: off}
decisions:
  water:
    when: soil.moisture < 30 % and tank.level > 15 %
    repeat: 5 min
    do: valve on for 95 s
  full: {when: tank.level > 80 %, clear: tank.level < 70 %}
reporting: {link: serial, heartbeat: 1 h}
"""
WATCHDOG_MS = 8000
DAY = 86_400


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("board")
    generated(app_of(APP, folder, "uno"), folder / "out", load_boards()["native"])
    return hostcc.compile_executable(
        [*node_sources(folder / "out"), HERE / "board.c"],
        include=[*include_folders(folder / "out"), HERE],
        flags=["-DTINY_VIRTUAL=0"],
        name="board",
        sanitize=True,
    )


def run(
    program: Path, mode: str, seconds: int, sense_ms: int = 20
) -> tuple[list[tuple[float, float]], int, int]:
    """The valve's runs (from, to; in s), the watchdog's longest wait in ms, frames sent."""
    done = subprocess.run(
        [program, mode, str(seconds), str(sense_ms)],
        capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    *changes, last = [line.split() for line in done.stdout.splitlines()]
    times = [int(ms) / 1000 for _, ms in changes]
    assert [on for on, _ in changes[:2]] == ["1", "0"]
    runs = list(zip(times[0::2], times[1::2], strict=False))
    return runs, int(last[1]), int(last[2])


@pytest.mark.parametrize("mode", ["silent", "closed", "babble", "endless", "slow", "worn"])
def test_the_valve_obeys_its_times_whatever_the_line_does(program: Path, mode: str) -> None:
    runs, fed, sent = run(program, mode, DAY)
    assert len(runs) >= DAY // 300 - 2, "it goes on watering"
    for start, end in runs:
        assert 93 <= end - start <= 97
    for (_, end), (start, _) in itertools.pairwise(runs):
        assert start - end >= 178
    assert fed <= WATCHDOG_MS
    assert sent < 60, "a dead link costs one try an hour"


def test_slow_sensing_never_stops_the_clockwork(program: Path) -> None:
    """Sensing takes longer than a period: samples are skipped, deadlines only come late by one."""
    runs, _, _ = run(program, "silent", 6 * 3600, sense_ms=22_000)
    assert runs
    for start, end in runs:
        assert end - start <= 95 + 67


# --- words of neighbours on a real line ------------------------------------------------------

LISTENS = APP.replace(
    "sample: every",
    """  hall: {driver: neighbour, node: hall-1, decision: smoke, expires: 1 h}
  attic: {driver: neighbour, node: attic-1, decision: smoke, expires: 1 h}
sample: every""",
).replace("soil.moisture < 30 % and tank.level > 15 %", "hall.active == 1 and attic.active == 1")
NOON = 1_780_000_000


@pytest.fixture(scope="module")
def listening(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """A board whose valve opens when both neighbours say so, and its manifest's hash."""
    folder = tmp_path_factory.mktemp("listening")
    app = app_of(LISTENS, folder, "uno")
    made = generated(app, folder / "out", load_boards()["native"])
    program = hostcc.compile_executable(
        [*node_sources(folder / "out"), HERE / "board.c"],
        include=[*include_folders(folder / "out"), HERE],
        flags=["-DTINY_VIRTUAL=0"],
        name="board",
        sanitize=True,
    )
    return program, made.manifest.hash


def frames(*downs: Downlink) -> str:
    return (
        b"".join(encode_frame(FrameType.DOWNLINK, encode_downlink(d)) for d in downs).hex() or "-"
    )


def with_gateway(
    program: Path, seconds: int, answer: Sequence[Downlink], waiting: Sequence[Downlink]
) -> tuple[list[float], int]:
    """When the valve opened, in s, and messages sent."""
    done = subprocess.run(
        [program, "gateway", str(seconds), "20", frames(*answer), frames(*waiting)],
        capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    *changes, last = [line.split() for line in done.stdout.splitlines()]
    assert int(last[1]) <= WATCHDOG_MS
    return [int(ms) / 1000 for on, ms in changes if on == "1"], int(last[2])


STORED = Downlink(boot=1, seq=1000)


def test_words_that_wait_are_all_heard_before_the_sample(listening: tuple[Path, int]) -> None:
    """Two in the line's buffer: the valve opens at that very sample."""
    program, manifest = listening
    words = [Downlink(epoch=NOON, neighbour=i, active=True, heard=NOON, manifest=manifest)
             for i in (0, 1)]  # fmt: skip
    opened, _ = with_gateway(program, 700, [STORED], words)
    assert len(opened) == 1 and 600 <= opened[0] < 601


@pytest.mark.parametrize("words", [0, 1, 3])
def test_an_answer_behind_words_still_counts(listening: tuple[Path, int], words: int) -> None:
    """A decision is sent once, however many words overtake its acknowledgement."""
    program, manifest = listening
    ahead = [Downlink(epoch=NOON, neighbour=1, active=True, heard=NOON + n, manifest=manifest)
             for n in range(words)]  # fmt: skip
    _, sent = with_gateway(program, 600, [*ahead, STORED], [])
    assert sent == 2  # the birth, and that the tank is full


def test_words_alone_acknowledge_nothing(listening: tuple[Path, int]) -> None:
    program, manifest = listening
    word = Downlink(epoch=NOON, neighbour=1, active=True, heard=NOON, manifest=manifest)
    _, sent = with_gateway(program, 600, [word], [])
    assert sent > 3  # the decision again, after a minute's rest, then two
