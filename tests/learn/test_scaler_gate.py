"""Input constants stay in their bounds; the gates say which, by how much, and what would do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.learn.conftest import model
from tinyfield.errors import BudgetError
from tinyfield.learn import Cost, InputScale, Metrics
from tinyfield.learn.gate import check_accept, check_budget
from tinyfield.learn.metrics import score
from tinyfield.learn.scaler import fit_scaler, quantize, to_float
from tinyfield.spec.app import Accept, Budget

LARGEST = 2**31 - 1


@given(st.integers(-LARGEST, LARGEST), st.integers(-LARGEST, LARGEST))
def test_constants_fit_the_c(a: int, b: int) -> None:
    X = np.array([[a], [b]], dtype=np.int32)
    (scale,) = fit_scaler(X)
    assert 0 < scale.mult < 2**30 and 0 <= scale.shift <= 62
    assert -LARGEST <= scale.offset <= LARGEST and scale.zero_point == 0
    q = quantize(X, [scale])[:, 0]
    assert abs(int(q[0])) <= 127 and abs(int(q[1])) <= 127
    if abs(a - b) > 400:
        assert abs(int(q[0]) - int(q[1])) >= 220  # the range is used


def test_int8_is_the_float_input_rounded() -> None:
    rng = np.random.default_rng(0)
    X = (rng.normal(size=(2000, 4)) * [10, 300, 1e5, 1e8] + [0, 4000, -9e5, 1e9]).astype(np.int32)
    scales = fit_scaler(X)
    assert np.abs(quantize(X, scales) - 127.0 * to_float(X, scales)).max() <= 0.5 + 1e-3
    assert (np.abs(to_float(X, scales)) < 1).mean() > 0.98
    with pytest.raises(ValueError, match="3 scales for 4"):
        quantize(X, scales[:3])


def test_a_constant_input_is_in_the_middle() -> None:
    X = np.full((10, 1), 1234, np.int32)
    (scale,) = fit_scaler(X)
    assert quantize(X, [scale]).tolist() == [[0]] * 10
    assert quantize(X + 1000, [scale]).tolist() == [[127]] * 10
    assert InputScale(0, 127, 0).steps_per_unit == 127


def metrics(good: float, better: float) -> Metrics:
    """Device right on a share ``good`` of 1000 rows, float on ``better``."""
    rng = np.random.default_rng(0)
    truth, group = rng.integers(0, 3, 1000), ["x"] * 1000
    order = rng.permutation(1000)

    def scored(share: float) -> object:
        answer = np.where(order < share * 1000, truth, (truth + 1) % 3)
        return score(truth, answer, group, ("none", "light", "heavy"))

    device, rough = scored(good), scored(better)
    return Metrics(rough, device, device, scored(0.3), {}, 0.0, 1000, 1.0)  # type: ignore[arg-type]


def test_accept() -> None:
    check_accept(model(), metrics(0.1, 0.1))
    check_accept(model(Accept(accuracy=0.9, macro_f1=0.85, max_drop=0.02)), metrics(0.9, 0.91))
    with pytest.raises(
        BudgetError, match=r"accuracy 0\.900 is 0\.050 below 0\.95; the integers lo"
    ):
        check_accept(model(Accept(accuracy=0.95, max_drop=0.02)), metrics(0.9, 0.95))
    with pytest.raises(BudgetError, match="model need is not good enough: the integers lose"):
        check_accept(model(Accept(max_drop=0.01)), metrics(0.9, 0.93))


def test_an_auc_that_is_too_low_is_told() -> None:
    asked = model(Accept(auc=0.8))
    check_accept(asked, replace(metrics(0.9, 0.9), auc=0.81))
    with pytest.raises(BudgetError, match=r"not good enough: AUC 0\.770 is 0\.030 below 0\.8"):
        check_accept(asked, replace(metrics(0.9, 0.9), auc=0.77))


def test_budget_names_every_limit() -> None:
    cost = Cost("avr", flash_bytes=1287, ram_bytes=100, latency_us=900)
    check_budget(model(budget=Budget()), cost)
    with pytest.raises(BudgetError) as caught:
        check_budget(model(budget=Budget(flash_bytes=1200, ram_bytes=99, latency_us=800)), cost)
    text = caught.value.message
    assert "on avr: flash 1,287 B is 87 B over 1,200 B" in text
    assert "ram 100 B is 1 B over 99 B; latency 900 µs is 100 µs over 800 µs" in text
    assert caught.value.hint == "lower `hidden`, or raise `models.need.budget`"
    with pytest.raises(BudgetError) as caught:
        check_budget(model(budget=Budget(flash_bytes=900)), cost, lambda: "something else fits")
    assert caught.value.hint == "something else fits"
