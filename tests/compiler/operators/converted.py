"""Graphs as a converter writes them: Conv1D with its reshapes, an open batch, shape arithmetic."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tests.compiler.models import ModelBuilder
from tests.compiler.operators.base import Family, Random, any_scale, any_zero


def conv1d(random: Random, *, dtype: str = "int8") -> bytes:
    """Two Conv1D, the second dilated by way of the batch, Flatten and Dense, all of open batch."""
    build = ModelBuilder()
    narrow = dtype == "int8"
    typical = 73 if narrow else 18700
    width, in_c, middle, out_c = (int(n) for n in random.integers(1, (9, 5, 6, 6)))
    length = 2 * (width + int(random.integers(4, 9)))
    block = int(random.integers(2, 4))

    def tensor(*shape: int, scale: float, zero: int) -> int:
        return build.tensor(
            (1, *shape), dtype, scale=scale, zero=zero if narrow else 0, signature=(-1, *shape)
        )

    def integers(values: Any) -> int:
        data = np.array(values)
        return build.tensor(data.shape, "int32", scale=None, data=data)

    def conv(given: int, size: tuple[int, int, int], scales: tuple[float, float], out: int) -> None:
        k, before, after = size
        data = random.integers(-127, 128, (after, 1, k, before))
        weights = build.tensor(data.shape, scale=[scales[1]] * after, data=data)
        bias = build.tensor(
            (after,),
            "int32" if narrow else "int64",
            scale=[scales[0] * scales[1]] * after,
            data=random.integers(-9999, 9999, after),
        )
        options = {"strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1}
        valid = schema.Padding.VALID
        build.op("CONV_2D", [given, weights, bias], [out], padding=valid, **options)

    zeros = [any_zero(random) for _ in range(4)]
    source = any_scale(random)
    x = first = tensor(length, in_c, scale=source, zero=zeros[0])
    image = tensor(1, length, in_c, scale=source, zero=zeros[0])
    build.op("EXPAND_DIMS", [x, integers(-3)], [image])
    k = int(random.integers(1, 4))
    length -= k - 1
    target = source * 0.01 * 73 * typical * np.sqrt(k * in_c) / (90 * typical / 73)
    wide = tensor(1, length, middle, scale=target, zero=zeros[1])
    conv(image, (k, in_c, middle), (source, 0.01), wide)
    x = tensor(length, middle, scale=target, zero=zeros[1])
    build.op("RESHAPE", [wide, integers([-1, length, middle])], [x])
    # A dilation of `block`: pieces of the length to the batch, and back. Causal padding is a PAD
    # of its own or stands in the operator.
    k = int(random.integers(1, 4))
    before = (k - 1) * block if random.random() < 0.5 else int(random.integers(0, 3))
    after = -(length + before) % block
    while (length + before + after) // block < k:
        after += block
    pieces = (length + before + after) // block
    batches = tensor(pieces, middle, scale=target, zero=zeros[1])
    blocks = integers([block])
    build.op("SPACE_TO_BATCH_ND", [x, blocks, integers([[before, after]])], [batches])
    image = tensor(1, pieces, middle, scale=target, zero=zeros[1])
    build.op("EXPAND_DIMS", [batches, integers(1)], [image])
    source, target = target, target * 0.01 * 73 * 73 * np.sqrt(k * middle) / 90
    pieces -= k - 1
    wide = tensor(1, pieces, out_c, scale=target, zero=zeros[2])
    conv(image, (k, middle, out_c), (source, 0.01), wide)
    batches = tensor(pieces, out_c, scale=target, zero=zeros[2])
    build.op("RESHAPE", [wide, integers([-1, pieces, out_c])], [batches])
    crop = int(random.integers(0, min(after, block - 1, pieces * block - 1) + 1))
    length = pieces * block - crop
    x = tensor(length, out_c, scale=target, zero=zeros[2])
    build.op("BATCH_TO_SPACE_ND", [batches, blocks, integers([[0, crop]])], [x])
    flat = tensor(length * out_c, scale=target, zero=zeros[2])
    build.op("RESHAPE", [x, _flattened(build, x, length * out_c)], [flat])
    data = random.integers(-127, 128, (3, length * out_c))
    weights = build.tensor(data.shape, scale=0.01, data=data)
    scale = target * 0.01 * 73 * 73 * np.sqrt(length * out_c) / 90
    out = tensor(3, scale=scale, zero=zeros[3])
    build.op("FULLY_CONNECTED", [flat, weights, -1], [out])
    return build.build([first], [out])


def _flattened(build: ModelBuilder, x: int, size: int) -> int:
    """What Flatten emits: the batch out of x's shape, packed with the rest's size."""

    def constant(values: list[int]) -> int:
        return build.tensor((len(values),), "int32", scale=None, data=np.array(values))

    whole = build.tensor((3,), "int32", scale=None)
    build.op("SHAPE", [x], [whole], outType=schema.TensorType.INT32)
    batch = build.tensor((), "int32", scale=None)
    operands = [whole, constant([0]), constant([1]), constant([1])]
    build.op("STRIDED_SLICE", operands, [batch], shrinkAxisMask=1)
    rest = build.tensor((), "int32", scale=None, data=np.array(size))
    shape = build.tensor((2,), "int32", scale=None)
    build.op("PACK", [batch, rest], [shape], valuesCount=2, axis=0)
    return shape


FAMILIES: dict[str, Family] = {
    "Conv1D": conv1d,
    "Conv1D int16": partial(conv1d, dtype="int16"),
}
