"""Trains one model in a process of its own: ``python -m tinyfield.learn.worker DIR``.

TensorFlow takes seconds to import, talks on stderr from C++ and holds its threads; here it does
so where nobody sees it. DIR holds ``examples.npz`` and ``request.json``; the worker adds
``model.bin`` (the model file), ``float.npy`` (class probabilities of ``x_test`` by the trained
model) and ``result.json``, or ``error.json`` where the user is to blame, and prints a JSON line
``[stage, done, of, text]`` for each step.

Where a refit is asked for, all that validation rows choose is settled first, by a model of the
training rows (``settled.bin``); then the same is fitted to the rows of both. Where it is to all
rows, the same is fitted once more, to those of the test split too (``shipped.bin``): ``model.bin``
is what the test rows can judge.

Each architecture's training is a generator of the models that these fits give, in this order.
"""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tinyfield.errors import ModelError
from tinyfield.features.table import REFIT, refits
from tinyfield.learn.networks import NETWORKS
from tinyfield.learn.stages import Stage

if TYPE_CHECKING:
    import keras

    from tinyfield.compiler.gmm import Gmm
    from tinyfield.learn import fit
    from tinyfield.learn.compress import Compressed, Recipe

Progress = Callable[[str, int, int, str], None]
Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Made:
    """What a fit hands back; see ``result.Network``."""

    model: bytes
    probabilities: NDArray[Any]
    resolution: float
    stages: tuple[Stage, ...] = ()


def main(folder: Path) -> None:
    """The whole of the process: what it says on the way goes to where stdout was."""
    # TensorFlow's converter prints to stdout; that goes with the rest of its talk.
    pipe = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)

    def progress(stage: str, done: int, of: int, text: str) -> None:
        print(json.dumps([stage, done, of, text]), file=pipe, flush=True)

    work(folder, progress)


def work(folder: Path, progress: Progress) -> None:
    """Reads the request, trains, converts, writes the results."""
    request = json.loads((folder / "request.json").read_text(encoding="utf-8"))
    with np.load(folder / "examples.npz") as arrays:
        examples = {name: arrays[name] for name in arrays.files}
    kind = request["architecture"]
    train = _network if kind in NETWORKS else _OTHERS.get(kind, _trees)
    try:
        made = list(train(request, examples, progress))
        if request["unknown"] is not None:
            _gate(folder, request, examples, progress)
    except ModelError as error:
        fault = {"message": error.message, "hint": error.hint}
        (folder / "error.json").write_text(json.dumps(fault), encoding="utf-8")
        return
    judged = made[min(1, len(made) - 1)]
    (folder / "model.bin").write_bytes(judged.model)
    if len(made) > 1:
        (folder / "settled.bin").write_bytes(made[0].model)
    if len(made) > 2:
        (folder / "shipped.bin").write_bytes(made[2].model)
    np.save(folder / "float.npy", judged.probabilities)
    told = {"resolution": judged.resolution, "stages": [one.to_json() for one in judged.stages]}
    (folder / "result.json").write_text(json.dumps(told))


class _Whole:
    """What a refit is fitted to: rows of several splits, and what was made of their recordings."""

    def __init__(self, examples: Arrays, splits: tuple[str, ...]) -> None:
        self._examples, self._splits = examples, splits

    def __getitem__(self, name: str) -> NDArray[Any]:
        """One array of all splits: ``x``, ``y``, ``amount``, ``group`` or ``gate``."""
        return np.concatenate([self._examples[f"{name}_{split}"] for split in self._splits])


def _refits(request: dict[str, Any], examples: Arrays, progress: Progress) -> Iterator[_Whole]:
    """The rows of each refit, in order."""
    for splits in refits(request["refit"]).values():
        whole = _Whole(examples, splits)
        said = "all rows" if "test" in splits else "training and validation rows"
        progress("refit", 0, 1, said)
        yield whole


def _gate(folder: Path, request: dict[str, Any], examples: Arrays, progress: Progress) -> None:
    """What tells that a row is like none learned from: ``gate.json``."""
    from tinyfield.learn import known

    progress("gate", 0, 1, "what is known")
    splits = refits(request["refit"]).get(REFIT)
    whole = None if splits is None else _Whole(examples, splits)
    file, without = known.fit(
        examples["gate_train"],
        examples["y_train"],
        examples["gate_valid"],
        examples["y_valid"],
        float(request["unknown"]),
        classes=int(request["classes"]),
        seed=int(request["seed"]),
        whole=None if whole is None else (whole["gate"], whole["y"]),
    )
    told = {"gate": file.decode(), "without": [one.decode() for one in without]}
    (folder / "gate.json").write_text(json.dumps(told), encoding="utf-8")


def _network(request: dict[str, Any], examples: Arrays, progress: Progress) -> Iterator[Made]:
    from tinyfield.learn import fit
    from tinyfield.learn.compress import told

    progress("start", 0, 1, "loading TensorFlow")
    step, history = request["step"] or 1, int(request["history"])
    for name, rows in examples.items():
        if name.startswith("y_") and request["step"]:
            examples[name] = (rows * step).astype(np.float32)
        if name.startswith("x_") and history > 1:
            examples[name] = rows.reshape(len(rows), history, rows.shape[1] // history)
    given = fit.Examples(
        examples["x_train"], examples["y_train"], examples["x_valid"], examples["y_valid"]
    )
    shape, classes = given.x_train.shape[1:], int(request["classes"])

    def fitted(
        given: fit.Examples, settled: fit.Settled | None = None
    ) -> tuple[keras.Model, fit.Settled]:
        return fit.fit(
            given,
            lambda: NETWORKS[request["architecture"]](request, shape, classes),
            classes=classes,
            seed=int(request["seed"]),
            epochs=int(request["epochs"]),
            settled=settled,
            to_the_end=bool(request.get("l2")),
            progress=progress,
        )

    def handed(model: keras.Model, file: bytes, stages: tuple[Stage, ...]) -> Made:
        said = fit.predict(model, examples["x_test"]) / step
        return Made(file, said, math.inf if request["step"] else 1.0, stages)

    model, settled = fitted(given)
    first = _integers(model, given, request, examples, progress)
    yield handed(model, first.model, first.stages)
    for whole in _refits(request, examples, progress):
        given = replace(given, x_train=whole["x"], y_train=whole["y"])
        model, _ = fitted(given, settled)
        made = _integers(model, given, request, examples, progress, first.recipe)
        yield handed(model, made.model, told(first.stages, made.stages))
    progress("convert", 1, 1, "done")


def _integers(
    model: keras.Model,
    given: fit.Examples,
    request: dict[str, Any],
    examples: Arrays,
    progress: Progress,
    recipe: Recipe | None = None,
) -> Compressed:
    """Any trained Keras network as the integers that ``request["compress"]`` asks for, or by the
    recipe that another one's way left."""
    from tinyfield.learn import fit
    from tinyfield.learn.compress import Compressor, Wish

    return Compressor(
        model,
        given,
        (examples["x_test"], examples["y_test"]),
        wish=Wish(**request["compress"]),
        classes=int(request["classes"]),
        seed=int(request["seed"]),
        progress=progress,
        epochs=min(1.0, int(request["epochs"]) / fit.EPOCHS),
        recipe=recipe,
    ).run()


def _trees(request: dict[str, Any], examples: Arrays, progress: Progress) -> Iterator[Made]:
    from tinyfield.learn import trees

    kind, classes = str(request["architecture"]), int(request["classes"])
    if not classes:
        yield from _trees_of_values(kind, request, examples, progress)
        return
    if kind == "gbt":
        yield from _boosted(request, examples, progress)
        return

    def fitted(x: NDArray[Any], y: NDArray[Any]) -> Any:
        return trees.fit(
            kind,
            x,
            y,
            trees=int(request.get("trees", 1)),
            depth=int(request["depth"]),
            min_leaf=int(request["min_leaf"]),
            classes=classes,
            seed=int(request["seed"]),
        )

    progress("train", 0, 1, f"{kind} by scikit-learn")
    model = fitted(examples["x_train"], examples["y_train"])
    progress("convert", 0, 1, "thresholds to integers")
    said = trees.probabilities(model, examples["x_valid"], classes)
    temperature = trees.vote_temperature(said, examples["y_valid"])

    def handed(model: Any, rows: NDArray[Any]) -> Made:
        made = trees.convert(model, rows, classes=classes, temperature=temperature)
        said = trees.probabilities(model, examples["x_test"], classes)
        progress("convert", 1, 1, f"{made.ensemble.inner} comparisons")
        return Made(made.ensemble.to_bytes(), said, made.resolution)

    # Leaf values get the bits that keep every label of the rows at hand, the validation's too.
    yield handed(model, np.concatenate([examples["x_train"], examples["x_valid"]]))
    for whole in _refits(request, examples, progress):
        yield handed(fitted(whole["x"], whole["y"]), whole["x"])


def _boosted(request: dict[str, Any], examples: Arrays, progress: Progress) -> Iterator[Made]:
    from tinyfield.learn import boosting, trees

    valid = examples["x_valid"]

    def fitted(
        x: NDArray[Any],
        y: NDArray[Any],
        amount: NDArray[Any] | None,
        settled: boosting.Boosted | None = None,
        group: NDArray[Any] | None = None,
    ) -> boosting.Boosted:
        return boosting.fit(
            x,
            y,
            valid,
            examples["y_valid"],
            trees=int(request["trees"]),
            depth=int(request["depth"]),
            leaves=int(request["leaves"]),
            min_leaf=int(request["min_leaf"]),
            classes=int(request["classes"]),
            ordered=bool(request["ordered"]),
            amount=amount,
            settled=settled,
            group=group,
            seed=int(request["seed"]),
        )

    progress("train", 0, 1, "boosted trees by scikit-learn")
    model = fitted(examples["x_train"], examples["y_train"], examples.get("amount_train"))
    warmth = trees.best_temperature(model.margins(valid), examples["y_valid"])
    model = replace(model, temperature=warmth)
    progress("convert", 0, 1, "thresholds to integers")

    def handed(model: boosting.Boosted, rows: NDArray[Any]) -> Made:
        ensemble, resolution = boosting.convert(model, rows)
        progress("convert", 1, 1, f"{ensemble.inner} comparisons")
        return Made(ensemble.to_bytes(), model.probabilities(examples["x_test"]), resolution)

    yield handed(model, np.concatenate([examples["x_train"], valid]))
    for whole in _refits(request, examples, progress):
        amount = whole["amount"] if "amount_train" in examples else None
        yield handed(fitted(whole["x"], whole["y"], amount, model, whole["group"]), whole["x"])


def _trees_of_values(
    kind: str, request: dict[str, Any], examples: Arrays, progress: Progress
) -> Iterator[Made]:
    from tinyfield.learn import trees

    def fitted(x: NDArray[Any], y: NDArray[Any]) -> Made:
        model = trees.fit_values(
            kind,
            x,
            y,
            trees=int(request.get("trees", 1)),
            depth=int(request["depth"]),
            min_leaf=int(request["min_leaf"]),
            seed=int(request["seed"]),
        )
        progress("convert", 0, 1, "thresholds and leaves to integers")
        made = trees.convert_values(model, x)
        said = np.asarray(model.predict(examples["x_test"]), np.float64)[:, None]
        progress("convert", 1, 1, f"{made.ensemble.inner} comparisons")
        return Made(made.ensemble.to_bytes(), said, made.resolution)

    progress("train", 0, 1, f"{kind} by scikit-learn")
    yield fitted(examples["x_train"], examples["y_train"])
    for whole in _refits(request, examples, progress):
        yield fitted(whole["x"], whole["y"])


def _bonsai(request: dict[str, Any], examples: Arrays, progress: Progress) -> Iterator[Made]:
    from tinyfield.learn import bonsai

    shape = bonsai.Shape(
        depth=int(request["depth"]),
        projection=int(request["projection"]),
        density=float(request["density"]),
        classes=int(request["classes"]),
    )

    def fitted(
        x: NDArray[Any], y: NDArray[Any], settled: bonsai.Trained | None = None
    ) -> tuple[bonsai.Trained, Made]:
        trained = bonsai.fit(
            x,
            y,
            examples["x_valid"],
            examples["y_valid"],
            shape,
            seed=int(request["seed"]),
            epochs=int(request["epochs"]),
            settled=settled,
            progress=progress,
        )
        progress("convert", 0, 1, "weights to integers")
        file = bonsai.convert(trained, x).to_bytes()
        return trained, Made(file, trained.probabilities(examples["x_test"]), 1.0)

    first, made = fitted(examples["x_train"], examples["y_train"])
    yield made
    for whole in _refits(request, examples, progress):
        yield fitted(whole["x"], whole["y"], first)[1]


def _anomaly(request: dict[str, Any], examples: Arrays, progress: Progress) -> Iterator[Made]:
    from tinyfield.learn import anomaly, fit

    progress("start", 0, 1, "loading TensorFlow")
    x = examples["x_train"][examples["y_train"] == 0]
    valid = examples["x_valid"][examples["y_valid"] == 0]
    rate = float(request["false_alarms"])

    def fitted(x: NDArray[Any]) -> keras.Model:
        if request["architecture"] == "mahalanobis":
            return anomaly.mahalanobis(x)
        return anomaly.autoencoder(
            x,
            valid,
            tuple(request["hidden"]),
            seed=int(request["seed"]),
            epochs=int(request["epochs"]),
            progress=progress,
        )

    model = fitted(x)
    threshold = anomaly.settle(model, valid, rate)
    progress("convert", 0, 1, "quantizing to int8")
    file, threshold = anomaly.settle_quantized(model, x, valid, rate, threshold)
    yield Made(file, fit.predict(model, examples["x_test"]), 1.0)
    times = threshold / anomaly.quantile(model, file, x, rate) if request["refit"] else 1.0
    for whole in _refits(request, examples, progress):
        usual = whole["x"][whole["y"] == 0]
        model = fitted(usual)
        file = anomaly.quantized_again(model, usual, rate, times)
        yield Made(file, fit.predict(model, examples["x_test"]), 1.0)
    progress("convert", 1, 1, "done")


def _gmm(request: dict[str, Any], examples: Arrays, progress: Progress) -> Iterator[Made]:
    from tinyfield.learn import gmm

    x = examples["x_train"][examples["y_train"] == 0]
    valid = examples["x_valid"][examples["y_valid"] == 0]
    components = int(request["components"])

    def fitted(x: NDArray[Any]) -> gmm.Mixture:
        progress("train", 0, 1, f"{components} Gaussians by scikit-learn")
        return gmm.fit(
            x,
            components=components,
            covariance=str(request["covariance"]),
            seed=int(request["seed"]),
        )

    mixture = fitted(x)
    progress("convert", 0, 1, "weights to integers")
    rate = float(request["false_alarms"])

    def handed(mixture: gmm.Mixture, made: Gmm) -> Made:
        said = gmm.with_threshold(mixture, made).probabilities(examples["x_test"])
        return Made(made.to_bytes(), said, 1.0)

    first = gmm.convert(mixture, x, valid, rate)
    yield handed(mixture, first)
    for whole in _refits(request, examples, progress):
        usual = whole["x"][whole["y"] == 0]
        mixture = fitted(usual)
        yield handed(mixture, gmm.convert_again(mixture, usual, first, x, rate))
    progress("convert", 1, 1, "done")


_OTHERS = {
    "bonsai": _bonsai,
    "gmm": _gmm,
    "mahalanobis": _anomaly,
    "autoencoder": _anomaly,
}


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    main(Path(sys.argv[1]))
