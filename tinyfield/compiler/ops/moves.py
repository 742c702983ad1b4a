"""What operators share that only move elements: each output element is one input element.

Nearly all of them are *separable*: out[i][j]… comes from in[A[i] + B[j] + …], a table of input
places for each axis. A table whose entries are evenly spaced is a step; axes that lie together
become one. So an operator's file says its tables and no more, and here they become the cheapest
call: a copy of one stretch (which the planner may leave out), loops with steps, or tables in
flash.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tinyfield.compiler.calls import Argument, Buffer, Call, Literal, Rom
from tinyfield.compiler.graph import ITEM_BYTES, Array, Graph, Op, Tensor
from tinyfield.compiler.ops.base import Kind, Options

Table = NDArray[np.int64]

_LOOPS = 6
_SHORT = 16
#: Along one axis; tables have as many entries.
LONGEST = 1 << 16


class Unfit(Exception):
    """An operator whose operands do not fit together; the text is the complaint."""


@dataclass(frozen=True)
class Move:
    """Where one output's elements come from.

    Attributes:
        source: the tensor read.
        shape: the output's.
        tables: element offsets into the source, one table an axis, outermost first; their lengths
            multiply to the output's size.
    """

    source: int
    shape: tuple[int, ...]
    tables: tuple[Table, ...]


#: Each output's move.
Moves = Callable[[Graph, Op], list[Move]]


def steps_of(shape: Sequence[int]) -> list[int]:
    """How far apart neighbours along each axis lie, in elements."""
    return [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]


def whole(shape: Sequence[int]) -> list[Table]:
    """Tables that give a tensor as it is."""
    return [
        np.arange(size, dtype=np.int64) * step
        for size, step in zip(shape, steps_of(shape), strict=True)
    ]


def kind(name: str, moves: Moves) -> Kind:
    """An operator that is nothing but its moves."""

    def check(graph: Graph, op: Op) -> Iterator[str]:
        try:
            found = moves(graph, op)
        except Unfit as error:
            yield str(error)
            return
        if len(found) != len(op.outputs):
            yield f"has {len(op.outputs)} outputs, {len(found)} are expected"
            return
        for move, index in zip(found, op.outputs, strict=True):
            yield from _complaints(graph, move, graph.tensors[index])

    def lower(graph: Graph, op: Op, _options: Options) -> list[Call]:
        return [
            move_call(Buffer(move.source), graph.tensors[index], move.tables, graph.label(op))
            for move, index in zip(moves(graph, op), op.outputs, strict=True)
        ]

    return Kind(name, check, lower)


def evaluate(data: Array, move: Move) -> Array:
    """A move of a constant, done at once."""
    places: Table = np.zeros((), np.int64)
    for table in move.tables:
        places = places[..., None] + table
    return data.reshape(-1)[places].reshape(move.shape)


def _complaints(graph: Graph, move: Move, output: Tensor) -> Iterator[str]:
    source = graph.tensors[move.source]
    yield from movable(source, output)
    if move.shape != output.shape:
        yield f"gives {list(move.shape)}, its output is {list(output.shape)}"


def movable(source: Tensor, output: Tensor) -> Iterator[str]:
    """Complaints unless a source's elements can become an output's."""
    if source.dtype not in ITEM_BYTES:
        yield f"tensor {source.name!r} is {source.dtype}, which no model for a processor here holds"
    elif source.dtype != output.dtype:
        yield f"turns {source.dtype} into {output.dtype}: the file is damaged"
    elif 0 in source.shape or 0 in output.shape:
        yield f"is empty: {list(source.shape)} → {list(output.shape)}"


def needed(graph: Graph, op: Op, inputs: int, outputs: int | None = 1) -> None:
    """Raises unless an operator has its inputs and outputs.

    Raises:
        Unfit: it has not.
    """
    if len(op.inputs) < inputs or any(index < 0 for index in op.inputs[:inputs]):
        raise Unfit(f"has {len(op.inputs)} inputs, {inputs} are needed: the file is damaged")
    if outputs is not None and len(op.outputs) != outputs:
        raise Unfit(f"has {len(op.outputs)} outputs, {outputs} are expected: the file is damaged")
    for index in (*op.inputs, *op.outputs):
        if index >= 0 and max(graph.tensors[index].shape, default=0) > LONGEST:
            raise Unfit(f"one of its tensors is over {LONGEST} along an axis")


def numbers(graph: Graph, op: Op, place: int, what: str, count: int | None = None) -> list[int]:
    """The whole numbers of a constant operand.

    Args:
        what: its name in complaints, in the plural.
        count: how many there must be.

    Raises:
        Unfit: it is no constant, has no whole numbers, or not as many.
    """
    if not graph.has_input(op, place):
        raise Unfit(f"has no {what}: the file is damaged")
    tensor = graph.input(op, place)
    if tensor.dtype not in ("int32", "int64"):
        raise Unfit(f"its {what} are {tensor.dtype}, not int32: the file is damaged")
    if tensor.data is None:
        raise Unfit(
            f"its {what} are computed at run time: only constant {what} are supported, "
            "so convert the model with fixed shapes"
        )
    values = [int(value) for value in np.asarray(tensor.data).reshape(-1)]
    if count is not None and len(values) != count:
        raise Unfit(f"has {len(values)} {what}, {count} are needed: the file is damaged")
    return values


def axis_of(axis: int, rank: int) -> int:
    """An axis counted from the front.

    Raises:
        Unfit: there is none such.
    """
    if not -rank <= axis < rank:
        raise Unfit(f"axis {axis} of {rank} dimensions")
    return axis % rank


@dataclass(frozen=True)
class _Loop:
    """One loop: ``table`` of input offsets and the step in the output, in bytes."""

    table: Table
    out_step: int

    @property
    def count(self) -> int:
        return len(self.table)

    @property
    def step(self) -> int | None:
        """The input's step; None if it takes a table."""
        steps = np.diff(self.table)
        return int(steps[0]) if (steps == steps[0]).all() else None


def _loops(tables: Sequence[Table], out_steps: Sequence[int], item: int) -> tuple[list[_Loop], int]:
    """Loops, outermost first, with axes that lie together made one, and the run's bytes."""
    loops: list[_Loop] = []
    for table, out_step in zip(reversed(tables), reversed(out_steps), strict=True):
        if len(table) == 1:
            continue
        outer = _Loop((table - table[0]) * item, out_step * item)
        inner = loops[0] if loops else None
        if inner is not None and (step := inner.step) is not None:
            fits = outer.step == step * inner.count
            if fits and outer.out_step == inner.out_step * inner.count:
                joined = np.arange(outer.count * inner.count, dtype=np.int64) * step
                loops[0] = _Loop(joined, inner.out_step)
                continue
        loops.insert(0, outer)
    if loops and loops[-1].step == item == loops[-1].out_step:
        return loops[:-1], loops[-1].count * item
    return loops, item


def move_call(
    source: Buffer | Rom,
    output: Tensor,
    tables: Sequence[Table],
    label: str,
    *,
    out_base: int = 0,
    out_steps: Sequence[int] | None = None,
) -> Call:
    """The cheapest call that moves elements through ``tables``.

    Args:
        source: what is read; tables count from where it begins.
        out_base: element of the output at which the first goes.
        out_steps: element steps of the output's axes; else the output is written from end to end,
            which a move that needs tables must do.
    """
    item = ITEM_BYTES[output.dtype]
    steps = steps_of([len(table) for table in tables]) if out_steps is None else out_steps
    loops, run = _loops(tables, steps, item)
    base = sum(int(table[0]) for table in tables) * item
    target = Buffer(output.index, write=True, offset=out_base * item)
    if isinstance(source, Buffer):
        source = replace(source, offset=source.offset + base)
    elif base:
        source = replace(source, data=np.asarray(source.data).reshape(-1)[base // item :])
    if not loops and isinstance(source, Buffer):
        return Call("tiny_copy", "copy.h", (source, target, Literal("bytes", run)), label)
    given = [loop.step for loop in loops]
    arguments: tuple[Argument, ...]
    if len(loops) <= _LOOPS and None not in given:
        facts: dict[str, int] = {}
        padded = [(1, 0, 0)] * (_LOOPS - len(loops))
        padded += [
            (loop.count, step or 0, loop.out_step) for loop, step in zip(loops, given, strict=True)
        ]
        for name, (count, in_step, out_step) in zip("abcdef", padded, strict=True):
            facts |= {f"n_{name}": count, f"in_{name}": in_step, f"out_{name}": out_step}
        arguments = (
            source,
            target,
            *(Literal(name, value, fixed=False) for name, value in facts.items()),
            # A short run is a few moves where its length is known.
            Literal("bytes", run, fixed=run <= _SHORT),
        )
        return Call("tiny_move", "move.h", arguments, label)
    if out_steps is not None:
        raise AssertionError("a move through tables writes its output from end to end")
    first, second = _two_tables([loop.table for loop in loops])
    arguments = (
        source,
        target,
        Rom("rows", first.astype(np.int32)),
        Rom("columns", second.astype(np.int32)),
        Literal("n_a", len(first), fixed=False),
        Literal("n_b", len(second), fixed=False),
        Literal("bytes", run, fixed=run <= _SHORT),
    )
    return Call("tiny_take", "move.h", arguments, label)


def _two_tables(tables: list[Table]) -> tuple[Table, Table]:
    """Outer and inner axes as one table each, cut where the two are smallest."""
    sizes = [len(table) for table in tables]
    cut = min(range(len(sizes)), key=lambda at: math.prod(sizes[:at]) + math.prod(sizes[at:]))
    return _product(tables[:cut]), _product(tables[cut:])


def _product(tables: list[Table]) -> Table:
    joined: Table = np.zeros(1, np.int64)
    for table in tables:
        joined = (joined[:, None] + table).reshape(-1)
    return joined
