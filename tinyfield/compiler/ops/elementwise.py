"""ADD, SUB, MUL, MAXIMUM, MINIMUM, SQUARED_DIFFERENCE and PRELU of two int8 tensors, either of
which may be broadcast; all but the last two also of int16.

Reference: TFLite ``reference_integer_ops`` AddFunc, SubFunc, MulElementwise;
``reference_ops::MaximumMinimumBroadcastSlow`` and ``BroadcastPrelu4DSlow``;
``squared_difference.cc``.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tinyfield.compiler.calls import Argument, Buffer, Call, Literal, Rom, Window
from tinyfield.compiler.graph import Graph, Op, Quant
from tinyfield.compiler.ops import elementwise_16x8, whole
from tinyfield.compiler.ops.base import (
    LIMITS,
    Kind,
    Options,
    one_type,
    row_by_row,
    rows_of,
    same_types,
)
from tinyfield.compiler.ops.broadcast import (
    by_rows,
    check_broadcast,
    loop_literals,
    may_overlie,
    operand,
    same_shapes,
)
from tinyfield.compiler.rounding import quantize_multiplier, requantize_twice

#: What nn/broadcast.h calls them.
_FUNCTIONS = {
    "ADD": 0,
    "SUB": 0,
    "MUL": 1,
    "MAXIMUM": 2,
    "MINIMUM": 3,
    "SQUARED_DIFFERENCE": 4,
    "PRELU": 5,
}
_FUSED = ("ADD", "SUB", "MUL")
#: Bytes are compared as they are, whatever the scales.
_BARE = ("MAXIMUM", "MINIMUM")
#: Larger shifts to the left would leave 32 bits.
_MOST_SHIFT = {
    "MUL": {"shift": 14},
    "PRELU": {"shift_a": 22, "shift": 14},
    "SQUARED_DIFFERENCE": {"shift": 0},
}
_FACTS = (
    *("zero_a", "mult_a", "shift_a", "zero_b", "mult_b", "shift_b", "sign_b"),
    *("mult", "shift"),
)


def check(graph: Graph, op: Op) -> Iterator[str]:
    """Complaints; see :class:`~tinyfield.compiler.ops.base.Kind`."""
    if _is_whole(graph, op):
        yield from whole.check(graph, op)
        return
    wide = op.kind in elementwise_16x8.FUNCTIONS
    found = [*same_types(graph, op, inputs=2, types=("int8", "int16") if wide else ("int8",))]
    if len(op.inputs) > 2:
        found.append(f"has {len(op.inputs)} inputs, 2 are expected: the file is damaged")
    found = found or [*one_type(graph, op)] or [*check_broadcast(graph, op)]
    yield from found
    if found:
        return
    output = graph.output(op)
    first, second = graph.input(op, 0).q, graph.input(op, 1).q
    if op.attributes.get("activation", "NONE") not in ("NONE", "RELU", "RELU6", "RELU_N1_TO_1"):
        yield f"fused activation {op.text('activation')}: use one of NONE, RELU, RELU6"
    if output.dtype == "int16":
        yield from elementwise_16x8.check(graph, op)
        return
    twice = 2 * max(first.scale, second.scale)
    if op.kind in ("ADD", "SUB") and not 0 < twice / ((1 << 20) * output.q.scale) < 1:
        yield (
            f"its output's scale {output.q.scale:g} is far below its inputs': "
            "quantize the model again with other calibration data"
        )
    facts = facts_of(graph, op)
    if any(facts.get(name, 0) > most for name, most in _MOST_SHIFT.get(op.kind, {}).items()):
        yield (
            f"its output's scale {output.q.scale:g} is far below its inputs': "
            "quantize the model again with other calibration data"
        )


def _is_whole(graph: Graph, op: Op) -> bool:
    """Whole numbers that stand for nothing else (``whole.py``)."""
    tensors = graph.ins(op)
    return op.kind in whole.FUNCTIONS and bool(tensors) and tensors[0].dtype == "int32"


def facts_of(graph: Graph, op: Op) -> dict[str, int]:
    """The numbers of the operator's arithmetic, by the names that the kernels give them."""
    if op.kind in ("ADD", "SUB"):
        return _add(graph, op)
    if op.kind == "MUL":
        return _mul(graph, op)
    if op.kind == "SQUARED_DIFFERENCE":
        return _squared_difference(graph, op)
    return _prelu(graph, op) if op.kind == "PRELU" else {}


def lower(graph: Graph, op: Op, options: Options) -> list[Call]:
    """The kernel call: a table where one operand is a single number."""
    output = graph.output(op)
    if _is_whole(graph, op):
        return whole.lower(graph, op, options)
    if output.dtype == "int16":
        return [_lower_16x8(graph, op)]
    for place in (0, 1):
        tensor = graph.input(op, place)
        if tensor.data is not None and tensor.elements == 1:
            return [_table(graph, op, place)]
    operands = (operand(graph, op, 0), operand(graph, op, 1))
    facts = facts_of(graph, op)
    clamp = (
        Literal("zero_point", 0 if op.kind in _BARE else output.q.zero_point),
        *(Literal(name, _limits(op)[place]) for place, name in enumerate(("low", "high"))),
    )
    if op.kind in _FUSED and same_shapes(graph, op):
        call = Call(
            "tiny_mul" if op.kind == "MUL" else "tiny_add",
            "add.h",
            (
                *operands,
                Buffer(output.index, write=True),
                _count(graph, op),
                *(Literal(name, value) for name, value in facts.items()),
                *clamp,
            ),
            graph.label(op),
            in_place=may_overlie(graph, op),
            windows=_windows(graph, op),
        )
        return [call]
    call = Call(
        "tiny_broadcast",
        "broadcast.h",
        (
            *operands,
            Buffer(output.index, write=True),
            Literal("function", _FUNCTIONS[op.kind]),
            *loop_literals(graph, op),
            *(Literal(name, facts.get(name, 0)) for name in _FACTS),
            *clamp,
        ),
        graph.label(op),
        in_place=may_overlie(graph, op),
        windows=row_by_row(output, may_overlie(graph, op)) if by_rows(graph, op) else {},
    )
    return [call]


def _windows(graph: Graph, op: Op) -> dict[int, Window]:
    """Rows, unless a constant has a value of its own for each."""
    full = may_overlie(graph, op)
    whole = all(graph.input(op, place).data is None for place in (0, 1))
    return row_by_row(graph.output(op), full) if whole else {}


def _count(graph: Graph, op: Op) -> Argument:
    output = graph.output(op)
    return rows_of("count", output) if _windows(graph, op) else Literal("count", output.elements)


def _lower_16x8(graph: Graph, op: Op) -> Call:
    output = graph.output(op)
    operands = (operand(graph, op, 0), operand(graph, op, 1))
    limits = LIMITS["int16"]
    clamp = tuple(
        Literal(name, int(op.attributes.get(name, limit)))
        for name, limit in zip(("low", "high"), limits, strict=True)
    )
    kernel, facts = elementwise_16x8.kernel(graph, op)
    if kernel is not None and same_shapes(graph, op):
        return Call(
            kernel,
            "elementwise_16x8.h",
            (
                *operands,
                Buffer(output.index, write=True),
                _count(graph, op),
                *(Literal(name, value) for name, value in facts.items()),
                *clamp,
            ),
            graph.label(op),
            in_place=may_overlie(graph, op),
            windows=_windows(graph, op),
        )
    return Call(
        "tiny_broadcast_16x8",
        "broadcast_16x8.h",
        (
            *operands,
            Buffer(output.index, write=True),
            Literal("function", elementwise_16x8.FUNCTIONS[op.kind]),
            *loop_literals(graph, op),
            *(Literal(name, facts.get(name, 0)) for name in elementwise_16x8.FACTS),
            *clamp,
        ),
        graph.label(op),
        in_place=may_overlie(graph, op),
        windows=row_by_row(output, may_overlie(graph, op)) if by_rows(graph, op) else {},
    )


def _table(graph: Graph, op: Op, place: int) -> Call:
    """The operator with a constant number at ``place``, for each value of the other operand."""
    source, output = graph.input(op, 1 - place), graph.output(op)
    number = int(np.asarray(graph.input(op, place).data).reshape(-1)[0])
    values = []
    for bits in range(256):
        x = bits - 256 if bits > 127 else bits
        a, b = (number, x) if place == 0 else (x, number)
        values.append(value_of(graph, op, a, b))
    return Call(
        "tiny_lut",
        "lut.h",
        (
            Buffer(source.index),
            Buffer(output.index, write=True),
            Rom(op.kind.lower(), np.array(values, np.int8)),
            rows_of("count", output),
        ),
        graph.label(op),
        in_place=may_overlie(graph, op),
        windows=row_by_row(output, may_overlie(graph, op)),
    )


def value_of(graph: Graph, op: Op, a: int, b: int) -> int:
    """The operator's output for one pair of inputs, as the kernels compute it."""
    if op.kind in _BARE:
        return max(a, b) if op.kind == "MAXIMUM" else min(a, b)
    facts = facts_of(graph, op)
    output = graph.output(op)
    x, y = a - facts["zero_a"], b - facts["zero_b"]

    def scaled(value: int, which: str) -> int:
        mult, shift = facts[f"mult{which}"], facts[f"shift{which}"]
        return requantize_twice(value, mult, shift)

    if op.kind in ("ADD", "SUB"):
        total = scaled(x << 20, "_a") + facts["sign_b"] * scaled(y << 20, "_b")
        value = scaled(total, "")
    elif op.kind == "MUL":
        value = scaled(x * y, "")
    elif op.kind == "SQUARED_DIFFERENCE":
        value = scaled((scaled(x << 7, "_a") - scaled(y << 7, "_b")) ** 2, "")
    else:
        value = scaled(x, "_a") if x >= 0 else scaled(x * y, "")
    low, high = _limits(op)
    return min(max(value + output.q.zero_point, low), high)


def _limits(op: Op) -> tuple[int, int]:
    low, high = LIMITS["int8"]
    return int(op.attributes.get("low", low)), int(op.attributes.get("high", high))


def _add(graph: Graph, op: Op) -> dict[str, int]:
    first, second, output = graph.input(op, 0).q, graph.input(op, 1).q, graph.output(op).q
    twice = 2 * max(first.scale, second.scale)
    mult_a, shift_a = quantize_multiplier(first.scale / twice)
    mult_b, shift_b = quantize_multiplier(second.scale / twice)
    mult, shift = quantize_multiplier(twice / ((1 << 20) * output.scale))
    return {
        "zero_a": first.zero_point,
        "mult_a": mult_a,
        "shift_a": shift_a,
        "zero_b": second.zero_point,
        "mult_b": mult_b,
        "shift_b": shift_b,
        "sign_b": -1 if op.kind == "SUB" else 1,
        "mult": mult,
        "shift": shift,
    }


def _mul(graph: Graph, op: Op) -> dict[str, int]:
    first, second, output = graph.input(op, 0).q, graph.input(op, 1).q, graph.output(op).q
    # MulPrepare multiplies the two scales in float32.
    product = float(np.float32(first.scale) * np.float32(second.scale))
    mult, shift = quantize_multiplier(product / output.scale)
    return {"zero_a": first.zero_point, "zero_b": second.zero_point, "mult": mult, "shift": shift}


def _squared_difference(graph: Graph, op: Op) -> dict[str, int]:
    first, second, output = graph.input(op, 0).q, graph.input(op, 1).q, graph.output(op).q
    twice = 2 * max(first.scale, second.scale)
    mult_a, shift_a = quantize_multiplier(first.scale / twice)
    mult_b, shift_b = quantize_multiplier(second.scale / twice)
    mult, shift = quantize_multiplier(twice * twice / ((1 << 14) * output.scale))
    return {
        "zero_a": first.zero_point,
        "mult_a": mult_a,
        "shift_a": shift_a,
        "zero_b": second.zero_point,
        "mult_b": mult_b,
        "shift_b": shift_b,
        "mult": mult,
        "shift": shift,
    }


def _prelu(graph: Graph, op: Op) -> dict[str, int]:
    first, second, output = (np.float32(q.scale) for q in _three(graph, op))
    mult_a, shift_a = quantize_multiplier(float(first / output))
    mult, shift = quantize_multiplier(float(first * second / output))
    return {
        "zero_a": graph.input(op, 0).q.zero_point,
        "mult_a": mult_a,
        "shift_a": shift_a,
        "zero_b": graph.input(op, 1).q.zero_point,
        "mult": mult,
        "shift": shift,
    }


def _three(graph: Graph, op: Op) -> tuple[Quant, Quant, Quant]:
    return graph.input(op, 0).q, graph.input(op, 1).q, graph.output(op).q


KINDS = [Kind(name, check, lower) for name in _FUNCTIONS]
