"""The same trees by emlearn: no smaller and no faster (``benchmarks/trees.py`` has the tables)."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from tests.compiler.test_emulated import need
from tinyfield.learn import trees

with np.errstate():  # on import it makes every later underflow in this process an error
    pytest.importorskip("emlearn")
datasets = pytest.importorskip("sklearn.datasets")


@pytest.fixture(scope="module")
def rivals(root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("benchmark_trees", root / "benchmarks/trees.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up.
    import sys

    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.parametrize(("target", "level"), [("cortex-m4", "-O2"), ("avr", "-Os")])
@pytest.mark.parametrize("name", ["tree, depth 10", "forest of 10"])
def test_smaller_and_faster(rivals: ModuleType, name: str, target: str, level: str) -> None:
    need(target)
    X, y = datasets.load_digits(return_X_y=True)
    half = len(y) // 2
    test = X[half:].astype(np.int16)
    model = rivals.models(X[:half], y[:half])[name]
    ensemble = trees.convert(model, X[:half], classes=10, dtype="int16").ensemble
    for form, method in (("speed", "inline"), ("size", "loadable")):
        ours = rivals.ours(name, ensemble, form, target)
        mine = rivals.cost(ours, target, level, test[:12])
        peer = rivals.cost(rivals.theirs(name, model, method), target, level, test[:12])
        assert np.array_equal(rivals.labels(ours, test), model.predict(X[half:]))
        if "missing" not in peer:  # emlearn's tables do not fit an ATmega328P's RAM
            assert mine["count"] < peer["count"], (form, mine, peer)
            assert mine["flash"] < peer["flash"], (form, mine, peer)
