"""MEAN, SUM, REDUCE_MAX and REDUCE_MIN over any axes, int8; all but SUM also int16.

Reference: TFLite ``reference_ops::QuantizedMeanOrSum``, whose multiplier takes in 1/n for a mean,
and ``reduce.cc``. LiteRT's reference SUM takes int8 as if it were uint8, and so does this, for the
reference is the contract; TFLite Micro's does not, and neither does ``--rounding tflm``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from tinyfield.compiler.calls import Buffer, Call, Literal
from tinyfield.compiler.graph import Graph, Op
from tinyfield.compiler.ops.base import Kind, Options, check_zero_points, one_type, same_types
from tinyfield.compiler.ops.moves import Unfit, axis_of, numbers, steps_of
from tinyfield.compiler.rounding import INT32_MAX, quantize_multiplier

_LOOPS = 3
_EXTREMES = ("REDUCE_MAX", "REDUCE_MIN")
_MOST = 1 << 23


@dataclass(frozen=True)
class Axes:
    """A shape's axes: (length, step) of those that stay and of those that go."""

    kept: tuple[tuple[int, int], ...]
    gone: tuple[tuple[int, int], ...]

    @property
    def count(self) -> int:
        """How many elements become one."""
        return math.prod(size for size, _ in self.gone)


def axes_of(graph: Graph, op: Op) -> Axes:
    """The axes as loops; neighbours of one sort are one loop.

    Raises:
        Unfit: the axes are computed at run time, or are none of the input's.
    """
    shape = graph.input(op, 0).shape
    marked = {axis_of(axis, len(shape)) for axis in numbers(graph, op, 1, "axes")}
    loops: dict[bool, list[tuple[int, int]]] = {False: [], True: []}
    before: bool | None = None
    for axis, (size, step) in enumerate(zip(shape, steps_of(shape), strict=True)):
        if size == 1:
            continue
        gone = axis in marked
        outer, _ = loops[gone].pop() if gone is before else (1, 0)
        loops[gone].append((outer * size, step))
        before = gone
    return Axes(tuple(loops[False]), tuple(loops[True]))


def check(graph: Graph, op: Op) -> Iterator[str]:
    """Complaints; see :class:`~tinyfield.compiler.ops.base.Kind`."""
    found = [*same_types(graph, op, types=("int8", "int16"))]
    found = found or [*one_type(graph, op, (0,)), *check_zero_points(graph, op)]
    if not found and op.kind == "SUM" and graph.input(op, 0).dtype == "int16":
        found = ["LiteRT's SUM has no kernel for int16, it sums the bytes: use a mean, or int8"]
    yield from found
    if found:
        return
    source, output = graph.input(op, 0), graph.output(op)
    try:
        axes = axes_of(graph, op)
    except Unfit as error:
        yield str(error)
        return
    if len(axes.kept) > _LOOPS or len(axes.gone) > _LOOPS:
        yield f"reduces {list(source.shape)} along axes too far apart: transpose first"
    elif output.elements != math.prod(size for size, _ in axes.kept):
        yield f"output {list(output.shape)} does not fit its axes and {list(source.shape)}"
    elif axes.count > (_MOST if source.dtype == "int8" else _MOST >> 8):
        yield f"takes {axes.count} values together: the sum may exceed 32 bits"
    elif op.kind in _EXTREMES:
        if source.q != output.q:
            yield "input and output differ in scale or zero point: convert the model anew"
    else:
        _, shift = quantize_multiplier(source.q.scale / output.q.scale)
        most = (383 if source.dtype == "int8" else 32768) * (axes.count if op.kind == "SUM" else 1)
        if shift > 30 or most << max(shift, 0) > INT32_MAX:
            yield (
                f"its output's scale {output.q.scale:g} is far below its input's: "
                "quantize the model again with other calibration data"
            )


def lower(graph: Graph, op: Op, options: Options) -> list[Call]:
    """The kernel call."""
    source, output = graph.input(op, 0), graph.output(op)
    axes = axes_of(graph, op)
    narrow = source.dtype == "int8"
    loops: list[Literal] = []
    for (count, step), sort in (("ns", axes.kept), ("mt", axes.gone)):
        padded = ((1, 0),) * (_LOOPS - len(sort)) + sort
        for name, (size, distance) in zip("abc", padded, strict=True):
            loops += [Literal(f"{count}_{name}", size), Literal(f"{step}_{name}", distance)]
    if op.kind in _EXTREMES:
        facts = {"sign": 1 if op.kind == "REDUCE_MAX" else -1}
    else:
        mult, shift = _step(graph, op, axes.count if op.kind == "MEAN" else 1)
        facts = {"mult": mult, "shift": shift}
        if narrow:
            facts = {
                "start": -source.q.zero_point * axes.count,
                "unsigned_bits": int(op.kind == "SUM" and options.rounding == "litert"),
                **facts,
                "zero_point": output.q.zero_point,
            }
    suffix = "" if narrow else "_16x8"
    call = Call(
        f"tiny_{'extreme' if op.kind in _EXTREMES else 'sum'}{suffix}",
        f"reduce{suffix}.h",
        (
            Buffer(source.index),
            Buffer(output.index, write=True),
            *loops,
            *(Literal(name, value) for name, value in facts.items()),
        ),
        graph.label(op),
    )
    return [call]


def _step(graph: Graph, op: Op, count: int) -> tuple[int, int]:
    """Multiplier and shift of a sum of ``count`` elements that becomes their mean."""
    mult, shift = quantize_multiplier(graph.input(op, 0).q.scale / graph.output(op).q.scale)
    down = min(count.bit_length() - 1, 32, 31 + shift)
    return (mult << down) // count, shift - down


KINDS = [Kind(name, check, lower) for name in ("MEAN", "SUM", *_EXTREMES)]
