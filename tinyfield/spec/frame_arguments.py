"""What follows the statistic in a feature of frames: a lag, a band, another channel, the window."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from tinyfield.spec.app import Channel
from tinyfield.spec.durations import parse_duration
from tinyfield.spec.mistake import Mistake
from tinyfield.spec.signals import MOST_FRAMES, Source, band_bins, spectrum_size
from tinyfield.spelling import nearest

LONGEST_S = 60
"""Over longer windows the words that both kinds know (``mean``, ``std``) are of readings."""

_WORD = re.compile(r"\S+")
_TIME = re.compile(r"[\d.,]+\s*[^\W\d]+")
_BAND = re.compile(
    r"(\d+(?:\.\d+)?)\s*(k?Hz)?\s*\.\.\s*(\d+(?:\.\d+)?)\s*(k?Hz)(?!\w)", re.IGNORECASE
)


@dataclass(frozen=True)
class Given:
    """The channels that a source names, one or a vector's three, and what goes for each."""

    name: str
    ids: tuple[int, ...]
    channel: Channel

    @property
    def vector(self) -> bool:
        """Whether it has x, y and z."""
        return len(self.ids) > 1


class Rest:
    """What follows the statistic, read from the front."""

    def __init__(self, text: str, at: int) -> None:
        self.text = text
        self.at = at
        self._skip()
        self.lag_at, self.lag_width = at, 1
        self.band_at, self.band_width = at, 1

    def _skip(self) -> None:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1

    @property
    def left(self) -> str:
        return self.text[self.at :].rstrip()

    def mistake(self, message: str, hint: str, code: str = "feature") -> Mistake:
        width = len(self.left)
        at = self.at if width else max(0, len(self.text) - 1)
        return Mistake(message, hint=hint, code=code, offset=at, width=width or 1)

    def _take(self, length: int) -> None:
        self.at += length
        self._skip()

    def time(self) -> Fraction:
        """One time."""
        found = _TIME.match(self.left)
        if found is None:
            raise self.mistake("a lag is missing", "write a time and then the window: '0.5 s 2 s'")
        try:
            lag = parse_duration(found.group())
        except Mistake as mistake:
            raise self.mistake(mistake.message, mistake.hint or "", mistake.code) from None
        self.lag_at, self.lag_width = self.at, len(found.group())
        self._take(len(found.group()))
        return lag

    def band(self, channel: Channel) -> tuple[Fraction, Fraction]:
        """Two frequencies."""
        found = _BAND.match(self.left)
        if found is None:
            raise self.mistake("a band is missing", "write two frequencies: 'band 1..3 Hz 2 s'")
        units = (found[2] or found[4], found[4])
        low, high = (
            Fraction(number) * (1000 if unit.lower() == "khz" else 1)
            for number, unit in zip((found[1], found[3]), units, strict=True)
        )
        most = channel.rate / 2
        if not 0 <= low < high or high > most:
            reach = f"{float(most):.4f}".rstrip("0").rstrip(".")
            hint = f"write a band from 0 to {reach} Hz, half the rate; the lower one first"
            raise Mistake(
                f"no band that {float(channel.rate):g} frames a second can show",
                hint=hint,
                code="range",
                offset=self.at,
                width=len(found.group()),
            )
        self.band_at, self.band_width = self.at, len(found.group())
        self._take(len(found.group()))
        return low, high

    def channel(self, given: Given, channels: tuple[Channel, ...]) -> int:
        """Another channel of the same sensor."""
        found = _WORD.match(self.left)
        like = [
            (i, c.name)
            for i, c in enumerate(channels)
            if c.sensor == given.channel.sensor and i not in given.ids
        ]
        example = f"write a channel of {given.channel.sensor!r}, such as '{like[0][1]}'"
        if found is None or found.group()[0].isdigit():
            raise self.mistake("another channel is missing", example)
        name = found.group()
        for i, known in like:
            if known == name:
                self._take(len(name))
                return i
        near = nearest(name, [known for _, known in like])
        raise Mistake(
            f"{name!r} is no other channel of {given.channel.sensor!r}",
            hint=f"did you mean {near!r}?" if near and name not in given.name else example,
            code="unknown",
            offset=self.at,
            width=len(name),
        )


def frames_of(rest: Rest, given: Given, name: str, least: int) -> int:
    """Frames in the window, which is all that is left."""
    channel = given.channel
    if not rest.left:
        raise rest.mistake(f"{name!r} needs a window", "write a time at the end, such as '2 s'")
    found = _TIME.match(rest.left)
    if found is not None and rest.left[found.end() :].strip():
        rest.time()
        raise rest.mistake("the window is the last thing that is said", f"remove {rest.left!r}")
    try:
        window = parse_duration(rest.left)
    except Mistake as mistake:
        raise rest.mistake(mistake.message, mistake.hint or "", mistake.code) from None
    exact = window * channel.rate

    def text(frames: int) -> str:
        return f"{float(frames / channel.rate):.6f}".rstrip("0").rstrip(".") + " s"

    if exact.denominator != 1:
        below = int(exact)
        raise rest.mistake(
            f"{rest.left} at {float(channel.rate):g} Hz is no whole number of frames",
            f"take {text(below) + ' or ' if below else ''}{text(below + 1)}",
            "window",
        )
    count = int(exact)
    most = MOST_FRAMES if channel.continuous else min(MOST_FRAMES, channel.frames)
    if count > most:
        why = (
            f"more than the burst of {text(channel.frames)}"
            if most < MOST_FRAMES
            else f"{count} frames, more than a node keeps"
        )
        cure = f"take at most {text(most)}"
        if (
            most == MOST_FRAMES
            and not given.vector
            and name in ("mean", "min", "max", "range", "std")
        ):
            cure += f", or more than {LONGEST_S} s for the {name} of one reading a sample"
        raise rest.mistake(f"a window of {rest.left} is {why}", cure, "window")
    if count < least:
        raise rest.mistake(
            f"{name!r} needs {least} frames, and {rest.left} holds {count}",
            f"take at least {text(least)}",
            "window",
        )
    return count


def check_lag(rest: Rest, lag: Fraction, rate: Fraction, count: int) -> None:
    frames = lag * rate
    if frames.denominator != 1 or not 0 < frames < count:
        whole = frames.denominator == 1
        raise Mistake(
            "a lag as long as the window" if whole and frames else "no whole number of frames",
            hint="take a lag of one frame at least and shorter than the window, "
            f"in steps of {float(1 / rate):g} s",
            code="window",
            offset=rest.lag_at,
            width=rest.lag_width,
        )


def check_band(rest: Rest, band: tuple[Fraction, ...], source: Source) -> None:
    if band_bins(band[0], band[1], source):
        return
    apart = source.rate / spectrum_size(source.frames)
    raise Mistake(
        "a band in which the window's spectrum has no frequency",
        hint="take a wider band or a longer window: "
        f"its frequencies lie {float(apart):.4g} Hz apart",
        code="range",
        offset=rest.band_at,
        width=rest.band_width,
    )
