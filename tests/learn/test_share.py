"""Shared levels are the best there are, zero among them; a mask takes what it says."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinyfield.learn.share import TOP, best_levels, nearest, sparse


def error(values: np.ndarray, weights: np.ndarray, levels: np.ndarray) -> float:
    return float((weights * ((values[:, None] - levels) ** 2).min(axis=1)).sum())


@given(st.integers(0, 2**32 - 1), st.integers(2, 4))
@settings(max_examples=30, deadline=None)
def test_no_other_levels_are_better(seed: int, n: int) -> None:
    """Against every choice of integers near the values."""
    rng = np.random.default_rng(seed)
    values = rng.integers(-6, 7, rng.integers(1, 12)) + rng.integers(-3, 4)
    weights = rng.uniform(0.1, 2, len(values))
    found = best_levels(values.astype(float), weights, n)
    assert 0 in found and 1 <= len(found) <= n and (np.diff(found) > 0).all()
    near = [v for v in range(values.min(), values.max() + 1) if v]
    best = min(
        error(values, weights, np.array([0, *others]))
        for k in range(n)
        for others in itertools.combinations(near, k)
    )
    assert error(values, weights, found) == pytest.approx(best, abs=1e-9)


@given(st.integers(0, 2**32 - 1), st.sampled_from([4, 8, 16, 32]))
@settings(max_examples=10, deadline=None)
def test_more_levels_change_the_weights_less(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(0, 40, 2000)
    few, many = (best_levels(values, None, k) for k in (n, 2 * n))
    q = np.clip(np.rint(values), -TOP, TOP)
    assert len(few) == n and len(many) == 2 * n
    assert error(q, np.ones(2000), many) < error(q, np.ones(2000), few)
    # Lloyd's condition: a level is the mean of what it stands for, to a rounding; zero is pinned.
    which = nearest(q, few)
    for k, level in enumerate(few):
        if level:
            assert abs(q[which == k].mean() - level) <= 1.0


def test_few_values_need_no_more_levels() -> None:
    assert best_levels(np.array([5.0, 5.0, -7.0]), None, 16).tolist() == [-7, 0, 5]
    assert best_levels(np.zeros(3), None, 4).tolist() == [0]
    assert best_levels(np.array([400.0, -400.0]), None, 4).tolist() == [-127, 0, 127]


def test_nearest() -> None:
    levels = np.array([-10, 0, 4])
    assert nearest(np.array([-99.0, -5.1, -4.9, 2.0, 2.1, 99.0]), levels).tolist() == [
        0, 0, 1, 1, 2, 2
    ]  # fmt: skip


@given(st.integers(0, 2**32 - 1), st.floats(0, 1))
@settings(max_examples=30, deadline=None)
def test_the_smallest_go(seed: int, share: float) -> None:
    weights = np.random.default_rng(seed).integers(-9, 10, (4, 11)).astype(float)
    stay = sparse(weights, share)
    assert (~stay).sum() == round(share * 44)
    if stay.any() and not stay.all():
        assert np.abs(weights[~stay]).max() <= np.abs(weights[stay]).min()
