"""Search: many models of one app, each trained, validated and measured; the best of each size.

::

    app ─ of_app ─→ Problem ─ study (Optuna, shared by workers) ─→ points ─→ front ─→ chosen
                       │ space: what is searched                              │
                       └ evaluate: train → valid split → compiler, emulator   ├→ test split, once
                                                                              └→ plot, YAML

Nothing here imports Optuna or matplotlib before they are used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinyfield.errors import UsageError, UserError
from tinyfield.tune import crew, plot
from tinyfield.tune import study as studies
from tinyfield.tune.front import choose, pareto
from tinyfield.tune.of_app import problem_of
from tinyfield.tune.study import DEFAULT, Point, check_objectives
from tinyfield.tune.write import write

if TYPE_CHECKING:
    from tinyfield import learn

__all__ = ["DEFAULT", "Point", "Tuned", "tune"]


@dataclass(frozen=True)
class Tuned:
    """What a search found.

    Attributes:
        app, model, board: what was searched for what.
        study, storage: where it is kept, the password masked.
        objectives: in the order asked for.
        trials: of the whole study, by state.
        points: every finished trial, equal ones once.
        front: those that no other beats, as numbered in the table from 1.
        chosen: the one to take; None without any.
        test: its scores on the test split.
        budget: the limits that held.
        plot: the picture; None if there was nothing to draw.
        written: the app file, if the point was written into it.
        stopped: the user stopped it before its end.
    """

    app: str
    model: str
    board: str
    study: str
    storage: str
    objectives: tuple[str, ...]
    trials: dict[str, int]
    points: tuple[Point, ...]
    front: tuple[Point, ...]
    chosen: Point | None
    test: learn.Metrics | learn.Fitted | None
    budget: dict[str, int | None]
    plot: Path | None
    written: Path | None
    stopped: bool

    def as_json(self) -> dict[str, Any]:
        """Everything as plain values."""
        rows = [self._row(k, point) for k, point in enumerate(self.front, 1)]
        chosen = next((row for row in rows if row["chosen"]), None)
        if chosen is not None and self.test is not None:
            chosen = {**chosen, "test": _tested(self.test)}
        return {
            "app": self.app,
            "model": self.model,
            "board": self.board,
            "study": self.study,
            "storage": self.storage,
            "objectives": list(self.objectives),
            "budget": self.budget,
            "trials": self.trials,
            "pareto": rows,
            "chosen": chosen,
            "plot": str(self.plot) if self.plot else None,
            "written": str(self.written) if self.written else None,
            "stopped": self.stopped,
        }

    def _row(self, number: int, point: Point) -> dict[str, Any]:
        outcome = point.outcome
        return {
            "number": number,
            "trial": point.trial,
            **point.candidate.as_json(),
            "valid": {
                **outcome.scores,
                "n": outcome.rows,
            },
            "flash": outcome.flash,
            "ram": outcome.ram,
            "count": outcome.count,
            "unit": outcome.unit,
            "latency_us": outcome.latency_us,
            "fits": point.fits,
            "chosen": point == self.chosen,
        }


def _tested(test: learn.Metrics | learn.Fitted) -> dict[str, Any]:
    """The chosen model on the test split, as plain values."""
    if isinstance(test, learn.Fitted):
        device, last = test.device, test.persistence
        return {
            "metric": "mae",
            "value": device.mae,
            "baseline": test.mean.mae,
            "persistence": None if last is None else last.mae,
            "n": device.n,
            "rmse": device.rmse,
            "unit": test.unit,
            "interval": device.interval,
        }
    return {
        "metric": "macro_f1",
        "value": test.device.macro_f1,
        "baseline": test.baseline.macro_f1,
        "n": test.device.n,
        "per_class": test.device.per_class,
        "confusion": test.device.confusion,
        "interval": test.device.interval,
    }


def tune(
    path: Path,
    *,
    trials: int,
    jobs: int = 1,
    storage: str | None = None,
    seed: int = 0,
    model: str | None = None,
    board: str | None = None,
    objectives: Sequence[str] = (),
    architectures: Sequence[str] = (),
    data_dir: Path | None = None,
    plot_to: Path | None = None,
    pick: int | None = None,
    write_back: bool = False,
    tell: crew.Tell = crew.silent,
    progress: learn.Progress | None = None,
) -> Tuned:
    """Search for ``trials`` more trials, then choose, test, draw and, if asked, write.

    Args:
        jobs: worker processes; 1 works in this one, and is then the same for the same seed.
        storage: URL of a database that several machines may share; None: a file in the cache.
        pick: the table's row to take instead of the one that is chosen.
        write_back: write what is taken into the app file; so does ``pick``.
        tell: called with what each trial gave (``crew.ended``).

    Raises:
        UsageError, UserError, MissingToolError, EnvironmentFault: see ``study`` and ``of_app``.
    """
    check_objectives(objectives or DEFAULT)
    studies.need_optuna()
    picture = plot_to or Path(f"tune-{path.stem}.svg")
    plot.check_plot(picture)
    asked = {"model": model, "board": board, "architectures": list(architectures), "seed": seed}
    app, problem = problem_of(
        path, model=model, board=board, architectures=architectures, data_dir=data_dir, seed=seed
    )
    wanted = check_objectives(
        objectives or studies.default_objectives(problem.model), problem.model
    )
    place = storage or studies.default_storage()
    name = f"{app.name}/{problem.model.name}/{problem.key()}-{'-'.join(wanted)}"
    study = studies.open_study(place, name, wanted)
    studies.begin(study, problem)
    stopped = False
    try:
        if jobs == 1:
            crew.alone(
                problem, objectives=wanted, seed=seed, trials=trials, study=study, tell=tell,
                progress=progress,
            )  # fmt: skip
        else:
            folder = str(data_dir) if data_dir else None
            request = {
                "app": {"path": str(path), "data_dir": folder, **asked},
                "storage": place,
                "study": name,
                "objectives": wanted,
                "seed": seed,
            }
            crew.run(request, jobs=jobs, trials=trials, study=study, tell=tell)
    except KeyboardInterrupt:
        stopped = True
    points = studies.points(study, problem)
    front = pareto(points, wanted)
    chosen = _picked(front, pick) if pick is not None else choose(front, wanted)
    if chosen is None and not stopped:
        raise UserError(
            "no trial was finished" + _why(study), hint="give more --trials, or mend what failed"
        )
    if points:
        limit = problem.model.budget.flash_bytes
        title = f"{app.name}: {problem.model.name}, {len(points)} models"
        plot.draw(picture, points, front, chosen, title=title, target=app.board, flash_limit=limit)
    test = problem.test(chosen.candidate) if chosen is not None and not stopped else None
    writing = chosen is not None and not stopped and (write_back or pick is not None)
    if writing and chosen is not None:
        write(path, problem.model.name, chosen.candidate, problem.model)
    return Tuned(
        app=app.name,
        model=problem.model.name,
        board=app.board,
        study=name,
        storage=studies.without_password(place),
        objectives=wanted,
        trials=studies.counts(study),
        points=points,
        front=front,
        chosen=chosen,
        test=test,
        budget=dict(problem.model.budget),
        plot=picture if points else None,
        written=path if writing else None,
        stopped=stopped,
    )


def _picked(front: Sequence[Point], pick: int) -> Point:
    if not 1 <= pick <= len(front):
        rows = f"rows 1 to {len(front)}" if front else "no row yet"
        raise UsageError(f"--pick {pick}: the table has {rows}", hint="look at it with --trials 0")
    return front[pick - 1]


def _why(study: Any) -> str:
    """What the first trial that failed said."""
    for trial in study.get_trials(deepcopy=False):
        if "why" in trial.user_attrs:
            return f": {trial.user_attrs['why']}"
    return ""
