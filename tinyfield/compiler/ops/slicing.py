"""SLICE, STRIDED_SLICE, SPLIT, SPLIT_V, UNPACK, GATHER: parts of a tensor, of any element type.

Reference: TFLite ``reference_ops::Slice``, ``StridedSlice`` (with ``strided_slice_logic.h``),
``Split``, ``Gather`` and the preparation of each operator.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tinyfield.compiler.graph import Graph, Op
from tinyfield.compiler.ops.moves import (
    Move,
    Table,
    Unfit,
    axis_of,
    kind,
    needed,
    numbers,
    steps_of,
    whole,
)

#: Axes that a STRIDED_SLICE may name: its masks have 32 bits.
_MOST_ENTRIES = 16


def slices(graph: Graph, op: Op) -> list[Move]:
    """SLICE: from ``begin``, ``size`` long; a size of −1 is all that is left."""
    needed(graph, op, 3)
    source = graph.input(op, 0)
    rank = len(source.shape)
    begin = numbers(graph, op, 1, "begins", rank)
    sizes = numbers(graph, op, 2, "sizes", rank)
    tables = whole(source.shape)
    for axis, (first, size) in enumerate(zip(begin, sizes, strict=True)):
        length = source.shape[axis]
        last = length if size == -1 else first + size
        if not 0 <= first <= last <= length:
            raise Unfit(f"cuts {first}..{last} along axis {axis} of {list(source.shape)}")
        tables[axis] = tables[axis][first:last]
    return [Move(source.index, tuple(len(table) for table in tables), tuple(tables))]


@dataclass(frozen=True)
class _Entry:
    """What a STRIDED_SLICE says of one axis; ``axis`` is None for a new one."""

    axis: int | None
    number: int | None = None


def strided_slice(graph: Graph, op: Op) -> list[Move]:
    """STRIDED_SLICE with all its masks; negative strides walk backwards."""
    needed(graph, op, 4)
    source = graph.input(op, 0)
    begin = numbers(graph, op, 1, "begins")
    end = numbers(graph, op, 2, "ends", len(begin))
    strides = numbers(graph, op, 3, "strides", len(begin))
    if len(begin) > _MOST_ENTRIES or 0 in strides:
        raise Unfit(f"strides {strides}: the file is damaged")
    ranges = whole(source.shape)
    tables: list[Table] = []
    shape: list[int] = []
    for entry in _entries(op, len(begin), len(source.shape)):
        if entry.axis is None:
            shape.append(1)
            continue
        table = ranges[entry.axis]
        if entry.number is None:
            tables.append(table)
            shape.append(len(table))
            continue
        bit = 1 << entry.number
        first, last, stride = (values[entry.number] for values in (begin, end, strides))
        if op.integer("shrink_axis_mask") & bit:
            if not -len(table) <= first < len(table):
                raise Unfit(f"picks {first} along axis {entry.axis} of {list(source.shape)}")
            tables.append(table[first % len(table) :][:1])
            continue
        if op.integer("offset"):
            last += first
        cut = slice(
            None if op.integer("begin_mask") & bit else first,
            None if op.integer("end_mask") & bit else last,
            stride,
        )
        tables.append(table[cut])
        shape.append(len(table[cut]))
    return [Move(source.index, tuple(shape), tuple(tables))]


def _entries(op: Op, count: int, rank: int) -> list[_Entry]:
    """The slice's entries with the ellipsis written out; axes that none names are taken whole."""
    new = op.integer("new_axis_mask")
    ellipsis = [n for n in range(count) if op.integer("ellipsis_mask") >> n & 1]
    if len(ellipsis) > 1:
        raise Unfit("has more than one ellipsis: the file is damaged")
    named = sum(1 for n in range(count) if n not in ellipsis and not new >> n & 1)
    if named > rank:
        raise Unfit(f"slices {named} of {rank} dimensions")
    if ellipsis and named == rank:
        # TFLite lets it take one axis all the same and drops what stands behind.
        raise Unfit("has an ellipsis that stands for nothing: leave it out")
    result, axis = [], 0
    for number in range(count):
        if number in ellipsis:
            result += [_Entry(axis + one) for one in range(rank - named)]
            axis += rank - named
        elif new >> number & 1:
            result.append(_Entry(None))
        else:
            result.append(_Entry(axis, number))
            axis += 1
    return result + [_Entry(one) for one in range(axis, rank)]


def _pieces(graph: Graph, op: Op, place: int, axis: int, lengths: list[int]) -> list[Move]:
    source = graph.input(op, place)
    if sum(lengths) != source.shape[axis] or min(lengths, default=0) < 0:
        raise Unfit(f"pieces of {lengths} along axis {axis} of {list(source.shape)}")
    moves, start = [], 0
    for length in lengths:
        tables = whole(source.shape)
        tables[axis] = tables[axis][start : start + length]
        moves.append(Move(source.index, tuple(len(table) for table in tables), tuple(tables)))
        start += length
    return moves


def split(graph: Graph, op: Op) -> list[Move]:
    """SPLIT: pieces of one size."""
    needed(graph, op, 2, None)
    (axis,) = numbers(graph, op, 0, "axes", 1)
    shape = graph.input(op, 1).shape
    axis = axis_of(axis, len(shape))
    count = len(op.outputs)
    if count == 0 or shape[axis] % count:
        raise Unfit(f"{count} pieces along axis {axis} of {list(shape)}")
    return _pieces(graph, op, 1, axis, [shape[axis] // count] * count)


def split_v(graph: Graph, op: Op) -> list[Move]:
    """SPLIT_V: pieces of sizes of their own; one may be −1, what is left."""
    needed(graph, op, 3, None)
    sizes = numbers(graph, op, 1, "sizes", len(op.outputs))
    (axis,) = numbers(graph, op, 2, "axes", 1)
    shape = graph.input(op, 0).shape
    axis = axis_of(axis, len(shape))
    if sizes.count(-1) == 1:
        sizes[sizes.index(-1)] = shape[axis] - sum(sizes) - 1
    return _pieces(graph, op, 0, axis, sizes)


def unpack(graph: Graph, op: Op) -> list[Move]:
    """UNPACK: each place along an axis, which then is gone."""
    needed(graph, op, 1, None)
    source = graph.input(op, 0)
    axis = axis_of(op.integer("axis"), len(source.shape))
    shape = source.shape[:axis] + source.shape[axis + 1 :]
    ones = [1] * source.shape[axis] if source.shape[axis] == len(op.outputs) else []
    return [Move(source.index, shape, move.tables) for move in _pieces(graph, op, 0, axis, ones)]


def gather(graph: Graph, op: Op) -> list[Move]:
    """GATHER: constant places along an axis, perhaps others in each batch."""
    needed(graph, op, 2)
    source = graph.input(op, 0)
    rank = len(source.shape)
    flat = numbers(graph, op, 1, "indices")
    indices = np.array(flat, np.int64).reshape(graph.input(op, 1).shape)
    axis = axis_of(op.integer("axis"), rank)
    batches = op.integer("batch_dims")
    batches += len(indices.shape) if batches < 0 else 0
    if not 0 <= batches <= min(axis, len(indices.shape)):
        raise Unfit(f"{op.integer('batch_dims')} batch dimensions before axis {axis}")
    if indices.shape[:batches] != source.shape[:batches]:
        raise Unfit(f"indices {list(indices.shape)} for {list(source.shape)}")
    length = source.shape[axis]
    if indices.size and not (indices.min() >= 0 and indices.max() < length):
        raise Unfit(f"an index lies outside axis {axis} of {list(source.shape)}")
    shape = (*source.shape[:axis], *indices.shape[batches:], *source.shape[axis + 1 :])
    tables = whole(source.shape)
    steps = steps_of(source.shape)
    if batches == 0:
        tables[axis] = indices.reshape(-1) * steps[axis]
        return [Move(source.index, shape, tuple(tables))]
    # Which places are taken depends on the batch: one table for all axes up to this one.
    if math.prod(shape[: axis + len(indices.shape) - batches]) > 1 << 16:
        raise Unfit("gathers too many places of their own in each batch")
    joined: Table = np.zeros((1,) * batches, np.int64)
    for number, table in enumerate(tables[:axis]):
        joined = joined + table.reshape([-1 if n == number else 1 for n in range(axis)])
    picked = indices.reshape(
        *indices.shape[:batches], *[1] * (axis - batches), math.prod(indices.shape[batches:])
    )
    joined = (joined[..., None] + picked * steps[axis]).reshape(-1)
    return [Move(source.index, shape, (joined, *tables[axis + 1 :]))]


MOVES = {
    "SLICE": slices,
    "STRIDED_SLICE": strided_slice,
    "SPLIT": split,
    "SPLIT_V": split_v,
    "UNPACK": unpack,
    "GATHER": gather,
}
#: GATHER has a file of its own for indices that are computed.
KINDS = [kind(name, moves) for name, moves in MOVES.items() if name != "GATHER"]
