"""Features over a window of a fast channel's frames: ``imu.accel norm band 1..3 Hz 2.56 s``.

``SOURCE [SIGNAL [VECTOR]] [jerk] STATISTIC [ARGUMENTS] WINDOW``; the words are those of
:mod:`tinyfield.spec.signals`. SOURCE is a fast channel or a vector: ``imu.accel`` where the sensor
has ``accel_x``, ``accel_y`` and ``accel_z``. What takes no window of frames (``last``, ``slope``,
a mean over more than a minute) is a feature of the channel's readings, one a sample, each the mean
of that sample's frames.
"""

from __future__ import annotations

import re

from tinyfield.spec.app import Channel, Feature, Frames
from tinyfield.spec.durations import parse_duration
from tinyfield.spec.frame_arguments import (
    LONGEST_S,
    Given,
    Rest,
    check_band,
    check_lag,
    frames_of,
)
from tinyfield.spec.frozen import build
from tinyfield.spec.mistake import Mistake
from tinyfield.spec.signals import (
    JERK_SAYS,
    SIGNALS,
    STATISTICS,
    Measure,
    Source,
    Statistic,
    jerk,
)
from tinyfield.spelling import listing, nearest

INT32_MAX = 2**31 - 1
AXES = ("x", "y", "z")
JERK = "jerk"

_WORD = re.compile(r"\S+")


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
    axis: tuple[int, ...] = ()
    if signal is not None and SIGNALS[signal[0]].second:
        if not given.vector:
            raise _unknown(*signal, given)
        axis = _second(words, signal, given, channels)
    jerked = words.pop(0) if words and words[0][0] == JERK else None
    if not words:
        raise Mistake(
            f"of {source}'s frames, what?",
            hint=f"write '{text.strip()}{'' if signal else _signal_hint(given)} rms 2 s'",
            code="feature",
            offset=max(0, len(text) - 1),
            width=1,
        )
    name, at = words[0]
    statistic = STATISTICS.get(name)
    if statistic is None:
        raise _unknown(name, at, given)
    _check_source(given, signal, jerked, name, at, statistic)
    rest = Rest(text, at + len(name))
    lag = rest.time() if "lag" in statistic.takes else None
    band = rest.band(given.channel) if "band" in statistic.takes else ()
    other = rest.channel(given, channels) if "channel" in statistic.takes else None
    count = frames_of(rest, given, name, statistic.least + (jerked is not None))
    if lag is not None:
        check_lag(rest, lag, given.channel.rate, count)
    frames = build(Frames)(
        channels=ids,
        signal=signal[0] if signal else None,
        jerk=jerked is not None,
        statistic=name,
        given=(*(() if lag is None else (lag,)), *band),
        count=count,
        axis=axis,
    )
    if band:
        check_band(rest, band, _origin(frames, given.channel))
    measure = measure_of(frames, channels)
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
        frames=frames,
    )


def measure_of(frames: Frames, channels: tuple[Channel, ...]) -> Measure:
    """Unit, scale and greatest magnitude of a feature of frames."""
    origin = _origin(frames, channels[frames.channels[0]])
    return STATISTICS[frames.statistic].measure(origin)


def _origin(frames: Frames, channel: Channel) -> Source:
    """What the statistic is taken of: the channel, a signal of its vector, a jerk."""
    origin = Source(
        channel.unit,
        channel.scale,
        channel.minimum,
        channel.maximum,
        channel.rate,
        frames.count,
    )
    if frames.signal is not None:
        origin = SIGNALS[frames.signal].source(origin)
    return jerk(origin) if frames.jerk else origin


def _signal_hint(given: Given) -> str:
    return " norm" if given.vector else ""


def _second(
    words: list[tuple[str, int]],
    signal: tuple[str, int],
    given: Given,
    channels: tuple[Channel, ...],
) -> tuple[int, ...]:
    """The second vector, taken off the front of ``words``."""
    known = {
        name: ids
        for name, ids in vectors(channels).items()
        if channels[ids[0]].sensor == given.channel.sensor and ids != given.ids
    }
    name, at = words[0] if words else signal
    if name in known:
        words.pop(0)
        return known[name]
    hint = f"write '{given.name} {signal[0]} {next(iter(known), 'imu.accel')} …'"
    if not known:
        hint = f"{given.channel.sensor!r} has no other vector: write '{given.name} vertical …'"
    elif name == given.name:
        same = {"along": "vertical", "across": "horizontal"}[signal[0]]
        hint = f"along its own mean it is '{given.name} {same} …'"
    elif near := nearest(name, list(known)):
        hint = f"did you mean {near!r}?"
    sensor = given.channel.sensor
    raise Mistake(
        f"{name!r} is no other vector of {sensor!r}"
        if "." in name
        else f"{signal[0]!r} needs another vector of {sensor!r}",
        hint=hint,
        code="feature",
        offset=at,
        width=len(name),
    )


def _unknown(name: str, at: int, given: Given) -> Mistake:
    known = [*STATISTICS, JERK, *(SIGNALS if given.vector else ())]
    near = nearest(name, known)
    if name in SIGNALS:
        stem = given.name.rpartition("_")[0]
        hint = f"write it right behind the vector: '{given.name} {name} …'"
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
    from tinyfield.spec.features import CHANNEL_OPS

    if given.vector and name in CHANNEL_OPS:
        return Mistake(
            f"{name!r} is of one channel's readings, and {given.name} has three parts",
            hint=f"write '{given.name}_x {name} …'",
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
        names = listing([name for name, one in SIGNALS.items() if not one.second])
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


__all__ = ["JERK", "JERK_SAYS", "is_of_frames", "measure_of", "parse_frames", "vectors"]
