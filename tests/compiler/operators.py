"""One random small model for each operator, with scales near what a converter would choose."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tests.compiler.models import ModelBuilder

Random = np.random.Generator
ACTIVATIONS = ("NONE", "RELU", "RELU6", "RELU_N1_TO_1")


def _scale(random: Random, low: float = -8, high: float = -2) -> float:
    # A power of two now and then: only there do ties of rounding really occur.
    exponent = random.uniform(low, high)
    return float(2.0 ** (np.round(exponent) if random.random() < 0.3 else exponent))


def _zero(random: Random) -> int:
    return int(random.choice([-128, 0, 127, random.integers(-128, 128)]))


def _activation(random: Random) -> int:
    return int(getattr(schema.ActivationFunctionType, str(random.choice(ACTIVATIONS))))


def _output(size: int, stride: int, seen: int, padding: str) -> int:
    return -(-size // stride) if padding == "SAME" else -(-(size - seen + 1) // stride)


def convolution(random: Random, *, depthwise: bool) -> bytes:
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
    source = _scale(random)
    many = out_c if random.random() < 0.8 and out_c > 1 else 1
    weight = [_scale(random) for _ in range(many)]
    target = source * max(weight) * 73 * 73 * np.sqrt(products) / random.uniform(30, 150)
    if random.random() < 0.3:
        target = 2.0 ** np.round(np.log2(target))
    given = build.tensor((1, height, width, in_c), scale=source, zero=_zero(random))
    weights = build.tensor(
        shape,
        scale=weight,
        axis=3 if depthwise else 0,
        data=random.integers(-127, 128, shape),
    )
    operands = [given, weights]
    reach = int(73 * 73 * np.sqrt(products))
    biases = random.integers(-reach, reach + 1, out_c)
    scales = [source * one for one in weight]
    operands.append(build.tensor((out_c,), "int32", scale=scales, data=biases))
    out_h, out_w = _output(height, s_h, seen_h, padding), _output(width, s_w, seen_w, padding)
    out = build.tensor((1, out_h, out_w, out_c), scale=float(target), zero=_zero(random))
    options = {
        "padding": getattr(schema.Padding, padding),
        "strideH": s_h,
        "strideW": s_w,
        "dilationHFactor": d_h,
        "dilationWFactor": d_w,
        "fusedActivationFunction": _activation(random),
    }
    if depthwise:
        options["depthMultiplier"] = out_c // in_c
    build.op("DEPTHWISE_CONV_2D" if depthwise else "CONV_2D", operands, [out], **options)
    return build.build([given], [out])


def pool(random: Random, *, kind: str) -> bytes:
    """AVERAGE_POOL_2D or MAX_POOL_2D."""
    build = ModelBuilder()
    k_h, k_w, s_h, s_w = (int(n) for n in random.integers(1, 4, 4))
    height, width = (size + int(random.integers(0, 6)) for size in (k_h, k_w))
    channels = int(random.integers(1, 6))
    padding = str(random.choice(["SAME", "VALID"]))
    scale, zero = _scale(random), _zero(random)
    given = build.tensor((1, height, width, channels), scale=scale, zero=zero)
    shape = (
        1,
        _output(height, s_h, k_h, padding),
        _output(width, s_w, k_w, padding),
        channels,
    )
    out = build.tensor(shape, scale=scale, zero=zero)
    build.op(
        kind,
        [given],
        [out],
        padding=getattr(schema.Padding, padding),
        strideH=s_h,
        strideW=s_w,
        filterHeight=k_h,
        filterWidth=k_w,
        fusedActivationFunction=_activation(random),
    )
    return build.build([given], [out])


def binary(random: Random, *, kind: str) -> bytes:
    """ADD, SUB or MUL: of an input with itself, of two inputs, or with a broadcast constant."""
    build = ModelBuilder()
    shape = (1, *(int(n) for n in random.integers(1, 6, 3)))
    first = build.tensor(shape, scale=_scale(random), zero=_zero(random))
    inputs = [first]
    form = random.integers(3)
    if form == 0:
        second = first
    elif form == 1:
        second = build.tensor(shape, scale=_scale(random), zero=_zero(random))
        inputs.append(second)
    else:
        small = (1, 1, 1, shape[3]) if random.random() < 0.5 else shape[1:]
        data = random.integers(-128, 128, small)
        second = build.tensor(small, scale=_scale(random), zero=_zero(random), data=data)
    out = build.tensor(shape, scale=_scale(random, -6, -1), zero=_zero(random))
    build.op(kind, [first, second], [out], fusedActivationFunction=_activation(random))
    return build.build(inputs, [out])


def mean(random: Random) -> bytes:
    """MEAN over neighbouring axes."""
    build = ModelBuilder()
    shape = (1, *(int(n) for n in random.integers(1, 9, 3)))
    given = build.tensor(shape, scale=_scale(random), zero=_zero(random))
    choices = ((1, 2), (1,), (2,), (3,), (-1, -2), (1, 2, 3), (2, 1))
    axes = choices[random.integers(len(choices))]
    where = build.tensor((len(axes),), "int32", scale=None, data=np.array(axes))
    keep = bool(random.integers(2))
    marked = {axis % 4 for axis in axes}
    kept = tuple(1 if a in marked else n for a, n in enumerate(shape) if keep or a not in marked)
    out = build.tensor(kept, scale=_scale(random), zero=_zero(random))
    build.op("MEAN", [given, where], [out], keepDims=keep)
    return build.build([given], [out])


def pad(random: Random) -> bytes:
    """PAD in one to four dimensions."""
    build = ModelBuilder()
    rank = int(random.integers(1, 5))
    shape = tuple(int(n) for n in random.integers(1, 5, rank))
    scale, zero = _scale(random), _zero(random)
    given = build.tensor(shape, scale=scale, zero=zero)
    amounts = random.integers(0, 3, (rank, 2))
    where = build.tensor((rank, 2), "int32", scale=None, data=amounts)
    padded = tuple(int(n) for n in np.array(shape) + amounts.sum(axis=1))
    out = build.tensor(padded, scale=scale, zero=zero)
    build.op("PAD", [given, where], [out])
    return build.build([given], [out])


def concatenation(random: Random) -> bytes:
    """CONCATENATION of two or three inputs, one perhaps a constant."""
    build = ModelBuilder()
    rank = int(random.integers(1, 5))
    shape = [int(n) for n in random.integers(1, 5, rank)]
    axis = int(random.integers(-rank, rank))
    scale, zero = _scale(random), _zero(random)
    inputs, operands, length = [], [], 0
    for number in range(int(random.integers(2, 4))):
        shape[axis] = int(random.integers(1, 4))
        length += shape[axis]
        data = random.integers(-128, 128, shape) if number == 1 and random.random() < 0.5 else None
        operands.append(build.tensor(tuple(shape), scale=scale, zero=zero, data=data))
        if data is None:
            inputs.append(operands[-1])
    shape[axis] = length
    out = build.tensor(tuple(shape), scale=scale, zero=zero)
    build.op("CONCATENATION", operands, [out], axis=axis)
    return build.build(inputs, [out])


def unary(random: Random, *, kind: str) -> bytes:
    """An operator on each element by itself, over all 256 values."""
    build = ModelBuilder()
    given = build.tensor((1, 256), scale=_scale(random, -8, 0), zero=_zero(random))
    options = {}
    scale, zero = _scale(random, -8, 0), _zero(random)
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
    given = build.tensor(shape, scale=_scale(random, -9, 3), zero=_zero(random))
    out = build.tensor(shape, scale=1 / 256, zero=-128)
    build.op("SOFTMAX", [given], [out], beta=float(random.choice([1.0, 1.0, 0.5, 2.0])))
    return build.build([given], [out])


def requantize(random: Random) -> bytes:
    """QUANTIZE between int8 and uint8."""
    build = ModelBuilder()
    types = [("int8", "int8"), ("int8", "uint8"), ("uint8", "int8")][random.integers(3)]
    zeros = [_zero(random) + (128 if kind == "uint8" else 0) for kind in types]
    given = build.tensor((1, 256), types[0], scale=_scale(random), zero=zeros[0])
    out = build.tensor((1, 256), types[1], scale=_scale(random), zero=zeros[1])
    build.op("QUANTIZE", [given], [out])
    return build.build([given], [out])


def block(random: Random) -> bytes:
    """A small residual network: convolutions, a sum, a lone RELU, pooling, reshape, classifier."""
    build = ModelBuilder()
    channels = int(random.integers(2, 6))
    given = build.tensor((1, 8, 8, channels), scale=_scale(random, -6, -4), zero=_zero(random))

    def conv(source: int, scale: float, height: int, stride: int) -> int:
        data = random.integers(-127, 128, (channels, 3, 3, channels))
        weights = build.tensor(data.shape, scale=[0.01] * channels, data=data)
        bias = build.tensor(
            (channels,),
            "int32",
            scale=[0.001] * channels,
            data=random.integers(-999, 999, channels),
        )
        out = build.tensor((1, height, height, channels), scale=scale, zero=_zero(random))
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


def _convolution(random: Random) -> bytes:
    return convolution(random, depthwise=False)


def _depthwise(random: Random) -> bytes:
    return convolution(random, depthwise=True)


def _pool(kind: str) -> Callable[[Random], bytes]:
    return lambda random: pool(random, kind=kind)


def _binary(kind: str) -> Callable[[Random], bytes]:
    return lambda random: binary(random, kind=kind)


def _unary(kind: str) -> Callable[[Random], bytes]:
    return lambda random: unary(random, kind=kind)


FAMILIES: dict[str, Callable[[Random], bytes]] = {
    "CONV_2D": _convolution,
    "DEPTHWISE_CONV_2D": _depthwise,
    "AVERAGE_POOL_2D": _pool("AVERAGE_POOL_2D"),
    "MAX_POOL_2D": _pool("MAX_POOL_2D"),
    "ADD": _binary("ADD"),
    "SUB": _binary("SUB"),
    "MUL": _binary("MUL"),
    "MEAN": mean,
    "PAD": pad,
    "CONCATENATION": concatenation,
    "SOFTMAX": softmax,
    "QUANTIZE": requantize,
    "block": block,
    **{
        kind: _unary(kind)
        for kind in ("LOGISTIC", "TANH", "RELU", "RELU6", "RELU_N1_TO_1", "LEAKY_RELU")
    },
}
