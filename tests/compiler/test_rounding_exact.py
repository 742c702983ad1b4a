"""Every form of requantization against exact rationals, at the extremes of multiplier and shift.

Once: x·m/2^s rounded half up. Twice: x·m·2^(s−31), first to a whole at 31 bits half up, then, where
s < 0, half away from zero. Short: the multiplier first rounded to 16 bits, then half up. Double: a
product of doubles, which is itself rounded to 53 bits, half away from zero.
"""

from __future__ import annotations

import ctypes
import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinyfield import hostcc
from tinyfield.compiler.rounding import (
    INT32_MAX,
    INT32_MIN,
    Once,
    divide_pot,
    doubling_high_mul,
    quantize_multiplier,
    requantize_double,
    requantize_twice,
)
from tinyfield.compiler.rounding_16x8 import (
    Fine,
    interpolation_table,
    prove_fine,
    raised,
    reduced,
    reference_double,
    sigmoid_table,
)
from tinyfield.paths import firmware_dir

EXTREMES = [INT32_MIN, INT32_MIN + 1, -(1 << 30), -2, -1, 0, 1, 2, (1 << 30) - 1, INT32_MAX]
INT32 = st.one_of(st.sampled_from(EXTREMES), st.integers(INT32_MIN, INT32_MAX))
MULTIPLIER = st.one_of(
    st.sampled_from([1 << 30, (1 << 30) + 1, INT32_MAX - 1, INT32_MAX, 0x7FFF0000, 0x7FFEFFFF]),
    st.integers(1 << 30, INT32_MAX),
)
SUMS = st.one_of(INT32, st.integers(-(1 << 40), 1 << 40), st.sampled_from([-(1 << 40), 1 << 40]))
SCALES = st.floats(2.0**-20, 2.0**-1, width=32)
REALS = st.one_of(
    st.integers(1, 30).map(lambda n: 2.0**-n),
    st.tuples(SCALES, SCALES, SCALES).map(lambda s: max(s[0] * s[1] / s[2], 2.0**-38)),
)


def half_up(x: Fraction) -> int:
    return math.floor(x + Fraction(1, 2))


def half_away(x: Fraction) -> int:
    return half_up(x) if x >= 0 else -half_up(-x)


@given(INT32, MULTIPLIER, st.integers(1, 62))
def test_once_is_half_up(x: int, mult: int, shift: int) -> None:
    assert Once(mult, shift)(x) == half_up(Fraction(x * mult, 1 << shift))


@given(INT32, MULTIPLIER)
def test_the_doubling_high_product_is_half_up(x: int, mult: int) -> None:
    assert doubling_high_mul(x, mult) == half_up(Fraction(x * mult, 1 << 31))


def test_the_one_product_that_saturates() -> None:
    assert doubling_high_mul(INT32_MIN, INT32_MIN) == INT32_MAX


@given(INT32, st.integers(0, 31))
def test_dividing_by_a_power_is_half_away(x: int, n: int) -> None:
    assert divide_pot(x, n) == half_away(Fraction(x, 1 << n))


@given(INT32, MULTIPLIER, st.integers(-31, 30))
def test_twice_is_half_up_then_half_away(x: int, mult: int, shift: int) -> None:
    # What a positive shift pushes out of 32 bits is undefined in the reference.
    left = max(shift, 0)
    x = x >> left
    first = half_up(Fraction((x << left) * mult, 1 << 31))
    assert requantize_twice(x, mult, shift) == half_away(Fraction(first, 1 << max(-shift, 0)))


@given(st.one_of(st.sampled_from(EXTREMES), INT32), REALS)
def test_double_is_the_rounded_product_half_away(x: int, real: float) -> None:
    product = Fraction(float(Fraction(x) * Fraction(real)))  # one rounding, to the nearest double
    assert requantize_double(x, real) == half_away(product)
    assert int(reference_double(np.array([x], np.int64), real)[0]) == half_away(product)


@given(st.floats(2.0**-40, 2.0**20), st.booleans())
def test_the_multiplier_is_the_nearest_there_is(real: float, single: bool) -> None:
    real = float(np.float32(real)) if single else real
    mult, shift = quantize_multiplier(real)
    if mult == 0:
        assert real < 2.0**-32
        return
    assert 1 << 30 <= mult <= INT32_MAX and shift >= -31
    unit = Fraction(2) ** (shift - 31)
    assert abs(Fraction(real) - mult * unit) <= unit / 2


@given(SUMS, MULTIPLIER, st.integers(-31, 14))
def test_short_rounds_its_multiplier_to_16_bits_first(x: int, mult: int, shift: int) -> None:
    fine = reduced(mult, shift)
    assert fine is not None
    short = min(half_up(Fraction(mult, 1 << 16)), 0x7FFF)
    want = half_up(Fraction(x * short) * Fraction(2) ** (shift - 15))
    assert fine(x) == want
    assert int(fine.of(np.array([x], np.int64))[0]) == want
    if INT32_MIN <= x <= INT32_MAX:
        assert raised(fine)(x) == want


@pytest.mark.parametrize("shift", [-32, 15, 31])
def test_short_shifts_that_the_reference_has_not(shift: int) -> None:
    assert reduced(1 << 30, shift) is None


@given(SUMS, st.integers(0, (1 << 22) - 1), st.integers(0, INT32_MAX), st.integers(1, 62))
def test_fine_is_half_up_of_what_its_multiplier_keeps(x: int, mult: int, low: int, n: int) -> None:
    fine = Fine(mult, low, n)
    whole = x * mult + math.floor(Fraction(x * low, 1 << 31))
    assert fine(x) == half_up(Fraction(whole, 1 << n))
    # No matter that the fraction is cut first: a half is a whole number.
    assert fine(x) == half_up(Fraction(x * ((mult << 31) + low), 1 << (31 + n)))
    assert int(fine.of(np.array([x], np.int64))[0]) == fine(x)


@settings(max_examples=40, deadline=None)
@given(REALS, st.integers(8, 40), st.data())
def test_the_proved_form_is_the_product_of_doubles(
    real: float, bits: int, data: st.DataObject
) -> None:
    reach = min((1 << bits) - 1, int((1 << 30) / real))
    fine = prove_fine(real, (-reach, reach), (-32768, 32767))
    assert fine is not None
    near = [int((t - 0.5) / real) + d for t in (-32767, -7, 0, 1, 2, 99, 32767) for d in (-1, 0, 1)]
    drawn = data.draw(st.lists(st.integers(-reach, reach), min_size=40, max_size=40))
    for x in (*drawn, *(n for n in near if -reach <= n <= reach), -reach, reach):
        want = np.clip(half_away(Fraction(float(Fraction(x) * Fraction(real)))), -32768, 32767)
        assert np.clip(fine(x), -32768, 32767) == want


def test_what_does_not_fit_is_not_proved() -> None:
    assert prove_fine(4.0, (-(1 << 31), 1 << 30), (-32768, 32767)) is None
    assert prove_fine(0.5, (0, (1 << 40) + 1), (-32768, 32767)) is None


def test_the_table_is_a_sigmoid_that_ends_at_one() -> None:
    table = sigmoid_table()
    assert table[0] == 32768 and table[255] == 65535 and (np.diff(table.astype(int)) >= 0).all()
    assert np.abs(table - 65536.0 / (1 + np.exp(-np.arange(256) / 24))).max() < 1.5


def test_an_interpolation_table_meets_its_function() -> None:
    table = interpolation_table(math.exp, (-10.0, 0.0), (-1.0, 1.0))
    assert len(table) == 513 and table[512] == 32767
    places = -10.0 + np.arange(512) * 10.0 / 512
    assert np.abs(table[:512] - np.exp(places) * 32768).max() < 6


FORMS = """
#include "nn/fixed_16x8.h"
void once(const int32_t *x, int32_t *y, uint32_t n, int32_t mult, int32_t shift);
void twice(const int32_t *x, int32_t *y, uint32_t n, int32_t mult, int32_t shift);
void positive(const int32_t *x, int32_t *y, uint32_t n, int32_t mult, int32_t shift);
void fine(const int64_t *x, int32_t *y, uint32_t n, int32_t mult, int32_t low, int32_t shift,
          int32_t wide);
void positive(const int32_t *x, int32_t *y, uint32_t n, int32_t mult, int32_t shift) {
    for (uint32_t i = 0; i < n; i++) {
        y[i] = tiny_requantize(x[i], mult, (int8_t)shift, TINY_ROUND_TWICE_POSITIVE);
    }
}
void once(const int32_t *x, int32_t *y, uint32_t n, int32_t mult, int32_t shift) {
    for (uint32_t i = 0; i < n; i++) {
        y[i] = tiny_requantize(x[i], mult, (int8_t)shift, TINY_ROUND_ONCE);
    }
}
void twice(const int32_t *x, int32_t *y, uint32_t n, int32_t mult, int32_t shift) {
    for (uint32_t i = 0; i < n; i++) {
        y[i] = tiny_requantize(x[i], mult, (int8_t)shift, TINY_ROUND_TWICE);
    }
}
void fine(const int64_t *x, int32_t *y, uint32_t n, int32_t mult, int32_t low, int32_t shift,
          int32_t wide) {
    for (uint32_t i = 0; i < n; i++) {
        y[i] = tiny_requantize_16x8(x[i], mult, low, (int8_t)shift, wide != 0);
    }
}
"""


@pytest.fixture(scope="module")
def forms() -> ctypes.CDLL:
    """The kernels' own arithmetic."""
    include = [firmware_dir() / "core"]
    return ctypes.CDLL(str(hostcc.compile_shared([FORMS], include=include, name="forms")))


def in_c(function: Any, x: list[int], kind: type[np.signedinteger[Any]], *rest: int) -> list[int]:
    given = np.array(x, kind)
    out = np.zeros(len(x), np.int32)
    pointers = [ctypes.c_void_p(array.ctypes.data) for array in (given, out)]
    function(*pointers, ctypes.c_uint32(len(x)), *(ctypes.c_int32(n) for n in rest))
    return [int(n) for n in out]


@settings(max_examples=200, deadline=None)
@given(st.lists(INT32, min_size=1, max_size=20), MULTIPLIER, st.integers(-31, 30))
def test_twice_in_c(forms: ctypes.CDLL, xs: list[int], mult: int, shift: int) -> None:
    xs = [x >> max(shift, 0) for x in xs]
    want = [requantize_twice(x, mult, shift) for x in xs]
    assert in_c(forms.twice, xs, np.int32, mult, shift) == want


@settings(max_examples=200, deadline=None)
@given(st.lists(INT32, min_size=1, max_size=20), MULTIPLIER, st.integers(-31, -1))
def test_the_form_for_relu_in_c(forms: ctypes.CDLL, xs: list[int], mult: int, shift: int) -> None:
    found = in_c(forms.positive, xs, np.int32, mult, shift)
    for x, y in zip(xs, found, strict=True):
        assert y == requantize_twice(x, mult, shift) if x >= 0 else y <= 0


@settings(max_examples=200, deadline=None)
@given(st.lists(INT32, min_size=1, max_size=20), MULTIPLIER, st.integers(1, 62))
def test_once_in_c(forms: ctypes.CDLL, xs: list[int], mult: int, shift: int) -> None:
    once = Once(mult, shift)
    xs = [x for x in (n >> max(32 - shift, 0) for n in xs) if abs(once(x)) < 1 << 30]
    assert in_c(forms.once, xs, np.int32, mult, shift) == [once(x) for x in xs]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(SUMS, min_size=1, max_size=20),
    st.integers(0, (1 << 22) - 1),
    st.integers(0, INT32_MAX),
    st.integers(1, 61),
    st.booleans(),
)
def test_fine_in_c(
    forms: ctypes.CDLL, xs: list[int], mult: int, low: int, shift: int, wide: bool
) -> None:
    fine = Fine(mult, low, shift)
    most = 40 if wide else 31
    xs = [x for x in xs if abs(x) < 1 << most and abs(fine(x)) < 1 << 31]
    assert in_c(forms.fine, xs, np.int64, mult, low, shift, wide) == [fine(x) for x in xs]
