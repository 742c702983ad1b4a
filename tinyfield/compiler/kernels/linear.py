"""ADD and SUB as one linear form.

TFLite raises both operands by 20 bits, scales them, adds them and scales the sum, with two
roundings each: some eighty instructions. As an operand has 256 values, a form
(a·mult_a + b·mult_b + offset) >> shift can be tried for every pair of them; nearly always there is
one that gives the same bytes.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np

from tinyfield.compiler.calls import Call, Literal
from tinyfield.compiler.graph import Array
from tinyfield.compiler.rounding import INT32_MAX

_FACTS = (
    *("zero_a", "mult_a", "shift_a", "zero_b", "mult_b", "shift_b"),
    *("sign_b", "mult", "shift", "zero_point", "low", "high"),
)
_OPERAND = np.arange(-128, 128, dtype=np.int64)
#: Where to look around the nearest multipliers.
_NEAR = sorted(itertools.product(range(-3, 4), repeat=2), key=lambda d: abs(d[0]) + abs(d[1]))


def linear_add(call: Call) -> Call | None:
    """A call of ``tiny_add`` by ``tiny_add_linear``; None if it is none, or has no such form."""
    facts = {a.name: a.value for a in call.arguments if isinstance(a, Literal)}
    if call.kernel != "tiny_add" or set(facts) - {"count"} != set(_FACTS):
        return None
    found = linear_form({name: int(value) for name, value in facts.items()})
    if found is None:
        return None
    names = ("mult_a", "mult_b", "offset", "shift")
    literals = [*zip(names, found, strict=True), ("low", facts["low"]), ("high", facts["high"])]
    kept = (a for a in call.arguments if not isinstance(a, Literal) or a.name == "count")
    shape = (Literal(name, value, fixed=False) for name, value in literals)
    return replace(call, kernel="tiny_add_linear", arguments=(*kept, *shape))


def linear_form(facts: dict[str, int]) -> tuple[int, int, int, int] | None:
    """(mult_a, mult_b, offset, shift) that gives ``tiny_add``'s byte for every pair of operands.

    Args:
        facts: the numbers that ``tiny_add`` takes.
    """
    low, high = facts["low"], facts["high"]
    exact = _by_reference(facts)
    wanted = np.clip(exact, low, high)
    unit = math.ldexp(facts["mult"], facts["shift"] - 11)
    ratios = [
        unit * math.ldexp(facts[f"mult_{name}"], facts[f"shift_{name}"] - 31) for name in "ab"
    ]
    ratios[1] *= facts["sign_b"]
    reach = 256 * (abs(ratios[0]) + abs(ratios[1])) + 256
    finest = math.floor(math.log2((1 << 31) / reach))
    for shift in range(finest, max(finest - 3, 0), -1):
        for near in _NEAR:
            mult_a, mult_b = (
                round(math.ldexp(ratio, shift)) + one
                for ratio, one in zip(ratios, near, strict=True)
            )
            form = mult_a * _OPERAND[:, None] + mult_b * _OPERAND[None, :]
            # Each pair bounds the offset: from below unless it is clamped to low, from above
            # unless it is clamped to high.
            below = np.where(exact > low, (wanted << shift) - form, -(1 << 62)).max()
            above = np.where(exact < high, ((wanted + 1) << shift) - 1 - form, 1 << 62).min()
            offset = int(below + above) // 2 if below > -(1 << 62) and above < 1 << 62 else 0
            fits = 128 * (abs(mult_a) + abs(mult_b)) + abs(offset) <= INT32_MAX
            if below <= offset <= above and fits:
                return mult_a, mult_b, offset, shift
    return None


def _by_reference(facts: dict[str, int]) -> Array:
    """The outputs before the clamp [a, b]; see ``tiny_add``."""
    terms = [
        _scaled(
            (_OPERAND - facts[f"zero_{name}"]) << 20, facts[f"mult_{name}"], facts[f"shift_{name}"]
        )
        for name in "ab"
    ]
    total = terms[0][:, None] + facts["sign_b"] * terms[1][None, :]
    return _scaled(total, facts["mult"], facts["shift"]) + facts["zero_point"]


def _scaled(x: Array, mult: int, shift: int) -> Array:
    """x·mult·2^(shift−31) rounded twice, shift ≤ 0 (MultiplyByQuantizedMultiplier)."""
    first = (x * mult + (1 << 30)) >> 31
    mask = (1 << -shift) - 1
    return np.asarray((first >> -shift) + ((first & mask) > (mask >> 1) + (first < 0)))
