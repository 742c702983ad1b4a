"""Two functions of one 8-bit number, one after the other, are one: their tables are joined.

A wake word ends in LOGISTIC and the QUANTIZE that makes it unsigned.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tinyfield.compiler.graph import Array, Graph, Op
from tinyfield.compiler.ops.unary import TABLED, table_of

_NARROW = ("int8", "uint8")


def join_tables(graph: Graph) -> Graph:
    """The rewritten graph."""
    result = graph.copy()
    read: dict[int, int] = {}
    for op in graph.ops:
        for index in op.inputs:
            read[index] = read.get(index, 0) + 1
    written: dict[int, int] = {}
    ops: list[Op] = []
    for op in graph.ops:
        joined = op
        before = written.get(op.inputs[0]) if _is_table(result, op) else None
        if before is not None:
            inner = ops[before]
            middle = op.inputs[0]
            if read[middle] == 1 and middle not in graph.outputs:
                both = _values(result, op)[_values(result, inner).view(np.uint8)]
                table = result.add_constant(f"{graph.output(op).name}/table", both)
                joined = replace(op, kind="TABLE", inputs=(inner.inputs[0], table), attributes={})
                del ops[before]
                written = {index: n - (n > before) for index, n in written.items()}
        if _is_table(result, joined):
            written[joined.outputs[0]] = len(ops)
        ops.append(joined)
    result.ops = ops
    return result


def _is_table(graph: Graph, op: Op) -> bool:
    if op.kind not in TABLED or len(op.outputs) != 1:
        return False
    source, output = graph.input(op, 0), graph.output(op)
    plain = source.data is None and not source.persistent and not output.persistent
    return plain and source.dtype in _NARROW and output.dtype in _NARROW


def _values(graph: Graph, op: Op) -> Array:
    if op.kind == "TABLE":
        return np.asarray(graph.input(op, 1).data)
    return np.array(table_of(graph, op), np.int8)
