"""Operators that map one 8-bit number to one 8-bit number: a table of 256 values each.

The table holds what the reference kernel computes for each input: LOGISTIC, TANH, EXP and GELU in
float32 (TFLite builds the same table, ``LUTPopulate``), the others in fixed point. ELU has no
reference kernel in TFLite; its only one is a table as well (``PopulateLookupTable``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from tinyfield.compiler.calls import Buffer, Call, Literal, Rom
from tinyfield.compiler.graph import Array, Graph, Op, Tensor
from tinyfield.compiler.ops import unary_16x8
from tinyfield.compiler.ops.base import LIMITS, Kind, Options, row_by_row, rows_of, same_types
from tinyfield.compiler.rounding import (
    clamp_of,
    inverse_sqrt,
    quantize_multiplier,
    requantize_twice,
    round_half_away,
)

#: Beyond what any clamp lets pass.
_FAR = 2.0**20

Table = Callable[[Op, Tensor, Tensor], Callable[[int], int]]


def _float_table(function: Callable[[float], np.float32]) -> Table:
    def table(_op: Op, source: Tensor, output: Tensor) -> Callable[[int], int]:
        inverse = np.float32(1.0) / np.float32(output.q.scale)

        def value(x: int) -> int:
            real = np.float32(source.q.scale) * np.float32(x - source.q.zero_point)
            with np.errstate(over="ignore"):
                scaled = float(function(float(real)) * inverse)
            return round_half_away(min(max(scaled, -_FAR), _FAR)) + output.q.zero_point

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


def _hard_swish(_op: Op, source: Tensor, output: Tensor) -> Callable[[int], int]:
    # reference_ops::HardSwish: 16-bit fixed point, the input 7 bits up.
    fine = np.float32(1.0 / 128.0) * np.float32(source.q.scale)
    to_output, down = _multiplier_16(float(fine / np.float32(output.q.scale)))
    to_gate, gate_shift = _multiplier_16(float(fine / np.float32(3.0 / 32768.0)))

    def value(x: int) -> int:
        raised = (x - source.q.zero_point) << 7
        unshifted = _doubling_high_16(raised, to_output)
        gate = raised if gate_shift <= 0 else saturate(raised << (gate_shift - 1))
        gate = _doubling_high_16(gate, to_gate)
        gate = saturate(gate << 1) if gate_shift > 0 else _divide_pot_16(gate, -gate_shift)
        gate = (gate + (1 << 15)) >> 1
        # Truncated, not rounded: it makes up for the roundings before.
        product = _towards_zero(gate * unshifted, 1 << 15)
        return _divide_pot_16(product, -down) + output.q.zero_point

    def saturate(y: int) -> int:
        return min(max(y, -(1 << 15)), (1 << 15) - 1)

    return value


def _multiplier_16(real: float) -> tuple[int, int]:
    mult, shift = quantize_multiplier(real)
    return min((mult + (1 << 15)) >> 16, (1 << 15) - 1), shift


def _towards_zero(a: int, b: int) -> int:
    return a // b if a >= 0 else -(-a // b)


def _divide_pot_16(x: int, n: int) -> int:
    """gemmlowp's RoundingDivideByPOT of 16 bits; past n = 15 its mask is −1, as there."""
    mask = (1 << n) - 1 if n < 16 else -1
    return (x >> n) + (1 if (x & mask) > (mask >> 1) + (1 if x < 0 else 0) else 0)


def _doubling_high_16(a: int, b: int) -> int:
    """gemmlowp's SaturatingRoundingDoublingHighMul of 16 bits."""
    return min((a * b + (1 << 14)) >> 15, (1 << 15) - 1)


def _abs(_op: Op, source: Tensor, output: Tensor) -> Callable[[int], int]:
    real = float(np.float32(source.q.scale) / np.float32(output.q.scale))
    mult, shift = quantize_multiplier(real)

    def value(x: int) -> int:
        y = abs(x - source.q.zero_point)
        if real != 1.0:
            y = requantize_twice(y, mult, shift)
        return y + output.q.zero_point

    return value


def _neg(_op: Op, _source: Tensor, _output: Tensor) -> Callable[[int], int]:
    # The reference turns the sign of the byte itself, which wraps.
    return lambda x: -x if x > -128 else -128


def _elu(x: float) -> np.float32:
    result: np.float32 = np.float32(x if x >= 0 else math.expm1(x))
    return result


def _exp(x: float) -> np.float32:
    with np.errstate(over="ignore"):
        result: np.float32 = np.float32(np.exp(np.float64(x)))
    return result


def _rsqrt(_op: Op, source: Tensor, output: Tensor) -> Callable[[int], int]:
    # elementwise.cc: 1/√x of the whole number, 20 bits up. Not defined below zero: there as at it.
    mult, shift = quantize_multiplier(
        1.0 / float(np.sqrt(np.float32(source.q.scale)) * np.float32(output.q.scale))
    )

    def value(x: int) -> int:
        centred = x - source.q.zero_point
        if centred <= 0:
            return LIMITS[output.dtype][1]
        inverse, down = inverse_sqrt(centred)
        fine = requantize_twice(1, inverse, down + 20)
        return requantize_twice(fine, mult, shift - 20) + output.q.zero_point

    return value


def _log(op: Op, source: Tensor, output: Tensor) -> Callable[[int], int]:
    above = _float_table(lambda x: np.float32(math.log(x)))(op, source, output)

    def value(x: int) -> int:
        return above(x) if x > source.q.zero_point else LIMITS[output.dtype][0]

    return value


def _gelu(op: Op, source: Tensor, output: Tensor) -> Callable[[int], int]:
    def precise(x: float) -> np.float32:
        inner = np.float32(x) * np.float32(0.70710678118654752440)
        half: np.float32 = np.float32(x) * np.float32(0.5)
        result: np.float32 = half * np.float32(math.erfc(-float(inner)))
        return result

    def approximate(x: float) -> np.float32:
        one = np.float32(x)
        cube = one * one * one
        inner = np.float32(0.7978845608028654) * (one + np.float32(0.044715) * cube)
        share = np.float32(1.0) + np.float32(math.tanh(float(inner)))
        result: np.float32 = np.float32(0.5) * one * share
        return result

    chosen = approximate if op.integer("approximate") else precise
    return _float_table(chosen)(op, source, output)


#: Computed in float32, where no scale is too large.
_IN_FLOAT = ("LOGISTIC", "TANH", "ELU", "EXP", "GELU", "LOG", "RSQRT")
_TABLES: dict[str, Table] = {
    "LOGISTIC": _float_table(_logistic),
    "TANH": _float_table(lambda x: np.float32(math.tanh(x))),
    "RELU": _requantize,
    "RELU6": _requantize,
    "RELU_N1_TO_1": _requantize,
    "RELU_0_TO_1": _requantize,
    "QUANTIZE": _requantize,
    "LEAKY_RELU": _leaky,
    "HARD_SWISH": _hard_swish,
    "ABS": _abs,
    "NEG": _neg,
    "ELU": _float_table(_elu),
    "EXP": _float_table(_exp),
    "GELU": _gelu,
    "LOG": _log,
    "RSQRT": _rsqrt,
}

#: What a table of 256 values computes where both sides have 8 bits.
TABLED = frozenset([*_TABLES, "TABLE"])


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
    if op.kind == "HARD_SWISH" and ratio >= 127.99:
        yield (
            f"scales {source.q.scale:g} and {output.q.scale:g} are too far apart, also for "
            "TFLite: quantize the model again with other calibration data"
        )
    if op.kind not in _IN_FLOAT and not 2.0**-28 < ratio < 2.0**20:
        yield (
            f"scales {source.q.scale:g} and {output.q.scale:g} are too far apart: "
            "quantize the model again with other calibration data"
        )


def lower(graph: Graph, op: Op, _options: Options) -> list[Call]:
    """The kernel call."""
    if graph.input(op, 0).dtype == "int16":
        return unary_16x8.lower(graph, op)
    return [_lookup(graph, op, np.array(table_of(graph, op), np.int8))]


def _lookup(graph: Graph, op: Op, table: Array) -> Call:
    source, output = graph.input(op, 0), graph.output(op)
    same = source.shape == output.shape
    return Call(
        "tiny_lut",
        "lut.h",
        (
            Buffer(source.index),
            Buffer(output.index, write=True),
            Rom(op.kind.lower(), table),
            rows_of("count", output) if same else Literal("count", output.elements),
        ),
        graph.label(op),
        in_place=(source.index,),
        windows=row_by_row(output, (source.index,)) if same else {},
    )


def check_table(graph: Graph, op: Op) -> Iterator[str]:
    """Complaints about a table that ``passes/tables.py`` has made."""
    if graph.input(op, 0).elements != graph.output(op).elements:
        yield f"input {list(graph.input(op, 0).shape)} and output differ in size"


def lower_table(graph: Graph, op: Op, _options: Options) -> list[Call]:
    """The kernel call of such a table."""
    return [_lookup(graph, op, np.asarray(graph.input(op, 1).data))]


KINDS = [
    *(Kind(name, check, lower) for name in _TABLES if name != "QUANTIZE"),
    Kind("TABLE", check_table, lower_table),
]
