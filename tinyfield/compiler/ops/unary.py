"""Operators that map one 8-bit number to one 8-bit number: a table of 256 values each.

The table holds what the reference kernel computes for each input: LOGISTIC and TANH in float32
(TFLite builds the same table, ``LUTPopulate``), the others in fixed point.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from tinyfield.compiler.calls import Buffer, Call, Literal, Rom
from tinyfield.compiler.graph import Graph, Op, Tensor
from tinyfield.compiler.ops import unary_16x8
from tinyfield.compiler.ops.base import LIMITS, Kind, Options, same_types
from tinyfield.compiler.rounding import (
    clamp_of,
    quantize_multiplier,
    requantize_twice,
    round_half_away,
)

Table = Callable[[Op, Tensor, Tensor], Callable[[int], int]]


def _float_table(function: Callable[[float], np.float32]) -> Table:
    def table(_op: Op, source: Tensor, output: Tensor) -> Callable[[int], int]:
        inverse = np.float32(1.0) / np.float32(output.q.scale)

        def value(x: int) -> int:
            real = np.float32(source.q.scale) * np.float32(x - source.q.zero_point)
            scaled = float(function(float(real)) * inverse)
            return round_half_away(scaled) + output.q.zero_point

        return value

    return table


def _logistic(x: float) -> np.float32:
    # One float32 rounding after each step, as the C++ does; the exponential itself is taken in
    # double and rounded, which is what a correctly rounded expf gives.
    with np.errstate(over="ignore"):
        power = np.float32(np.exp(np.float64(-x)))
        result: np.float32 = np.float32(1.0) / (np.float32(1.0) + power)
    return result


def _requantize(op: Op, source: Tensor, output: Tensor) -> Callable[[int], int]:
    # QUANTIZE (Requantize) and RELU, RELU6, RELU_N1_TO_1 standing alone (ReluX).
    real = source.q.scale / output.q.scale
    if op.kind != "QUANTIZE":
        real = float(np.float32(source.q.scale) / np.float32(output.q.scale))
    mult, shift = quantize_multiplier(real)
    low, high = clamp_of(op.kind, output.q.scale, output.q.zero_point, LIMITS[output.dtype])

    def value(x: int) -> int:
        y = requantize_twice(x - source.q.zero_point, mult, shift) + output.q.zero_point
        return min(max(y, low), high)

    return value


def _leaky(op: Op, source: Tensor, output: Tensor) -> Callable[[int], int]:
    alpha = np.float32(float(op.attributes["alpha"]))
    steep = np.float32(source.q.scale) * alpha / np.float32(output.q.scale)
    falling = quantize_multiplier(float(steep))
    rising = quantize_multiplier(float(np.float32(source.q.scale) / np.float32(output.q.scale)))

    def value(x: int) -> int:
        centred = x - source.q.zero_point
        mult, shift = rising if centred >= 0 else falling
        return requantize_twice(centred, mult, shift) + output.q.zero_point

    return value


_TABLES: dict[str, Table] = {
    "LOGISTIC": _float_table(_logistic),
    "TANH": _float_table(lambda x: np.float32(math.tanh(x))),
    "RELU": _requantize,
    "RELU6": _requantize,
    "RELU_N1_TO_1": _requantize,
    "QUANTIZE": _requantize,
    "LEAKY_RELU": _leaky,
}


def table_of(graph: Graph, op: Op) -> list[int]:
    """The operator's 256 output values, by the input's bits taken as unsigned."""
    source, output = graph.input(op, 0), graph.output(op)
    function = _TABLES[op.kind](op, source, output)
    low, high = LIMITS[output.dtype]
    values = []
    for bits in range(256):
        x = bits - 256 if source.dtype == "int8" and bits > 127 else bits
        y = min(max(function(x), low), high)
        values.append(y - 256 if y > 127 else y)
    return values


def check(graph: Graph, op: Op) -> Iterator[str]:
    """Complaints; see :class:`~tinyfield.compiler.ops.base.Kind`."""
    if op.kind != "QUANTIZE" and "int16" in {graph.tensors[i].dtype for i in op.inputs if i >= 0}:
        yield from unary_16x8.check(graph, op)
        return
    types = ("int8", "uint8") if op.kind == "QUANTIZE" else ("int8",)
    found = [*same_types(graph, op, types=types)]
    yield from found
    if found:
        return
    source, output = graph.input(op, 0), graph.output(op)
    if source.elements != output.elements:
        yield f"input {list(source.shape)} and output {list(output.shape)} differ"
    if op.kind == "LOGISTIC" and output.q.scale != 1 / 256:
        yield f"its output's scale is {output.q.scale:g}; TFLite's int8 logistic gives 1/256"
    if not abs(float(op.attributes.get("alpha", 0.0))) < 2.0**20:
        yield f"alpha {op.attributes['alpha']} is out of range"
    ratio = source.q.scale / output.q.scale
    if op.kind not in ("LOGISTIC", "TANH") and not 2.0**-28 < ratio < 2.0**20:
        yield (
            f"scales {source.q.scale:g} and {output.q.scale:g} are too far apart: "
            "quantize the model again with other calibration data"
        )


def lower(graph: Graph, op: Op, _options: Options) -> list[Call]:
    """The kernel call."""
    source, output = graph.input(op, 0), graph.output(op)
    if source.dtype == "int16":
        return unary_16x8.lower(graph, op)
    call = Call(
        "tiny_lut",
        "lut.h",
        (
            Buffer(source.index),
            Buffer(output.index, write=True),
            Rom(op.kind.lower(), np.array(table_of(graph, op), np.int8)),
            Literal("count", output.elements),
        ),
        graph.label(op),
        in_place=(source.index,),
    )
    return [call]


KINDS = [Kind(name, check, lower) for name in _TABLES if name != "QUANTIZE"]
