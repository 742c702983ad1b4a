"""RESHAPE, SQUEEZE, EXPAND_DIMS: the same bytes under another shape.

A pass turns them into VIEW (``passes/views.py``), which costs nothing where the planner can lay
both tensors in one place; only an input handed straight to an output is copied.
"""

from __future__ import annotations

from collections.abc import Iterator

from tinyfield.compiler.calls import Buffer, Call, Literal
from tinyfield.compiler.graph import ITEM_BYTES, Graph, Op
from tinyfield.compiler.ops.base import Kind, Options


def check(graph: Graph, op: Op) -> Iterator[str]:
    """Complaints; see :class:`~tinyfield.compiler.ops.base.Kind`."""
    if len(op.outputs) != 1 or not graph.has_input(op, 0):
        yield "needs one input and one output: the file is damaged"
        return
    source, output = graph.input(op, 0), graph.output(op)
    if source.dtype not in ITEM_BYTES or source.dtype != output.dtype:
        yield f"turns {source.dtype} into {output.dtype}"
    elif source.elements != output.elements:
        yield f"turns {list(source.shape)} into {list(output.shape)}: the sizes differ"


def lower(graph: Graph, op: Op, _options: Options) -> list[Call]:
    """A plain copy, which the planner leaves out where both lie in one place."""
    source, output = graph.input(op, 0), graph.output(op)
    call = Call(
        "tiny_copy",
        "copy.h",
        (
            Buffer(source.index),
            Buffer(output.index, write=True),
            Literal("bytes", output.bytes),
        ),
        graph.label(op),
        in_place=(source.index,),
    )
    return [call]


KINDS = [Kind(name, check, lower) for name in ("RESHAPE", "SQUEEZE", "EXPAND_DIMS", "VIEW")]
