"""How weights lie in flash for the dual 16-bit multiply-accumulate of Arm's DSP extension.

See ``firmware/core/nn/dsp/block.h`` for the packed pairs and their order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tinyfield.compiler.graph import Array
from tinyfield.compiler.ops.weighted import ROUND_ONCE, ROUND_TWICE, ROUND_TWICE_POSITIVE
from tinyfield.compiler.rounding import requantize_twice

#: |sum| stays below this, so that 256·sum fits 32 bits.
_SUM_LIMIT = 1 << 23
#: So that half a unit and the zero point stay below 2^30.
_MOST_SHIFT = 23


@dataclass(frozen=True)
class Channel:
    """One output channel.

    Attributes:
        weights: int8 [k].
        bias, mult, shift: output = (bias + Σ)·mult·2^(shift−31), rounded twice.
        sums: the least and the greatest sum.
    """

    weights: Array
    bias: int
    mult: int
    shift: int
    sums: tuple[int, int]


@dataclass(frozen=True)
class Output:
    """The output's zero point and clamp."""

    zero_point: int
    low: int
    high: int

    def of(self, channel: Channel, total: int) -> int:
        """The reference's output for a sum."""
        scaled = requantize_twice(total, channel.mult, channel.shift) + self.zero_point
        return min(max(scaled, self.low), self.high)


def settled(channel: Channel, output: Output) -> Channel:
    """The same channel; one that always gives the same output gets harmless numbers.

    Pruned channels have biases and shifts far from all others.
    """
    low, high = channel.sums
    value = output.of(channel, low)
    if value != output.of(channel, high):
        return channel
    bias = (value - output.zero_point) << 9
    return replace(
        channel,
        weights=np.zeros_like(channel.weights),
        bias=bias,
        mult=1 << 30,
        shift=-8,
        sums=(bias, bias),
    )


def sums_fit(sums: Sequence[tuple[int, int]], limit: int = _SUM_LIMIT) -> bool:
    """Do 256 times these sums fit 32 bits?"""
    return all(max(-low, high) < limit for low, high in sums)


def rounding_of(channels: Sequence[Channel], output: Output, scaled: int = 256) -> int | None:
    """Which form of the double rounding serves all channels; None if none does.

    Args:
        scaled: what sums are multiplied by, at most, before they are rounded.
    """
    if not sums_fit([c.sums for c in channels], (1 << 31) // scaled):
        return None
    most = _MOST_SHIFT + 2 - scaled.bit_length()
    if not all(0 < -c.shift <= most for c in channels):
        return None
    return ROUND_TWICE_POSITIVE if output.low >= output.zero_point else ROUND_TWICE


def paired(channels: Sequence[Channel], output: Output) -> tuple[Array, int] | None:
    """The stream of ``block.h`` and the rounding it is for.

    Returns:
        int32 words, ``tiny_rounding_t``; None where the packing cannot hold these channels.
    """
    if len(channels) % 2:
        return None
    channels = [settled(channel, output) for channel in channels]
    rounding = rounding_of(channels, output)
    if rounding is None:
        return None
    words: list[Array] = []
    for a, b in zip(channels[::2], channels[1::2], strict=True):
        halves = packed_pair(a.weights, b.weights)
        if halves is None:
            return None
        more = 6 if rounding == ROUND_TWICE_POSITIVE else -1
        words += [
            np.array([(b.bias << 8) + a.bias, a.bias], np.int64),
            halves,
            np.array([a.mult, b.mult, (more - a.shift) | (more - b.shift) << 8], np.int64),
        ]
    stream = np.concatenate(words) & 0xFFFFFFFF
    return stream.astype(np.uint32).view(np.int32), rounding


def dense(weights: Array, bias: Array, scales: Sequence[tuple[int, int]] = ()) -> Array | None:
    """The stream of ``fully_connected.h``.

    Args:
        weights: int8 [outputs][inputs].
        bias: int32 [outputs].
        scales: each output's multiplier, and its shift less one; none if all have one.

    Returns:
        int32 words; None where the packing cannot hold them.
    """
    if len(weights) % 4:
        return None
    padded = np.pad(weights, ((0, 0), (0, -weights.shape[1] % 8)))
    wide = bias.astype(np.int64)
    words: list[Array] = []
    for n in range(0, len(weights), 4):
        first, second = (packed_pair(padded[i], padded[i + 1]) for i in (n, n + 2))
        if first is None or second is None:
            return None
        a, b, c, d = wide[n : n + 4]
        words.append(np.array([(b << 8) + a, a, (d << 8) + c, c]))
        words.append(np.stack([first, second], 1).ravel())
        words.append(np.array(scales[n : n + 4], np.int64).ravel())
    stream = np.concatenate(words) & 0xFFFFFFFF
    return stream.astype(np.uint32).view(np.int32)


def dense_rounding(rounding: int, shift: int, output: Output) -> tuple[int, int, int] | None:
    """(rounding, shift, half) of ``fully_connected.h``; None where the shift does not fit."""
    extra = 0
    if rounding == ROUND_ONCE:
        shift -= 24
    elif output.low >= output.zero_point:
        rounding, shift, extra = ROUND_TWICE_POSITIVE, 7 - shift, 64
    else:
        rounding, shift = ROUND_TWICE, -shift
    if not 0 < shift <= _MOST_SHIFT:
        return None
    return rounding, shift, ((2 * output.zero_point + 1) << (shift - 1)) + extra


def packed_pair(a: Array, b: Array) -> Array | None:
    """Words of halfwords 256·b + a, in the order (0, 2), (1, 3) of each four inputs.

    Returns:
        int64 [⌈k/4⌉·2]; None where a halfword does not fit (b = −128).
    """
    halves = 256 * b.astype(np.int64) + a.astype(np.int64)
    if halves.size and (halves.min() < -(1 << 15) or halves.max() >= 1 << 15):
        return None
    fours = np.pad(halves, (0, -len(halves) % 4)).reshape(-1, 4) & 0xFFFF
    return np.stack([fours[:, 0] | fours[:, 2] << 16, fours[:, 1] | fours[:, 3] << 16], 1).ravel()


def lanes(channels: Sequence[Channel], output: Output) -> tuple[Array, int] | None:
    """The stream of ``depthwise_conv_2d.h`` and the rounding it is for.

    Args:
        channels: with 3×3 taps each.

    Returns:
        int32 words, ``tiny_rounding_t``; None where the kernel cannot take these channels.
    """
    if len(channels) % 4:
        return None
    channels = [settled(channel, output) for channel in channels]
    rounding = rounding_of(channels, output, scaled=2)
    if rounding is None:
        return None
    words: list[Array] = []
    for first in range(0, len(channels), 4):
        four = channels[first : first + 4]
        taps = np.ascontiguousarray(np.stack([c.weights for c in four], 1).astype(np.int8))
        shifts = np.array([-c.shift for c in four], np.uint8)
        words += [
            taps.view("<u4").ravel(),
            np.array([c.bias for c in four], np.int32).view(np.uint32),
            np.array([c.mult for c in four], np.int32).view(np.uint32),
            shifts.view("<u4"),
        ]
    return np.concatenate(words).view(np.int32), rounding


def window_order(lines: int, line: int) -> Array:
    """The order in which ``conv_2d.h`` takes a window's inputs: first the whole words of each line.

    Args:
        lines: of the window.
        line: inputs of one.
    """
    places = np.arange(lines * line).reshape(lines, line)
    whole = line // 4 * 4
    return np.concatenate([places[:, :whole].ravel(), places[:, whole:].ravel()])
