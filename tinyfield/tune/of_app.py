"""The problem that an app file poses: its data, its board, what is searched."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import tinyfield
from tinyfield import bench, data, features, learn, measuring
from tinyfield.boards import board as board_of
from tinyfield.errors import MissingToolError, UsageError, UserError
from tinyfield.learn.train import TOOLS
from tinyfield.paths import firmware_dir
from tinyfield.spec import App, Model, load_app
from tinyfield.spec.architectures import ANOMALY, OWN, VALUES
from tinyfield.spelling import listing, nearest
from tinyfield.tune.problem import EPOCHS, Problem
from tinyfield.tune.space import SPACE, space_of

if TYPE_CHECKING:
    from tinyfield.data.dataset import Dataset
    from tinyfield.features.table import FeatureTable


def problem_of(
    path: Path,
    *,
    model: str | None = None,
    board: str | None = None,
    architectures: Sequence[str] = (),
    data_dir: Path | None = None,
    seed: int = 0,
    epochs: int = EPOCHS,
) -> tuple[App, Problem]:
    """The app, and the problem of one of its models.

    Args:
        model: its name; None if there is only one.
        board: measure for this board instead of the app's own.
        architectures: search only these; none: all whose trainer is installed.
        data_dir: recordings to train on, instead of the search order.

    Raises:
        SpecError, DataError: the app or its data are wrong.
        UserError: the app has no models, or several and none is named.
        UsageError: an architecture that is not searched.
    """
    app = load_app(path, board=board)
    chosen = measuring.within_board(app, _model(app, path, model))
    names = _architectures(architectures)
    names = _that_can(names, chosen, asked=bool(architectures))
    dataset = data.load(app, chosen.name, data_dir=data_dir)

    def with_model(candidate: Model) -> App:
        return app.model_copy(update={"models": {**app.models, chosen.name: candidate}})

    def rows(candidate: Model) -> FeatureTable:
        return features.compute(with_model(candidate), chosen.name, dataset)

    def cost(candidate: Model, file: bytes) -> learn.Cost:
        return measuring.cost_of(with_model(candidate), chosen.name)(file)

    return app, Problem(
        model=chosen,
        space=space_of(app, chosen, names),
        features=rows,
        measure=cost,
        identity=_identity(app, chosen, dataset),
        seed=seed,
        epochs=epochs,
    )


def _model(app: App, path: Path, name: str | None) -> Model:
    if not app.models:
        raise UserError(
            f"{path} has no models: there is nothing to tune", hint="add a `models:` section"
        )
    if name is None and len(app.models) > 1:
        raise UsageError(
            f"{path} has {len(app.models)} models",
            hint=f"add --model {' or --model '.join(app.models)}",
        )
    found = app.models.get(name or next(iter(app.models)))
    if found is None:
        near = nearest(name or "", app.models)
        raise UsageError(
            f"{path} has no model {name!r}",
            hint=f"did you mean {near!r}?" if near else f"models: {listing(app.models)}",
        )
    if found.architecture in OWN:
        raise UserError(
            f"{path}: the model {found.name} is a file of its own: there is nothing to search",
            hint=f"write `architecture:` instead of `{found.architecture}:`",
        )
    return found


def _that_can(names: Sequence[str], model: Model, *, asked: bool) -> list[str]:
    """Of some architectures those that can be what the model is: a number, what is usual, or
    classes; UsageError for others where they were asked for."""
    able: tuple[str, ...]
    if model.target is not None:
        kind, able = "gives a number", VALUES
    elif model.architecture in ANOMALY:
        kind, able = "learns what is usual", ANOMALY
    else:
        kind, able = "gives classes", tuple(name for name in SPACE if name not in ANOMALY)
    found = [name for name in names if name in able]
    if asked and len(found) < len(names):
        wrong = next(name for name in names if name not in able)
        raise UsageError(
            f"{model.name} {kind}: {wrong} cannot",
            hint=f"architectures that can: {listing([name for name in SPACE if name in able])}",
        )
    return found


def _architectures(asked: Sequence[str]) -> list[str]:
    for name in asked:
        if name not in SPACE:
            near = nearest(name, SPACE)
            raise UsageError(
                f"the architecture {name!r} is not searched",
                hint=f"did you mean {near!r}?" if near else f"architectures: {listing(SPACE)}",
            )
        module, tool = TOOLS[name]
        if importlib.util.find_spec(module) is None:
            raise MissingToolError(tool, "pip install 'tinyfield[train]'")
    if asked:
        return list(asked)
    return [name for name in SPACE if importlib.util.find_spec(TOOLS[name][0]) is not None]


def _identity(app: App, model: Model, dataset: Dataset) -> str:
    """Changes with the rows, the board, and the code between them and the figures."""
    digest = hashlib.sha256()
    entry = board_of(app.board)
    twin = board_of(entry.twin) if entry.twin else entry
    target = twin.target or "host"
    words = (app.name, model.name, model.train, model.target, app.sample_s, app.channels, app.site,
             target, entry.clock_hz, _compiler(target), dataset.key())  # fmt: skip
    digest.update(repr(words).encode())
    package = Path(tinyfield.__file__).parent
    files = [*sorted((package / "features").glob("*.py")), package / "measuring.py"]
    files += [*sorted((package / "bench").glob("*.py"))]
    files += [*sorted((firmware_dir() / "core" / "features").rglob("*.[ch]"))]
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:24]


def _compiler(target: str) -> str:
    if target == "host":  # nothing stands for the board's core: of code nothing is measured
        return "none"
    try:
        return bench.compiler_of(target)
    except MissingToolError:
        return "none"
