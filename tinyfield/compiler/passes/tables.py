"""DEQUANTIZE, float operators on each element by itself, QUANTIZE become one table of 256 bytes.

So converters write an activation that TFLite has no 8-bit kernel for (ELU, SQUARE, NEG, …): by way
of float32. With 8 bits on both sides the way through takes 256 values and no more, each worked
out here in float32 as the reference does.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from tinyfield.compiler.graph import Array, Graph, Op, Tensor

_NARROW = ("int8", "uint8")
_LONGEST = 16

Unary = Callable[[Op, Array], Array]


def _double(function: Callable[[Array], Array]) -> Unary:
    """Worked out in double and rounded once, which is what a correctly rounded libm gives."""
    return lambda _op, x: function(x.astype(np.float64)).astype(np.float32)


def _leaky(op: Op, x: Array) -> Array:
    alpha = np.float32(float(op.attributes["alpha"]))
    return np.where(x > 0, x, x * alpha).astype(np.float32)


def _clip(low: float, high: float) -> Unary:
    return lambda _op, x: np.clip(x, np.float32(low), np.float32(high))


def _hard_swish(_op: Op, x: Array) -> Array:
    gate = np.minimum(np.maximum(x + np.float32(3), np.float32(0)), np.float32(6))
    result: Array = (x * gate / np.float32(6)).astype(np.float32)
    return result


def _elu(x: Array) -> Array:
    return np.where(x < 0, np.expm1(np.minimum(x, 0)), x)


def _logistic(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


_UNARY: dict[str, Unary] = {
    "ABS": lambda _op, x: np.abs(x),
    "CEIL": lambda _op, x: np.ceil(x),
    "COS": _double(np.cos),
    "ELU": _double(_elu),
    "EXP": _double(np.exp),
    "FLOOR": lambda _op, x: np.floor(x),
    "HARD_SWISH": _hard_swish,
    "LEAKY_RELU": _leaky,
    "LOG": _double(np.log),
    "LOGISTIC": _double(_logistic),
    "NEG": lambda _op, x: -x,
    "RELU": _clip(0, math.inf),
    "RELU6": _clip(0, 6),
    "RELU_0_TO_1": _clip(0, 1),
    "RELU_N1_TO_1": _clip(-1, 1),
    "ROUND": lambda _op, x: np.rint(x),
    "RSQRT": lambda _op, x: np.float32(1) / np.sqrt(x),
    "SIN": _double(np.sin),
    "SQRT": lambda _op, x: np.sqrt(x),
    "SQUARE": lambda _op, x: x * x,
    "TANH": _double(np.tanh),
}
_BINARY: dict[str, Callable[[Array, Array], Array]] = {
    "ADD": np.add,
    "DIV": np.divide,
    "MAXIMUM": np.maximum,
    "MINIMUM": np.minimum,
    "MUL": np.multiply,
    "SUB": np.subtract,
}


def tables(graph: Graph) -> Graph:
    """The rewritten graph."""
    result = graph.copy()
    writers = {index: op for op in graph.ops for index in op.outputs}
    removed: set[int] = set()
    for place, op in enumerate(graph.ops):
        chain = _chain(graph, writers, op) if op.kind == "QUANTIZE" else None
        if chain is None:
            continue
        source, output = graph.tensors[chain[0].inputs[0]], graph.output(op)
        table = result.add_constant(f"{output.name}/table", _table(graph, chain, source, output))
        result.ops[place] = replace(op, kind="TABLE", inputs=(source.index, table), attributes={})
        removed |= {id(one) for one in chain[:-1]}
    while True:
        read = {index for op in result.ops for index in op.inputs} | set(result.outputs)
        kept = [op for op in result.ops if id(op) not in removed or read & set(op.outputs)]
        if len(kept) == len(result.ops):
            return result
        result.ops = kept


def _chain(graph: Graph, writers: dict[int, Op], quantize: Op) -> list[Op] | None:
    """From DEQUANTIZE to ``quantize`` by operators on single values; None if it is not so."""
    chain = [quantize]
    while chain[0].kind != "DEQUANTIZE":
        read = _operand(graph, chain[0])
        writer = None if read is None else writers.get(read)
        if writer is None or len(chain) > _LONGEST or len(writer.outputs) != 1:
            return None
        chain.insert(0, writer)
    if len(chain) == 2 or len(chain[0].inputs) != 1 or chain[0].inputs[0] < 0:
        return None
    source, output = graph.input(chain[0], 0), graph.output(quantize)
    plain = all(
        tensor.dtype in _NARROW
        and tensor.data is None
        and tensor.quant is not None
        and not tensor.quant.per_channel
        and tensor.quant.scale > 0
        for tensor in (source, output)
    )
    whole = all(graph.output(op).shape == source.shape for op in chain)
    return chain if plain and whole else None


def _operand(graph: Graph, op: Op) -> int | None:
    """The one input that is computed, of an operator on float32."""
    known = 2 if op.kind in _BINARY else 1
    if op.kind not in (*_UNARY, *_BINARY, "QUANTIZE") or len(op.inputs) != known:
        return None
    if min(op.inputs) < 0 or op.attributes.get("activation", "NONE") != "NONE":
        return None
    tensors = graph.ins(op)
    computed = [tensor.index for tensor in tensors if tensor.data is None]
    constants = [tensor for tensor in tensors if tensor.data is not None]
    if len(computed) != 1 or any(tensor.dtype != "float32" for tensor in tensors):
        return None
    return None if any(tensor.elements != 1 for tensor in constants) else computed[0]


def _table(graph: Graph, chain: list[Op], source: Tensor, output: Tensor) -> Array:
    bits = np.arange(256, dtype=np.uint8)
    given = bits.view(np.int8) if source.dtype == "int8" else bits
    x: Array = np.float32(source.q.scale) * (given.astype(np.int32) - source.q.zero_point).astype(
        np.float32
    )
    with np.errstate(all="ignore"):
        for op in chain[1:-1]:
            if op.kind in _UNARY:
                x = np.asarray(_UNARY[op.kind](op, x)).astype(np.float32)
                continue
            operands = [
                x if tensor.data is None else np.asarray(tensor.data).reshape(())
                for tensor in graph.ins(op)
            ]
            x = np.asarray(_BINARY[op.kind](operands[0], operands[1])).astype(np.float32)
        # AffineQuantize: ties go away from zero; what is no number becomes the least.
        steps = (x / np.float32(output.q.scale)).astype(np.float64)
        low, high = (-128, 127) if output.dtype == "int8" else (0, 255)
        places = np.trunc(steps + np.copysign(0.5, steps)) + output.q.zero_point
        places = np.where(np.isnan(places), low, np.clip(places, low, high))
    return places.astype(np.int64).astype(np.uint8).view(np.int8)
