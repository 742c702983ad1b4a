"""LOGISTIC, TANH, RELU, RELU6, LEAKY_RELU and ABS of int16.

Reference: TFLite ``reference_integer_ops::Logistic`` and ``Tanh`` for int16 with their
``SigmoidPrepare`` and ``TanhPrepare``, ``QuantizedReluX``, ``QuantizeLeakyRelu``,
``AbsEvalQuantized``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from tinyfield.compiler.calls import Argument, Buffer, Call, Literal, Rom
from tinyfield.compiler.graph import Graph, Op
from tinyfield.compiler.ops.base import check_zero_points, same_types
from tinyfield.compiler.rounding import clamp_of, quantize_multiplier
from tinyfield.compiler.rounding_16x8 import sigmoid_table

_SIGMOIDS = ("LOGISTIC", "TANH")
_KINDS = (*_SIGMOIDS, "RELU", "RELU6", "LEAKY_RELU", "ABS")


def check(graph: Graph, op: Op) -> Iterator[str]:
    """Complaints; see :class:`~tinyfield.compiler.ops.base.Kind`."""
    found = [*same_types(graph, op, types=("int16",))]
    if not found:
        found = [*check_zero_points(graph, op)]
    if not found and op.kind not in _KINDS:
        found = ["TFLite has no int16 kernel for it: use int8, or another activation"]
    yield from found
    if found:
        return
    source, output = graph.input(op, 0), graph.output(op)
    if source.elements != output.elements:
        yield f"input {list(source.shape)} and output {list(output.shape)} differ"
    if op.kind in _SIGMOIDS and output.q.scale != 2.0**-15:
        yield f"its output's scale is {output.q.scale:g}; TFLite's int16 kernel gives 1/32768"
    if op.kind in _SIGMOIDS and source.q.scale * 4096.0 * 3.0 >= 32768.0:
        yield f"its input's scale {source.q.scale:g} is out of range"
    if op.kind not in _SIGMOIDS:
        ratio = source.q.scale / output.q.scale
        alpha = abs(float(op.attributes.get("alpha", 0.0)))
        if not (2.0**-28 < ratio < 2.0**15 and alpha < 2.0**15 and ratio * alpha < 2.0**15):
            yield (
                f"scales {source.q.scale:g} and {output.q.scale:g} are too far apart: "
                "quantize the model again with other calibration data"
            )


def lower(graph: Graph, op: Op) -> list[Call]:
    """The kernel call."""
    source, output = graph.input(op, 0), graph.output(op)
    table: tuple[Argument, ...] = ()
    if op.kind in _SIGMOIDS:
        kernel = f"tiny_{op.kind.lower()}_16x8"
        table = (Rom("sigmoid", sigmoid_table()),)
        mult, down = sigmoid_place(op.kind, source.q.scale)
        facts = {"mult": mult, "down": down}
    else:
        kernel = "tiny_rescale_16x8"
        facts = _rescale(graph, op)
    call = Call(
        kernel,
        "unary_16x8.h",
        (
            Buffer(source.index),
            Buffer(output.index, write=True),
            *table,
            Literal("count", output.elements, fixed=False),
            *(Literal(name, value, fixed=False) for name, value in facts.items()),
        ),
        graph.label(op),
        in_place=(source.index,),
    )
    return [call]


def sigmoid_place(kind: str, scale: float) -> tuple[int, int]:
    """(mult, down): x·mult/2^down is the input in units of 1/12288, rounded (half up).

    An input of scale 2^−12 (TANH: or 2^−11) needs no more than 3 (or 6); others get a multiplier
    of 15 bits, cut, not rounded, as the reference has it.
    """
    near = round(math.log2(scale))
    left = 12 + near
    exact = abs(math.log2(scale) - near) < 1e-3
    if exact and (left == 0 or (kind == "TANH" and left == 1)):
        return 3 << left, 0
    multiplier, down = scale * 4096.0 * 3.0, 0
    while multiplier <= 32767.0 / 2.0 and down <= 30:
        multiplier, down = multiplier * 2.0, down + 1
    return int(multiplier), down


def _rescale(graph: Graph, op: Op) -> dict[str, int]:
    source, output = graph.input(op, 0).q, graph.output(op).q
    one = np.float32(source.scale) / np.float32(output.scale)
    above = below = quantize_multiplier(float(one))
    low, high = -32768, 32767
    if op.kind == "LEAKY_RELU":
        steep = np.float32(source.scale) * np.float32(float(op.attributes["alpha"]))
        below = quantize_multiplier(float(steep / np.float32(output.scale)))
    elif op.kind == "ABS":
        # A negative number by a negative multiplier: the product is that of the absolute ones.
        below = -above[0], above[1]
    else:
        low, high = clamp_of(op.kind, output.scale, 0, (low, high))
    return {
        "mult": above[0],
        "shift": above[1],
        "mult_below": below[0],
        "shift_below": below[1],
        "low": low,
        "high": high,
    }
