"""How a window of so many samples is cut into buckets, and what fits its arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from tinyfield.errors import SpecError

BUCKETS = 12
"""Buckets of a window, unless its length in samples asks for fewer or for more."""

_FEWEST = 6  # fewer would let a window forget a fifth of itself at a bucket's end
_BUCKET_MOST = 255  # counts are uint8
_EWMA_MOST = 65535
_INT32 = 2**31 - 1


@dataclass(frozen=True)
class Shape:
    """A ring of ``buckets`` buckets of ``size`` samples.

    ``size`` and ``buckets`` are at most 255; their product is the most samples covered.
    """

    buckets: int
    size: int

    @property
    def samples(self) -> int:
        return self.buckets * self.size


def window_shape(window_s: int, sample_s: int, *, what: str = "the window") -> Shape:
    """The buckets of a window of ``window_s`` seconds, sampled every ``sample_s``.

    Covers as much of the window as whole equal buckets can, never more; of equal covers the
    one with most buckets (6 to 12) wins. Windows beyond 12 x 255 samples get more buckets.

    Raises:
        SpecError: shorter than one sample, or longer than 255 buckets of 255 samples.
    """
    samples = window_s // sample_s
    if samples < 1:
        raise SpecError(
            f"{what}: {window_s} s is shorter than one sample ({sample_s} s)",
            hint="lengthen the window or sample more often",
        )
    if samples > _BUCKET_MOST * _BUCKET_MOST:
        raise SpecError(
            f"{what}: {samples} samples are more than a window can hold ({_BUCKET_MOST**2})",
            hint="shorten the window or sample less often",
        )
    least = max(-(-samples // _BUCKET_MOST), min(_FEWEST, samples))
    choices = range(least, max(least, min(BUCKETS, samples)) + 1)
    buckets = max(choices, key=lambda n: (n * (samples // n), n))
    return Shape(buckets, samples // buckets)


def lag_shape(window_s: int, sample_s: int, *, what: str = "the lag") -> Shape:
    """A ring whose oldest bucket, once full, holds the sample of ``window_s`` seconds ago.

    One bucket more than :func:`window_shape` gives: the newest is still filling. Where the lag is
    no whole number of equal buckets, it is up to a bucket shorter.

    Raises:
        SpecError: as window_shape.
    """
    shape = window_shape(window_s, sample_s, what=what)
    if shape.buckets >= _BUCKET_MOST:
        raise SpecError(
            f"{what}: {window_s // sample_s} samples are more than a ring can hold",
            hint="shorten it or sample less often",
        )
    return Shape(shape.buckets + 1, shape.size)


def ewma_samples(window_s: int, sample_s: int, *, what: str = "the average") -> int:
    """n of an exponentially weighted average: each reading moves it 1/n of the way.

    Raises:
        SpecError: fewer than two samples, or more than 65535.
    """
    n = window_s // sample_s
    if not 2 <= n <= _EWMA_MOST:
        raise SpecError(
            f"{what}: {n} samples; the average takes 2 to {_EWMA_MOST}",
            hint="lengthen the time" if n < 2 else "shorten the time or sample less often",
        )
    return n


def shape_of(
    op: str, window_s: int, sample_s: int, channel: tuple[int, int], *, what: str
) -> Shape:
    """The ring of a channel's feature, proved to hold whatever the channel can give.

    Args:
        op: an operation over a window, or a lag.
        channel: least and greatest scaled value.
        what: names the feature in the error.

    Raises:
        SpecError: as window_shape, lag_shape and check_fits; or one sample for a slope.
    """
    cut = lag_shape if op in ("lag", "change") else window_shape
    shape = cut(window_s, sample_s, what=what)
    if op == "slope" and shape.buckets < 2:
        raise SpecError(f"{what}: a slope needs two samples", hint="lengthen the window")
    check_fits(op, shape, channel, factor_of(op, window_s, sample_s), what)
    return shape


def factor_of(op: str, window_s: int, sample_s: int) -> Fraction:
    """What a read-out multiplies by: hours for sum, slope_factor for slope, else 1."""
    if op == "sum":
        return Fraction(window_s, 3600)
    return slope_factor(sample_s) if op == "slope" else Fraction(1)


def slope_factor(sample_s: int) -> Fraction:
    """From scaled units per half sample to hundredths of scaled units per hour."""
    return Fraction(2 * 3600 * 100, sample_s)


def check_fits(
    op: str, shape: Shape, channel: tuple[int, int], factor: Fraction, what: str
) -> None:
    """Proves that no reading within the channel's range overflows the C's intermediates.

    Args:
        op: the feature's operation.
        channel: least and greatest scaled value.
        factor: what the read-out multiplies by (hours for sum, slope_factor for slope, else 1).
        what: names the feature in the error.

    Raises:
        SpecError: says which feature asks for too much.
    """
    size = max(abs(channel[0]), abs(channel[1]))
    span = channel[1] - channel[0]
    n = shape.samples
    fits = True
    if op in ("mean", "sum", "slope", "std", "lag", "change"):
        fits = shape.size * size <= _INT32
    if op == "sum":
        fits = fits and n * size * factor.numerator < 2**63 and size * factor <= _INT32
    elif op == "std":
        fits = fits and shape.size * size**2 < 2**63 and n * span < 2**32
    elif op == "slope":
        fits = fits and n**3 * span * factor.numerator < 2**63
        fits = fits and 2 * n * n < 2**32 and n**4 * factor.denominator < 2**63
    if not fits:
        raise SpecError(
            f"{what}: {n} samples of values up to {size} overflow the node's arithmetic",
            hint="shorten the window or sample less often",
        )
