"""Bonsai in 2 KB beside forests, networks and a float network of 4 MB: accuracy, bytes, cycles.

``python benchmarks/bonsai.py [DATA]`` needs scikit-learn, TensorFlow (for the int8 network; left
out with ``--no-mlp``), emlearn (left out if missing) and the AVR tools. DATA is a folder with
``har_geotec`` and ``pet_dog``; without it (or ``$TINYFIELD_DATA``) only the digits are scored.

After the protocol of Kumar et al. (ICML 2017): small models for small binary and multi-class
problems, on an Arduino Uno. Sizes are chosen on validation groups among those of ``--flash`` bytes,
once with their code and once (as the paper counts) without it; every figure is of the test groups:
other subjects, or a later part of each recording, never random rows. Features of the two recordings
are six statistics of one second of each axis, computed here in NumPy.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parent))
import trees as rivals  # the harness for emlearn's C

from tinyfield import bench, hostcc
from tinyfield.compiler import bonsai as device
from tinyfield.compiler import compile_model
from tinyfield.errors import MissingToolError
from tinyfield.learn import bonsai, trees
from tinyfield.learn.metrics import macro_f1
from tinyfield.learn.scaler import fit_scaler, quantize, to_float

SHAPES = (
    (0, 12, 0.4), (0, 20, 0.2), (1, 6, 0.4), (1, 8, 0.2), (1, 8, 0.4), (1, 10, 0.15), (1, 10, 0.3),
    (1, 14, 0.2), (2, 6, 0.2), (2, 10, 0.2), (2, 10, 0.3),
)  # fmt: skip
FORESTS = ((1, 8), (2, 7), (3, 6), (3, 8), (5, 5), (5, 6), (8, 4), (8, 5), (12, 4), (20, 3))
CODE = 1150  # bytes of Bonsai's on an ATmega328P
HIDDEN = (24, 16, 12, 10, 8, 6, 4)
SEEDS = (0, 1)
WIDE = 970  # two layers of so many units are 4 MB of float32
UNO_HZ = 16_000_000
WINDOW = 100  # samples, a second
_GAP = 2  # windows left out between two parts of a recording


@dataclass(frozen=True)
class Task:
    """int32 features and labels, with their parts."""

    name: str
    split: str
    X: NDArray[np.int32]
    y: NDArray[np.int64]
    part: NDArray[np.str_]
    classes: int

    def rows(self, *parts: str) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Features and labels of some parts."""
        keep = np.isin(self.part, parts)
        return self.X[keep], self.y[keep]


def digits(binary: bool) -> Task:
    """scikit-learn's digits in their order: the writers of the last half are others."""
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    place = np.arange(len(y)) / len(y)
    part = np.where(place < 0.4, "train", np.where(place < 0.5, "valid", "test"))
    name, labels = ("digits-2 (odd)", y % 2) if binary else ("digits-10", y)
    return Task(
        name, "order", X.astype(np.int32), labels.astype(np.int64), part, 2 if binary else 10
    )


def har(folder: Path) -> Task:
    """Five activities by a phone; other subjects are tested."""
    with np.load(folder / "har_geotec" / "har_sp_dev.npz", allow_pickle=False) as data:
        x, label, subject = data["x"], data["label"], data["subject"]
        execution, names = data["execution"], data["labels"]
    run = np.char.add(subject.astype(str), execution.astype(str))
    parts: dict[str, str] = {}
    everyone = sorted(set(subject.tolist()))
    for n, who in enumerate(everyone):
        parts[str(who)] = "train" if n % 3 == 0 or n % 6 == 1 else "valid" if n % 6 == 4 else "test"
    X, y, part = [], [], []
    for one in np.unique(run):
        at = np.flatnonzero(run == one)
        for rows in _windows(at, WINDOW // 2):
            counts = np.bincount(label[rows], minlength=len(names))
            if counts.max() >= 0.8 * len(rows):
                X.append(_features(x[rows]))
                y.append(int(counts.argmax()))
                part.append(parts[str(subject[rows[0]])])
    return Task(
        "har_geotec", "subject", np.array(X, np.int32), np.array(y), np.array(part), len(names)
    )


def dog(folder: Path) -> Task:
    """Five activities of one dog; the last third of each recording is tested."""
    import pandas as pd

    table = pd.read_csv(folder / "pet_dog" / "dog_dev.csv.gz")
    names = sorted(table["label"].unique())
    X, y, part = [], [], []
    for k, name in enumerate(names):
        rows = table[table["label"] == name].sort_values("i")
        axes = rows[["ax", "ay", "az", "gx", "gy", "gz"]].to_numpy()
        values = axes * [1000, 1000, 1000, 10, 10, 10]
        windows = list(_windows(np.arange(len(values)), WINDOW))
        for n, at in enumerate(windows):
            share = n / len(windows)
            near = min(abs(n - len(windows) * cut) for cut in (0.5, 2 / 3))
            if near < _GAP:
                continue
            X.append(_features(np.round(values[at])))
            y.append(k)
            part.append("train" if share < 0.5 else "valid" if share < 2 / 3 else "test")
    return Task("pet_dog", "time", np.array(X, np.int32), np.array(y), np.array(part), len(names))


def _windows(at: NDArray[np.int64], step: int) -> Iterator[NDArray[np.int64]]:
    for start in range(0, len(at) - WINDOW + 1, step):
        yield at[start : start + WINDOW]


def _features(x: NDArray[Any]) -> NDArray[np.float64]:
    """Of each axis: mean, deviation, least, largest, mean step, crossings of the mean."""
    x = x.astype(np.float64)
    centred = x - x.mean(axis=0)
    crossings = (np.diff(np.signbit(centred), axis=0) != 0).sum(axis=0)
    steps = np.abs(np.diff(x, axis=0)).mean(axis=0)
    return np.round(np.concatenate([x.mean(0), x.std(0), x.min(0), x.max(0), steps, crossings]))


def score(y: NDArray[np.int64], said: NDArray[Any], classes: int) -> dict[str, float]:
    """Accuracy and macro F1."""
    cells = np.bincount(y * classes + said, minlength=classes * classes).reshape(classes, classes)
    return {"accuracy": round(float((y == said).mean()), 4), "macro_f1": round(macro_f1(cells), 4)}


def on_uno(model: bytes) -> dict[str, Any]:
    """Flash, RAM, cycles of an inference on the ATmega328P."""
    try:
        cost = bench.measure(model, "avr")
    except hostcc.CompileError:
        return {}
    assert cost.flash and cost.ram and cost.count and cost.exact
    return {
        "flash": cost.flash.total,
        "data": cost.flash.data,
        "ram": cost.ram.total,
        "cycles": cost.count,
        "ms": round(1e3 * cost.count / UNO_HZ, 2),
    }


def flash_of(model: bytes) -> int:
    """Flash on the ATmega328P, code included."""
    return bench.flash_of(compile_model(model, target="avr"), "avr").total


@dataclass(frozen=True)
class Made:
    """A trained Bonsai, and what it takes."""

    value: float
    model: bonsai.Trained
    file: bytes
    constants: int
    flash: int


def bonsai_rows(task: Task, flash: int) -> list[dict[str, Any]]:
    """The best Bonsai of ``flash`` bytes with its code, and the best of so many without it."""
    (x, y), (xv, yv), (xt, yt) = (task.rows(p) for p in ("train", "valid", "test"))
    scaler = fit_scaler(x)
    given, valid, test = (to_float(part, scaler) for part in (x, xv, xt))
    made: list[Made] = []
    for depth, projection, density in SHAPES:
        size = bonsai.Shape(depth, projection, density, task.classes)
        for seed in SEEDS:
            one = bonsai.fit(given, y, valid, yv, size, seed=seed)
            file = bonsai.convert(one, given).to_bytes()
            constants = compile_model(file, target="avr").weights_bytes
            if constants > flash:
                break
            value = score(yv, one.margins(valid).argmax(axis=1), task.classes)["macro_f1"]
            made.append(Made(value, one, file, constants, flash_of(file)))
    q = quantize(xt, scaler)
    rows: list[dict[str, Any]] = []
    for what, fits in (
        ("in all", [m for m in made if m.flash <= flash]),
        ("of constants", made),
    ):
        best = max(fits, key=lambda m: m.value)
        shape = best.model.shape
        name = f"Bonsai, {flash:,} B {what} ({shape.depth}, {shape.projection}, {shape.density})"
        whole = device.outputs(device.Bonsai.from_bytes(best.file), q).argmax(axis=1)
        rough = best.model.margins(test).argmax(axis=1)
        rows.append({"what": f"{name}, float", **score(yt, rough, task.classes)})
        figures = {"constants": best.constants, **on_uno(best.file)}
        rows.append({"what": f"{name}, integer", **score(yt, whole, task.classes), **figures})
    return rows


def forest_rows(task: Task, flash: int, tell: Callable[[str], None]) -> list[dict[str, Any]]:
    """The best forest that fits, and the same trees by emlearn."""
    (x, y), (xv, yv), (xt, yt) = (task.rows(p) for p in ("train", "valid", "test"))
    best: tuple[float, Any, bytes] | None = None
    for count, depth in FORESTS:
        for min_leaf in (1, 4):
            sk = trees.fit(
                "forest", x, y, trees=count, depth=depth, min_leaf=min_leaf,
                classes=task.classes, seed=0,
            )  # fmt: skip
            file = trees.convert(sk, x, classes=task.classes, dtype="int16").ensemble.to_bytes()
            value = score(yv, sk.predict(xv), task.classes)["macro_f1"]
            if (best is None or value > best[0]) and flash_of(file) <= flash:
                best = (value, sk, file)
    if best is None:
        return []
    _, sk, file = best
    name = f"forest of {len(sk.estimators_)}, depth {sk.max_depth}"
    rows = [{"what": name, **score(yt, sk.predict(xt), task.classes), **on_uno(file)}]
    try:
        peer = rivals.theirs("the same forest", sk, "inline")
    except ImportError:
        tell("emlearn is not installed: its row is left out")
        return rows
    test = xt.astype(np.int16)
    cost = rivals.cost(peer, "avr", "-Os", test[:8])
    said = rivals.labels(peer, test)
    row: dict[str, Any] = {"what": "the same forest by emlearn", **score(yt, said, task.classes)}
    if "missing" not in cost:
        row |= {"flash": cost["flash"], "ram": cost["ram"], "cycles": round(cost["count"])}
        row["ms"] = round(1e3 * cost["count"] / UNO_HZ, 2)
    return [*rows, row]


def dense_bytes(inputs: int, hidden: int, classes: int) -> int:
    """Constants of one hidden layer and the last: int8 weights; bias, multiplier, shift a row."""
    return (inputs + 9) * hidden + (hidden + 9) * classes


def network_rows(task: Task, flash: int) -> list[dict[str, Any]]:
    """The widest int8 network whose constants are no more than Bonsai's may be."""
    from tinyfield.learn import convert, fit
    from tinyfield.learn.networks import NETWORKS
    from tinyfield.learn.runner import run_device

    (x, y), (xv, yv), (xt, yt) = (task.rows(p) for p in ("train", "valid", "test"))
    scaler = fit_scaler(x)
    examples = fit.Examples(to_float(x, scaler), y, to_float(xv, scaler), yv)
    # Its kernels alone take 2 KB: its constants are what is held to a limit, Bonsai's share.
    sizes = {units: dense_bytes(x.shape[1], units, task.classes) for units in HIDDEN}
    units = next((n for n, size in sizes.items() if size <= flash - CODE), HIDDEN[-1])
    tried = [
        fit.fit(
            examples,
            lambda: NETWORKS["mlp"]({"hidden": (units,)}, x.shape[1:], task.classes),
            classes=task.classes,
            seed=seed,
            epochs=bonsai.EPOCHS,
        )[0]
        for seed in SEEDS
    ]
    model = max(
        tried,
        key=lambda m: score(yv, fit.predict(m, examples.x_valid).argmax(axis=1), task.classes)[
            "macro_f1"
        ],
    )
    file = convert.to_int8(model, convert.representative(examples.x_train, y, 0))
    said = run_device(file, quantize(xt, scaler)).argmax(axis=1)
    return [
        {"what": f"int8 network, {units} units", **score(yt, said, task.classes), **on_uno(file)}
    ]


def large_row(task: Task) -> dict[str, Any]:
    """A float network of 4 MB: the mean of several, each stopped on rows of its training part."""
    from sklearn.neural_network import MLPClassifier

    (x, y), (xt, yt) = task.rows("train", "valid"), task.rows("test")
    scaler = fit_scaler(x)
    scores = []
    for seed in SEEDS:
        net = MLPClassifier(
            (WIDE, WIDE), early_stopping=True, max_iter=60, n_iter_no_change=8, random_state=seed
        )
        with np.errstate(under="ignore"):  # emlearn makes NumPy raise on it
            net.fit(to_float(x, scaler), y)
        scores.append(score(yt, net.predict(to_float(xt, scaler)), task.classes))
    weights = sum(w.size for w in (*net.coefs_, *net.intercepts_))
    means = {key: round(float(np.mean([s[key] for s in scores])), 4) for key in scores[0]}
    return {"what": f"float network, {4 * weights / 2**20:.1f} MB", **means, "flash": 4 * weights}


def compare(
    folder: Path | None, flash: int, networks: bool, tell: Callable[[str], None]
) -> dict[str, list[dict[str, Any]]]:
    """Records by task."""
    tasks = [digits(False), digits(True)]
    if folder is not None:
        tasks += [har(folder), dog(folder)]
    found: dict[str, list[dict[str, Any]]] = {}
    for task in tasks:
        _, y = task.rows("train")
        _, yt = task.rows("test")
        always = np.full(len(yt), np.bincount(y).argmax())
        tell(f"{task.name}: {len(y)} training rows, {len(yt)} test rows, split by {task.split}")
        rows = [{"what": "majority class", **score(yt, always, task.classes)}]
        rows += bonsai_rows(task, flash)
        tell("  forests")
        rows += forest_rows(task, flash, tell)
        if networks:
            tell("  int8 network")
            rows += network_rows(task, flash)
        tell("  float network")
        rows.append(large_row(task))
        found[f"{task.name} ({len(yt)} test rows, split by {task.split})"] = rows
    return found


def show(found: dict[str, list[dict[str, Any]]], out: Console) -> None:
    """One table a task."""
    for title, rows in found.items():
        table = Table(title=title, title_justify="left")
        table.add_column("model")
        for column in ("accuracy", "macro F1", "flash", "RAM", "cycles", "ms on Uno"):
            table.add_column(column, justify="right")
        for row in rows:
            cells = [f"{row[key]:,}" if key in row else "–" for key in ("flash", "ram", "cycles")]
            table.add_row(
                row["what"], f"{row['accuracy']:.1%}", f"{row['macro_f1']:.3f}", *cells,
                str(row.get("ms", "–")),
            )  # fmt: skip
        out.print(table)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", nargs="?", type=Path, help="folder with har_geotec and pet_dog")
    parser.add_argument("--flash", type=int, default=2048, help="bytes, code included")
    parser.add_argument("--no-mlp", action="store_true", help="without the int8 network")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    named = os.environ.get("TINYFIELD_DATA")
    # TensorFlow's converter prints to stdout; that goes with the rest of its talk.
    results = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    folder = arguments.data or (Path(named) if named else None)
    talk = Console(stderr=True)
    try:
        found = compare(folder, arguments.flash, not arguments.no_mlp, talk.print)
    except MissingToolError as error:
        sys.exit(f"{error.message}; {error.install}")
    if arguments.json:
        print(json.dumps(found, indent=1), file=results, flush=True)
    else:
        show(found, Console(width=120, file=results))


if __name__ == "__main__":
    main()
