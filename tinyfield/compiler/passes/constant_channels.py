"""Channels that are the same whatever the input is go, and what they add moves into biases.

Training drives many channels of a network to a constant (a ReLU that never opens); quantized, they
still cost their weights and their work. For each channel of each image the least and the greatest
value are worked out with the layers' own arithmetic. A channel can go if nobody needs it: a
convolution or a dense layer adds a constant to its biases instead (where it is padded, only if the
constant is the padding), a depthwise layer or a pool needs a channel only if its own is needed.
No output byte changes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tinyfield.compiler.graph import Array, Graph, Op, Quant, Tensor
from tinyfield.compiler.passes.padding import window
from tinyfield.compiler.rounding import INT32_MAX, quantize_multiplier
from tinyfield.errors import ModelError

_POOLS = ("AVERAGE_POOL_2D", "MAX_POOL_2D")
#: Kernels like channels in fours.
_ROUND = 4


@dataclass(frozen=True)
class Range:
    """The least and the greatest value of each channel, int64 [channels]."""

    low: Array
    high: Array

    @property
    def constant(self) -> Array:
        """Which channels have one value, bool [channels]."""
        return np.asarray(self.low == self.high)


def constant_channels(graph: Graph) -> Graph:
    """The rewritten graph."""
    ranges = _ranges(graph)
    unneeded = _unneeded(graph, ranges)
    kept = _kept(graph, unneeded)
    if not kept:
        return graph
    result = graph.copy()
    for place, op in enumerate(graph.ops):
        result.ops[place] = _narrowed(result, op, graph, kept, ranges)
    for index, channels in kept.items():
        tensor = result.tensors[index]
        shape = (*tensor.shape[:-1], len(channels))
        result.tensors[index] = replace(tensor, shape=shape)
    return result


def _ranges(graph: Graph) -> dict[int, Range]:
    """Tensor → range of each channel, where one is known that is not the whole type's."""
    ranges: dict[int, Range] = {}
    for op in graph.ops:
        if len(op.outputs) != 1 or not op.inputs or op.inputs[0] < 0:
            continue
        source, output = graph.tensors[op.inputs[0]], graph.output(op)
        if source.dtype != "int8" or output.dtype != "int8" or output.persistent:
            continue
        given = ranges.get(source.index) or _whole(source)
        if op.kind in ("CONV_2D", "DEPTHWISE_CONV_2D"):
            found = _weighted(graph, op, given)
            if found is not None:
                ranges[output.index] = found
        elif op.kind in _POOLS:
            limits = op.integer("low"), op.integer("high")
            ranges[output.index] = Range(np.clip(given.low, *limits), np.clip(given.high, *limits))
        elif _same_channels(source, output, op):
            ranges[output.index] = given
    return ranges


def _whole(tensor: Tensor) -> Range:
    channels = tensor.shape[-1] if tensor.shape else 1
    return Range(np.full(channels, -128, np.int64), np.full(channels, 127, np.int64))


def _weighted(graph: Graph, op: Op, given: Range) -> Range | None:
    """The outputs of a convolution, None where its arithmetic might leave 32 bits."""
    source, output = graph.input(op, 0), graph.output(op)
    weights = np.asarray(graph.input(op, 1).data, np.int64)
    bias = np.asarray(graph.input(op, 2).data, np.int64)
    depthwise = op.kind == "DEPTHWISE_CONV_2D"
    low, high = given.low, given.high
    if _padded(graph, op):
        pad = source.q.zero_point
        low, high = np.minimum(low, pad), np.maximum(high, pad)
    if depthwise:
        many = weights.shape[3] // source.shape[3]
        low, high = np.repeat(low, many), np.repeat(high, many)
        axes: tuple[int, ...] = (0, 1, 2)
    elif weights.shape[3] != source.shape[3]:
        return None
    else:
        axes = (1, 2, 3)
    least = bias + np.where(weights > 0, weights * low, weights * high).sum(axis=axes)
    most = bias + np.where(weights > 0, weights * high, weights * low).sum(axis=axes)
    scales = graph.input(op, 1).q.scales
    steps = [quantize_multiplier(source.q.scale * one / output.q.scale) for one in scales]
    mult = np.array([m for m, _ in steps], np.int64)
    shift = np.array([s for _, s in steps], np.int64)
    left = np.maximum(shift, 0)
    if (left > 30).any() or max(-(least << left).min(), (most << left).max()) > INT32_MAX:
        return None
    limits = op.integer("low"), op.integer("high")
    zero = output.q.zero_point
    ends = (np.clip(_scaled(x, mult, shift) + zero, *limits) for x in (least, most))
    return Range(*ends)


def _scaled(x: Array, mult: Array, shift: Array) -> Array:
    """MultiplyByQuantizedMultiplier, elementwise: never decreasing in x."""
    high = ((x << np.maximum(shift, 0)) * mult + (1 << 30)) >> 31
    right = np.maximum(-shift, 0)
    mask = (np.int64(1) << right) - 1
    return np.asarray((high >> right) + ((high & mask) > (mask >> 1) + (high < 0)))


def _padded(graph: Graph, op: Op) -> bool:
    """Does a window reach over the image's edge?"""
    source, output = graph.input(op, 0), graph.output(op)
    for axis, seen, name in zip((1, 2), window(graph, op), ("top", "left"), strict=True):
        before = op.integer(f"pad_{name}")
        stride = op.integer("stride_h" if axis == 1 else "stride_w")
        if before > 0 or (output.shape[axis] - 1) * stride + seen > source.shape[axis] + before:
            return True
    return False


def _same_channels(source: Tensor, output: Tensor, op: Op) -> bool:
    """Is it a view that leaves each channel in its place?"""
    return (
        op.kind == "VIEW"
        and bool(source.shape and output.shape)
        and source.shape[-1] == output.shape[-1] == source.elements == output.elements
    )


def _unneeded(graph: Graph, ranges: dict[int, Range]) -> dict[int, Array]:
    """Tensor → channels that may go as far as its readers are concerned, bool [channels]."""
    unneeded: dict[int, Array] = {}
    made = {index: op for op in graph.ops for index in op.outputs}
    for index in reversed(list(made)):
        tensor = graph.tensors[index]
        readers = graph.readers(index)
        if index in graph.outputs or tensor.persistent or not readers or not tensor.shape:
            continue
        if tensor.dtype != "int8" or not _can_narrow(graph, made[index]):
            continue
        free = np.ones(tensor.shape[-1], bool)
        for op in readers:
            free &= _free(graph, op, tensor, ranges, unneeded)
        if free.any():
            unneeded[index] = free
    return unneeded


def _can_narrow(graph: Graph, op: Op) -> bool:
    """Can the operator make fewer channels?"""
    source, output = graph.tensors[op.inputs[0]], graph.output(op)
    if op.kind == "CONV_2D":
        return source.dtype == "int8" and graph.input(op, 1).shape[3] == source.shape[3]
    return (
        _passes_on(graph, op)
        and graph.tensors[op.inputs[0]].data is None
        and source.dtype == output.dtype
    )


def _passes_on(graph: Graph, op: Op) -> bool:
    """Is each output channel made of the same input channel alone?"""
    source, output = graph.tensors[op.inputs[0]], graph.output(op)
    if op.kind in _POOLS:
        return True
    if op.kind == "DEPTHWISE_CONV_2D":
        return source.shape[3] == output.shape[3]
    return _same_channels(source, output, op)


def _free(
    graph: Graph, op: Op, tensor: Tensor, ranges: dict[int, Range], unneeded: dict[int, Array]
) -> Array:
    """The channels of ``tensor`` that ``op`` can do without."""
    nothing = np.zeros(tensor.shape[-1], bool)
    if op.inputs[0] != tensor.index or tensor.index in op.inputs[1:] or len(op.outputs) != 1:
        return nothing
    if graph.output(op).dtype != "int8":
        return nothing
    known = ranges.get(tensor.index)
    constant = nothing if known is None else known.constant
    if op.kind == "CONV_2D" and graph.input(op, 1).shape[3] == tensor.shape[3]:
        unused = ~np.asarray(graph.input(op, 1).data).any(axis=(0, 1, 2))
        if known is not None and _padded(graph, op):
            constant = constant & (known.low == tensor.q.zero_point)
        return np.asarray(constant | unused)
    if op.kind == "FULLY_CONNECTED" and graph.input(op, 1).shape[1] == tensor.elements:
        if tensor.elements != tensor.shape[-1]:
            return nothing
        return np.asarray(constant | ~np.asarray(graph.input(op, 1).data).any(axis=0))
    if _passes_on(graph, op):
        return unneeded.get(op.outputs[0], nothing)
    return nothing


def _kept(graph: Graph, unneeded: dict[int, Array]) -> dict[int, Array]:
    """Tensor → the channels that stay, where some go: a multiple of four of them, at least four.

    Tensors whose channels are made one of the other keep the same ones.
    """
    kept: dict[int, Array] = {}
    for op in graph.ops:
        for index in op.outputs:
            if index not in unneeded:
                continue
            if _passes_on(graph, op):
                # As many as came in; a channel that came in and is free here was free there.
                if op.inputs[0] in kept:
                    kept[index] = kept[op.inputs[0]]
                continue
            free = unneeded[index]
            stay = np.flatnonzero(~free)
            more = max(_ROUND, -(-len(stay) // _ROUND) * _ROUND) - len(stay)
            back = np.flatnonzero(free)[:more]
            if len(stay) + len(back) < len(free):
                kept[index] = np.sort(np.concatenate([stay, back]))
    return kept


def _narrowed(
    result: Graph, op: Op, graph: Graph, kept: dict[int, Array], ranges: dict[int, Range]
) -> Op:
    """The operator with fewer inputs and outputs; new weights and biases go into ``result``."""
    if op.kind not in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
        return op
    inputs, outputs = kept.get(op.inputs[0]), kept.get(op.outputs[0])
    if inputs is None and outputs is None:
        return op
    tensor, bias_tensor = graph.input(op, 1), graph.input(op, 2)
    weights, bias = np.asarray(tensor.data), np.asarray(bias_tensor.data, np.int64)
    quant = tensor.q
    if op.kind == "DEPTHWISE_CONV_2D":
        assert outputs is not None
        weights, bias = weights[..., outputs], bias[outputs]
    else:
        if inputs is not None:
            gone = np.setdiff1d(np.arange(weights.shape[-1]), inputs)
            matrix = weights.astype(np.int64).reshape(len(weights), -1, weights.shape[-1])
            known = ranges.get(op.inputs[0])
            if known is not None:
                bias = bias + (matrix.sum(axis=1)[:, gone] * known.low[gone]).sum(axis=1)
            weights = weights[..., inputs]
        if outputs is not None:
            weights, bias = weights[outputs], bias[outputs]
    if max(-int(bias.min()), int(bias.max())) > INT32_MAX:
        raise ModelError(
            f"{graph.label(op)}: a sum may exceed 32 bits",
            hint="the biases are far larger than any output; check the quantization",
        )
    if outputs is not None and quant.per_channel:
        scales = tuple(quant.scales[c] for c in outputs)
        quant = Quant(scales, (0,) * len(scales), quant.axis)
    new = (
        result.add_constant(tensor.name, np.ascontiguousarray(weights), quant),
        result.add_constant(bias_tensor.name, bias.astype(np.int32)),
    )
    return replace(op, inputs=(op.inputs[0], *new))
