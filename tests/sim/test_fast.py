"""A fast sensor on every virtual board: the same decisions from the same frames."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.codegen.apps import BURSTS, MOVES, app_of
from tests.sim.conftest import BOARDS, Bench
from tinyfield import project
from tinyfield.errors import DataError
from tinyfield.features.ticks import NO_FRAME
from tinyfield.sim import Faults, TraceSource, WorldSource
from tinyfield.sim.anything import AnythingSource
from tinyfield.sim.scenario import FaultySource
from tinyfield.spec.scenario import Fault
from tinyfield.wire import FrameType

AXES = ("imu.accel_x", "imu.accel_y", "imu.accel_z")
DECIDED = "confidence > 0.3"
"""Random weights are sure of nothing."""


class Shaken:
    """A world that is still, shaken and tipped in turns, 40 s each."""

    days = 600 / 86400

    def __init__(self) -> None:
        self.asked: list[tuple[int, int, float]] = []

    def sample(self, t: int) -> dict[str, float]:
        return {"soil.moisture": 30 + t % 7}

    def burst(self, t: int, frames: int, rate_hz: float) -> dict[str, NDArray[np.float64]]:
        self.asked.append((t, frames, rate_hz))
        at = t - np.arange(frames, 0, -1) / rate_hz
        rng, state = np.random.default_rng(t), t // 40 % 3
        shake = (0.02, 0.8, 0.05)[state] * np.sin(2 * np.pi * 3 * at)
        up = (0.0, 0.0, 1.0) if state != 2 else (0.0, 1.0, 0.0)
        return {
            name: up[i] + shake * (i + 1) / 3 + rng.normal(0, 0.01, frames)
            for i, name in enumerate(AXES)
        }

    def actuate(self, t: int, actuator: str, on: bool) -> None:
        """Nothing to move."""

    def summary(self) -> dict[str, float]:
        return {}


@pytest.fixture(scope="module", params=[MOVES, BURSTS], ids=["continuous", "bursts"])
def moves(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bench]:
    made = Bench(project.ensure_project(tmp_path_factory.mktemp("moves")))
    text: str = request.param
    made.app_file.write_text(text.replace(DECIDED, "confidence > 0.1"), encoding="utf-8")
    yield made.generate(*BOARDS)


def world(bench: Bench) -> WorldSource:
    return WorldSource(bench.app(), Shaken())


@pytest.mark.parametrize(
    ("moves", "board"),
    [*((MOVES, board) for board in BOARDS[1:]), (BURSTS, "qemu_m4")],
    indirect=["moves"],
    ids=[*BOARDS[1:], "qemu_m4, bursts"],
)
def test_every_board_says_the_same(moves: Bench, board: str) -> None:
    logs = [moves.log(name, world(moves)) for name in ("native", board)]
    assert len(logs[0].splitlines()) >= 8
    assert '"tipped"' in logs[0] and '"moves"' in logs[0]
    digests = {hashlib.sha256(log.encode()).hexdigest() for log in logs}
    assert len(digests) == 1


def test_frames_survive_a_bad_line(moves: Bench) -> None:
    """Lost, doubled and broken pieces are asked for again; none is used twice."""
    calm = moves.log("native", world(moves))

    def bend(data: bytes, number: int) -> bytes | None:
        if data[1] != FrameType.BURST:
            return data
        if number % 11 == 3:
            return None
        return data[:-3] + b"\\xff" + data[-2:] if number % 17 == 5 else data

    assert moves.log("native", world(moves), faults=Faults(to_node=bend)) == calm


def test_a_node_without_a_world_has_work_to_be_measured_at(moves: Bench) -> None:
    """Anything within the channels' ranges, the same each time, every sample of it whole."""
    app = moves.app()
    one, same = AnythingSource(app, 30), AnythingSource(app, 30)
    burst = one.burst(7, 0)
    assert np.array_equal(burst, same.burst(7, 0)) and not np.array_equal(burst, one.burst(8, 0))
    for k, name in enumerate(app.sensors["imu"].channels):
        channel = app.channels[app.channel_id(name)]
        assert channel.minimum <= burst[:, k].min() < burst[:, k].max() <= channel.maximum
    row = one.row(7)
    assert row is not None and len(row) == len(app.channels) and one.row(one.last + 1) is None
    run = moves.sim("native", one)
    list(run)
    assert run.summary["samples"] == 30


def test_a_burst_is_asked_for_once(moves: Bench) -> None:
    shaken, app = Shaken(), moves.app()
    run = moves.sim("native", WorldSource(app, shaken, limit=20))
    list(run)
    frames = app.sensors["imu"].frames
    assert shaken.asked == [(i * app.sample_s, frames, 50.0) for i in range(20)]
    assert run.summary["samples"] == 20


def test_a_trace_of_frames_is_as_good_as_the_world(moves: Bench, tmp_path: Path) -> None:
    """One row a frame; the slow sensor's cells are mostly empty."""
    app, shaken = moves.app(), Shaken()
    path, source = tmp_path / "shaken.csv", WorldSource(moves.app(), shaken)
    frames, step = app.sensors["imu"].frames, app.sample_s
    lines = ["t,soil.moisture," + ",".join(f"{name} [g]" for name in AXES)]
    for t in range(step, 600, step):
        burst = source.burst(t, 0)
        for i, frame in enumerate(burst):
            at = t - (frames - i) / 50
            values = ",".join(f"{v / 1000:.3f}" for v in frame)
            soil = shaken.sample(round(at))["soil.moisture"] if at == round(at) else ""
            lines.append(f"{at:.2f},{soil},{values}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    trace = TraceSource(path, app)
    assert trace.first == step
    for t in range(step, 600, step):
        assert (trace.burst(t, 0) == source.burst(t, 0)).all()
    decided = [(d.t, d.decision, d.label) for d in moves.decisions("native", trace)]
    assert len(decided) >= 8
    want = [(d.t, d.decision, d.label) for d in moves.decisions("native", world(moves))]
    assert set(decided) >= {one for one in want if one[0] > 4 * step}, "but for the first windows"


def test_a_gap_in_the_trace_is_a_fault(tmp_path: Path) -> None:
    app = app_of(MOVES, tmp_path, "native")
    lines = ["t,imu.accel_x,imu.accel_y,imu.accel_z,soil.moisture"]
    lines += [f"{i / 50:.3f},0.1,,{40 if i == 7 else 1},20" for i in range(500) if i // 10 != 20]
    (tmp_path / "t.csv").write_text("\n".join(lines), encoding="utf-8")
    trace = TraceSource(tmp_path / "t.csv", app)
    assert (trace.first, trace.last) == (1, 10)
    assert trace.row(5) is not None
    gone = [int((trace.burst(t, 0)[:, 0] == NO_FRAME).sum()) for t in range(1, 11)]
    assert gone == [0, 0, 0, 0, 10, 0, 0, 0, 0, 0]
    assert (trace.burst(3, 0)[:, 1] == NO_FRAME).all()
    assert trace.burst(1, 0)[:, 2].max() == 16000, "held where the sensor's range ends"


@pytest.mark.parametrize(
    ("rate", "rows", "says"),
    [
        (25, 500, "has 25 rows a second, imu measures at 50 Hz"),
        (50, 30, "one sample of moves takes"),
    ],
)
def test_a_trace_that_does_not_fit_is_refused(
    tmp_path: Path, rate: int, rows: int, says: str
) -> None:
    lines = ["t,imu.accel_x,imu.accel_y,imu.accel_z,soil.moisture"]
    lines += [f"{i / rate},0,0,1,20" for i in range(rows)]
    (tmp_path / "t.csv").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(DataError, match=says):
        TraceSource(tmp_path / "t.csv", app_of(MOVES, tmp_path, "native"))


def test_a_world_without_frames_is_refused(tmp_path: Path) -> None:
    class Slow:
        days = 1.0
        sample, actuate, summary = Shaken.sample, Shaken.actuate, Shaken.summary

    with pytest.raises(DataError, match="this world knows no frames"):
        WorldSource(app_of(MOVES, tmp_path, "native"), Slow())  # type: ignore[arg-type]


def fault(kind: str, channels: Sequence[str], value: int = 0) -> Fault:
    begin, end = 100, 200
    return Fault.model_construct(
        kind=kind, channels=tuple(channels), begin_s=begin, end_s=end, value=value, text=kind
    )


@pytest.mark.parametrize(
    ("kind", "value", "holds"),
    [
        ("missing", 0, lambda x, _: (x == NO_FRAME).all()),
        ("stuck", 0, lambda x, before: (x == before[-1]).all()),
        ("reads", 2000, lambda x, _: (x == 2000).all()),
        ("noise", 300, lambda x, _: 200 < x.std() < 450),
    ],
)
def test_faults_of_frames(
    moves: Bench,
    kind: str,
    value: int,
    holds: Callable[[NDArray[np.int16], NDArray[np.int16]], bool],
) -> None:
    app, plain = moves.app(), world(moves)
    source = FaultySource(world(moves), app.channels, [fault(kind, AXES[:1], value)], seed=1)
    for t in (80, 90):
        source.row(t)
        before = source.burst(t, 0)
        assert (before == plain.burst(t, 0)).all()
    for t in (100, 110):
        source.row(t)
        found = source.burst(t, 0)
        assert holds(found[:, 0], before[:, 0])
        assert (found[:, 1:] == plain.burst(t, 0)[:, 1:]).all()
    assert (source.burst(210, 0) == plain.burst(210, 0)).all()


def test_the_plan_says_how_a_burst_comes(moves: Bench) -> None:
    """No piece is more than a frame of the stream holds."""
    header = (moves.folder / "firmware/generated/native/app.h").read_text()
    values = int(header.split("#define APP_FAST_VALUES ")[1].split()[0])
    assert 0 < values <= 44
