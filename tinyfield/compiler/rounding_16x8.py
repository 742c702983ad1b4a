"""Requantization of 16x8 models: sums of int16·int8 products that become int16.

LiteRT's reference has three forms. FULLY_CONNECTED multiplies the sum by a double and rounds half
away from zero; convolutions with 64-bit biases use the 64-bit MultiplyByQuantizedMultiplier, whose
multiplier is rounded to 16 bits; the rest is the 32-bit form of ``rounding.py``. The first two
become one multiplication by a :class:`Fine` number and one rounding.

A 31-bit multiplier, which serves int8, cannot give all of the 65535 steps of an int16 output:
its relative error of 2^−31 moves steps that lie 2^−16 apart. Fifty-three bits and more can, and
that they do is proved here step by step (in numpy: 65535 steps take some milliseconds).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinyfield.compiler.rounding import INT32_MAX, INT32_MIN, round_half_away

Integers = NDArray[np.int64]

#: Sums beyond this are for no kernel.
WIDEST_SUM = 1 << 40
_LOW_BITS = 31
_SPLIT = 24


@dataclass(frozen=True)
class Fine:
    """x · (mult + low/2^31) / 2^shift, rounded once, half up.

    Attributes:
        mult: 0..2^31−1, and so small that x · mult has 63 bits.
        low: 0..2^31−1, the fraction of the multiplier.
        shift: 1..62.
    """

    mult: int
    low: int
    shift: int

    def __call__(self, x: int) -> int:
        whole = x * self.mult + ((x * self.low) >> _LOW_BITS)
        return (whole + (1 << (self.shift - 1))) >> self.shift

    def of(self, x: Integers) -> Integers:
        """The same for many numbers, in the steps that the wide kernel takes (64 bits each)."""
        part = ((x >> _SPLIT) * self.low + (((x & ((1 << _SPLIT) - 1)) * self.low) >> _SPLIT)) >> (
            _LOW_BITS - _SPLIT
        )
        result: Integers = (x * self.mult + part + (1 << (self.shift - 1))) >> self.shift
        return result


def is_wide(sums: tuple[int, int]) -> bool:
    """Does a sum in this range need 64 bits?"""
    return sums[0] < INT32_MIN or sums[1] > INT32_MAX


def reference_double(x: Integers, real: float) -> Integers:
    """What the reference's FULLY_CONNECTED gives: a product of doubles, rounded."""
    product = x.astype(np.float64) * real
    # floor(x + 0.5) would itself round; the fraction is exact.
    whole = np.trunc(product)
    away = np.abs(product - whole) >= 0.5
    result: Integers = (whole + np.where(away, np.copysign(1.0, product), 0.0)).astype(np.int64)
    return result


def prove_fine(real: float, sums: tuple[int, int], outputs: tuple[int, int]) -> Fine | None:
    """A :class:`Fine` form of :func:`reference_double`, clamped to ``outputs``, for all ``sums``.

    Both never decrease, so they agree throughout if they agree at both ends and step to every
    output at the same sum; each candidate is checked for that.

    Returns:
        None if no candidate passes, or an unclamped result may leave 32 bits.
    """
    reach = max(-sums[0], sums[1], 1)
    if reach > WIDEST_SUM or reach * real >= INT32_MAX:
        return None
    if real == 0.0 or reach * real < 0.25:
        return Fine(0, 0, 1)
    fraction, exponent = math.frexp(real)
    bits = min(31, 62 - reach.bit_length())
    shift = bits - exponent
    if not 1 <= shift <= 62:
        return None
    exact = math.floor(math.ldexp(fraction, bits + _LOW_BITS))
    steps = _steps(real, sums, outputs)
    ends = np.array(sums, np.int64)
    unit = max(exact >> 55, 1)
    # A product of doubles that rounds to a tie goes away from zero, so that the line has to lie
    # a little above the real one; how little depends on where the sums happen to lie.
    for nudge in (0, 1, 2, 4, 8, 16, 32, 64, 128, -1, -2, -4):
        number = exact + nudge * unit
        if number >> (bits + _LOW_BITS):
            continue
        candidate = Fine(number >> _LOW_BITS, number & ((1 << _LOW_BITS) - 1), shift)
        if _agrees(candidate, real, ends, steps, outputs):
            return candidate
    return None


def _agrees(
    candidate: Fine,
    real: float,
    ends: Integers,
    steps: tuple[Integers, Integers],
    outputs: tuple[int, int],
) -> bool:
    at_ends = np.clip(candidate.of(ends), *outputs) == np.clip(
        reference_double(ends, real), *outputs
    )
    target, least = steps
    return bool(
        at_ends.all()
        and (candidate.of(least) >= target).all()
        and (candidate.of(least - 1) < target).all()
    )


def _steps(
    real: float, sums: tuple[int, int], outputs: tuple[int, int]
) -> tuple[Integers, Integers]:
    """Each output that occurs above the lowest, and the least sum that gives at least that."""
    first = int(reference_double(np.array(sums[:1], np.int64), real)[0])
    last = int(reference_double(np.array(sums[1:], np.int64), real)[0])
    target = np.arange(max(outputs[0], first) + 1, min(outputs[1], last) + 1, dtype=np.int64)
    least = np.ceil((target.astype(np.float64) - 0.5) / real).astype(np.int64)
    while (early := reference_double(least, real) < target).any():
        least += early
    while (late := reference_double(least - 1, real) >= target).any():
        least -= late
    return target, least


def reduced(mult: int, shift: int) -> Fine | None:
    """The 64-bit MultiplyByQuantizedMultiplier: its multiplier is rounded to 16 bits.

    Args:
        mult, shift: as ``quantize_multiplier`` gives them.

    Returns:
        None where the reference's own shift is out of range.
    """
    short = (mult + (1 << 15)) >> 16 if mult < 0x7FFF0000 else 0x7FFF
    if not -31 <= shift <= 14:
        return None
    return Fine(short, 0, 15 - shift)


def raised(fine: Fine) -> Fine:
    """The same number with 16 more bits on both sides, as 32-bit sums are multiplied fastest."""
    if fine.mult >> 15 or fine.low or fine.shift + 16 > 62:
        return fine
    return Fine(fine.mult << 16, 0, fine.shift + 16)


def sigmoid_table() -> NDArray[Any]:
    """sigmoid(i/24), i = 0..255, in Q0.16: what int16 LOGISTIC and TANH interpolate in.

    Each entry is raised by half the error that the straight line to the next one makes in the
    middle; the last stands for all that is to its right. These are the values of TFLite's
    ``sigmoid_table_uint16`` (common.h).
    """
    i = np.arange(256.0)

    def sigmoid(x: NDArray[np.float64]) -> NDArray[Any]:
        return 65536.0 / (1.0 + np.exp(-x / 24.0))

    sagging = sigmoid(i + 0.5) - (sigmoid(i) + sigmoid(i + 1)) / 2
    table = np.rint(sigmoid(i) + sagging / 2)
    table[255] = 65535
    result: NDArray[np.uint16] = table.astype(np.uint16)
    return result


def interpolation_table(
    function: Callable[[float], float],
    source: tuple[float, float],
    output: tuple[float, float],
) -> NDArray[np.int16]:
    """513 values between which an int16 function is interpolated (LUTPopulate, in double).

    Args:
        function: real → real.
        source: what −32768 and 32767 stand for at the input.
        output: the same at the output.
    """
    first, last = source
    step = (last - first) / 512
    up = 65536.0 / (output[1] - output[0])

    def clamped(x: float) -> int:
        return int(min(max(x, -32768.0), 32767.0))

    table = []
    for place in range(512):
        x = first + place * step
        value, middle = function(x), function(x + step / 2)
        following = function(first + (place + 1) * step)
        sample = round_half_away(value * up)
        line = round_half_away((following * up + sample) / 2)
        error = line - round_half_away(middle * up)
        table.append(clamped(sample - round_half_away(error / 2)))
    table.append(clamped(round_half_away(function(last) * up)))
    return np.array(table, np.int16)
