"""Kernels for Arm's DSP extension: Cortex-M4, M7, M33 (``firmware/core/nn/dsp``)."""

from __future__ import annotations

from dataclasses import replace

from tinyfield.compiler.calls import (
    Argument,
    Buffer,
    Call,
    First,
    Literal,
    Ring,
    Rom,
    Rows,
    Scratch,
    Stripes,
    overlap_pixels,
)
from tinyfield.compiler.kernels.arguments import image, size
from tinyfield.compiler.kernels.dsp_layout import (
    Channel,
    Output,
    dense,
    dense_rounding,
    lanes,
    paired,
    sums_fit,
    window_order,
)
from tinyfield.compiler.kernels.spec import ConvSpec, FullyConnectedSpec
from tinyfield.compiler.ops.weighted import ROUND_TWICE, ROUND_TWICE_POSITIVE

#: Kernels that take the same arguments as the portable ones.
TWINS = {
    "tiny_add_linear": ("tiny_dsp_add_linear", "dsp/elementwise.h"),
    "tiny_depthwise_conv_2d": ("tiny_dsp_depthwise_conv_2d", "dsp/depthwise_any.h"),
    "tiny_average_pool_2d": ("tiny_dsp_average_pool_2d", "dsp/pool_2d.h"),
}


def conv(spec: ConvSpec) -> Call | None:
    """CONV_2D or DEPTHWISE_CONV_2D; None for a shape that is not for these kernels."""
    if spec.depthwise:
        return _depthwise(spec)
    return _conv_2d(spec)


def fully_connected(spec: FullyConnectedSpec) -> Call | None:
    """FULLY_CONNECTED; None for what is not for this kernel."""
    output = Output(spec.zero_point, spec.low, spec.high)
    rounded = [dense_rounding(spec.rounding, int(shift), output) for shift in spec.shift]
    known = [one for one in rounded if one is not None]
    if len(known) < len(rounded) or not sums_fit(spec.sums):
        return None
    rounding, shift, half = known[0]
    scales: list[tuple[int, int]] = []
    if spec.per_channel:
        if rounding == ROUND_TWICE:
            return None
        scales = [(int(mult), one[1] - 1) for mult, one in zip(spec.mult, known, strict=True)]
    stream = dense(spec.weights, spec.bias, scales)
    if stream is None:
        return None
    scaled: tuple[Argument, ...] = (
        size("mult", int(spec.mult[0])),
        size("half", half),
        size("shift", shift),
        Literal("rounding", rounding),
    )
    if spec.per_channel:
        scaled = (
            size("zero_twice", 2 * spec.zero_point + 1),
            size("extra", 64 if rounding == ROUND_TWICE_POSITIVE else 0),
        )
    words, tail = stream.size // (spec.outputs // 4), 32 if spec.per_channel else 0
    stripes = Stripes(16, 4 * words - 16 - tail, tail, carried=True)
    return Call(
        "tiny_dsp_fully_connected_each" if spec.per_channel else "tiny_dsp_fully_connected",
        "dsp/fully_connected.h",
        (
            Buffer(spec.source),
            Rom("weights", stream, align=4, stripes=stripes),
            Buffer(spec.output, write=True),
            Scratch(16 * -(-spec.inputs // 8)),
            size("rows", spec.rows),
            size("inputs", spec.inputs),
            size("outputs", spec.outputs),
            *scaled,
            size("low", spec.low),
            size("high", spec.high),
        ),
        spec.label,
        macs=spec.macs,
        overlap={spec.source: overlap_pixels(spec.rows, spec.inputs, spec.outputs)},
    )


def _depthwise(spec: ConvSpec) -> Call | None:
    stride = spec.stride_h
    seen = (spec.out_w - 1) * stride + 3
    if (
        (spec.k_h, spec.k_w, spec.dilation_h, spec.dilation_w) != (3, 3, 1, 1)
        or spec.stride_w != stride
        or stride > 2
        or spec.out_c != spec.in_c
        or spec.pad_left >= seen
        or (spec.low, spec.high) != (-128, 127)
    ):
        return None
    laid_out = lanes(_channels(spec), Output(spec.zero_point, spec.low, spec.high))
    if laid_out is None:
        return None
    stream, rounding = laid_out
    same = (spec.in_h, spec.in_w, stride, spec.pad_top) == (spec.out_h, spec.out_w, 1, 1)
    return Call(
        "tiny_dsp_depthwise_3x3",
        "dsp/depthwise_conv_2d.h",
        (
            Buffer(spec.source),
            Rom("weights", stream, align=4, stripes=Stripes(0, 36, 36)),
            Buffer(spec.output, write=True),
            Scratch(32 * seen),
            First(),
            Rows("rows", spec.out_h),
            size("in_h", spec.in_h),
            Ring("in_ring", spec.in_h),
            size("in_w", spec.in_w),
            size("out_w", spec.out_w),
            size("channels", spec.in_c),
            Literal("stride", stride),
            size("pad_top", spec.pad_top),
            size("pad_left", spec.pad_left),
            size("inside", min(spec.in_w, seen - spec.pad_left)),
            size("pad", spec.pad),
            Literal("rounding", rounding),
            size("zero_point", spec.zero_point),
        ),
        spec.label,
        macs=spec.macs,
        in_place=(spec.source,) if same else (),
        windows={spec.source: spec.window},
    )


def _channels(spec: ConvSpec) -> list[Channel]:
    matrix = spec.weights.reshape(-1, spec.out_c).T if spec.depthwise else spec.weights
    return [
        Channel(matrix[c].ravel(), int(spec.bias[c]), int(spec.mult[c]), int(spec.shift[c]), sums)
        for c, sums in enumerate(spec.sums)
    ]


def _conv_2d(spec: ConvSpec) -> Call | None:
    if spec.w_c != spec.in_c or spec.dilation_w != 1:
        return None
    if spec.pad_left >= spec.k_w or (spec.out_w - 1) * spec.stride_w - spec.pad_left >= spec.in_w:
        return None  # a window wholly beside the image
    channels = _channels(spec)
    rest = spec.k_w * spec.in_c % 4
    if rest:
        order = window_order(spec.k_h, spec.k_w * spec.in_c)
        channels = [replace(one, weights=one.weights[order]) for one in channels]
    laid_out = paired(channels, Output(spec.zero_point, spec.low, spec.high))
    if laid_out is None:
        return None
    stream, rounding = laid_out
    words = stream.size // (spec.out_c // 2)
    weights = Rom("weights", stream, align=4, stripes=Stripes(8, 4 * words - 20, 12, carried=True))
    last = (
        Literal("rounding", rounding),
        size("zero_point", spec.zero_point),
        size("low", spec.low),
        size("high", spec.high),
    )
    inputs = spec.k_h * spec.k_w * spec.in_c
    columns = 24 * (stream.size // (spec.out_c // 2) - 5) // 2
    out = Buffer(spec.output, write=True)
    if spec.pointwise:
        pixels = spec.out_h * spec.out_w
        return Call(
            "tiny_dsp_pointwise",
            "dsp/conv_2d.h",
            (
                Buffer(spec.source),
                weights,
                out,
                Scratch(columns),
                Rows("pixels", spec.out_h, spec.out_w),
                size("in_c", spec.in_c),
                size("channels", spec.out_c),
                Literal("rest", rest),
                *last,
            ),
            spec.label,
            macs=spec.macs,
            overlap={spec.source: overlap_pixels(pixels, spec.in_c, spec.out_c)},
            windows={spec.source: spec.window},
        )
    return Call(
        "tiny_dsp_conv_2d",
        "dsp/conv_2d.h",
        (
            Buffer(spec.source),
            weights,
            out,
            Scratch(columns + 12 * -(-inputs // 4) + 12 * -(-spec.k_h * rest // 4)),
            *image(spec),
            size("channels", spec.out_c),
            size("k_h", spec.k_h),
            size("k_w", spec.k_w),
            size("stride_h", spec.stride_h),
            size("stride_w", spec.stride_w),
            size("dilation_h", spec.dilation_h),
            size("pad_top", spec.pad_top),
            size("pad_left", spec.pad_left),
            size("pad", spec.pad),
            Literal("rest", rest),
            *last,
        ),
        spec.label,
        macs=spec.macs,
        overlap=spec.overlap(),
        windows={spec.source: spec.window},
    )
