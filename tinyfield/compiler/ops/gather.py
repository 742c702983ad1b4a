"""GATHER: constant indices are a move of elements, computed ones are looked up at run time.

Reference: TFLite ``reference_ops::Gather``. The first sort stands in ``slicing.py``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from tinyfield.compiler.calls import Argument, Buffer, Call, Literal, Rom
from tinyfield.compiler.graph import ITEM_BYTES, Graph, Op
from tinyfield.compiler.ops import slicing
from tinyfield.compiler.ops.base import Kind, Options
from tinyfield.compiler.ops.moves import Unfit, axis_of, kind, movable, needed

_CONSTANT = kind("GATHER", slicing.gather)


def _computed(graph: Graph, op: Op) -> bool:
    return graph.has_input(op, 1) and graph.input(op, 1).data is None


def check(graph: Graph, op: Op) -> Iterator[str]:
    """Complaints; see :class:`~tinyfield.compiler.ops.base.Kind`."""
    if not _computed(graph, op):
        yield from _CONSTANT.check(graph, op)
        return
    try:
        needed(graph, op, 2)
        source, indices, output = graph.input(op, 0), graph.input(op, 1), graph.output(op)
        axis = axis_of(op.integer("axis"), len(source.shape))
    except Unfit as error:
        yield str(error)
        return
    yield from movable(source, output)
    shape = (*source.shape[:axis], *indices.shape, *source.shape[axis + 1 :])
    if indices.dtype not in ("int32", "int64"):
        yield f"its indices are {indices.dtype}, not int32: the file is damaged"
    elif op.integer("batch_dims"):
        yield "has indices of their own in each batch that are computed: only constant ones can be"
    elif shape != output.shape or indices.elements == 0:
        yield f"gives {list(shape)}, its output is {list(output.shape)}"


def lower(graph: Graph, op: Op, options: Options) -> list[Call]:
    """The kernel call."""
    if not _computed(graph, op):
        return _CONSTANT.lower(graph, op, options)
    source, indices, output = graph.input(op, 0), graph.input(op, 1), graph.output(op)
    axis = axis_of(op.integer("axis"), len(source.shape))
    facts = {
        "outer": math.prod(source.shape[:axis]),
        "n": source.shape[axis],
        "count": indices.elements,
        "bytes": math.prod(source.shape[axis + 1 :]) * ITEM_BYTES[output.dtype],
        "width": ITEM_BYTES[indices.dtype],
    }
    table: Argument = Buffer(source.index)
    if source.data is not None:
        raw = np.ascontiguousarray(source.data).tobytes()
        table = Rom("table", np.frombuffer(raw, np.int8))
    call = Call(
        "tiny_gather" if source.data is None else "tiny_gather_rom",
        "gather.h",
        (
            table,
            Buffer(indices.index),
            Buffer(output.index, write=True),
            *(Literal(name, value, fixed=name == "width") for name, value in facts.items()),
        ),
        graph.label(op),
    )
    return [call]


KIND = Kind("GATHER", check, lower)
