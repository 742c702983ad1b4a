"""TFLite's requantization, exactly, and cheaper integer formulas proved equal to it.

A sum of products times a real scale becomes an int8. The reference does that in one of three
ways; each is a function here that never decreases as the sum grows. That is what makes a proof
cheap: two such functions agree on every sum exactly if they step from t−1 to t at the same sum
for each of at most 255 outputs t.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

INT32_MIN, INT32_MAX = -(1 << 31), (1 << 31) - 1


def round_half_away(x: float) -> int:
    """C's ``round``: ties away from zero."""
    return math.floor(x + 0.5) if x >= 0 else math.ceil(x - 0.5)


def quantize_multiplier(real: float) -> tuple[int, int]:
    """``real`` as (multiplier in 2^30..2^31−1, shift): real ≈ multiplier · 2^(shift−31).

    TFLite's QuantizeMultiplier; under 2^−32 it is flushed to zero, as there.
    """
    if real == 0.0:
        return 0, 0
    fraction, shift = math.frexp(real)
    multiplier = round_half_away(fraction * (1 << 31))
    if multiplier == 1 << 31:
        multiplier //= 2
        shift += 1
    if shift < -31:
        return 0, 0
    return multiplier, shift


def doubling_high_mul(a: int, b: int) -> int:
    """gemmlowp's SaturatingRoundingDoublingHighMul."""
    if a == INT32_MIN and b == INT32_MIN:
        return INT32_MAX
    return (a * b + (1 << 30)) >> 31


def divide_pot(x: int, n: int) -> int:
    """gemmlowp's RoundingDivideByPOT: ties away from zero."""
    mask = (1 << n) - 1
    half = (mask >> 1) + (1 if x < 0 else 0)
    return (x >> n) + (1 if (x & mask) > half else 0)


def requantize_twice(x: int, multiplier: int, shift: int) -> int:
    """TFLite's MultiplyByQuantizedMultiplier: a doubling high multiply, then a rounding shift."""
    left, right = max(shift, 0), max(-shift, 0)
    return divide_pot(doubling_high_mul(x << left, multiplier), right)


def requantize_double(x: int, real: float) -> int:
    """What LiteRT's reference fully-connected does: a product of doubles, rounded."""
    return round_half_away(float(x) * real)


@dataclass(frozen=True)
class Once:
    """x · mult / 2^shift rounded once, half up; shift in 1..62."""

    mult: int
    shift: int

    def __call__(self, x: int) -> int:
        return (x * self.mult + (1 << (self.shift - 1))) >> self.shift


def thresholds(
    reference: Callable[[int], int],
    real: float,
    sums: tuple[int, int],
    outputs: tuple[int, int],
) -> list[tuple[int, int]]:
    """Where ``reference`` steps: (output t, the least sum that gives at least t).

    Args:
        reference: never decreasing; about ``real`` times its argument.
        real: its slope, for the first guess.
        sums: the least and the greatest argument that can occur.
        outputs: the clamp; only t in low+1..high matter. A step outside ``sums`` is left out.
    """
    found = []
    low, high = sums
    for t in range(outputs[0] + 1, outputs[1] + 1):
        guess = (t - 0.5) / real if real else math.inf
        if not low - 8 < guess < high + 8:
            # Too far for rounding to matter: outside the range on a known side.
            continue
        x = math.ceil(guess)
        while x > low and reference(x - 1) >= t:
            x -= 1
        while x <= high and reference(x) < t:
            x += 1
        if low < x <= high:
            found.append((t, x))
    return found


def prove_once(
    reference: Callable[[int], int],
    real: float,
    sums: tuple[int, int],
    outputs: tuple[int, int],
) -> Once | None:
    """One multiply and one rounding shift that give ``reference``'s clamped output throughout.

    Tries the nearest multipliers; each candidate is checked at both sides of every step and at
    both ends of the range, which, both functions being monotone, is a proof. None if none fits.
    """
    if real == 0.0:
        return Once(0, 1)
    fraction, exponent = math.frexp(real)
    shift = 31 - exponent
    nearest = math.floor(fraction * (1 << 31))
    if nearest >= 1 << 31 or not 1 <= shift <= 62:
        return Once(0, 1) if shift > 62 else None
    steps = thresholds(reference, real, sums, outputs)

    def clamp(y: int) -> int:
        return min(max(y, outputs[0]), outputs[1])

    for delta in (1, 0, 2, -1, 3, -2, 4, -3):
        candidate = Once(nearest + delta, shift)
        if not 0 < candidate.mult <= INT32_MAX:
            continue
        ends_agree = all(
            INT32_MIN <= candidate(x) - outputs[0] <= INT32_MAX
            and clamp(candidate(x)) == clamp(reference(x))
            for x in sums
        )
        if ends_agree and all(candidate(x) >= t > candidate(x - 1) for t, x in steps):
            return candidate
    return None


def inverse_sqrt(x: int) -> tuple[int, int]:
    """1/√x as multiplier and shift: TFLite's GetInvSqrtQuantizedMultiplierExp."""
    if x <= 1:
        return INT32_MAX, 0
    shift = 11
    while x >= 1 << 29:
        x, shift = x // 4, shift + 1
    while x < 1 << 27:
        x, shift = x * 4, shift - 1
    # Newton and Raphson from 1, with three integer bits.
    half = divide_pot(x >> 1, 1)
    y = 1 << 28
    for _ in range(5):
        cube = doubling_high_mul(doubling_high_mul(y, y), y) << 6
        y = (doubling_high_mul(3 << 27, y) - doubling_high_mul(half, cube)) << 3
    y = doubling_high_mul(y, 1518500250)
    return (y << -shift, 0) if shift < 0 else (y, -shift)


def clamp_of(
    activation: str, scale: float, zero_point: int, limits: tuple[int, int]
) -> tuple[int, int]:
    """The integer range of a fused activation (CalculateActivationRangeQuantized).

    Args:
        limits: what the type holds, e.g. −128, 127.
    """

    def place(x: float) -> int:
        return zero_point + round_half_away(float(np.float32(x) / np.float32(scale)))

    low, high = limits
    if activation == "RELU":
        return max(low, place(0.0)), high
    if activation == "RELU6":
        return max(low, place(0.0)), min(high, place(6.0))
    if activation == "RELU_0_TO_1":
        return max(low, place(0.0)), min(high, place(1.0))
    if activation == "RELU_N1_TO_1":
        return max(low, place(-1.0)), min(high, place(1.0))
    return low, high


def softmax_table(beta: float, scale: float) -> list[int]:
    """exp(−d·beta·scale), d = 0, 1, …, in Q0.31 as the int8 reference computes it.

    Ends where an entry neither adds to the sum nor gives an output. Source: TFLite
    reference/softmax.h, gemmlowp's exp_on_negative_values; 5 integer bits.
    """
    real = min(beta * scale * (1 << 26), float(INT32_MAX))
    multiplier, left = quantize_multiplier(real)
    farthest = math.floor(31.0 * (1 << 26) / (1 << left))
    table = []
    for distance in range(min(farthest, 255) + 1):
        value = _exp_negative(doubling_high_mul(-distance << left, multiplier))
        if value < 1 << 11:
            break
        table.append(value)
    return table


def _exp_negative(a: int) -> int:
    """exp(a) for a ≤ 0 in Q5.26, result Q0.31: gemmlowp's exp_on_negative_values<5>."""
    if a == 0:
        return INT32_MAX
    quarter = 1 << 24
    modulo = (a & (quarter - 1)) - quarter
    result = _exp_quarter(modulo << 5)
    rest = modulo - a
    factors = (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242)
    for bit, factor in enumerate(factors, start=24):
        if rest & (1 << bit):
            result = doubling_high_mul(result, factor)
    return result


def _exp_quarter(a: int) -> int:
    """exp on [−1/4, 0), Q0.31: a Taylor series around −1/8, as gemmlowp sums it."""
    x = a + (1 << 28)
    x2 = doubling_high_mul(x, x)
    x3 = doubling_high_mul(x2, x)
    x4 = doubling_high_mul(x2, x2)
    third = doubling_high_mul(divide_pot(x4, 2) + x3, 715827883)
    rest = divide_pot(third + x2, 1)
    return 1895147668 + doubling_high_mul(1895147668, x + rest)
