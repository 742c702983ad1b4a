"""From a classifier's integer sums to scores of 0 to 255, in NumPy, as ``nn/scores.h`` does it.

The winner is the first class with the largest sum, exactly. Scores are rounded down, the winner's
up: so none is as large, and the label is the one largest score.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

HALVES = 16
"""Steps an octave of ``EXP2``."""

EXP2 = tuple(round(255 * 2 ** (-i / HALVES)) for i in range(HALVES))
"""255 · 2^(−i/16)."""

_SHIFT_MOST = 16
_CLOSE = 0.98  # of full scale: so near it a shift will do for a division


@dataclass(frozen=True)
class Ratio:
    """``sum * mult >> shift``, in 32 bits unsigned."""

    mult: int
    shift: int


def vote_ratio(total: int) -> Ratio:
    """The ratio that brings ``total`` votes to 255 at most: a mere shift where that is near."""
    for shift in range(1, _SHIFT_MOST + 1):
        if _CLOSE * 255 <= total / 2**shift < 256:
            return Ratio(1, shift)
    return Ratio((255 << 24) // total, 24)


def margin_ratio(octave: float) -> Ratio:
    """The ratio that turns a distance into sixteenths of an octave: ``octave`` gives 16."""
    # The top byte of the product: an AVR has no shifter.
    return Ratio(max(1, round((HALVES << 24) / max(octave, 1.0))), 24)


def margin_limit(ratio: Ratio) -> int:
    """The distance from which on a class has nothing left: eight octaves."""
    return -(-((HALVES * 8) << ratio.shift) // ratio.mult)


def vote_outputs(sums: NDArray[np.int64], total: int) -> NDArray[np.int8]:
    """int8 [n, classes], score − 128, of votes that add up to ``total``."""
    ratio = vote_ratio(total)
    return _winner(sums, (sums * ratio.mult) >> ratio.shift)


def margin_outputs(sums: NDArray[np.int64], octave: float) -> NDArray[np.int8]:
    """int8 [n, classes], score − 128, of margins: a softmax to the base of 2 per ``octave``."""
    ratio = margin_ratio(octave)
    below = np.minimum(sums.max(axis=1, keepdims=True) - sums, margin_limit(ratio))
    return _sized(sums, (below * ratio.mult) >> ratio.shift)


def _sized(sums: NDArray[np.int64], steps: NDArray[np.int64]) -> NDArray[np.int8]:
    """From distances to the winner in sixteenths of an octave."""
    size = np.array(EXP2)[steps % HALVES] >> (steps // HALVES)
    whole = size.sum(axis=1, keepdims=True)
    return _winner(sums, size * 255 // whole)


LOG2 = tuple(round(HALVES * math.log2(1 + i / HALVES)) for i in range(HALVES))
"""16 · log2(1 + i/16)."""


def tempered_outputs(votes: NDArray[np.int64], temperature: float) -> NDArray[np.int8]:
    """int8 [n, classes], score − 128, of votes whose power 1 / ``temperature`` is a score."""
    ratio = margin_ratio(HALVES * temperature)
    limit = margin_limit(ratio)
    logs = _log(votes)
    apart = np.where(votes > 0, logs.max(axis=1, keepdims=True) - logs, limit)
    return _sized(votes, (np.minimum(apart, limit) * ratio.mult) >> ratio.shift)


def _log(votes: NDArray[np.int64]) -> NDArray[np.int64]:
    whole = np.zeros_like(votes)
    for bit in range(1, 32):
        whole += votes >> bit > 0
    top = np.where(whole > 4, votes >> np.maximum(whole - 4, 0), votes << np.maximum(4 - whole, 0))
    return np.asarray(HALVES * whole + np.array(LOG2)[top & 15], np.int64)


def _winner(sums: NDArray[np.int64], scores: NDArray[np.int64]) -> NDArray[np.int8]:
    rows, best = np.arange(len(scores)), sums.argmax(axis=1)
    scores = scores.copy()
    scores[rows, best] += scores[rows, best] < 255
    return (scores - 128).astype(np.int8)
