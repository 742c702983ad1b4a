"""Which loops run through two operands of different shapes, and the checks that go with them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tinyfield.compiler.calls import Argument, Buffer, Literal, Rom, Rows
from tinyfield.compiler.graph import Graph, Op
from tinyfield.compiler.ops.base import rows_of
from tinyfield.compiler.ops.moves import steps_of

#: Loops of the kernel.
_LOOPS = 4


def check_broadcast(graph: Graph, op: Op) -> Iterator[str]:
    """Complaints unless both operands can be broadcast to the output."""
    output = graph.output(op)
    operands = [graph.input(op, place) for place in (0, 1)]
    if max(len(tensor.shape) for tensor in (*operands, output)) > 8:
        yield "has more than eight dimensions"
        return
    try:
        shape = np.broadcast_shapes(*(operand.shape for operand in operands))
    except ValueError:
        shape = ()
    if shape != output.shape:
        shapes = " and ".join(str(list(operand.shape)) for operand in operands)
        yield f"its operands {shapes} do not fit {list(output.shape)}"
    elif len(loops(graph, op)) > _LOOPS:
        yield "its operands are broadcast along too many axes: reshape them to four dimensions"
    elif all(operand.data is not None for operand in operands):
        yield "both of its operands are constants"


def same_shapes(graph: Graph, op: Op) -> bool:
    """Is nothing broadcast?"""
    return all(graph.input(op, place).elements == graph.output(op).elements for place in (0, 1))


def loops(graph: Graph, op: Op) -> list[tuple[int, int, int]]:
    """(passes, step in a, step in b) of each loop, outermost first, in elements."""
    shape = graph.output(op).shape
    steps = []
    for place in (0, 1):
        own = graph.input(op, place).shape
        padded = (1,) * (len(shape) - len(own)) + own
        steps.append(
            [0 if size == 1 else step for size, step in zip(padded, steps_of(padded), strict=True)]
        )
    found: list[tuple[int, int, int]] = []
    for size, a, b in reversed(list(zip(shape, *steps, strict=True))):
        if size == 1:
            continue
        if found and (a, b) == (found[0][1] * found[0][0], found[0][2] * found[0][0]):
            found[0] = (found[0][0] * size, *found[0][1:])
        else:
            found.insert(0, (size, a, b))
    return found


def by_rows(graph: Graph, op: Op) -> bool:
    """Can the kernel run for some rows of the output, which all operands follow or none needs?"""
    output, found = graph.output(op), loops(graph, op)
    rows = rows_of("", output).whole
    if rows == 1 or found[0][0] % rows:
        return False
    return all(
        found[0][1 + place] == 0
        if graph.input(op, place).elements != output.elements
        else graph.input(op, place).data is None
        for place in (0, 1)
    )


def loop_literals(graph: Graph, op: Op, *, rows: bool = True) -> list[Argument]:
    """The kernel's loops; the innermost step is one or none.

    Args:
        rows: the call may run for some rows, if they allow it.
    """
    found = loops(graph, op)
    first = _LOOPS - len(found)
    result: list[Argument] = []
    for number, (count, a, b) in enumerate([(1, 0, 0)] * first + found):
        passes: Argument = Literal(f"n_{number}", count, fixed=False)
        if number == first and rows and by_rows(graph, op):
            whole = rows_of("", graph.output(op)).whole
            passes = Rows(f"n_{number}", whole, count // whole)
        # The innermost steps decide what the loop becomes; the others cost little as parameters.
        fixed = number == _LOOPS - 1
        result += [passes, Literal(f"a_{number}", a, fixed), Literal(f"b_{number}", b, fixed)]
    return result


def operand(graph: Graph, op: Op, place: int) -> Argument:
    """A tensor, or a constant as it is."""
    tensor = graph.input(op, place)
    if tensor.data is None:
        return Buffer(tensor.index)
    return Rom("ab"[place], np.asarray(tensor.data), in_flash=False)


def may_overlie(graph: Graph, op: Op) -> tuple[int, ...]:
    """The operands whose place the output may take."""
    output = graph.output(op)
    operands = [graph.input(op, place) for place in (0, 1)]
    return tuple(
        one.index for one in operands if one.data is None and one.elements == output.elements
    )
