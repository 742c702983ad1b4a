"""One study on a storage that several processes and machines share (Optuna).

A worker that dies in mid-trial leaves the trial running: it writes no more heartbeats, and
whoever begins a trial after the grace time marks it failed. A failed trial counts for nothing.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tinyfield.errors import EnvironmentFault, MissingToolError, UsageError, UserError
from tinyfield.paths import cache_dir
from tinyfield.spelling import listing, nearest
from tinyfield.tune.candidate import Candidate
from tinyfield.tune.interrupts import Held
from tinyfield.tune.problem import Outcome, Problem, quality

if TYPE_CHECKING:
    import optuna

    from tinyfield.spec import Model

HEARTBEAT_S, GRACE_S = 15, 90

OBJECTIVES: dict[str, tuple[str, Literal["maximize", "minimize"]]] = {
    "macro_f1": ("macro_f1", "maximize"),
    "accuracy": ("accuracy", "maximize"),
    "mae": ("mae", "minimize"),
    "rmse": ("rmse", "minimize"),
    "flash": ("flash", "minimize"),
    "ram": ("ram", "minimize"),
    "instructions": ("count", "minimize"),
}
"""What can be asked for: the figure of an ``Outcome``, and which way it should go."""

DEFAULT = ("macro_f1", "flash", "ram", "instructions")
"""Of a classifier; of a regression its mean error comes first."""
QUALITY = ("macro_f1", "accuracy", "mae", "rmse")


@dataclass(frozen=True)
class Point:
    """A finished trial.

    Attributes:
        trial: its number in the study.
        fits: within every limit of ``budget:``.
    """

    trial: int
    candidate: Candidate
    outcome: Outcome
    fits: bool


def default_objectives(model: Model) -> tuple[str, ...]:
    """What is asked for where the user does not say."""
    return (quality(model)[0], *DEFAULT[1:])


def check_objectives(names: Sequence[str], model: Model | None = None) -> tuple[str, ...]:
    """The objectives, each once; UsageError for one that nobody knows, that ``model`` does not
    have, or without any score."""
    for name in names:
        if name not in OBJECTIVES:
            near = nearest(name, OBJECTIVES)
            raise UsageError(
                f"there is no objective {name!r}",
                hint=f"did you mean {near!r}?" if near else f"objectives: {listing(OBJECTIVES)}",
            )
        if model is not None and name in QUALITY and name not in quality(model):
            kind = "no class" if model.target is not None else "no number"
            raise UsageError(
                f"{model.name} gives {kind}: it has no {name}",
                hint=f"add --objective {quality(model)[0]}",
            )
    if not any(name in QUALITY for name in names):
        raise UsageError(
            "the smallest model that answers anything would be the best",
            hint="add --objective macro_f1",
        )
    return tuple(dict.fromkeys(names))


def need_optuna() -> None:
    """MissingToolError if the search's packages are not installed."""
    try:
        import optuna  # noqa: F401
    except ImportError:
        raise MissingToolError("Optuna", "pip install 'tinyfield[train]'") from None


def default_storage() -> str:
    """A SQLite file in the cache, where nothing else is named."""
    folder = cache_dir() / "tune"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EnvironmentFault(
            f"{folder}: {error.strerror}", hint="set TINYFIELD_CACHE, or give --storage"
        ) from None
    return f"sqlite:///{folder / 'studies.db'}"


def open_study(
    storage: str,
    name: str,
    objectives: Sequence[str],
    *,
    heartbeat_s: int = HEARTBEAT_S,
    grace_s: int = GRACE_S,
) -> optuna.Study:
    """The study of that name, made if it is not there.

    Raises:
        MissingToolError: no Optuna, or no driver for that database.
        EnvironmentFault: the storage cannot be reached or written.
    """
    need_optuna()
    import optuna
    from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
    shown = without_password(storage)
    arguments: dict[str, Any] = {}
    if storage.startswith("sqlite"):
        _check_file(storage)
        arguments = {"connect_args": {"timeout": 60}}
    try:
        kept = optuna.storages.RDBStorage(
            storage,
            engine_kwargs=arguments,
            heartbeat_interval=heartbeat_s,
            grace_period=grace_s,
        )
        return optuna.create_study(
            study_name=name,
            storage=kept,
            directions=[OBJECTIVES[one][1] for one in objectives],
            load_if_exists=True,
        )
    except (ArgumentError, NoSuchModuleError):
        raise UsageError(
            f"--storage {shown} is no database's URL",
            hint="write sqlite:///study.db or postgresql+psycopg://user@host/database",
        ) from None
    except ImportError:
        raise MissingToolError(
            f"the driver for {shown}", "pip install 'psycopg[binary]', and postgresql+psycopg://"
        ) from None
    except (DatabaseError, OSError, optuna.exceptions.StorageInternalError) as error:
        said = str(getattr(error, "orig", None) or error.__cause__ or error).strip()
        raise EnvironmentFault(
            f"the study cannot be kept in {shown}: {said.splitlines()[0]}",
            hint="give a --storage that is there and that you may write to",
        ) from None


def _check_file(storage: str) -> None:
    """A SQLite file that cannot be written is told before anything is opened."""
    import os

    place = storage.partition(":///")[2].partition("?")[0]
    if not place or place == ":memory:":
        raise UsageError(
            f"--storage {storage} names no file", hint="write --storage sqlite:///study.db"
        )
    path = Path(place)
    target = path if path.exists() else path.parent
    if path.is_dir() or not target.exists() or not os.access(target, os.W_OK):
        why = "is a folder" if path.is_dir() else "cannot be written"
        raise EnvironmentFault(
            f"the study cannot be kept in {path}: it {why}",
            hint="give a --storage that is there and that you may write to",
        )


def without_password(storage: str) -> str:
    """The URL as it may be shown."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(storage).render_as_string(hide_password=True)
    except ArgumentError:
        return storage


def run_trial(
    study: optuna.Study,
    problem: Problem,
    objectives: Sequence[str],
    *,
    seed: int,
    progress: Any = None,
    began: Callable[[int], None] | None = None,
) -> tuple[int, Point | None, str]:
    """One trial: what the study proposes, tried.

    Returns:
        Its number, the point (None if it failed), and why it failed.
    """
    import optuna

    found: dict[str, Any] = {}

    def objective(trial: optuna.Trial) -> tuple[float, ...]:
        found["number"] = trial.number
        if began is not None:
            began(trial.number)
        held.release()
        try:
            candidate = problem.space.suggest(trial)
            outcome = problem.evaluate(candidate, progress)
            values = tuple(_value(outcome, name) for name in objectives)
        except UserError as error:
            found["why"] = error.message
            trial.set_user_attr("why", error.message)
            raise
        over = outcome.over(problem.model)
        for limit, part in over.items():
            trial.set_constraint(limit, part)
        trial.set_user_attr("outcome", asdict(outcome))
        fits = all(part <= 0 for part in over.values())
        found["point"] = Point(trial.number, candidate, outcome, fits)
        return values

    # A sampler of its own for each trial: a study that is gone on with goes on as it would have.
    text = f"{seed} {len(study.get_trials(deepcopy=False))}"
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
    study.sampler = optuna.samplers.TPESampler(seed=number, multivariate=True, group=True)
    with Held() as held:
        study.optimize(objective, n_trials=1, catch=(UserError,))
    return found["number"], found.get("point"), found.get("why", "")


def figure(outcome: Outcome, name: str) -> float | None:
    """A figure of an outcome: a score, or an attribute."""
    value = outcome.scores[name] if name in QUALITY else getattr(outcome, name)
    return None if value is None else float(value)


def _value(outcome: Outcome, objective: str) -> float:
    value = figure(outcome, OBJECTIVES[objective][0])
    if value is None:
        raise EnvironmentFault(
            f"{objective} cannot be measured here: the board has no virtual board whose work is "
            "counted, or its cross compiler is missing",
            hint="try: tinyfield doctor; or name a --board, or other objectives: "
            "--objective macro_f1 --objective flash",
        )
    return float(value)


def begin(study: optuna.Study, problem: Problem) -> None:
    """Puts the app's own model first, so that every other is seen beside it."""
    own = problem.space.parameters(problem.model)
    if own is not None and not study.get_trials(deepcopy=False):
        study.enqueue_trial(own, skip_if_exists=True)


def fail(study: optuna.Study, number: int) -> bool:
    """Marks a trial as failed whose worker is known to be dead; False if it had ended."""
    import optuna

    try:
        study.tell(number, state=optuna.trial.TrialState.FAIL)
    except ValueError:  # it had ended already, by its own or by another's sweep
        return False
    return True


def points(study: optuna.Study, problem: Problem) -> tuple[Point, ...]:
    """Every finished trial, equal candidates once, in the order of their numbers."""
    import optuna

    found: dict[Candidate, Point] = {}
    for trial in study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,)):
        candidate = problem.space.suggest(optuna.trial.FixedTrial(dict(trial.params)))
        outcome = Outcome(**trial.user_attrs["outcome"])
        fits = all(part <= 0 for part in outcome.over(problem.model).values())
        found.setdefault(candidate, Point(trial.number, candidate, outcome, fits))
    return tuple(sorted(found.values(), key=lambda point: point.trial))


def counts(study: optuna.Study) -> dict[str, int]:
    """Trials of the study by what became of them."""
    states = [trial.state.name.lower() for trial in study.get_trials(deepcopy=False)]
    return {name: states.count(name) for name in ("complete", "fail", "running")}
