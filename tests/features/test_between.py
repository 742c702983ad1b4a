"""Training rows between neighbouring recordings."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import pytest

from tinyfield.data.dataset import Dataset, Recording
from tinyfield.errors import DataError
from tinyfield.features.between import between
from tinyfield.features.table import refits

SPEEDS = {"a": 20, "b": 30, "c": 60, "d": 30}


def dataset(**site: Any) -> Dataset:
    """Groups a, b, c of class 0, d of class 1, each at its speed; e is for testing."""
    made = tuple(
        Recording(group, {"speed": speed, **site}, 50.0, datetime(2026, 1, 1), {},
                  np.zeros(1, np.int16), "measured")
        for group, speed in {**SPEEDS, "e": 40}.items()
    )  # fmt: skip
    split = {**dict.fromkeys(SPEEDS, "train"), "e": "test"}
    return Dataset("fan", ("normal", "fault"), (), split, (), made)  # type: ignore[arg-type]


def part(group: str, split: str = "train", n: int = 200) -> dict[str, Any]:
    """Rows of two inputs: the speed, and ten times the speed less a thousand."""
    speed = {**SPEEDS, "e": 40}[group]
    X = np.tile(np.array([[speed * 100, speed * 1000 - 1000]], np.int32), (n, 1))
    return {
        "X": X,
        "y": np.full(n, int(group == "d"), np.int16),
        "t": np.arange(n, dtype=np.int64),
        "group": np.full(n, group),
        "split": np.full(n, split),
        "origin": np.full(n, "measured"),
    }


def test_rows_lie_on_the_line_between_neighbours_of_one_class() -> None:
    made = between([*map(part, "abcd"), part("e", "test")], dataset(), "speed")
    X = np.concatenate([m["X"] for m in made])
    y = np.concatenate([m["y"] for m in made])
    # a-b and b-c, from both sides; d has no neighbour of its own class.
    assert len(X) == 4 * 200 and set(y) == {0}
    assert np.abs(X[:, 1] - (X[:, 0] * 10 - 1000)).max() <= 10
    low, high = X[X[:, 0] < 3000, 0], X[X[:, 0] > 3000, 0]
    assert low.min() < 2050 and low.max() > 2950 and high.min() < 3100 and high.max() > 5900
    assert abs(low.mean() - 2500) < 60 and abs(high.mean() - 4500) < 150
    assert {str(g) for m in made for g in m["group"]} == {"a", "b", "c"}
    assert {str(s) for m in made for s in m["split"]} == {"train"}
    again = between([*map(part, "abcd"), part("e", "test")], dataset(), "speed")
    assert all(np.array_equal(m["X"], n["X"]) for m, n in zip(made, again, strict=True))


def test_a_refit_gets_rows_between_those_of_both_splits() -> None:
    given = dataset()
    given.split["b"] = "valid"  # type: ignore[index]
    parts = [part("a"), part("b", "valid"), part("c"), part("e", "test")]
    plain, made = (between(parts, given, "speed", refits(refit)) for refit in (False, True))
    assert all(np.array_equal(m["X"], n["X"]) for m, n in zip(plain, made, strict=False))
    more = made[len(plain) :]
    assert {str(s) for m in more for s in m["split"]} == {"refit"}
    X = np.concatenate([m["X"] for m in more])
    # a-b and b-c, from both sides; a-c is the training split's own, and given already.
    assert len(X) == 4 * 200 and {str(g) for m in more for g in m["group"]} == {"a", "b", "c"}
    assert len(plain) == 2 and np.ptp([m["X"][:, 0].mean() for m in plain]) < 400


def test_what_is_not_known_of_a_recording_is_told() -> None:
    with pytest.raises(DataError, match="fan, a: no number 'load' is known of it") as caught:
        between([part("a")], dataset(), "load")
    assert caught.value.hint == "write 'between: speed'"
    assert between([part("e", "test")], dataset(), "speed") == []
