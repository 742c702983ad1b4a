"""Operators that move elements, of all the types that TFLite's reference moves."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from tests.compiler.models import ModelBuilder
from tests.compiler.operators.base import Family, Random, any_scale, any_zero

TYPES = ("int8", "int8", "uint8", "int16", "int32")


class Mover:
    """A model of one operator that moves elements: one type, scale and zero point throughout."""

    def __init__(self, random: Random, types: tuple[str, ...] = TYPES) -> None:
        self.build = ModelBuilder()
        self.random = random
        self.dtype = str(random.choice(types))
        self.scale = any_scale(random)
        self.zero = any_zero(random) if self.dtype == "int8" else 0

    def tensor(self, shape: Any, data: Any = None) -> int:
        """An input or output, or a constant."""
        sizes = tuple(int(n) for n in shape)
        return self.build.tensor(sizes, self.dtype, scale=self.scale, zero=self.zero, data=data)

    def numbers(self, values: Any) -> int:
        """A constant operand of whole numbers."""
        array = np.asarray(values, np.int32)
        return self.build.tensor(array.shape, "int32", scale=None, data=array)

    def shape(self, low: int = 1, high: int = 5, size: int = 5) -> tuple[int, ...]:
        """A random shape of low..high dimensions."""
        rank = int(self.random.integers(low, high + 1))
        return tuple(int(n) for n in self.random.integers(1, size, rank))

    def done(self, kind: str, operands: list[int], given: int, shape: Any, **options: Any) -> bytes:
        """The file."""
        out = self.tensor(shape)
        self.build.op(kind, operands, [out], **options)
        return self.build.build([given], [out])


def pad(random: Random, *, kind: str) -> bytes:
    """PAD, PADV2 with a constant, MIRROR_PAD of either kind."""
    mover = Mover(random, ("int8",) if kind == "PAD" else ("int8", "int8", "uint8"))
    if kind == "MIRROR_PAD":
        mover = Mover(random, ("int8", "uint8", "int16"))
    shape = mover.shape(1, 4)
    mode = int(random.integers(2))
    most = [n if mode or kind != "MIRROR_PAD" else n - 1 for n in shape]
    amounts = np.array([[random.integers(0, min(m, 3) + 1) for _ in range(2)] for m in most])
    given = mover.tensor(shape)
    operands = [given, mover.numbers(amounts)]
    if kind == "PADV2":
        operands.append(mover.tensor((1,), [int(random.integers(0, 128))]))
    padded = np.array(shape) + amounts.sum(axis=1)
    options = {"mode": mode} if kind == "MIRROR_PAD" else {}
    return mover.done(kind, operands, given, padded, **options)


def concatenation(random: Random) -> bytes:
    """CONCATENATION of two or three inputs, one perhaps a constant."""
    mover = Mover(random)
    shape = list(mover.shape(1, 5))
    axis = int(random.integers(-len(shape), len(shape)))
    inputs, operands, length = [], [], 0
    for number in range(int(random.integers(2, 4))):
        shape[axis] = int(random.integers(1, 4))
        length += shape[axis]
        data = random.integers(0, 128, shape) if number == 1 and random.random() < 0.5 else None
        operands.append(mover.tensor(shape, data))
        if data is None:
            inputs.append(operands[-1])
    shape[axis] = length
    out = mover.tensor(shape)
    mover.build.op("CONCATENATION", operands, [out], axis=axis)
    return mover.build.build(inputs, [out])


def pack(random: Random) -> bytes:
    """PACK of one to three inputs."""
    mover = Mover(random, ("int8", "uint8", "int16", "int32"))
    shape = mover.shape(1, 4)
    axis = int(random.integers(-len(shape) - 1, len(shape) + 1))
    inputs = [mover.tensor(shape) for _ in range(int(random.integers(1, 4)))]
    place = axis % (len(shape) + 1)
    out = mover.tensor((*shape[:place], len(inputs), *shape[place:]))
    mover.build.op("PACK", inputs, [out], axis=axis, valuesCount=len(inputs))
    return mover.build.build(inputs, [out])


def unpack(random: Random) -> bytes:
    """UNPACK along any axis."""
    mover = Mover(random, ("int8", "uint8", "int32"))
    shape = mover.shape(2, 4)
    axis = int(random.integers(-len(shape), len(shape)))
    place = axis % len(shape)
    given = mover.tensor(shape)
    outs = [mover.tensor(shape[:place] + shape[place + 1 :]) for _ in range(shape[place])]
    mover.build.op("UNPACK", [given], outs, axis=axis, num=len(outs))
    return mover.build.build([given], outs)


def split(random: Random) -> bytes:
    """SPLIT into pieces of one size."""
    mover = Mover(random, ("int8", "uint8", "int16", "int32"))
    shape = list(mover.shape(1, 4))
    axis = int(random.integers(-len(shape), len(shape)))
    size, count = shape[axis], int(random.integers(1, 4))
    shape[axis] = size * count
    given = mover.tensor(shape)
    shape[axis] = size
    outs = [mover.tensor(shape) for _ in range(count)]
    mover.build.op("SPLIT", [mover.numbers(axis), given], outs, numSplits=count)
    return mover.build.build([given], outs)


def split_v(random: Random) -> bytes:
    """SPLIT_V into pieces of sizes of their own, one perhaps said as what is left."""
    mover = Mover(random, ("int8", "int16", "int32"))
    shape = list(mover.shape(1, 4))
    axis = int(random.integers(-len(shape), len(shape)))
    sizes = [int(n) for n in random.integers(1, 4, random.integers(1, 4))]
    shape[axis] = sum(sizes)
    given = mover.tensor(shape)
    outs = [
        mover.tensor([*shape[: axis % len(shape)], n, *shape[axis % len(shape) + 1 :]])
        for n in sizes
    ]
    said = list(sizes)
    if random.random() < 0.5:
        said[int(random.integers(len(said)))] = -1
    operands = [given, mover.numbers(said), mover.numbers(axis)]
    mover.build.op("SPLIT_V", operands, outs, numSplits=len(outs))
    return mover.build.build([given], outs)


def slices(random: Random) -> bytes:
    """SLICE, with −1 for what is left."""
    mover = Mover(random)
    shape = mover.shape(1, 5, 6)
    begin = [int(random.integers(0, n)) for n in shape]
    sizes = [int(random.integers(1, n - b + 1)) for n, b in zip(shape, begin, strict=True)]
    said = [
        -1 if b + size == n and random.random() < 0.5 else size
        for n, b, size in zip(shape, begin, sizes, strict=True)
    ]
    given = mover.tensor(shape)
    operands = [given, mover.numbers(begin), mover.numbers(said)]
    return mover.done("SLICE", operands, given, sizes)


def strided_slice(random: Random) -> bytes:
    """STRIDED_SLICE with every mask, backwards too, and places counted from the end."""
    mover = Mover(random)
    while True:
        shape = mover.shape(1, 4, 7)
        rank = len(shape)
        named = int(random.integers(1, rank + 1))
        begin = [int(random.integers(-n - 1, n + 1)) for n in shape[:named]]
        end = [int(random.integers(-n - 1, n + 2)) for n in shape[:named]]
        strides = [int(random.choice([1, 1, 2, 3, -1, -2])) for _ in range(named)]
        masks = {name: int(random.integers(0, 1 << named)) for name in ("begin", "end")}
        shrink = int(random.integers(0, 1 << named)) if random.random() < 0.4 else 0
        cut: list[Any] = []
        for axis in range(named):
            if shrink >> axis & 1:
                begin[axis] = int(random.integers(-shape[axis], shape[axis]))
                end[axis], strides[axis] = begin[axis] + 1, 1
                masks = {name: mask & ~(1 << axis) for name, mask in masks.items()}
                cut.append(begin[axis])
            else:
                first = None if masks["begin"] >> axis & 1 else begin[axis]
                last = None if masks["end"] >> axis & 1 else end[axis]
                cut.append(slice(first, last, strides[axis]))
        extra: dict[str, int] = {}
        lists = [begin, end, strides]
        if not shrink and random.random() < 0.3:
            at = int(random.integers(0, named + 1))
            which = "ellipsisMask" if random.random() < 0.5 else "newAxisMask"
            # It must stand for something, and nothing behind it count from the last axis.
            if which == "ellipsisMask" and (rank == named or cut[at:]):
                continue
            for one in lists:
                one.insert(at, 1)
            low = (1 << at) - 1
            masks = {n: (m & low) | (m & ~low) << 1 for n, m in masks.items()}
            cut.insert(at, Ellipsis if which == "ellipsisMask" else None)
            extra[which] = 1 << at
        result = np.empty(shape, np.int8)[tuple(cut)].shape
        if 0 not in result and len(result) > 0:
            break
    given = mover.tensor(shape)
    operands = [given, *(mover.numbers(one) for one in lists)]
    return mover.done(
        "STRIDED_SLICE",
        operands,
        given,
        result,
        beginMask=masks["begin"],
        endMask=masks["end"],
        shrinkAxisMask=shrink,
        **extra,
    )


def transpose(random: Random) -> bytes:
    """TRANSPOSE in one to six dimensions."""
    mover = Mover(random)
    shape = mover.shape(1, 6, 4)
    order = [int(n) for n in random.permutation(len(shape))]
    given = mover.tensor(shape)
    operands = [given, mover.numbers(order)]
    return mover.done("TRANSPOSE", operands, given, [shape[axis] for axis in order])


def gather(random: Random) -> bytes:
    """GATHER of constant places, in each batch others."""
    mover = Mover(random, ("int8", "uint8", "int16", "int32"))
    shape = mover.shape(1, 4)
    axis = int(random.integers(0, len(shape)))
    batches = int(random.integers(0, axis + 1)) if random.random() < 0.5 else 0
    form = (*shape[:batches], *(int(n) for n in random.integers(1, 4, random.integers(1, 3))))
    indices = random.integers(0, shape[axis], form)
    given = mover.tensor(shape)
    operands = [given, mover.numbers(indices)]
    result = (*shape[:axis], *form[batches:], *shape[axis + 1 :])
    return mover.done("GATHER", operands, given, result, axis=axis, batchDims=batches)


def depth_and_space(random: Random, *, kind: str) -> bytes:
    """DEPTH_TO_SPACE, SPACE_TO_DEPTH."""
    mover = Mover(random, ("int8", "uint8", "int32"))
    batch, height, width, depth, block = (int(n) for n in random.integers(1, 4, 5))
    wide = (batch, height * block, width * block, depth)
    deep = (batch, height, width, depth * block * block)
    before, after = (deep, wide) if kind == "DEPTH_TO_SPACE" else (wide, deep)
    given = mover.tensor(before)
    return mover.done(kind, [given], given, after, blockSize=block)


def batch_and_space(random: Random, *, kind: str) -> bytes:
    """SPACE_TO_BATCH_ND with padding, BATCH_TO_SPACE_ND with crops."""
    mover = Mover(random, ("int8", "uint8", "int32") if kind[0] == "B" else ("int8", "int32"))
    spatial = int(random.integers(1, 3))
    blocks = [int(n) for n in random.integers(1, 4, spatial)]
    sizes = [int(n) for n in random.integers(1, 4, spatial)]
    channels, batch = (int(n) for n in random.integers(1, 3, 2))
    edges = []
    for block, size in zip(blocks, sizes, strict=True):
        first = int(random.integers(0, min(block * size, 3)))
        edges.append((first, int(random.integers(0, min(block * size - first, 3)))))
    whole = [block * size for block, size in zip(blocks, sizes, strict=True)]
    kept = [size - sum(edge) for size, edge in zip(whole, edges, strict=True)]
    apart = (batch * int(np.prod(blocks)), *sizes, channels)
    together = (batch, *kept, channels)
    before, after = (together, apart) if kind[0] == "S" else (apart, together)
    given = mover.tensor(before)
    operands = [given, mover.numbers(blocks), mover.numbers(edges)]
    return mover.done(kind, operands, given, after)


def resize_nearest(random: Random) -> bytes:
    """RESIZE_NEAREST_NEIGHBOR up and down, in each convention."""
    mover = Mover(random, ("int8", "uint8", "int16"))
    shape = (1, *(int(n) for n in random.integers(1, 8, 3)))
    sizes = [int(n) for n in random.integers(1, 12, 2)]
    given = mover.tensor(shape)
    convention = int(random.integers(3))
    return mover.done(
        "RESIZE_NEAREST_NEIGHBOR",
        [given, mover.numbers(sizes)],
        given,
        (1, *sizes, shape[3]),
        alignCorners=convention == 1,
        halfPixelCenters=convention == 2,
    )


def tile(random: Random) -> bytes:
    """TILE along any axes."""
    mover = Mover(random, ("int8", "uint8", "int32"))
    shape = mover.shape(1, 4, 4)
    times = [int(n) for n in random.integers(1, 4, len(shape))]
    given = mover.tensor(shape)
    result = np.array(shape) * times
    return mover.done("TILE", [given, mover.numbers(times)], given, result)


def broadcast_to(random: Random) -> bytes:
    """BROADCAST_TO more dimensions and longer ones."""
    mover = Mover(random, ("int8", "uint8", "int16", "int32"))
    result = mover.shape(1, 5, 4)
    kept = int(random.integers(0, len(result)))
    shape = [n if random.random() < 0.5 else 1 for n in result[kept:]]
    given = mover.tensor(shape)
    return mover.done("BROADCAST_TO", [given, mover.numbers(result)], given, result)


def reverse(random: Random) -> bytes:
    """REVERSE_V2 along neighbouring axes."""
    mover = Mover(random, ("uint8", "int16", "int32"))
    shape = mover.shape(1, 4)
    first = int(random.integers(0, len(shape)))
    axes = range(first, int(random.integers(first + 1, len(shape) + 1)))
    given = mover.tensor(shape)
    return mover.done("REVERSE_V2", [given, mover.numbers(list(axes))], given, shape)


FAMILIES: dict[str, Family] = {
    **{kind: partial(pad, kind=kind) for kind in ("PAD", "PADV2", "MIRROR_PAD")},
    "CONCATENATION": concatenation,
    "PACK": pack,
    "UNPACK": unpack,
    "SPLIT": split,
    "SPLIT_V": split_v,
    "SLICE": slices,
    "STRIDED_SLICE": strided_slice,
    "TRANSPOSE": transpose,
    "GATHER": gather,
    **{kind: partial(depth_and_space, kind=kind) for kind in ("DEPTH_TO_SPACE", "SPACE_TO_DEPTH")},
    **{
        kind: partial(batch_and_space, kind=kind)
        for kind in ("SPACE_TO_BATCH_ND", "BATCH_TO_SPACE_ND")
    },
    "RESIZE_NEAREST_NEIGHBOR": resize_nearest,
    "TILE": tile,
    "BROADCAST_TO": broadcast_to,
    "REVERSE_V2": reverse,
}
