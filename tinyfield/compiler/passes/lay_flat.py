"""A convolution or pooling along the height of an image one pixel wide is laid along its width.

Series come as [1, t, 1, c] or as [1, 1, t, c], as the converter's layer would have it; the bytes
are the same. Kernels work on pixels of one row side by side, so the second is the canonical form.
Views to it and back cost nothing, and those in between two such layers go.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tinyfield.compiler.graph import Graph, Op, Tensor

_WEIGHTED = ("CONV_2D", "DEPTHWISE_CONV_2D")
_KINDS = (*_WEIGHTED, "AVERAGE_POOL_2D", "MAX_POOL_2D")
_PAIRS = ("stride", "dilation", "filter")


def lay_flat(graph: Graph) -> Graph:
    """The rewritten graph; paddings must be counts by now."""
    result = graph.copy()
    flat: dict[int, int] = {}
    ops: list[Op] = []
    for op in graph.ops:
        if not _stands(graph, op):
            ops.append(op)
            continue
        source = op.inputs[0]
        if source not in flat:
            flat[source] = _turned(result, source)
            ops.append(Op("VIEW", (source,), (flat[source],), {}, op.node))
        output = op.outputs[0]
        flat[output] = _turned(result, output)
        inputs = (flat[source], *op.inputs[1:])
        if op.kind in _WEIGHTED:
            inputs = (flat[source], _weights(result, op), *op.inputs[2:])
        facts = dict(op.attributes)
        for name in _PAIRS:
            if f"{name}_h" in facts:
                facts[f"{name}_h"], facts[f"{name}_w"] = facts[f"{name}_w"], facts[f"{name}_h"]
        facts["pad_top"], facts["pad_left"] = facts["pad_left"], facts["pad_top"]
        ops.append(replace(op, inputs=inputs, outputs=(flat[output],), attributes=facts))
        ops.append(Op("VIEW", (flat[output],), (output,), {}, op.node))
    result.ops = ops
    return result


def _stands(graph: Graph, op: Op) -> bool:
    """Is this a layer along the height, of images one pixel wide?"""
    if op.kind not in _KINDS:
        return False
    source, output = graph.input(op, 0), graph.output(op)
    wide = graph.input(op, 1).shape[2] if op.kind in _WEIGHTED else op.integer("filter_w")
    return (
        wide == source.shape[2] == output.shape[2] == 1
        and source.shape[1] > 1
        and op.integer("pad_left") == 0
    )


def _turned(graph: Graph, index: int) -> int:
    """A new tensor: [1, t, 1, c] as [1, 1, t, c]."""
    old = graph.tensors[index]
    new = max(graph.tensors) + 1
    graph.tensors[new] = Tensor(new, old.name, _swapped(old.shape), old.dtype, old.quant)
    return new


def _weights(graph: Graph, op: Op) -> int:
    """The weights [·, k, 1, ·] as [·, 1, k, ·], a new constant."""
    old = graph.input(op, 1)
    data = np.asarray(old.data).reshape(_swapped(old.shape))
    return graph.add_constant(old.name, data, old.quant)


def _swapped(shape: tuple[int, ...]) -> tuple[int, ...]:
    return shape[0], shape[2], shape[1], shape[3]
