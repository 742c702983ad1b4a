"""From int32 features to the network's int8 inputs: the constants, and the C that applies them.

``q = clamp(round((x - offset) * mult / 2**shift) + zero_point)`` (firmware's ``quantize.h``). The
network is trained on ``q / 127``, so one step of every input is the same size: its input tensor
has scale 1/127 and zero point 0.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tinyfield import hostcc
from tinyfield.paths import firmware_dir

STEPS = 127
"""Quantization steps from the middle of a feature's range to its end."""

_MULT_BITS = 15  # of precision: the range's end is then off by 1/256 of a step at most
_TAIL = 0.5  # percent of the training rows beyond each end of the range
_MARGIN = 0.05  # of the range, on both sides: the next season is not exactly the last

_SHIM = """
#include "features/quantize.h"
void quantize(const int32_t *x, int64_t rows, int64_t columns, const int32_t *constants, int8_t *q)
{
    for (int64_t i = 0; i < rows * columns; i++) {
        const int32_t *c = &constants[4 * (i % columns)];
        q[i] = tiny_quantize(x[i], c[0], c[1], (uint8_t)c[2], (int8_t)c[3]);
    }
}
"""


@dataclass(frozen=True)
class InputScale:
    """How one input becomes an int8.

    Attributes:
        offset: the feature value that becomes ``zero_point``.
        mult, shift: steps per unit of the feature, as ``mult / 2**shift``; 0 < mult < 2**30.
        zero_point: -128 to 127.
    """

    offset: int
    mult: int
    shift: int
    zero_point: int = 0

    @property
    def steps_per_unit(self) -> float:
        return float(self.mult) / float(2**self.shift)


def fit_scaler(X: NDArray[np.int32]) -> tuple[InputScale, ...]:
    """The constants of every input, from the training rows' percentiles.

    Args:
        X: int32 [n, k], training rows only, nothing missing.
    """
    low, high = np.percentile(X, (_TAIL, 100 - _TAIL), axis=0)
    return tuple(_scale(float(a), float(b)) for a, b in zip(low, high, strict=True))


def _scale(low: float, high: float) -> InputScale:
    half = max((high - low) / 2 * (1 + 2 * _MARGIN), 1.0)
    offset = round((low + high) / 2)
    steps = STEPS / half
    shift = max(0, _MULT_BITS - 1 - int(np.floor(np.log2(steps))))
    return InputScale(offset, round(steps * 2**shift), shift)


def quantize(X: NDArray[np.int32], scales: Sequence[InputScale]) -> NDArray[np.int8]:
    """int8 [n, m] through the node's own C; ``m`` is a multiple of the number of scales."""
    X = np.ascontiguousarray(X, dtype=np.int32)
    q = np.empty(X.shape, dtype=np.int8)
    constants = np.array(
        [(s.offset, s.mult, s.shift, s.zero_point) for s in scales], dtype=np.int32
    )
    if not len(scales) or X.shape[1] % len(scales):
        raise ValueError(f"{len(scales)} scales for {X.shape[1]} inputs")
    _library().quantize(
        X.ctypes.data_as(ctypes.c_void_p),
        ctypes.c_int64(X.size // len(scales)),
        ctypes.c_int64(len(scales)),
        constants.ctypes.data_as(ctypes.c_void_p),
        q.ctypes.data_as(ctypes.c_void_p),
    )
    return q


def to_float(X: NDArray[np.int32], scales: Sequence[InputScale]) -> NDArray[np.float32]:
    """The same inputs without rounding, as the float network sees them: in [-128/127, 1]."""
    times = X.shape[1] // len(scales)
    offset = np.tile([float(s.offset) for s in scales], times)
    steps = np.tile([s.steps_per_unit for s in scales], times)
    x: NDArray[np.float64] = np.clip((X - offset) * steps, -STEPS - 1, STEPS) / STEPS
    return x.astype(np.float32)


@functools.cache
def _library() -> ctypes.CDLL:
    return ctypes.CDLL(
        str(hostcc.compile_shared([_SHIM], include=[firmware_dir() / "core"], name="quantize"))
    )
