"""ARG_MAX and ARG_MIN of int8 and uint8; the output is int32 or int64.

Reference: TFLite ``reference_ops::ArgMinMax``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from tinyfield.compiler.calls import Buffer, Call, Literal
from tinyfield.compiler.graph import ITEM_BYTES, Graph, Op
from tinyfield.compiler.ops.base import Kind, Options
from tinyfield.compiler.ops.moves import Unfit, axis_of, needed, numbers


def _axis(graph: Graph, op: Op) -> int:
    needed(graph, op, 2)
    (axis,) = numbers(graph, op, 1, "axes", 1)
    return axis_of(axis, len(graph.input(op, 0).shape))


def check(graph: Graph, op: Op) -> Iterator[str]:
    """Complaints; see :class:`~tinyfield.compiler.ops.base.Kind`."""
    try:
        axis = _axis(graph, op)
    except Unfit as error:
        yield str(error)
        return
    source, output = graph.input(op, 0), graph.output(op)
    shape = source.shape[:axis] + source.shape[axis + 1 :]
    if source.dtype not in ("int8", "uint8"):
        yield f"takes {source.dtype}, not int8: convert with full-integer quantization"
    elif output.dtype not in ("int32", "int64"):
        yield f"gives {output.dtype}, not int32 or int64: the file is damaged"
    elif 0 in source.shape or output.shape != shape:
        yield f"output {list(output.shape)} does not fit axis {axis} of {list(source.shape)}"


def lower(graph: Graph, op: Op, _options: Options) -> list[Call]:
    """The kernel call."""
    source, output = graph.input(op, 0), graph.output(op)
    axis = _axis(graph, op)
    facts = {
        "outer": math.prod(source.shape[:axis]),
        "n": source.shape[axis],
        "inner": math.prod(source.shape[axis + 1 :]),
        "sign": 1 if op.kind == "ARG_MAX" else -1,
        "unsigned_bits": int(source.dtype == "uint8"),
        "width": ITEM_BYTES[output.dtype],
    }
    call = Call(
        "tiny_arg",
        "arg.h",
        (
            Buffer(source.index),
            Buffer(output.index, write=True),
            *(Literal(name, value) for name, value in facts.items()),
        ),
        graph.label(op),
    )
    return [call]


KINDS = [Kind(name, check, lower) for name in ("ARG_MAX", "ARG_MIN")]
