"""Kernels that unpack one output channel's weights at a time: little RAM (``nn/coded.h``)."""

from __future__ import annotations

import numpy as np

from tinyfield.compiler.calls import Argument, Buffer, Call, Literal, Rom, Scratch
from tinyfield.compiler.coding import CALL_BYTES, packed
from tinyfield.compiler.graph import Array
from tinyfield.compiler.kernels.spec import ConvSpec, FullyConnectedSpec


def conv(spec: ConvSpec, coding: str) -> Call | None:
    """CONV_2D; None for depthwise, whose weights are few, and where coding saves nothing."""
    if spec.depthwise:
        return None
    weights = _weights(spec.weights.reshape(spec.out_c, -1), coding)
    if weights is None:
        return None
    sizes = (
        ("in_h", spec.in_h), ("in_w", spec.in_w), ("in_c", spec.in_c), ("out_h", spec.out_h),
        ("out_w", spec.out_w), ("out_c", spec.out_c), ("w_c", spec.w_c), ("k_h", spec.k_h),
        ("k_w", spec.k_w), ("stride_h", spec.stride_h), ("stride_w", spec.stride_w),
        ("dilation_h", spec.dilation_h), ("dilation_w", spec.dilation_w),
        ("pad_top", spec.pad_top), ("pad_left", spec.pad_left), ("pad", spec.pad),
    )  # fmt: skip
    return Call(
        "tiny_coded_conv_2d",
        "coded.h",
        (
            Buffer(spec.source),
            *weights[:-1],
            Rom("bias", np.asarray(spec.bias, np.int32)),
            Rom("mult", spec.mult),
            Rom("shift", spec.shift),
            Buffer(spec.output, write=True),
            Scratch(spec.k_h * spec.k_w * spec.w_c),
            *(Literal(name, value, fixed=False) for name, value in sizes),
            weights[-1],
            *_tail(spec),
        ),
        spec.label,
        macs=spec.macs,
    )


def fully_connected(spec: FullyConnectedSpec, coding: str) -> Call | None:
    """FULLY_CONNECTED; None where coding saves nothing."""
    weights = _weights(np.asarray(spec.weights), coding)
    if weights is None:
        return None
    sizes = (("rows", spec.rows), ("inputs", spec.inputs), ("outputs", spec.outputs))
    return Call(
        "tiny_coded_fully_connected",
        "coded.h",
        (
            Buffer(spec.source),
            *weights[:-1],
            Rom("bias", np.asarray(spec.bias, np.int32)),
            Rom("mult", np.asarray(spec.mult, np.int32)),
            Rom("shift", np.asarray(spec.shift, np.int8)),
            Buffer(spec.output, write=True),
            Scratch(spec.inputs),
            *(Literal(name, value, fixed=False) for name, value in sizes),
            Literal("next_scale", int(spec.per_channel), fixed=False),
            weights[-1],
            *_tail(spec),
        ),
        spec.label,
        macs=spec.macs,
    )


def _weights(matrix: Array, coding: str) -> tuple[Argument, ...] | None:
    """Codes, their tables and the bits of fixed ones; rows of ``matrix`` one after another."""
    one = packed(Rom("weights", np.ascontiguousarray(matrix, np.int8)), coding)
    if one is None or matrix.size - one.bytes <= CALL_BYTES:
        return None
    return (
        Rom("codes", one.codes),
        *one.tables(),
        Literal("fixed", one.fixed_bits, fixed=False),
    )


def _tail(spec: ConvSpec | FullyConnectedSpec) -> tuple[Argument, ...]:
    return (
        Literal("rounding", spec.rounding),
        Literal("zero_point", spec.zero_point, fixed=False),
        Literal("low", spec.low, fixed=False),
        Literal("high", spec.high, fixed=False),
    )
