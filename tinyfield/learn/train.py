"""From a feature table to a judged integer model: fit (or find in the cache), score, check.

It is a little over 400 lines because the steps' order and what they hand on is its one idea.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tinyfield.data.dataset import SPLITS
from tinyfield.errors import (
    EnvironmentFault,
    MissingToolError,
    ModelError,
)
from tinyfield.features.table import ALL, REFIT, FeatureTable
from tinyfield.learn import baselines, cache, fitting, gate, ladder, ready
from tinyfield.learn.compress import DROP
from tinyfield.learn.examine import check_table, notes_on
from tinyfield.learn.fit import EPOCHS, Progress
from tinyfield.learn.known import Gate, caught, gate_scaler
from tinyfield.learn.metrics import (
    Errors,
    Score,
    auc,
    auc_interval,
    calibration_error,
    errors,
    score,
)
from tinyfield.learn.networks import NETWORKS
from tinyfield.learn.regression import judge_numbers, numbers
from tinyfield.learn.result import Fitted, Metrics, Network, Trained
from tinyfield.learn.runner import answers
from tinyfield.learn.scaler import InputScale, fit_scaler, to_float
from tinyfield.learn.sources import sources_of
from tinyfield.learn.stages import Stage
from tinyfield.spec.architectures import ANOMALY, NOT_NETWORKS

if TYPE_CHECKING:
    from tinyfield.spec import Model

WORKER = ("-m", "tinyfield.learn.worker")
TOOLS = {
    **dict.fromkeys(NETWORKS, ("tensorflow", "TensorFlow")),
    "tree": ("sklearn", "scikit-learn"),
    "forest": ("sklearn", "scikit-learn"),
    "gbt": ("sklearn", "scikit-learn"),
    "bonsai": ("numpy", "NumPy"),
    "mahalanobis": ("tensorflow", "TensorFlow"),
    "autoencoder": ("tensorflow", "TensorFlow"),
    "gmm": ("sklearn", "scikit-learn"),
    "tflite": ("numpy", "NumPy"),
}
"""Architectures that are built, and what trains them: its module and its name."""


def train(
    table: FeatureTable,
    model: Model,
    *,
    measure: gate.Measure | None = None,
    seed: int = 0,
    epochs: int = EPOCHS,
    neighbours: bool = True,
    progress: Progress | None = None,
) -> Trained:
    """Trains the model on the table's train split, or takes it from the cache.

    Args:
        table: labelled rows with their splits.
        model: the app's model section: hidden layers, budget, accept.
        measure: what a flatbuffer costs on the board; None skips the budget.
        seed: of every random choice; same inputs, seed and versions give the same bytes.
        epochs: the most epochs.
        neighbours: where it is not good enough or too big, train and measure a few of other sizes
            to say what would do.
        progress: called with (stage, done, of, text).

    Raises:
        DataError: the table cannot be learned from.
        BudgetError: the model is not good enough for ``accept:`` or too big for ``budget:``.
        MissingToolError: not in the cache, and TensorFlow or scikit-learn is not installed.
        ModelError: the integers do not decide as the trained model where they must.
    """
    made = obtain(table, model, seed=seed, epochs=epochs, progress=progress)
    if measure is not None and fitting.prunes_to_fit(model):
        costs = measure
        made = fitting.within_flash(
            model,
            made,
            lambda most: obtain(
                table, model, seed=seed, epochs=epochs, most=most, progress=progress
            ),
            lambda one: whole_cost(model, costs(one.sent), gate_cost(one, costs)),
        )
    key, network, cached = made
    metrics = test_scores(
        key,
        table,
        network,
        cached=cached,
        one_class=model.architecture in ANOMALY,
        unknown=model.unknown,
        progress=progress,
    )
    keys = gate.sizes_of(model.architecture)

    def attempt(other: Model) -> ladder.Neighbour:
        if progress is not None:
            progress("compare", 0, 0, f"with {ladder.named(other)}")
        _, made, _ = obtain(table, other, seed=seed, epochs=epochs, progress=progress)
        cost = (
            None
            if measure is None
            else whole_cost(other, measure(made.sent), gate_cost(made, measure))
        )
        return ladder.Neighbour(other, valid_scores(table, made), cost)

    gate.check_accept(
        model,
        metrics,
        (lambda short: ladder.that_scores(model, keys, attempt, short)) if neighbours else None,
    )
    if measure is not None:
        gate.check_budget(
            model,
            whole_cost(model, measure(network.sent), gate_cost(network, measure)),
            (lambda: ladder.that_fits(model, keys, attempt)) if neighbours and keys else None,
        )
    tested = np.isin(table.split, ("test", ALL))
    seen = np.unique(table.group[~tested])
    return Trained(
        name=model.name,
        model=network.sent,
        scaler=network.scaler,
        classes=tuple(model.classes),
        report=metrics,
        groups=tuple(str(g) for g in seen),
        key=key,
        cached=cached,
        gate=network.gate,
        judged=network.model,
        also=tuple(map(str, np.unique(table.group[tested]))) if network.shipped else (),
    )


def gate_cost(network: Network, measure: gate.Measure) -> gate.Cost | None:
    """What telling the unknown costs; None where nothing does."""
    return None if network.gate is None else measure(network.gate.model)


def whole_cost(model: Model, cost: gate.Cost, also: gate.Cost | None = None) -> gate.Cost:
    """With the rows that the node remembers for a model over time, and with its gate, which runs
    after it."""
    remembered = model.width * model.history if model.history > 1 else 0
    cost = replace(cost, ram_bytes=cost.ram_bytes + remembered)
    if also is None:
        return cost
    return replace(
        cost,
        flash_bytes=cost.flash_bytes + also.flash_bytes,
        ram_bytes=max(cost.ram_bytes, also.ram_bytes),
        latency_us=_together(cost.latency_us, also.latency_us),
        count=_together(cost.count, also.count),
    )


def _together(a: int | None, b: int | None) -> int | None:
    return None if a is None or b is None else a + b


def obtain(
    table: FeatureTable,
    model: Model,
    *,
    seed: int = 0,
    epochs: int = EPOCHS,
    most: int | None = None,
    progress: Progress | None = None,
) -> tuple[str, Network, bool]:
    """The trained model, not judged yet: its key, itself, and whether the cache had it.

    Args:
        table, model, seed, epochs, progress: as ``train``.
        most: parameters that ``prune: auto`` may leave at most, whatever accuracy that costs.

    Raises:
        DataError, MissingToolError, ModelError: as ``train``.
    """
    check_table(table, one_class=model.architecture in ANOMALY)
    key = training_key(table, model, seed, epochs, most)
    network = cache.load_network(key)
    cached = network is not None
    if network is None:
        if model.architecture == "tflite":
            network = ready.take(model, table.part("test").X)
        else:
            network = _fit(table, model, seed, epochs, most, progress)
        cache.save_network(key, network)
    return key, network, cached


def test_scores(
    key: str,
    table: FeatureTable,
    network: Network,
    *,
    cached: bool,
    one_class: bool = False,
    unknown: float | None = None,
    progress: Progress | None = None,
) -> Metrics | Fitted:
    """``judge``, or what it said of the same network before."""
    metrics = cache.load_metrics(key) if cached else None
    if metrics is None:
        if progress is not None:
            progress("score", 0, 1, "integers by their reference and by the generated C")
        if table.target is not None:
            metrics = judge_numbers(table, network)
        else:
            metrics = judge(table, network, one_class=one_class, unknown=unknown)
        if network.shipped:  # nothing here scores it, but the C must say what the reference says
            answers(network.shipped, table.part("test").X, network.scaler)
        cache.save_metrics(key, metrics)
    return metrics


def valid_scores(table: FeatureTable, network: Network) -> Score | Errors:
    """The generated C on the validation split: what may choose between models. The test split
    may not, or its score would no longer be that of rows never seen. Of a refit it is the model
    before it that is asked."""
    network = replace(network, model=network.chosen)
    valid = table.part("valid")
    if table.target is not None:
        said = numbers(network, valid.X, table.target)
        return errors(valid.y, said, valid.group, step=table.target.step)
    said = answers(network.model, valid.X, network.scaler).argmax(axis=1)
    return score(valid.y.astype(np.int64), said, valid.group, table.classes)


def training_key(
    table: FeatureTable, model: Model, seed: int, epochs: int, most: int | None = None
) -> str:
    """Names the training in the cache: equal where it would give the same bytes."""
    return cache.network_key(
        {
            "table": table.key(),
            "classes": list(model.classes),
            **({"target": model.target.model_dump()} if model.target else {}),
            **({"unknown": model.unknown} if model.unknown is not None else {}),
            "architecture": model.architecture,
            **model.options,
            **_file(model),
            "compress": wish(model, most),
            "seed": seed,
            "epochs": epochs,
        }
    )


def _file(model: Model) -> dict[str, str]:
    """The app's own network by its content and that of what it imports, wherever it lies."""
    if not model.source:
        return {}
    path, digest = Path(model.source), hashlib.sha256()
    for part in sources_of(path) if model.architecture == "keras" else (path,):
        digest.update(str(part.relative_to(path.parent)).encode() + b"\0")
        digest.update(hashlib.sha256(part.read_bytes()).digest())
    return {"source": digest.hexdigest()}


def wish(model: Model, most: int | None = None) -> dict[str, Any] | None:
    """What ``compress.Wish`` is made of, for a network; None for what is no network. ``most``:
    parameters that may be left."""
    if model.architecture in NOT_NETWORKS:
        return None
    asked, drop = model.compress, model.accept.max_drop
    share = asked.prune if asked.prune in (None, "auto") else float(asked.prune)
    return {
        "quantize": asked.quantize,
        "prune": share,
        "share": asked.share,
        "sparse": None if asked.sparse is None else float(asked.sparse),
        "huffman": asked.huffman,
        "max_drop": DROP if drop is None and model.target is None else drop,
        "most": most,
    }


def judge(
    table: FeatureTable,
    network: Network,
    *,
    one_class: bool = False,
    unknown: float | None = None,
) -> Metrics:
    """The three columns on the test split; of a model of one class the AUC too."""
    test = table.part("test")
    y = test.y.astype(np.int64)
    out = answers(network.model, test.X, network.scaler)
    said = out.argmax(axis=1)
    device = score(y, said, test.group, table.classes)
    rough = network.probabilities.argmax(axis=1)
    _check_same(table.model, network, said)
    idle = baselines.scores(table.learned, test)
    assert idle["majority"] is not None
    origins = [o for o in ("measured", "driven", "generated") if (test.origin == o).any()]
    return Metrics(
        float=score(y, rough, test.group, table.classes),
        int8=device,
        device=device,
        baseline=idle["majority"],
        persistence=idle["persistence"],
        climatology=idle["climatology"],
        by_origin={
            o: score(y[m], said[m], test.group[m], table.classes)
            for o in origins
            for m in (test.origin == o,)
        },
        calibration_error=calibration_error(y, (out.astype(np.float64) + 128) / 256),
        compared=len(y),
        agreement=round(float((said == rough).mean()), 6),
        notes=tuple(notes_on(table)),
        stages=network.stages,
        auc=auc(y, out[:, 1]) if one_class else None,
        auc_interval=auc_interval(y, out[:, 1], test.group) if one_class else None,
        unknown=caught(network.gate, table, unknown or 0.0) if network.gate else None,
    )


def _check_same(name: str, network: Network, said: NDArray[np.integer[Any]]) -> None:
    """Raises ModelError if the integers give another label where they promise the same one."""
    best = np.sort(network.probabilities, axis=1)
    apart = best[:, -1] - best[:, -2]
    differ = said != network.probabilities.argmax(axis=1)
    wrong = differ & (apart > network.resolution + 1e-6)
    if wrong.any():
        raise ModelError(
            f"INTERNAL ERROR: model {name}: the generated C says something else than the trained "
            f"model on {int(wrong.sum())} of {len(said)} test rows where it must not, first on row "
            f"{int(wrong.argmax())}. No figure of this model can be trusted",
            hint="this is a fault of tinyfield: please report it with the app and its data",
        )


def _fit(
    table: FeatureTable,
    model: Model,
    seed: int,
    epochs: int,
    most: int | None,
    progress: Progress | None,
) -> Network:
    module, tool = TOOLS[model.architecture]
    if model.unknown is not None and importlib.util.find_spec("sklearn") is None:
        raise MissingToolError("scikit-learn", "pip install 'tinyfield[train]'")
    if importlib.util.find_spec(module) is None:
        raise MissingToolError(tool, "pip install 'tinyfield[train]'")
    train, valid, test = map(table.part, SPLITS)
    learned = table.learned
    # Trees compare the node's own integers; what multiplies gets them all to one scale.
    trees = model.architecture in ("tree", "forest", "gbt")
    # A refit's ranges are its own from the start, so that what is settled before holds after.
    scaler = () if trees else fit_scaler(learned.X.reshape(-1, model.width))

    def given(X: NDArray[np.int32]) -> NDArray[Any]:
        return to_float(X, scaler) if scaler else X

    parts = {"train": train, "valid": valid}
    more: dict[str, NDArray[Any]] = {}
    if table.refit:
        parts["refit"] = table.part(REFIT)
    every = {**parts, "test": test}
    if table.refit == "all":
        every["all"] = table.part(ALL)
    if table.refit:
        # Numbered by split and name: each so many-th is a part that holds some of every split.
        names = [str(g) for part in every.values() for g in np.unique(part.group)]
        number = {name: n for n, name in enumerate(dict.fromkeys(names))}
        for name, part in every.items():
            more[f"group_{name}"] = np.array([number[str(g)] for g in part.group], np.int64)
    wide: tuple[InputScale, ...] = ()
    if model.unknown is not None:
        newest = slice(-model.width, None)
        wide = gate_scaler(learned.X[:, newest])
        more |= {f"gate_{name}": to_float(part.X[:, newest], wide) for name, part in parts.items()}
    for name, part in every.items():
        more |= {f"x_{name}": given(part.X), f"y_{name}": part.y.astype(np.int64)}
        if part.amount is not None:
            more[f"amount_{name}"] = part.amount
    with tempfile.TemporaryDirectory(prefix="tinyfield-train-") as name:
        folder = Path(name)
        np.savez(folder / "examples.npz", **more)  # type: ignore[arg-type]
        request = {
            "architecture": model.architecture,
            **model.options,
            "compress": wish(model, most),
            "seed": seed,
            "classes": len(model.classes),
            "step": model.target.step if model.target else None,
            "unknown": model.unknown,
            "epochs": epochs,
            "refit": table.refit,
        }
        (folder / "request.json").write_text(json.dumps(request), encoding="utf-8")
        _work(folder, progress)
        if (folder / "error.json").is_file():
            told = json.loads((folder / "error.json").read_text(encoding="utf-8"))
            raise ModelError(f"model {model.name}: {told['message']}", hint=told["hint"])
        result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
        made = None
        if model.unknown is not None:
            told = json.loads((folder / "gate.json").read_text(encoding="utf-8"))
            without = tuple(text.encode() for text in told["without"])
            made = Gate(told["gate"].encode(), wide, without)
        return Network(
            gate=made,
            model=(folder / "model.bin").read_bytes(),
            scaler=scaler,
            probabilities=np.load(folder / "float.npy"),
            resolution=float(result["resolution"]),
            stages=tuple(map(Stage.from_json, result["stages"])),
            settled=(folder / "settled.bin").read_bytes() if table.refit else b"",
            shipped=(folder / "shipped.bin").read_bytes() if table.refit == "all" else b"",
        )


def _work(folder: Path, progress: Progress | None) -> None:
    """Runs the worker to its end, passing its progress on."""
    log = folder / "log.txt"
    env = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": "-1"}
    # The worker imports the very package that this process runs.
    env["PYTHONPATH"] = os.pathsep.join(
        [str(Path(__file__).parents[2]), *filter(None, [env.get("PYTHONPATH")])]
    )
    command = [sys.executable, *WORKER, str(folder)]
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, env=env, text=True, encoding="utf-8"
        ) as worker,
    ):
        try:
            for line in worker.stdout or ():
                step: list[Any] = json.loads(line)
                if progress is not None:
                    progress(*step)
        except BaseException:
            worker.kill()
            raise
    if worker.returncode != 0:
        said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        raise EnvironmentFault(
            f"training ended with exit code {worker.returncode}:\n" + "\n".join(said[-15:]),
            hint="try: tinyfield doctor; a killed worker usually means that memory ran out",
        )
