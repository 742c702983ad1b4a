"""SAME and VALID become counts: ``pad_top`` and ``pad_left`` of a convolution or pooling.

A PAD right before a convolution, along height and width and with the zero point, moves into it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tinyfield.compiler.graph import Graph, Op

_KERNEL_AT = {"CONV_2D": (1, 2), "DEPTHWISE_CONV_2D": (1, 2)}


def padding(graph: Graph) -> Graph:
    """The rewritten graph."""
    result = graph.copy()
    for place, op in enumerate(result.ops):
        if "padding" in op.attributes and op.kind != "TRANSPOSE_CONV":
            result.ops[place] = _fold_pad(result, _explicit(result, op))
    return result


def window(graph: Graph, op: Op) -> tuple[int, int]:
    """Height and width that one output sees: the kernel spread by its dilation."""
    if op.kind in _KERNEL_AT:
        shape = graph.input(op, 1).shape
        return (
            (shape[1] - 1) * op.integer("dilation_h") + 1,
            (shape[2] - 1) * op.integer("dilation_w") + 1,
        )
    return op.integer("filter_h"), op.integer("filter_w")


def _explicit(graph: Graph, op: Op) -> Op:
    source, output = graph.input(op, 0), graph.output(op)
    pads = {}
    for name, axis, seen, stride in zip(
        ("pad_top", "pad_left"),
        (1, 2),
        window(graph, op),
        (op.integer("stride_h"), op.integer("stride_w")),
        strict=True,
    ):
        # TFLite's ComputePadding; of an odd total the smaller half comes first.
        total = (output.shape[axis] - 1) * stride + seen - source.shape[axis]
        pads[name] = max(total, 0) // 2
    facts = {key: value for key, value in op.attributes.items() if key != "padding"}
    return replace(op, attributes={**facts, **pads})


def _fold_pad(graph: Graph, op: Op) -> Op:
    pad = graph.writer(op.inputs[0])
    if (
        op.kind not in _KERNEL_AT
        or pad is None
        or pad.kind != "PAD"
        or op.integer("pad_top") + op.integer("pad_left") > 0
    ):
        return op
    amounts = np.asarray(graph.input(pad, 1).data).reshape(-1, 2)
    if amounts.shape[0] != 4 or amounts[0].any() or amounts[3].any():
        return op
    # Behind and below nothing has to be said: taps outside the image count as the zero point.
    top, left = int(amounts[1, 0]), int(amounts[2, 0])
    return replace(
        op,
        inputs=(pad.inputs[0], *op.inputs[1:]),
        attributes={**op.attributes, "pad_top": top, "pad_left": left},
    )
