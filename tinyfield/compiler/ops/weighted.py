"""What fully-connected and convolution share: weights, biases, sums and their requantization."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tinyfield.compiler.calls import Argument, Literal
from tinyfield.compiler.graph import Array, Graph, Op, Quant
from tinyfield.compiler.ops.base import check_zero_points, constant, same_types
from tinyfield.compiler.rounding import INT32_MAX, quantize_multiplier
from tinyfield.errors import ModelError

#: tiny_rounding_t in nn/fixed.h
ROUND_ONCE, ROUND_TWICE, ROUND_TWICE_POSITIVE = 0, 1, 2


def check_weighted(graph: Graph, op: Op, channel_axis: int) -> Iterator[str]:
    """Complaints about types, weights and biases; the last of them end the check."""
    found = [
        *same_types(graph, op, types=("int8", "int16")),
        *constant(graph, op, 1, "weights", "int8"),
    ]
    if not found and graph.input(op, 0).dtype != graph.output(op).dtype:
        found = [f"turns {graph.input(op, 0).dtype} into {graph.output(op).dtype}"]
    if not found:
        found += check_zero_points(graph, op)
    if not found and graph.has_input(op, 2):
        wide = graph.input(op, 0).dtype == "int16" and graph.input(op, 2).dtype == "int64"
        found += constant(graph, op, 2, "biases", "int64" if wide else "int32")
    yield from found
    if found:
        return
    weights = graph.input(op, 1)
    if 0 in weights.shape or len(weights.shape) <= channel_axis:
        yield f"weights {list(weights.shape)}: the file is damaged"
        return
    channels = weights.shape[channel_axis]
    if weights.quant is None or any(weights.quant.zero_points):
        yield "its weights have no scale, or a zero point other than 0: convert the model anew"
    elif weights.quant.per_channel and weights.quant.axis != channel_axis:
        yield f"its weights have scales along axis {weights.quant.axis}, not {channel_axis}"
    if graph.has_input(op, 2) and graph.input(op, 2).elements != channels:
        yield f"{graph.input(op, 2).elements} biases for {channels} outputs"
    if op.text("activation") not in ("NONE", "RELU", "RELU6", "RELU_N1_TO_1"):
        yield f"fused activation {op.text('activation')}: use one of NONE, RELU, RELU6"


def sum_ranges(graph: Graph, op: Op, matrix: Array, bias: Array) -> list[tuple[int, int]]:
    """For each output channel: the least and greatest sum, partial or whole, over all inputs.

    Args:
        matrix: weights [channels, products of one sum].

    Raises:
        ModelError: one may leave 32 bits.
    """
    wide, start = matrix.astype(np.int64), bias.astype(np.int64)
    positive = np.where(wide > 0, wide, 0).sum(axis=1)
    negative = np.where(wide < 0, wide, 0).sum(axis=1)
    least = start - 128 * positive + 127 * negative
    most = start + 127 * positive - 128 * negative
    if max(-int(least.min()), int(most.max())) > INT32_MAX:
        raise ModelError(
            f"{graph.label(op)}: a sum may exceed 32 bits",
            hint="the biases are far larger than any output; check the quantization",
        )
    return [(int(a), int(b)) for a, b in zip(least, most, strict=True)]


def scales_of(quant: Quant, channels: int) -> list[float]:
    """One scale a channel."""
    return list(quant.scales) if quant.per_channel else [quant.scale] * channels


def twice_per_channel(graph: Graph, op: Op, channels: int) -> tuple[Array, Array, int]:
    """mult and shift of TFLite's double rounding, and which form of it will do."""
    source, output = graph.input(op, 0).q, graph.output(op).q
    steps = [
        quantize_multiplier(source.scale * scale / output.scale)
        for scale in scales_of(graph.input(op, 1).q, channels)
    ]
    if any(shift > 30 for _, shift in steps):
        raise ModelError(
            f"{graph.label(op)}: its output's scale is far too small",
            hint="quantize the model again with other calibration data",
        )
    positive = op.integer("low") >= output.zero_point and all(shift < 0 for _, shift in steps)
    return (
        np.array([mult for mult, _ in steps], np.int32),
        np.array([shift for _, shift in steps], np.int8),
        ROUND_TWICE_POSITIVE if positive else ROUND_TWICE,
    )


def clamped_output(graph: Graph, op: Op) -> tuple[Argument, ...]:
    """The last arguments of most kernels."""
    return (
        Literal("zero_point", graph.output(op).q.zero_point),
        Literal("low", op.integer("low")),
        Literal("high", op.integer("high")),
    )
