"""Mixtures of Gaussians: against SciPy's densities, as integers, and end to end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from tests.learn.over_time import machine, watch
from tinyfield.compiler.gmm import UNIT, distances, outputs
from tinyfield.errors import ModelError
from tinyfield.learn import gmm, train
from tinyfield.learn.metrics import auc
from tinyfield.learn.runner import run_device, run_reference

pytest.importorskip("sklearn")


def ring(n: int, seed: int) -> np.ndarray:
    """Rows on a circle, with a little noise: their mean is where none of them is."""
    rng = np.random.default_rng(seed)
    turn = rng.uniform(0, 2 * np.pi, n)
    return 0.7 * np.stack([np.cos(turn), np.sin(turn)], axis=1) + rng.normal(0, 0.03, (n, 2))


@pytest.fixture(scope="module")
def around() -> gmm.Mixture:
    return gmm.fit(ring(1500, 0), components=8, covariance="full", seed=0)


@pytest.mark.parametrize("covariance", ["full", "diagonal"])
def test_distances_are_scipys_densities(covariance: str) -> None:
    """E differs from -2 log of the likeliest component's weighted density by a constant."""
    mixture = gmm.fit(ring(600, 1), components=3, covariance=covariance, seed=0)
    x = np.random.default_rng(2).uniform(-1, 1, (50, 2))
    inverse = np.linalg.inv(mixture.white)
    each = [
        multivariate_normal(mean, root @ root.T).logpdf(x)
        for mean, root in zip(mixture.means, inverse, strict=True)
    ]
    # A component's weight is what its offset says beyond the size of its covariance.
    size = np.log(np.abs(np.linalg.det(mixture.white)))
    weight = -mixture.offsets / 2 - size
    likely = -2 * (np.stack(each, axis=1) + weight).max(axis=1)
    apart = mixture.distances(x) - likely
    assert np.ptp(apart) == pytest.approx(0, abs=1e-8)
    assert np.exp(weight - weight.max()).sum() >= 1


def test_it_knows_the_middle_of_a_ring_is_not_usual(around: gmm.Mixture) -> None:
    usual = around.distances(ring(300, 5))
    assert np.quantile(usual, 0.99) < around.distances(np.zeros((1, 2)))[0]
    single = gmm.fit(ring(1500, 0), components=1, covariance="full", seed=0)
    assert single.distances(np.zeros((1, 2)))[0] < np.median(single.distances(ring(300, 5)))


@pytest.mark.parametrize("covariance", ["full", "diagonal"])
def test_integers_are_near_the_floats(covariance: str) -> None:
    x = ring(1500, 0)
    mixture = gmm.fit(x, components=6, covariance=covariance, seed=0)
    made = gmm.convert(mixture, x, ring(500, 3), 0.02)
    q = gmm.quantized(
        np.concatenate([ring(500, 4), np.random.default_rng(0).uniform(-1, 1, (500, 2))])
    )
    rough = mixture.distances(q / 127)
    near = rough < 900
    assert near.mean() > 0.6
    # A 64th of a standard deviation off in each of two directions, 30 of them away.
    off = np.abs(distances(made, q)[near] / UNIT - rough[near])
    assert (off <= 0.1 + 2 * np.sqrt(2 * rough[near]) / 64).all()
    said = gmm.with_threshold(mixture, made).probabilities(q / 127)
    assert np.abs((outputs(made, q).astype(float) + 128) / 256 - said).max() < 0.015


@pytest.mark.parametrize("rate", [0.01, 0.05, 0.2])
def test_the_threshold_keeps_to_the_false_alarms(around: gmm.Mixture, rate: float) -> None:
    valid = ring(400, 3)
    made = gmm.convert(around, ring(10, 0), valid, rate)
    false = (outputs(made, gmm.quantized(valid)).argmax(axis=1) == 1).mean()
    assert rate / 2 - 1 / 400 <= false <= rate


def test_what_is_not_as_usual_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Through the whole of a training; no anomaly was learned from."""
    monkeypatch.setenv("TINYFIELD_CACHE", str(tmp_path))
    pytest.importorskip("ai_edge_litert")
    asked = watch("gmm", components=2, covariance="full")
    made = train(machine(), asked)
    report = made.report
    assert report.auc is not None and report.auc > 0.9
    (normal, false), (_, found) = report.device.confusion
    assert false / (normal + false) < 0.06
    assert found > 0.7 * report.device.per_class["anomaly"]["n"]
    assert report.agreement > 0.98
    q = np.random.default_rng(0).integers(-128, 128, (200, 5)).astype(np.int8)
    assert np.array_equal(run_device(made.model, q), run_reference(made.model, q))
    assert train(machine(), asked).cached


def test_too_few_rows_for_so_many_components() -> None:
    with pytest.raises(ModelError, match="90 usual rows are too few for 10 Gaussians of 2 inputs"):
        gmm.fit(ring(90, 0), components=10, covariance="full", seed=0)


def test_an_input_that_never_changes_is_no_infinite_distance() -> None:
    x = np.concatenate([ring(500, 0), np.zeros((500, 1))], axis=1)
    mixture = gmm.fit(x, components=3, covariance="full", seed=0)
    made = gmm.convert(mixture, x, x, 0.01)
    far = outputs(made, gmm.quantized(np.array([[0.7, 0.0, 0.0], [0.7, 0.0, 1.0]])))
    assert far[:, 1].tolist()[0] < 0 < far[:, 1].tolist()[1]
    assert auc(np.array([0, 1]), far[:, 1]) == 1
