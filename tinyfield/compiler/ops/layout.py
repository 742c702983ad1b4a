"""PAD and CONCATENATION, int8: bytes moved, none computed."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from tinyfield.compiler.calls import Argument, Buffer, Call, Literal, Rom
from tinyfield.compiler.graph import Graph, Op
from tinyfield.compiler.ops.base import Kind, Options, constant, same_types


def check_pad(graph: Graph, op: Op) -> Iterator[str]:
    """Complaints; see :class:`~tinyfield.compiler.ops.base.Kind`."""
    found = [*same_types(graph, op), *constant(graph, op, 1, "amounts", "int32")]
    yield from found
    if found:
        return
    source, output = graph.input(op, 0), graph.output(op)
    amounts = np.asarray(graph.input(op, 1).data)
    if len(source.shape) > 4:
        yield f"pads {len(source.shape)} dimensions; at most 4"
    elif amounts.shape != (len(source.shape), 2) or (amounts < 0).any():
        yield f"amounts {amounts.tolist()} for {list(source.shape)}"
    elif tuple(np.asarray(source.shape) + amounts.sum(axis=1)) != output.shape:
        yield f"amounts {amounts.tolist()} do not lead to {list(output.shape)}"
    if source.q != output.q:
        yield "input and output differ in scale or zero point: convert the model anew"


def lower_pad(graph: Graph, op: Op, _options: Options) -> list[Call]:
    """The kernel call, in four dimensions."""
    source, output = graph.input(op, 0), graph.output(op)
    missing = 4 - len(source.shape)
    shape = (1,) * missing + source.shape
    amounts = [[0, 0]] * missing + np.asarray(graph.input(op, 1).data).tolist()
    facts = dict(zip("abcd", shape, strict=True))
    for name, (before, after) in zip("abcd", amounts, strict=True):
        facts[f"{name}_before"] = before
        facts[f"{name}_after"] = after
    facts["value"] = output.q.zero_point
    call = Call(
        "tiny_pad",
        "blocks.h",
        (
            Buffer(source.index),
            Buffer(output.index, write=True),
            *(Literal(name, value) for name, value in facts.items()),
        ),
        graph.label(op),
    )
    return [call]


def check_concatenation(graph: Graph, op: Op) -> Iterator[str]:
    """Complaints; see :class:`~tinyfield.compiler.ops.base.Kind`."""
    found = [*same_types(graph, op, inputs=max(len(op.inputs), 1))]
    yield from found
    if found:
        return
    output = graph.output(op)
    rank = len(output.shape)
    axis = op.integer("axis")
    if not -rank <= axis < rank:
        yield f"axis {axis} of {list(output.shape)}"
        return
    axis %= rank
    length = 0
    for tensor in graph.ins(op):
        other = (*tensor.shape[:axis], *output.shape[axis : axis + 1], *tensor.shape[axis + 1 :])
        if len(tensor.shape) != rank or other != output.shape:
            yield f"its input {list(tensor.shape)} does not fit {list(output.shape)}"
            return
        length += tensor.shape[axis]
        if tensor.q != output.q:
            yield f"its input {tensor.name!r} differs in scale from the output: convert anew"
    if length != output.shape[axis]:
        yield f"its inputs are {length} long along axis {axis}, the output {output.shape[axis]}"
    if op.text("activation") != "NONE":
        yield f"fused activation {op.text('activation')}: none is possible here"


def lower_concatenation(graph: Graph, op: Op, _options: Options) -> list[Call]:
    """One kernel call for each input."""
    output = graph.output(op)
    axis = op.integer("axis") % len(output.shape)
    count = math.prod(output.shape[:axis])
    step = math.prod(output.shape[axis:])
    calls, place = [], 0
    for number, tensor in enumerate(graph.ins(op)):
        piece = math.prod(tensor.shape[axis:])
        source: Argument = Buffer(tensor.index)
        if tensor.data is not None:
            source = Rom(f"piece{number}_", np.asarray(tensor.data), in_flash=False)
        arguments = (
            source,
            Buffer(output.index, write=True, offset=place),
            Literal("count", count),
            Literal("bytes", piece),
            Literal("in_step", piece),
            Literal("out_step", step),
        )
        calls.append(Call("tiny_copy_blocks", "blocks.h", arguments, graph.label(op)))
        place += piece
    return calls


KINDS = [
    Kind("PAD", check_pad, lower_pad),
    Kind("CONCATENATION", check_concatenation, lower_concatenation),
]
