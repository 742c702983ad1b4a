"""QUANTIZE and DEQUANTIZE where no table of 256 values serves: float32, int16 and int32.

Reference: TFLite ``reference_ops::AffineQuantize``, ``Dequantize``, ``Requantize``.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tinyfield.compiler.calls import Argument, Buffer, Call, Literal
from tinyfield.compiler.graph import Graph, Op
from tinyfield.compiler.ops import unary
from tinyfield.compiler.ops.base import Kind, Options, check_zero_points, quantized
from tinyfield.compiler.rounding import quantize_multiplier

#: Integer types between which QUANTIZE goes by a multiplier.
_RESCALED = {
    ("int16", "int8"): "tiny_rescale_16_to_8",
    ("int8", "int16"): "tiny_rescale_8_to_16",
    ("int16", "int32"): "tiny_rescale_16_to_32",
    ("int32", "int8"): "tiny_rescale_32_to_8",
    ("int32", "int16"): "tiny_rescale_32_to_16",
    ("int16", "int16"): "tiny_rescale_16x8",
}
_FLOATED = ("int8", "uint8", "int16")


def check(graph: Graph, op: Op) -> Iterator[str]:
    """Complaints; see :class:`~tinyfield.compiler.ops.base.Kind`."""
    if len(op.inputs) != 1 or len(op.outputs) != 1 or op.inputs[0] < 0:
        yield "needs one input and one output: the file is damaged"
        return
    source, output = graph.input(op, 0), graph.output(op)
    types = source.dtype, output.dtype
    if op.kind == "QUANTIZE" and not {*types} & {"float32", "int16", "int32"}:
        yield from unary.check(graph, op)
        return
    real, integer = (source, output) if op.kind == "QUANTIZE" else (output, source)
    if real.dtype == "float32" and integer.dtype in _FLOATED:
        yield from quantized(integer, _FLOATED)
    elif op.kind == "QUANTIZE" and types in _RESCALED:
        found = [*quantized(source, (types[0],)), *quantized(output, (types[1],))]
        yield from found
        if types == ("int16", "int16") and not found:
            yield from check_zero_points(graph, op)
        ratio = 1.0 if found else source.q.scale / output.q.scale
        if not 2.0**-31 < ratio < 2.0 ** (30 if types[0] != "int32" else 1):
            yield f"scales {source.q.scale:g} and {output.q.scale:g} are too far apart"
    else:
        yield f"turns {types[0]} into {types[1]}, which is not supported"
    if source.elements != output.elements:
        yield f"input {list(source.shape)} and output {list(output.shape)} differ"


def lower(graph: Graph, op: Op, options: Options) -> list[Call]:
    """The kernel call."""
    source, output = graph.input(op, 0), graph.output(op)
    types = source.dtype, output.dtype
    header = "quantize.h"
    in_place: tuple[int, ...] = (source.index,) if types[0] == types[1] else ()
    if op.kind == "DEQUANTIZE":
        wide = types[0] == "int16"
        kernel = "tiny_dequantize_16" if wide else "tiny_dequantize_8"
        literals = [_scale(source.q.scale), Literal("zero_point", source.q.zero_point, fixed=False)]
        literals += [] if wide else [Literal("is_signed", int(types[0] == "int8"))]
    elif types[0] == "float32":
        wide = types[1] == "int16"
        kernel = "tiny_quantize_16" if wide else "tiny_quantize_8"
        literals = [_scale(output.q.scale), Literal("zero_point", output.q.zero_point, fixed=False)]
        literals += [] if wide else [Literal("low", -128 if types[1] == "int8" else 0)]
    elif types not in _RESCALED:
        return unary.lower(graph, op, options)
    else:
        kernel = _RESCALED[types]
        mult, shift = quantize_multiplier(source.q.scale / output.q.scale)
        step = [Literal("mult", mult, fixed=False), Literal("shift", shift, fixed=False)]
        literals = [
            Literal("zero_in", source.q.zero_point, fixed=False),
            *step,
            Literal("zero_point", output.q.zero_point, fixed=False),
        ]
        if types == ("int16", "int16"):
            header = "unary_16x8.h"
            literals = [*step, *step, Literal("low", -32768), Literal("high", 32767)]
    arguments: tuple[Argument, ...] = (
        Buffer(source.index),
        Buffer(output.index, write=True),
        Literal("count", output.elements, fixed=False),
        *literals,
    )
    return [Call(kernel, header, arguments, graph.label(op), in_place=in_place)]


def _scale(scale: float) -> Literal:
    return Literal("scale", float(np.float32(scale)), fixed=False)


KINDS = [Kind(name, check, lower) for name in ("QUANTIZE", "DEQUANTIZE")]
