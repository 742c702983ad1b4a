"""Several worker processes on one study: each is handed one trial at a time.

A worker that dies is not missed: its trial is marked failed, and another makes one more.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from tinyfield.errors import EnvironmentFault, UserError
from tinyfield.tune import study as studies

if TYPE_CHECKING:
    import optuna

    from tinyfield.tune.problem import Problem

WORKER = ("-m", "tinyfield.tune.worker")
_PATIENCE_S = 5
_HEAR_OUT_S = 60
"""For the last words of one that has ended: they are there, unless a child of its own holds on."""


@dataclass
class _Worker:
    process: subprocess.Popen[str]
    log: IO[bytes]
    busy: bool = False
    number: int | None = None
    fault: dict[str, Any] | None = None


Tell = Callable[[dict[str, Any]], None]
"""Called with what a worker says of a trial that has ended."""


def silent(event: dict[str, Any]) -> None:
    """Tells nobody."""
    del event


def run(
    request: dict[str, Any], *, jobs: int, trials: int, study: optuna.Study, tell: Tell
) -> None:
    """Has ``trials`` trials made by ``jobs`` processes.

    Args:
        request: what each worker is told: ``worker.main`` says what.
        study: the study, to mark the trials of dead workers.

    Raises:
        EnvironmentFault: every worker died, or one says that nothing can be tried here.
        KeyboardInterrupt: the user's; the workers have been stopped.
    """
    said: queue.Queue[tuple[_Worker, dict[str, Any] | None]] = queue.Queue()
    workers = [_start(request, said) for _ in range(max(1, min(jobs, trials)))]
    alive, left = list(workers), trials
    try:
        while True:
            for worker in alive:
                if left and not worker.busy:
                    worker.busy = _give(worker)
                    left -= worker.busy
            if not any(worker.busy for worker in alive) and (not left or not alive):
                break
            worker, event = said.get()
            if event is None:
                alive.remove(worker)
                left += worker.busy
                _bury(worker, study)
                if worker.fault is not None:
                    raise _fault(worker.fault)
                if not alive and left:
                    raise EnvironmentFault(
                        f"every worker died with {left} trials to go:\n{_last_words(worker)}",
                        hint="what was done is kept; a killed worker usually means that memory "
                        "ran out: try fewer --jobs",
                    )
            elif "began" in event:
                worker.number = event["began"]
            elif "fault" in event:
                worker.fault = event
            else:
                worker.busy, worker.number = False, None
                tell(event)
    finally:
        for worker in alive:
            _stop(worker)
        _hear_out(said, alive)
        for worker in alive:
            _bury(worker, study)
        for worker in workers:
            worker.log.close()


def _start(
    request: dict[str, Any], said: queue.Queue[tuple[_Worker, dict[str, Any] | None]]
) -> _Worker:
    log = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the crew
    env = {**os.environ}
    # The worker imports the very package that this process runs.
    env["PYTHONPATH"] = os.pathsep.join(
        [str(Path(__file__).parents[2]), *filter(None, [env.get("PYTHONPATH")])]
    )
    process = subprocess.Popen(
        [sys.executable, *WORKER, json.dumps(request)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=env, text=True,
        encoding="utf-8",
    )  # fmt: skip
    worker = _Worker(process, log)

    def listen() -> None:
        for line in process.stdout or ():
            said.put((worker, json.loads(line)))
        process.wait()
        said.put((worker, None))

    threading.Thread(target=listen, daemon=True).start()
    return worker


def _give(worker: _Worker) -> bool:
    """Hands a worker one trial; False if it is dead (which its listener will tell)."""
    try:
        assert worker.process.stdin is not None
        worker.process.stdin.write("go\n")
        worker.process.stdin.flush()
    except OSError:
        return False
    return True


def _stop(worker: _Worker) -> None:
    if worker.process.poll() is None:
        worker.process.send_signal(signal.SIGINT if worker.busy else signal.SIGTERM)
        try:
            worker.process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            worker.process.kill()
            worker.process.wait()


def _hear_out(
    said: queue.Queue[tuple[_Worker, dict[str, Any] | None]], stopped: Sequence[_Worker]
) -> None:
    """What workers said before they were stopped: a trial that one had just begun is its too."""
    speaking = {id(worker) for worker in stopped}
    while speaking:
        try:
            worker, event = said.get(timeout=_HEAR_OUT_S)
        except queue.Empty:
            return
        if event is None:
            speaking.discard(id(worker))
        elif "began" in event:
            worker.number = event["began"]
        elif "done" in event:
            worker.number = None


def _bury(worker: _Worker, study: optuna.Study) -> None:
    """The trial that it did not end is failed, so that nobody waits for it."""
    if worker.number is not None:
        studies.fail(study, worker.number)
        worker.number = None
    worker.busy = False


def _last_words(worker: _Worker) -> str:
    worker.log.seek(0)
    text = worker.log.read().decode("utf-8", "replace").strip().splitlines()
    return "\n".join(text[-15:])


def _fault(event: dict[str, Any]) -> Exception:
    kind = UserError if event["exit"] == 1 else EnvironmentFault
    return kind(event["fault"], hint=event["hint"])


def alone(
    problem: Problem,
    *,
    objectives: Sequence[str],
    seed: int,
    trials: int,
    study: optuna.Study,
    tell: Tell,
    progress: Any = None,
) -> None:
    """The same in this process."""
    for _ in range(trials):
        number, point, why = studies.run_trial(
            study, problem, objectives, seed=seed, progress=progress
        )
        tell(ended(number, point, why))


def ended(number: int, point: studies.Point | None, why: str) -> dict[str, Any]:
    """What is told of a trial."""
    if point is None:
        return {"done": number, "why": why}
    outcome = point.outcome
    return {
        "done": number,
        "what": point.candidate.text,
        "inputs": sum(feature.width for feature in point.candidate.inputs),
        **outcome.scores,
        "flash": outcome.flash,
        "ram": outcome.ram,
        "count": outcome.count,
        "unit": outcome.unit,
        "fits": point.fits,
    }
