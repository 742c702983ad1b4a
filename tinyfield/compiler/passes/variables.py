"""Resource variables become persistent tensors.

A streaming model keeps its state in variables: VAR_HANDLE names one, READ_VARIABLE copies it out,
ASSIGN_VARIABLE copies into it, and a subgraph that CALL_ONCE runs before all else gives the first
values. Here each variable becomes one persistent tensor that starts as that value, each read a
LOAD (a copy) and each assignment a STORE; ``passes/rings.py`` then does away with most of them.
What the operators' checks (``ops/state.py``) let through is all that is expected here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tinyfield.compiler.graph import Array, Graph, Op

#: Operators that only read their inputs and never hand them on as a view.
_PLAIN = (
    "CONV_2D",
    "DEPTHWISE_CONV_2D",
    "FULLY_CONNECTED",
    "ADD",
    "SUB",
    "MUL",
    "LOGISTIC",
    "TANH",
)

Key = tuple[str, str]


@dataclass(frozen=True)
class First:
    """A variable's first value: its shape, type and content."""

    shape: tuple[int, ...]
    dtype: str
    data: Array


def variable(graph: Graph, handle: int) -> Key | None:
    """Container and name of the variable that a handle stands for; None if it is no handle."""
    writer = graph.writer(handle)
    if writer is None or writer.kind != "VAR_HANDLE":
        return None
    return writer.text("container"), writer.text("shared_name")


def first_values(graph: Graph) -> dict[Key, First]:
    """What the subgraphs that CALL_ONCE runs assign to each variable."""
    found: dict[Key, First] = {}
    for op in graph.ops:
        number = op.attributes.get("init_subgraph", -1)
        if op.kind != "CALL_ONCE" or not 0 <= int(number) < len(graph.subgraphs):
            continue
        inner = graph.subgraphs[int(number)]
        for assign in inner.ops:
            if assign.kind != "ASSIGN_VARIABLE" or len(assign.inputs) != 2:
                continue
            key = variable(inner, assign.inputs[0])
            value = inner.tensors.get(assign.inputs[1])
            if key is not None and value is not None and value.data is not None:
                found[key] = First(value.shape, value.dtype, np.asarray(value.data))
    return found


def variables(graph: Graph) -> Graph:
    """The rewritten graph."""
    if not any(op.kind in ("VAR_HANDLE", "CALL_ONCE") for op in graph.ops):
        return graph
    result = graph.copy()
    firsts = first_values(graph)
    handles = {
        op.outputs[0]: (op.text("container"), op.text("shared_name"))
        for op in graph.ops
        if op.kind == "VAR_HANDLE"
    }
    state: dict[Key, int] = {}

    def place(handle: int, value: int) -> int:
        key = handles[handle]
        if key not in state:
            like, first = graph.tensors[value], firsts.get(key)
            state[key] = result.add_tensor(
                key[1] or "variable",
                like.shape,
                like.dtype,
                like.quant,
                persistent=True,
                initial=None if first is None else first.data,
            )
        return state[key]

    result.ops = []
    for op in graph.ops:
        if op.kind == "READ_VARIABLE":
            kept = place(op.inputs[0], op.outputs[0])
            result.ops.append(replace(op, kind="LOAD", inputs=(kept,)))
        elif op.kind == "ASSIGN_VARIABLE":
            kept = place(op.inputs[0], op.inputs[1])
            result.ops.append(store(op.inputs[1], kept, 0, op.node))
        elif op.kind not in ("VAR_HANDLE", "CALL_ONCE"):
            result.ops.append(op)
    return _without_copies(result)


def store(value: int, target: int, offset: int, node: int) -> Op:
    """The operator that copies ``value`` into a persistent tensor, ``offset`` bytes into it."""
    return Op("STORE", (value,), (target,), {"offset": offset}, node)


def _without_copies(graph: Graph) -> Graph:
    """LOADs go whose readers are all done before the variable changes."""
    result = graph.copy()
    for op in graph.ops:
        if op.kind != "LOAD" or op.outputs[0] in graph.outputs:
            continue
        kept, copied = op.inputs[0], op.outputs[0]
        at = next(place for place, one in enumerate(result.ops) if one is op)
        changed = next(
            (place for place, one in enumerate(result.ops) if place > at and kept in one.outputs),
            len(result.ops),
        )
        readers = [place for place, one in enumerate(result.ops) if copied in one.inputs]
        if all(at < place < changed and result.ops[place].kind in _PLAIN for place in readers):
            for place in readers:
                one = result.ops[place]
                inputs = tuple(kept if index == copied else index for index in one.inputs)
                result.ops[place] = replace(one, inputs=inputs)
            del result.ops[at]
    return result


def copied_out(graph: Graph) -> Graph:
    """Outputs that are no operator's alone get a copy of their own at the end.

    Such are persistent tensors, constants, inputs, and what is an output twice.
    """
    result = graph.copy()
    outputs: list[int] = []
    for index in graph.outputs:
        tensor = graph.tensors[index]
        shared = index in (*outputs, *graph.inputs)
        outputs.append(index)
        if tensor.persistent or tensor.data is not None or shared:
            copy = result.add_tensor(tensor.name, tensor.shape, tensor.dtype, tensor.quant)
            result.ops.append(Op("LOAD", (index,), (copy,), {}, len(graph.ops)))
            outputs[-1] = copy
    result.outputs = tuple(outputs)
    return result
