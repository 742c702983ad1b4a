"""Days without a time: what a node has that nobody told the date."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tinyfield.features.scale import MISSING


def without_clock(day: NDArray[np.int32]) -> NDArray[np.int32]:
    """Times [n, 3], as features take them, of a node that counts the days [n] but has no clock."""
    nothing = np.full(len(day), MISSING)
    return np.stack([day, nothing, nothing], axis=1).astype(np.int32)
