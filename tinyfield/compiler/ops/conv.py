"""CONV_2D and DEPTHWISE_CONV_2D, int8: any stride, dilation, padding, groups and multiplier.

Reference: TFLite ``reference_integer_ops::ConvPerChannel`` and ``DepthwiseConvPerChannel``.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tinyfield.compiler import kernels
from tinyfield.compiler.calls import Call
from tinyfield.compiler.graph import Graph, Op
from tinyfield.compiler.kernels.spec import ConvSpec
from tinyfield.compiler.ops import weighted_16x8
from tinyfield.compiler.ops.base import Kind, Options, image_shapes
from tinyfield.compiler.ops.weighted import (
    check_weighted,
    sum_ranges,
    twice_per_channel,
)
from tinyfield.compiler.passes.padding import window


def check(graph: Graph, op: Op) -> Iterator[str]:
    """Complaints; see :class:`~tinyfield.compiler.ops.base.Kind`."""
    depthwise = op.kind == "DEPTHWISE_CONV_2D"
    found = [*check_weighted(graph, op, 3 if depthwise else 0)]
    if not found and len(graph.input(op, 1).shape) != 4:
        found = [f"weights {list(graph.input(op, 1).shape)}: four dimensions are needed"]
    dilations = op.integer("dilation_h"), op.integer("dilation_w")
    if not found and not 1 <= min(dilations) <= max(dilations) <= 32767:
        found = [f"its dilation is {list(dilations)}: the file is damaged"]
    if not found:
        found = [*image_shapes(graph, op, window(graph, op))]
    yield from found
    if found:
        return
    weights, source, output = graph.input(op, 1), graph.input(op, 0), graph.output(op)
    out_c = weights.shape[3] if depthwise else weights.shape[0]
    groups_fit = source.shape[3] % weights.shape[3] == 0 if not depthwise else True
    if output.shape[3] != out_c or not groups_fit:
        yield f"weights {list(weights.shape)} do not fit {source.shape[3]} → {output.shape[3]}"
    elif depthwise and (weights.shape[0] != 1 or out_c % source.shape[3]):
        yield f"weights {list(weights.shape)} do not fit {source.shape[3]} channels"
    elif not depthwise and out_c % (source.shape[3] // weights.shape[3]):
        yield f"{out_c} outputs cannot be split into {source.shape[3] // weights.shape[3]} groups"


def lower(graph: Graph, op: Op, options: Options) -> list[Call]:
    """The kernel call; biases already hold the input's zero point (passes/absorb_zero_point)."""
    source, output = graph.input(op, 0), graph.output(op)
    if source.dtype == "int16":
        return weighted_16x8.lower_conv(graph, op, options)
    weights = np.asarray(graph.input(op, 1).data)
    bias = np.asarray(graph.input(op, 2).data)
    depthwise = op.kind == "DEPTHWISE_CONV_2D"
    _, in_h, in_w, in_c = source.shape
    _, out_h, out_w, out_c = output.shape
    _, k_h, k_w, _ = weights.shape
    matrix = weights.reshape(-1, out_c).T if depthwise else weights.reshape(out_c, -1)
    sums = sum_ranges(graph, op, matrix, bias)
    mult, shift, rounding = twice_per_channel(graph, op, out_c)
    spec = ConvSpec(
        source.index,
        output.index,
        depthwise,
        in_h,
        in_w,
        in_c,
        out_h,
        out_w,
        out_c,
        k_h,
        k_w,
        op.integer("stride_h"),
        op.integer("stride_w"),
        op.integer("dilation_h"),
        op.integer("dilation_w"),
        op.integer("pad_top"),
        op.integer("pad_left"),
        weights[0] if depthwise else weights,
        bias,
        mult,
        shift,
        rounding,
        tuple(sums),
        source.q.zero_point,
        output.q.zero_point,
        op.integer("low"),
        op.integer("high"),
        graph.label(op),
    )
    return [kernels.conv(spec, options.wanted)]


KINDS = [Kind(name, check, lower) for name in ("CONV_2D", "DEPTHWISE_CONV_2D")]
