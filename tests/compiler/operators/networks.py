"""Small networks of several operators."""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tests.compiler.models import ModelBuilder
from tests.compiler.operators.base import (
    Family,
    Random,
    any_scale,
    any_zero,
)


def block(random: Random) -> bytes:
    """A small residual network: convolutions, a sum, a lone RELU, pooling, reshape, classifier."""
    build = ModelBuilder()
    channels = int(random.integers(2, 6))
    given = build.tensor(
        (1, 8, 8, channels), scale=any_scale(random, -6, -4), zero=any_zero(random)
    )

    def conv(source: int, scale: float, height: int, stride: int) -> int:
        data = random.integers(-127, 128, (channels, 3, 3, channels))
        weights = build.tensor(data.shape, scale=[0.01] * channels, data=data)
        bias = build.tensor(
            (channels,),
            "int32",
            scale=[0.001] * channels,
            data=random.integers(-999, 999, channels),
        )
        out = build.tensor((1, height, height, channels), scale=scale, zero=any_zero(random))
        build.op(
            "CONV_2D",
            [source, weights, bias],
            [out],
            padding=schema.Padding.SAME,
            strideH=stride,
            strideW=stride,
            dilationHFactor=1,
            dilationWFactor=1,
        )
        return out

    left = conv(given, 0.3, 8, 1)
    right = conv(left, 0.9, 8, 1)
    total = build.tensor((1, 8, 8, channels), scale=0.9, zero=-20)
    build.op("ADD", [left, right], [total])
    positive = build.tensor((1, 8, 8, channels), scale=0.9, zero=-20)
    build.op("RELU", [total], [positive])
    smaller = conv(positive, 4.0, 4, 2)
    details = (4.0, int(random.integers(-5, 5)))
    pooled = build.tensor((1, 1, 1, channels), scale=details[0], zero=details[1])
    axes = build.tensor((2,), "int32", scale=None, data=np.array([1, 2]))
    build.op("MEAN", [smaller, axes], [pooled], keepDims=True)
    flat = build.tensor((1, channels), scale=details[0], zero=details[1])
    shape = build.tensor((2,), "int32", scale=None, data=np.array([1, channels]))
    build.op("RESHAPE", [pooled, shape], [flat])
    matrix = random.integers(-127, 128, (3, channels))
    weights = build.tensor(matrix.shape, scale=0.01, data=matrix)
    logits = build.tensor((1, 3), scale=0.5, zero=3)
    build.op("FULLY_CONNECTED", [flat, weights, -1], [logits])
    share = build.tensor((1, 3), scale=1 / 256, zero=-128)
    build.op("SOFTMAX", [logits], [share], beta=1.0)
    return build.build([given], [share])


def mixed_kernels(random: Random) -> bytes:
    """MixConv: channels split, each part's last rows through a depthwise layer of its own."""
    build = ModelBuilder()
    parts = int(random.integers(2, 4))
    sizes = [int(n) for n in random.integers(1, 4, parts)]
    heights = [int(n) for n in random.integers(1, 5, parts)]
    stride, rows, k_w = (int(n) for n in random.integers(1, 4, 3))
    width, seen = k_w + int(random.integers(0, 3)), max(heights) + (rows - 1) * stride
    scale, zero = any_scale(random, -6, -4), any_zero(random)
    given = build.tensor((1, seen, width, sum(sizes)), scale=scale, zero=zero)
    cut = bool(random.integers(4))  # without, kernels of unequal height cannot be joined

    def ints(*values: int) -> int:
        return build.tensor((len(values),), "int32", scale=None, data=np.array(values))

    pieces = [build.tensor((1, seen, width, size), scale=scale, zero=zero) for size in sizes]
    axis = build.tensor((), "int32", scale=None, data=np.array(-1))
    build.op("SPLIT_V", [given, ints(*sizes), axis], pieces, numSplits=parts)
    target, target_zero = float(scale * 0.01 * 73 * 73 * 2 / 60), any_zero(random)
    outs = []
    for piece, size, height in zip(pieces, sizes, heights, strict=True):
        last, used = piece, height
        if cut:
            kept = height + (rows - 1) * stride
            last = build.tensor((1, kept, width, size), scale=scale, zero=zero)
            build.op(
                "STRIDED_SLICE",
                [piece, ints(0, -kept, 0, 0), ints(0, 0, 0, 0), ints(1, 1, 1, 1)],
                [last],
                beginMask=13,
                endMask=15,
            )
        else:
            used = max(heights)
        data = random.integers(-127, 128, (1, used, k_w, size))
        steps = [float(s) for s in 2.0 ** random.uniform(-8, -6, size)]
        weights = build.tensor(data.shape, scale=steps, axis=3, data=data)
        bias = -1
        if random.integers(2):
            values = random.integers(-3000, 3001, size)
            bias = build.tensor((size,), "int32", scale=[scale * s for s in steps], data=values)
        shape = (1, rows, width - k_w + 1, size)
        outs.append(build.tensor(shape, scale=target, zero=target_zero))
        build.op(
            "DEPTHWISE_CONV_2D",
            [last, weights] + ([bias] if bias >= 0 else []),
            [outs[-1]],
            padding=schema.Padding.VALID,
            strideH=stride,
            strideW=1,
            dilationHFactor=1,
            dilationWFactor=1,
            depthMultiplier=1,
        )
    shape = (1, rows, width - k_w + 1, sum(sizes))
    joined = build.tensor(shape, scale=target, zero=target_zero, name="joined")
    build.op("CONCATENATION", outs, [joined], axis=int(random.choice([-1, 3])))
    return build.build([given], [joined])


FAMILIES: dict[str, Family] = {"block": block, "mixed kernels": mixed_kernels}
