"""What is like nothing learned: the gate's threshold, what it catches, and that it is counted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from tests.learn.conftest import CLASSES, model, table
from tinyfield.compiler import compile_model
from tinyfield.errors import BudgetError
from tinyfield.features.table import FeatureTable
from tinyfield.learn import Cost, Metrics, Trained, train
from tinyfield.learn.known import Gate, caught, fit, gate_scaler
from tinyfield.learn.scaler import to_float
from tinyfield.spec import Budget, Model
from tinyfield.spec.architectures import OPTIONS

pytest.importorskip("sklearn")


def correlated() -> FeatureTable:
    """The usual rows, but that input e follows input a."""
    rows = table(3000)
    X = rows.X.copy()
    X[:, 4] = 30_000 + 2 * X[:, 0] + np.random.default_rng(5).integers(-100, 100, len(X))
    return replace(rows, X=X)


def gated(budget: Budget | None = None) -> Model:
    forest = {"architecture": "forest", **OPTIONS["forest"], "trees": 3, "depth": 4}
    return model(budget=budget).model_copy(update={**forest, "unknown": 0.02})


@pytest.fixture(scope="module", autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TINYFIELD_CACHE", str(tmp_path_factory.mktemp("known")))
        yield


@pytest.fixture(scope="module")
def trained(_cache: None) -> Trained:
    return train(correlated(), gated())


def test_it_keeps_to_the_rate_and_catches_what_was_never_seen(trained: Trained) -> None:
    assert isinstance(trained.report, Metrics) and trained.report.unknown is not None
    told = trained.report.unknown
    assert told.asked == 0.02 and told.rejected < 0.04
    assert told.of["out of range"] > 0.97
    assert told.of["shuffled"] > 0.5  # e no longer follows a
    assert {f"without {name}" for name in CLASSES} < told.of.keys()
    assert type(told).from_json(told.to_json()) == told


def test_the_gate_is_cached_with_its_model(trained: Trained) -> None:
    again = train(correlated(), gated())
    assert again.cached and again.gate == trained.gate
    other = train(correlated(), gated().model_copy(update={"unknown": 0.1}))
    assert not other.cached and other.gate != trained.gate


def test_its_bytes_and_instructions_count(trained: Trained) -> None:
    """``measure`` is asked for both files, and the budget holds for their sum."""
    assert trained.gate is not None
    files = {trained.model: 600, trained.gate.model: 500}

    def measure(file: bytes) -> Cost:
        return Cost("avr", files[file], 20, 1000, 1000)

    train(correlated(), gated(Budget(flash_bytes=1100)), measure=measure, neighbours=False)
    with pytest.raises(BudgetError, match="flash 1,100 B is 1 B over"):
        train(correlated(), gated(Budget(flash_bytes=1099)), measure=measure, neighbours=False)


def test_a_row_beyond_the_range_is_unknown_by_the_c(trained: Trained) -> None:
    assert trained.gate is not None
    X = correlated().part("test").X
    far = X[:20].copy()
    far[:, 3] = 2**31 - 1
    assert trained.gate.unknown(far).all()
    assert trained.gate.unknown(X).mean() < 0.04
    assert compile_model(trained.gate.model, target="avr").arena_bytes <= 4


def test_a_class_apart_is_caught_by_a_gate_that_never_saw_it() -> None:
    rng = np.random.default_rng(0)
    centres = np.array([[0, 0], [4000, 0], [0, 4000]])
    y = rng.integers(0, 3, 3000)
    X = (centres[y] + rng.normal(0, 200, (3000, 2))).astype(np.int32)
    rows = replace(
        table(3000), X=X, y=y.astype(np.int16), names=("a", "b"), t=np.arange(3000, dtype=np.int64)
    )
    learned, valid = rows.part("train"), rows.part("valid")
    scaler = gate_scaler(learned.X)
    file, without = fit(
        to_float(learned.X, scaler), learned.y, to_float(valid.X, scaler), valid.y, 0.01,
        classes=3, seed=0,
    )  # fmt: skip
    told = caught(Gate(file, scaler, tuple(without)), rows, 0.01)
    assert told.rejected < 0.03
    assert all(told.of[f"without {name}"] > 0.9 for name in CLASSES)
    assert told.of["shuffled"] > 0.1  # a third of the pairs lie where no class is
