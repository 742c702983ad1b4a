"""Operators on each element, of one operand or two, and SOFTMAX."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from tests.compiler.models import ModelBuilder
from tests.compiler.operators.base import (
    Family,
    Random,
    any_activation,
    any_scale,
    any_zero,
)


def binary(random: Random, *, kind: str, dtype: str = "int8") -> bytes:
    """Two operands: an input with itself, two inputs, or a constant; either broadcast."""
    build = ModelBuilder()
    narrow = dtype == "int8"
    limits = np.iinfo(dtype)
    shape = tuple(int(n) for n in random.integers(1, 6, random.integers(1, 5)))
    same = any_scale(random), any_zero(random)
    bare = kind in ("MAXIMUM", "MINIMUM")

    def details(low: float = -8, high: float = -2) -> dict[str, Any]:
        scale, zero = same if bare else (any_scale(random, low, high), any_zero(random))
        return {"dtype": dtype, "scale": scale, "zero": zero if narrow else 0}

    form = random.integers(5)
    inputs: list[int] = []
    operands: list[int] = []
    if form == 0 and kind != "PRELU":
        inputs = [build.tensor(shape, **details())]
        operands = inputs * 2
    else:
        parts = [shape, shape]
        if form >= 2:
            inner = shape[int(random.integers(0, len(shape) + 1)) :]
            parts[1] = tuple(1 if random.random() < 0.4 else size for size in inner) or (1,)
        if form == 3 and kind != "PRELU":
            # Both: axes that are 1 in one operand are whole in the other.
            one = [1 if random.random() < 0.4 else size for size in shape]
            parts[0] = tuple(one)
            parts[1] = tuple(
                size if first == 1 else b for first, b, size in _padded(one, parts[1], shape)
            )
        constant = form >= 3 and random.random() < 0.6
        for number, part in enumerate(parts):
            fixed = number == 1 and constant
            data = random.integers(limits.min, limits.max + 1, part) if fixed else None
            operands.append(build.tensor(part, data=data, **details()))
            if data is None:
                inputs.append(operands[-1])
        if kind != "PRELU" and random.random() < 0.5:
            operands.reverse()
    low, high = (-7, -1) if kind == "SQUARED_DIFFERENCE" else (-6, -1)
    if not narrow and kind == "MUL":
        low, high = 2, 8
    out = build.tensor(shape, **details(low, high))
    if kind in RELATIONS:
        out = build.tensor(shape, "bool", scale=None)
    options = {"fusedActivationFunction": any_activation(random)} if kind in FUSED else {}
    if not narrow and kind in ("ADD", "SUB"):
        options["potScaleInt16"] = False
    build.op(kind, operands, [out], **options)
    return build.build(inputs, [out])


RELATIONS = ("EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL")
FUSED = ("ADD", "SUB", "MUL")


def _padded(one: list[int], other: tuple[int, ...], shape: tuple[int, ...]) -> Any:
    wide = (1,) * (len(shape) - len(other)) + other
    return zip(one, wide, shape, strict=True)


def comparison(random: Random) -> bytes:
    """Any comparison of int8."""
    return binary(random, kind=str(random.choice(RELATIONS)))


UNARY = (
    *("LOGISTIC", "TANH", "RELU", "RELU6", "RELU_N1_TO_1", "RELU_0_TO_1", "LEAKY_RELU"),
    *("HARD_SWISH", "ABS", "NEG", "EXP", "GELU", "LOG", "RSQRT"),
)


def powers_of_two(random: Random, *, kind: str) -> bytes:
    """ADD or SUB of int16 where all scales are powers of two: one operand may be shifted."""
    build = ModelBuilder()
    shape = (1, int(random.integers(1, 200)))
    scale = 2.0 ** float(random.integers(-15, -5))
    scales = [scale, scale * 2.0 ** -float(random.integers(0, 9))]
    if random.random() < 0.5:
        scales.reverse()
    inputs = [build.tensor(shape, "int16", scale=one) for one in scales]
    out = build.tensor(shape, "int16", scale=scale)
    build.op(kind, inputs, [out], fusedActivationFunction=any_activation(random))
    return build.build(inputs, [out])


def unary(random: Random, *, kind: str, dtype: str = "int8") -> bytes:
    """An operator on each element by itself, over all 256 values, or 256 of 65536."""
    build = ModelBuilder()
    narrow = dtype == "int8"
    shape = (1, 256)
    scale, zero = any_scale(random, -8, 0), any_zero(random) if narrow else 0
    given_scale = any_scale(random, -8, 0)
    options = {}
    if kind in ("LOGISTIC", "TANH"):
        steps = (
            {"LOGISTIC": 256, "TANH": 128} if narrow else dict.fromkeys(("LOGISTIC", "TANH"), 32768)
        )
        scale = 1 / steps[kind]
        zero = -128 if narrow and kind == "LOGISTIC" else 0
        if not narrow:
            given_scale = any_scale(random, -18, -9)
    elif kind == "RSQRT":
        # Below its zero point TFLite refuses it.
        scale = any_scale(random, -6, 2)
    elif kind == "HARD_SWISH":
        scale = any_scale(random, -6, 0)
        if random.random() < 0.3:
            # Of an input that is always near zero.
            given_scale = scale = any_scale(random, -30, -10)
    elif kind == "GELU":
        options["approximate"] = bool(random.integers(2))
    elif kind == "LEAKY_RELU":
        options["alpha"] = float(random.choice([0.1, 0.2, 0.3, 0.01, 0.5]))
    given_zero = any_zero(random) if narrow and kind != "RSQRT" else -128 * narrow
    given = build.tensor(shape, dtype, scale=given_scale, zero=given_zero)
    out = build.tensor(shape, dtype, scale=scale, zero=zero)
    build.op(kind, [given], [out], **options)
    return build.build([given], [out])


def softmax(random: Random, *, dtype: str = "int8") -> bytes:
    """SOFTMAX of a few rows at any temperature."""
    build = ModelBuilder()
    narrow = dtype == "int8"
    shape = tuple(int(n) for n in random.integers(1, 20, random.integers(1, 4)))
    scale = any_scale(random, -9, 3) if narrow else any_scale(random, -16, -4)
    given = build.tensor(shape, dtype, scale=scale, zero=any_zero(random) if narrow else 0)
    out = build.tensor(
        shape, dtype, scale=1 / 256 if narrow else 1 / 32768, zero=-128 if narrow else 0
    )
    build.op("SOFTMAX", [given], [out], beta=float(random.choice([1.0, 1.0, 0.5, 2.0])))
    return build.build([given], [out])


def requantize(random: Random) -> bytes:
    """QUANTIZE between integers."""
    types = [("int8", "int8"), ("int8", "uint8"), ("uint8", "int8")][random.integers(3)]
    return _quantize(random, types, (-8, -2), (-8, -2))


def requantize_wide(random: Random) -> bytes:
    """QUANTIZE where an int16 or int32 is among the types."""
    pairs = (
        ("int16", "int8"),
        ("int16", "int16"),
        ("int16", "int32"),
        ("int32", "int8"),
        ("int32", "int16"),
    )
    types = pairs[random.integers(len(pairs))]
    spans = {"int8": (-8, -2), "int16": (-16, -10), "int32": (-32, -26)}
    return _quantize(random, types, spans[types[0]], spans[types[1]])


def floats(random: Random) -> bytes:
    """QUANTIZE and DEQUANTIZE: float32 in, float32 out."""
    build = ModelBuilder()
    dtype = ("int8", "uint8", "int16")[random.integers(3)]
    zero = {"int8": any_zero(random), "uint8": any_zero(random) + 128, "int16": 0}[dtype]
    shape = (1, 100)
    given = build.tensor(shape, "float32", scale=None)
    between = build.tensor(shape, dtype, scale=any_scale(random, -16, 3), zero=zero)
    out = build.tensor(shape, "float32", scale=None)
    build.op("QUANTIZE", [given], [between])
    build.op("DEQUANTIZE", [between], [out])
    return build.build([given], [out])


def _quantize(
    random: Random,
    types: tuple[str, str],
    source: tuple[float, float],
    target: tuple[float, float],
) -> bytes:
    build = ModelBuilder()
    zeros = [
        {"uint8": any_zero(random) + 128, "int8": any_zero(random)}.get(kind, 0) for kind in types
    ]
    given = build.tensor((1, 256), types[0], scale=any_scale(random, *source), zero=zeros[0])
    out = build.tensor((1, 256), types[1], scale=any_scale(random, *target), zero=zeros[1])
    build.op("QUANTIZE", [given], [out])
    return build.build([given], [out])


FAMILIES: dict[str, Family] = {
    **{
        kind: partial(binary, kind=kind)
        for kind in (*FUSED, "MAXIMUM", "MINIMUM", "SQUARED_DIFFERENCE", "PRELU")
    },
    "LESS": comparison,
    **{kind: partial(unary, kind=kind) for kind in UNARY},
    "SOFTMAX": softmax,
    "QUANTIZE": requantize,
    "QUANTIZE wide": requantize_wide,
    "QUANTIZE float32": floats,
    **{
        f"{kind} int16": partial(binary, kind=kind, dtype="int16")
        for kind in (*FUSED, "MAXIMUM", "MINIMUM")
    },
    **{f"{kind} int16 2^n": partial(powers_of_two, kind=kind) for kind in ("ADD", "SUB")},
    **{
        f"{kind} int16": partial(unary, kind=kind, dtype="int16")
        for kind in ("LOGISTIC", "TANH", "RELU", "RELU6", "LEAKY_RELU", "ABS")
    },
    "SOFTMAX int16": partial(softmax, dtype="int16"),
}
