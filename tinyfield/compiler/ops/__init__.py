"""The operators that the compiler takes, one small file a family."""

from __future__ import annotations

from collections.abc import Iterator

from tinyfield.compiler import inline
from tinyfield.compiler.graph import ITEM_BYTES, Graph, Op, Tensor
from tinyfield.compiler.ops import (
    arg,
    batch_matmul,
    compare,
    conv,
    elementwise,
    fully_connected,
    gather,
    layout,
    lstm,
    normalize,
    pool,
    quantize,
    rearrange,
    reduce,
    reshape,
    resize,
    slicing,
    softmax,
    state,
    svdf,
    transpose_conv,
    unary,
    whole,
)
from tinyfield.compiler.ops.base import Kind, Options
from tinyfield.compiler.ops.cures import CURES
from tinyfield.compiler.schema import OPERATORS
from tinyfield.errors import ModelError

__all__ = ["KINDS", "Kind", "Options", "refuse_unsupported"]

_ALL = (
    fully_connected.KIND,
    *conv.KINDS,
    transpose_conv.KIND,
    *pool.KINDS,
    *reduce.KINDS,
    *elementwise.KINDS,
    *unary.KINDS,
    *quantize.KINDS,
    softmax.KIND,
    *normalize.KINDS,
    *arg.KINDS,
    resize.KIND,
    batch_matmul.KIND,
    *layout.KINDS,
    *reshape.KINDS,
    *slicing.KINDS,
    gather.KIND,
    *whole.KINDS,
    *compare.KINDS,
    *rearrange.KINDS,
    *state.KINDS,
    lstm.KIND,
    svdf.KIND,
    *inline.KINDS,
)
KINDS: dict[str, Kind] = {kind.name: kind for kind in _ALL}

_SHOWN = 40
_LONGEST = 32767
_MOST_CONSTANTS = 1 << 28


def refuse_unsupported(graph: Graph) -> None:
    """Raises one error that lists every operator the compiler cannot take, and what to do.

    Raises:
        ModelError: with one line for each offending node.
    """
    complaints = []
    for op in graph.ops:
        kind = KINDS.get(op.kind)
        if kind is None:
            cure = CURES.get(op.kind.split(" ")[0], "this operator is not supported")
            complaints.append(f"{graph.label(op)}: {cure}")
            continue
        complaints += [
            f"{graph.label(op)}: {text}" for text in (*_too_long(graph, op), *kind.check(graph, op))
        ]
    complaints += [
        f"the model's input or output {tensor.name!r} is {tensor.dtype}, which is not supported"
        for tensor in (graph.tensors[index] for index in (*graph.inputs, *graph.outputs))
        if tensor.dtype not in ITEM_BYTES
    ]
    read_bytes = sum(tensor.bytes for op in graph.ops for tensor in _constants(graph, op))
    if not complaints and read_bytes > _MOST_CONSTANTS:
        complaints.append(f"its operators read {read_bytes:,} bytes of constants")
    if not complaints:
        return
    shown = complaints[:_SHOWN]
    if len(complaints) > _SHOWN:
        shown.append(f"… {len(complaints) - _SHOWN} more")
    known = ", ".join(sorted(set(KINDS) & set(OPERATORS)))
    raise ModelError(
        "the model cannot be compiled:\n" + "\n".join(f"  {line}" for line in shown),
        hint=f"supported are int8 and 16x8 models of: {known}",
    )


def _constants(graph: Graph, op: Op) -> list[Tensor]:
    return [tensor for tensor in graph.ins(op) if tensor.data is not None]


def _too_long(graph: Graph, op: Op) -> Iterator[str]:
    # Kernels count along an axis in 16 bits.
    for index in (*op.inputs, *op.outputs):
        if index >= 0 and max(graph.tensors[index].shape, default=0) > _LONGEST:
            tensor = graph.tensors[index]
            yield f"tensor {tensor.name!r} {list(tensor.shape)} is over {_LONGEST} along an axis"
