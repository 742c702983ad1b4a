"""Convolutions without DSP instructions: two multiply-accumulates by one multiplication.

``firmware/core/nn/scalar/tile.h`` says how; here the weights become its streams, with the sums
cut into chunks that keep the lower pixel's sum within 16 bits.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tinyfield.compiler.calls import (
    Argument,
    Buffer,
    Call,
    Literal,
    Rom,
    Rows,
    Scratch,
    overlap_pixels,
)
from tinyfield.compiler.graph import Array
from tinyfield.compiler.kernels.arguments import image, size
from tinyfield.compiler.kernels.spec import ConvSpec
from tinyfield.compiler.rounding import requantize_twice

_MOST_WORDS = 12
_MOST_PAIRED = 128
_SMALL_WEIGHTS = 12  # in the mean: chunks are of full length
_MOST_RUNS = 12  # TINY_RUNS_MOST
_MOST_STRIP_BYTES = 1 << 16


#: For each channel: the multiplier, what is added, and the right shift.
Scales = tuple[Array, Array, Array]


@dataclass(frozen=True)
class Tile:
    """How many output channels by how many pairs of pixels are computed at once."""

    channels: int
    pairs: int


#: All registers of a RV32 are needed for the wide one; a Cortex-M has half as many.
WIDE, NARROW = Tile(2, 3), Tile(1, 2)


def wide(spec: ConvSpec) -> Call | None:
    """The choice for a processor with 32 registers."""
    return conv(spec, WIDE)


def narrow(spec: ConvSpec) -> Call | None:
    """The choice for a processor with 16 registers, or an odd number of channels."""
    return conv(spec, NARROW)


def conv(spec: ConvSpec, tile: Tile) -> Call | None:
    """The call for a convolution of one group without dilation; None for another."""
    if not _fits(spec, tile):
        return None
    scales = output_scales(spec)
    if scales is None:
        return None
    if spec.pointwise:
        return _pointwise(spec, tile, scales)
    if spec.k_h > _MOST_RUNS or max(spec.dilation_h, spec.dilation_w) > 1:
        return None
    row_pairs = -(-spec.out_w // 2)
    touched = min(spec.out_h, 1 + -(-(tile.pairs - 1) // row_pairs))
    strips = spec.k_h + spec.stride_h * (touched - 1)
    columns = 2 * spec.stride_w * (row_pairs - 1) + spec.k_w
    strip_bytes = strips * columns * spec.in_c * 4
    if strip_bytes > _MOST_STRIP_BYTES:
        return None
    return Call(
        "tiny_scalar_conv",
        "scalar/conv.h",
        (
            Buffer(spec.source),
            *_channels(spec, tile, spec.k_h, scales),
            Buffer(spec.output, write=True),
            Scratch(strip_bytes),
            *image(spec),
            size("out_c", spec.out_c),
            size("k_h", spec.k_h),
            size("k_w", spec.k_w),
            size("stride_h", spec.stride_h),
            size("stride_w", spec.stride_w),
            size("pad_top", spec.pad_top),
            size("pad_left", spec.pad_left),
            size("pad", spec.pad),
            size("strips", strips),
            *_tail(spec, tile),
        ),
        spec.label,
        macs=spec.macs,
        overlap=spec.overlap(),
        windows={spec.source: spec.window},
    )


def depthwise(spec: ConvSpec) -> Call | None:
    """The call for a depthwise convolution with multiplier 1 and no dilation; None for another."""
    if not spec.depthwise or spec.out_c != spec.in_c or spec.k_h > _MOST_RUNS:
        return None
    scales = output_scales(spec)
    if max(spec.dilation_h, spec.dilation_w) > 1 or scales is None or spec.rounding not in (1, 2):
        return None
    pitch = (spec.out_w - 1) * spec.stride_w + spec.k_w
    return Call(
        "tiny_scalar_depthwise",
        "scalar/depthwise.h",
        (
            Buffer(spec.source),
            Rom(
                "weights",
                np.moveaxis(np.asarray(spec.weights).reshape(spec.k_h, spec.k_w, -1), 2, 0),
            ),
            Rom("channels", _table([spec.bias.astype(np.int64), *scales])),
            Buffer(spec.output, write=True),
            Scratch(spec.in_c * spec.k_h * pitch),
            *image(spec),
            Literal("k_h", spec.k_h),
            Literal("k_w", spec.k_w),
            size("stride_h", spec.stride_h),
            Literal("stride_w", spec.stride_w),
            size("pad_top", spec.pad_top),
            size("pad_left", spec.pad_left),
            size("pad", spec.pad),
            Literal("rounding", spec.rounding),
            size("low", spec.low),
            size("high", spec.high),
        ),
        spec.label,
        macs=spec.macs,
        overlap={spec.source: _overlap_copied(spec)},
        windows={spec.source: spec.window},
    )


def _overlap_copied(spec: ConvSpec) -> int:
    """The distance for a kernel that has copied all rows an output row sees before it writes it."""
    window = spec.window
    return max(
        0,
        *(
            (y + 1) * window.out_bytes - window.end(y) * window.in_bytes
            for y in range(window.out_rows)
        ),
    )


def _pointwise(spec: ConvSpec, tile: Tile, scales: Scales) -> Call:
    pixels = spec.out_h * spec.out_w
    return Call(
        "tiny_scalar_pointwise",
        "scalar/pointwise.h",
        (
            Buffer(spec.source),
            *_channels(spec, tile, 1, scales),
            Buffer(spec.output, write=True),
            Scratch(tile.pairs * spec.in_c * 4),
            Rows("pixels", spec.out_h, spec.out_w),
            size("in_c", spec.in_c),
            size("out_c", spec.out_c),
            *_tail(spec, tile),
        ),
        spec.label,
        macs=spec.macs,
        overlap={spec.source: overlap_pixels(pixels, spec.in_c, spec.out_c)},
        windows={spec.source: spec.window},
    )


def _fits(spec: ConvSpec, tile: Tile) -> bool:
    """Is this a convolution that the tiles compute?"""
    return (
        not spec.depthwise
        and spec.w_c == spec.in_c
        and spec.out_c % tile.channels == 0
        and spec.rounding in (1, 2)
    )


def _channels(spec: ConvSpec, tile: Tile, runs: int, scales: Scales) -> tuple[Argument, ...]:
    """The weights' stream, and the five numbers of each channel."""
    matrix = np.asarray(spec.weights).reshape(spec.out_c, runs, -1)
    order = pairing(matrix) if tile is WIDE else np.arange(spec.out_c)
    weights, counts = stream(matrix[order], tile.channels)
    bias = spec.bias.astype(np.int64)[order]
    mult, added, down = (one[order] for one in scales)
    total = bias * ((1 << 16) + 1) - (np.repeat(np.array(counts, np.int64), tile.channels) << 15)
    place = down + 256 * order if tile is WIDE else down
    return (
        Rom("weights", weights),
        Rom("channels", _table([bias, mult, added, place, total])),
    )


def _table(columns: Sequence[Array]) -> Array:
    """int32 [out_c, columns], modulo 2^32."""
    return (np.stack(columns, axis=1) & 0xFFFFFFFF).astype(np.uint32).view(np.int32)


def output_scales(spec: ConvSpec) -> Scales | None:
    """For each channel its multiplier, what is added before the right shift, and that shift; int64.

    The kernels work in halves of what the first of the two roundings gives, hence one more bit.
    None unless every multiplier is below 1 and nothing overflows 32 bits.
    """
    rows = []
    for mult, shift, (least, most) in zip(
        spec.mult.tolist(), spec.shift.tolist(), spec.sums, strict=True
    ):
        ends = [requantize_twice(x, mult, shift) for x in (least, most)]
        if ends[0] == ends[1]:
            # A channel whose weights are all but nothing: its shift may be any.
            always = min(max(ends[0] + spec.zero_point, spec.low), spec.high)
            rows.append((0, 2 + (always << 2), 2))
            continue
        down = 1 - shift
        if not 2 <= down <= 31:
            return None
        added = 1 + (1 << (down - 1)) + (spec.zero_point << down)
        reach = max(-least, most)
        most_halves = (reach * mult >> 30) + 3
        if reach >= 1 << 29 or most_halves + abs(added) >= 1 << 31:
            return None
        rows.append((mult, added, down))
    multipliers, additions, shifts = np.array(rows, np.int64).T
    return multipliers, additions, shifts


def _tail(spec: ConvSpec, tile: Tile) -> tuple[Argument, ...]:
    return (
        Literal("pairs", tile.pairs),
        Literal("rounding", spec.rounding),
        size("low", spec.low),
        size("high", spec.high),
    )


def stream(matrix: Array, channels: int) -> tuple[Array, list[int]]:
    """Weights as ``tile.h`` reads them, and how many chunks each group of channels has.

    Args:
        matrix: int8 [out_c][runs][words of a run].
        channels: of a group.
    """
    _, runs, length = matrix.shape
    parts: list[Array] = []
    counts = []
    for group in matrix.reshape(-1, channels, runs, length):
        count = 0
        for run in range(runs):
            words = group[:, run]
            for begin, end in chunks(words):
                size = end - begin
                head = (
                    [4 * size] if channels == NARROW.channels else [4 * size, channels * size + 2]
                )
                parts.append(np.array(head, np.int8))
                parts.append(words[:, begin:end].T.ravel())
                count += 1
            parts.append(np.zeros(1, np.int8))
        counts.append(count)
    return np.concatenate(parts), counts


def chunks(words: Array, most: int = _MOST_WORDS) -> list[tuple[int, int]]:
    """Cuts a run [channels][words] into the fewest chunks whose sums keep within 16 bits."""
    up, down = (np.maximum(sign * words.astype(np.int64), 0) for sign in (1, -1))
    found, begin = [], 0
    while begin < words.shape[1]:
        end = begin + 1
        ups, downs = up[:, begin].copy(), down[:, begin].copy()
        while end < min(words.shape[1], begin + most):
            ups += up[:, end]
            downs += down[:, end]
            if not np.all(_keeps(ups, downs)):
                break
            end += 1
        found.append((begin, end))
        begin = end
    return found


def _keeps(ups: Array, downs: Array) -> Array:
    """Do sums of inputs −128..127 keep within 16 bits? ups, downs: positive weights, negated
    negative ones."""
    fits: Array = (128 * ups + 127 * downs <= 1 << 15) & (127 * ups + 128 * downs < 1 << 15)
    return fits


def pairing(matrix: Array) -> Array:
    """An order of the channels [out_c][runs][words] in which neighbours need few chunks together.

    Each in turn takes the best of those left, then pairs exchange partners while that helps; where
    chunks are long anyway the channels stay as they are.
    """
    out_c = len(matrix)
    if out_c > _MOST_PAIRED or np.abs(matrix.astype(np.int64)).mean() < _SMALL_WEIGHTS:
        return np.arange(out_c)
    together = _together(matrix).tolist()
    pairs: list[tuple[int, int]] = []
    left = list(range(out_c))
    while left:
        first = left.pop(0)
        other = min(left, key=lambda c: 2 * together[first][c] - together[c][c])
        left.remove(other)
        pairs.append((first, other))
    better = True
    while better:
        better = False
        for one, two in itertools.combinations(range(len(pairs)), 2):
            (a, b), (c, d) = pairs[one], pairs[two]
            now = together[a][b] + together[c][d]
            for e, f in ((c, d), (d, c)):
                if together[a][e] + together[b][f] < now:
                    pairs[one], pairs[two] = (a, e), (b, f)
                    better = True
                    break
    return np.array(pairs).ravel()


def _together(matrix: Array) -> Array:
    """Chunks of each two channels [n][runs][words] in one group, [n, n]; the diagonal: alone."""
    count = matrix.shape[0]
    up, down = np.maximum(matrix.astype(np.int64), 0), np.maximum(-matrix.astype(np.int64), 0)
    total = np.zeros((count, count), np.int64)
    for run in range(matrix.shape[1]):
        sums = np.zeros((2, 2, count, count), np.int64)  # positive and negative, of both
        size = np.full((count, count), _MOST_WORDS)
        for word in range(matrix.shape[2]):
            new = np.stack([up[:, run, word], down[:, run, word]])
            one = np.stack(np.broadcast_arrays(new[:, :, None], new[:, None, :]), axis=1)
            sums += one
            cut = (size == _MOST_WORDS) | ~np.all(_keeps(sums[0], sums[1]), axis=0)
            total += cut
            size = np.where(cut, 1, size + 1)
            sums = np.where(cut, one, sums)
    return total
