"""What a mixture answers, in NumPy: the oracle that the generated C is held against, byte for byte.

A component's distance is its offset and the squares of (L q + bias) >> shifts, held within 64
standard deviations; E is the least of them, and E / (E + threshold) the score of "not usual".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tinyfield.compiler.gmm.model import FARTHEST, MOST, STEPS, UNIT, Gmm

_SQUARE = (STEPS * STEPS // UNIT).bit_length() - 1


def distances(model: Gmm, q: NDArray[np.integer]) -> NDArray[np.int64]:
    """E [n] of int8 inputs [n, inputs], in units of 1/64 of a squared standard deviation."""
    sums = np.einsum("kij,nj->nki", model.rows(), q.astype(np.int64)) + model.bias
    away = np.clip(sums >> model.shifts, -MOST, MOST)
    each = model.offsets + (away * away >> _SQUARE).sum(axis=2)
    return np.asarray(np.minimum(each.min(axis=1), FARTHEST), np.int64)


def outputs(model: Gmm, q: NDArray[np.integer]) -> NDArray[np.int8]:
    """What ``<prefix>_invoke`` writes, [n, 2]: score − 128 of usual and of not usual."""
    far = distances(model, q)
    share = (far << 8) // (far + model.threshold)
    return np.stack([127 - share, share - 128], axis=1).astype(np.int8)
