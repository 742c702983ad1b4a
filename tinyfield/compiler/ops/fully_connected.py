"""FULLY_CONNECTED, int8 (int16: see ``weighted_16x8.py``).

Reference: LiteRT ``reference_integer_ops::FullyConnected``, which multiplies the sum by
double(input scale)·double(weight scale)/double(output scale) and rounds half away from zero.
TFLite Micro rounds twice in integers instead (``rounding="tflm"``).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tinyfield.compiler import kernels
from tinyfield.compiler.calls import Call
from tinyfield.compiler.graph import Graph, Op
from tinyfield.compiler.kernels.spec import FullyConnectedSpec
from tinyfield.compiler.ops import weighted_16x8
from tinyfield.compiler.ops.base import Kind, Options
from tinyfield.compiler.ops.weighted import (
    ROUND_ONCE,
    ROUND_TWICE,
    check_weighted,
    sum_ranges,
)
from tinyfield.compiler.rounding import Once, prove_once, quantize_multiplier, requantize_double
from tinyfield.errors import ModelError


def check(graph: Graph, op: Op) -> Iterator[str]:
    """Complaints; see :class:`~tinyfield.compiler.ops.base.Kind`."""
    found = [*check_weighted(graph, op, 0)]
    yield from found
    if found:
        return
    weights, output, source = graph.input(op, 1), graph.output(op), graph.input(op, 0)
    if len(weights.shape) != 2 or source.elements % weights.shape[1]:
        yield f"weights {list(weights.shape)} do not fit an input of {list(source.shape)}"
    elif output.elements != source.elements // weights.shape[1] * weights.shape[0]:
        yield f"output {list(output.shape)} does not fit weights of {list(weights.shape)}"
    if op.integer("weights_format") != 0:
        yield "its weights are shuffled for another processor: convert without that option"


def lower(graph: Graph, op: Op, options: Options) -> list[Call]:
    """The kernel call; biases already hold the input's zero point (passes/absorb_zero_point)."""
    source, weights, output = graph.input(op, 0), graph.input(op, 1), graph.output(op)
    if source.dtype == "int16":
        return weighted_16x8.lower_fully_connected(graph, op, options)
    matrix, bias = np.asarray(weights.data), np.asarray(graph.input(op, 2).data)
    rows = source.elements // matrix.shape[1]
    ranges = sum_ranges(graph, op, matrix, bias)
    twice = options.rounding == "tflm"
    steps = []
    for scale, group in _by_scale(weights.q.scales, ranges):
        if twice:
            steps.append(_twice(source.q.scale, scale, output.q.scale))
        else:
            once = _once(graph, op, source.q.scale * scale / output.q.scale, group)
            steps.append((once.mult, once.shift))
    spec = FullyConnectedSpec(
        source.index,
        output.index,
        rows,
        matrix,
        bias,
        np.array([mult for mult, _ in steps], np.int32),
        np.array([shift for _, shift in steps], np.int8),
        ROUND_TWICE if twice else ROUND_ONCE,
        tuple(ranges),
        output.q.zero_point,
        op.integer("low"),
        op.integer("high"),
        graph.label(op),
    )
    return [kernels.fully_connected(spec, options.wanted)]


def _once(graph: Graph, op: Op, real: float, ranges: list[tuple[int, int]]) -> Once:
    """LiteRT's requantization in its proved single-rounding form."""
    zero = graph.output(op).q.zero_point
    sums = min(low for low, _ in ranges), max(high for _, high in ranges)
    outputs = op.integer("low") - zero, op.integer("high") - zero
    found = prove_once(lambda x: requantize_double(x, real), real, sums, outputs)
    if found is None:
        raise ModelError(
            f"{graph.label(op)}: no 32-bit multiplier gives the reference's rounding",
            hint="quantize the model again with other calibration data",
        )
    return found


def _twice(source: float, weights: float, output: float) -> tuple[int, int]:
    """TFLite Micro's, whose scale is a float32 product (GetQuantizedConvolutionMultiplier)."""
    return quantize_multiplier(float(np.float32(source) * np.float32(weights)) / output)


def _by_scale(
    scales: tuple[float, ...], ranges: list[tuple[int, int]]
) -> list[tuple[float, list[tuple[int, int]]]]:
    if len(scales) == 1:
        return [(scales[0], ranges)]
    return [(scale, [one]) for scale, one in zip(scales, ranges, strict=True)]


KIND = Kind("FULLY_CONNECTED", check, lower)
