"""CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED with int16 activations and int8 weights.

Zero points are 0, biases are int64 or int32. Reference: LiteRT ``reference_integer_ops``.
FullyConnected multiplies its sum by a double and rounds half away from zero; ConvPerChannel and
DepthwiseConvPerChannel take a multiplier of 16 bits, and ConvPerChannel with 32-bit biases sums in
32 bits and rounds twice, as int8 does. TFLite Micro has multipliers of 16 bits throughout. All but
the last become one multiplication and one rounding that ``rounding_16x8.py`` proves equal.

The reference sums in 64 bits where biases have 64; here 32 are used where no input can need more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinyfield.compiler.calls import (
    Argument,
    Buffer,
    Call,
    First,
    Literal,
    Ring,
    Rom,
    Rows,
    Window,
    overlap_rows,
)
from tinyfield.compiler.graph import Array, Graph, Op
from tinyfield.compiler.ops.base import Options
from tinyfield.compiler.ops.weighted import ROUND_ONCE, ROUND_TWICE
from tinyfield.compiler.rounding import INT32_MAX, INT32_MIN, quantize_multiplier
from tinyfield.compiler.rounding_16x8 import Fine, is_wide, prove_fine, raised, reduced
from tinyfield.errors import ModelError

#: How a sum becomes an output: a product of doubles; a multiplier of 16 bits; rounded twice.
DOUBLE, SHORT, TWICE = "double", "short", "twice"

Range = tuple[int, int]
_CURE = "quantize the model again with other calibration data"


@dataclass(frozen=True)
class _Layer:
    """Biases, sums and requantization of one layer, as its kernel takes them."""

    bias: tuple[Argument, ...]
    steps: tuple[Argument, ...]
    tail: tuple[Argument, ...]


def lower_conv(graph: Graph, op: Op, options: Options) -> list[Call]:
    """The kernel call of a convolution, depthwise or not."""
    source, weights, output = graph.input(op, 0), graph.input(op, 1), graph.output(op)
    depthwise = op.kind == "DEPTHWISE_CONV_2D"
    _, in_h, in_w, in_c = source.shape
    _, out_h, out_w, out_c = output.shape
    _, k_h, k_w, w_c = weights.shape
    data = np.asarray(weights.data)
    matrix = data.reshape(-1, out_c).T if depthwise else data.reshape(out_c, -1)
    layer = _layer(graph, op, matrix, SHORT if depthwise else _form(graph, op, options, SHORT))
    channels: tuple[Argument, ...] = (_size("out_c", out_c), _size("w_c", w_c))
    if depthwise:
        channels = (Literal("multiplier", out_c // in_c),)
    window = Window(
        in_h,
        2 * in_w * in_c,
        out_h,
        2 * out_w * out_c,
        op.integer("stride_h"),
        op.integer("pad_top"),
        (k_h - 1) * op.integer("dilation_h") + 1,
    )
    kernel = "depthwise_conv_2d_16x8" if depthwise else "conv_2d_16x8"
    call = Call(
        f"tiny_{kernel}",
        f"{kernel}.h",
        (
            Buffer(source.index),
            Rom("weights", data),
            *layer.bias,
            *layer.steps,
            Buffer(output.index, write=True),
            First(),
            Rows("rows", out_h),
            _size("in_h", in_h),
            Ring("in_ring", in_h),
            _size("in_w", in_w),
            _size("in_c", in_c),
            _size("out_w", out_w),
            *channels,
            Literal("k_h", k_h),
            Literal("k_w", k_w),
            *(
                Literal(name, op.integer(name))
                for name in ("stride_h", "stride_w", "dilation_h", "dilation_w")
            ),
            _size("pad_top", op.integer("pad_top")),
            _size("pad_left", op.integer("pad_left")),
            *layer.tail,
        ),
        graph.label(op),
        macs=out_h * out_w * out_c * k_h * k_w * (1 if depthwise else w_c),
        overlap={source.index: overlap_rows(window)},
        windows={source.index: window},
    )
    return [call]


def lower_fully_connected(graph: Graph, op: Op, options: Options) -> list[Call]:
    """The kernel call of a fully-connected layer."""
    source, weights, output = graph.input(op, 0), graph.input(op, 1), graph.output(op)
    matrix = np.asarray(weights.data)
    outputs, inputs = matrix.shape
    rows = source.elements // inputs
    layer = _layer(graph, op, matrix, _form(graph, op, options, DOUBLE))
    call = Call(
        "tiny_fully_connected_16x8",
        "fully_connected_16x8.h",
        (
            Buffer(source.index),
            Rom("weights", matrix),
            *layer.bias,
            *layer.steps,
            Buffer(output.index, write=True),
            _size("rows", rows),
            _size("inputs", inputs),
            _size("outputs", outputs),
            Literal("per_channel", int(weights.q.per_channel)),
            *layer.tail,
        ),
        graph.label(op),
        macs=rows * inputs * outputs,
    )
    return [call]


def lower_transpose_conv(graph: Graph, op: Op, options: Options, pads: tuple[int, int]) -> Call:
    """The kernel call of a transposed convolution.

    Args:
        op: with the operands of the other convolutions: input, weights, bias.
        pads: above and left.
    """
    source, weights, output = graph.input(op, 0), graph.input(op, 1), graph.output(op)
    _, in_h, in_w, in_c = source.shape
    _, out_h, out_w, out_c = output.shape
    _, k_h, k_w, _ = weights.shape
    data = np.asarray(weights.data)
    layer = _layer(graph, op, data.reshape(out_c, -1), _form(graph, op, options, SHORT))
    sizes = {"in_h": in_h, "in_w": in_w, "in_c": in_c}
    sizes |= {"out_h": out_h, "out_w": out_w, "out_c": out_c}
    return Call(
        "tiny_transpose_conv_16x8",
        "transpose_conv_16x8.h",
        (
            Buffer(source.index),
            Rom("weights", data),
            *layer.bias,
            *layer.steps,
            Buffer(output.index, write=True),
            *(_size(name, value) for name, value in sizes.items()),
            Literal("k_h", k_h),
            Literal("k_w", k_w),
            Literal("stride_h", op.integer("stride_h")),
            Literal("stride_w", op.integer("stride_w")),
            _size("pad_top", pads[0]),
            _size("pad_left", pads[1]),
            *layer.tail,
        ),
        graph.label(op),
        macs=in_h * in_w * in_c * out_c * k_h * k_w,
    )


def _bias(graph: Graph, op: Op) -> Array:
    """The biases; where there are none, zeros of 64 bits, as the sums then have."""
    if graph.has_input(op, 2):
        return np.asarray(graph.input(op, 2).data).reshape(-1)
    return np.zeros(graph.output(op).shape[-1], np.int64)


def _form(graph: Graph, op: Op, options: Options, wide: str) -> str:
    """How a layer's sums become outputs, which hangs on the type of its biases."""
    if options.rounding == "tflm":
        return SHORT
    narrow = {SHORT: TWICE, DOUBLE: DOUBLE}
    return narrow[wide] if _bias(graph, op).dtype == np.int32 else wide


def _layer(graph: Graph, op: Op, matrix: Array, form: str) -> _Layer:
    """A layer's arguments; matrix [channels, products of one sum]."""
    weights = graph.input(op, 1).q
    bias = _bias(graph, op)
    sums = sum_ranges(graph, op, matrix, bias)
    if bias.dtype == np.int32 and is_wide(_widest(sums)) and op.kind != "DEPTHWISE_CONV_2D":
        # The reference's sum has 32 bits then, and wraps around.
        sums = [(INT32_MIN, INT32_MAX)] * len(sums)
    wide = is_wide(_widest(sums))
    if not weights.per_channel and op.kind == "FULLY_CONNECTED":
        sums = [_widest(sums)]
    scales = weights.scales if weights.per_channel else weights.scales * len(sums)
    one = {DOUBLE: _double, SHORT: _short_multiplier, TWICE: _twice}[form]
    steps = [one(graph, op, scale, each) for scale, each in zip(scales, sums, strict=True)]
    if form == SHORT and not wide:
        steps = [raised(each) for each in steps]
    return _Layer(
        _biases(bias),
        _requantization(steps),
        (
            Literal("rounding", ROUND_TWICE if form == TWICE else ROUND_ONCE),
            Literal("wide", int(wide)),
            Literal("least", op.integer("low"), fixed=False),
            Literal("most", op.integer("high"), fixed=False),
        ),
    )


def sum_ranges(graph: Graph, op: Op, matrix: Array, bias: Array) -> list[Range]:
    """For each output channel: the least and greatest sum, partial or whole, over all inputs.

    Args:
        matrix: weights [channels, products of one sum].

    Raises:
        ModelError: one may leave 40 bits.
    """
    wide = matrix.astype(np.int64)
    positive = np.where(wide > 0, wide, 0).sum(axis=1)
    negative = np.where(wide < 0, wide, 0).sum(axis=1)
    least = -32768 * positive + 32767 * negative
    most = 32767 * positive - 32768 * negative
    ranges = []
    for low, high, start in zip(least.tolist(), most.tolist(), bias.tolist(), strict=True):
        ranges.append((min(start, start + low), max(start, start + high)))
    if max(max(-low, high) for low, high in ranges) > 1 << 40:
        raise ModelError(
            f"{graph.label(op)}: a sum may exceed 40 bits",
            hint="the biases are far larger than any output; check the quantization",
        )
    return ranges


def _widest(sums: list[Range]) -> Range:
    return min(low for low, _ in sums), max(high for _, high in sums)


def _double(graph: Graph, op: Op, scale: float, sums: Range) -> Fine:
    real = graph.input(op, 0).q.scale * scale / graph.output(op).q.scale
    found = prove_fine(real, sums, (op.integer("low"), op.integer("high")))
    if found is None:
        raise ModelError(
            f"{graph.label(op)}: its output's scale is far too small for its sums", hint=_CURE
        )
    return found


def _short_multiplier(graph: Graph, op: Op, scale: float, sums: Range) -> Fine:
    real = graph.input(op, 0).q.scale * scale / graph.output(op).q.scale
    found = reduced(*quantize_multiplier(real))
    if found is None or max(abs(found(x)) for x in sums) > INT32_MAX:
        raise ModelError(
            f"{graph.label(op)}: its output's scale is far too small for its sums", hint=_CURE
        )
    return found


def _twice(graph: Graph, op: Op, scale: float, _sums: Range) -> Fine:
    """Not a number to multiply by, but what ``tiny_requantize`` takes."""
    real = graph.input(op, 0).q.scale * scale / graph.output(op).q.scale
    mult, shift = quantize_multiplier(real)
    if shift > 30:
        raise ModelError(f"{graph.label(op)}: its output's scale is far too small", hint=_CURE)
    return Fine(mult, 0, shift)


def _biases(bias: Array) -> tuple[Argument, ...]:
    wide = bias.astype(np.int64)
    low = Rom("bias", (wide & 0xFFFFFFFF).astype(np.uint32).view(np.int32))
    if wide.size == 0 or (int(wide.min()) >= INT32_MIN and int(wide.max()) <= INT32_MAX):
        return low, Literal("bias_high", 0)
    return low, Rom("bias_high", (wide >> 32).astype(np.int32))


def _requantization(steps: list[Fine]) -> tuple[Argument, ...]:
    low: Argument = Literal("low", 0)
    if any(one.low for one in steps):
        low = Rom("low", np.array([one.low for one in steps], np.int32))
    return (
        Rom("mult", np.array([one.mult for one in steps], np.int32)),
        low,
        Rom("shift", np.array([one.shift for one in steps], np.int8)),
    )


def _size(name: str, value: int) -> Literal:
    return Literal(name, value, fixed=False)
