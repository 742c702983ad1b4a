"""Convolutions that give one pixel, for 32-bit processors without DSP (``nn/pixel.h``)."""

from __future__ import annotations

import numpy as np

from tinyfield.compiler.calls import Buffer, Call, Literal, Rom
from tinyfield.compiler.kernels.spec import ConvSpec


def sees_all(spec: ConvSpec) -> bool:
    """Is its one pixel made of all of its input, in the order of memory?"""
    return (
        spec.out_h == spec.out_w == 1
        and (spec.k_h, spec.k_w) == (spec.in_h, spec.in_w)
        and spec.pad_top == spec.pad_left == 0
        and (spec.dilation_h == 1 or spec.k_h == 1)
        and (spec.dilation_w == 1 or spec.k_w == 1)
        and (spec.out_c if spec.depthwise else spec.w_c) == spec.in_c
    )


def conv(spec: ConvSpec) -> Call | None:
    """CONV_2D or DEPTHWISE_CONV_2D whose one pixel sees all of its input; None for any other."""
    if not sees_all(spec) or spec.out_c % 4:
        return None
    taps = spec.k_h * spec.k_w
    inputs = taps * spec.w_c
    matrix = np.asarray(spec.weights)
    matrix = matrix.reshape(inputs, -1).T if spec.depthwise else matrix.reshape(-1, inputs)
    fours = np.moveaxis(matrix.reshape(-1, 4, inputs), 1, 2)
    return Call(
        "tiny_depthwise_pixel" if spec.depthwise else "tiny_pixel",
        "pixel.h",
        (
            Buffer(spec.source),
            Rom("weights", fours.astype(np.int8)),
            Rom("bias", np.asarray(spec.bias, np.int32)),
            Rom("mult", np.asarray(spec.mult, np.int32)),
            Rom("shift", np.asarray(spec.shift, np.int8)),
            Buffer(spec.output, write=True),
            Literal("inputs", inputs, fixed=False),
            Literal("channels", spec.out_c, fixed=False),
            Literal("rounding", spec.rounding),
            Literal("zero_point", spec.zero_point, fixed=False),
            Literal("low", spec.low),
            Literal("high", spec.high),
        ),
        spec.label,
        macs=spec.macs,
    )
