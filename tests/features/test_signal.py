"""Blocks of the time domain against NumPy and SciPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.features.blocks import Block, signals, value
from tinyfield.spec.signals import SIGNALS

X = NDArray[Any]


def crossings(x: X) -> int:
    """Sign changes where a zero has the sign before it."""
    signs = np.sign(x)[np.sign(x) != 0]
    return int((signs[1:] != signs[:-1]).sum())


LEVELS: dict[str, tuple[Callable[[X], float], float]] = {  # oracle, tolerance in steps
    "mean": (np.mean, 0.005),
    "min": (np.min, 0),
    "max": (np.max, 0),
    "range": (np.ptp, 0),
    "std": (np.std, 0.01),
    "rms": (lambda x: float(np.sqrt(np.mean(x**2))), 0.01),
    "mean_abs": (lambda x: float(np.mean(np.abs(x))), 0.005),
}
LENGTHS = (1, 2, 3, 50, 128, 256, 1000, 1024)
STEP = 1e-3  # a frame's step, in g


@pytest.mark.parametrize("n", LENGTHS)
@pytest.mark.parametrize("name", LEVELS)
def test_levels(name: str, n: int) -> None:
    oracle, tolerance = LEVELS[name]
    for kind, frames in signals(n).items():
        want = float(oracle(frames[0].astype(float)))
        assert value(Block(name), frames) / STEP == pytest.approx(want, abs=tolerance + 1e-6), kind


@pytest.mark.parametrize("n", LENGTHS)
def test_a_level_is_decibels_of_the_standard_deviation(n: int) -> None:
    for kind, frames in signals(n).items():
        std = 100 * float(np.std(frames[0].astype(float)))
        got = value(Block("level"), frames)
        if std < 100:  # few steps: what its own rounding costs shows
            assert got == 0 or abs(10 ** (got / 20) - std) <= 1.1, kind
        else:
            assert got == pytest.approx(20 * np.log10(std), abs=0.02 + 10 / std), kind


@pytest.mark.parametrize("n", LENGTHS)
def test_crossings(n: int) -> None:
    for kind, frames in signals(n).items():
        x = frames[0].astype(np.int64)
        assert value(Block("zero_crossings"), frames) == crossings(x), kind
        assert value(Block("mean_crossings"), frames) == crossings(n * x - x.sum()), kind


@pytest.mark.parametrize("n", (2, 3, 128, 1024))
@pytest.mark.parametrize("name", LEVELS)
def test_levels_of_a_jerk(name: str, n: int) -> None:
    """Differences times the rate, held within int16; here the scale is the channel's own."""
    oracle, tolerance = LEVELS[name]
    for kind, frames in signals(n).items():
        steps = np.clip(np.diff(frames[0].astype(float)), -32768, 32767)
        want = float(oracle(steps)) * 100
        got = value(Block(name, jerk=True), frames) / STEP
        assert got == pytest.approx(want, abs=100 * tolerance + 0.5 + 1e-6), kind


def projected(signal: str, frames: X) -> X:
    """A signal of frames [3, n], in float; the second vector is the first with its parts moved."""
    v = frames.astype(float)
    norm = np.linalg.norm(v, axis=0)
    mean = (np.roll(v, -1, axis=0) if SIGNALS[signal].second else v).mean(1)
    size = float(np.linalg.norm(mean))
    along = mean @ v / size if size else 0 * norm
    if signal in ("vertical", "along"):
        return along
    if signal == "norm" or size == 0:
        return norm
    return np.linalg.norm(v - np.outer(mean / size, along), axis=0)


@pytest.mark.parametrize("n", (1, 2, 3, 50, 256, 1024))
@pytest.mark.parametrize("signal", SIGNALS)
def test_signals_of_a_vector(signal: str, n: int) -> None:
    for kind, frames in signals(n).items():
        want = np.clip(projected(signal, frames), -32768, 32767)
        small = np.abs(frames).max() <= 9000
        for name in ("mean", "min", "max", "rms"):
            got = value(Block(name, signal), frames) / STEP
            oracle = LEVELS[name][0]
            assert got == pytest.approx(float(oracle(want)), abs=1 if small else 3), (kind, name)


@settings(max_examples=200, deadline=None)
@given(st.data(), st.sampled_from([1, 2, 5, 40]))
def test_any_frames(data: st.DataObject, n: int) -> None:
    """Whatever the frames, and within what the table says is the greatest."""
    frames = np.array(
        data.draw(st.lists(st.integers(-32768, 32767), min_size=n, max_size=n)), np.int16
    )
    for name, (oracle, tolerance) in LEVELS.items():
        want = float(oracle(frames.astype(float)))
        assert value(Block(name), frames) / STEP == pytest.approx(want, abs=tolerance + 1e-6), name
