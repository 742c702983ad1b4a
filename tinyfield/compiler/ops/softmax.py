"""SOFTMAX, int8 to int8 at scale 1/256 and zero point −128, as TFLite demands.

Reference: TFLite ``reference/softmax.h`` with gemmlowp's fixed-point exponential, which has only
256 arguments here and so becomes a table.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tinyfield.compiler.calls import Buffer, Call, Literal, Rom
from tinyfield.compiler.graph import Graph, Op
from tinyfield.compiler.ops.base import Kind, Options, same_types
from tinyfield.compiler.rounding import softmax_table


def check(graph: Graph, op: Op) -> Iterator[str]:
    """Complaints; see :class:`~tinyfield.compiler.ops.base.Kind`."""
    found = [*same_types(graph, op)]
    yield from found
    if found:
        return
    source, output = graph.input(op, 0), graph.output(op)
    beta = float(op.attributes["beta"])
    if source.shape != output.shape or not source.shape:
        yield f"input {list(source.shape)} and output {list(output.shape)} differ"
    if output.q.zero_point != -128 or abs(output.q.scale * 256 - 1) > 0.001:
        yield (
            f"its output has scale {output.q.scale:g}, zero point {output.q.zero_point}; "
            "TFLite's int8 softmax gives 1/256 and -128: convert the model anew"
        )
    if not 2.0**-26 < beta * source.q.scale < 2.0**40:
        yield f"beta {beta:g} times the input's scale {source.q.scale:g} is out of range"
    if source.shape and source.shape[-1] > 4096:
        yield f"{source.shape[-1]} classes; at most 4096"


def lower(graph: Graph, op: Op, _options: Options) -> list[Call]:
    """The kernel call."""
    source, output = graph.input(op, 0), graph.output(op)
    depth = source.shape[-1]
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


KIND = Kind("SOFTMAX", check, lower)
