"""One TensorFlow process for all of these tests, shared between xdist workers."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from tinyfield.features.table import FeatureTable
from tinyfield.learn import Trained, train
from tinyfield.learn import train as train_function
from tinyfield.spec.app import Accept, Budget, Compress, Feature, Model, Train

CLASSES = ("none", "light", "heavy")
TWICE = Path(__file__).with_name("twice.py")
# The package re-exports the function under the module's name.
_train_module = __import__(train_function.__module__, fromlist=["_"])


def table(n: int = 6000) -> FeatureTable:
    """Three classes of unequal size in five inputs, 20 groups."""
    rng = np.random.default_rng(0)
    X = rng.integers(-1000, 1000, (n, 5)).astype(np.int32)
    X[:, 3] *= 1000
    X[:, 4] += 30000
    z = 2.0 * X[:, 0] + X[:, 1] * X[:, 2] / 1000 + 200 * rng.normal(size=n)
    at = np.arange(n) % 20
    return FeatureTable(
        model="need",
        names=("a", "b", "c", "d", "e"),
        classes=CLASSES,
        X=X,
        y=np.digitize(z, [500, 1500]).astype(np.int16),
        group=np.array([f"g{i}" for i in at]),
        split=np.array(["train"] * 12 + ["valid"] * 4 + ["test"] * 4)[at],
        origin=np.where(at % 2, "driven", "generated"),
        t=np.arange(n, dtype=np.int64),
    )


def model(accept: Accept | None = None, budget: Budget | None = None) -> Model:
    inputs = tuple(
        Feature(
            text=name,
            source="s.x",
            op="last",
            window_s=None,
            unit="%",
            scale=0,
            width=1,
            channel=0,
        )
        for name in table(20).names
    )
    return Model(
        name="need",
        inputs=inputs,
        classes=CLASSES,
        train=Train(dataset="d", stand_in=None, label="need", split="by group"),
        architecture="mlp",
        hidden=(12, 8),
        compress=Compress(),
        budget=budget or Budget(),
        accept=accept or Accept(),
    )


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """One process at a time; the others wait. One that dies lets go."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def model_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "model-cache"


@pytest.fixture
def cached(model_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache that holds the trained model, as this test's own."""
    monkeypatch.setenv("TINYFIELD_CACHE", str(model_cache))
    return model_cache


@pytest.fixture(scope="session")
def trained(model_cache: Path) -> Trained:
    """Trained once a session, by the real worker process (which trains twice, see twice.py)."""
    pytest.importorskip("ai_edge_litert")
    model_cache.mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch, locked(model_cache / "lock"):
        patch.setenv("TINYFIELD_CACHE", str(model_cache))
        patch.setattr(_train_module, "WORKER", (str(TWICE), str(model_cache)))
        return train(table(), model(), epochs=8)
