"""TRANSPOSE_CONV, int8: any stride and padding, with a bias and without.

Reference: TFLite ``reference_integer_ops::TransposeConv``, per channel. For int16 activations see
``weighted_16x8.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from tinyfield.compiler.calls import Buffer, Call, Literal, Rom
from tinyfield.compiler.graph import Graph, Op
from tinyfield.compiler.ops import weighted_16x8
from tinyfield.compiler.ops.base import Kind, Options
from tinyfield.compiler.ops.moves import Unfit, needed, numbers
from tinyfield.compiler.ops.weighted import check_weighted, clamped_output, twice_per_channel
from tinyfield.compiler.rounding import INT32_MAX

_MOST_STRIDE = 1 << 12


def _as_conv(op: Op) -> Op:
    """Its operands in the order of the other convolutions: input, weights, bias."""
    bias = op.inputs[3] if len(op.inputs) > 3 else -1
    return replace(op, inputs=(op.inputs[2], op.inputs[1], bias))


def check(graph: Graph, op: Op) -> Iterator[str]:
    """Complaints; see :class:`~tinyfield.compiler.ops.base.Kind`."""
    try:
        needed(graph, op, 3)
        shape = numbers(graph, op, 0, "output sizes", 4)
    except Unfit as error:
        yield str(error)
        return
    conv = _as_conv(op)
    found = [*check_weighted(graph, conv, 0)]
    yield from found
    if found:
        return
    source, weights, output = graph.input(conv, 0), graph.input(conv, 1), graph.output(op)
    strides = op.integer("stride_h"), op.integer("stride_w")
    if len(source.shape) != 4 or len(weights.shape) != 4 or len(output.shape) != 4:
        yield "its input, weights and output need four dimensions"
    elif source.shape[0] != 1 or output.shape[0] != 1:
        yield f"a batch of {source.shape[0]}: convert the model with a batch of 1"
    elif tuple(shape) != output.shape:
        yield f"gives {shape}, its output is {list(output.shape)}"
    elif weights.shape[0] != output.shape[3] or weights.shape[3] != source.shape[3]:
        yield f"weights {list(weights.shape)} do not fit {source.shape[3]} → {output.shape[3]}"
    elif not all(1 <= stride <= _MOST_STRIDE for stride in strides):
        yield f"strides {strides}: the file is damaged"
    elif source.dtype == "int8" and _most(graph, conv) > INT32_MAX:
        yield "a sum may exceed 32 bits: check the quantization of its biases"


def _most(graph: Graph, conv: Op) -> int:
    """No sum is larger, whichever taps it has."""
    weights = np.abs(np.asarray(graph.input(conv, 1).data, np.int64))
    sums = 255 * weights.reshape(weights.shape[0], -1).sum(axis=1)
    if graph.has_input(conv, 2):
        sums = sums + np.abs(np.asarray(graph.input(conv, 2).data, np.int64).reshape(-1))
    return int(sums.max())


def _pad(size: int, seen: int, stride: int, padding: str) -> int:
    """What the convolution of which this is the transpose pads before ``size`` (the output)."""
    steps = -(-size // stride) if padding == "SAME" else (size - seen + stride) // stride
    return max((steps - 1) * stride + seen - size, 0) // 2


def lower(graph: Graph, op: Op, options: Options) -> list[Call]:
    """The kernel call."""
    conv = _as_conv(op)
    source, weights, output = graph.input(conv, 0), graph.input(conv, 1), graph.output(op)
    _, in_h, in_w, in_c = source.shape
    _, out_h, out_w, out_c = output.shape
    _, k_h, k_w, _ = weights.shape
    stride_h, stride_w = op.integer("stride_h"), op.integer("stride_w")
    pads = (
        _pad(out_h, k_h, stride_h, op.text("padding")),
        _pad(out_w, k_w, stride_w, op.text("padding")),
    )
    if source.dtype == "int16":
        return [weighted_16x8.lower_transpose_conv(graph, conv, options, pads)]
    bias = np.zeros(out_c, np.int32)
    if graph.has_input(conv, 2):
        bias = np.asarray(graph.input(conv, 2).data).reshape(-1)
    mult, shift, rounding = twice_per_channel(graph, conv, out_c)
    facts = {"in_h": in_h, "in_w": in_w, "in_c": in_c}
    facts |= {"out_h": out_h, "out_w": out_w, "out_c": out_c}
    facts |= {"k_h": k_h, "k_w": k_w, "stride_h": stride_h, "stride_w": stride_w}
    facts["pad_top"], facts["pad_left"] = pads
    call = Call(
        "tiny_transpose_conv",
        "transpose_conv.h",
        (
            Buffer(source.index),
            Rom("weights", np.asarray(weights.data)),
            Rom("bias", bias),
            Rom("mult", mult),
            Rom("shift", shift),
            Buffer(output.index, write=True),
            *(
                Literal(name, value, fixed=name[:2] in ("k_", "st"))
                for name, value in facts.items()
            ),
            Literal("in_zero_point", source.q.zero_point, fixed=False),
            Literal("rounding", rounding),
            *clamped_output(graph, op),
        ),
        graph.label(op),
        macs=in_h * in_w * in_c * out_c * k_h * k_w,
    )
    return [call]


KIND = Kind("TRANSPOSE_CONV", check, lower)
