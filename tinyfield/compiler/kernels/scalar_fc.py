"""Fully connected layers without DSP instructions.

Where registers allow it, two rows of weights share a word and a multiplication; four bytes of
flash then hold two weights (``firmware/core/nn/scalar/fully_connected.h`` says how). Elsewhere
four rows are summed at once.
"""

from __future__ import annotations

import numpy as np

from tinyfield.compiler.calls import Buffer, Call, Literal, Rom
from tinyfield.compiler.graph import Array
from tinyfield.compiler.kernels.scalar import chunks
from tinyfield.compiler.kernels.spec import FullyConnectedSpec

_GROUP = 12
_MOST_INPUTS = 24
_ROUND_ONCE = 0


def packed(spec: FullyConnectedSpec) -> Call | None:
    """The call for a layer with one scale that is rounded once; None for another."""
    scale = once(spec)
    if scale is None or spec.outputs < _GROUP // 2:
        return None  # the group would be filled up with more zeros than weights
    weights = Rom("weights", stream(np.asarray(spec.weights), np.asarray(spec.bias)))
    return _call(spec, "tiny_scalar_fully_connected", "fully_connected.h", (weights,), scale)


def four_rows(spec: FullyConnectedSpec) -> Call | None:
    """The same, with a byte of flash for each weight."""
    scale = once(spec)
    if scale is None or spec.outputs < 3:
        return None
    groups = -(-spec.outputs // 4)
    weights = np.zeros((groups * 4, spec.inputs), np.int8)
    weights[: spec.outputs] = spec.weights
    bias = np.zeros(groups * 4, np.int32)
    bias[: spec.outputs] = spec.bias
    interleaved = weights.reshape(groups, 4, spec.inputs).swapaxes(1, 2)
    constants = Rom("weights", interleaved), Rom("bias", bias)
    return _call(spec, "tiny_scalar_four_rows", "four_rows.h", constants, scale)


def once(spec: FullyConnectedSpec) -> tuple[int, int, int] | None:
    """mult, what is added, and the shift after the high word; None if the layer has none such."""
    down = int(spec.shift[0]) - 32
    if spec.per_channel or spec.rounding != _ROUND_ONCE or not 1 <= down <= 30:
        return None
    mult = int(spec.mult[0])
    added = (1 << (down - 1)) + (spec.zero_point << down)
    reach = max(max(-low, high) for low, high in spec.sums) * mult >> 32
    if abs(added) + reach + 1 >= 1 << 31:
        return None
    return mult, added, down


def _call(
    spec: FullyConnectedSpec,
    kernel: str,
    header: str,
    constants: tuple[Rom, ...],
    scale: tuple[int, int, int],
) -> Call:
    return Call(
        kernel,
        f"scalar/{header}",
        (
            Buffer(spec.source),
            *constants,
            Buffer(spec.output, write=True),
            Literal("rows", spec.rows, fixed=False),
            Literal("inputs", spec.inputs, fixed=False),
            Literal("outputs", spec.outputs, fixed=False),
            Literal("mult", scale[0], fixed=False),
            Literal("added", scale[1], fixed=False),
            Literal("down", scale[2], fixed=False),
            Literal("low", spec.low, fixed=False),
            Literal("high", spec.high, fixed=False),
        ),
        spec.label,
        macs=spec.macs,
    )


def stream(weights: Array, bias: Array) -> Array:
    """What the kernel reads, int32.

    Args:
        weights: int8 [outputs][inputs].
        bias: int32 [outputs].
    """
    outputs, inputs = weights.shape
    groups = -(-outputs // _GROUP)
    matrix = np.zeros((groups * _GROUP, inputs), np.int64)
    matrix[:outputs] = weights
    biases = np.zeros(groups * _GROUP, np.int64)
    biases[:outputs] = bias
    parts: list[Array] = []
    for group in range(groups):
        here = slice(group * _GROUP, (group + 1) * _GROUP)
        rows, ends = matrix[here], biases[here]
        words = rows[0::2] + (rows[1::2] << 16)
        cuts = chunks(rows, _MOST_INPUTS)
        parts += [ends[0::2] + (ends[1::2] << 16) - (len(cuts) << 15), ends[1::2]]
        for begin, end in cuts:
            count = end - begin
            parts.append(np.array([64 * count + ((24 * count + 4) << 16)], np.int64))
            parts.append(words[:, begin:end].T.ravel())
        parts.append(np.zeros(1, np.int64))
    return (np.concatenate(parts) & 0xFFFFFFFF).astype(np.uint32).view(np.int32)
