"""Features over a window of a fast channel's frames: ``imu.accel norm band 1..3 Hz 2.56 s``.

``SOURCE [SIGNAL] [jerk] STATISTIC [ARGUMENTS] WINDOW``; the words are those of
:mod:`tinyfield.spec.signals`. SOURCE is a fast channel or a vector: ``imu.accel`` where the sensor
has ``accel_x``, ``accel_y`` and ``accel_z``. What takes no window of frames (``last``, ``slope``,
a mean over more than a minute) is a feature of the channel's readings, one a sample, each the mean
of that sample's frames.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from tinyfield.spec.app import Channel, Feature, Frames
from tinyfield.spec.durations import parse_duration
from tinyfield.spec.frozen import build
from tinyfield.spec.mistake import Mistake
from tinyfield.spec.signals import (
    JERK_SAYS,
    MOST_FRAMES,
    SIGNALS,
    STATISTICS,
    Source,
    Statistic,
    jerk,
)
from tinyfield.spelling import listing, nearest

LONGEST_S = 60
"""Over longer windows the words that both kinds know (``mean``, ``std``) are of readings."""
INT32_MAX = 2**31 - 1
AXES = ("x", "y", "z")
JERK = "jerk"

_WORD = re.compile(r"\S+")
_TIME = re.compile(r"[\d.,]+\s*[^\W\d]+")
_BAND = re.compile(r"([\d.]+)\s*(?:k?Hz)?\s*\.\.\s*([\d.]+)\s*(k?)Hz", re.IGNORECASE)


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


def vectors(channels: tuple[Channel, ...]) -> dict[str, tuple[int, ...]]:
    """The vectors that the fast channels make, by name, with the ids of x, y and z."""
    ids = {channel.name: i for i, channel in enumerate(channels) if channel.frames}
    found: dict[str, tuple[int, ...]] = {}
    for name in ids:
        stem = name.removesuffix("_x")
        parts = [f"{stem}_{axis}" for axis in AXES]
        if stem != name and all(part in ids for part in parts):
            found[stem] = tuple(ids[part] for part in parts)
    return found


def is_of_frames(words: list[tuple[str, int]], text: str, known: tuple[str, ...]) -> bool:
    """Whether what is said of a fast channel needs its frames; ``known`` are the words that mean
    something to readings."""
    if len(words) < 2:
        return False
    word, at = words[1]
    if word not in known:
        return True
    if word not in STATISTICS:
        return False
    try:
        return parse_duration(text[at + len(word) :].strip()) <= LONGEST_S
    except Mistake:
        return True


def parse_frames(
    text: str, source: str, ids: tuple[int, ...], channels: tuple[Channel, ...]
) -> Feature:
    """The feature that ``text`` names, of a fast channel or a vector; Mistake with its place."""
    given = Given(source, ids, channels[ids[0]])
    words = [(m.group(), m.start()) for m in _WORD.finditer(text)][1:]
    signal = words.pop(0) if words and words[0][0] in SIGNALS else None
    jerked = words.pop(0) if words and words[0][0] == JERK else None
    if not words:
        raise Mistake(
            f"of {source}'s frames, what?",
            hint=f"write '{source}{_signal_hint(given, signal)} rms 2 s'",
            code="feature",
            offset=max(0, len(text) - 1),
            width=1,
        )
    name, at = words[0]
    statistic = STATISTICS.get(name)
    if statistic is None:
        raise _unknown(name, at, given)
    _check_source(given, signal, jerked, name, at, statistic)
    rest = _Rest(text, at + len(name))
    lag = rest.time() if "lag" in statistic.takes else None
    band = rest.band(given.channel) if "band" in statistic.takes else ()
    other = rest.channel(given, channels) if "channel" in statistic.takes else None
    count = _count(rest, given, name, statistic.least + (jerked is not None))
    if lag is not None:
        _check_lag(rest, lag, given.channel.rate, count)
    origin = Source(
        given.channel.unit,
        given.channel.scale,
        given.channel.minimum,
        given.channel.maximum,
        given.channel.rate,
        count,
    )
    if signal is not None:
        origin = SIGNALS[signal[0]].source(origin)
    if jerked is not None:
        origin = jerk(origin)
    measure = statistic.measure(origin)
    if measure.greatest > INT32_MAX:
        raise Mistake(
            f"{name} of {source} can pass what 32 bits hold",
            hint="take a shorter window or a lower rate",
            code="overflow",
            offset=at,
            width=len(name),
        )
    return build(Feature)(
        text=text,
        source=source,
        op="frames",
        window_s=None,
        unit=measure.unit,
        scale=measure.scale,
        width=1,
        channel=ids[0],
        other=other,
        frames=build(Frames)(
            channels=ids,
            signal=signal[0] if signal else None,
            jerk=jerked is not None,
            statistic=name,
            given=(*(() if lag is None else (lag,)), *band),
            count=count,
        ),
    )


def _signal_hint(given: Given, signal: tuple[str, int] | None) -> str:
    return f" {signal[0] if signal else 'norm'}" if given.vector else ""


def _unknown(name: str, at: int, given: Given) -> Mistake:
    known = [*STATISTICS, JERK, *(SIGNALS if given.vector else ())]
    near = nearest(name, known)
    if name in SIGNALS:
        stem = given.name.rpartition("_")[0]
        hint = f"write it before the statistic: '{given.name} {name} rms 2 s'"
        if not given.vector:
            hint = f"write '{stem} {name} …' for the vector of {given.name} and its like"
        return Mistake(
            f"{name!r} is made of a vector, not of {given.name}"
            if not given.vector
            else f"{name!r} stands in the wrong place",
            hint=hint,
            code="feature",
            offset=at,
            width=len(name),
        )
    return Mistake(
        f"{name!r} is nothing that can be measured of frames",
        hint=f"did you mean {near!r}?" if near else f"write one of {listing([*STATISTICS], 40)}",
        code="feature",
        offset=at,
        width=len(name),
    )


def _check_source(
    given: Given,
    signal: tuple[str, int] | None,
    jerked: tuple[str, int] | None,
    name: str,
    at: int,
    statistic: Statistic,
) -> None:
    """Whether the statistic can be taken of what stands before it."""
    if signal is not None and not given.vector:
        raise _unknown(*signal, given)
    if statistic.of == "vector":
        wrong = signal or jerked
        if wrong is not None:
            raise Mistake(
                f"{name!r} is of the vector itself",
                hint=f"remove {wrong[0]!r}",
                code="feature",
                offset=wrong[1],
                width=len(wrong[0]),
            )
        if not given.vector:
            stem = given.name.rpartition("_")[0] or given.name
            raise Mistake(
                f"{name!r} is of a vector, and {given.name} is one channel",
                hint=f"write '{stem} {name} …'",
                code="feature",
                offset=at,
                width=len(name),
            )
        return
    if given.vector and signal is None:
        names = listing([*SIGNALS])
        raise Mistake(
            f"{given.name} has three parts: {name} of which?",
            hint=f"write '{given.name}_x {name} …', or one of {names} before {name!r}",
            code="feature",
            offset=at,
            width=len(name),
        )
    if jerked is not None and "channel" in statistic.takes:
        raise Mistake(
            f"{name!r} is of two channels as they are",
            hint=f"remove {JERK!r}",
            code="feature",
            offset=jerked[1],
            width=len(jerked[0]),
        )


class _Rest:
    """What follows the statistic, read from the front."""

    def __init__(self, text: str, at: int) -> None:
        self.text = text
        self.at = at
        self._skip()
        self.lag_at, self.lag_width = at, 1

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
        factor = 1000 if found[3] else 1
        try:
            low, high = (Fraction(found[i]) * factor for i in (1, 2))
        except ValueError:
            raise self.mistake("no two frequencies", "write 'band 1..3 Hz 2 s'") from None
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


def _count(rest: _Rest, given: Given, name: str, least: int) -> int:
    """Frames in the window, which is all that is left."""
    channel = given.channel
    if not rest.left:
        raise rest.mistake(f"{name!r} needs a window", "write a time at the end, such as '2 s'")
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
        if most == MOST_FRAMES and name in ("mean", "min", "max", "range", "std"):
            cure += f", or more than {LONGEST_S} s for the {name} of one reading a sample"
        raise rest.mistake(f"a window of {rest.left} is {why}", cure, "window")
    if count < least:
        raise rest.mistake(
            f"{name!r} needs {least} frames, and {rest.left} holds {count}",
            f"take at least {text(least)}",
            "window",
        )
    return count


def _check_lag(rest: _Rest, lag: Fraction, rate: Fraction, count: int) -> None:
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


__all__ = ["JERK", "JERK_SAYS", "is_of_frames", "parse_frames", "vectors"]
