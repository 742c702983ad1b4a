"""From a trained float threshold to the integer one that decides alike on every integer input.

scikit-learn rounds an input to float32 and goes left where ``float32(x) <= t``. That is monotone
in x, so there is one largest integer input that still goes left: the threshold of the generated C.
Below 2**24 it is ``floor(t)`` (never a cut towards zero: −0.5 becomes −1); above, float32 no longer
tells every integer from its neighbour, and the largest is searched for.
"""

from __future__ import annotations

import math

import numpy as np

from tinyfield.errors import ModelError

INT32 = np.iinfo(np.int32)
_EXACT_BELOW = 1 << 24
_REACH = 1 << 8
"""Half a float32 step just below 2**32: no integer input of int32 is rounded further."""


def exact_threshold(threshold: float, scale: float = 1.0) -> int:
    """The largest integer q that goes left, where the tree saw ``x = q / scale``.

    Args:
        threshold: as trained; x <= threshold goes left.
        scale: integer steps per unit of the tree's input; 1 where it was trained on the integers.

    Raises:
        ModelError: not finite, or beyond int32. It is refused: a threshold cut to fit would send
            inputs the other way.
    """
    if not math.isfinite(threshold) or not (math.isfinite(scale) and scale > 0):
        raise ModelError(
            f"a tree's threshold {threshold} with scale {scale} is no finite number",
            hint="look for NaN or infinite values in the training data",
        )
    guess = _floor(threshold, scale)
    if not INT32.min <= guess < INT32.max:
        raise ModelError(
            f"a tree's threshold {threshold:g} times {scale:g} is beyond the 32-bit integers",
            hint="give the feature a smaller scale: values must fit int32",
        )
    if scale == 1.0 and abs(guess) < _EXACT_BELOW - 1:
        return guess
    low, high = guess - _REACH, guess + _REACH
    while not _left(low, threshold, scale):
        low -= _REACH << 1
    while _left(high, threshold, scale):
        high += _REACH << 1
    while high - low > 1:
        middle = (low + high) // 2
        if _left(middle, threshold, scale):
            low = middle
        else:
            high = middle
    if not INT32.min <= low < INT32.max:
        raise ModelError(
            f"a tree's threshold {threshold:g} splits nothing within the 32-bit integers",
            hint="give the feature a smaller scale: values must fit int32",
        )
    return low


def _floor(threshold: float, scale: float) -> int:
    product = threshold * scale
    if not math.isfinite(product):
        return INT32.max
    return math.floor(product)


def _left(q: int, threshold: float, scale: float) -> bool:
    return bool(float(np.float32(q / scale)) <= threshold)
