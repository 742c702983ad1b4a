"""Whole numbers at run time: an embedding's indices, comparisons, casts."""

from __future__ import annotations

import numpy as np

from tests.compiler.models import TYPES, ModelBuilder
from tests.compiler.operators.base import Family, Random, any_scale, any_zero

_RELATIONS = ("EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL")


def embedding(random: Random) -> bytes:
    """GATHER from a table at indices that are cast, clamped and wrapped round at run time."""
    build = ModelBuilder()
    count, size, width = (int(n) for n in random.integers(1, (6, 20, 9)))
    given = build.tensor((1, count), "uint8", scale=None)

    def number(value: int) -> int:
        return build.tensor((), "int32", scale=None, data=np.array(value))

    def step(kind: str, *operands: int, dtype: str = "int32") -> int:
        out = build.tensor((1, count), dtype, scale=None)
        build.op(kind, list(operands), [out])
        return out

    wide = build.tensor((1, count), "int32", scale=None)
    build.op("CAST", [given], [wide], inDataType=TYPES["uint8"], outDataType=TYPES["int32"])
    centred = step("SUB", wide, number(128))
    bounded = step("MINIMUM", step("MAXIMUM", centred, number(-size)), number(size - 1))
    negative = step("LESS", bounded, number(0), dtype="bool")
    index = step("SELECT_V2", negative, step("ADD", bounded, number(size)), bounded)
    shape, axis = (size, width), 0
    if random.random() < 0.3:
        shape, axis = (width, size, 2), 1
    scale, zero = any_scale(random), any_zero(random)
    if random.random() < 0.7:
        data = random.integers(-128, 128, shape)
        table = build.tensor(shape, scale=scale, zero=zero, data=data)
        inputs = [given]
    else:
        table = build.tensor(shape, scale=scale, zero=zero)
        inputs = [given, table]
    out = build.tensor((*shape[:axis], 1, count, *shape[axis + 1 :]), scale=scale, zero=zero)
    build.op("GATHER", [table, index], [out], axis=axis)
    return build.build(inputs, [out])


def comparison(random: Random) -> bytes:
    """A comparison of int32, two tensors or one with a number, and SELECT by it."""
    build = ModelBuilder()
    shape = tuple(int(n) for n in random.integers(1, 6, random.integers(1, 4)))
    first = build.tensor(shape, "int32", scale=None)
    inputs = [first]
    if random.random() < 0.5:
        second = build.tensor(shape, "int32", scale=None)
        inputs.append(second)
    else:
        data = np.array(int(random.integers(-1 << 30, 1 << 30)))
        second = build.tensor((), "int32", scale=None, data=data)
    which = build.tensor(shape, "bool", scale=None)
    build.op(str(random.choice(_RELATIONS)), [first, second], [which])
    choices = [build.tensor(shape, scale=0.5, zero=3) for _ in range(2)]
    out = build.tensor(shape, scale=0.5, zero=3)
    build.op("SELECT_V2", [which, *choices], [out])
    return build.build([*inputs, *choices], [which, out])


def cast(random: Random) -> bytes:
    """CAST between integers, and to and from bool."""
    build = ModelBuilder()
    types = ("int8", "uint8", "int16", "int32")
    before = str(random.choice(types))
    after = str(random.choice([*types, "int64", "bool"]))
    shape = tuple(int(n) for n in random.integers(1, 9, random.integers(1, 4)))
    given = build.tensor(shape, before, scale=None)
    out = build.tensor(shape, after, scale=None)
    build.op("CAST", [given], [out], inDataType=TYPES[before], outDataType=TYPES[after])
    return build.build([given], [out])


def by_way_of_float(random: Random) -> bytes:
    """Operators that TFLite has no 8-bit kernel for, between DEQUANTIZE and QUANTIZE."""
    build = ModelBuilder()
    types = [str(random.choice(["int8", "int8", "uint8"])) for _ in range(2)]
    zeros = [any_zero(random) + (128 if dtype == "uint8" else 0) for dtype in types]
    given = build.tensor((1, 256), types[0], scale=any_scale(random, -7, -3), zero=zeros[0])

    def real() -> int:
        return build.tensor((1, 256), "float32", scale=None)

    current = real()
    build.op("DEQUANTIZE", [given], [current])
    kinds = ["NEG", "SQUARE", "ABS", "FLOOR", "SIN", "COS", "LEAKY_RELU", "MUL", "ADD", "DIV"]
    for kind in random.choice(kinds, int(random.integers(1, 4))):
        after = real()
        operands, options = [current], {}
        if kind in ("MUL", "ADD", "DIV"):
            value = np.array(random.uniform(0.5, 3))
            operands.append(build.tensor((), "float32", scale=None, data=value))
        elif kind == "LEAKY_RELU":
            options["alpha"] = 0.25
        build.op(str(kind), operands, [after], **options)
        current = after
    out = build.tensor((1, 256), types[1], scale=any_scale(random, -7, -3), zero=zeros[1])
    build.op("QUANTIZE", [current], [out])
    return build.build([given], [out])


FAMILIES: dict[str, Family] = {
    "GATHER at run time": embedding,
    "SELECT_V2": comparison,
    "CAST": cast,
    "float32 between": by_way_of_float,
}
