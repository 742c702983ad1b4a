"""Trains one model in a process of its own: ``python -m tinyfield.learn.worker DIR``.

TensorFlow takes seconds to import, talks on stderr from C++ and holds its threads; here it does
so where nobody sees it. DIR holds ``examples.npz`` and ``request.json``; the worker adds
``model.bin`` (the model file), ``float.npy`` (class probabilities of ``x_test`` by the trained
model) and ``result.json``, or ``error.json`` where the user is to blame, and prints a JSON line
``[stage, done, of, text]`` for each step.

Where a refit is asked for, all that validation rows choose is settled first, by a model of the
training rows (``settled.bin``); then the same is fitted to the rows of both, and shipped.
"""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tinyfield.errors import ModelError
from tinyfield.learn.networks import NETWORKS
from tinyfield.learn.stages import Stage

if TYPE_CHECKING:
    import keras

    from tinyfield.learn import fit
    from tinyfield.learn.compress import Compressed, Recipe

Progress = Callable[[str, int, int, str], None]
Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Made:
    """What a training hands back; see ``result.Network``."""

    model: bytes
    probabilities: NDArray[Any]
    resolution: float
    stages: tuple[Stage, ...] = ()
    settled: bytes = b""


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
        made = train(request, examples, progress)
        if request["unknown"] is not None:
            _gate(folder, request, examples, progress)
    except ModelError as error:
        fault = {"message": error.message, "hint": error.hint}
        (folder / "error.json").write_text(json.dumps(fault), encoding="utf-8")
        return
    (folder / "model.bin").write_bytes(made.model)
    if made.settled:
        (folder / "settled.bin").write_bytes(made.settled)
    np.save(folder / "float.npy", made.probabilities)
    told = {"resolution": made.resolution, "stages": [stage.to_json() for stage in made.stages]}
    (folder / "result.json").write_text(json.dumps(told))


def _whole(examples: Arrays, name: str) -> NDArray[Any]:
    """What a refit is fitted to: rows of the training and validation splits, and what was made of
    the latter's recordings."""
    return np.concatenate([examples[f"{name}_{part}"] for part in ("train", "valid", "refit")])


def _gate(folder: Path, request: dict[str, Any], examples: Arrays, progress: Progress) -> None:
    """What tells that a row is like none learned from: ``gate.json``."""
    from tinyfield.learn import known

    progress("gate", 0, 1, "what is known")
    file, without = known.fit(
        examples["gate_train"],
        examples["y_train"],
        examples["gate_valid"],
        examples["y_valid"],
        float(request["unknown"]),
        classes=int(request["classes"]),
        seed=int(request["seed"]),
        whole=(_whole(examples, "gate"), _whole(examples, "y")) if request["refit"] else None,
    )
    told = {"gate": file.decode(), "without": [one.decode() for one in without]}
    (folder / "gate.json").write_text(json.dumps(told), encoding="utf-8")


def _network(request: dict[str, Any], examples: Arrays, progress: Progress) -> Made:
    from tinyfield.learn import fit
    from tinyfield.learn.compress import told

    progress("start", 0, 1, "loading TensorFlow")
    parts = ("train", "valid", "test", *(["refit"] if request["refit"] else []))
    if request["step"]:
        for name in (f"y_{part}" for part in parts):
            examples[name] = (examples[name] * request["step"]).astype(np.float32)
    history = int(request["history"])
    if history > 1:
        for name in (f"x_{part}" for part in parts):
            rows = examples[name]
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

    model, settled = fitted(given)
    made = _integers(model, given, request, examples, progress)
    stages, first = made.stages, b""
    if request["refit"]:
        first = made.model
        given = replace(given, x_train=_whole(examples, "x"), y_train=_whole(examples, "y"))
        model, _ = fitted(given, settled)
        made = _integers(model, given, request, examples, progress, made.recipe)
        stages = told(stages, made.stages)
    said = fit.predict(model, examples["x_test"])
    progress("convert", 1, 1, "done")
    if request["step"]:
        return Made(made.model, said / request["step"], math.inf, stages, first)
    return Made(made.model, said, 1.0, stages, first)


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


def _trees(request: dict[str, Any], examples: Arrays, progress: Progress) -> Made:
    from tinyfield.learn import trees

    kind, classes = str(request["architecture"]), int(request["classes"])
    if not classes:
        return _trees_of_values(kind, request, examples, progress)
    if kind == "gbt":
        return _boosted(request, examples, progress)

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
    # Leaf values get the bits that keep every label of the rows at hand, the validation's too.
    rows = np.concatenate([examples["x_train"], examples["x_valid"]])
    made, first = trees.convert(model, rows, classes=classes, temperature=temperature), b""
    if request["refit"]:
        first = made.ensemble.to_bytes()
        progress("refit", 0, 1, "training and validation rows")
        rows = _whole(examples, "x")
        model = fitted(rows, _whole(examples, "y"))
        made = trees.convert(model, rows, classes=classes, temperature=temperature)
    probabilities = trees.probabilities(model, examples["x_test"], classes)
    progress("convert", 1, 1, f"{made.ensemble.inner} comparisons")
    return Made(made.ensemble.to_bytes(), probabilities, made.resolution, settled=first)


def _boosted(request: dict[str, Any], examples: Arrays, progress: Progress) -> Made:
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
    rows = np.concatenate([examples["x_train"], valid])
    (ensemble, resolution), first = boosting.convert(model, rows), b""
    if request["refit"]:
        first = ensemble.to_bytes()
        progress("refit", 0, 1, "training and validation rows")
        rows, amount = _whole(examples, "x"), None
        if "amount_train" in examples:
            amount = _whole(examples, "amount")
        model = fitted(rows, _whole(examples, "y"), amount, model, _whole(examples, "group"))
        ensemble, resolution = boosting.convert(model, rows)
    progress("convert", 1, 1, f"{ensemble.inner} comparisons")
    said = model.probabilities(examples["x_test"])
    return Made(ensemble.to_bytes(), said, resolution, settled=first)


def _trees_of_values(
    kind: str, request: dict[str, Any], examples: Arrays, progress: Progress
) -> Made:
    from tinyfield.learn import trees

    def fitted(x: NDArray[Any], y: NDArray[Any]) -> tuple[Any, trees.Converted]:
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
        return model, trees.convert_values(model, x)

    progress("train", 0, 1, f"{kind} by scikit-learn")
    (model, made), first = fitted(examples["x_train"], examples["y_train"]), b""
    if request["refit"]:
        first = made.ensemble.to_bytes()
        progress("refit", 0, 1, "training and validation rows")
        model, made = fitted(_whole(examples, "x"), _whole(examples, "y"))
    said = np.asarray(model.predict(examples["x_test"]), np.float64)[:, None]
    progress("convert", 1, 1, f"{made.ensemble.inner} comparisons")
    return Made(made.ensemble.to_bytes(), said, made.resolution, settled=first)


def _bonsai(request: dict[str, Any], examples: Arrays, progress: Progress) -> Made:
    from tinyfield.learn import bonsai

    shape = bonsai.Shape(
        depth=int(request["depth"]),
        projection=int(request["projection"]),
        density=float(request["density"]),
        classes=int(request["classes"]),
    )

    def fitted(
        x: NDArray[Any], y: NDArray[Any], settled: bonsai.Trained | None = None
    ) -> tuple[bonsai.Trained, bytes]:
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
        return trained, bonsai.convert(trained, x).to_bytes()

    (trained, made), first = fitted(examples["x_train"], examples["y_train"]), b""
    if request["refit"]:
        first = made
        trained, made = fitted(_whole(examples, "x"), _whole(examples, "y"), trained)
    return Made(made, trained.probabilities(examples["x_test"]), 1.0, settled=first)


def _anomaly(request: dict[str, Any], examples: Arrays, progress: Progress) -> Made:
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
    first = b""
    if request["refit"]:
        first = file
        times = threshold / anomaly.quantile(model, file, x, rate)
        x = _whole(examples, "x")[_whole(examples, "y") == 0]
        progress("refit", 0, 1, "training and validation rows")
        model = fitted(x)
        file = anomaly.quantized_again(model, x, rate, times)
    probabilities = fit.predict(model, examples["x_test"])
    progress("convert", 1, 1, "done")
    return Made(file, probabilities, 1.0, settled=first)


def _gmm(request: dict[str, Any], examples: Arrays, progress: Progress) -> Made:
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
    made, first = gmm.convert(mixture, x, valid, rate), b""
    if request["refit"]:
        first = made.to_bytes()
        whole = _whole(examples, "x")[_whole(examples, "y") == 0]
        progress("refit", 0, 1, "training and validation rows")
        mixture = fitted(whole)
        made = gmm.convert_again(mixture, whole, made, x, rate)
    probabilities = gmm.with_threshold(mixture, made).probabilities(examples["x_test"])
    progress("convert", 1, 1, "done")
    return Made(made.to_bytes(), probabilities, 1.0, settled=first)


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
