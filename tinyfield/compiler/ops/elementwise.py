"""ADD, SUB and MUL of two int8 (or int16) tensors; a constant operand may be broadcast.

Reference: TFLite ``reference_integer_ops`` AddFunc, SubFunc, MulElementwise.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tinyfield.compiler.calls import Argument, Buffer, Call, Literal, Rom
from tinyfield.compiler.graph import Graph, Op
from tinyfield.compiler.ops import elementwise_16x8
from tinyfield.compiler.ops.base import Kind, Options, one_type, row_by_row, rows_of, same_types
from tinyfield.compiler.ops.weighted import clamped_output
from tinyfield.compiler.rounding import quantize_multiplier


def check(graph: Graph, op: Op) -> Iterator[str]:
    """Complaints; see :class:`~tinyfield.compiler.ops.base.Kind`."""
    found = [*same_types(graph, op, inputs=2, types=("int8", "int16"))]
    if not found:
        found = [*one_type(graph, op)]
    yield from found
    if found:
        return
    output = graph.output(op)
    for place in (0, 1):
        operand = graph.input(op, place)
        if operand.shape == output.shape:
            continue
        if operand.data is None:
            yield (
                f"its operand {list(operand.shape)} would have to be broadcast to "
                f"{list(output.shape)} at run time: only constants can be"
            )
        elif not _broadcasts(operand.shape, output.shape):
            yield f"its operand {list(operand.shape)} does not fit {list(output.shape)}"
    if op.text("activation") not in ("NONE", "RELU", "RELU6", "RELU_N1_TO_1"):
        yield f"fused activation {op.text('activation')}: use one of NONE, RELU, RELU6"
    if output.dtype == "int16":
        yield from elementwise_16x8.check(graph, op)
    elif op.kind != "MUL":
        twice = 2 * max(graph.input(op, 0).q.scale, graph.input(op, 1).q.scale)
        if not 0 < twice / ((1 << 20) * output.q.scale) < 1:
            yield (
                f"its output's scale {output.q.scale:g} is far below its inputs': "
                "quantize the model again with other calibration data"
            )


def lower(graph: Graph, op: Op, _options: Options) -> list[Call]:
    """The kernel call."""
    output = graph.output(op)
    first, second = graph.input(op, 0), graph.input(op, 1)
    operands = (_operand(graph, op, 0), _operand(graph, op, 1))
    tail = clamped_output(graph, op)
    if output.dtype == "int16":
        kernel, facts = elementwise_16x8.kernel(graph, op)
        tail = tail[1:]
    elif op.kind == "MUL":
        kernel, facts = "tiny_mul", _mul(graph, op)
    else:
        kernel, facts = "tiny_add", _add(graph, op)
    same_size = tuple(one.index for one in (first, second) if one.data is None)
    call = Call(
        kernel,
        "elementwise_16x8.h" if output.dtype == "int16" else "add.h",
        (
            *operands,
            Buffer(output.index, write=True),
            rows_of("count", output),
            *(Literal(name, value) for name, value in facts.items()),
            *tail,
        ),
        graph.label(op),
        in_place=same_size,
        windows=row_by_row(output, same_size),
    )
    return [call]


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


def _operand(graph: Graph, op: Op, place: int) -> Argument:
    tensor = graph.input(op, place)
    if tensor.data is None:
        return Buffer(tensor.index)
    whole = np.broadcast_to(np.asarray(tensor.data), graph.output(op).shape)
    return Rom("ab"[place], whole, in_flash=False)


def _broadcasts(shape: tuple[int, ...], target: tuple[int, ...]) -> bool:
    try:
        return np.broadcast_shapes(shape, target) == target
    except ValueError:
        return False


KINDS = [Kind(name, check, lower) for name in ("ADD", "SUB", "MUL")]
