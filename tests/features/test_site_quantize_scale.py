"""Crop curves, input quantization and the physical-to-integer conversion."""

from __future__ import annotations

import ctypes
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.features.apps import app, channel, site
from tests.features.clockless import without_clock
from tinyfield import hostcc
from tinyfield.features.bind import FeatureLibrary
from tinyfield.features.scale import MISSING, to_physical, to_scaled, to_scaled_one
from tinyfield.features.site import crop_fields
from tinyfield.paths import firmware_dir
from tinyfield.spec.crops import crops


@pytest.mark.parametrize("plant", sorted(crops()))
def test_crop_curves(plant: str) -> None:
    """Against np.interp through the curve's corners (FAO-56, figures 34 and 25)."""
    crop = crops()[plant]
    lib = FeatureLibrary(
        app([], {"m": [site("kc"), site("p"), site("root_depth"), site("stage", "one_hot")]})
    )
    days = np.arange(-10, crop.days + 60, dtype=np.int32)
    rows = np.zeros((len(days), 1), np.int32)
    out, valid = lib.run("m", rows, without_clock(days), crop_fields(crop))
    ends = np.cumsum(crop.stages)
    ini, mid, end = crop.kcb
    kc = np.interp(days, ends, [ini, mid, mid, end])
    assert np.abs(out[:, 0] - kc).max() <= 0.5
    assert (out[:, 1] == crop.p).all()
    depth = np.interp(days, [0, ends[1]], crop.root_mm)
    assert np.abs(out[:, 2] - depth).max() <= 0.5
    stage = np.minimum(np.searchsorted(ends, days, side="right"), 3)
    assert np.array_equal(out[:, 3:], np.eye(4, dtype=np.int32)[stage])
    assert valid.all()


def test_crop_with_empty_stages() -> None:
    lib = FeatureLibrary(app([], {"m": [site("kc"), site("root_depth")]}))
    days = np.arange(-1, 4, dtype=np.int32)
    out, _ = lib.run(
        "m", np.zeros((5, 1), np.int32), without_clock(days), (0, 0, 0, 0, 1, 2, 3, 4, 5, 6)
    )
    assert out[:, 0].tolist() == [1, 3, 3, 3, 3]
    assert out[:, 1].tolist() == [5, 6, 6, 6, 6]


@cache
def quantizer() -> ctypes.CDLL:
    text = (
        '#include "features/quantize.h"\n'
        "int32_t quantize(int32_t x, int32_t o, int32_t m, int32_t s, int32_t z)\n"
        "{ return tiny_quantize(x, o, m, (uint8_t)s, (int8_t)z); }\n"
    )
    path = hostcc.compile_shared([text], include=[firmware_dir() / "core"], name="quantize")
    return ctypes.CDLL(str(path))


int32 = st.integers(-(2**31) + 1, 2**31 - 1)


@settings(max_examples=500, deadline=None)
@given(
    x=int32,
    offset=int32,
    mult=st.integers(1, 2**30 - 1),
    shift=st.integers(0, 62),
    zero=st.integers(-128, 127),
    near=st.booleans(),
)
def test_quantize(*, x: int, offset: int, mult: int, shift: int, zero: int, near: bool) -> None:
    if near:  # most random pairs clamp; look close to the offset too
        x = max(-(2**31) + 1, min(2**31 - 1, offset + x % 2001 - 1000))
    exact = Fraction((x - offset) * mult, 2**shift)
    steps = int(abs(exact) + Fraction(1, 2)) * (1 if exact >= 0 else -1)
    want = max(-128, min(127, steps + zero))
    assert quantizer().quantize(x, offset, mult, shift, zero) == want


@given(st.decimals(-200, 200, places=4, allow_nan=False), st.integers(-3, 1))
def test_scaled_like_decimal(value: Decimal, scale: int) -> None:
    whole = int((value / Decimal(10) ** scale).quantize(Decimal(1), ROUND_HALF_UP))
    quantity = channel("a.x", scale, -(10**6), 10**6)
    assert to_scaled_one(float(value), quantity) == whole


def test_no_reading_and_out_of_range() -> None:
    humidity = channel("air.humidity", -1, 0, 1000)
    physical = [0.0, -0.04, -0.06, 100.0, 100.04, 100.05, np.nan, np.inf, -np.inf, 1e300]
    want = [0, 0, MISSING, 1000, 1000, MISSING, MISSING, MISSING, MISSING, MISSING]
    assert to_scaled(physical, humidity).tolist() == want
    assert to_scaled_one(None, humidity) == MISSING
    back = to_physical(want, -1)
    assert back[3] == 100.0 and np.isnan(back[2])
