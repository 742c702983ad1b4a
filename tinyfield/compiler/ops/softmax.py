"""SOFTMAX, int8 to int8 at scale 1/256 and zero point −128, or int16 to int16 at 1/32768.

Reference: TFLite ``reference/softmax.h`` with gemmlowp's fixed-point exponential, which has only
256 arguments here and so becomes a table.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from tinyfield.compiler.calls import Buffer, Call, Literal, Rom
from tinyfield.compiler.graph import Graph, Op
from tinyfield.compiler.ops.base import Kind, Options, check_zero_points, one_type, same_types
from tinyfield.compiler.rounding import quantize_multiplier, softmax_table
from tinyfield.compiler.rounding_16x8 import interpolation_table


def check(graph: Graph, op: Op) -> Iterator[str]:
    """Complaints; see :class:`~tinyfield.compiler.ops.base.Kind`."""
    found = [*same_types(graph, op, types=("int8", "int16"))]
    if not found:
        found = [*one_type(graph, op), *check_zero_points(graph, op)]
    yield from found
    if found:
        return
    source, output = graph.input(op, 0), graph.output(op)
    beta = float(op.attributes["beta"])
    if source.shape != output.shape or not source.shape:
        yield f"input {list(source.shape)} and output {list(output.shape)} differ"
    steps, zero = (256, -128) if output.dtype == "int8" else (32768, 0)
    if output.q.zero_point != zero or abs(output.q.scale * steps - 1) > 0.001:
        yield (
            f"its output has scale {output.q.scale:g}, zero point {output.q.zero_point}; TFLite's "
            f"{output.dtype} softmax gives 1/{steps} and {zero}: convert the model anew"
        )
    if output.dtype == "int16" and beta * source.q.scale > 2.0:
        yield f"beta {beta:g} times the input's scale {source.q.scale:g} is out of range"
    if not 2.0**-26 < beta * source.q.scale < 2.0**40:
        yield f"beta {beta:g} times the input's scale {source.q.scale:g} is out of range"
    if source.shape and source.shape[-1] > 4096:
        yield f"{source.shape[-1]} classes; at most 4096"


def lower(graph: Graph, op: Op, _options: Options) -> list[Call]:
    """The kernel call."""
    source, output = graph.input(op, 0), graph.output(op)
    depth = source.shape[-1]
    if source.dtype == "int16":
        return [_lower_int16(graph, op, depth)]
    table = softmax_table(float(op.attributes["beta"]), source.q.scale)
    call = Call(
        "tiny_softmax",
        "softmax.h",
        (
            Buffer(source.index),
            Buffer(output.index, write=True),
            Rom("exp", np.array(table, np.int32)),
            Literal("table_size", len(table)),
            Literal("rows", source.elements // depth),
            Literal("depth", depth),
        ),
        graph.label(op),
        in_place=(source.index,),
    )
    return [call]


def _lower_int16(graph: Graph, op: Op, depth: int) -> Call:
    """The tables are the same for every model; SoftmaxPrepare works them out in double."""
    source, output = graph.input(op, 0), graph.output(op)
    step = np.float32(source.q.scale) * np.float32(float(op.attributes["beta"]))
    mult, shift = quantize_multiplier(float(step) / (10.0 / 65535.0))
    unit = 1.0 / 65535.0
    whole = (2 * unit * -32768.0, 2 * unit * 32767.0)
    exp = interpolation_table(math.exp, (10.0 * unit * -65535.0, 0.0), whole)
    inverse = interpolation_table(lambda x: 1.0 / (1.0 + x), (0.0, unit * 65535.0), whole)
    return Call(
        "tiny_softmax_16x8",
        "softmax_16x8.h",
        (
            Buffer(source.index),
            Buffer(output.index, write=True),
            Rom("exp", exp),
            Rom("reciprocal", inverse),
            Literal("rows", source.elements // depth, fixed=False),
            Literal("depth", depth, fixed=False),
            Literal("mult", mult, fixed=False),
            Literal("shift", shift, fixed=False),
        ),
        graph.label(op),
        in_place=(source.index,),
    )


KIND = Kind("SOFTMAX", check, lower)
