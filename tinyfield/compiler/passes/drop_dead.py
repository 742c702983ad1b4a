"""Operators whose results nobody reads go, and with them tensors that nothing names.

What is written to a persistent tensor may be read in the next call, also by an earlier operator.
"""

from __future__ import annotations

from tinyfield.compiler.graph import Graph, Op

#: Operators that write to the states among their inputs.
_UPDATING = ("UNIDIRECTIONAL_SEQUENCE_LSTM", "SVDF")


def drop_dead(graph: Graph) -> Graph:
    """The rewritten graph."""
    result = graph.copy()
    wanted = set(graph.outputs)
    known = -1
    while known < len(wanted):
        known = len(wanted)
        kept = []
        for op in reversed(graph.ops):
            if wanted & _written(graph, op):
                wanted |= {*op.inputs, *op.intermediates}
                kept.append(op)
    result.ops = kept[::-1]
    named = wanted | set(graph.inputs)
    for op in result.ops:
        named |= set(op.outputs)
    result.tensors = {index: one for index, one in graph.tensors.items() if index in named}
    return result


def _written(graph: Graph, op: Op) -> set[int]:
    if op.kind not in _UPDATING:
        return set(op.outputs)
    return {*op.outputs, *(t.index for t in graph.ins(op) if t.persistent)}
