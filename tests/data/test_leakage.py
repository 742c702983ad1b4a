"""What is tested must not have been trained on: recordings in two groups, or over each other."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tinyfield.data.dataset import Dataset, Recording, Series, Source, Split
from tinyfield.data.leakage import RUN, check_apart
from tinyfield.errors import DataError

WALK = np.random.default_rng(7).normal(size=(2, 4000))


def recording(group: str, values: NDArray[Any], labels: NDArray[np.int16] | None = None) -> Source:
    n = values.shape[1]
    given = np.zeros(n, np.int16) if labels is None else labels
    channels = {f"imu.accel_{a}": v.astype(np.float32) for a, v in zip("xy", values, strict=True)}
    return Recording(group, {}, 50, datetime(2026, 3, 1), channels, given, "measured")


def series(group: str, values: NDArray[Any]) -> Source:
    n = values.shape[1]
    channels = {f"a.{a}": v.copy() for a, v in zip("xy", values, strict=True)}
    day, labels = np.zeros(n, np.int32), np.zeros(n, np.int16)
    return Series(group, {}, 60, datetime(2026, 3, 1), channels, day, labels, "measured")


def dataset(*sources: Source, **split: Split) -> Dataset:
    slow = tuple(s for s in sources if isinstance(s, Series))
    fast = tuple(s for s in sources if isinstance(s, Recording))
    return Dataset("moves", ("a", "b"), slow, split, (), fast)


@pytest.mark.parametrize("kind", [recording, series])
@pytest.mark.parametrize("split", ["train", "test"])
def test_one_recording_under_two_names(kind: Any, split: Split) -> None:
    """Whatever the splits are: it would count twice, and its interval would be too narrow."""
    one, other = kind("anna", WALK), kind("berta", WALK)
    with pytest.raises(DataError, match="anna and berta are the same recording") as caught:
        check_apart(dataset(one, other, anna="train", berta=split))
    assert caught.value.hint and "group" in caught.value.hint


@pytest.mark.parametrize("kind", [recording, series])
@pytest.mark.parametrize(("first", "end"), [(3000, 4000), (3917, 4000), (0, 100), (17, 3000)])
def test_a_part_in_another_split(kind: Any, first: int, end: int) -> None:
    """At any place, and even if only two runs are shared."""
    noise = np.random.default_rng(1).normal(size=(2, 500))
    torn = np.hstack([noise, WALK[:, first:end], noise[::-1]])
    with pytest.raises(DataError, match=r"berta \(test\) holds samples that anna \(train\)"):
        check_apart(dataset(kind("anna", WALK), kind("berta", torn), anna="train", berta="test"))
    with pytest.raises(DataError, match=r"\(valid\)"):
        check_apart(dataset(kind("anna", WALK), kind("berta", torn), anna="valid", berta="test"))
    check_apart(dataset(kind("anna", WALK), kind("berta", torn), anna="train", berta="train"))


def test_overlapping_windows_dealt_at_random() -> None:
    """The commonest leak: windows of 128 that overlap by half, each a recording of its own."""
    rng = np.random.default_rng(2)
    cut = [recording(f"w{i}", WALK[:, 64 * i : 64 * i + 128]) for i in range(60)]
    split: dict[str, Split] = {f"w{i}": ("train", "test")[int(rng.integers(2))] for i in range(60)}
    with pytest.raises(DataError, match="would have been trained on") as caught:
        check_apart(dataset(*cut, **split))
    assert caught.value.hint and "no two overlap" in caught.value.hint


def test_neighbours_in_time_are_apart() -> None:
    parts = [recording(g, WALK[:, a:b]) for g, a, b in (("a", 0, 2000), ("b", 2000, 4000))]
    check_apart(dataset(*parts, a="train", b="test"))


def test_time_that_is_not_asked_for_may_be_shared() -> None:
    """A part may bring the hours before it along, unlabelled, to fill its windows."""
    labels = np.zeros(3000, np.int16)
    labels[:1000] = -1
    later = recording("b", WALK[:, 1000:], labels)
    check_apart(dataset(recording("a", WALK[:, :2000]), later, a="train", b="test"))
    labels[900:] = 0
    later = recording("b", WALK[:, 1000:], labels)
    with pytest.raises(DataError, match="trained on"):
        check_apart(dataset(recording("a", WALK[:, :2000]), later, a="train", b="test"))


def test_what_stands_still_tells_nothing() -> None:
    """A fan that is off, a stuck sensor, a step: alike without being the same."""
    still = np.ones((2, 1000))
    step = still.copy()
    step[:, 500:] = 2
    gone = np.full((2, 1000), np.nan)
    for values in (still, step, gone):
        one, other = recording("a", values), recording("b", values)
        check_apart(dataset(one, other, a="train", b="test"))
    short = [recording(g, WALK[:, : RUN - 1] + i) for i, g in enumerate("ab")]
    check_apart(dataset(*short, a="train", b="test"))


def test_another_sensors_noise_is_another_recording() -> None:
    again = WALK + np.random.default_rng(3).normal(0, 1e-4, WALK.shape)
    check_apart(dataset(recording("a", WALK), recording("b", again), a="train", b="test"))
    weather = np.vstack([WALK[0], WALK[1, ::-1]])  # what two plots share is one channel
    check_apart(dataset(series("a", WALK), series("b", weather), a="train", b="test"))
    relabelled = replace(recording("b", WALK), labels=np.ones(4000, np.int16))
    with pytest.raises(DataError, match="same recording"):
        check_apart(dataset(recording("a", WALK), relabelled, a="train", b="test"))
