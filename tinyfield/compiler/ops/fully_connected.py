"""FULLY_CONNECTED, int8, one scale a tensor.

Reference: LiteRT ``reference_integer_ops::FullyConnected``, which multiplies the sum by
double(input scale)·double(weight scale)/double(output scale) and rounds half away from zero.
TFLite Micro rounds twice in integers instead (``rounding="tflm"``).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tinyfield.compiler.calls import Argument, Buffer, Call, Literal, Rom
from tinyfield.compiler.graph import Array, Graph, Op
from tinyfield.compiler.ops.base import Kind, Options, constant, same_types
from tinyfield.compiler.rounding import (
    INT32_MAX,
    Once,
    prove_once,
    quantize_multiplier,
    requantize_double,
)
from tinyfield.errors import ModelError


def check(graph: Graph, op: Op) -> Iterator[str]:
    """Complaints; see :class:`~tinyfield.compiler.ops.base.Kind`."""
    found = [*same_types(graph, op), *constant(graph, op, 1, "weights", "int8")]
    if graph.has_input(op, 2):
        found += constant(graph, op, 2, "biases", "int32")
    yield from found
    if found:
        return
    weights, output, source = graph.input(op, 1), graph.output(op), graph.input(op, 0)
    if weights.quant is None or any(weights.quant.zero_points):
        yield "its weights have no scale, or a zero point other than 0: convert the model anew"
    if len(weights.shape) != 2 or source.elements % max(weights.shape[1], 1):
        yield f"weights {list(weights.shape)} do not fit an input of {list(source.shape)}"
    elif output.elements != source.elements // weights.shape[1] * weights.shape[0]:
        yield f"output {list(output.shape)} does not fit weights of {list(weights.shape)}"
    elif graph.has_input(op, 2) and graph.input(op, 2).elements != weights.shape[0]:
        yield f"{graph.input(op, 2).elements} biases for {weights.shape[0]} outputs"
    if op.integer("weights_format") != 0:
        yield "its weights are shuffled for another processor: convert without that option"
    if op.text("activation") not in ("NONE", "RELU", "RELU6", "RELU_N1_TO_1"):
        yield f"fused activation {op.text('activation')}: use one of NONE, RELU, RELU6"


def lower(graph: Graph, op: Op, options: Options) -> Call:
    """The kernel call; biases already hold the input's zero point (passes/absorb_zero_point)."""
    source, weights, output = graph.input(op, 0), graph.input(op, 1), graph.output(op)
    matrix = np.asarray(weights.data)
    outputs, inputs = matrix.shape
    bias = np.asarray(graph.input(op, 2).data)
    rows = source.elements // inputs
    ranges = sum_ranges(matrix.astype(np.int64), bias.astype(np.int64))
    if max(abs(edge) for pair in ranges for edge in pair) > INT32_MAX:
        raise ModelError(
            f"{graph.label(op)}: a sum may exceed 32 bits",
            hint="the biases are far larger than any output; check the quantization",
        )
    low, high = op.integer("low"), op.integer("high")
    twice = options.rounding == "tflm"
    steps: list[tuple[int, int]] = []
    for scale, group in _by_scale(weights.q.scales, ranges):
        if twice:
            steps.append(_twice(source.q.scale, scale, output.q.scale))
            continue
        once = _once(
            source.q.scale * scale / output.q.scale,
            (min(r[0] for r in group), max(r[1] for r in group)),
            (low - output.q.zero_point, high - output.q.zero_point),
        )
        if once is None:
            raise ModelError(
                f"{graph.label(op)}: no 32-bit multiplier gives the reference's rounding",
                hint="quantize the model again with other calibration data",
            )
        steps.append((once.mult, once.shift))
    shared: tuple[Argument, ...] = (
        Literal("rows", rows),
        Literal("inputs", inputs),
        Literal("outputs", outputs),
    )
    requantize: tuple[Argument, ...]
    if weights.q.per_channel:
        requantize = (
            Rom("mult", np.array([mult for mult, _ in steps], np.int32)),
            Rom("shift", np.array([shift for _, shift in steps], np.int8)),
        )
    else:
        requantize = (Literal("mult", steps[0][0]), Literal("shift", steps[0][1]))
    suffix = "_per_channel" if weights.q.per_channel else ""
    return Call(
        f"tiny_fully_connected{suffix}",
        "fully_connected.h",
        (
            Buffer(source.index),
            Rom("weights", matrix),
            Rom("bias", bias.astype(np.int32)),
            Buffer(output.index, write=True),
            *shared,
            *requantize,
            Literal("twice", int(twice)),
            Literal("zero_point", output.q.zero_point),
            Literal("low", low),
            Literal("high", high),
        ),
        graph.label(op),
        macs=rows * inputs * outputs,
    )


def sum_ranges(matrix: Array, bias: Array) -> list[tuple[int, int]]:
    """For each row: the least and greatest partial or whole sum over all int8 inputs."""
    positive = np.where(matrix > 0, matrix, 0).sum(axis=1)
    negative = np.where(matrix < 0, matrix, 0).sum(axis=1)
    least = bias - 128 * positive + 127 * negative
    most = bias + 127 * positive - 128 * negative
    return [(int(a), int(b)) for a, b in zip(least, most, strict=True)]


def _once(real: float, sums: tuple[int, int], outputs: tuple[int, int]) -> Once | None:
    """LiteRT's requantization in its proved single-rounding form."""
    return prove_once(lambda x: requantize_double(x, real), real, sums, outputs)


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
