"""Broken frames and power cuts: the node's decisions are what they would have been."""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.sim.conftest import Bench
from tinyfield.errors import EnvironmentFault
from tinyfield.sim import Faults
from tinyfield.sim.node import NodeProcess
from tinyfield.wire import FrameType, decode_frame, encode_frame

SAMPLES = 300


def flip(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]


def cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data))]


def swell(data: bytes, rng: random.Random) -> bytes:
    return bytes(rng.randrange(1, 256) for _ in range(300)) + data


def noise(data: bytes, rng: random.Random) -> bytes:
    return bytes(rng.randrange(256) for _ in range(rng.randrange(1, 200)))


def twice(data: bytes, rng: random.Random) -> bytes:
    return data + data


def thrice_with_zeros(data: bytes, rng: random.Random) -> bytes:
    return b"\0\0" + data + b"\0" + data + b"\0\0"


KINDS = [flip, cut, swell, noise, twice, thrice_with_zeros]


def now_and_then(
    change: Callable[[bytes, random.Random], bytes], share: float, seed: int
) -> Callable[[bytes, int], bytes]:
    """Spoils that share of the pieces."""
    rng = random.Random(seed)

    def fault(data: bytes, number: int) -> bytes:
        return change(data, rng) if rng.random() < share else data

    return fault


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("board", ["native", "simavr_uno"])
def test_broken_frames_to_the_node_change_nothing(
    bench: Bench, write_trace: Callable[[int], Path], board: str, kind: Callable[..., bytes]
) -> None:
    trace = write_trace(SAMPLES)
    run = bench.sim(board, trace, faults=Faults(to_node=now_and_then(kind, 0.1, 3)))
    log = "\n".join(d.as_json() for d in run)
    assert log == bench.log("native", trace)


@pytest.mark.parametrize("kind", [flip, swell, twice], ids=lambda kind: kind.__name__)
def test_broken_frames_from_the_node_change_nothing(
    bench: Bench, write_trace: Callable[[int], Path], kind: Callable[..., bytes]
) -> None:
    trace = write_trace(SAMPLES)
    run = bench.sim("native", trace, faults=Faults(from_node=now_and_then(kind, 0.1, 5)))
    log = "\n".join(d.as_json() for d in run)
    assert log == bench.log("native", trace)
    if kind is not twice:
        assert run.summary["frame_errors"] > 0


def test_a_silent_host_end_is_no_decision(bench: Bench, write_trace: Callable[[int], Path]) -> None:
    """A node whose every row is spoilt gives up with a code, it does not decide on noise."""

    def spoil(data: bytes, number: int) -> bytes:
        is_row = decode_frame(data[:-1]).type is FrameType.ROW
        return data[:3] + b"\x55" + data[4:] if is_row and number > 200 else data

    run = bench.sim("native", write_trace(SAMPLES), faults=Faults(to_node=spoil))
    with pytest.raises(EnvironmentFault, match="gave up with code 1"):
        list(run)


def test_a_row_of_the_wrong_width_is_not_taken(
    bench: Bench, write_trace: Callable[[int], Path]
) -> None:
    def narrow(data: bytes, number: int) -> bytes:
        frame = decode_frame(data[:-1])
        if frame.type is FrameType.ROW and number % 10 == 0:
            return encode_frame(FrameType.ROW, frame.payload[:-4])
        return data

    trace = write_trace(SAMPLES)
    log = bench.log("native", trace, faults=Faults(to_node=narrow))
    assert log == bench.log("native", trace)


@pytest.mark.parametrize("board", ["native", "simavr_uno"])
def test_a_restart_keeps_numbers_and_time(
    bench: Bench, write_trace: Callable[[int], Path], board: str
) -> None:
    run = bench.sim(board, write_trace(600), faults=Faults(cuts=[(300 * 600, 0)]))
    made = list(run)
    assert run.summary["boots"] == 2
    assert run.summary["samples"] == 600
    assert {d.boot for d in made} == {1, 2}
    assert [d.t for d in made] == sorted(d.t for d in made)
    assert all((d.t < 300 * 600) == (d.boot == 1) for d in made)
    assert len({(d.boot, d.seq) for d in made}) == len(made)


@pytest.mark.parametrize("board", ["native", "qemu_m4", "simavr_uno"])
def test_what_was_not_acknowledged_outlives_the_power_cut(
    bench: Bench, write_trace: Callable[[int], Path], board: str
) -> None:
    """Downlinks get lost up to the cut: the second boot delivers the first one's decisions.

    When they were taken it cannot know: its clock was never set.
    """
    starts = []

    def deaf(data: bytes, number: int) -> bytes:
        frame = decode_frame(data[:-1])
        if frame.type is FrameType.ROW and frame.payload[:4] == b"\0\0\0\0":
            starts.append(number)
        lost = frame.type is FrameType.DOWNLINK and len(starts) < 2
        return b"\x02\x01\x00" if lost else data

    trace = write_trace(600)
    clean = [d for d in bench.decisions("native", trace) if d.t < 170 * 600]
    made = bench.decisions(board, trace, faults=Faults(to_node=deaf, cuts=[(170 * 600, 0)]))
    first = [d for d in made if d.boot == 1]
    assert len(first) > 10
    assert [replace(d, t=0) for d in first] == [replace(d, t=0) for d in clean]


def test_a_run_that_is_left_early_leaves_no_process(
    bench: Bench, write_trace: Callable[[int], Path]
) -> None:
    before = set(Path("/proc").glob("[0-9]*")) if Path("/proc").is_dir() else set()
    decisions = iter(bench.sim("native", write_trace(1500)))
    next(decisions)
    decisions.close()  # type: ignore[attr-defined]
    children = [
        line
        for line in map(command_line, set(Path("/proc").glob("[0-9]*")) - before)
        if "firmware.elf" in line and str(bench.folder) in line
    ]
    assert children == []


def command_line(process: Path) -> str:
    """Of a process; nothing, if it has ended since it was listed."""
    try:
        return (process / "cmdline").read_text(errors="replace")
    except OSError:
        return ""


def test_a_node_that_is_held_up_is_not_given_up(
    bench: Bench, write_trace: Callable[[int], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its process stands still for some seconds: it finds what it was asked meanwhile, and goes
    on."""
    pids: list[int] = []
    start = NodeProcess.__init__

    def started(self: NodeProcess, *args: Any) -> None:
        start(self, *args)
        pids.append(self._process.pid)

    def hold(data: bytes, number: int) -> bytes:
        if number == 100:
            os.kill(pids[0], signal.SIGSTOP)
            threading.Timer(3, os.kill, (pids[0], signal.SIGCONT)).start()
        return data

    monkeypatch.setattr(NodeProcess, "__init__", started)
    trace = write_trace(SAMPLES)
    assert bench.log("native", trace, faults=Faults(to_node=hold)) == bench.log("native", trace)
