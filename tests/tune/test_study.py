"""Studies: proposals under a seed, workers that die, storages that cannot be used."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.gateway.processes import PATIENCE_S, wait_for
from tests.tune.toy import OBJECTIVES, problem
from tinyfield.errors import DataError, EnvironmentFault, MissingToolError, UsageError
from tinyfield.tune import crew, study
from tinyfield.tune.problem import Outcome, Problem

optuna = pytest.importorskip("optuna")
pytest.importorskip("sklearn")
TOY = (str(Path(__file__).with_name("toy.py")),)
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINYFIELD_CACHE", str(tmp_path_factory.getbasetemp() / "tune-cache"))
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}:{ROOT / 'gateway'}")


@pytest.fixture
def storage(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'study.db'}"


def alone(storage: str, trials: int, made: Problem, name: str = "toy") -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = []
    one = study.open_study(storage, name, OBJECTIVES)
    study.begin(one, made)
    crew.alone(made, objectives=OBJECTIVES, seed=3, trials=trials, study=one, tell=told.append)
    return told


def test_the_same_seed_gives_the_same_trials_in_one_go_or_in_two(storage: str) -> None:
    whole = alone(storage, 5, problem(), "whole")
    parts = alone(storage, 2, problem(), "parts") + alone(storage, 3, problem(), "parts")
    assert parts == whole
    assert whole[0]["what"] == "tree, depth 3" and whole[0]["inputs"] == 5  # the app's own
    assert len({event["what"] for event in whole}) > 2


def test_equal_candidates_cost_nothing(storage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first = alone(storage, 3, problem(), "first")

    def refuse(*_: object) -> None:
        raise AssertionError("measured again")

    again = problem()
    monkeypatch.setattr(again, "features", refuse)
    monkeypatch.setattr(again, "measure", refuse)
    assert alone(storage, 3, again, "second") == first


def test_past_the_budget_is_no_choice(storage: str) -> None:
    from tinyfield.tune.front import choose, pareto

    made = problem()
    alone(storage, 4, made)
    one = study.open_study(storage, "toy", OBJECTIVES)
    sizes = sorted({point.outcome.flash for point in study.points(one, made)})
    tight = problem(flash=sizes[0])
    points = study.points(one, tight)
    front = pareto(points, OBJECTIVES)
    assert [p.outcome.flash for p in front] == [sizes[0]] and front[0].fits
    assert sum(not point.fits for point in points) == len(points) - 1
    assert choose(front, OBJECTIVES) == front[0]
    over = next(p for p in points if not p.fits).outcome.over(tight.model)
    assert over["flash"] > 0 and "ram" not in over


def test_a_candidate_that_cannot_be_had_stops_nothing(storage: str) -> None:
    made = problem()
    rows, calls = made.features, iter([True, False, False])

    def features(model: Any) -> Any:
        if next(calls):
            raise DataError("no such rows")
        return rows(model)

    made.features, made.identity = features, "once"
    told = alone(storage, 3, made)
    assert told[0] == {"done": 0, "why": "no such rows"}
    assert [event["done"] for event in told] == [0, 1, 2] and "why" not in told[2]
    counts = study.counts(study.open_study(storage, "toy", OBJECTIVES))
    assert counts == {"complete": 2, "fail": 1, "running": 0}


def test_a_killed_worker_is_made_up_for(
    storage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two workers on one SQLite study, one killed (SIGKILL) in mid-trial by somebody else."""
    asleep = tmp_path / "asleep"
    monkeypatch.setenv("ASLEEP", str(asleep))
    monkeypatch.setattr(crew, "WORKER", TOY)
    started: list[subprocess.Popen[str]] = []
    popen = subprocess.Popen

    def watch(*args: Any, **kwargs: Any) -> Any:
        process = popen(*args, **kwargs)
        started.append(process)
        return process

    monkeypatch.setattr(crew.subprocess, "Popen", watch)
    killed: list[int] = []
    told: list[dict[str, Any]] = []

    def kill() -> None:
        # The sleeper's trial is the one that runs on when the other worker has ended some.
        while not (asleep.exists() and asleep.read_text() and len(told) >= 2):
            time.sleep(0.02)
        pid = int((tmp_path / "pid").read_text())
        killed.append(pid)
        os.kill(pid, signal.SIGKILL)

    monkeypatch.setenv("ASLEEP_PID", str(tmp_path / "pid"))
    threading.Thread(target=kill, daemon=True).start()
    one = study.open_study(storage, "toy", OBJECTIVES)
    request = {"app": {}, "storage": storage, "study": "toy", "objectives": OBJECTIVES, "seed": 0}
    crew.run(request, jobs=2, trials=6, study=one, tell=told.append)
    assert killed and len(started) == 2 and killed[0] in {process.pid for process in started}
    assert len({event["done"] for event in told}) == len(told) == 6
    assert study.counts(one) == {"complete": 6, "fail": 1, "running": 0}
    numbers = [trial.number for trial in one.get_trials()]
    assert sorted(numbers) == list(range(7))


def test_another_machine_sweeps_up_after_a_dead_one(storage: str, tmp_path: Path) -> None:
    """Nobody is left who knows of the dead worker: its heartbeat tells."""
    made = problem()
    text = (
        "from tests.tune import toy\nfrom tinyfield.tune import study\n"
        "p = toy.problem(); p.__class__ = toy.Sleeper\n"
        f"s = study.open_study({storage!r}, 'toy', toy.OBJECTIVES, heartbeat_s=1)\n"
        "study.run_trial(s, p, toy.OBJECTIVES, seed=0)\n"
    )
    dead = subprocess.Popen(
        [sys.executable, "-c", text],
        env={
            **os.environ,
            "ASLEEP": str(tmp_path / "asleep"),
            "ASLEEP_PID": str(tmp_path / "pid"),
        },
    )
    try:
        first = wait_for(lambda: _beats(tmp_path))
        wait_for(lambda: _beats(tmp_path) > first, why="for another heartbeat")
        one = study.open_study(storage, "toy", OBJECTIVES)
        study.run_trial(one, made, OBJECTIVES, seed=0)
        assert study.counts(one) == {"complete": 1, "fail": 0, "running": 1}  # it is alive
    finally:
        dead.kill()
        dead.wait()
    with sqlite3.connect(tmp_path / "study.db") as connection:  # the grace time passes
        connection.execute(
            "UPDATE trial_heartbeats SET heartbeat = datetime(heartbeat, ?)",
            [f"-{2 * study.GRACE_S} seconds"],
        )
    connection.close()
    study.run_trial(one, made, OBJECTIVES, seed=0)
    assert study.counts(one) == {"complete": 2, "fail": 1, "running": 0}
    assert one.get_trials()[0].state.name == "FAIL"
    assert len(study.points(one, made)) <= 2


def _beats(folder: Path) -> str:
    """When the first trial was last said to be alive; nothing, if it never was."""
    connection = sqlite3.connect(folder / "study.db")
    try:
        rows = connection.execute("SELECT heartbeat FROM trial_heartbeats").fetchall()
    except sqlite3.OperationalError:  # the file is being made
        return ""
    finally:
        connection.close()
    return str(rows[0][0]) if rows else ""


def test_ctrl_c_keeps_what_is_done(storage: str) -> None:
    made = problem()
    evaluate, calls = made.evaluate, []

    def interrupted(candidate: Any, progress: Any = None) -> Outcome:
        calls.append(candidate)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return evaluate(candidate)

    made.evaluate = interrupted  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        alone(storage, 9, made)
    one = study.open_study(storage, "toy", OBJECTIVES)
    assert study.counts(one) == {"complete": 2, "fail": 1, "running": 0}
    assert len(study.points(one, problem())) == 2


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C as at a terminal, also where a script has put the tests in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_while_a_trial_is_begun_leaves_none_running(
    storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The trial is written, and nobody but the interrupted call knows its number yet."""
    one = study.open_study(storage, "toy", OBJECTIVES)
    create = one._storage.create_new_trial

    def interrupted(*args: Any, **more: Any) -> int:
        made = create(*args, **more)
        signal.raise_signal(signal.SIGINT)
        return made

    monkeypatch.setattr(one._storage, "create_new_trial", interrupted)
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt):
        study.run_trial(one, problem(), OBJECTIVES, seed=0)
    assert study.counts(one) == {"complete": 0, "fail": 1, "running": 0}
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


@pytest.mark.filterwarnings("ignore:Heartbeat of storage")
def test_what_a_stopped_worker_said_is_heard_however_late(
    storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its last word is that it has begun a trial; the user has pressed Ctrl-C by then."""
    one = study.open_study(storage, "toy", OBJECTIVES)
    number = one.ask().number
    lines = f"{json.dumps({'done': 7})}\n{json.dumps({'began': number})}\n"
    # In one write: unbuffered, print() could be stopped between the two.
    code = f"import os; input(); os.write(1, {lines.encode()!r}); input()"
    monkeypatch.setattr(crew, "WORKER", ("-c", code))
    stopped = threading.Event()

    def loads(line: str) -> Any:
        event = json.loads(line)
        if "began" in event:
            assert stopped.wait(60)
            time.sleep(1)
        return event

    def stop(worker: Any) -> None:
        kill(worker)
        stopped.set()

    def interrupt(event: object) -> None:
        raise KeyboardInterrupt

    kill = crew._stop
    monkeypatch.setattr(crew, "_stop", stop)
    monkeypatch.setattr(crew, "json", SimpleNamespace(loads=loads, dumps=json.dumps))
    with pytest.raises(KeyboardInterrupt):
        crew.run({}, jobs=1, trials=2, study=one, tell=interrupt)
    assert study.counts(one) == {"complete": 0, "fail": 1, "running": 0}


@pytest.mark.parametrize("whom", ["the terminal's group", "the first process alone"])
def test_ctrl_c_with_two_jobs_leaves_a_whole_study(storage: str, tmp_path: Path, whom: str) -> None:
    """SIGINT as a terminal sends it, to all, or as `kill -INT` does; in the middle of a trial."""
    asleep = tmp_path / "asleep"
    text = (
        "import signal, sys\nfrom tests.tune import test_study as t\n"
        "from tinyfield.tune import crew, study\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "crew.WORKER = t.TOY\n"
        f"s = study.open_study({storage!r}, 'toy', t.OBJECTIVES)\n"
        f"r = {{'app': {{}}, 'storage': {storage!r}, 'study': 'toy', 'objectives': t.OBJECTIVES, "
        "'seed': 0}\n"
        "try:\n"
        "    crew.run(r, jobs=2, trials=50, study=s, tell=lambda e: print(e['done'], flush=True))\n"
        "except KeyboardInterrupt:\n"
        "    print('stopped', study.counts(s), flush=True)\n"
    )
    crowd = subprocess.Popen(
        [sys.executable, "-c", text],
        env={**os.environ, "ASLEEP": str(asleep), "ASLEEP_PID": str(tmp_path / "pid")},
        stdout=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        assert crowd.stdout is not None
        done = [int(crowd.stdout.readline()) for _ in range(2)]
        while not (asleep.exists() and asleep.read_text()):
            assert crowd.poll() is None
            time.sleep(0.02)
        if whom.startswith("the terminal"):
            os.killpg(crowd.pid, signal.SIGINT)
        else:
            crowd.send_signal(signal.SIGINT)
        rest, _ = crowd.communicate(timeout=PATIENCE_S)
    finally:
        crowd.kill()
    assert crowd.returncode == 0 and "stopped" in rest
    sleeper = int((tmp_path / "pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(sleeper, 0)
    one = study.open_study(storage, "toy", OBJECTIVES)
    counts = study.counts(one)
    assert counts["running"] == 0 and 1 <= counts["fail"] <= 2
    states = {trial.number: trial.state.name for trial in one.get_trials()}
    assert all(states[number] == "COMPLETE" for number in done)
    # And it goes on from there.
    study.run_trial(one, problem(), OBJECTIVES, seed=0)
    assert study.counts(one) == {**counts, "complete": counts["complete"] + 1}


def test_workers_that_all_die_are_told(storage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "WORKER", ("-c", "raise SystemExit('no memory')"))
    one = study.open_study(storage, "toy", OBJECTIVES)
    request = {"storage": storage}
    with pytest.raises(EnvironmentFault, match="every worker died with 4 trials to go:\nno memory"):
        crew.run(request, jobs=2, trials=4, study=one, tell=crew.silent)


def test_storages_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match="cannot be written"):
        study.open_study(f"sqlite:///{tmp_path}/none/study.db", "s", OBJECTIVES)
    with pytest.raises(EnvironmentFault, match="is a folder"):
        study.open_study(f"sqlite:///{tmp_path}", "s", OBJECTIVES)
    with pytest.raises(UsageError, match="no database's URL"):
        study.open_study("study.db", "s", OBJECTIVES)
    with pytest.raises(UsageError, match="names no file"):
        study.open_study("sqlite://", "s", OBJECTIVES)
    (tmp_path / "text.db").write_text("no database at all, and long enough to be read as one" * 9)
    with pytest.raises(EnvironmentFault, match="not a database"):
        study.open_study(f"sqlite:///{tmp_path}/text.db", "s", OBJECTIVES)
    with pytest.raises(EnvironmentFault) as caught:
        study.open_study("postgresql+psycopg://me:secret@127.0.0.1:1/x", "s", OBJECTIVES)
    assert "secret" not in str(caught.value) and "refused" in str(caught.value)


def test_a_locked_file_is_waited_for(storage: str, tmp_path: Path) -> None:
    made = problem()
    alone(storage, 1, made)
    other = sqlite3.connect(tmp_path / "study.db", check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    threading.Timer(1.0, other.rollback).start()
    assert len(alone(storage, 1, made)) == 1


def test_what_is_missing_or_unknown_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="no objective 'flesh'") as caught:
        study.check_objectives(["macro_f1", "flesh"])
    assert "did you mean 'flash'?" in str(caught.value.hint)
    with pytest.raises(UsageError, match="smallest model"):
        study.check_objectives(["flash", "ram"])
    assert study.check_objectives(["flash", "accuracy", "flash"]) == ("flash", "accuracy")
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(MissingToolError, match="Optuna is not installed") as missing:
        study.need_optuna()
    assert "tinyfield[train]" in str(missing.value.hint)
