"""State between calls: resource variables, and the persistent tensors that they become.

CALL_ONCE, VAR_HANDLE, READ_VARIABLE and ASSIGN_VARIABLE are checked here and replaced by
``passes/variables.py``; LOAD, STORE and SHIFT are what that pass and ``passes/rings.py`` put in
their place.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tinyfield.compiler.calls import Argument, Buffer, Call, Literal, Rom
from tinyfield.compiler.graph import ITEM_BYTES, Graph, Op
from tinyfield.compiler.ops.base import Kind, Options, never_lowered
from tinyfield.compiler.passes.variables import first_values, variable

_LARGEST = 1 << 24


def check_call_once(graph: Graph, op: Op) -> Iterator[str]:
    """Complaints; see :class:`~tinyfield.compiler.ops.base.Kind`."""
    number = op.integer("init_subgraph")
    if not 0 < number < len(graph.subgraphs):
        yield f"calls subgraph {number}, which is not there: the file is damaged"
        return
    inner = graph.subgraphs[number]
    for one in inner.ops:
        if one.kind not in ("VAR_HANDLE", "ASSIGN_VARIABLE"):
            yield (
                f"what it runs first has {inner.label(one)}: only constants can be assigned to "
                "variables there"
            )
        elif one.kind == "ASSIGN_VARIABLE" and (
            len(one.inputs) != 2
            or variable(inner, one.inputs[0]) is None
            or one.inputs[1] not in inner.tensors
            or inner.tensors[one.inputs[1]].data is None
        ):
            yield f"its {inner.label(one)} assigns no constant to a variable"


def check_handle(graph: Graph, op: Op) -> Iterator[str]:
    """Complaints; see :class:`~tinyfield.compiler.ops.base.Kind`."""
    if len(op.outputs) != 1 or op.inputs:
        yield "needs one output and no input: the file is damaged"
    elif op.outputs[0] in graph.outputs:
        yield "a variable's handle is an output of the model: return its value instead"


def check_access(graph: Graph, op: Op) -> Iterator[str]:
    """Complaints about READ_VARIABLE and ASSIGN_VARIABLE."""
    reads = op.kind == "READ_VARIABLE"
    if (len(op.inputs), len(op.outputs)) != ((1, 1) if reads else (2, 0)) or -1 in op.inputs:
        yield f"has {len(op.inputs)} inputs and {len(op.outputs)} outputs: the file is damaged"
        return
    key = variable(graph, op.inputs[0])
    if key is None:
        yield "the variable that it names is not made by VAR_HANDLE in the same graph"
        return
    value = graph.tensors[op.outputs[0] if reads else op.inputs[1]]
    if value.dtype not in ITEM_BYTES:
        yield f"a variable of {value.dtype}"
        return
    if value.bytes > _LARGEST:
        yield f"a variable of {value.bytes:,} bytes is more than any microcontroller holds"
    first = first_values(graph).get(key)
    before = graph.ops[: graph.ops.index(op)]
    assigned = [
        one
        for one in before
        if one.kind == "ASSIGN_VARIABLE" and variable(graph, one.inputs[0]) == key
    ]
    if reads and first is None and not assigned:
        yield f"the variable {key[1]!r} is read before it has a value: assign one in CALL_ONCE"
    if first is not None and (first.shape, first.dtype) != (value.shape, value.dtype):
        yield (
            f"the variable {key[1]!r} starts as {first.dtype}{list(first.shape)} and is "
            f"{value.dtype}{list(value.shape)} here"
        )
    for one in assigned:
        other = graph.tensors[one.inputs[1]]
        if (other.shape, other.dtype) != (value.shape, value.dtype):
            yield f"the variable {key[1]!r} changes its shape or type"
            break
    if any(one.kind == "CALL_ONCE" for one in graph.ops[len(before) :]):
        yield "CALL_ONCE comes after it: variables must have their first values before all else"


def lower_load(graph: Graph, op: Op, _options: Options) -> list[Call]:
    """A copy of a persistent tensor, as it is at this step."""
    source, output = graph.input(op, 0), graph.output(op)
    arguments = (
        Buffer(source.index),
        Buffer(output.index, write=True),
        Literal("bytes", output.bytes),
    )
    return [Call("tiny_copy", "copy.h", arguments, graph.label(op))]


def lower_store(graph: Graph, op: Op, _options: Options) -> list[Call]:
    """A copy into a persistent tensor, or into a part of it."""
    source = graph.input(op, 0)
    given: Argument = Buffer(source.index)
    if source.data is not None:
        given = Rom("value", np.asarray(source.data), in_flash=False)
    arguments = (
        given,
        Buffer(op.outputs[0], write=True, offset=op.integer("offset")),
        Literal("bytes", source.bytes),
    )
    return [Call("tiny_copy", "copy.h", arguments, graph.label(op))]


def lower_shift(graph: Graph, op: Op, _options: Options) -> list[Call]:
    """One move within a persistent tensor."""
    window, dropped = graph.output(op), op.integer("bytes")
    arguments = (
        Buffer(window.index, write=True, updates=True),
        Literal("kept", window.bytes - dropped),
        Literal("dropped", dropped),
    )
    return [Call("tiny_shift", "shift.h", arguments, graph.label(op))]


def _inner(_graph: Graph, _op: Op) -> Iterator[str]:
    return iter(())


KINDS = [
    Kind("CALL_ONCE", check_call_once, never_lowered),
    Kind("VAR_HANDLE", check_handle, never_lowered),
    Kind("READ_VARIABLE", check_access, never_lowered),
    Kind("ASSIGN_VARIABLE", check_access, never_lowered),
    Kind("LOAD", _inner, lower_load),
    Kind("STORE", _inner, lower_store),
    Kind("SHIFT", _inner, lower_shift),
]
