"""Operators on each element, of one operand or two, and SOFTMAX."""

from __future__ import annotations

from functools import partial

from tests.compiler.models import ModelBuilder
from tests.compiler.operators.base import (
    Family,
    Random,
    any_activation,
    any_scale,
    any_zero,
)


def binary(random: Random, *, kind: str) -> bytes:
    """ADD, SUB or MUL: of an input with itself, of two inputs, or with a broadcast constant."""
    build = ModelBuilder()
    shape = (1, *(int(n) for n in random.integers(1, 6, 3)))
    first = build.tensor(shape, scale=any_scale(random), zero=any_zero(random))
    inputs = [first]
    form = random.integers(3)
    if form == 0:
        second = first
    elif form == 1:
        second = build.tensor(shape, scale=any_scale(random), zero=any_zero(random))
        inputs.append(second)
    else:
        small = (1, 1, 1, shape[3]) if random.random() < 0.5 else shape[1:]
        data = random.integers(-128, 128, small)
        second = build.tensor(small, scale=any_scale(random), zero=any_zero(random), data=data)
    out = build.tensor(shape, scale=any_scale(random, -6, -1), zero=any_zero(random))
    build.op(kind, [first, second], [out], fusedActivationFunction=any_activation(random))
    return build.build(inputs, [out])


def unary(random: Random, *, kind: str) -> bytes:
    """An operator on each element by itself, over all 256 values."""
    build = ModelBuilder()
    given = build.tensor((1, 256), scale=any_scale(random, -8, 0), zero=any_zero(random))
    options = {}
    scale, zero = any_scale(random, -8, 0), any_zero(random)
    if kind == "LOGISTIC":
        scale, zero = 1 / 256, -128
    elif kind == "TANH":
        scale, zero = 1 / 128, 0
    elif kind == "LEAKY_RELU":
        options["alpha"] = float(random.choice([0.1, 0.2, 0.3, 0.01, 0.5]))
    out = build.tensor((1, 256), scale=scale, zero=zero)
    build.op(kind, [given], [out], **options)
    return build.build([given], [out])


def softmax(random: Random) -> bytes:
    """SOFTMAX of a few rows at any temperature."""
    build = ModelBuilder()
    shape = tuple(int(n) for n in random.integers(1, 20, random.integers(1, 4)))
    given = build.tensor(shape, scale=any_scale(random, -9, 3), zero=any_zero(random))
    out = build.tensor(shape, scale=1 / 256, zero=-128)
    build.op("SOFTMAX", [given], [out], beta=float(random.choice([1.0, 1.0, 0.5, 2.0])))
    return build.build([given], [out])


def requantize(random: Random) -> bytes:
    """QUANTIZE between int8 and uint8."""
    build = ModelBuilder()
    types = [("int8", "int8"), ("int8", "uint8"), ("uint8", "int8")][random.integers(3)]
    zeros = [any_zero(random) + (128 if kind == "uint8" else 0) for kind in types]
    given = build.tensor((1, 256), types[0], scale=any_scale(random), zero=zeros[0])
    out = build.tensor((1, 256), types[1], scale=any_scale(random), zero=zeros[1])
    build.op("QUANTIZE", [given], [out])
    return build.build([given], [out])


FAMILIES: dict[str, Family] = {
    **{kind: partial(binary, kind=kind) for kind in ("ADD", "SUB", "MUL")},
    **{
        kind: partial(unary, kind=kind)
        for kind in ("LOGISTIC", "TANH", "RELU", "RELU6", "RELU_N1_TO_1", "LEAKY_RELU")
    },
    "SOFTMAX": softmax,
    "QUANTIZE": requantize,
}
