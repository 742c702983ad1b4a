"""LOG_SOFTMAX and L2_NORMALIZATION along the last axis, int8, at the scales that TFLite demands.

Reference: TFLite ``reference_integer_ops::LogSoftmax`` and ``L2Normalization``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from tinyfield.compiler.calls import Argument, Buffer, Call, Literal, Rom
from tinyfield.compiler.graph import Graph, Op
from tinyfield.compiler.ops.base import Kind, Options, same_types
from tinyfield.compiler.rounding import quantize_multiplier, softmax_table

#: The output's scale and zero point.
_OUTPUT = {"LOG_SOFTMAX": (1 / 16, 127), "L2_NORMALIZATION": (1 / 128, 0)}
_MOST = 4096


def check(graph: Graph, op: Op) -> Iterator[str]:
    """Complaints; see :class:`~tinyfield.compiler.ops.base.Kind`."""
    found = [*same_types(graph, op)]
    yield from found
    if found:
        return
    source, output = graph.input(op, 0), graph.output(op)
    scale, zero = _OUTPUT[op.kind]
    if source.shape != output.shape or not source.shape:
        yield f"input {list(source.shape)} and output {list(output.shape)} differ"
    elif source.shape[-1] > _MOST:
        yield f"{source.shape[-1]} values along the last axis; at most {_MOST}"
    if (output.q.scale, output.q.zero_point) != (scale, zero):
        yield (
            f"its output has scale {output.q.scale:g}, zero point {output.q.zero_point}; TFLite's "
            f"gives {scale:g} and {zero}: convert the model anew"
        )
    if not 2.0**-20 < source.q.scale < 2.0**20:
        yield f"its input's scale {source.q.scale:g} is out of range"
    if op.attributes.get("activation", "NONE") != "NONE":
        yield f"fused activation {op.text('activation')}: TFLite's int8 kernel knows none"


def lower(graph: Graph, op: Op, _options: Options) -> list[Call]:
    """The kernel call."""
    source, output = graph.input(op, 0), graph.output(op)
    depth = source.shape[-1]
    shape = {"rows": source.elements // depth, "depth": depth}
    arguments: tuple[Argument, ...] = (Buffer(source.index), Buffer(output.index, write=True))
    if op.kind == "LOG_SOFTMAX":
        table = softmax_table(1.0, source.q.scale)
        # PreprocessLogSoftmaxScalingExp, CalculateInputRadius.
        mult, left = quantize_multiplier(min(source.q.scale * (1 << 26), float((1 << 31) - 1)))
        back = quantize_multiplier((1 << (31 - left)) / mult)
        arguments += (
            Rom("exp", np.array(table, np.int32)),
            Literal("table_size", len(table), fixed=False),
        )
        facts = {**shape, "mult": mult, "shift": left}
        facts |= {"back_mult": back[0], "back_shift": back[1]}
        facts["least"] = -math.floor(31.0 * (1 << 26) / (1 << left))
    else:
        facts = {**shape, "in_zero_point": source.q.zero_point}
    call = Call(
        f"tiny_{op.kind.lower()}",
        f"{op.kind.lower()}.h",
        (*arguments, *(Literal(name, value, fixed=False) for name, value in facts.items())),
        graph.label(op),
        in_place=(source.index,),
    )
    return [call]


KINDS = [Kind(name, check, lower) for name in _OUTPUT]
