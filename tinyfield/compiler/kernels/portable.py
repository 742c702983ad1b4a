"""The portable bodies: any shape, any processor; what every other kernel is tested against."""

from __future__ import annotations

from tinyfield.compiler.calls import (
    Argument,
    Buffer,
    Call,
    Literal,
    Rom,
)
from tinyfield.compiler.kernels.arguments import image, size
from tinyfield.compiler.kernels.spec import ConvSpec, FullyConnectedSpec


def conv(spec: ConvSpec) -> Call:
    """CONV_2D or DEPTHWISE_CONV_2D."""
    channels: tuple[Argument, ...] = (
        (Literal("multiplier", spec.out_c // spec.in_c),)
        if spec.depthwise
        else (size("out_c", spec.out_c), size("w_c", spec.w_c))
    )
    return Call(
        "tiny_depthwise_conv_2d" if spec.depthwise else "tiny_conv_2d",
        "depthwise_conv_2d.h" if spec.depthwise else "conv_2d.h",
        (
            Buffer(spec.source),
            Rom("weights", spec.weights),
            Rom("bias", spec.bias),
            Rom("mult", spec.mult),
            Rom("shift", spec.shift),
            Buffer(spec.output, write=True),
            *image(spec),
            *channels,
            Literal("k_h", spec.k_h),
            Literal("k_w", spec.k_w),
            Literal("stride_h", spec.stride_h),
            Literal("stride_w", spec.stride_w),
            Literal("dilation_h", spec.dilation_h),
            Literal("dilation_w", spec.dilation_w),
            size("pad_top", spec.pad_top),
            size("pad_left", spec.pad_left),
            Literal("pad", spec.pad, fixed=False),
            Literal("rounding", spec.rounding),
            Literal("zero_point", spec.zero_point, fixed=False),
            Literal("low", spec.low, fixed=False),
            Literal("high", spec.high, fixed=False),
        ),
        spec.label,
        macs=spec.macs,
        overlap=spec.overlap(),
        windows={spec.source: spec.window},
    )


def fully_connected(spec: FullyConnectedSpec) -> Call:
    """FULLY_CONNECTED with one scale, or one for each output."""
    requantize: tuple[Argument, ...] = (
        Literal("mult", int(spec.mult[0]), fixed=False),
        Literal("shift", int(spec.shift[0]), fixed=False),
    )
    if spec.per_channel:
        requantize = (Rom("mult", spec.mult), Rom("shift", spec.shift))
    return Call(
        "tiny_fully_connected_per_channel" if spec.per_channel else "tiny_fully_connected",
        "fully_connected.h",
        (
            Buffer(spec.source),
            Rom("weights", spec.weights),
            Rom("bias", spec.bias),
            Buffer(spec.output, write=True),
            size("rows", spec.rows),
            size("inputs", spec.inputs),
            size("outputs", spec.outputs),
            *requantize,
            Literal("rounding", spec.rounding),
            Literal("zero_point", spec.zero_point, fixed=False),
            Literal("low", spec.low, fixed=False),
            Literal("high", spec.high, fixed=False),
        ),
        spec.label,
        macs=spec.macs,
    )
