"""Sums of two tensors as one linear form."""

from __future__ import annotations

import numpy as np
import pytest

from tinyfield.compiler.kernels.linear import linear_form
from tinyfield.compiler.rounding import divide_pot, doubling_high_mul, quantize_multiplier


def facts_of(seed: int) -> dict[str, int]:
    random = np.random.default_rng(seed)
    scales = 2.0 ** random.uniform(-6, -2, 2)
    out = float(scales.sum()) * 2.0 ** random.uniform(-2, 0.5)
    if seed % 4 == 0:
        scales[1] = scales[0]
        out = 2 * float(scales[0])  # every other sum is a tie
    twice = 2 * float(scales.max())
    facts = {"sign_b": 1 - 2 * (seed % 2), "low": -128, "high": int(random.integers(20, 128))}
    for name, scale in zip("ab", scales, strict=True):
        facts[f"mult_{name}"], facts[f"shift_{name}"] = quantize_multiplier(float(scale) / twice)
        facts[f"zero_{name}"] = int(random.integers(-128, 128))
    facts["mult"], facts["shift"] = quantize_multiplier(twice / ((1 << 20) * out))
    facts["zero_point"] = int(random.integers(-128, 128))
    return facts


@pytest.mark.parametrize("seed", range(1, 13))
def test_the_form_gives_the_references_bytes(seed: int) -> None:
    facts = facts_of(seed)
    found = linear_form(facts)
    assert found is not None
    mult_a, mult_b, offset, shift = found

    def scaled(x: int, name: str) -> int:
        product = doubling_high_mul(x, facts[f"mult{name}"])
        return divide_pot(product, -facts[f"shift{name}"])

    for a, b in np.random.default_rng(seed).integers(-128, 128, (2000, 2)).tolist():
        total = scaled((a - facts["zero_a"]) << 20, "_a")
        total += facts["sign_b"] * scaled((b - facts["zero_b"]) << 20, "_b")
        expected = min(max(scaled(total, "") + facts["zero_point"], facts["low"]), facts["high"])
        for part in (a * mult_a, a * mult_a + b * mult_b, a * mult_a + b * mult_b + offset):
            assert -(1 << 31) <= part < 1 << 31
        form = (a * mult_a + b * mult_b + offset) >> shift
        assert min(max(form, facts["low"]), facts["high"]) == expected
