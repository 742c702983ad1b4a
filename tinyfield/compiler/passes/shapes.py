"""Arithmetic on shapes folds away, and with it every unknown dimension: the batch is 1.

A converter leaves dimensions open (most often the batch) and emits operators that compute shapes
from shapes: SHAPE, STRIDED_SLICE, PACK, CONCATENATION … into RESHAPE, FILL, BROADCAST_TO. In the
file an open dimension stands as 1 where nobody knew better, wrong where it was to be computed.
Here the operators are gone through in order: those of constant integers are computed, and a
tensor that the file marks as open gets the shape that TFLite's ``Prepare`` would give it. This
runs before anything is checked; what cannot be worked out is left for the checks to complain of.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from tinyfield.compiler.graph import ITEM_BYTES, Array, Graph, Op

Shape = tuple[int, ...]
_MOST_FOLDED = 1 << 12
_MOST_ELEMENTS = 1 << 28
#: Types that shapes are computed in; FILL is folded for all.
_FOLDED_TYPES = ("int32", "int64", "bool")

#: What damaged operands raise in the functions below; such an operator stays as it is.
_DAMAGE = (ArithmeticError, LookupError, TypeError, ValueError)


def shapes(graph: Graph) -> Graph:
    """The rewritten graph."""
    result = graph.copy()
    kept = []
    for op in graph.ops:
        if not _fold(result, op):
            _infer(result, op)
            kept.append(op)
    result.ops = kept
    return result


def _fold(graph: Graph, op: Op) -> bool:
    """Turns the output of an operator on constant integers into a constant."""
    compute = _VALUES.get(op.kind)
    if compute is None or len(op.outputs) != 1 or min(op.inputs, default=-1) < 0:
        return False
    output = graph.output(op)
    known = output.dtype in (ITEM_BYTES if op.kind == "FILL" else _FOLDED_TYPES)
    if not known or output.index in graph.outputs:
        return False
    operands: list[Any] = [graph.tensors[index].data for index in op.inputs]
    if op.kind == "SHAPE" and operands and graph.input(op, 0).data is None:
        operands = [np.array(graph.input(op, 0).shape)]
    elif any(one is None or one.size > _MOST_FOLDED for one in operands):
        return False
    elif op.kind == "SHAPE":
        operands = [np.array(operands[0].shape)]
    try:
        value = np.asarray(compute(op, *operands)).astype(output.dtype)
    except _DAMAGE:
        return False
    if value.size > _MOST_FOLDED or (not output.open and value.shape != output.shape):
        return False
    graph.tensors[output.index] = replace(output, shape=value.shape, data=value, open=False)
    return True


def _strided_slice(op: Op, x: Array, begin: Array, end: Array, step: Array) -> Array:
    masks = {name: op.integer(f"{name}_mask") for name in ("begin", "end", "shrink_axis")}
    if op.integer("ellipsis_mask") or op.integer("new_axis_mask") or op.integer("offset"):
        raise ValueError("not a plain slice")
    where: list[int | slice] = []
    for axis, (first, last, by) in enumerate(zip(begin, end, step, strict=True)):
        if masks["shrink_axis"] >> axis & 1:
            where.append(int(first))
            continue
        start = None if masks["begin"] >> axis & 1 else int(first)
        stop = None if masks["end"] >> axis & 1 else int(last)
        where.append(slice(start, stop, int(by)))
    return np.asarray(x[tuple(where)])


def _slice(_op: Op, x: Array, begin: Array, size: Array) -> Array:
    ends = [None if n < 0 else b + n for b, n in zip(begin, size, strict=True)]
    return x[tuple(slice(int(b), e) for b, e in zip(begin, ends, strict=True))]


def _gather(op: Op, x: Array, places: Array) -> Array:
    if op.attributes.get("batch_dims", 0):
        raise ValueError("not a plain gather")
    return np.take(x, places, axis=op.integer("axis"))


def _reduced(function: Callable[..., Any]) -> Callable[..., Array]:
    def compute(op: Op, x: Array, axes: Array) -> Array:
        where = tuple(int(axis) for axis in axes.reshape(-1))
        keep = bool(op.integer("keep_dims"))
        return np.asarray(function(x, axis=where, keepdims=keep))

    return compute


def _binary(function: Callable[[Array, Array], Array]) -> Callable[..., Array]:
    return lambda _op, a, b: function(a, b)


#: Operator → its value for constant operands.
_VALUES: dict[str, Callable[..., Array]] = {
    "SHAPE": lambda _op, x: x,
    "STRIDED_SLICE": _strided_slice,
    "SLICE": _slice,
    "PACK": lambda op, *parts: np.stack(parts, op.integer("axis")),
    "CONCATENATION": lambda op, *parts: np.concatenate(parts, op.integer("axis")),
    "GATHER": _gather,
    "RESHAPE": lambda _op, x, shape: x.reshape(shape.tolist()),
    "EXPAND_DIMS": lambda _op, x, axis: np.expand_dims(x, int(axis.reshape(()))),
    "CAST": lambda _op, x: x,
    "FILL": lambda _op, shape, value: np.full(shape.tolist(), value.reshape(())),
    "REDUCE_PROD": _reduced(np.prod),
    "SUM": _reduced(np.sum),
    "ADD": _binary(np.add),
    "SUB": _binary(np.subtract),
    "MUL": _binary(np.multiply),
    "MAXIMUM": _binary(np.maximum),
    "MINIMUM": _binary(np.minimum),
    "FLOOR_DIV": _binary(np.floor_divide),
    "FLOOR_MOD": _binary(np.mod),
    "EQUAL": _binary(np.equal),
    "LESS": _binary(np.less),
    "GREATER": _binary(np.greater),
    "SELECT": lambda _op, which, a, b: np.asarray(np.where(which, a, b)),
    "SELECT_V2": lambda _op, which, a, b: np.asarray(np.where(which, a, b)),
    "BROADCAST_ARGS": lambda _op, a, b: np.array(np.broadcast_shapes(tuple(a), tuple(b))),
}


def _infer(graph: Graph, op: Op) -> None:
    """Gives an open output the shape that its operands ask for."""
    rule = _SHAPES.get(op.kind)
    if rule is None or len(op.outputs) != 1 or not graph.output(op).open:
        return
    output = graph.output(op)
    try:
        shape = tuple(int(size) for size in rule(graph, op))
    except _DAMAGE:
        return
    if all(size >= 0 for size in shape) and math.prod(shape) <= _MOST_ELEMENTS:
        graph.tensors[output.index] = replace(output, shape=shape, open=False)


def _known(graph: Graph, op: Op, place: int) -> Array:
    data = graph.input(op, place).data
    if data is None:
        raise ValueError("computed at run time")
    return np.asarray(data).astype(np.int64)


def _same(graph: Graph, op: Op) -> Shape:
    return graph.input(op, 0).shape


def _broadcast(graph: Graph, op: Op) -> Shape:
    return np.broadcast_shapes(*(tensor.shape for tensor in graph.ins(op)))


def _reshaped(graph: Graph, op: Op) -> Shape:
    wanted = _known(graph, op, 1).reshape(-1).tolist()
    rest = math.prod(size for size in wanted if size != -1)
    return tuple(graph.input(op, 0).elements // rest if size == -1 else size for size in wanted)


def _expanded(graph: Graph, op: Op) -> Shape:
    axis = int(_known(graph, op, 1).reshape(()))
    return np.expand_dims(np.empty(graph.input(op, 0).shape, np.bool_), axis).shape


def _dense(graph: Graph, op: Op) -> Shape:
    outputs, inputs = graph.input(op, 1).shape
    shape = graph.input(op, 0).shape
    if op.integer("keep_num_dims"):
        return (*shape[:-1], outputs)
    return (graph.input(op, 0).elements // inputs, outputs)


def _spatial(graph: Graph, op: Op) -> Shape:
    # Only the batch is ever open here; height and width come from the file, channels too.
    return (graph.input(op, 0).shape[0], *graph.output(op).shape[1:])


def _padded(graph: Graph, op: Op) -> Shape:
    amounts = _known(graph, op, 1)
    return tuple(np.asarray(graph.input(op, 0).shape) + amounts.sum(axis=1))


def _concatenated(graph: Graph, op: Op) -> Shape:
    parts = [tensor.shape for tensor in graph.ins(op)]
    axis = op.integer("axis") % len(parts[0])
    length = sum(part[axis] for part in parts)
    return (*parts[0][:axis], length, *parts[0][axis + 1 :])


def _packed(graph: Graph, op: Op) -> Shape:
    shape = list(graph.input(op, 0).shape)
    shape.insert(op.integer("axis") % (len(shape) + 1), len(op.inputs))
    return tuple(shape)


def _tiled(graph: Graph, op: Op) -> Shape:
    return tuple(np.asarray(graph.input(op, 0).shape) * _known(graph, op, 1))


def _transposed(graph: Graph, op: Op) -> Shape:
    shape = graph.input(op, 0).shape
    return tuple(shape[axis] for axis in _known(graph, op, 1).tolist())


def _to_batch(graph: Graph, op: Op) -> Shape:
    shape = np.asarray(graph.input(op, 0).shape)
    blocks, amounts = _known(graph, op, 1), _known(graph, op, 2)
    end = 1 + len(blocks)
    spatial = (shape[1:end] + amounts.sum(axis=1)) // blocks
    return (int(shape[0] * math.prod(blocks.tolist())), *spatial, *shape[end:])


def _from_batch(graph: Graph, op: Op) -> Shape:
    shape = np.asarray(graph.input(op, 0).shape)
    blocks, crops = _known(graph, op, 1), _known(graph, op, 2)
    end = 1 + len(blocks)
    spatial = shape[1:end] * blocks - crops.sum(axis=1)
    return (int(shape[0] // math.prod(blocks.tolist())), *spatial, *shape[end:])


def _reduced_shape(graph: Graph, op: Op) -> Shape:
    shape = graph.input(op, 0).shape
    marked = {axis % len(shape) for axis in _known(graph, op, 1).reshape(-1).tolist()}
    keep = bool(op.integer("keep_dims"))
    return tuple(1 if a in marked else n for a, n in enumerate(shape) if keep or a not in marked)


def _operand(place: int) -> Callable[[Graph, Op], Shape]:
    return lambda graph, op: tuple(_known(graph, op, place).reshape(-1).tolist())


_UNARY = """RELU RELU6 RELU_N1_TO_1 RELU_0_TO_1 LEAKY_RELU LOGISTIC TANH HARD_SWISH ELU GELU ABS NEG
EXP SOFTMAX LOG_SOFTMAX QUANTIZE DEQUANTIZE CAST SQUARE SQRT RSQRT PRELU L2_NORMALIZATION"""
_BINARY = "ADD SUB MUL MAXIMUM MINIMUM SQUARED_DIFFERENCE"

#: Operator → the shape of its output.
_SHAPES: dict[str, Callable[[Graph, Op], Shape]] = {
    **dict.fromkeys(_UNARY.split(), _same),
    **dict.fromkeys(_BINARY.split(), _broadcast),
    **dict.fromkeys(("CONV_2D", "DEPTHWISE_CONV_2D", "AVERAGE_POOL_2D", "MAX_POOL_2D"), _spatial),
    **dict.fromkeys(("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN"), _reduced_shape),
    **dict.fromkeys(("PAD", "PADV2", "MIRROR_PAD"), _padded),
    "FULLY_CONNECTED": _dense,
    "RESHAPE": _reshaped,
    "EXPAND_DIMS": _expanded,
    "CONCATENATION": _concatenated,
    "PACK": _packed,
    "TILE": _tiled,
    "TRANSPOSE": _transposed,
    "SPACE_TO_BATCH_ND": _to_batch,
    "BATCH_TO_SPACE_ND": _from_batch,
    "BROADCAST_TO": _operand(1),
    "FILL": _operand(0),
    "TRANSPOSE_CONV": _operand(0),
}
