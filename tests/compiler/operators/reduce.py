"""Operators that take several elements together: reductions, normalizations, products."""

from __future__ import annotations

from functools import partial

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tests.compiler.models import ModelBuilder
from tests.compiler.operators.base import Family, Random, any_scale, any_zero


def reduction(random: Random, *, kind: str, dtype: str = "int8") -> bytes:
    """MEAN, SUM, REDUCE_MAX or REDUCE_MIN over any axes, neighbours or not."""
    build = ModelBuilder()
    shape = tuple(int(n) for n in random.integers(1, 9, random.integers(1, 5)))
    rank = len(shape)
    marked = [axis for axis in range(rank) if random.random() < 0.6] or [rank - 1]
    axes = [int(a) - (rank if random.random() < 0.3 else 0) for a in random.permutation(marked)]
    narrow = dtype == "int8"
    scale, zero = any_scale(random), any_zero(random) if narrow else 0
    given = build.tensor(shape, dtype, scale=scale, zero=zero)
    where = build.tensor((len(axes),), "int32", scale=None, data=np.array(axes))
    keep = bool(random.integers(2))
    kept = tuple(1 if a in marked else n for a, n in enumerate(shape) if keep or a not in marked)
    if kind in ("MEAN", "SUM") and random.random() < 0.8:
        scale, zero = any_scale(random), any_zero(random) if narrow else 0
    if kind == "SUM":
        scale *= 4
    out = build.tensor(kept, dtype, scale=scale, zero=zero)
    build.op(kind, [given, where], [out], keepDims=keep)
    return build.build([given], [out])


def arg(random: Random, *, kind: str) -> bytes:
    """ARG_MAX or ARG_MIN along any axis, as int32 or int64."""
    build = ModelBuilder()
    shape = tuple(int(n) for n in random.integers(1, 9, random.integers(1, 5)))
    axis = int(random.integers(-len(shape), len(shape)))
    dtype = "int8" if random.random() < 0.7 else "uint8"
    wide = "int32" if random.random() < 0.5 else "int64"
    given = build.tensor(shape, dtype, scale=any_scale(random))
    where = build.tensor((), "int32", scale=None, data=np.array(axis))
    kept = tuple(n for a, n in enumerate(shape) if a != axis % len(shape))
    out = build.tensor(kept, wide, scale=None)
    code = {"int32": schema.TensorType.INT32, "int64": schema.TensorType.INT64}[wide]
    build.op(kind, [given, where], [out], outputType=code)
    return build.build([given], [out])


def l2_normalization(random: Random) -> bytes:
    """L2_NORMALIZATION along the last axis."""
    build = ModelBuilder()
    shape = tuple(int(n) for n in random.integers(1, 20, random.integers(1, 5)))
    given = build.tensor(shape, scale=any_scale(random), zero=any_zero(random))
    out = build.tensor(shape, scale=1 / 128, zero=0)
    build.op("L2_NORMALIZATION", [given], [out])
    return build.build([given], [out])


def log_softmax(random: Random) -> bytes:
    """LOG_SOFTMAX at any temperature."""
    build = ModelBuilder()
    shape = tuple(int(n) for n in random.integers(1, 20, random.integers(1, 4)))
    given = build.tensor(shape, scale=any_scale(random, -9, 2), zero=any_zero(random))
    out = build.tensor(shape, scale=1 / 16, zero=127)
    build.op("LOG_SOFTMAX", [given], [out])
    return build.build([given], [out])


def batch_matmul(random: Random) -> bytes:
    """BATCH_MATMUL of two inputs or one constant, transposed or not, batches broadcast."""
    build = ModelBuilder()
    rows, depth, columns = (int(n) for n in random.integers(1, 8, 3))
    batches = tuple(int(n) for n in random.integers(1, 4, random.integers(0, 3)))
    flips = [bool(random.integers(2)) for _ in range(2)]
    sizes = [(rows, depth), (depth, columns)]
    scales = [any_scale(random), any_scale(random)]
    operands, inputs = [], []
    for number, (size, flip) in enumerate(zip(sizes, flips, strict=True)):
        one = tuple(1 if random.random() < 0.3 else n for n in batches) if number else batches
        shape = (*one, *(size[::-1] if flip else size))
        data = random.integers(-128, 128, shape) if number and random.random() < 0.3 else None
        operands.append(build.tensor(shape, scale=scales[number], zero=any_zero(random), data=data))
        if data is None:
            inputs.append(operands[-1])
    target = scales[0] * scales[1] * 73 * 73 * np.sqrt(depth) / random.uniform(30, 150)
    out = build.tensor((*batches, rows, columns), scale=float(target), zero=any_zero(random))
    build.op("BATCH_MATMUL", operands, [out], adjX=flips[0], adjY=flips[1])
    return build.build(inputs, [out])


FAMILIES: dict[str, Family] = {
    "ARG_MAX": partial(arg, kind="ARG_MAX"),
    "ARG_MIN": partial(arg, kind="ARG_MIN"),
    "L2_NORMALIZATION": l2_normalization,
    "LOG_SOFTMAX": log_softmax,
    "BATCH_MATMUL": batch_matmul,
    **{kind: partial(reduction, kind=kind) for kind in ("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN")},
    **{
        f"{kind} int16": partial(reduction, kind=kind, dtype="int16")
        for kind in ("MEAN", "REDUCE_MAX", "REDUCE_MIN")
    },
}
