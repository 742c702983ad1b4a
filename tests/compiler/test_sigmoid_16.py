"""The 16-bit logistic and tanh: every input against gemmlowp's own steps, written out in NumPy.

LiteRT offers neither alone; that the steps are its own is shown by the LSTM's random models.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from tinyfield import hostcc
from tinyfield.paths import firmware_dir

Array = NDArray[np.int64]
LOW, HIGH = -(1 << 15), (1 << 15) - 1

SOURCE = """
#include "nn/sigmoid_16.h"
void logistic(const int16_t *in, int16_t *out, uint32_t n);
void tangent(const int16_t *in, int16_t *out, uint32_t n, uint8_t bits);
void logistic(const int16_t *in, int16_t *out, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        out[i] = tiny_logistic_16(in[i]);
    }
}
void tangent(const int16_t *in, int16_t *out, uint32_t n, uint8_t bits) {
    for (uint32_t i = 0; i < n; i++) {
        out[i] = tiny_tanh_16(in[i], bits);
    }
}
"""


def wrapped(x: Array) -> Array:
    """As int16 arithmetic leaves it."""
    return (x - LOW) % (1 << 16) + LOW


def times(a: Array, b: Array | int) -> Array:
    """SaturatingRoundingDoublingHighMul."""
    return np.minimum((a * b + (1 << 14)) >> 15, HIGH)


def power_of_two(x: Array, n: int) -> Array:
    """SaturatingRoundingMultiplyByPOT."""
    if n >= 0:
        return np.clip(x << n, LOW, HIGH)
    mask = (1 << -n) - 1
    return (x >> -n) + ((x & mask) > (mask >> 1) + (x < 0))


def constant(raw: int) -> int:
    """A 32-bit constant, rounded to 16."""
    return (raw + (1 << 15)) >> 16


def exp(a: Array, bits: int) -> Array:
    """exp_on_negative_values."""
    quarter = 1 << (13 - bits)
    part = (a & (quarter - 1)) - quarter
    x = wrapped(power_of_two(part, bits) + (1 << 12))
    x2 = times(x, x)
    x3, x4 = times(x2, x), times(x2, x2)
    third = times(wrapped(power_of_two(x4, -2) + x3), constant(715827883))
    tail = power_of_two(wrapped(third + x2), -1)
    e = constant(1895147668)
    result = np.clip(e + times(wrapped(x + tail), e), LOW, HIGH)
    left = wrapped(part - a)
    for exponent, raw in enumerate(
        (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242), -2
    ):
        if bits > exponent:
            chosen = left & (1 << (15 - bits + exponent)) != 0
            result = np.where(chosen, times(result, constant(raw)), result)
    if bits > 5:
        result = np.where(a < -(1 << (20 - bits)), 0, result)
    return np.where(a == 0, HIGH, result)


def newton(a: Array) -> Array:
    """What the two divisions of gemmlowp share."""
    half = (a + HIGH + 1) // 2
    x = wrapped(constant(1515870810) + times(half, constant(-1010580540)))
    for _ in range(3):
        rest = wrapped((1 << 13) - times(half, x))
        x = wrapped(x + power_of_two(times(x, rest), 2))
    return x


def logistic(a: Array) -> Array:
    """gemmlowp::logistic of three integer bits."""
    size = np.where(a > 0, a, wrapped(-a))
    positive = power_of_two(newton(exp(wrapped(-size), 3)), 1)
    return np.where(a == 0, 1 << 14, np.where(a > 0, positive, HIGH - positive))


def tanh(a: Array, bits: int) -> Array:
    """gemmlowp::tanh."""
    t = power_of_two(wrapped(newton(exp(np.where(a < 0, a, -a), bits + 1)) - (1 << 13)), 2)
    return np.where(a == 0, 0, np.where(a < 0, wrapped(-t), t))


@pytest.fixture(scope="module")
def library() -> ctypes.CDLL:
    built = hostcc.compile_shared([SOURCE], include=[firmware_dir() / "core"], name="sigmoid")
    return ctypes.CDLL(str(built))


def called(function: Callable[..., None], *more: int) -> Array:
    given = np.arange(LOW, HIGH + 1).astype(np.int16)
    out = np.zeros_like(given)
    pointer = ctypes.POINTER(ctypes.c_int16)
    ends = (given.ctypes.data_as(pointer), out.ctypes.data_as(pointer))
    function(*ends, ctypes.c_uint32(given.size), *(ctypes.c_uint8(n) for n in more))
    return out.astype(np.int64)


EVERY = np.arange(LOW, HIGH + 1)


def test_logistic(library: ctypes.CDLL) -> None:
    np.testing.assert_array_equal(called(library.logistic), logistic(EVERY))
    assert np.abs(logistic(EVERY) / 32768 - 1 / (1 + np.exp(-EVERY / 4096))).max() < 0.001


@pytest.mark.parametrize("bits", range(7))
def test_tanh(library: ctypes.CDLL, bits: int) -> None:
    np.testing.assert_array_equal(called(library.tangent, bits), tanh(EVERY, bits))
    assert np.abs(tanh(EVERY, bits) / 32768 - np.tanh(EVERY / (1 << (15 - bits)))).max() < 0.002
