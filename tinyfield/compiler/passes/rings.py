"""A window over time is kept whole and moved on in place.

Streaming layers read a variable (the last k rows), append the n new ones, work on the k + n, and
assign the last k back. In place of the variable, the appended tensor itself becomes persistent:
at the start of a call its last k rows move to the front (SHIFT), and the new rows are written
behind them (STORE, which the planner leaves out where the operator that makes them can write
straight there). One move of k rows is all that is copied, and the bytes exist once.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from tinyfield.compiler.graph import ITEM_BYTES, Array, Graph, Op
from tinyfield.compiler.passes.variables import store


def rings(graph: Graph) -> Graph:
    """The rewritten graph."""
    result = graph.copy()
    shifts = []
    for op in graph.ops:
        if op.kind == "LOAD":
            shift = _window(result, op)
            if shift is not None:
                shifts.append(shift)
    result.ops = shifts + result.ops
    return result


def _window(graph: Graph, load: Op) -> Op | None:
    """Turns one variable into a window, in place; the SHIFT that is to start each call."""
    variable, copied = load.inputs[0], load.outputs[0]
    uses = [op for op in graph.ops if variable in (*op.inputs, *op.outputs)]
    stores = [op for op in uses if op.kind == "STORE"]
    readers = graph.readers(copied)
    if len(uses) != 2 or len(stores) != 1 or len(readers) != 1 or copied in graph.outputs:
        return None
    join, last = readers[0], graph.writer(stores[0].inputs[0])
    if join.kind != "CONCATENATION" or join.inputs[0] != copied or copied in join.inputs[1:]:
        return None
    whole, kept = graph.output(join), graph.tensors[variable]
    axis = join.integer("axis") % len(whole.shape)
    if (
        last is None
        or math.prod(whole.shape[:axis]) != 1
        or whole.dtype != kept.dtype
        or whole.index in (*graph.inputs, *graph.outputs)
        or not takes_last(graph, last, whole.index, axis)
        or graph.output(last).shape != kept.shape
    ):
        return None
    dropped = whole.shape[axis] - kept.shape[axis]
    graph.tensors[whole.index] = replace(
        whole, persistent=True, initial=_with_front(kept.initial, whole.shape, axis, dropped)
    )
    row = math.prod(whole.shape[axis + 1 :]) * ITEM_BYTES[whole.dtype]
    pieces, place = [], kept.shape[axis] * row
    for index in join.inputs[1:]:
        pieces.append(store(index, whole.index, place, join.node))
        place += graph.tensors[index].bytes
    at = graph.ops.index(join)
    graph.ops[at : at + 1] = pieces
    gone = [load, stores[0]]
    if len(graph.readers(stores[0].inputs[0])) == 1 and last.outputs[0] not in graph.outputs:
        gone.append(last)
    graph.ops = [op for op in graph.ops if not any(op is one for one in gone)]
    return Op("SHIFT", (whole.index,), (whole.index,), {"bytes": dropped * row}, join.node)


def takes_last(graph: Graph, op: Op, source: int, axis: int) -> bool:
    """Is ``op`` a slice of ``source`` that takes whole rows up to the last one along ``axis``?"""
    if op.kind != "STRIDED_SLICE" or op.inputs[0] != source or len(op.inputs) < 4:
        return False
    if any(op.integer(f"{name}_mask") for name in ("ellipsis", "new_axis", "shrink_axis")):
        return False
    begin, strides = (graph.input(op, place).data for place in (1, 3))
    if begin is None or strides is None or (np.asarray(strides) != 1).any():
        return False
    shape, taken = graph.tensors[source].shape, graph.output(op).shape
    if len(shape) != len(taken) or len(shape) != np.asarray(begin).size:
        return False
    for one, (length, count) in enumerate(zip(shape, taken, strict=True)):
        first = 0 if op.integer("begin_mask") >> one & 1 else int(np.asarray(begin).flat[one])
        first += length if first < 0 else 0
        if first != length - count or (one != axis and count != length):
            return False
    return True


def _with_front(
    initial: Array | None, shape: tuple[int, ...], axis: int, dropped: int
) -> Array | None:
    """The window whose last rows are ``initial``; the others are moved out unseen."""
    if initial is None:
        return None
    front = np.repeat(np.take(initial, [0], axis), dropped, axis)
    return np.concatenate([front, initial], axis).reshape(shape)
