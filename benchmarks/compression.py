"""Accuracy against flash: plain int8, pruned, shared weights, Huffman; for two networks.

    python benchmarks/compression.py FOLDER [--only kws|har] [--models DIR] [--images docs/images]

FOLDER holds ``kws_arabic`` and ``har_geotec``. Needs ``tinyfield[train,docs]``,
arm-none-eabi-gcc and QEMU. ``--models`` keeps the models, so that
measuring again trains nothing. Splits are by speaker and by subject; what is trained for how long
is chosen by the validation rows, and every figure printed is from the test rows, by the integers.
Flash is code and constants on a Cortex-M4, decoder and tables counted, as ``tinyfield bench``.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import compression_data
import numpy as np
from numpy.typing import NDArray

from tinyfield import bench
from tinyfield.compiler import compile_model
from tinyfield.learn.goal import Goal
from tinyfield.learn.runner import run_device
from tinyfield.learn.scaler import STEPS

if TYPE_CHECKING:
    import keras

TARGET = "cortex-m4"
KINDS = (("none", "o", "plain bytes"), ("fixed", "s", "fixed bits"), ("huffman", "^", "Huffman"))
SEED = 0


@dataclass(frozen=True)
class Recipe:
    """One way to make the network small: see ``tinyfield.learn.compress.Wish``."""

    name: str
    prune: float | None = None
    share: int | None = None
    sparse: float | None = None


RECIPES = (
    Recipe("int8"),
    Recipe("pruned 40 %", prune=0.4),
    Recipe("16 levels", share=16),
    Recipe("8 levels, 60 % zeros", share=8, sparse=0.6),
    Recipe("pruned 40 %, 8 levels, 60 % zeros", prune=0.4, share=8, sparse=0.6),
)


@dataclass(frozen=True)
class Point:
    """One model, coded in one way, measured."""

    recipe: str
    coding: str
    accuracy: float
    macro_f1: float
    code: int
    data: int
    ram: int
    instructions: int
    exact: bool

    @property
    def flash(self) -> int:
        return self.code + self.data


def ds_cnn(classes: int) -> keras.Model:
    """Depthwise separable, after MLPerf Tiny's keyword network, 96 wide, with a second stride."""
    import keras

    layers = keras.layers
    parts: list[Any] = [keras.Input((49, 10, 1), name="features")]

    def norm(name: str) -> None:
        parts.append(layers.BatchNormalization(momentum=0.9, name=f"{name}_norm"))
        parts.append(layers.ReLU(name=f"{name}_relu"))

    width = 96
    parts.append(
        layers.Conv2D(width, (10, 4), (3, 2), padding="same", use_bias=False, name="first")
    )
    norm("first")
    for k in range(4):
        stride = 2 if k == 0 else 1
        parts.append(
            layers.DepthwiseConv2D(3, stride, padding="same", use_bias=False, name=f"depth{k}")
        )
        norm(f"depth{k}")
        parts.append(layers.Conv2D(width, 1, use_bias=False, name=f"point{k}"))
        norm(f"point{k}")
    parts.append(layers.GlobalAveragePooling2D(name="pool"))
    parts.append(layers.Dropout(0.2, seed=SEED, name="drop"))
    parts.append(layers.Dense(classes, activation="softmax", name="classes"))
    return keras.Sequential(parts, name="ds_cnn")


def dense(classes: int) -> keras.Model:
    """120-192-96-classes."""
    from tinyfield.learn.networks import mlp

    return mlp.build({"hidden": (192, 96)}, (120,), classes)


def trained(model: keras.Model, data: compression_data.Split, epochs: int) -> keras.Model:
    """The float network: Adam, cosine decay, the best epoch on the validation rows."""
    import keras

    steps = -(-len(data.y_train) // 64)
    model.compile(
        keras.optimizers.AdamW(
            keras.optimizers.schedules.CosineDecay(3e-3, epochs * steps), weight_decay=1e-3
        ),
        keras.losses.SparseCategoricalCrossentropy(),
    )
    order, goal = np.random.default_rng(SEED), Goal(len(data.classes))
    best, kept = -1.0, model.get_weights()
    for _ in range(epochs):
        shuffled = order.permutation(len(data.y_train))
        x, y = data.x_train[shuffled], data.y_train[shuffled]
        model.fit(x, y, batch_size=64, shuffle=False, verbose=0)
        said = model.predict(data.x_valid, batch_size=512, verbose=0)
        value = goal.scores(data.y_valid, said)["macro_f1"]
        if value >= best:
            best, kept = value, model.get_weights()
    model.set_weights(kept)
    return model


NETWORKS: dict[str, tuple[str, Callable[..., Any], Callable[[int], Any], int, float]] = {
    "kws": ("kws_arabic", compression_data.keywords, ds_cnn, 20, 1.0),
    "har": ("har_geotec", compression_data.activities, dense, 20, 1.0),
}
"""Name → data, its loader, the network, epochs, and how long is trained on, against the usual."""


def make(name: str, data: compression_data.Split, folder: Path | None) -> dict[str, bytes]:
    """The integer models of all recipes, from one float network; those kept are not made again."""
    where = {r.name: folder / f"{name}-{k}.tflite" for k, r in enumerate(RECIPES)} if folder else {}
    made = {recipe: path.read_bytes() for recipe, path in where.items() if path.is_file()}
    if len(made) == len(RECIPES):
        return made
    from tinyfield.learn import fit
    from tinyfield.learn.compress import Compressor, Wish

    _, _, build, epochs, longer = NETWORKS[name]
    fit.start(SEED)
    started = time.monotonic()
    float_model = trained(build(len(data.classes)), data, epochs)
    said = Goal(len(data.classes)).scores(data.y_test, fit.predict(float_model, data.x_test))
    talk(f"{name}: float, {float_model.count_params():,} parameters, test accuracy "
         f"{said['accuracy']:.3f}, "
         f"macro F1 {said['macro_f1']:.3f}, {time.monotonic() - started:.0f} s")  # fmt: skip
    examples = fit.Examples(data.x_train, data.y_train, data.x_valid, data.y_valid)

    def way(model: keras.Model, wish: Wish) -> Compressor:
        fit.start(SEED)
        return Compressor(
            model, examples, (data.x_test, data.y_test), wish=wish, classes=len(data.classes),
            seed=SEED, progress=lambda *_: None, epochs=longer,
        )  # fmt: skip

    bases: dict[float | None, Any] = {None: float_model}
    for recipe in RECIPES:
        if recipe.name in made:
            continue
        started = time.monotonic()
        if recipe.prune is not None and recipe.prune not in bases:
            bases[recipe.prune] = way(float_model, Wish()).prune(recipe.prune)
        result = way(bases[recipe.prune], Wish(share=recipe.share, sparse=recipe.sparse)).run()
        made[recipe.name] = result.model
        steps = " → ".join(f"{s.name} {s.valid['macro_f1']:.3f}" for s in result.stages)
        talk(f"{name}: {recipe.name}, {time.monotonic() - started:.0f} s, valid {steps}")
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            where[recipe.name].write_bytes(result.model)
    return {recipe.name: made[recipe.name] for recipe in RECIPES}


def measured(models: dict[str, bytes], data: compression_data.Split) -> list[Point]:
    """Every model without coding, with fixed bits and with Huffman, where that changes anything."""
    q = np.clip(np.rint(data.x_test * STEPS), -STEPS - 1, STEPS).astype(np.int8)
    points = []
    for recipe, model in models.items():
        said: NDArray[Any] = run_device(model, q.reshape(len(q), -1))
        figures = Goal(len(data.classes)).scores(data.y_test, said)
        accuracy, f1 = figures["accuracy"], figures["macro_f1"]
        plain = None
        for coding in ("none", "fixed", "huffman"):
            program = compile_model(model, target=TARGET, coding=coding)
            if coding != "none" and program.source == plain:
                continue
            plain = program.source if coding == "none" else plain
            cost = bench.measure(model, TARGET, coding=coding)
            assert cost.flash is not None and cost.ram is not None and cost.count is not None
            points.append(
                Point(recipe, coding, accuracy, f1, cost.flash.code, cost.flash.data,
                      cost.ram.total, cost.count, cost.exact)
            )  # fmt: skip
            talk(f"  {points[-1]}")
    return points


def table(points: list[Point]) -> str:
    """Markdown, beside the first row, which is plain int8."""
    first = points[0]
    head = ("model", "weights coded", "accuracy", "macro F1", "flash: code + constants (B)",
            "of int8", "RAM (B)", "instructions")  # fmt: skip
    lines = [head, ("---",) * len(head)]
    for p in points:
        lines.append(
            (p.recipe, {"none": "–"}.get(p.coding, p.coding),
             f"{p.accuracy:.3f} ({100 * (p.accuracy - first.accuracy):+.1f})", f"{p.macro_f1:.3f}",
             f"{p.code:,} + {p.data:,} = {p.flash:,}", f"{p.flash / first.flash:.0%}",
             f"{p.ram:,}", f"{p.instructions:,}")
        )  # fmt: skip
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def draw(name: str, points: list[Point], path: Path) -> None:
    """Accuracy against flash, one line a coding."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "tinyfield"
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(7.5, 4.2))
    for coding, marker, label in KINDS:
        some = [p for p in points if p.coding == coding]
        axes.scatter([p.flash / 1024 for p in some], [100 * p.accuracy for p in some],
                     marker=marker, s=46, label=label)  # fmt: skip
    # A name a recipe, at the point that is its best: where it is coded, if its weights are shared.
    named = {r.name: "huffman" if r.share else "none" for r in RECIPES}
    for k, p in enumerate(p for p in points if p.coding == named[p.recipe]):
        axes.annotate(p.recipe, (p.flash / 1024, 100 * p.accuracy), fontsize=7,
                      xytext=(4, 5 if k % 2 else -10), textcoords="offset points")  # fmt: skip
    first = points[0]
    axes.axhline(100 * first.accuracy - 1, lw=0.8, ls="--", color="grey")
    axes.axvline(first.flash / 2048, lw=0.8, ls="--", color="grey")
    axes.set(xlabel="flash on a Cortex-M4, code and constants (KiB)", ylabel="test accuracy (%)",
             title=f"{name}; dashed: one point less, half the flash of int8")  # fmt: skip
    axes.margins(x=0.15, y=0.15)
    axes.legend(loc="lower right")
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def talk(text: str) -> None:
    """To stderr; results go to stdout."""
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    """Trains, or takes what was kept, measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where kws_arabic and har_geotec are")
    parser.add_argument("--only", choices=tuple(NETWORKS), help="one network")
    parser.add_argument("--models", type=Path, help="where models are kept")
    parser.add_argument("--images", type=Path, help="where compression-*.svg go")
    parser.add_argument("--json", action="store_true", help="the points, for scripts")
    given = parser.parse_args()
    found: dict[str, list[Point]] = {}
    for name in [given.only] if given.only else NETWORKS:
        folder, load, *_ = NETWORKS[name]
        data = load(given.folder / folder)
        rows = tuple(map(len, (data.y_train, data.y_valid, data.y_test)))
        talk(f"{name}: {rows} rows to train, choose and tell by")
        with contextlib.redirect_stdout(sys.stderr):  # TensorFlow's converter talks there
            models = make(name, data, given.models)
        found[name] = measured(models, data)
        if not given.json:
            print(f"### {name}\n\n{table(found[name])}")
        if given.images:
            draw(name, found[name], given.images / f"compression-{name}.svg")
    if given.json:
        print(json.dumps({n: [asdict(p) for p in points] for n, points in found.items()}))
    return 0 if all(p.exact for points in found.values() for p in points) else 1


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    sys.exit(main())
