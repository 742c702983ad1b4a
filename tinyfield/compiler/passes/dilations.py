"""SPACE_TO_BATCH_ND, convolution, BATCH_TO_SPACE_ND become one convolution with a dilation.

So a converter writes a dilated convolution where it cannot say dilation, above all Conv1D's, with
an EXPAND_DIMS and a RESHAPE around the convolution. A batch of more than one exists in between
only. Padding moves into a PAD (which ``padding.py`` takes up), cropping into less of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tinyfield.compiler.graph import Graph, Op, Tensor

_CONVOLUTIONS = ("CONV_2D", "DEPTHWISE_CONV_2D")
_RESHAPING = ("RESHAPE", "SQUEEZE", "EXPAND_DIMS")


@dataclass(frozen=True)
class _Chain:
    """The operators from SPACE_TO_BATCH_ND to BATCH_TO_SPACE_ND; one before and one after the
    convolution may reshape."""

    ops: tuple[Op, ...]
    conv: Op


def dilations(graph: Graph) -> Graph:
    """The rewritten graph."""
    result = graph.copy()
    for op in graph.ops:
        if op.kind != "SPACE_TO_BATCH_ND":
            continue
        chain = _chain(result, op)
        rewritten = None if chain is None else _rewrite(result, chain)
        if chain is not None and rewritten is not None:
            place = result.ops.index(chain.ops[-1])
            result.ops[place : place + 1] = rewritten
            result.ops = [one for one in result.ops if one not in chain.ops[:-1]]
    return result


def _chain(graph: Graph, first: Op) -> _Chain | None:
    ops = [first]
    conv = None
    while ops[-1].kind != "BATCH_TO_SPACE_ND":
        if len(ops) > 4 or len(ops[-1].outputs) != 1 or ops[-1].outputs[0] in graph.outputs:
            return None
        readers = graph.readers(ops[-1].outputs[0])
        if len(readers) != 1 or readers[0].inputs[0] != ops[-1].outputs[0] or readers[0] in ops:
            return None
        one = readers[0]
        if one.kind in _CONVOLUTIONS and conv is None:
            conv = one
        elif one.kind not in (*_RESHAPING, "BATCH_TO_SPACE_ND"):
            return None
        ops.append(one)
    return None if conv is None else _Chain(tuple(ops), conv)


def _rewrite(graph: Graph, chain: _Chain) -> list[Op] | None:
    first, conv, last = chain.ops[0], chain.conv, chain.ops[-1]
    if any(len(op.inputs) != 3 or min(op.inputs) < 0 for op in (first, last)):
        return None
    operands = [graph.tensors[i].data for op in (first, last) for i in op.inputs[1:]]
    if any(one is None for one in operands) or min(conv.inputs[:2], default=-1) < 0:
        return None
    blocks, pads, back, crops = (np.asarray(one, np.int64) for one in operands)
    wide, narrow = graph.input(conv, 0), graph.output(conv)
    source, target = graph.input(first, 0), graph.output(last)
    if (
        not np.array_equal(blocks, back)
        or pads.shape != (len(blocks), 2)
        or pads.shape != crops.shape
        or len(wide.shape) != 4
        or conv.attributes.get("padding") != "VALID"
        or any(
            conv.integer(f"{name}_{axis}") != 1 for name in ("stride", "dilation") for axis in "hw"
        )
        or narrow.quant != target.quant
    ):
        return None
    axes = _image_axes(wide, graph.output(first), len(blocks))
    if axes is None:
        return None
    net = pads - crops
    if (net < 0).any():
        return None
    dilation, amounts = [1, 1], np.zeros((4, 2), np.int32)
    image_in, image_out = [1, 1, 1, wide.shape[3]], [1, 1, 1, narrow.shape[3]]
    for axis, spatial in enumerate(axes):
        image_in[spatial] = source.shape[1 + axis]
        image_out[spatial] = target.shape[1 + axis]
        dilation[spatial - 1] = int(blocks[axis])
        amounts[spatial] = net[axis]
    if source.shape[0] != 1 or target.shape[0] != 1:
        return None
    # What reshapes is dealt with by views.py, which looks at shapes only.
    image = _like(graph, source, tuple(image_in))
    ops = [Op("RESHAPE", (source.index,), (image,), {}, first.node)]
    if amounts.any():
        padded = _like(
            graph, source, tuple(n + int(sum(a)) for n, a in zip(image_in, amounts, strict=True))
        )
        where = graph.add_constant(f"{source.name}/pads", amounts)
        ops.append(Op("PAD", (image, where), (padded,), {}, first.node))
        image = padded
    result = _like(graph, target, tuple(image_out))
    facts = {**conv.attributes, "dilation_h": dilation[0], "dilation_w": dilation[1]}
    ops.append(replace(conv, inputs=(image, *conv.inputs[1:]), outputs=(result,), attributes=facts))
    ops.append(Op("RESHAPE", (result,), last.outputs, {}, last.node))
    return ops


def _image_axes(image: Tensor, batches: Tensor, spatial: int) -> tuple[int, ...] | None:
    """Which axis of the convolution's [n, h, w, c] each spatial axis of the batches is."""
    if spatial == 2 and batches.shape == image.shape:
        return 1, 2
    if spatial == 1 and len(batches.shape) == 3:
        n, length, c = batches.shape
        if image.shape == (n, 1, length, c):
            return (2,)
        if image.shape == (n, length, 1, c):
            return (1,)
    return None


def _like(graph: Graph, tensor: Tensor, shape: tuple[int, ...]) -> int:
    index = max(graph.tensors) + 1
    graph.tensors[index] = replace(tensor, index=index, shape=shape, data=None)
    return index
