"""Depthwise layers side by side become one.

Mixed-kernel layers (MixConv, as wake-word models use it) split a map's channels, cut each part to
the last rows that its kernel needs, and join the results. That is one depthwise layer over the
whole map whose shorter kernels have zeros in front: no part is copied, and zeros add nothing to a
sum. It is done where those zeros are no more work than the layers themselves.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tinyfield.compiler.graph import Array, Graph, Op, Quant
from tinyfield.compiler.passes.rings import takes_last

_SAME = ("stride_h", "stride_w", "activation", "padding")
_MOST_EXTRA = 2


@dataclass(frozen=True)
class _Branch:
    """One depthwise layer and its part of the map; ``gone`` are operators that it replaces."""

    layer: Op
    part: int
    rows: int
    gone: tuple[Op, ...]


def join_depthwise(graph: Graph) -> Graph:
    """The rewritten graph."""
    result = graph.copy()
    for op in graph.ops:
        if op.kind == "CONCATENATION":
            _join(result, op)
    return result


def _join(graph: Graph, join: Op) -> None:
    output = graph.output(join)
    found = [_branch(graph, index) for index in join.inputs]
    branches = [branch for branch in found if branch is not None]
    if len(branches) < max(2, len(found)) or join.integer("axis") % len(output.shape) != 3:
        return
    split = graph.writer(branches[0].part)
    if (
        split is None
        or split.kind not in ("SPLIT", "SPLIT_V")
        or join.integer("axis") not in (-1, 3)
    ):
        return
    source = graph.input(split, 1 if split.kind == "SPLIT" else 0)
    parts = tuple(branch.part for branch in branches)
    if split.outputs != parts or not _alike(graph, branches, output.quant, source.shape):
        return
    first = branches[0].layer
    height = source.shape[1] - (output.shape[1] - 1) * first.integer("stride_h")
    kernels = [np.asarray(graph.input(branch.layer, 1).data) for branch in branches]
    work = sum(kernel.size for kernel in kernels)
    if height * kernels[0].shape[2] * source.shape[3] > _MOST_EXTRA * work:
        return
    wide = np.concatenate([_with_zeros(kernel, height) for kernel in kernels], axis=3)
    scales = tuple(scale for branch in branches for scale in _scales(graph, branch.layer, 1))
    weights = graph.add_constant(
        graph.input(first, 1).name, wide, Quant(scales, (0,) * len(scales), 3)
    )
    bias = graph.add_constant(
        f"{output.name}/bias",
        np.concatenate([_bias(graph, branch.layer) for branch in branches]),
        Quant(tuple(scale * source.q.scale for scale in scales), (0,) * len(scales), 0),
    )
    gone = [split, *(op for branch in branches for op in branch.gone)]
    layer = replace(
        first,
        inputs=(source.index, weights, bias),
        outputs=(output.index,),
        attributes={**first.attributes, "depth_multiplier": 1},
        node=join.node,
    )
    graph.ops = [
        layer if op is join else op for op in graph.ops if not any(op is one for one in gone)
    ]


def _branch(graph: Graph, index: int) -> _Branch | None:
    """The depthwise layer that alone makes a piece, from a part of a map or its last rows."""
    layer = graph.writer(index)
    if layer is None or layer.kind != "DEPTHWISE_CONV_2D" or not _only_reader(graph, index):
        return None
    seen = graph.input(layer, 0)
    cut = graph.writer(seen.index)
    if len(seen.shape) != 4 or not _only_reader(graph, seen.index):
        return None
    rows = seen.shape[1]
    if cut is not None and cut.kind == "STRIDED_SLICE":
        part = cut.inputs[0]
        if takes_last(graph, cut, part, 1) and _only_reader(graph, part):
            return _Branch(layer, part, rows, (layer, cut))
        return None
    return _Branch(layer, seen.index, rows, (layer,))


def _only_reader(graph: Graph, index: int) -> bool:
    return len(graph.readers(index)) == 1 and index not in graph.outputs


def _alike(
    graph: Graph, branches: list[_Branch], quant: Quant | None, shape: tuple[int, ...]
) -> bool:
    """Can these layers be one?"""
    first = branches[0].layer
    size = graph.output(first).shape[1:3]
    for branch in branches:
        layer, seen = branch.layer, graph.input(branch.layer, 0)
        kernel = graph.input(layer, 1)
        if (
            kernel.data is None
            or kernel.quant is None
            or any(kernel.quant.zero_points)
            or any(layer.attributes[name] != first.attributes[name] for name in _SAME)
            or layer.text("padding") != "VALID"
            or layer.integer("dilation_h") != 1
            or layer.integer("dilation_w") != 1
            or kernel.shape[3] != seen.shape[3]
            or kernel.shape[2] != graph.input(first, 1).shape[2]
            or seen.quant != graph.input(first, 0).quant
            or seen.shape[2] != shape[2]
            or graph.output(layer).quant != quant
            or graph.output(layer).shape[1:3] != size
            or branch.rows - (size[0] - 1) * layer.integer("stride_h") != kernel.shape[1]
        ):
            return False
    return True


def _with_zeros(kernel: Array, height: int) -> Array:
    return np.pad(kernel, ((0, 0), (height - kernel.shape[1], 0), (0, 0), (0, 0)))


def _scales(graph: Graph, layer: Op, place: int) -> tuple[float, ...]:
    tensor = graph.input(layer, place)
    return tensor.q.scales if tensor.q.per_channel else tensor.q.scales * tensor.shape[3]


def _bias(graph: Graph, layer: Op) -> Array:
    if graph.has_input(layer, 2):
        return np.asarray(graph.input(layer, 2).data)
    return np.zeros(graph.input(layer, 1).shape[3], np.int32)
