"""What Bonsai answers, in NumPy: the oracle that the generated C is held against, byte for byte.

ẑ = clamp((Z q + bias) >> shifts); at each node of the path y += ((W ẑ) >> w_shift) · tanh(V ẑ),
the argument of tanh being (V ẑ) >> v_shift in steps of 1/32; then on to 2k + 1 if θ·ẑ > 0, else
to 2k + 2.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tinyfield.compiler.bonsai.model import TANH, Bonsai
from tinyfield.compiler.scores import margin_outputs


def projected(model: Bonsai, q: NDArray[np.integer]) -> NDArray[np.int64]:
    """ẑ [n, projection] of int8 inputs [n, inputs]."""
    sums = q.astype(np.int64) @ model.Z.T.astype(np.int64) + model.bias
    return np.asarray(np.clip(sums >> model.shifts, -128, 127), np.int64)


def margins(model: Bonsai, q: NDArray[np.integer]) -> NDArray[np.int64]:
    """y [n, classes]."""
    z = projected(model, q)
    table = np.array(TANH)
    y = np.zeros((len(z), model.classes), np.int64)
    at = np.zeros(len(z), np.int64)
    for level in range(model.depth + 1):
        a = np.einsum("blp,bp->bl", model.W[at].astype(np.int64), z) >> model.w_shift
        b = np.einsum("blp,bp->bl", model.V[at].astype(np.int64), z) >> model.v_shift
        b = np.clip(b, -127, 127)
        y += a * np.sign(b) * table[np.abs(b)]
        if level < model.depth:
            at = 2 * at + 2 - ((model.T[at] * z).sum(axis=1) > 0)
    return y


def outputs(model: Bonsai, q: NDArray[np.integer]) -> NDArray[np.int8]:
    """What ``<prefix>_invoke`` writes, [n, classes]: score − 128."""
    return margin_outputs(margins(model, q), model.octave)
