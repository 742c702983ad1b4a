"""RESHAPE, SQUEEZE and EXPAND_DIMS become VIEW; a view of a view becomes one view.

The shape operand goes: output shapes are fixed in the file, and the arithmetic that some
converters emit to compute them (SHAPE, STRIDED_SLICE, PACK) is then dead and dropped.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tinyfield.compiler.graph import Graph, Op

_RESHAPING = ("RESHAPE", "SQUEEZE", "EXPAND_DIMS")


def views(graph: Graph) -> Graph:
    """The rewritten graph."""
    result = graph.copy()
    origin: dict[int, int] = {}
    ops: list[Op] = []
    for op in graph.ops:
        if op.kind not in _RESHAPING:
            ops.append(op)
            continue
        source = origin.get(op.inputs[0], op.inputs[0])
        data = result.tensors[source].data
        if data is not None:
            target = result.tensors[op.outputs[0]]
            result.set_data(target.index, np.asarray(data).reshape(target.shape))
            continue
        origin[op.outputs[0]] = source
        ops.append(replace(op, kind="VIEW", inputs=(source,), attributes={}))
    result.ops = ops
    return result
