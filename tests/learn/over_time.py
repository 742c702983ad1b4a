"""Trains a network of each kind in one TensorFlow process: ``python -m tests.learn.over_time OUT``.

What ``train`` gives goes into OUT, pickled by name; or the error's message and hint.
"""

from __future__ import annotations

import pickle
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np

from tests.learn.conftest import _train_module, model
from tinyfield.errors import UserError
from tinyfield.features.table import FeatureTable
from tinyfield.learn import worker
from tinyfield.spec import Model
from tinyfield.spec.app import Accept, Compress

CLASSES = ("falling", "rising")
HISTORY = 8
EPOCHS = 5

OWN = """
import keras

def build(input_shape, classes):
    return keras.Sequential([
        keras.Input(input_shape, name="features"),
        keras.layers.Conv1D(6, 3, activation="relu", name="conv"),
        keras.layers.GlobalAveragePooling1D(name="mean"),
        keras.layers.Dense(classes, use_bias=False, name="classes"),
        keras.layers.Softmax(name="softmax"),
    ])

def narrow(input_shape, classes):
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(classes)])

def wide(input_shape, classes):
    return keras.Sequential([keras.Input(input_shape), keras.layers.Flatten(),
                             keras.layers.Dense(classes + 1, activation="softmax")])

def open_end(input_shape, classes):
    return keras.Sequential([keras.Input(input_shape), keras.layers.Flatten(),
                             keras.layers.Dense(classes)])

def number(input_shape, classes):
    return 7

def broken(input_shape, classes):
    return keras.layers.Dense(undefined)
"""
WRONG = ("narrow", "wide", "open_end", "number", "broken", "absent")


def table(n: int = 2000) -> FeatureTable:
    """Whether the first of two inputs rises over eight samples; the last sample does not say."""
    rng = np.random.default_rng(1)
    y = (rng.random(n) < 0.5).astype(np.int16)
    slope = np.where(y == 1, 1, -1)[:, None] * rng.uniform(20, 60, (n, 1))
    end = rng.uniform(-200, 200, (n, 1))
    rise = end + slope * np.arange(1 - HISTORY, 1) + rng.normal(size=(n, HISTORY)) * 20
    noise = rng.uniform(-1000, 1000, (n, HISTORY))
    at = np.arange(n) % 20
    return FeatureTable(
        model="trend",
        names=("a", "b"),
        classes=CLASSES,
        X=np.stack([rise, noise], axis=2).reshape(n, -1).astype(np.int32),
        y=y,
        group=np.array([f"g{i}" for i in at]),
        split=np.array(["train"] * 12 + ["valid"] * 4 + ["test"] * 4)[at],
        origin=np.full(n, "generated"),
        t=np.arange(n, dtype=np.int64),
        history=HISTORY,
    )


def machine(n: int = 2000) -> FeatureTable:
    """Five readings that move together, in as much as nothing is wrong; in a fifth of the valid
    and test rows one of them moves by itself, within its usual range."""
    rng = np.random.default_rng(2)
    at = np.arange(n) % 20
    load = rng.normal(size=(n, 2)) * 300
    X = load @ rng.normal(size=(2, 5)) + rng.normal(size=(n, 5)) * 20
    y = ((at >= 12) & (rng.random(n) < 0.2)).astype(np.int16)
    X[y == 1, 2] = rng.permutation(X[:, 2])[: int(y.sum())]
    return replace(
        table(n),
        model="wear",
        names=("a", "b", "c", "d", "e"),
        classes=("normal", "anomaly"),
        X=X.astype(np.int32),
        y=y,
        history=1,
    )


def watch(architecture: str, **options: object) -> Model:
    """The app's model of what is usual for the machine."""
    fields = {"classes": ("normal", "anomaly"), "inputs": model().inputs, "history": 1,
              "false_alarms": 0.02, "name": "wear", "architecture": architecture}  # fmt: skip
    return model().model_copy(update={**fields, **options})


def network(architecture: str, **options: object) -> Model:
    """The app's model of that architecture."""
    given = model()
    fields = {"architecture": architecture, "classes": CLASSES, "inputs": given.inputs[:2],
              "history": HISTORY, "name": "trend", **options}  # fmt: skip
    return given.model_copy(update=fields)


def networks(folder: Path) -> dict[str, Model]:
    """All that are trained."""
    own = folder / "my_model.py"
    own.write_text(OWN, encoding="utf-8")
    return {
        "mlp": network("mlp", hidden=(8,)),
        "cnn": network("cnn", filters=4, kernel=3, blocks=2),
        "cnn_2d": network("cnn", filters=4, kernel=(3, 2), blocks=2),
        "ds_cnn": network("ds_cnn", filters=6, kernel=3, blocks=1),
        "tcn": network("tcn", filters=4, kernel=3, blocks=2),
        "gru": network("gru", units=4),
        "keras": network("keras", source=str(own), function="build"),
        "16x8": network("cnn", filters=4, kernel=3, blocks=1, compress=Compress(quantize="16x8")),
        **{name: network("keras", source=str(own), function=name) for name in WRONG},
    }


def refits() -> dict[str, object]:
    """Models that are fitted once more to the validation rows: as trained; as trained with other
    labels in the test split; and with other labels in rows that only the refit sees. Some are then
    fitted to all rows."""
    small = Compress(prune=Decimal("0.3"), share=8, sparse=Decimal("0.5"))
    # max_drop can never be kept: QAT comes on by itself.
    qat = network("mlp", hidden=(40, 24), compress=small, accept=Accept(max_drop=-1.0))
    plain, rows = network("mlp", hidden=(8,)), with_refit(table(1000))
    wear = with_refit(machine(1200))
    kinds = {
        "qat": (qat, rows, ("",)),
        "plain": (plain, rows, ("", "test", "refit")),
        "all": (plain, with_all(rows), ("", "test")),
        "held": (network("mlp", hidden=(8,), l2=0.5), replace(table(1000), refit=True), ("",)),
        "mahalanobis": (watch("mahalanobis"), wear, ("", "refit")),
        "autoencoder": (watch("autoencoder", hidden=(2,)), wear, ("", "refit")),
        "all_mahalanobis": (watch("mahalanobis"), with_all(wear), ("", "test")),
    }
    made: dict[str, object] = {}
    for kind, (asked, given, changes) in kinds.items():
        for change in changes:
            other = replace(given, y=np.where(given.split == change, 1 - given.y, given.y))
            epochs = 12 if kind == "autoencoder" else 3
            made[f"refit_{kind}_{change}"] = _train_module._fit(other, asked, 0, epochs, None, None)
    return made


def with_refit(rows: FeatureTable) -> FeatureTable:
    """The table with a tenth of its validation rows once more, for the refit alone."""
    more = np.flatnonzero(rows.split == "valid")[::10]
    wide = rows.rows(np.concatenate([np.arange(len(rows)), more]))
    split = wide.split.copy()
    split[len(rows) :] = "refit"
    return replace(wide, split=split, refit=True)


def with_all(rows: FeatureTable) -> FeatureTable:
    """The table with a tenth of its test rows once more, for a refit to all rows alone."""
    more = np.flatnonzero(rows.split == "test")[::10]
    wide = rows.rows(np.concatenate([np.arange(len(rows)), more]))
    split = wide.split.copy()
    split[len(rows) :] = "all"
    return replace(wide, split=split, refit="all")


def main(folder: Path) -> None:
    """Trains them all."""
    _train_module._work = lambda place, progress: worker.main(place)
    made: dict[str, object] = {}
    for name, asked in networks(folder).items():
        try:
            made[name] = _train_module.train(table(), asked, epochs=EPOCHS)
        except UserError as error:
            made[name] = (error.message, error.hint)
    made["mahalanobis"] = _train_module.train(machine(), watch("mahalanobis"))
    asked = watch("autoencoder", hidden=(2,))
    made["autoencoder"] = _train_module.train(machine(), asked, epochs=15)
    made |= refits()
    again = _train_module._fit(replace(table()), networks(folder)["cnn"], 0, EPOCHS, None, None)
    made["again"] = again.model
    (folder / "made.pickle").write_bytes(pickle.dumps(made))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
