"""Order statistics, moments, repetition, correlation and tilt against SciPy."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import scipy.signal
import scipy.stats
from numpy.typing import NDArray

from tests.features.blocks import RATE, Block, signals, value

X = NDArray[Any]
STEP = 1e-3  # a frame's step, in g


def crest(x: X) -> float:
    return float(np.abs(x - x.mean()).max() / x.std())


ORDER: dict[str, Callable[[X], float]] = {
    "median": lambda x: float(np.median(x)),
    "iqr": scipy.stats.iqr,
}
MOMENTS: dict[str, Callable[[X], float]] = {
    "skewness": scipy.stats.skew,
    "kurtosis": scipy.stats.kurtosis,
    "crest": crest,
}


@pytest.mark.parametrize("n", (1, 2, 3, 4, 5, 50, 128, 255, 1000, 1024))
@pytest.mark.parametrize("name", ORDER)
def test_order(name: str, n: int) -> None:
    """Exactly."""
    for kind, frames in signals(n).items():
        want = ORDER[name](frames[0].astype(float))
        assert value(Block(name), frames) / STEP == pytest.approx(want, abs=1e-6), kind


@pytest.mark.parametrize("n", (2, 3, 8, 50, 128, 256, 1000, 1024))
@pytest.mark.parametrize("name", MOMENTS)
def test_moments(name: str, n: int) -> None:
    for kind, frames in signals(n).items():
        x = frames[0].astype(float)
        want = 0.0 if np.ptp(x) == 0 else float(MOMENTS[name](x))
        assert value(Block(name), frames) == pytest.approx(want, rel=1e-3, abs=2e-3), kind


def autocorrelation(x: X) -> X:
    """The biased estimate, at every lag from 0 on; 0 where nothing moves."""
    away = x - x.mean()
    full = scipy.signal.correlate(away, away, method="direct")[len(x) - 1 :]
    return full / full[0] if full[0] > 0 else full


@pytest.mark.parametrize("n", (4, 50, 128, 256, 1024))
def test_autocorrelation(n: int) -> None:
    for kind, frames in signals(n).items():
        want = autocorrelation(frames[0].astype(float))
        for lag in (1, 3, n // 2, n - 1):
            block = Block("autocorrelation", given=(Fraction(lag) / RATE,))
            assert value(block, frames) == pytest.approx(want[lag], abs=1e-3), (kind, lag)


def test_period_of_a_wave() -> None:
    """Under noise and on a slope: the wave's own period, to the nearest frame."""
    rng = np.random.default_rng(5)
    for n in (64, 128, 256, 1000):
        for frames_a_wave in (5, 8, 16, 25.5):
            t = np.arange(n)
            wave = np.sin(2 * np.pi * t / frames_a_wave + 1)
            for size, offset in ((2000, 900), (30000, 0), (20, -5)):
                x = offset + size * wave + 0.1 * size * rng.normal(size=n)
                frames = np.clip(np.round(x), -32768, 32767).astype(np.int16)
                assert value(Block("period"), frames) * 100 == pytest.approx(frames_a_wave, abs=1)


@pytest.mark.parametrize("n", (4, 5, 50, 128, 255, 1024))
def test_period_is_the_highest_peak(n: int) -> None:
    for kind, frames in signals(n).items():
        r = autocorrelation(frames[0].astype(float))
        below = np.flatnonzero(r < -1e-9)
        got = round(value(Block("period"), frames) * 100)
        first = int(below[0]) if len(below) else n
        peaks = [p for p in scipy.signal.find_peaks(r)[0] if first < p <= n // 2 and r[p] > 1e-4]
        if not peaks:
            assert got == 0 or r[got] < 1e-3, kind
            continue
        assert got > 0 and r[got] == pytest.approx(max(r[p] for p in peaks), abs=1e-3), kind


@pytest.mark.parametrize("n", (2, 3, 50, 256, 1024))
def test_correlation(n: int) -> None:
    rng = np.random.default_rng(n)
    for kind, frames in signals(n).items():
        for mixed in (frames[1], frames[0] // 2 + rng.integers(-9, 9, n), -(frames[0] // 3)):
            pair = np.array([frames[0], mixed, mixed]).astype(np.int16)
            x, y = pair[:2].astype(float)
            still = np.ptp(x) == 0 or np.ptp(y) == 0
            want = 0.0 if still else float(scipy.stats.pearsonr(x, y).statistic)
            assert value(Block("correlation"), pair) == pytest.approx(want, abs=1e-3), kind


def angles(v: X) -> dict[str, float]:
    x, y, z = v
    tilt = math.atan2(math.hypot(x, y), z)
    pitch = math.atan2(-x, math.hypot(y, z))
    roll = math.atan2(y, z)
    return {k: math.degrees(a) for k, a in (("tilt", tilt), ("pitch", pitch), ("roll", roll))}


def test_tilt_all_around() -> None:
    rng = np.random.default_rng(2)
    axes = np.vstack([np.eye(3), -np.eye(3), rng.normal(size=(200, 3))])
    for size in (3, 1000, 18000):
        for axis in axes:
            v = np.round(size * axis / np.linalg.norm(axis)) + 0.0  # no negative zero
            frames = np.repeat(v[:, None], 5, 1).astype(np.int16)
            for name, want in angles(v).items():
                assert value(Block(name), frames) == pytest.approx(want, abs=0.02), (name, v)


@pytest.mark.parametrize("n", (1, 50, 1024))
def test_tilt_is_that_of_the_mean(n: int) -> None:
    for kind, frames in signals(n).items():
        for name, want in angles(frames.astype(float).sum(1)).items():
            got = value(Block(name), frames)
            assert abs((got - want + 180) % 360 - 180) <= 0.02, (kind, name)
