"""The proved requantization, and the fixed-point pieces against floating point."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinyfield.compiler.rounding import (
    Once,
    clamp_of,
    divide_pot,
    prove_once,
    quantize_multiplier,
    requantize_double,
    requantize_twice,
    softmax_table,
    thresholds,
)

# What scales give: float32 numbers, powers of two, and in·weights/out of three float32 scales.
SCALES = st.floats(2**-10, 2, width=32)
REALS = st.one_of(
    st.floats(2**-16, 0.875, width=32),
    st.integers(1, 16).map(lambda n: 2.0**-n),
    st.tuples(SCALES, SCALES, SCALES).map(lambda s: max(s[0] * s[1] / s[2], 2.0**-16)),
)


@settings(max_examples=60, deadline=None)
@given(REALS, st.integers(-128, 127), st.data())
def test_the_proved_form_is_the_reference(real: float, zero: int, data: st.DataObject) -> None:
    def reference(x: int) -> int:
        return requantize_double(x, real)

    outputs = (-128 - zero, 127 - zero)
    reach = min(int(300 / real) + 10, 1 << 30)
    once = prove_once(reference, real, (-reach, reach), outputs)
    assert once is not None
    samples = data.draw(st.lists(st.integers(-reach, reach), min_size=50, max_size=50))
    steps = [
        x + d for _, x in thresholds(reference, real, (-reach, reach), outputs) for d in (-1, 0)
    ]
    for x in (*samples, *steps):
        assert np.clip(once(x), *outputs) == np.clip(reference(x), *outputs)


def test_negative_ties_go_away_from_zero() -> None:
    once = prove_once(lambda x: requantize_double(x, 0.5), 0.5, (-1000, 1000), (-128, 127))
    assert once is not None
    assert [once(x) for x in (-3, -1, 1, 3)] == [-2, -1, 1, 2]


def test_what_cannot_be_proved_is_refused() -> None:
    # A function whose steps no line meets.
    assert prove_once(lambda x: 0 if x < 3 else 50 + x, 1.0, (-100, 100), (-128, 127)) is None


@given(REALS)
def test_multiplier_and_shift_stand_for_the_number(real: float) -> None:
    mult, shift = quantize_multiplier(real)
    assert 1 << 30 <= mult < 1 << 31
    assert math.isclose(mult * 2.0 ** (shift - 31), real, rel_tol=2.0**-30)


@given(st.integers(-(1 << 20), 1 << 20), st.integers(1 << 30, (1 << 31) - 1), st.integers(-20, -1))
def test_two_roundings_are_near_the_real_number(x: int, mult: int, shift: int) -> None:
    assert abs(requantize_twice(x, mult, shift) - x * mult * 2.0 ** (shift - 31)) <= 1


@pytest.mark.parametrize(
    ("x", "n", "want"), [(5, 1, 3), (-5, 1, -3), (-6, 2, -2), (6, 2, 2), (7, 0, 7)]
)
def test_divide_rounds_half_away_from_zero(x: int, n: int, want: int) -> None:
    assert divide_pot(x, n) == want


def test_once_rounds_half_up() -> None:
    assert [Once(1, 1)(x) for x in (-3, -1, 1, 3)] == [-1, 0, 1, 2]


@pytest.mark.parametrize(
    ("activation", "want"),
    [("NONE", (-128, 127)), ("RELU", (-10, 127)), ("RELU6", (-10, 50)), ("RELU_N1_TO_1", (-20, 0))],
)
def test_activations_become_ranges(activation: str, want: tuple[int, int]) -> None:
    assert clamp_of(activation, 0.1, -10, (-128, 127)) == want


@given(st.floats(0.001, 4))
def test_the_exponential_table_is_an_exponential(scale: float) -> None:
    scale = float(np.float32(scale))
    for distance, value in enumerate(softmax_table(1.0, scale)):
        assert value * 2.0**-31 == pytest.approx(math.exp(-distance * scale), abs=1e-6)
