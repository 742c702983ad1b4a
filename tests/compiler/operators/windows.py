"""Convolutions and pooling."""

from __future__ import annotations

from functools import partial

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tests.compiler.models import ModelBuilder
from tests.compiler.operators.base import (
    Family,
    Random,
    any_activation,
    any_bias_type,
    any_scale,
    any_zero,
    output_size,
)


def convolution(random: Random, *, depthwise: bool, dtype: str = "int8") -> bytes:
    """CONV_2D or DEPTHWISE_CONV_2D with any stride, dilation, padding and groups."""
    build = ModelBuilder()
    k_h, k_w = (int(n) for n in random.integers(1, 4, 2))
    d_h, d_w = (int(n) for n in random.integers(1, 3, 2))
    s_h, s_w = (int(n) for n in random.integers(1, 4, 2))
    if d_h > 1 or d_w > 1:
        s_h = s_w = 1
    seen_h, seen_w = (k_h - 1) * d_h + 1, (k_w - 1) * d_w + 1
    height, width = (seen + int(random.integers(1, 8)) for seen in (seen_h, seen_w))
    groups = int(random.choice([1, 1, 2])) if not depthwise else 1
    in_c = int(random.integers(1, 6)) * groups
    out_c = in_c * int(random.integers(1, 4)) if depthwise else int(random.integers(1, 6)) * groups
    padding = str(random.choice(["SAME", "VALID"]))
    shape = (1, k_h, k_w, out_c) if depthwise else (out_c, k_h, k_w, in_c // groups)
    products = k_h * k_w * (1 if depthwise else in_c // groups)
    source = any_scale(random)
    typical = 73 if dtype == "int8" else 18700
    many = out_c if random.random() < 0.8 and out_c > 1 else 1
    weight = [any_scale(random) for _ in range(many)]
    target = source * max(weight) * 73 * typical * np.sqrt(products)
    target /= random.uniform(30, 150) * (typical / 73)
    if random.random() < 0.3:
        target = 2.0 ** np.round(np.log2(target))
    zeros = [any_zero(random), any_zero(random)] if dtype == "int8" else [0, 0]
    given = build.tensor((1, height, width, in_c), dtype, scale=source, zero=zeros[0])
    weights = build.tensor(
        shape,
        scale=weight,
        axis=3 if depthwise else 0,
        data=random.integers(-127, 128, shape),
    )
    scales = [source * one for one in weight]
    reach = int(73 * typical * np.sqrt(products))
    kind = "int64" if depthwise and dtype == "int16" else any_bias_type(random, dtype)
    biases = random.integers(-reach, reach + 1, out_c)
    bias = build.tensor((out_c,), kind, scale=scales, data=biases)
    out_h, out_w = (
        output_size(height, s_h, seen_h, padding),
        output_size(width, s_w, seen_w, padding),
    )
    out = build.tensor((1, out_h, out_w, out_c), dtype, scale=float(target), zero=zeros[1])
    options = {
        "padding": getattr(schema.Padding, padding),
        "strideH": s_h,
        "strideW": s_w,
        "dilationHFactor": d_h,
        "dilationWFactor": d_w,
        "fusedActivationFunction": any_activation(random),
    }
    if kind == "int32" and dtype == "int16":
        options["quantizedBiasType"] = schema.TensorType.INT32
    if depthwise:
        options["depthMultiplier"] = out_c // in_c
    build.op(
        "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D", [given, weights, bias], [out], **options
    )
    return build.build([given], [out])


def transposed(random: Random, *, dtype: str = "int8") -> bytes:
    """TRANSPOSE_CONV with any stride and padding, with a bias and without."""
    build = ModelBuilder()
    k_h, k_w, s_h, s_w = (int(n) for n in random.integers(1, 5, 4))
    height, width, in_c, out_c = (int(n) for n in random.integers(1, 6, 4))
    padding = str(random.choice(["SAME", "VALID"]))

    def size(length: int, seen: int, stride: int) -> int:
        # Any output of which the convolution would give this length.
        spare = int(random.integers(0, stride))
        if padding == "SAME":
            return length * stride - spare
        return (length - 1) * stride + seen + spare

    shape = (1, size(height, k_h, s_h), size(width, k_w, s_w), out_c)
    source = any_scale(random)
    weight = [any_scale(random) for _ in range(out_c if random.random() < 0.8 else 1)]
    products = max(k_h * k_w * in_c // (s_h * s_w), 1)
    narrow = dtype == "int8"
    target = source * max(weight) * 73 * 73 * np.sqrt(products) / random.uniform(30, 150)
    zeros = [any_zero(random), any_zero(random)] if narrow else [0, 0]
    given = build.tensor((1, height, width, in_c), dtype, scale=source, zero=zeros[0])
    data = random.integers(-127, 128, (out_c, k_h, k_w, in_c))
    operands = [
        build.tensor((4,), "int32", scale=None, data=np.array(shape)),
        build.tensor(data.shape, scale=weight, data=data),
        given,
    ]
    if random.random() < 0.6:
        reach = int(73 * (73 if narrow else 18700) * np.sqrt(products))
        scales = [source * one for one in weight] * (out_c // len(weight))
        biases = random.integers(-reach, reach + 1, out_c)
        kind = "int32" if narrow else "int64"
        operands.append(build.tensor((out_c,), kind, scale=scales, data=biases))
    out = build.tensor(shape, dtype, scale=float(target), zero=zeros[1])
    build.op(
        "TRANSPOSE_CONV",
        operands,
        [out],
        padding=getattr(schema.Padding, padding),
        strideH=s_h,
        strideW=s_w,
        fusedActivationFunction=any_activation(random),
    )
    return build.build([given], [out])


def resize_bilinear(random: Random, *, dtype: str = "int8") -> bytes:
    """RESIZE_BILINEAR up and down, in each convention."""
    build = ModelBuilder()
    height, width, channels = (int(n) for n in random.integers(1, 9, 3))
    sizes = [int(n) for n in random.integers(1, 14, 2)]
    scale, zero = any_scale(random), any_zero(random) if dtype == "int8" else 0
    given = build.tensor((1, height, width, channels), dtype, scale=scale, zero=zero)
    where = build.tensor((2,), "int32", scale=None, data=np.array(sizes))
    out = build.tensor((1, *sizes, channels), dtype, scale=scale, zero=zero)
    convention = int(random.integers(3))
    build.op(
        "RESIZE_BILINEAR",
        [given, where],
        [out],
        alignCorners=convention == 1,
        halfPixelCenters=convention == 2,
    )
    return build.build([given], [out])


def pool(random: Random, *, kind: str, dtype: str = "int8") -> bytes:
    """AVERAGE_POOL_2D or MAX_POOL_2D."""
    build = ModelBuilder()
    k_h, k_w, s_h, s_w = (int(n) for n in random.integers(1, 4, 4))
    height, width = (size + int(random.integers(0, 6)) for size in (k_h, k_w))
    channels = int(random.integers(1, 6))
    padding = str(random.choice(["SAME", "VALID"]))
    scale, zero = any_scale(random), any_zero(random) if dtype == "int8" else 0
    given = build.tensor((1, height, width, channels), dtype, scale=scale, zero=zero)
    shape = (
        1,
        output_size(height, s_h, k_h, padding),
        output_size(width, s_w, k_w, padding),
        channels,
    )
    out = build.tensor(shape, dtype, scale=scale, zero=zero)
    build.op(
        kind,
        [given],
        [out],
        padding=getattr(schema.Padding, padding),
        strideH=s_h,
        strideW=s_w,
        filterHeight=k_h,
        filterWidth=k_w,
        fusedActivationFunction=any_activation(random),
    )
    return build.build([given], [out])


FAMILIES: dict[str, Family] = {
    "TRANSPOSE_CONV": transposed,
    "TRANSPOSE_CONV int16": partial(transposed, dtype="int16"),
    "RESIZE_BILINEAR": resize_bilinear,
    "RESIZE_BILINEAR int16": partial(resize_bilinear, dtype="int16"),
    "CONV_2D": partial(convolution, depthwise=False),
    "DEPTHWISE_CONV_2D": partial(convolution, depthwise=True),
    "AVERAGE_POOL_2D": partial(pool, kind="AVERAGE_POOL_2D"),
    "MAX_POOL_2D": partial(pool, kind="MAX_POOL_2D"),
    "CONV_2D int16": partial(convolution, depthwise=False, dtype="int16"),
    "DEPTHWISE_CONV_2D int16": partial(convolution, depthwise=True, dtype="int16"),
    "AVERAGE_POOL_2D int16": partial(pool, kind="AVERAGE_POOL_2D", dtype="int16"),
    "MAX_POOL_2D int16": partial(pool, kind="MAX_POOL_2D", dtype="int16"),
}
