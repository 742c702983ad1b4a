"""Operators run as late as they may, where that keeps fewer bytes alive.

Converters order what does not depend on each other as they please: of an unrolled recurrent layer,
the products with the inputs of all time steps come first, and wait in memory for their turn. Here
an operator moves down to its first reader if what it reads would wait there for fewer bytes than
what it writes. Parts of a tensor move along where that costs nothing, for they are mostly views.
"""

from __future__ import annotations

from tinyfield.compiler.graph import Graph, Op

_PARTS = frozenset(["VIEW", "SPLIT", "SPLIT_V", "UNPACK", "SLICE", "STRIDED_SLICE"])
#: Longer graphs stay as they are: moving is quadratic.
_MOST = 3000


def late(graph: Graph) -> Graph:
    """The rewritten graph."""
    if len(graph.ops) > _MOST:
        return graph
    result = graph.copy()
    order = result.ops
    readers: dict[int, list[Op]] = {}
    for op in order:
        for index in op.inputs:
            readers.setdefault(index, []).append(op)
    places = {id(op): place for place, op in enumerate(order)}
    for op in graph.ops[::-1]:
        start = places[id(op)]
        target = _target(graph, op, readers, places)
        if target > start:
            order.insert(target, order.pop(start))
            for place in range(start, target + 1):
                places[id(order[place])] = place
    return result


def _target(graph: Graph, op: Op, readers: dict[int, list[Op]], places: dict[int, int]) -> int:
    """The place that an operator moves to; its own if it stays."""
    start = places[id(op)]
    tensors = graph.tensors
    touched = [tensors[index] for index in {*op.inputs, *op.outputs} if index >= 0]
    if any(tensor.persistent for tensor in touched) or set(op.outputs) & set(graph.outputs):
        return start
    first = [places[id(one)] for index in op.outputs for one in readers.get(index, ())]
    target = min(first, default=start + 1) - 1
    waits = 0
    for index in set(op.inputs):
        if index < 0 or tensors[index].data is not None:
            continue
        if index in graph.inputs or index in graph.outputs:
            continue  # in the caller's memory
        others = [places[id(one)] for one in readers[index] if one is not op]
        if max(others, default=start) < target:
            waits += tensors[index].bytes
    writes = sum(tensors[index].bytes for index in op.outputs)
    return target if waits < writes + (op.kind in _PARTS) else start
