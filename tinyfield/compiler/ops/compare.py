"""EQUAL, LESS, GREATER … of two int8 tensors (either of which may be broadcast), or of int32.

Reference: TFLite ``reference_ops::ComparisonWithScaling`` as ``comparisons.cc`` calls it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator

import numpy as np

from tinyfield.compiler.calls import Buffer, Call, Literal, Rom
from tinyfield.compiler.graph import Graph, Op
from tinyfield.compiler.ops import whole
from tinyfield.compiler.ops.base import Kind, Options, quantized
from tinyfield.compiler.ops.broadcast import check_broadcast, loop_literals, operand
from tinyfield.compiler.rounding import quantize_multiplier, requantize_twice

_HOLDS: dict[str, Callable[[int, int], bool]] = {
    "EQUAL": operator.eq,
    "NOT_EQUAL": operator.ne,
    "LESS": operator.lt,
    "LESS_EQUAL": operator.le,
    "GREATER": operator.gt,
    "GREATER_EQUAL": operator.ge,
}
#: nn/broadcast.h counts its comparisons from here.
_FIRST = 6
_LEFT = 8


def _narrow(graph: Graph, op: Op) -> bool:
    tensors = graph.ins(op)
    return bool(tensors) and tensors[0].dtype == "int8"


def check(graph: Graph, op: Op) -> Iterator[str]:
    """Complaints; see :class:`~tinyfield.compiler.ops.base.Kind`."""
    if not _narrow(graph, op):
        yield from whole.check(graph, op)
        return
    if len(op.inputs) != 2 or min(op.inputs) < 0 or len(op.outputs) != 1:
        yield f"has {len(op.inputs)} inputs, 2 are needed: the file is damaged"
        return
    found = [text for place in (0, 1) for text in quantized(graph.input(op, place))]
    if graph.output(op).dtype != "bool":
        found.append(f"gives {graph.output(op).dtype}, not bool: the file is damaged")
    found = found or [*check_broadcast(graph, op)]
    yield from found
    if not found and max(graph.input(op, place).q.scale for place in (0, 1)) >= 1:
        yield "compares at a scale of 1 or more, which TFLite refuses too"


def lower(graph: Graph, op: Op, options: Options) -> list[Call]:
    """The kernel call: a table where one operand is a single number."""
    if not _narrow(graph, op):
        return whole.lower(graph, op, options)
    output = graph.output(op)
    steps = [quantize_multiplier(graph.input(op, place).q.scale) for place in (0, 1)]
    zeros = [graph.input(op, place).q.zero_point for place in (0, 1)]

    def scaled(place: int, x: int) -> int:
        return requantize_twice((x - zeros[place]) << _LEFT, *steps[place])

    for place in (0, 1):
        data = graph.input(op, place).data
        if data is None or data.size != 1:
            continue
        number = scaled(place, int(data.reshape(-1)[0]))
        table = []
        for bits in range(256):
            x = scaled(1 - place, bits - 256 if bits > 127 else bits)
            pair = (number, x) if place == 0 else (x, number)
            table.append(int(_HOLDS[op.kind](*pair)))
        arguments = (
            Buffer(graph.input(op, 1 - place).index),
            Buffer(output.index, write=True),
            Rom(op.kind.lower(), np.array(table, np.int8)),
            Literal("count", output.elements),
        )
        return [Call("tiny_lut", "lut.h", arguments, graph.label(op))]
    facts = {"zero_a": zeros[0], "mult_a": steps[0][0], "shift_a": steps[0][1]}
    facts |= {"zero_b": zeros[1], "mult_b": steps[1][0], "shift_b": steps[1][1]}
    facts |= {"sign_b": 0, "mult": 0, "shift": 0, "zero_point": 0, "low": 0, "high": 1}
    call = Call(
        "tiny_broadcast",
        "broadcast.h",
        (
            operand(graph, op, 0),
            operand(graph, op, 1),
            Buffer(output.index, write=True),
            Literal("function", _FIRST + whole.RELATIONS[op.kind]),
            *loop_literals(graph, op, rows=False),
            *(Literal(name, value) for name, value in facts.items()),
        ),
        graph.label(op),
    )
    return [call]


KINDS = [Kind(name, check, lower) for name in _HOLDS]
