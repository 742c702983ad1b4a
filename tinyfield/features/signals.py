"""The C of each feature of a fast channel: which call gives it, and what that call needs first.

``tinyfield/spec/signals.py`` says what the same names mean. What stands in braces in a call is
the emitter's to fill in:

``{x}``, ``{y}``, ``{z}``
    the window's frames, oldest first: of a channel or signal in ``{x}``, or of a vector's three
    (or, for a statistic of two channels, of the other channel in ``{y}``);
``{gx}``, ``{gy}``, ``{gz}``
    of a signal that is taken along a second vector, that vector's frames;
``{n}``
    how many frames; of a jerk, one fewer than of its source;
``{out}``
    where a signal's frames go: int16_t [n], which may be ``{x}`` where that is scratch itself;
``{work}``
    scratch of a statistic's stage, a pointer of its ``kind``, aligned for 4 bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from tinyfield.spec.signals import STATISTICS, Source, Statistic, band_bins, factor, spectrum_size

SIGNAL_CALLS: dict[str, str] = {
    "norm": "tiny_vector_norm({x}, {y}, {z}, {n}, {out})",
    "vertical": "tiny_vector_along({x}, {y}, {z}, {x}, {y}, {z}, {n}, {out})",
    "horizontal": "tiny_vector_across({x}, {y}, {z}, {x}, {y}, {z}, {n}, {out})",
    "along": "tiny_vector_along({x}, {y}, {z}, {gx}, {gy}, {gz}, {n}, {out})",
    "across": "tiny_vector_across({x}, {y}, {z}, {gx}, {gy}, {gz}, {n}, {out})",
}
"""Statements that make a signal of a vector, by name."""

JERK_CALL = "tiny_signal_jerk({x}, {n}, {out})"
"""The statement that makes {n} - 1 differences of {n} frames."""


@dataclass(frozen=True)
class Stage:
    """Work that several statistics of one window share; done once, before any of them.

    Attributes:
        call: the statement that fills ``{work}``.
        scratch: bytes of ``{work}`` for so many frames.
        kind: what ``{work}`` points to.
    """

    call: str
    scratch: Callable[[int], int]
    kind: str = "int16_t"


STAGES: dict[str, Stage] = {
    "sorted": Stage("tiny_shape_sort({x}, {n}, {work})", lambda n: 2 * n),
    "centred": Stage("tiny_shape_centre({x}, {n}, {work})", lambda n: 2 * n),
    "spectrum": Stage(
        "tiny_spectrum({x}, {n}, {work})", lambda n: 4 * (spectrum_size(n) + 1), "int32_t"
    ),
}
"""The stages, by name."""


@dataclass(frozen=True)
class Call:
    """How a statistic is read.

    Attributes:
        text: the C expression, an int32_t.
        stage: the stage whose ``{work}`` it reads; None where it reads the frames alone.
    """

    text: str
    stage: str | None = None


CALLS: dict[str, Call] = {
    "mean": Call("tiny_signal_mean({x}, {n})"),
    "min": Call("tiny_signal_min({x}, {n})"),
    "max": Call("tiny_signal_max({x}, {n})"),
    "range": Call("tiny_signal_range({x}, {n})"),
    "std": Call("tiny_signal_std({x}, {n})"),
    "rms": Call("tiny_signal_rms({x}, {n})"),
    "mean_abs": Call("tiny_signal_mean_abs({x}, {n})"),
    "level": Call("tiny_signal_level({x}, {n})"),
    "zero_crossings": Call("tiny_signal_zero_crossings({x}, {n})"),
    "mean_crossings": Call("tiny_signal_mean_crossings({x}, {n})"),
    "median": Call("tiny_shape_median({work}, {n})", "sorted"),
    "iqr": Call("tiny_shape_iqr({work}, {n})", "sorted"),
    "skewness": Call("tiny_shape_skewness({work}, {n})", "centred"),
    "kurtosis": Call("tiny_shape_kurtosis({work}, {n})", "centred"),
    "crest": Call("tiny_shape_crest({work}, {n})", "centred"),
    "autocorrelation": Call("tiny_likeness_autocorrelation({work}, {n}, {lag})", "centred"),
    "period": Call("tiny_scaled(tiny_likeness_period({work}, {n}), {ms_a_frame})", "centred"),
    "correlation": Call("tiny_likeness_correlation({x}, {y}, {n})"),
    "band": Call("tiny_spectrum_band({work}, {n}, {first}, {end})", "spectrum"),
    "band_share": Call("tiny_spectrum_share({work}, {n}, {first}, {end})", "spectrum"),
    "entropy": Call("tiny_spectrum_entropy({work}, {n})", "spectrum"),
    "peak_frequency": Call("tiny_scaled(tiny_spectrum_peak({work}, {n}), {hertz})", "spectrum"),
    "peak_amplitude": Call("tiny_spectrum_peak_amplitude({work}, {n})", "spectrum"),
    "centroid": Call("tiny_scaled(tiny_spectrum_centroid({work}, {n}), {hertz})", "spectrum"),
    "tilt": Call("tiny_vector_tilt({x}, {y}, {z}, {n})"),
    "pitch": Call("tiny_vector_pitch({x}, {y}, {z}, {n})"),
    "roll": Call("tiny_vector_roll({x}, {y}, {z}, {n})"),
}
"""How each statistic is read, by name."""

HEADERS = (
    "features/likeness.h",
    "features/shape.h",
    "features/signal.h",
    "features/spectrum.h",
    "features/vector.h",
)
"""What C that uses these includes."""


def arguments(name: str, source: Source, given: Sequence[Fraction]) -> dict[str, str]:
    """What else stands in braces in the call of statistic ``name``, by name.

    ``{lag}`` in frames; ``{first}`` and ``{end}``, the bins of a band; ``{ms_a_frame}`` and
    ``{hertz}`` (hundredths of a Hz for 1/256 of a bin), as ``numerator, denominator``.

    Args:
        given: the statistic's arguments but for channels: a lag in s; a band's two edges in Hz.
    """
    values = {
        "ms_a_frame": _pair(1000 / source.rate),
        "hertz": _pair(100 * source.rate / (256 * spectrum_size(source.frames))),
    }
    takes = STATISTICS[name].takes
    if "lag" in takes:
        values["lag"] = str(int(given[0] * source.rate))
    if "band" in takes:
        bins = band_bins(given[0], given[1], source)
        values.update(first=str(bins.start), end=str(bins.stop))
    return values


def _pair(value: Fraction) -> str:
    return f"{value.numerator}, {value.denominator}"


def scaled(text: str, statistic: Statistic, source: Source) -> str:
    """The C expression ``text`` of a statistic, brought to the scale that its measure says."""
    by = factor(statistic, source)
    return text if by == 1 else f"tiny_scaled({text}, {by.numerator}, {by.denominator})"
