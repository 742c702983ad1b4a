"""Scores against counts made by hand, and their corner cases."""

from __future__ import annotations

import numpy as np
import pytest

from tinyfield.learn.metrics import Score, calibration_error, macro_f1, majority, score

CLASSES = ("a", "b", "c")


def test_by_hand() -> None:
    truth = np.array([0, 0, 0, 1, 1, 2])
    answer = np.array([0, 0, 1, 1, 0, 2])
    got = score(truth, answer, ["x"] * 6, CLASSES)
    assert got.confusion == [[2, 1, 0], [1, 1, 0], [0, 0, 1]]
    assert got.accuracy == pytest.approx(4 / 6, abs=1e-6)
    assert got.macro_f1 == pytest.approx((2 / 3 + 1 / 2 + 1) / 3, abs=1e-6)
    assert got.per_class["a"] == {"recall": 0.666667, "precision": 0.666667, "f1": 0.666667, "n": 3}
    assert got.interval is None and got.groups == 1 and got.n == 6


def test_a_class_that_never_occurs_does_not_count_but_a_false_alarm_does() -> None:
    truth = np.array([0, 0, 1, 1])
    assert score(truth, truth, ["x"] * 4, CLASSES).macro_f1 == 1
    assert score(truth, truth, ["x"] * 4, CLASSES).per_class["c"]["recall"] is None
    assert score(truth, np.array([0, 0, 1, 2]), ["x"] * 4, CLASSES).macro_f1 < 0.6
    assert macro_f1(np.zeros((3, 3), np.int64)) == 0


def test_interval_is_over_groups_and_repeatable() -> None:
    """One bad group of ten widens it; the same rows as a thousand groups would not."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 1000)
    group = np.repeat([f"g{i}" for i in range(10)], 100)
    answer = np.where(group == "g3", (truth + 1) % 3, truth)
    whole = score(truth, answer, group, CLASSES)
    fine = score(truth, answer, np.arange(1000).astype(str), CLASSES)
    assert whole.interval is not None and fine.interval is not None
    assert whole.interval[0] < 0.8
    assert 0.85 < fine.interval[0] < whole.macro_f1 < fine.interval[1]
    assert whole == score(truth, answer, group, CLASSES)
    assert Score.from_json(whole.to_json()) == whole


def test_majority() -> None:
    assert majority(np.array([2, 2, 1]), 3) == 2


def test_calibration() -> None:
    truth = np.array([0] * 8 + [1] * 2)
    honest = np.tile([0.8, 0.2], (10, 1))
    boastful = np.tile([1.0, 0.0], (10, 1))
    assert calibration_error(truth, honest) == 0
    assert calibration_error(truth, boastful) == pytest.approx(0.2)
