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


FAMILIES: dict[str, Family] = {"block": block}
