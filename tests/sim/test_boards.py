"""The same firmware on the four virtual boards says the same, byte for byte."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sim.conftest import BOARDS, Bench
from tinyfield.sim import Faults

SEASON = 120 * 144


def test_a_season_has_something_to_say(bench: Bench, write_trace: Callable[[int], Path]) -> None:
    run = bench.sim("native", write_trace(1500))
    made = list(run)
    assert {d.decision for d in made} >= {"dry", "tank_low"}
    assert {d.outcome for d in made} == {"done", "blocked", None}
    assert {d.active for d in made} == {True, False}
    assert run.summary["samples"] == 1500
    assert run.summary["decisions"] == len(made) == len({(d.boot, d.seq) for d in made})
    assert run.summary["frame_errors"] == 0


def test_json_lines_are_as_documented(bench: Bench, write_trace: Callable[[int], Path]) -> None:
    fired = next(d for d in bench.decisions("native", write_trace(1500)) if d.outcome == "done")
    line = json.loads(fired.as_json())
    assert list(line) == ["t", "decision", "label", "confidence", "action", "outcome", "why"]
    assert line["decision"] == "dry"
    assert line["label"] == "on"
    assert line["action"] == "valve on for 5 min"
    assert line["why"] == ["soil.moisture < 25 %", "tank.level > 15 %"]
    assert isinstance(line["t"], int)
    assert line["t"] % 600 == 0


@pytest.mark.parametrize("board", BOARDS[1:])
def test_every_board_says_the_same(
    bench: Bench, write_trace: Callable[[int], Path], board: str
) -> None:
    trace = write_trace(1500)
    assert bench.log(board, trace) == bench.log("native", trace)


@pytest.mark.parametrize("board", BOARDS[1:])
def test_after_a_power_cut_every_board_says_the_same(
    bench: Bench, write_trace: Callable[[int], Path], board: str
) -> None:
    trace = write_trace(600)
    cut = Faults(cuts=[(n * 600, 0) for n in (250, 251, 400)])
    assert bench.log(board, trace, faults=cut) == bench.log("native", trace, faults=cut)


@pytest.mark.slow
@pytest.mark.parametrize("board", BOARDS[1:])
def test_a_whole_season_is_the_same(
    bench: Bench, write_trace: Callable[[int], Path], board: str
) -> None:
    trace = write_trace(SEASON)
    ours = bench.log("native", trace)
    assert len(ours.splitlines()) > 100
    assert bench.log(board, trace) == ours


@pytest.mark.parametrize("board", BOARDS)
def test_sizes_and_stack_fit(bench: Bench, write_trace: Callable[[int], Path], board: str) -> None:
    image = bench.image(board)
    run = bench.sim(board, write_trace(300))
    list(run)
    stack = run.summary.get("stack_bytes", 0)
    if board != "native":
        assert 100 < stack < 1024
    if board == "simavr_uno":
        assert image.flash <= 32256
        assert image.ram + stack <= 2048
        assert 0 < run.summary["cycles_per_sample"] < 100_000
