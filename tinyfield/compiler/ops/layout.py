"""PAD, PADV2, SPACE_TO_BATCH_ND, CONCATENATION and PACK: pieces laid into a larger tensor.

Of any element type; bytes are moved, none computed. Reference: TFLite ``reference_ops::Pad``,
``SpaceToBatchND``, ``Concatenation`` and ``Pack``.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tinyfield.compiler.calls import Buffer, Call, Literal, Rom
from tinyfield.compiler.graph import ITEM_BYTES, Array, Graph, Op, Tensor
from tinyfield.compiler.ops.base import Kind, Options
from tinyfield.compiler.ops.moves import (
    Table,
    Unfit,
    axis_of,
    movable,
    move_call,
    needed,
    numbers,
    steps_of,
    whole,
)


@dataclass(frozen=True)
class Piece:
    """A part of a source and where it goes.

    Attributes:
        source: the tensor read.
        tables: element offsets into it, one table an axis.
        base: element of the output at which it begins.
        steps: element steps of the output, an axis each.
    """

    source: int
    tables: tuple[Table, ...]
    base: int
    steps: tuple[int, ...]


@dataclass(frozen=True)
class Layout:
    """A whole output: its shape, its pieces, and what lies between them (None: nothing does)."""

    shape: tuple[int, ...]
    pieces: tuple[Piece, ...]
    fill: Array | None = None


Layouts = Callable[[Graph, Op], Layout]


def kind(name: str, layout: Layouts) -> Kind:
    """An operator that is nothing but its layout."""

    def check(graph: Graph, op: Op) -> Iterator[str]:
        try:
            found = layout(graph, op)
        except Unfit as error:
            yield str(error)
            return
        output = graph.output(op)
        for index in dict.fromkeys(piece.source for piece in found.pieces):
            yield from movable(graph.tensors[index], output)
        if found.shape != output.shape:
            yield f"gives {list(found.shape)}, its output is {list(output.shape)}"

    def lower(graph: Graph, op: Op, _options: Options) -> list[Call]:
        found, output = layout(graph, op), graph.output(op)
        calls = [] if found.fill is None else [_fill(output, found.fill, graph.label(op))]
        for number, piece in enumerate(found.pieces):
            data = graph.tensors[piece.source].data
            source: Buffer | Rom = Buffer(piece.source)
            if data is not None:
                source = Rom(f"piece{number}_", _bits(data), in_flash=False)
            calls.append(
                move_call(
                    source,
                    output,
                    piece.tables,
                    graph.label(op),
                    out_base=piece.base,
                    out_steps=piece.steps,
                )
            )
        return calls

    return Kind(name, check, lower)


def _fill(output: Tensor, value: Array, label: str) -> Call:
    arguments = (
        Buffer(output.index, write=True),
        Rom("value", _bits(value.reshape(1)), in_flash=False),
        Literal("count", output.elements),
        Literal("bytes", ITEM_BYTES[output.dtype]),
    )
    return Call("tiny_fill", "move.h", arguments, label)


def _bits(data: Array) -> Array:
    array = np.asarray(data)
    return array.view(np.int8) if array.dtype.itemsize == 1 else array


def _zero(output: Tensor) -> Array:
    """What stands for 0.0."""
    if output.dtype not in ITEM_BYTES:
        raise Unfit(f"tensor {output.name!r} is {output.dtype}")
    return np.array(output.quant.zero_point if output.quant else 0).astype(output.dtype)


def _one_quantization(graph: Graph, op: Op, places: Sequence[int]) -> None:
    # The reference would requantize, or refuses; no converter leaves it so.
    output = graph.output(op)
    for place in places:
        source = graph.input(op, place)
        if output.quant and source.quant and source.quant != output.quant:
            raise Unfit(
                f"its input {source.name!r} differs from the output in scale or zero point: "
                "convert the model anew"
            )


def pad(graph: Graph, op: Op) -> Layout:
    """PAD with 0.0, PADV2 with a constant."""
    needed(graph, op, 3 if op.kind == "PADV2" else 2)
    source, output = graph.input(op, 0), graph.output(op)
    amounts = numbers(graph, op, 1, "amounts", 2 * len(source.shape))
    _one_quantization(graph, op, (0,))
    if min(amounts, default=0) < 0:
        raise Unfit(f"amounts {amounts} for {list(source.shape)}")
    value = _zero(output)
    if op.kind == "PADV2":
        given = graph.input(op, 2)
        if given.data is None or given.elements != 1 or given.dtype != output.dtype:
            raise Unfit("the value it pads with is no constant of the output's type")
        value = np.asarray(given.data)
    before, after = amounts[0::2], amounts[1::2]
    shape = tuple(
        size + first + last for size, first, last in zip(source.shape, before, after, strict=True)
    )
    steps = tuple(steps_of(shape))
    base = sum(first * step for first, step in zip(before, steps, strict=True))
    piece = Piece(source.index, tuple(whole(source.shape)), base, steps)
    return Layout(shape, (piece,), value if any(amounts) else None)


def space_to_batch(graph: Graph, op: Op) -> Layout:
    """SPACE_TO_BATCH_ND: each pixel of a block goes to a batch of its own."""
    needed(graph, op, 3)
    source, output = graph.input(op, 0), graph.output(op)
    if len(source.shape) not in (3, 4):
        raise Unfit(f"its input is {list(source.shape)}: three or four dimensions are needed")
    spatial = len(source.shape) - 2
    blocks = numbers(graph, op, 1, "block sizes", spatial)
    pads = numbers(graph, op, 2, "amounts", 2 * spatial)
    padded = [
        size + pads[2 * number] + pads[2 * number + 1]
        for number, size in enumerate(source.shape[1:-1])
    ]
    if (
        min(*blocks, 1) < 1
        or min(pads) < 0
        or math.prod(blocks) > 1 << 10
        or any(size % block for size, block in zip(padded, blocks, strict=True))
    ):
        raise Unfit(f"blocks {blocks} and amounts {pads} of {list(source.shape)}")
    batch, channels = source.shape[0], source.shape[-1]
    sizes = [size // block for size, block in zip(padded, blocks, strict=True)]
    shape = (batch * math.prod(blocks), *sizes, channels)
    steps = tuple(steps_of(shape))
    pieces = []
    for image, places in enumerate(itertools.product(*(range(block) for block in blocks))):
        tables = whole(source.shape)
        base = image * batch * steps[0]
        for number, (place, block) in enumerate(zip(places, blocks, strict=True)):
            first = -(-max(pads[2 * number] - place, 0) // block)
            tables[number + 1] = tables[number + 1][
                first * block + place - pads[2 * number] :: block
            ]
            base += first * steps[number + 1]
        if all(len(table) for table in tables):
            pieces.append(Piece(source.index, tuple(tables), base, steps))
    return Layout(shape, tuple(pieces), _zero(output) if any(pads) else None)


def concatenation(graph: Graph, op: Op) -> Layout:
    """CONCATENATION along any axis."""
    needed(graph, op, max(len(op.inputs), 1))
    if op.text("activation") != "NONE":
        raise Unfit(f"fused activation {op.text('activation')}: none is possible here")
    _one_quantization(graph, op, range(len(op.inputs)))
    output = graph.output(op)
    axis = axis_of(op.integer("axis"), len(output.shape))
    length = 0
    places = []
    for tensor in graph.ins(op):
        other = (*tensor.shape[:axis], *output.shape[axis : axis + 1], *tensor.shape[axis + 1 :])
        if len(tensor.shape) != len(output.shape) or other != output.shape:
            raise Unfit(f"its input {list(tensor.shape)} does not fit {list(output.shape)}")
        places.append(length)
        length += tensor.shape[axis]
    shape = (*output.shape[:axis], length, *output.shape[axis + 1 :])
    steps = tuple(steps_of(shape))
    return Layout(
        shape,
        tuple(
            Piece(tensor.index, tuple(whole(tensor.shape)), place * steps[axis], steps)
            for tensor, place in zip(graph.ins(op), places, strict=True)
        ),
    )


def pack(graph: Graph, op: Op) -> Layout:
    """PACK: inputs of one shape along a new axis."""
    needed(graph, op, max(len(op.inputs), 1))
    _one_quantization(graph, op, range(len(op.inputs)))
    one = graph.input(op, 0).shape
    axis = axis_of(op.integer("axis"), len(one) + 1)
    if any(tensor.shape != one for tensor in graph.ins(op)):
        raise Unfit("its inputs differ in shape: the file is damaged")
    shape = (*one[:axis], len(op.inputs), *one[axis:])
    steps = tuple(steps_of(shape))
    kept = steps[:axis] + steps[axis + 1 :]
    return Layout(
        shape,
        tuple(
            Piece(tensor.index, tuple(whole(one)), number * steps[axis], kept)
            for number, tensor in enumerate(graph.ins(op))
        ),
    )


LAYOUTS = {
    "PAD": pad,
    "PADV2": pad,
    "SPACE_TO_BATCH_ND": space_to_batch,
    "CONCATENATION": concatenation,
    "PACK": pack,
}
KINDS = [kind(name, layout) for name, layout in LAYOUTS.items()]
