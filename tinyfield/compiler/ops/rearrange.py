"""TRANSPOSE, REVERSE_V2, TILE, BROADCAST_TO, MIRROR_PAD, DEPTH_TO_SPACE, SPACE_TO_DEPTH,
BATCH_TO_SPACE_ND and RESIZE_NEAREST_NEIGHBOR, of any element type: all moves, nothing computed.

Reference: TFLite ``reference_ops`` of these names; RESIZE_NEAREST_NEIGHBOR is float32 arithmetic
on coordinates there (``GetNearestNeighbor``), done here at compile time.
"""

from __future__ import annotations

import math

import numpy as np

from tinyfield.compiler.graph import Graph, Op
from tinyfield.compiler.ops.moves import (
    LONGEST,
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
from tinyfield.compiler.rounding import round_half_away


def transpose(graph: Graph, op: Op) -> list[Move]:
    """TRANSPOSE: the output's axis i is the input's axis ``permutation[i]``."""
    needed(graph, op, 2)
    source = graph.input(op, 0)
    rank = len(source.shape)
    order = [axis_of(axis, rank) for axis in numbers(graph, op, 1, "axes", rank)]
    if sorted(order) != list(range(rank)):
        raise Unfit(f"axes {order} of {list(source.shape)}: the file is damaged")
    tables = whole(source.shape)
    shape = tuple(source.shape[axis] for axis in order)
    return [Move(source.index, shape, tuple(tables[axis] for axis in order))]


def reverse(graph: Graph, op: Op) -> list[Move]:
    """REVERSE_V2 along one or more axes."""
    needed(graph, op, 2)
    source = graph.input(op, 0)
    tables = whole(source.shape)
    for axis in {axis_of(a, len(source.shape)) for a in numbers(graph, op, 1, "axes")}:
        tables[axis] = tables[axis][::-1]
    return [Move(source.index, source.shape, tuple(tables))]


def tile(graph: Graph, op: Op) -> list[Move]:
    """TILE: the whole, several times along each axis."""
    needed(graph, op, 2)
    source = graph.input(op, 0)
    times = numbers(graph, op, 1, "multiples", len(source.shape))
    tables: list[Table] = []
    for count, size, step in zip(times, source.shape, steps_of(source.shape), strict=True):
        if not 0 <= count * size <= LONGEST:
            raise Unfit(f"multiples {times} of {list(source.shape)}")
        # Two axes, for each has a step of its own.
        tables += [np.zeros(count, np.int64), np.arange(size, dtype=np.int64) * step]
    shape = tuple(count * size for count, size in zip(times, source.shape, strict=True))
    return [Move(source.index, shape, tuple(tables))]


def broadcast_to(graph: Graph, op: Op) -> list[Move]:
    """BROADCAST_TO a constant shape."""
    needed(graph, op, 2)
    source = graph.input(op, 0)
    shape = tuple(numbers(graph, op, 1, "sizes"))
    missing = len(shape) - len(source.shape)
    if missing < 0 or not all(0 <= size <= LONGEST for size in shape):
        raise Unfit(f"{list(source.shape)} cannot become {list(shape)}")
    tables: list[Table] = [np.zeros(size, np.int64) for size in shape[:missing]]
    for table, size in zip(whole(source.shape), shape[missing:], strict=True):
        if len(table) not in (1, size):
            raise Unfit(f"{list(source.shape)} cannot become {list(shape)}")
        tables.append(np.broadcast_to(table, (size,)))
    return [Move(source.index, shape, tuple(tables))]


def mirror_pad(graph: Graph, op: Op) -> list[Move]:
    """MIRROR_PAD: the edges seen in a mirror, which shows the edge itself if SYMMETRIC."""
    needed(graph, op, 2)
    source = graph.input(op, 0)
    amounts = numbers(graph, op, 1, "amounts", 2 * len(source.shape))
    edge = 0 if op.integer("mode") == 1 else 1
    tables = whole(source.shape)
    for axis, size in enumerate(source.shape):
        before, after = amounts[2 * axis : 2 * axis + 2]
        if not (0 <= before <= size - edge and 0 <= after <= size - edge):
            raise Unfit(f"amounts {amounts} mirror more than there is of {list(source.shape)}")
        table = tables[axis]
        head, tail = table[edge : edge + before][::-1], table[size - edge - after : size - edge]
        tables[axis] = np.concatenate([head, table, tail[::-1]])
    return [Move(source.index, tuple(len(table) for table in tables), tuple(tables))]


def _image(graph: Graph, op: Op) -> tuple[int, ...]:
    shape = graph.input(op, 0).shape
    if len(shape) != 4 or 0 in shape:
        raise Unfit(f"its input is {list(shape)}: four dimensions are needed, none of them empty")
    return shape


def depth_to_space(graph: Graph, op: Op) -> list[Move]:
    """DEPTH_TO_SPACE: blocks of channels become squares of pixels."""
    needed(graph, op, 1)
    batch, height, width, channels = _image(graph, op)
    block = op.integer("block")
    if block < 1 or channels % (block * block):
        raise Unfit(f"{channels} channels in blocks of {block}×{block}")
    depth = channels // block**2
    n, h, w, dy, dx, c = whole((batch, height, width, block, block, depth))
    shape = (batch, height * block, width * block, depth)
    return [Move(op.inputs[0], shape, (n, h, dy, w, dx, c))]


def space_to_depth(graph: Graph, op: Op) -> list[Move]:
    """SPACE_TO_DEPTH: squares of pixels become blocks of channels."""
    needed(graph, op, 1)
    batch, height, width, channels = _image(graph, op)
    block = op.integer("block")
    if block < 1 or height % block or width % block:
        raise Unfit(f"{height}×{width} in blocks of {block}×{block}")
    rows, columns = height // block, width // block
    n, h, dy, w, dx, c = whole((batch, rows, block, columns, block, channels))
    shape = (batch, rows, columns, channels * block**2)
    return [Move(op.inputs[0], shape, (n, h, w, dy, dx, c))]


def batch_to_space(graph: Graph, op: Op) -> list[Move]:
    """BATCH_TO_SPACE_ND: pixels of several batches interleaved, then cropped."""
    needed(graph, op, 3)
    shape = graph.input(op, 0).shape
    if len(shape) not in (3, 4):
        raise Unfit(f"its input is {list(shape)}: three or four dimensions are needed")
    spatial = len(shape) - 2
    blocks = numbers(graph, op, 1, "block sizes", spatial)
    crops = numbers(graph, op, 2, "crops", 2 * spatial)
    if min(blocks) < 1 or shape[0] % math.prod(blocks) or min(crops) < 0:
        raise Unfit(f"blocks {blocks} and crops {crops} of {list(shape)}: the file is damaged")
    batch = shape[0] // math.prod(blocks)
    steps = steps_of(shape)
    tables: list[Table] = [np.arange(batch, dtype=np.int64) * steps[0]]
    for number, block in enumerate(blocks):
        axis = number + 1
        place = np.arange(shape[axis] * block, dtype=np.int64)
        last = len(place) - crops[2 * number + 1]
        place = place[crops[2 * number] : max(last, 0)]
        # Batch b of image (dy, dx) is batch (dy · blocks + dx) · batch + b.
        stride = math.prod(blocks[number + 1 :]) * batch * steps[0]
        tables.append(place % block * stride + place // block * steps[axis])
    tables.append(np.arange(shape[-1], dtype=np.int64))
    return [Move(op.inputs[0], tuple(len(table) for table in tables), tuple(tables))]


def resize_nearest(graph: Graph, op: Op) -> list[Move]:
    """RESIZE_NEAREST_NEIGHBOR in both of TFLite's conventions."""
    needed(graph, op, 2)
    batch, height, width, channels = _image(graph, op)
    sizes = numbers(graph, op, 1, "sizes", 2)
    if not all(0 < size <= LONGEST for size in sizes):
        raise Unfit(f"sizes {sizes}: the file is damaged")
    tables = whole((batch, height, width, channels))
    for axis, size in enumerate(sizes, start=1):
        nearest = [_nearest(op, place, len(tables[axis]), size) for place in range(size)]
        tables[axis] = tables[axis][nearest]
    return [Move(op.inputs[0], (batch, *sizes, channels), tuple(tables))]


def _nearest(op: Op, place: int, size: int, wanted: int) -> int:
    corners, centers = bool(op.integer("align_corners")), bool(op.integer("half_pixel_centers"))
    if corners and wanted > 1:
        scale = np.float32(size - 1) / np.float32(wanted - 1)
    else:
        scale = np.float32(size) / np.float32(wanted)
    at = float((np.float32(place) + np.float32(0.5 if centers else 0.0)) * scale)
    return max(0, min(round_half_away(at) if corners else math.floor(at), size - 1))


MOVES = {
    "TRANSPOSE": transpose,
    "REVERSE_V2": reverse,
    "TILE": tile,
    "BROADCAST_TO": broadcast_to,
    "MIRROR_PAD": mirror_pad,
    "DEPTH_TO_SPACE": depth_to_space,
    "SPACE_TO_DEPTH": space_to_depth,
    "BATCH_TO_SPACE_ND": batch_to_space,
    "RESIZE_NEAREST_NEIGHBOR": resize_nearest,
}
KINDS = [kind(name, moves) for name, moves in MOVES.items()]
