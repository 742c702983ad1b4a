"""Trains one model in a process of its own: ``python -m tinyfield.learn.worker DIR``.

TensorFlow takes seconds to import, talks on stderr from C++ and holds its threads; here it does
so where nobody sees it. DIR holds ``examples.npz`` and ``request.json``; the worker adds
``model.bin`` (the model file), ``float.npy`` (class probabilities of ``x_test`` by the trained
model) and ``result.json``, or ``error.json`` where the user is to blame, and prints a JSON line
``[stage, done, of, text]`` for each step.
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

Progress = Callable[[str, int, int, str], None]
Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Made:
    """What a training hands back; see ``result.Network``."""

    model: bytes
    probabilities: NDArray[Any]
    resolution: float
    stages: tuple[Stage, ...] = ()


def main(folder: Path) -> None:
    """Reads the request, trains, converts, writes the results."""
    # TensorFlow's converter prints to stdout; that goes with the rest of its talk.
    pipe = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)

    def progress(stage: str, done: int, of: int, text: str) -> None:
        print(json.dumps([stage, done, of, text]), file=pipe, flush=True)

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
    np.save(folder / "float.npy", made.probabilities)
    told = {"resolution": made.resolution, "stages": [stage.to_json() for stage in made.stages]}
    (folder / "result.json").write_text(json.dumps(told))


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
    )
    told = {"gate": file.decode(), "without": [one.decode() for one in without]}
    (folder / "gate.json").write_text(json.dumps(told), encoding="utf-8")


def _network(request: dict[str, Any], examples: Arrays, progress: Progress) -> Made:
    from tinyfield.learn import fit

    progress("start", 0, 1, "loading TensorFlow")
    if request["step"]:
        for name in ("y_train", "y_valid", "y_test"):
            examples[name] = (examples[name] * request["step"]).astype(np.float32)
    history = int(request["history"])
    if history > 1:
        for name in ("x_train", "x_valid", "x_test"):
            rows = examples[name]
            examples[name] = rows.reshape(len(rows), history, -1)
    given = fit.Examples(
        examples["x_train"], examples["y_train"], examples["x_valid"], examples["y_valid"]
    )
    shape, classes = given.x_train.shape[1:], int(request["classes"])
    model = fit.fit(
        given,
        lambda: NETWORKS[request["architecture"]](request, shape, classes),
        classes=classes,
        seed=int(request["seed"]),
        epochs=int(request["epochs"]),
        progress=progress,
    )
    return _integers(model, given, request, examples, progress)


def _integers(
    model: keras.Model,
    given: fit.Examples,
    request: dict[str, Any],
    examples: Arrays,
    progress: Progress,
) -> Made:
    """Any trained Keras network as the integers that ``request["compress"]`` asks for."""
    from tinyfield.learn import fit
    from tinyfield.learn.compress import Compressor, Wish

    probabilities = fit.predict(model, examples["x_test"])
    made = Compressor(
        model,
        given,
        (examples["x_test"], examples["y_test"]),
        wish=Wish(**request["compress"]),
        classes=int(request["classes"]),
        seed=int(request["seed"]),
        progress=progress,
        epochs=min(1.0, int(request["epochs"]) / fit.EPOCHS),
    ).run()
    progress("convert", 1, 1, "done")
    if request["step"]:
        return Made(made.model, probabilities / request["step"], math.inf, made.stages)
    return Made(made.model, probabilities, 1.0, made.stages)


def _trees(request: dict[str, Any], examples: Arrays, progress: Progress) -> Made:
    from tinyfield.learn import trees

    kind, classes = str(request["architecture"]), int(request["classes"])
    if not classes:
        return _trees_of_values(kind, request, examples, progress)
    if kind == "gbt":
        return _boosted(request, examples, progress)
    progress("train", 0, 1, f"{kind} by scikit-learn")
    x, y = examples["x_train"], examples["y_train"]
    model = trees.fit(
        kind,
        x,
        y,
        trees=int(request.get("trees", 1)),
        depth=int(request["depth"]),
        min_leaf=int(request["min_leaf"]),
        classes=classes,
        seed=int(request["seed"]),
    )
    progress("convert", 0, 1, "thresholds to integers")
    said = trees.probabilities(model, examples["x_valid"], classes)
    temperature = trees.vote_temperature(said, examples["y_valid"])
    # Leaf values get the bits that keep every label of the rows at hand, the validation's too.
    rows = np.concatenate([x, examples["x_valid"]])
    made = trees.convert(model, rows, classes=classes, temperature=temperature)
    probabilities = trees.probabilities(model, examples["x_test"], classes)
    progress("convert", 1, 1, f"{made.ensemble.inner} comparisons")
    return Made(made.ensemble.to_bytes(), probabilities, made.resolution)


def _boosted(request: dict[str, Any], examples: Arrays, progress: Progress) -> Made:
    from tinyfield.learn import boosting, trees

    progress("train", 0, 1, "boosted trees by scikit-learn")
    x, valid = examples["x_train"], examples["x_valid"]
    model = boosting.fit(
        x,
        examples["y_train"],
        valid,
        examples["y_valid"],
        trees=int(request["trees"]),
        depth=int(request["depth"]),
        leaves=int(request["leaves"]),
        min_leaf=int(request["min_leaf"]),
        classes=int(request["classes"]),
        ordered=bool(request["ordered"]),
        amount=examples.get("amount_train"),
        seed=int(request["seed"]),
    )
    warmth = trees.best_temperature(model.margins(valid), examples["y_valid"])
    model = replace(model, temperature=warmth)
    progress("convert", 0, 1, "thresholds to integers")
    rows = np.concatenate([x, valid])
    ensemble, resolution = boosting.convert(model, rows)
    progress("convert", 1, 1, f"{ensemble.inner} comparisons")
    return Made(ensemble.to_bytes(), model.probabilities(examples["x_test"]), resolution)


def _trees_of_values(
    kind: str, request: dict[str, Any], examples: Arrays, progress: Progress
) -> Made:
    from tinyfield.learn import trees

    progress("train", 0, 1, f"{kind} by scikit-learn")
    model = trees.fit_values(
        kind,
        examples["x_train"],
        examples["y_train"],
        trees=int(request.get("trees", 1)),
        depth=int(request["depth"]),
        min_leaf=int(request["min_leaf"]),
        seed=int(request["seed"]),
    )
    progress("convert", 0, 1, "thresholds and leaves to integers")
    made = trees.convert_values(model, examples["x_train"])
    said = np.asarray(model.predict(examples["x_test"]), np.float64)[:, None]
    progress("convert", 1, 1, f"{made.ensemble.inner} comparisons")
    return Made(made.ensemble.to_bytes(), said, made.resolution)


def _bonsai(request: dict[str, Any], examples: Arrays, progress: Progress) -> Made:
    from tinyfield.learn import bonsai

    shape = bonsai.Shape(
        depth=int(request["depth"]),
        projection=int(request["projection"]),
        density=float(request["density"]),
        classes=int(request["classes"]),
    )
    trained = bonsai.fit(
        examples["x_train"],
        examples["y_train"],
        examples["x_valid"],
        examples["y_valid"],
        shape,
        seed=int(request["seed"]),
        epochs=int(request["epochs"]),
        progress=progress,
    )
    progress("convert", 0, 1, "weights to integers")
    made = bonsai.convert(trained, examples["x_train"])
    return Made(made.to_bytes(), trained.probabilities(examples["x_test"]), 1.0)


def _anomaly(request: dict[str, Any], examples: Arrays, progress: Progress) -> Made:
    from tinyfield.learn import anomaly, fit

    progress("start", 0, 1, "loading TensorFlow")
    x = examples["x_train"][examples["y_train"] == 0]
    valid = examples["x_valid"][examples["y_valid"] == 0]
    rate, seed = float(request["false_alarms"]), int(request["seed"])
    if request["architecture"] == "mahalanobis":
        model = anomaly.mahalanobis(x, valid, rate)
    else:
        model = anomaly.autoencoder(
            x,
            valid,
            rate,
            tuple(request["hidden"]),
            seed=seed,
            epochs=int(request["epochs"]),
            progress=progress,
        )
    progress("convert", 0, 1, "quantizing to int8")
    file = anomaly.quantized(model, x, valid, rate)
    probabilities = fit.predict(model, examples["x_test"])
    progress("convert", 1, 1, "done")
    return Made(file, probabilities, 1.0)


def _gmm(request: dict[str, Any], examples: Arrays, progress: Progress) -> Made:
    from tinyfield.learn import gmm

    x = examples["x_train"][examples["y_train"] == 0]
    valid = examples["x_valid"][examples["y_valid"] == 0]
    components = int(request["components"])
    progress("train", 0, 1, f"{components} Gaussians by scikit-learn")
    mixture = gmm.fit(
        x, components=components, covariance=str(request["covariance"]), seed=int(request["seed"])
    )
    progress("convert", 0, 1, "weights to integers")
    made = gmm.convert(mixture, x, valid, float(request["false_alarms"]))
    probabilities = gmm.with_threshold(mixture, made).probabilities(examples["x_test"])
    progress("convert", 1, 1, "done")
    return Made(made.to_bytes(), probabilities, 1.0)


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
