"""The operators that a random graph grows by, with shapes and scales as a converter has them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tests.compiler.grower import Grower, Value
from tests.compiler.operators.base import any_activation, output_size

#: Elements of a value that is still padded, joined or enlarged.
_LARGEST = 3000


def convolution(g: Grower, x: Value, k: int, *, depthwise: bool) -> Value:
    _, h, w, c = x.shape
    k_h, k_w = min(g.integer(1, k), h), min(g.integer(1, k), w)
    d_h = 2 if 2 * (k_h - 1) < h and g.random.random() < 0.2 else 1
    d_w = 2 if 2 * (k_w - 1) < w and g.random.random() < 0.2 else 1
    s_h, s_w = (1, 1) if d_h * d_w > 1 else (g.integer(1, 2), g.integer(1, 2))
    if k == 1:
        s_h = s_w = 1
    seen = (k_h - 1) * d_h + 1, (k_w - 1) * d_w + 1
    padding = "SAME" if g.random.random() < 0.6 else "VALID"
    # Kernels for one processor or another take channels by fours, by pairs, or one by one.
    some = 4 * g.integer(1, 5) if g.random.random() < 0.5 else g.integer(1, 10)
    out_c = c * g.integer(1, 2) if depthwise else some
    products = k_h * k_w * (1 if depthwise else c)
    shape = (1, k_h, k_w, out_c) if depthwise else (out_c, k_h, k_w, c)
    weights, scales = g.weights(shape, out_c, 3 if depthwise else 0)
    bias = g.bias(x, scales, out_c, products)
    size = output_size(h, s_h, seen[0], padding), output_size(w, s_w, seen[1], padding)
    out = g.value((1, *size, out_c), g.target(x, scales, products))
    options = {
        "padding": getattr(schema.Padding, padding),
        "strideH": s_h,
        "strideW": s_w,
        "dilationHFactor": d_h,
        "dilationWFactor": d_w,
        "fusedActivationFunction": any_activation(g.random) if g.random.random() < 0.6 else 0,
    }
    if depthwise:
        options["depthMultiplier"] = out_c // c
    kind = "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D"
    return g.op(kind, [x, weights, bias], out, **options)


def _image(g: Grower) -> Value | None:
    return g.pick(lambda v: v.image)


def conv(g: Grower) -> None:
    """CONV_2D of up to 4×4."""
    x = _image(g)
    if x is not None:
        convolution(g, x, 4, depthwise=False)


def pointwise(g: Grower) -> None:
    """CONV_2D of 1×1."""
    x = _image(g)
    if x is not None:
        convolution(g, x, 1, depthwise=False)


def depthwise(g: Grower) -> None:
    """DEPTHWISE_CONV_2D."""
    x = _image(g)
    if x is not None and x.shape[3] <= 20:
        convolution(g, x, 4, depthwise=True)


def pool(g: Grower) -> None:
    """AVERAGE_POOL_2D or MAX_POOL_2D."""
    x = _image(g)
    if x is None:
        return
    _, h, w, c = x.shape
    k_h, k_w = g.integer(1, min(3, h)), g.integer(1, min(3, w))
    s_h, s_w = g.integer(1, 2), g.integer(1, 2)
    padding = "SAME" if g.random.random() < 0.5 else "VALID"
    size = output_size(h, s_h, k_h, padding), output_size(w, s_w, k_w, padding)
    out = g.value((1, *size, c), x.scale, x.zero)
    g.op(
        "AVERAGE_POOL_2D" if g.random.random() < 0.5 else "MAX_POOL_2D",
        [x],
        out,
        padding=getattr(schema.Padding, padding),
        strideH=s_h,
        strideW=s_w,
        filterHeight=k_h,
        filterWidth=k_w,
        fusedActivationFunction=any_activation(g.random) if g.random.random() < 0.3 else 0,
    )


def binary(g: Grower) -> None:
    """ADD, SUB or MUL of two values, or of one and a constant."""
    x = g.pick(lambda v: v.size > 1)
    if x is None:
        return
    kind = ("ADD", "ADD", "SUB", "MUL")[g.integer(0, 3)]
    y: Value | int = g.other(x)
    if g.random.random() < 0.25:
        # As squeeze-and-excite scales an image: one number a channel, computed.
        gates = [v for v in g.values if v.shape == (1, 1, 1, x.shape[-1]) and len(x.shape) == 4]
        y = gates[-1] if gates else y
    y_scale = y.scale if isinstance(y, Value) else 0.0
    if g.random.random() < 0.2:
        limits = np.iinfo(g.dtype)
        data = g.random.integers(limits.min, limits.max + 1, x.shape[-1:])
        y_scale = float(np.float32(x.scale * g.random.uniform(0.3, 2)))
        y = g.build.tensor(data.shape, g.dtype, scale=y_scale, zero=0, data=data)
    scale = max(x.scale, y_scale) * g.random.uniform(0.7, 2)
    if kind == "MUL":
        scale = x.scale * y_scale * (100 if g.narrow else 25600) * g.random.uniform(0.5, 1.5)
    out = g.value(x.shape, scale)
    options = {} if g.narrow or kind == "MUL" else {"potScaleInt16": False}
    if g.random.random() < 0.4:
        options["fusedActivationFunction"] = any_activation(g.random)
    g.op(kind, [x, y] if g.random.random() < 0.8 else [y, x], out, **options)


def unary(g: Grower) -> None:
    """An activation that stands alone."""
    x = g.values[-1]
    kinds = ("RELU", "RELU6", "LEAKY_RELU", "LOGISTIC", "TANH", "QUANTIZE")
    kind = kinds[g.integer(0, len(kinds) - 1)]
    scale, zero = x.scale * float(g.random.choice([1.0, g.random.uniform(0.5, 2)])), x.zero
    options = {}
    if kind == "LOGISTIC":
        scale, zero = (1 / 256, -128) if g.narrow else (1 / 32768, 0)
    elif kind == "TANH":
        scale, zero = (1 / 128, 0) if g.narrow else (1 / 32768, 0)
    elif kind == "LEAKY_RELU":
        options["alpha"] = 0.1
    if kind in ("LOGISTIC", "TANH") and not g.narrow and x.scale > 1:
        return
    g.op(kind, [x], g.value(x.shape, scale, zero), **options)


def concatenation(g: Grower) -> None:
    """CONCATENATION of values of one scale along an axis: a split's parts, pooled twins."""
    x = g.pick(lambda v: len(v.shape) == 4 and v.size <= _LARGEST // 2)
    if x is None:
        return
    axis = g.integer(1, 3)

    def joins(v: Value) -> bool:
        same = all(
            a == b for i, (a, b) in enumerate(zip(v.shape, x.shape, strict=False)) if i != axis
        )
        return len(v.shape) == 4 and same and (v.scale, v.zero) == (x.scale, x.zero)

    parts = [v for v in g.values if joins(v)][-g.integer(2, 3) :]
    if len(parts) < 2:
        y = g.value(x.shape, x.scale, x.zero)
        g.op("RELU", [x], y)
        parts = [x, y]
    shape = list(x.shape)
    shape[axis] = sum(v.shape[axis] for v in parts)
    g.op("CONCATENATION", list(parts), g.value(tuple(shape), x.scale, x.zero), axis=axis)


def split(g: Grower) -> None:
    """SPLIT in two or three along an axis."""
    count = g.integer(2, 3)
    x = g.pick(lambda v: len(v.shape) == 4 and any(n % count == 0 for n in v.shape[1:]))
    if x is None:
        return
    axes = [axis for axis in (1, 2, 3) if x.shape[axis] % count == 0]
    axis = axes[g.integer(0, len(axes) - 1)]
    shape = list(x.shape)
    shape[axis] //= count
    outs = [g.value(tuple(shape), x.scale, x.zero) for _ in range(count)]
    g.many("SPLIT", [g.constant(axis), x], outs, numSplits=count)


def pad(g: Grower) -> None:
    """PAD of an image, mostly height and width, where it may move into a convolution."""
    x = _image(g)
    if x is None or x.size > _LARGEST // 2:
        return
    amounts = np.zeros((4, 2), np.int64)
    amounts[1:3] = g.random.integers(0, 3, (2, 2))
    if g.random.random() < 0.2:
        amounts[3] = g.random.integers(0, 2, 2)
    shape = tuple(int(n) for n in np.array(x.shape) + amounts.sum(axis=1))
    out = g.value(shape, x.scale, x.zero)
    g.op("PAD", [x, g.constant(amounts)], out)
    if g.random.random() < 0.6:
        convolution(g, out, 3, depthwise=bool(g.integer(0, 1)) and x.shape[3] <= 16)


def cut(g: Grower) -> None:
    """STRIDED_SLICE along height and width."""
    x = _image(g)
    if x is None:
        return
    _, h, w, c = x.shape
    begin = [0, g.integer(0, h - 1), g.integer(0, w - 1), 0]
    end = [1, g.integer(begin[1] + 1, h), g.integer(begin[2] + 1, w), c]
    step = [1, g.integer(1, 2), g.integer(1, 2), 1]
    shape = tuple(len(range(b, e, s)) for b, e, s in zip(begin, end, step, strict=True))
    out = g.value(shape, x.scale, x.zero)
    g.op("STRIDED_SLICE", [x, *(g.constant(part) for part in (begin, end, step))], out)


def reshape(g: Grower) -> None:
    """RESHAPE of an image to another image."""
    x = _image(g)
    if x is None:
        return
    _, h, w, c = x.shape
    shape = ((1, w, h, c), (1, h * w, 1, c), (1, 1, h, w * c), (1, h, 1, w * c))[g.integer(0, 3)]
    if shape[3] > 40:
        return
    g.op("RESHAPE", [x, g.constant(shape)], g.value(shape, x.scale, x.zero))


def transpose(g: Grower) -> None:
    """TRANSPOSE of an image."""
    x = _image(g)
    if x is None:
        return
    order = [0, *(int(n) for n in 1 + g.random.permutation(3))]
    shape = tuple(x.shape[axis] for axis in order)
    if shape[3] <= 20:
        g.op("TRANSPOSE", [x, g.constant(order)], g.value(shape, x.scale, x.zero))


def enlarge(g: Grower) -> None:
    """RESIZE_NEAREST_NEIGHBOR to twice the size."""
    x = _image(g)
    if x is None or x.size > _LARGEST // 4:
        return
    _, h, w, c = x.shape
    out = g.value((1, 2 * h, 2 * w, c), x.scale, x.zero)
    g.op("RESIZE_NEAREST_NEIGHBOR", [x, g.constant([2 * h, 2 * w])], out)


def mean(g: Grower) -> None:
    """MEAN over height, width or both."""
    x = _image(g)
    if x is None:
        return
    axes = ([1, 2], [1], [2])[g.integer(0, 2)]
    keep = bool(g.integer(0, 1)) or len(axes) == 1
    shape = tuple(1 if a in axes else n for a, n in enumerate(x.shape) if keep or a not in axes)
    out = g.value(shape, x.scale * g.random.uniform(0.3, 1), x.zero)
    g.op("MEAN", [x, g.constant(axes)], out, keepDims=keep)


def reduce(g: Grower) -> None:
    """REDUCE_MAX or REDUCE_MIN over one axis, kept."""
    x = _image(g)
    if x is None:
        return
    axis = g.integer(1, 3)
    shape = tuple(1 if a == axis else n for a, n in enumerate(x.shape))
    kind = "REDUCE_MAX" if g.integer(0, 1) else "REDUCE_MIN"
    g.op(kind, [x, g.constant([axis])], g.value(shape, x.scale, x.zero), keepDims=True)


def extreme(g: Grower) -> None:
    """MAXIMUM or MINIMUM of two values of one scale."""
    x = g.pick(lambda v: v.size > 1)
    if x is None:
        return
    like = [v for v in g.values if (v.shape, v.scale, v.zero) == (x.shape, x.scale, x.zero)]
    out = g.value(x.shape, x.scale, x.zero)
    g.op("MAXIMUM" if g.integer(0, 1) else "MINIMUM", [x, like[0]], out)


def transposed(g: Grower) -> None:
    """TRANSPOSE_CONV to twice the size."""
    x = _image(g)
    if x is None or x.size > _LARGEST // 4 or x.shape[3] > 12:
        return
    _, h, w, c = x.shape
    k, out_c = g.integer(1, 3), g.integer(1, 6)
    weights, scales = g.weights((out_c, k, k, c), out_c, 0)
    bias = g.bias(x, scales, out_c, k * k * c)
    shape = (1, 2 * h, 2 * w, out_c)
    out = g.value(shape, g.target(x, scales, max(k * k * c // 4, 1)))
    same = schema.Padding.SAME
    operands: list[Value | int] = [g.constant(shape), weights, x, bias]
    g.op("TRANSPOSE_CONV", operands, out, padding=same, strideH=2, strideW=2)


def blend(g: Grower) -> None:
    """RESIZE_BILINEAR to twice the size or half of it."""
    x = _image(g)
    if x is None or x.size > _LARGEST // 4:
        return
    _, h, w, c = x.shape
    sizes = [2 * h, 2 * w] if g.integer(0, 1) else [(h + 1) // 2, (w + 1) // 2]
    out = g.value((1, *sizes, c), x.scale, x.zero)
    g.op("RESIZE_BILINEAR", [x, g.constant(sizes)], out, halfPixelCenters=bool(g.integer(0, 1)))


def gate(g: Grower) -> None:
    """Squeeze-and-excite: a mean, a dense layer of 1×1, a sigmoid, a product."""
    x = _image(g)
    if x is None or x.shape[1] * x.shape[2] < 2:
        return
    c = x.shape[3]
    few = g.value((1, 1, 1, c), x.scale * 0.5, x.zero)
    g.op("MEAN", [x, g.constant([1, 2])], few, keepDims=True)
    weights, scales = g.weights((c, 1, 1, c), c, 0)
    bias = g.bias(few, scales, c, c)
    # As calibrated logits are: a few units at most.
    logits = g.value((1, 1, 1, c), g.target(few, scales, c))
    options = {"strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1}
    g.op("CONV_2D", [few, weights, bias], logits, **options)
    if not g.narrow and logits.scale > 1:
        return
    share = g.value((1, 1, 1, c), *((1 / 256, -128) if g.narrow else (1 / 32768, 0)))
    g.op("LOGISTIC", [logits], share)
    g.op("MUL", [x, share], g.value(x.shape, x.scale))


def classifier(g: Grower) -> None:
    """Flatten, FULLY_CONNECTED, SOFTMAX."""
    x = g.values[-1]
    flat = g.value((1, x.size), x.scale, x.zero)
    g.op("RESHAPE", [x, g.constant([1, x.size])], flat)
    outputs = g.integer(2, 6)
    weights, scales = g.weights((outputs, x.size), outputs, 0)
    bias = g.bias(x, scales, outputs, x.size)
    logits = g.value((1, outputs), g.target(x, scales, x.size))
    g.op("FULLY_CONNECTED", [flat, weights, bias], logits)
    if not g.narrow and logits.scale > 1:
        return  # no calibration gives such logits, and int16 SOFTMAX does not take them
    share = g.value((1, outputs), *((1 / 256, -128) if g.narrow else (1 / 32768, 0)))
    g.op("SOFTMAX", [logits], share, beta=1.0)


Step = Callable[[Grower], None]
STEPS: tuple[Step, ...] = (
    conv,
    pointwise,
    depthwise,
    pool,
    binary,
    unary,
    concatenation,
    split,
    pad,
    cut,
    reshape,
    transpose,
    enlarge,
    mean,
    reduce,
    extreme,
    transposed,
    blend,
    gate,
)
WEIGHTS: dict[Step, float] = {
    conv: 2.5, pointwise: 3.0, depthwise: 3.0, binary: 2.0, unary: 1.5, mean: 0.4, cut: 0.6,
    reshape: 0.6, transpose: 0.5, enlarge: 0.4,
    reduce: 0.3, extreme: 0.5, transposed: 0.4, blend: 0.3, gate: 0.5,
}  # fmt: skip
