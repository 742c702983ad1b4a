"""From a model's integer output to the target's integer, by the C that the node runs."""

from __future__ import annotations

import ctypes
import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tinyfield import hostcc
from tinyfield.errors import ModelError
from tinyfield.paths import firmware_dir

if TYPE_CHECKING:
    from tinyfield.compiler.ports import Port
    from tinyfield.spec.app import Target

_MULT_BITS = 24
_SHIFT_MOST = 62

_SHIM = """
#include "value.h"
void values(const int32_t *out, int64_t n, const int32_t *c, int32_t *value)
{
    for (int64_t i = 0; i < n; i++) {
        value[i] = tiny_value(out[i], c[0], c[1], (uint8_t)c[2], c[3], c[4]);
    }
}
"""


@dataclass(frozen=True)
class ValueScale:
    """``clamp(round((out - zero) · mult / 2^shift), low, high)``, in steps of ``text``."""

    zero: int
    mult: int
    shift: int
    low: int
    high: int
    text: str


def value_scale(result: Port, target: Target) -> ValueScale:
    """The constants for an output whose real value is in the target's unit.

    Raises:
        ModelError: the output's steps are finer or coarser than any that can be rescaled.
    """
    text = f"{target.name} in {target.step:g} {target.unit}"
    if result.dtype == "int32":  # trees: in the target's steps already
        return ValueScale(0, 1, 0, target.minimum, target.maximum, text)
    ratio = result.scale / target.step
    shift = _MULT_BITS - 1 - math.floor(math.log2(ratio)) if ratio > 0 else -1
    if not 0 <= shift <= _SHIFT_MOST:
        raise ModelError(
            f"the model's output has steps of {result.scale:g}, the target of {target.step:g} "
            f"{target.unit}",
            hint="it must give the target in its own unit",
        )
    return ValueScale(
        result.zero_point, round(ratio * 2.0**shift), shift, target.minimum, target.maximum, text
    )


def values(out: NDArray[Any], scale: ValueScale) -> NDArray[np.int32]:
    """The target's integers [n] of a model's outputs [n]."""
    given = np.ascontiguousarray(out.reshape(-1), dtype=np.int32)
    found = np.empty(len(given), np.int32)
    constants = np.array(
        [scale.zero, scale.mult, scale.shift, scale.low, scale.high], dtype=np.int32
    )
    _library().values(
        given.ctypes.data_as(ctypes.c_void_p),
        ctypes.c_int64(len(given)),
        constants.ctypes.data_as(ctypes.c_void_p),
        found.ctypes.data_as(ctypes.c_void_p),
    )
    return found


@functools.cache
def _library() -> ctypes.CDLL:
    return ctypes.CDLL(
        str(hostcc.compile_shared([_SHIM], include=[firmware_dir() / "core"], name="value"))
    )
