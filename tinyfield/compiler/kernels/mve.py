"""Kernels for the M-profile vector extension (Cortex-M55): ``firmware/core/nn/mve``.

Weights, biases, multipliers and shifts of a layer become one stream of bytes in the order in which
the kernel reads them; each header says which.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

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
    Stripes,
    overlap_pixels,
)
from tinyfield.compiler.graph import Array
from tinyfield.compiler.kernels.arguments import image, size
from tinyfield.compiler.kernels.spec import ConvSpec, FullyConnectedSpec
from tinyfield.compiler.ops.weighted import ROUND_ONCE
from tinyfield.compiler.rounding import INT32_MAX, INT32_MIN, Once, doubling_high_mul, thresholds

#: How four sums become outputs, as nn/mve/mve.h numbers it.
HALF_UP, HALF_AWAY, ANY_SHIFT = 0, 1, 2

#: Kernels of the same arguments, and where they are.
TWINS = {
    "tiny_add_linear": ("tiny_mve_add_linear", "mve/elementwise.h"),
    "tiny_mul": ("tiny_mve_mul", "mve/elementwise.h"),
    "tiny_average_pool_2d": ("tiny_mve_average_pool_2d", "mve/pool_2d.h"),
    "tiny_depthwise_conv_2d": ("tiny_mve_depthwise_lanes", "mve/depthwise_lanes.h"),
    "tiny_depthwise_conv_2d_16x8": ("tiny_mve_depthwise_16x8", "mve/depthwise_16x8.h"),
    "tiny_max_pool_2d": ("tiny_mve_max_pool_2d", "mve/pool_2d.h"),
}

_LANES = 16
_COLUMN_BYTES = 64


def conv(spec: ConvSpec) -> Call | None:
    """CONV_2D without groups, rows of the window undilated; DEPTHWISE_CONV_2D up to 3×3."""
    # A channel of no scale gives its zero point by any shift.
    spec = replace(spec, shift=np.where(spec.mult == 0, -1, spec.shift).astype(np.int8))
    if spec.depthwise:
        return _depthwise(spec)
    if spec.w_c != spec.in_c or (spec.dilation_w != 1 and spec.k_w > 1):
        return None
    if _is_dense(spec):
        return _as_dense(spec)
    products = spec.k_h * spec.k_w * spec.in_c
    blocks = -(-products // _LANES)
    few = blocks if blocks <= 2 else 0
    staged = 0 if few or spec.pointwise or spec.in_c % _LANES == 0 else _LANES * blocks
    overlap = spec.overlap()
    if spec.pointwise:
        pixels = spec.out_h * spec.out_w
        overlap = {spec.source: overlap_pixels(pixels, spec.in_c, spec.out_c)}
    return Call(
        "tiny_mve_conv_2d",
        "mve/conv_2d.h",
        (
            Buffer(spec.source),
            _conv_stream(spec, blocks),
            Buffer(spec.output, write=True),
            Scratch(3 * _LANES * blocks + staged),
            *image(spec),
            size("out_c", spec.out_c),
            Literal("k_h", spec.k_h),
            Literal("k_w", spec.k_w),
            Literal("stride_h", spec.stride_h),
            Literal("stride_w", spec.stride_w),
            Literal("dilation_h", spec.dilation_h),
            size("pad_top", spec.pad_top),
            size("pad_left", spec.pad_left),
            Literal("pad", spec.pad, fixed=False),
            Literal("few", few),
            Literal("scaling", _scaling(spec)),
            *_clamp(spec),
        ),
        spec.label,
        macs=spec.macs,
        overlap=overlap,
        windows={spec.source: spec.window},
    )


def _is_dense(spec: ConvSpec) -> bool:
    """One pixel, made of neighbouring bytes from the input's start on?"""
    lines = spec.k_h == 1 or (spec.k_w == spec.in_w and spec.dilation_h == 1)
    return spec.out_h == spec.out_w == 1 and spec.pad_top == spec.pad_left == 0 and lines


def _as_dense(spec: ConvSpec) -> Call:
    facts = (spec.mult, spec.shift, spec.rounding, spec.sums)
    ends = (spec.zero_point, spec.low, spec.high, spec.label)
    matrix = spec.weights.reshape(spec.out_c, -1)
    dense = FullyConnectedSpec(spec.source, spec.output, 1, matrix, spec.bias, *facts, *ends)
    return _dense(dense, _scaling(spec), 0, spec.mult, spec.shift)


def fully_connected(spec: FullyConnectedSpec) -> Call | None:
    """FULLY_CONNECTED where a form of two roundings gives the reference's bytes."""
    if spec.rounding != ROUND_ONCE:
        return _dense(spec, _scaling(spec), 0, spec.mult, spec.shift)
    found = once_as_vectors(spec)
    return None if found is None else _dense(spec, HALF_UP, *found)


def _dense(spec: FullyConnectedSpec, scaling: int, left: int, mult: Array, shift: Array) -> Call:
    blocks = -(-spec.inputs // _LANES)
    return Call(
        "tiny_mve_fully_connected",
        "mve/fully_connected.h",
        (
            Buffer(spec.source),
            _fully_connected_stream(spec, blocks, mult, shift),
            Buffer(spec.output, write=True),
            Scratch(_LANES * blocks if spec.inputs % _LANES else 4),
            size("rows", spec.rows),
            size("inputs", spec.inputs),
            size("outputs", spec.outputs),
            Literal("left", left, fixed=False),
            Literal("scaling", scaling),
            *_clamp(spec),
        ),
        spec.label,
        macs=spec.macs,
    )


def once_as_vectors(spec: FullyConnectedSpec) -> tuple[int, Array, Array] | None:
    """(left, mult, shift) such that (x·2^left·mult / 2^31)·2^shift, each rounded half up and the
    first product saturated, is the spec's single rounding for every sum that can occur.

    Both are monotone in x: equal at both sides of every step and at the ends, they are equal. The
    farther left, the finer the first rounding; None if none is fine enough.
    """
    groups = [[one] for one in spec.sums] if spec.per_channel else [list(spec.sums)]
    outputs = spec.low - spec.zero_point, spec.high - spec.zero_point
    for left in range(24, -1, -1):
        found: list[tuple[int, int]] = []
        for mult, shift, ranges in zip(spec.mult, spec.shift, groups, strict=True):
            once = Once(int(mult), int(shift))
            sums = min(low for low, _ in ranges), max(high for _, high in ranges)
            pair = _two_roundings(once, left, sums, outputs)
            if pair is None:
                break
            found.append(pair)
        else:
            count = spec.outputs // len(found)
            mults = np.repeat(np.array([mult for mult, _ in found], np.int32), count)
            shifts = np.repeat(np.array([shift for _, shift in found], np.int8), count)
            return left, mults, shifts
    return None


def _two_roundings(
    once: Once, left: int, sums: tuple[int, int], outputs: tuple[int, int]
) -> tuple[int, int] | None:
    """mult, shift ≤ 0 for one multiplier."""
    right = left + once.shift - 31
    if once.mult == 0:
        return 0, 0
    if not 0 <= right <= 31:
        return None
    steps = thresholds(once, once.mult / (1 << once.shift), sums, outputs)
    half = (1 << right) >> 1

    def clamp(y: int) -> int:
        return min(max(y, outputs[0]), outputs[1])

    for delta in (0, -1, 1, -2, 2, -3, 3, -4, 4):
        mult = once.mult + delta
        if not 0 < mult <= INT32_MAX:
            continue

        def candidate(x: int, mult: int = mult) -> int:
            raised = min(max(x << left, INT32_MIN), INT32_MAX)
            return (doubling_high_mul(raised, mult) + half) >> right

        ends_agree = all(clamp(candidate(x)) == clamp(once(x)) for x in sums)
        if ends_agree and all(candidate(x) >= t > candidate(x - 1) for t, x in steps):
            return mult, -right
    return None


def _depthwise(spec: ConvSpec) -> Call | None:
    scaling = _scaling(spec)
    fits = (
        spec.in_c == spec.out_c
        and max(spec.k_h, spec.k_w) <= 3
        and (spec.dilation_h == 1 or spec.k_h == 1)
        and (spec.dilation_w == 1 or spec.k_w == 1)
        and spec.stride_w <= 2
        and spec.pad_left <= 2  # every row sees a column of the image
        and scaling != ANY_SHIFT
    )
    if not fits:
        return None
    groups = -(-spec.out_w // 4) * 4
    columns = max((groups - 1) * spec.stride_w + 4, spec.in_w + spec.pad_left)
    unit = spec.stride_h == spec.stride_w == 1
    planes = unit and (spec.out_h, spec.out_w) == (spec.in_h, spec.in_w)
    return Call(
        "tiny_mve_depthwise_conv_2d",
        "mve/depthwise_conv_2d.h",
        (
            Buffer(spec.source),
            _depthwise_stream(spec),
            Buffer(spec.output, write=True),
            Scratch(_COLUMN_BYTES * columns),
            First(),
            Rows("rows", spec.out_h),
            size("in_h", spec.in_h),
            Ring("in_ring", spec.in_h),
            size("in_w", spec.in_w),
            size("channels", spec.in_c),
            size("out_w", spec.out_w),
            size("stride_h", spec.stride_h),
            size("stride_w", spec.stride_w),
            size("pad_top", spec.pad_top),
            size("pad_left", spec.pad_left),
            Literal("pad", spec.pad, fixed=False),
            Literal("planes", int(planes), fixed=False),
            Literal("scaling", scaling),
            *_clamp(spec),
        ),
        spec.label,
        macs=spec.macs,
        in_place=(spec.source,) if planes else (),
        overlap={} if planes else spec.overlap(1 if unit else 0),
        windows={spec.source: spec.window},
    )


def _scaling(spec: ConvSpec | FullyConnectedSpec) -> int:
    """For sums that are rounded twice."""
    if int(spec.shift.max()) >= 0:
        return ANY_SHIFT
    return HALF_UP if spec.low >= spec.zero_point else HALF_AWAY


def _clamp(spec: ConvSpec | FullyConnectedSpec) -> tuple[Argument, ...]:
    return tuple(
        Literal(name, getattr(spec, name), fixed=False) for name in ("zero_point", "low", "high")
    )


def _conv_stream(spec: ConvSpec, blocks: int) -> Rom:
    quads = -(-spec.out_c // 4)
    matrix = _filled(spec.weights.reshape(spec.out_c, -1), 4 * quads, _LANES * blocks)
    # [quad][member 0, 1 of a pair][pair 0, 1][block][16] → [quad][pair][block][member][16]
    pairs = matrix.reshape(quads, 2, 2, blocks, _LANES).transpose(0, 2, 3, 1, 4)
    return _rows(
        [
            pairs.reshape(quads, -1),
            _filled(spec.bias, 4 * quads).reshape(quads, 4),
            _filled(spec.mult, 4 * quads).reshape(quads, 4),
            _filled(spec.shift, 4 * quads).reshape(quads, 4),
        ],
        weights=0,
    )


def _fully_connected_stream(
    spec: FullyConnectedSpec, blocks: int, mult: Array, shift: Array
) -> Rom:
    quads = -(-spec.outputs // 4)
    matrix = _filled(spec.weights, 4 * quads, _LANES * blocks)
    if len(mult) == 1:
        mult, shift = np.repeat(mult, spec.outputs), np.repeat(shift, spec.outputs)
    return _rows(
        [
            _filled(spec.bias, 4 * quads).reshape(quads, 4),
            matrix.reshape(quads, 4, blocks, _LANES).transpose(0, 2, 1, 3).reshape(quads, -1),
            _filled(mult, 4 * quads).reshape(quads, 4),
            _filled(shift, 4 * quads).reshape(quads, 4),
        ],
        weights=1,
    )


def _depthwise_stream(spec: ConvSpec) -> Rom:
    columns = np.zeros((spec.in_c, 3, 4), np.int8)
    columns[:, : spec.k_w, : spec.k_h] = spec.weights.transpose(2, 1, 0)
    columns[:, 0, 3] = spec.shift
    return _rows([columns.reshape(spec.in_c, 12), spec.bias[:, None], spec.mult[:, None]], 0)


def _filled(data: Array, *shape: int) -> Array:
    whole = np.zeros(shape, data.dtype)
    whole[tuple(slice(0, n) for n in data.shape)] = data
    return whole


def _rows(parts: Sequence[Array], weights: int) -> Rom:
    """Arrays [n, …] side by side, as little-endian bytes; the weights are ``parts[weights]``."""
    views = [
        np.ascontiguousarray(part, part.dtype.newbyteorder("<"))
        .view(np.int8)
        .reshape(len(part), -1)
        for part in parts
    ]
    sizes = [view.shape[1] for view in views]
    stripes = Stripes(sum(sizes[:weights]), sizes[weights], sum(sizes[weights + 1 :]))
    return Rom("weights", np.concatenate(views, axis=1).reshape(-1), align=4, stripes=stripes)
