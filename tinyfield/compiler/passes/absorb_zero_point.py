"""The input's zero point moves into the bias: Σ w·(x − z) + b = Σ w·x + (b − z·Σ w).

An absent bias becomes that constant. A tap outside the image then counts as x = z.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tinyfield.compiler.graph import Graph, Op
from tinyfield.compiler.rounding import INT32_MAX, INT32_MIN
from tinyfield.errors import ModelError

#: The weights' axes that are summed over for one output.
SUMMED = {"FULLY_CONNECTED": (1,), "CONV_2D": (1, 2, 3), "DEPTHWISE_CONV_2D": (0, 1, 2)}


def absorb_zero_point(graph: Graph) -> Graph:
    """The rewritten graph."""
    result = graph.copy()
    for place, op in enumerate(graph.ops):
        if op.kind not in SUMMED:
            continue
        if graph.input(op, 0).dtype == "int16":
            result.ops[place] = _with_bias(result, op)
            continue
        weights = np.asarray(graph.input(op, 1).data, np.int64)
        sums = weights.sum(axis=SUMMED[op.kind])
        bias = np.zeros(sums.shape, np.int64)
        name = f"{graph.output(op).name}/bias"
        if graph.has_input(op, 2):
            bias = np.asarray(graph.input(op, 2).data, np.int64).reshape(-1)
            name = graph.input(op, 2).name
        bias = bias - graph.input(op, 0).q.zero_point * sums
        if bias.min() < INT32_MIN or bias.max() > INT32_MAX:
            raise ModelError(
                f"{graph.label(op)}: a bias exceeds 32 bits",
                hint="the biases are far larger than any output; check the quantization",
            )
        index = result.add_constant(name, bias.astype(np.int32))
        result.ops[place] = replace(op, inputs=(*op.inputs[:2], index))
    return result


def _with_bias(graph: Graph, op: Op) -> Op:
    """An int16 layer has no zero points; an absent bias becomes zeros of 64 bits, as its sums."""
    if graph.has_input(op, 2):
        return op
    channels = graph.output(op).shape[-1]
    index = graph.add_constant(f"{graph.output(op).name}/bias", np.zeros(channels, np.int64))
    return replace(op, inputs=(*op.inputs[:2], index))
