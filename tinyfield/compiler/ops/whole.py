"""Whole numbers at run time: arithmetic and comparisons of int32, SELECT, CAST between integers.

Converters put them around an embedding's indices. Quantized tensors go other ways
(``elementwise.py``). Reference: TFLite ``reference_ops`` of these names; ``cast.cc``.
"""

from __future__ import annotations

from collections.abc import Iterator

from tinyfield.compiler.calls import Buffer, Call, Literal
from tinyfield.compiler.graph import ITEM_BYTES, Graph, Op
from tinyfield.compiler.ops.base import Kind, Options
from tinyfield.compiler.ops.moves import Unfit, needed

#: What nn/whole.h calls them.
FUNCTIONS = {"ADD": 0, "SUB": 1, "MUL": 2, "MAXIMUM": 3, "MINIMUM": 4}
RELATIONS = {
    "EQUAL": 0,
    "NOT_EQUAL": 1,
    "LESS": 2,
    "LESS_EQUAL": 3,
    "GREATER": 4,
    "GREATER_EQUAL": 5,
}
_CAST = {"int8": 0, "uint8": 1, "bool": 2, "int16": 3, "int32": 4, "int64": 5}


def check(graph: Graph, op: Op) -> Iterator[str]:
    """Complaints; see :class:`~tinyfield.compiler.ops.base.Kind`."""
    count = 3 if op.kind.startswith("SELECT") else 1 if op.kind == "CAST" else 2
    try:
        needed(graph, op, count)
    except Unfit as error:
        yield str(error)
        return
    if len(op.inputs) > count:
        yield f"has {len(op.inputs)} inputs, {count} are expected: the file is damaged"
        return
    tensors = graph.ins(op)
    output = graph.output(op)
    types = [tensor.dtype for tensor in tensors]
    if op.kind == "CAST":
        if types[0] not in _CAST or output.dtype not in _CAST:
            yield f"turns {types[0]} into {output.dtype}: only integers are cast"
    elif op.kind.startswith("SELECT"):
        if types[0] != "bool" or types[1:] != [output.dtype] * 2 or output.dtype not in ITEM_BYTES:
            yield f"chooses by {types[0]} between {types[1:]} for {output.dtype}"
    else:
        wanted = "int32" if op.kind in FUNCTIONS else "bool"
        if set(types) != {"int32"} or output.dtype != wanted:
            yield f"takes {' and '.join(types)} to {output.dtype}; supported is int32 here"
        elif op.attributes.get("activation", "NONE") != "NONE":
            yield f"fused activation {op.text('activation')}: none is possible with int32"
    for tensor in tensors:
        if tensor.elements not in (1, output.elements) or 0 in output.shape:
            yield (
                f"its operand {list(tensor.shape)} would have to be broadcast to "
                f"{list(output.shape)}: only a single number can be"
            )


def lower(graph: Graph, op: Op, _options: Options) -> list[Call]:
    """The kernel call."""
    tensors, output = graph.ins(op), graph.output(op)
    steps = [int(tensor.elements > 1) for tensor in tensors]
    facts: dict[str, int]
    if op.kind == "CAST":
        kernel = "tiny_cast"
        facts = {"from": _CAST[tensors[0].dtype], "to": _CAST[output.dtype]}
        facts |= {"in_bytes": ITEM_BYTES[tensors[0].dtype]}
        facts |= {"out_bytes": ITEM_BYTES[output.dtype]}
    elif op.kind.startswith("SELECT"):
        kernel = "tiny_select"
        facts = {"bytes": ITEM_BYTES[output.dtype]}
        facts |= {"step": steps[0], "step_a": steps[1], "step_b": steps[2]}
    elif op.kind in FUNCTIONS:
        kernel = "tiny_whole"
        facts = {"function": FUNCTIONS[op.kind], "step_a": steps[0], "step_b": steps[1]}
    else:
        kernel = "tiny_compare"
        facts = {"relation": RELATIONS[op.kind], "step_a": steps[0], "step_b": steps[1]}
    call = Call(
        kernel,
        "whole.h",
        (
            *(Buffer(tensor.index) for tensor in tensors),
            Buffer(output.index, write=True),
            Literal("count", output.elements, fixed=False),
            *(Literal(name, value) for name, value in facts.items()),
        ),
        graph.label(op),
    )
    return [call]


#: Comparisons stand in ``compare.py``, which takes int8 too.
KINDS = [Kind(name, check, lower) for name in ("SELECT", "SELECT_V2", "CAST")]
