"""Convolutions that give one pixel, for Arm's DSP extension (``firmware/core/nn/dsp/pixel.h``)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tinyfield.compiler.calls import Buffer, Call, Literal, Rom, Scratch, Stripes, overlap_pixels
from tinyfield.compiler.graph import Array
from tinyfield.compiler.kernels.dsp_layout import Channel, Output, dense, rounding_of, settled
from tinyfield.compiler.kernels.pixel import sees_all
from tinyfield.compiler.kernels.spec import ConvSpec
from tinyfield.compiler.ops.weighted import ROUND_TWICE_POSITIVE


def conv(spec: ConvSpec) -> Call | None:
    """CONV_2D or DEPTHWISE_CONV_2D whose one pixel sees all of its input; None for any other."""
    if not sees_all(spec) or spec.out_c % 4:
        return None
    output = Output(spec.zero_point, spec.low, spec.high)
    matrix = spec.weights.reshape(-1, spec.out_c).T if spec.depthwise else spec.weights
    channels = [
        settled(
            Channel(
                matrix[c].ravel(), int(spec.bias[c]), int(spec.mult[c]), int(spec.shift[c]), sums
            ),
            output,
        )
        for c, sums in enumerate(spec.sums)
    ]
    rounding = rounding_of(channels, output)
    if rounding is None or not _fits(channels, output, rounding):
        return None
    if spec.depthwise:
        return _depthwise(spec, channels, rounding)
    weights = np.stack([channel.weights for channel in channels])
    inputs = weights.shape[1]
    sums = dense(weights, np.array([channel.bias for channel in channels], np.int64))
    if sums is None:
        return None
    fours = sums.reshape(len(channels) // 4, -1)
    facts = _facts(channels, rounding)
    stream = np.concatenate([fours, facts], axis=1)
    stripes = Stripes(16, 4 * fours.shape[1] - 16, 4 * facts.shape[1], carried=True)
    return Call(
        "tiny_dsp_pixel",
        "dsp/pixel.h",
        (
            Buffer(spec.source),
            Rom("weights", stream.ravel(), align=4, stripes=stripes),
            Buffer(spec.output, write=True),
            Scratch(16 * -(-inputs // 8)),
            Literal("inputs", inputs, fixed=False),
            Literal("channels", spec.out_c, fixed=False),
            *_last(spec, rounding),
        ),
        spec.label,
        macs=spec.macs,
        overlap={spec.source: overlap_pixels(1, inputs, spec.out_c)},
    )


def _depthwise(spec: ConvSpec, channels: Sequence[Channel], rounding: int) -> Call:
    taps = spec.k_h * spec.k_w
    fours = [channels[n : n + 4] for n in range(0, len(channels), 4)]
    bias = np.array([[c.bias for c in four] for four in fours], np.int32)
    weights = np.stack([np.stack([c.weights for c in four], 1) for four in fours])
    words = np.ascontiguousarray(weights.astype(np.int8)).view("<i4").reshape(len(fours), taps)
    stream = np.concatenate([bias, _facts(channels, rounding), words], axis=1)
    return Call(
        "tiny_dsp_depthwise_pixel",
        "dsp/pixel.h",
        (
            Buffer(spec.source),
            Rom("weights", stream.ravel().astype(np.int32), align=4),
            Buffer(spec.output, write=True),
            Literal("taps", taps, fixed=False),
            Literal("channels", spec.out_c, fixed=False),
            *_last(spec, rounding),
        ),
        spec.label,
        macs=spec.macs,
        in_place=(spec.source,) if taps == 1 else (),
    )


def _last(spec: ConvSpec, rounding: int) -> tuple[Literal, ...]:
    return (
        Literal("rounding", rounding),
        Literal("zero_point", spec.zero_point, fixed=False),
        Literal("low", spec.low),
        Literal("high", spec.high),
    )


def _shift(channel: Channel, rounding: int) -> int:
    """The last rounding's: of 256 times the sum where it is the only one, else of the sum."""
    return (7 if rounding == ROUND_TWICE_POSITIVE else 0) - channel.shift


def _facts(channels: Sequence[Channel], rounding: int) -> Array:
    """int32 [channels / 4][5]: multipliers, and shifts a byte each."""
    mult = np.array([channel.mult for channel in channels], np.int32).reshape(-1, 4)
    shifts = np.array([_shift(channel, rounding) for channel in channels], np.uint8)
    return np.concatenate([mult, shifts.view("<i4").reshape(-1, 1)], axis=1)


def _fits(channels: Sequence[Channel], output: Output, rounding: int) -> bool:
    """Does a scaled sum with half a unit and the zero point fit 32 bits?"""
    for channel in channels:
        half = (2 * output.zero_point + 1) << (_shift(channel, rounding) - 1)
        times = 8 if rounding == ROUND_TWICE_POSITIVE else 1
        ends = [((total << times) * channel.mult >> 32) + half for total in channel.sums]
        if not all(-(1 << 31) < end < (1 << 31) - 65 for end in ends):
            return False
    return True
