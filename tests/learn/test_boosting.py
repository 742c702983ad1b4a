"""Boosted trees: the C says what scikit-learn says; ordered classes share one score."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tinyfield.compiler import compile_model
from tinyfield.compiler.host import run_host
from tinyfield.compiler.trees import Ensemble, outputs

pytest.importorskip("sklearn")

from tinyfield.learn import boosting
from tinyfield.learn.trees import best_temperature

Ints = NDArray[np.int32]


def steps(n: int, classes: int, seed: int = 0) -> tuple[Ints, NDArray[np.int64]]:
    """Classes that are steps of one noisy quantity of three of five features."""
    rng = np.random.default_rng(seed)
    x = rng.integers(-20_000, 20_000, (n, 5)).astype(np.int32)
    amount = x[:, 0] + 0.6 * x[:, 1] - np.abs(x[:, 2]) + rng.normal(0, 6000, n)
    cuts = np.quantile(amount, [0.5, 0.8, 0.95][: classes - 1])
    return x, np.searchsorted(cuts, amount).astype(np.int64)


def fitted(classes: int, *, ordered: bool, trees: int = 30) -> boosting.Boosted:
    x, y = steps(4000, classes)
    valid, truth = steps(1500, classes, 1)
    return boosting.fit(
        x, y, valid, truth, trees=trees, depth=8, leaves=15, min_leaf=20, classes=classes,
        ordered=ordered, seed=0,
    )  # fmt: skip


@pytest.mark.parametrize("ordered", [False, True])
@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("optimize", ["size", "speed"])
def test_the_c_says_what_scikit_learn_says(classes: int, ordered: bool, optimize: str) -> None:
    model = fitted(classes, ordered=ordered)
    x, _ = steps(4000, classes)
    made, resolution = boosting.convert(model, x)
    rows, _ = steps(3000, classes, 2)
    program = compile_model(made.to_bytes(), optimize=optimize)
    got = run_host(program, {"in0": rows[:, None]})["out0"][:, 0]
    assert np.array_equal(got, outputs(made, rows))
    assert np.array_equal(outputs(Ensemble.from_bytes(made.to_bytes()), rows), got)
    said = model.probabilities(rows)
    best = np.sort(said, axis=1)
    differ = got.argmax(axis=1) != said.argmax(axis=1)
    assert not (differ & (best[:, -1] - best[:, -2] > resolution + 1e-9)).any()
    assert differ.mean() < 0.01
    score = (got.astype(float) + 128) / 255
    assert np.abs(score - said).max() < 0.08


@pytest.mark.parametrize("classes", [2, 4])
def test_what_the_margins_say_is_what_the_cuts_say(classes: int) -> None:
    """The class between two cut points wins, and no other."""
    model = fitted(classes, ordered=True)
    rows, _ = steps(3000, classes, 2)
    by_cuts = np.searchsorted(model.cuts, model.score(rows), side="left")
    assert np.array_equal(model.margins(rows).argmax(axis=1), by_cuts)
    assert (np.diff(model.cuts) >= 0).all()


def test_ordered_classes_take_a_quarter_of_the_flash_and_score_as_well() -> None:
    rows, truth = steps(4000, 4, 2)
    f1, nodes = {}, {}
    for ordered in (True, False):
        made, _ = boosting.convert(fitted(4, ordered=ordered), steps(4000, 4)[0])
        said = outputs(made, rows).argmax(axis=1)
        cells = np.bincount(truth * 4 + said, minlength=16).reshape(4, 4)
        f1[ordered] = float(np.mean(2 * np.diag(cells) / (cells.sum(0) + cells.sum(1))))
        nodes[ordered] = made.inner
    assert nodes[True] * 3 < nodes[False]
    assert f1[True] > f1[False] - 0.02


def test_confidence_of_ordered_classes_is_calibrated() -> None:
    model = fitted(4, ordered=True)
    valid, truth = steps(1500, 4, 1)
    warmth = best_temperature(model.margins(valid), truth)
    rows, y = steps(6000, 4, 3)
    z = model.margins(rows) / warmth
    said = np.exp(z - z.max(axis=1, keepdims=True))
    said /= said.sum(axis=1, keepdims=True)
    hit = said.argmax(axis=1) == y
    for low, high in ((0.55, 0.7), (0.7, 0.85), (0.85, 1.01)):
        some = (said.max(axis=1) >= low) & (said.max(axis=1) < high)
        assert some.sum() > 100
        assert abs(hit[some].mean() - said.max(axis=1)[some].mean()) < 0.12


def test_a_class_that_training_never_saw_is_never_said() -> None:
    x, y = steps(2000, 4)
    kept = y != 3
    model = boosting.fit(
        x[kept], y[kept], x[kept], y[kept], trees=5, depth=3, leaves=8, min_leaf=5, classes=5,
        ordered=False, seed=0,
    )  # fmt: skip
    made, _ = boosting.convert(model, x)
    assert outputs(made, x).argmax(axis=1).max() < 3


def test_best_cuts_find_the_steps() -> None:
    rng = np.random.default_rng(4)
    y = rng.choice(3, 6000, p=[0.7, 0.2, 0.1])
    scores = y * 2.0 + rng.normal(0, 0.3, 6000)
    assert np.abs(boosting.best_cuts(scores, y, 3) - [1, 3]).max() < 0.4
