"""Kernels for this PC: loops that a compiler turns into vectors (``firmware/core/nn/host/``).

``evaluate``, ``run`` and the gates of training go through them.
"""

from __future__ import annotations

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
    Scratch,
)
from tinyfield.compiler.graph import Array
from tinyfield.compiler.kernels.spec import ConvSpec, FullyConnectedSpec

_VECTOR = 16  # TINY_VECTOR


def conv(spec: ConvSpec) -> Call | None:
    """The call for a convolution of one group, or a depthwise one with multiplier 1."""
    if spec.depthwise:
        return _depthwise(spec) if spec.in_c == spec.out_c else None
    if spec.w_c != spec.in_c:
        return None
    weights = padded(np.asarray(spec.weights).reshape(spec.out_c, -1))
    products = weights.shape[1]
    return Call(
        "tiny_host_conv",
        "host/conv.h",
        (
            Buffer(spec.source),
            Rom("weights", weights),
            Rom("bias", spec.bias),
            Rom("mult", spec.mult),
            Rom("shift", spec.shift),
            Buffer(spec.output, write=True),
            Scratch(products * 2),
            *_shape(spec, Literal("out_c", spec.out_c)),
            Literal("products", products),
            *_tail(spec),
        ),
        spec.label,
        macs=spec.macs,
        overlap=spec.overlap(),
        windows={spec.source: spec.window},
    )


def _depthwise(spec: ConvSpec) -> Call:
    return Call(
        "tiny_host_depthwise",
        "host/depthwise.h",
        (
            Buffer(spec.source),
            Rom("weights", np.asarray(spec.weights).astype(np.int16)),
            Rom("bias", spec.bias),
            Rom("mult", spec.mult),
            Rom("shift", spec.shift),
            Buffer(spec.output, write=True),
            Scratch(spec.in_c * 4),
            *_shape(spec),
            *_tail(spec),
        ),
        spec.label,
        macs=spec.macs,
        overlap=spec.overlap(),
        windows={spec.source: spec.window},
    )


def fully_connected(spec: FullyConnectedSpec) -> Call:
    """The call for any fully connected layer."""
    weights = padded(np.asarray(spec.weights))
    products = weights.shape[1]
    return Call(
        "tiny_host_fully_connected",
        "host/fully_connected.h",
        (
            Buffer(spec.source),
            Rom("weights", weights),
            Rom("bias", spec.bias),
            Rom("mult", spec.mult),
            Rom("shift", spec.shift),
            Buffer(spec.output, write=True),
            Scratch(products * 2),
            Literal("rows", spec.rows),
            Literal("inputs", spec.inputs),
            Literal("outputs", spec.outputs),
            Literal("products", products),
            Literal("scales", len(spec.mult)),
            *_tail(spec),
        ),
        spec.label,
        macs=spec.macs,
    )


def padded(matrix: Array) -> Array:
    """int16, filled up with zeros to a multiple of 4 rows and of a vector's columns."""
    rows, columns = matrix.shape
    wide = np.zeros((-(-rows // 4) * 4, -(-columns // _VECTOR) * _VECTOR), np.int16)
    wide[:rows, :columns] = matrix
    return wide


def _shape(spec: ConvSpec, *out_c: Argument) -> tuple[Argument, ...]:
    return (
        First(),
        Rows("rows", spec.out_h),
        Literal("in_h", spec.in_h),
        Ring("in_ring", spec.in_h),
        Literal("in_w", spec.in_w),
        Literal("in_c", spec.in_c),
        Literal("out_w", spec.out_w),
        *out_c,
        Literal("k_h", spec.k_h),
        Literal("k_w", spec.k_w),
        Literal("stride_h", spec.stride_h),
        Literal("stride_w", spec.stride_w),
        Literal("dilation_h", spec.dilation_h),
        Literal("dilation_w", spec.dilation_w),
        Literal("pad_top", spec.pad_top),
        Literal("pad_left", spec.pad_left),
        Literal("pad", spec.pad),
    )


def _tail(spec: ConvSpec | FullyConnectedSpec) -> tuple[Argument, ...]:
    return (
        Literal("rounding", spec.rounding),
        Literal("zero_point", spec.zero_point),
        Literal("low", spec.low),
        Literal("high", spec.high),
    )
