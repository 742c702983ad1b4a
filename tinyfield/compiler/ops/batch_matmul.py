"""BATCH_MATMUL, int8: products of two matrices that are both computed, in batches.

Reference: TFLite ``reference_ops::BatchMatMul`` of int8.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tinyfield.compiler.calls import Buffer, Call, Literal
from tinyfield.compiler.graph import Graph, Op
from tinyfield.compiler.ops.base import Kind, Options, same_types
from tinyfield.compiler.ops.moves import steps_of
from tinyfield.compiler.rounding import quantize_multiplier

_BATCHES = 3
_MOST_DEPTH = 1 << 14


def _sizes(graph: Graph, op: Op) -> tuple[int, int, int, int]:
    """Rows, depth as the first operand has it and as the second has it, columns."""
    rows, depth = graph.input(op, 0).shape[-2:]
    other, columns = graph.input(op, 1).shape[-2:]
    if op.integer("adjoint_a"):
        rows, depth = depth, rows
    if op.integer("adjoint_b"):
        other, columns = columns, other
    return rows, depth, other, columns


def check(graph: Graph, op: Op) -> Iterator[str]:
    """Complaints; see :class:`~tinyfield.compiler.ops.base.Kind`."""
    found = [*same_types(graph, op, inputs=2)]
    yield from found
    if found:
        return
    first, second, output = graph.input(op, 0), graph.input(op, 1), graph.output(op)
    ranks = [len(tensor.shape) for tensor in (first, second, output)]
    if min(ranks) < 2 or max(ranks) > _BATCHES + 2:
        yield f"multiplies {list(first.shape)} and {list(second.shape)}: two to five dimensions"
        return
    rows, depth, other, columns = _sizes(graph, op)
    try:
        batches = np.broadcast_shapes(first.shape[:-2], second.shape[:-2])
    except ValueError:
        batches = (-1,)
    if depth != other or (*batches, rows, columns) != output.shape:
        yield f"multiplies {list(first.shape)} and {list(second.shape)} to {list(output.shape)}"
    elif depth > _MOST_DEPTH:
        yield f"sums {depth} products: at most {_MOST_DEPTH}"
    elif not 2.0**-31 < first.q.scale * second.q.scale / output.q.scale < 1:
        yield f"its output's scale {output.q.scale:g} does not fit its inputs'"


def lower(graph: Graph, op: Op, _options: Options) -> list[Call]:
    """The kernel call."""
    first, second, output = graph.input(op, 0), graph.input(op, 1), graph.output(op)
    rows, depth, _, columns = _sizes(graph, op)
    batches = (1,) * (_BATCHES + 2 - len(output.shape)) + output.shape[:-2]
    facts: dict[str, int] = {}
    for number, size in enumerate(batches):
        facts[f"n_{number}"] = size
        for name, tensor in (("a", first), ("b", second)):
            shape = (1,) * (_BATCHES + 2 - len(tensor.shape)) + tensor.shape
            facts[f"{name}_{number}"] = steps_of(shape)[number] if shape[number] > 1 else 0
    facts |= {"rows": rows, "depth": depth, "columns": columns}
    across = (1, rows) if op.integer("adjoint_a") else (depth, 1)
    along = (1, depth) if op.integer("adjoint_b") else (columns, 1)
    facts |= {"a_row": across[0], "a_k": across[1], "b_k": along[0], "b_column": along[1]}
    mult, shift = quantize_multiplier(first.q.scale * second.q.scale / output.q.scale)
    facts |= {"zero_a": first.q.zero_point, "zero_b": second.q.zero_point}
    facts |= {"mult": mult, "shift": shift, "zero_point": output.q.zero_point}
    call = Call(
        "tiny_batch_matmul",
        "batch_matmul.h",
        (
            Buffer(first.index),
            Buffer(second.index),
            Buffer(output.index, write=True),
            *(Literal(name, value, fixed=name.endswith("_k")) for name, value in facts.items()),
        ),
        graph.label(op),
        macs=output.elements * depth,
    )
    return [call]


KIND = Kind("BATCH_MATMUL", check, lower)
