"""The spectrum and what is read from it against SciPy, and the arithmetic under it."""

from __future__ import annotations

import ctypes
import itertools
import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import scipy.fft
import scipy.signal
from numpy.typing import NDArray

from tests.features.blocks import RATE, Block, library, signals, value
from tinyfield.spec.signals import band_bins, spectrum_size

X = NDArray[Any]
STEP = 1e-3  # a frame's step, in g
LENGTHS = (8, 9, 50, 64, 128, 250, 256, 600, 1024)
NYQUIST = RATE / 2


def powers(x: X) -> X:
    """Mean squares that the bins bring, one-sided: [points / 2 + 1]; their sum is a variance."""
    points = spectrum_size(len(x))
    density = scipy.signal.periodogram(
        x.astype(float), float(RATE), "hann", points, detrend="constant", scaling="density"
    )[1]
    return density * float(RATE) / points


def tolerance(x: X) -> float:
    """Of an amplitude, in steps: a hundredth, and 96 dB below the strongest bin."""
    return 0.01 + 2e-4 * math.sqrt(float(powers(x).max()))


@pytest.mark.parametrize("n", LENGTHS)
def test_bands(n: int) -> None:
    """Each edge a whole bin, so that a float's rounding decides nothing."""
    points = spectrum_size(n)
    edges = sorted({1, 2, points // 8, points // 4 + 1, points // 2})
    for kind, frames in signals(n).items():
        x = frames[0]
        bins = powers(x)
        for first, end in itertools.pairwise(edges):
            given = (first * RATE / points, end * RATE / points)
            stop = end + 1 if end == points // 2 else end
            want = math.sqrt(float(bins[first:stop].sum()))
            got = value(Block("band", given=given), frames) / STEP
            assert got == pytest.approx(want, rel=2e-4, abs=tolerance(x)), (kind, first, end)
            share = value(Block("band_share", given=given), frames)
            whole = float(bins[1:].sum())
            want = float(bins[first:stop].sum()) / whole if np.ptp(x) else 0.0
            assert share == pytest.approx(want, abs=1e-3), (kind, first, end)


def test_bands_of_the_whole_are_the_deviation() -> None:
    """Of a wave over whole periods, whatever its frequency."""
    t = np.arange(256) / float(RATE)
    for hertz in (2, 7.8125, 20, 42):
        frames = np.round(1000 * np.sin(2 * np.pi * hertz * t)).astype(np.int16)
        whole = value(Block("band", given=(Fraction(0), NYQUIST)), frames)
        assert whole == pytest.approx(1 / math.sqrt(2), rel=0.01)
        near = (Fraction(hertz) - 1, Fraction(hertz) + 1)
        assert value(Block("band", given=near), frames) == pytest.approx(whole, rel=0.02)


def test_bands_of_a_table() -> None:
    source = Block("rms").source(256)
    assert band_bins(Fraction(1), Fraction(3), source) == range(3, 8)  # 1.17 … 2.73 Hz
    assert band_bins(Fraction(0), Fraction(50), source) == range(1, 129)
    assert not band_bins(Fraction(1), Fraction("1.1"), source)


@pytest.mark.parametrize("n", LENGTHS)
def test_entropy_and_centroid(n: int) -> None:
    for kind, frames in signals(n).items():
        bins = powers(frames[0])[1:]
        if not np.ptp(frames[0]):
            assert value(Block("entropy"), frames) == value(Block("centroid"), frames) == 0, kind
            continue
        p = bins / bins.sum()
        entropy = -float((p[p > 0] * np.log2(p[p > 0])).sum()) / math.log2(len(p))
        assert value(Block("entropy"), frames) == pytest.approx(entropy, abs=2e-3), kind
        hertz = scipy.fft.rfftfreq(spectrum_size(n), 1 / float(RATE))[1:]
        want = float((hertz * p).sum())
        step = float(RATE) / spectrum_size(n) / 256
        got = value(Block("centroid"), frames)
        assert got == pytest.approx(want, rel=5e-4, abs=0.006 + step / 2), kind


@pytest.mark.parametrize("n", LENGTHS)
def test_peak_of_a_wave(n: int) -> None:
    """Its frequency within a sixth of a bin, at its amplitude; in the bin's middle, exactly."""
    rng = np.random.default_rng(n)
    points = spectrum_size(n)
    if n < 50:
        pytest.skip("too few bins to part a wave from its mirror image")
    for size, offset in ((2500, -1000), (20000, 12000), (60, 5)):
        for bin_ in (5.0, 7.3, points / 6 + 0.5, points / 3):
            wave = size * np.sin(2 * np.pi * bin_ / points * np.arange(n) + 0.7)
            noise = size / 200 * rng.normal(size=n)
            frames = np.round(offset + wave + noise).astype(np.int16)
            hertz = value(Block("peak_frequency"), frames)
            assert hertz == pytest.approx(bin_ * 100 / points, abs=100 / points / 5 + 0.01)
            amplitude = value(Block("peak_amplitude"), frames) / STEP
            middle = abs(bin_ - round(bin_)) < 1e-9
            assert amplitude == pytest.approx(size, rel=0.02 if middle else 0.16, abs=1)


@pytest.mark.parametrize("n", LENGTHS)
def test_peak_is_scipys(n: int) -> None:
    for kind, frames in signals(n).items():
        x = frames[0].astype(float)
        if not np.ptp(x):
            for name in ("peak_frequency", "peak_amplitude"):
                assert value(Block(name), frames) == 0, kind
            continue
        points = spectrum_size(n)
        window = scipy.signal.get_window("hann", n)
        bins = np.abs(scipy.fft.rfft((x - x.mean()) * window, points)) / window.sum() * 2
        one_sided = np.append(bins[:-1], bins[-1] / math.sqrt(2))
        best = 1 + int(one_sided[1:].argmax())
        a, b, c = (*bins, bins[-2])[best - 1 : best + 2]
        away = (c - a) / 2 / (2 * b - a - c) if 2 * b - a - c > 0 else 0
        want = (best + min(0.5, max(-0.5, away))) * 100 / points
        if best == points // 2:
            b /= 2
        got = value(Block("peak_amplitude"), frames) / STEP
        assert got == pytest.approx(b, rel=2e-4, abs=tolerance(x)), kind
        first, second = np.sort(one_sided[1:])[-2:]
        if first > 1.001 * second:  # else one of two alike may be taken
            step = float(RATE) / points / 256
            got = value(Block("peak_frequency"), frames)
            assert got == pytest.approx(want, abs=0.006 + step), kind


def test_arithmetic() -> None:
    """Sine within two units at every angle; logarithm, angle and roots within what they state."""
    c = library()
    c.tiny_sine.restype = ctypes.c_int16
    turns = np.arange(65536)
    got = np.array([c.tiny_sine(ctypes.c_uint16(int(t))) for t in turns])
    assert np.abs(got - np.sin(turns * 2 * np.pi / 65536) * 32768).max() <= 2
    rng = np.random.default_rng(1)
    values = {*range(1, 300), *(2**k for k in range(32)), *(2**k - 1 for k in range(1, 33))}
    values |= {int(v) for v in np.exp2(rng.uniform(0, 32, 2000))}
    for v in sorted(values):
        assert abs(c.tiny_log2(ctypes.c_uint32(v)) - math.log2(v) * 32768) <= 3, v
    c.tiny_root_32.restype = ctypes.c_uint16
    for v in sorted(values):
        near = min(65535, math.isqrt(v) + (v - math.isqrt(v) ** 2 > math.isqrt(v)))
        assert c.tiny_root_32(ctypes.c_uint32(v)) == near, v
    for _ in range(3000):
        y, x = (int(v) for v in rng.choice([-1, 1], 2) * np.exp2(rng.uniform(0, 31, 2)))
        want = math.degrees(math.atan2(y, x)) * 100
        assert abs(c.tiny_angle(ctypes.c_int32(y), ctypes.c_int32(x)) - want) <= 1, (y, x)
    for _ in range(3000):
        a, b = (int(v) for v in np.exp2(rng.uniform(0, 63, 2)))
        e = int(rng.integers(-40, 40))
        want = math.sqrt(a / b) * 2.0**e
        if want < 2**29:
            found = c.tiny_root_ratio(ctypes.c_uint64(a), ctypes.c_uint64(b), ctypes.c_int16(e))
            assert found == pytest.approx(want, abs=0.51, rel=2e-8), (a, b, e)
