"""Physical values to the int32 that channels carry; the only place that converts them.

A channel value is ``physical / 10**scale`` as an int32; ``MISSING`` stands for no reading.
"""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

MISSING = -(2**31)
"""No reading, in rows and in features (``TINY_MISSING`` in C)."""

_NUDGE = 1e-9
"""0.285 in hundredths is 28.499999999999996 in binary; whoever wrote 0.285 meant half a step."""


class Scaled(Protocol):
    """What the conversion needs to know of a channel (:class:`tinyfield.spec.Channel` has it)."""

    @property
    def scale(self) -> int: ...
    @property
    def minimum(self) -> int: ...
    @property
    def maximum(self) -> int: ...


def to_scaled(physical: ArrayLike, channel: Scaled) -> NDArray[np.int32]:
    """Rows as the node sees them: rounded half away from zero; NaN, infinite or outside the
    channel's range becomes :data:`MISSING`.

    Args:
        physical: values in the channel's unit, any shape.
        channel: gives ``scale`` (power of ten) and the range in scaled units.
    """
    values = np.asarray(physical, dtype=np.float64)
    steps = values * 10.0**-channel.scale if channel.scale <= 0 else values / 10.0**channel.scale
    with np.errstate(invalid="ignore"):
        whole = np.copysign(np.floor(np.abs(steps) + 0.5 + _NUDGE), steps)
        inside = (whole >= channel.minimum) & (whole <= channel.maximum)
    return np.where(inside, np.where(inside, whole, 0.0), float(MISSING)).astype(np.int32)


def to_scaled_one(physical: float | None, channel: Scaled) -> int:
    """:func:`to_scaled` for one value; None is no reading."""
    if physical is None or not math.isfinite(physical):
        return MISSING
    return int(to_scaled(physical, channel))


def to_physical(scaled: ArrayLike, scale: int) -> NDArray[np.float64]:
    """Back to the physical unit; :data:`MISSING` becomes NaN."""
    values = np.asarray(scaled, dtype=np.int64)
    physical = values * 10.0**scale if scale >= 0 else values / 10.0**-scale
    return np.where(values == MISSING, np.nan, physical)
