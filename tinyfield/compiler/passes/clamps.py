"""A fused activation becomes the integer range ``low``..``high`` of its output."""

from __future__ import annotations

from dataclasses import replace

from tinyfield.compiler.graph import Graph
from tinyfield.compiler.ops.base import LIMITS
from tinyfield.compiler.rounding import clamp_of

#: Their only activation is NONE, and their elements may be of a type that has no range.
_BARE = ("CONCATENATION", "L2_NORMALIZATION")


def clamps(graph: Graph) -> Graph:
    """The rewritten graph."""
    result = graph.copy()
    for place, op in enumerate(result.ops):
        if "activation" not in op.attributes or op.kind in _BARE:
            continue
        output = graph.output(op)
        if output.dtype == "int32":
            continue
        low, high = clamp_of(
            op.text("activation"), output.q.scale, output.q.zero_point, LIMITS[output.dtype]
        )
        facts = {key: value for key, value in op.attributes.items() if key != "activation"}
        result.ops[place] = replace(op, attributes={**facts, "low": low, "high": high})
    return result
