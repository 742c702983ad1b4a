"""Features of a fast channel: what can be measured of a window of frames, in which unit and scale.

``SOURCE [SIGNAL [VECTOR]] [jerk] STATISTIC [ARGUMENTS] WINDOW``. The C of each is in
``tinyfield/features/signals.py``; here is what a parser, the documentation and an overflow check
need, and nothing heavy is imported.

Frames are int16 in the channel's scale. What averages is in the channel's unit with two more
digits; of a jerk, in unit/s and the channel's own scale. Ratios have no unit and three digits.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

MOST_FRAMES = 1024
"""The longest window in frames: TINY_SIGNAL_MOST of ``firmware/core/features/signal.h``."""

INT16_MAX = 2**15 - 1


@dataclass(frozen=True)
class Source:
    """What a statistic is taken of: a channel, or a signal made of a vector.

    Attributes:
        unit, scale: of a frame: physical = value · 10^scale in ``unit``.
        minimum, maximum: the least and greatest frame.
        rate: frames a second.
        frames: in the window.
        jerk: the frames are differences, which the rate turns into ``unit``.
    """

    unit: str
    scale: int
    minimum: int
    maximum: int
    rate: Fraction
    frames: int
    jerk: bool = False

    @property
    def greatest(self) -> int:
        """The greatest magnitude of a frame."""
        return max(abs(self.minimum), abs(self.maximum))


@dataclass(frozen=True)
class Measure:
    """Unit and scale of a feature's integer, and the greatest magnitude it can have."""

    unit: str
    scale: int
    greatest: int


Argument = Literal["lag", "channel", "band"]
"""What follows a statistic's name: a time (whole frames, shorter than the window), another
channel of the same sensor, or two frequencies as in ``1..3 Hz``."""


@dataclass(frozen=True)
class Statistic:
    """One statistic.

    Attributes:
        says: what it gives, for people.
        measure: its unit, scale and greatest magnitude over a source.
        takes: its arguments, in order.
        of: ``frames``: a channel or a signal of a vector, or the jerk of one (but no jerk where
            it takes another channel); ``vector``: a vector as it is.
        least: the fewest frames that it takes.
        steps: of an amplitude, what the C counts in: 1 for the frame's own step, 100 for
            hundredths; 0 where the C already gives what ``measure`` says.
    """

    says: str
    measure: Callable[[Source], Measure]
    takes: tuple[Argument, ...] = ()
    of: Literal["frames", "vector"] = "frames"
    least: int = 2
    steps: int = 0


@dataclass(frozen=True)
class Signal:
    """One number a frame made of a vector's three.

    Attributes:
        says: what it is, for people.
        source: what the three channels (unit, scale and range alike) become.
        second: whether another vector of the same sensor follows the name.
    """

    says: str
    source: Callable[[Source], Source]
    second: bool = False


def spectrum_size(frames: int) -> int:
    """Points of the Fourier transform of a window: the next power of two, 8 at least."""
    return max(8, 1 << (frames - 1).bit_length())


def band_bins(low: Fraction, high: Fraction, source: Source) -> range:
    """The spectrum's bins of a band in Hz: from ``low`` on and below ``high``, or up to half the
    rate where that is ``high``; never bin 0, which is the mean. Empty where the band is too narrow
    for the window: bins lie rate / spectrum_size apart."""
    points = spectrum_size(source.frames)
    first = math.ceil(low * points / source.rate)
    end = math.ceil(high * points / source.rate)
    if 2 * high >= source.rate:
        end = points // 2 + 1
    return range(max(1, first), end)


def jerk(source: Source) -> Source:
    """The difference of successive frames of ``source``, times the rate."""
    span = source.maximum - source.minimum
    unit = f"{source.unit}/s" if source.unit else "1/s"
    return replace(
        source,
        unit=unit,
        minimum=max(-span, -INT16_MAX - 1),
        maximum=min(span, INT16_MAX),
        frames=source.frames - 1,
        jerk=True,
    )


def _length(source: Source) -> int:
    """The greatest length of a vector, held within int16."""
    return min(INT16_MAX, math.isqrt(3 * source.greatest**2) + 1)


def _part(source: Source) -> Source:
    """A part of a vector along some direction."""
    return replace(source, minimum=-_length(source) - 1, maximum=_length(source))


def _rest(source: Source) -> Source:
    return replace(source, minimum=0, maximum=_length(source))


SIGNALS: dict[str, Signal] = {
    "norm": Signal(
        "length of the vector, however the sensor is mounted",
        _rest,
    ),
    "vertical": Signal(
        "the part of each frame along the window's mean, which for an acceleration is gravity; "
        "gravity itself included",
        _part,
    ),
    "horizontal": Signal(
        "length of what is left of each frame without its vertical part",
        _rest,
    ),
    "along": Signal(
        "the part of each frame along the mean of another vector's window: `imu.gyro along "
        "imu.accel` is how fast its wearer turns about the vertical",
        _part,
        second=True,
    ),
    "across": Signal(
        "length of what is left of each frame without that part: `imu.gyro across imu.accel` is "
        "how fast its wearer tips over",
        _rest,
        second=True,
    ),
}
"""Signals of a vector, by name."""

JERK_SAYS = "difference of successive frames, times the rate"


def factor(statistic: Statistic, source: Source) -> Fraction:
    """What the C's number is multiplied by to be in ``measure``'s scale."""
    if not source.jerk or statistic.steps == 0:
        return Fraction(1)
    return source.rate / statistic.steps


def _amplitude(
    says: str,
    steps: int,
    greatest: Callable[[Source], int] = lambda s: s.greatest,
    least: int = 2,
    takes: tuple[Argument, ...] = (),
) -> Statistic:
    """A statistic in the source's unit, ``steps`` to a frame's step."""
    digits = {1: 0, 100: 2}[steps]

    def measure(source: Source) -> Measure:
        most = greatest(source)
        if source.jerk:
            return Measure(source.unit, source.scale, math.ceil(most * source.rate))
        return Measure(source.unit, source.scale - digits, most * steps)

    return Statistic(says, measure, takes, steps=steps, least=least)


def _span(source: Source) -> int:
    return source.maximum - source.minimum


def _half_span(source: Source) -> int:
    return math.ceil(_span(source) / 2)


def _decibels(source: Source) -> Measure:
    """Of half the span, at most."""
    return Measure("dB", -2, math.ceil(2000 * math.log10(max(1, 100 * _half_span(source)))) + 2)


def _count(source: Source) -> Measure:
    return Measure("", 0, source.frames)


def _ratio(_: Source) -> Measure:
    """Not beyond 1."""
    return Measure("", -3, 1000)


def _deviations(source: Source) -> Measure:
    """No frame lies more than root(n) standard deviations from the mean."""
    return Measure("", -3, 1010 * (math.isqrt(source.frames) + 1))


def _hertz(source: Source) -> Measure:
    return Measure("Hz", -2, math.ceil(50 * source.rate))


def _degrees(greatest: int) -> Callable[[Source], Measure]:
    return lambda _: Measure("deg", -2, greatest * 100)


STATISTICS: dict[str, Statistic] = {
    "mean": _amplitude("mean", 100, least=1),
    "min": _amplitude("least frame", 1, least=1),
    "max": _amplitude("greatest frame", 1, least=1),
    "range": _amplitude("greatest less least frame", 1, _span),
    "std": _amplitude("standard deviation", 100, _half_span),
    "rms": _amplitude("root of the mean square", 100, least=1),
    "mean_abs": _amplitude("mean of the absolute values", 100, least=1),
    "level": Statistic(
        "standard deviation in dB above a hundredth of the frame's step: levels of a machine at "
        "different speeds differ by sums where its standard deviations differ by factors",
        _decibels,
    ),
    "zero_crossings": Statistic("how often the sign changes in the window", _count),
    "mean_crossings": Statistic("how often it crosses its own mean in the window", _count),
    "median": _amplitude("median", 100, least=1),
    "iqr": _amplitude("upper less lower quartile", 100, _span),
    "skewness": Statistic(
        "third moment about the mean, by the standard deviation's cube: how lopsided", _deviations
    ),
    "kurtosis": Statistic(
        "fourth moment about the mean, by the standard deviation's fourth power, less 3: how "
        "spiky; 0 for noise, -1.5 for a sine",
        lambda s: Measure("", -3, 1010 * s.frames + 3000),
    ),
    "crest": Statistic(
        "greatest deviation from the mean, by the standard deviation; 1.4 for a sine", _deviations
    ),
    "autocorrelation": Statistic(
        "likeness of the window to itself so much later: 1 the same, -1 the opposite",
        _ratio,
        takes=("lag",),
    ),
    "period": Statistic(
        "lag of the highest peak of the autocorrelation, up to half the window; 0 where nothing "
        "repeats",
        lambda s: Measure("s", -3, math.ceil(500 * s.frames / s.rate)),
        least=4,
    ),
    "correlation": Statistic(
        "Pearson's correlation with another channel of the sensor", _ratio, ("channel",)
    ),
    "band": _amplitude(
        "root of the mean square that the band brings", 100, lambda s: 2 * s.greatest, 8, ("band",)
    ),
    "band_share": Statistic("the band's part of the whole power", _ratio, ("band",), least=8),
    "entropy": Statistic(
        "spectral entropy: 0 one tone, 1 the same power at every frequency", _ratio, least=8
    ),
    "peak_frequency": Statistic("frequency of the strongest tone", _hertz, least=8),
    "peak_amplitude": _amplitude(
        "amplitude of the strongest tone", 100, lambda s: 2 * s.greatest, 8
    ),
    "centroid": Statistic("mean frequency, weighted by the power", _hertz, least=8),
    "tilt": Statistic(
        "angle between the window's mean and the sensor's z axis", _degrees(180), (), "vector", 1
    ),
    "pitch": Statistic(
        "rotation about y of the window's mean, -90 to 90", _degrees(90), (), "vector", 1
    ),
    "roll": Statistic(
        "rotation about x of the window's mean, -180 to 180", _degrees(180), (), "vector", 1
    ),
}
"""Statistics of a window of frames, by name."""
