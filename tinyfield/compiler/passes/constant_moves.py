"""Operators that only move elements of a constant are done here, whatever its type.

(``shapes.py`` computes with whole numbers; this is for weights and tables that a converter
transposes, slices or repeats at run time.)
"""

from __future__ import annotations

import numpy as np

from tinyfield.compiler.graph import Graph
from tinyfield.compiler.ops import rearrange, slicing
from tinyfield.compiler.ops.moves import Move, Unfit, evaluate

_MOVES = {**slicing.MOVES, **rearrange.MOVES}
#: Larger results stay what they are, so that a small file cannot ask for much.
_MOST = 1 << 20


def constant_moves(graph: Graph) -> Graph:
    """The rewritten graph."""
    result = graph.copy()
    kept = []
    for op in graph.ops:
        moves: list[Move] = []
        if op.kind in _MOVES:
            try:
                moves = _MOVES[op.kind](result, op)
            except Unfit:
                moves = []  # told of later, by the check
        outputs = [result.tensors[index] for index in op.outputs]
        foldable = len(moves) == len(outputs) > 0 and all(
            result.tensors[move.source].data is not None
            and result.tensors[move.source].dtype == output.dtype
            and move.shape == output.shape
            and 0 < output.elements <= _MOST
            and output.index not in graph.outputs
            for move, output in zip(moves, outputs, strict=False)
        )
        if not foldable:
            kept.append(op)
            continue
        for move, output in zip(moves, outputs, strict=True):
            data = np.asarray(result.tensors[move.source].data)
            result.set_data(output.index, evaluate(data, move))
    result.ops = kept
    return result
