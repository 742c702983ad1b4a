"""Bonsai in NumPy: its gradients, its sparsity, and what becoming integers costs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.learn.conftest import model, table
from tinyfield.compiler.bonsai import Bonsai, outputs
from tinyfield.compiler.own import own_model
from tinyfield.learn import bonsai, train

SHAPE = bonsai.Shape(depth=2, projection=8, density=0.3, classes=10)


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray]:
    load = pytest.importorskip("sklearn.datasets")
    X, y = load.load_digits(return_X_y=True)
    return X / 8 - 1, y.astype(np.int64)


@pytest.fixture(scope="module")
def trained(digits: tuple[np.ndarray, np.ndarray]) -> bonsai.Trained:
    X, y = digits
    return bonsai.fit(X[:900], y[:900], X[900:1200], y[900:1200], SHAPE, seed=0, epochs=45)


def test_gradients_are_those_of_the_loss() -> None:
    rng = np.random.default_rng(0)
    shape = bonsai.Shape(2, 4, 1.0, 3)
    x, labels, weight = rng.normal(size=(9, 6)), rng.integers(0, 3, 9), rng.random(9)
    one = bonsai._start(shape, x, rng)

    def loss() -> float:
        z = x @ one.Z.T
        a = np.einsum("klp,bp->bkl", one.W, z)
        b = np.tanh(np.einsum("klp,bp->bkl", one.V, z))
        g = np.tanh(2.0 * z @ one.T.T)
        reached = np.ones((9, 7))
        for k in range(3):
            reached[:, 2 * k + 1] = reached[:, k] * (1 + g[:, k]) / 2
            reached[:, 2 * k + 2] = reached[:, k] * (1 - g[:, k]) / 2
        y = (reached[..., None] * a * b).sum(axis=1)
        likely = bonsai._softmax(y)[np.arange(9), labels]
        decay = sum((p**2).sum() for p in (one.Z, one.W, one.V, one.T))
        return float(-(weight / 9 * np.log(likely)).sum() + bonsai._DECAY / 2 * decay)

    slopes = bonsai._gradients(one, x, labels, weight, 2.0)
    for parameter, slope in zip((one.Z, one.W, one.V, one.T), slopes, strict=True):
        for _ in range(6):
            at = tuple(int(rng.integers(n)) for n in parameter.shape)
            kept = parameter[at]
            parameter[at] = kept + 1e-5
            above = loss()
            parameter[at] = kept - 1e-5
            below = loss()
            parameter[at] = kept
            assert (above - below) / 2e-5 == pytest.approx(slope[at], abs=1e-6)


def test_it_learns_and_z_stays_sparse(
    trained: bonsai.Trained, digits: tuple[np.ndarray, np.ndarray]
) -> None:
    X, y = digits
    assert (trained.margins(X[1200:]).argmax(axis=1) == y[1200:]).mean() > 0.84
    assert 0 < (trained.Z[:, :-1] != 0).mean() <= SHAPE.density + 0.01
    said = trained.probabilities(X[1200:])
    assert np.allclose(said.sum(axis=1), 1)


def test_integers_cost_less_than_a_point(
    trained: bonsai.Trained, digits: tuple[np.ndarray, np.ndarray]
) -> None:
    X, y = digits
    whole = bonsai.convert(trained, X[:900])
    q = np.clip(np.round(X[900:] * 127), -128, 127).astype(np.int8)
    got = outputs(whole, q)
    rough = trained.margins(X[900:]).argmax(axis=1)
    exact = (rough == y[900:]).mean()
    assert abs((got.argmax(axis=1) == y[900:]).mean() - exact) < 0.01
    assert (got.argmax(axis=1) == rough).mean() > 0.98
    # Scores are the float model's probabilities, as far as eight bits and a table can say.
    said = trained.probabilities(X[900:])
    assert np.abs((got.astype(float) + 128) / 255 - said).mean() < 0.01


def test_a_node_alone_and_a_dead_projection(digits: tuple[np.ndarray, np.ndarray]) -> None:
    X, y = digits
    shape = bonsai.Shape(depth=0, projection=3, density=1.0, classes=10)
    one = bonsai.fit(X[:300], y[:300], X[300:400], y[300:400], shape, seed=1, epochs=6)
    one.Z[1] = 0
    whole = bonsai.convert(one, X[:300])
    q = np.clip(np.round(X * 127), -128, 127).astype(np.int8)
    assert (outputs(whole, q).argmax(axis=1) == one.margins(X).argmax(axis=1)).mean() > 0.8


def test_trained_from_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINYFIELD_CACHE", str(tmp_path))
    wanted = model().model_copy(
        update={"architecture": "bonsai", "depth": 1, "projection": 5, "density": 0.8}
    )
    got = train(table(3000), wanted, epochs=24)
    assert isinstance(own_model(got.model), Bonsai) and len(got.scaler) == 5
    report = got.report
    assert report.device == report.int8
    assert report.device.macro_f1 > 0.8 > report.baseline.macro_f1 + 0.3
    assert abs(report.drop) < 0.01 and report.agreement > 0.98
    assert report.calibration_error < 0.1
    again = train(table(3000), wanted, epochs=24)
    assert again.cached and replace(again, cached=False) == got
