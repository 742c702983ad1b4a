"""A RELU, RELU6 or RELU_N1_TO_1 that stands alone moves into the operator before it.

Only where it keeps the scale and zero point (then TFLite's requantization there is the identity)
and is the only reader of that operator's output.
"""

from __future__ import annotations

from dataclasses import replace

from tinyfield.compiler.graph import Graph
from tinyfield.compiler.ops.base import LIMITS
from tinyfield.compiler.rounding import clamp_of

_ACTIVATIONS = ("RELU", "RELU6", "RELU_N1_TO_1")


def fuse_activation(graph: Graph) -> Graph:
    """The rewritten graph."""
    result = graph.copy()
    for op in graph.ops:
        if op.kind not in _ACTIVATIONS:
            continue
        source, output = graph.input(op, 0), graph.output(op)
        writer = result.writer(source.index)
        if (
            writer is None
            or "low" not in writer.attributes
            or source.q != output.q
            or source.index in graph.outputs
            or len(graph.readers(source.index)) != 1
        ):
            continue
        low, high = clamp_of(op.kind, output.q.scale, output.q.zero_point, LIMITS[output.dtype])
        # A clamp after a clamp: low cannot exceed high, for both hold the output's range.
        low = max(low, writer.integer("low"))
        high = max(low, min(high, writer.integer("high")))
        facts = {**writer.attributes, "low": low, "high": high}
        fused = replace(writer, outputs=op.outputs, attributes=facts)
        result.ops = [fused if one is writer else one for one in result.ops if one.node != op.node]
    return result
