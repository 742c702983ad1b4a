"""Features of a model: ``soil.moisture slope 6 h``, ``site.stage one_hot``, ``time.hour cyclic``.

Units and scales of the integer a feature gives (the C in ``firmware/core/features`` computes it):
most keep the channel's; sum is unit·h in the channel's scale; slope is unit/h with two more
digits; relative is a number in thousandths; minus has the finer of the two channels' scales.
Features over a window of a fast channel's frames are those of ``frame_features.py``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, get_args

from tinyfield.errors import SpecError
from tinyfield.spec.app import Channel, Feature
from tinyfield.spec.buckets import ewma_samples, shape_of
from tinyfield.spec.durations import duration_text, parse_seconds
from tinyfield.spec.frame_features import is_of_frames, measure_of, parse_frames, vectors
from tinyfield.spec.frozen import build
from tinyfield.spec.mistake import Mistake
from tinyfield.spec.spelling_of import renamed
from tinyfield.spec.times import CYCLIC, time_feature, unknown_time
from tinyfield.spec.units import nearest_int
from tinyfield.spec.unsure import Unsure
from tinyfield.spelling import listing, nearest

ChannelOp = Literal[
    "last",
    "mean",
    "min",
    "max",
    "range",
    "sum",
    "slope",
    "std",
    "lag",
    "change",
    "ewma",
    "deviation",
    "relative",
    "minus",
]
CHANNEL_OPS: tuple[ChannelOp, ...] = get_args(ChannelOp)
SAYS: dict[ChannelOp, str] = {
    "last": "the latest reading; it is held for three samples without one",
    "mean": "mean of the readings in the window",
    "min": "least reading in the window",
    "max": "greatest reading in the window",
    "range": "greatest less least reading in the window",
    "sum": "mean times the window's hours",
    "slope": "slope per hour of the line through the window's readings",
    "std": "standard deviation of the readings in the window",
    "lag": "the reading so long ago; of a lag longer than 12 samples, the mean of about a twelfth "
    "of it around that time",
    "change": "last less lag",
    "ewma": "baseline: exponentially weighted average, each reading moving it one n-th of the way, "
    "n samples being the time given",
    "deviation": "last less ewma",
    "relative": "last divided by ewma, 1 being as usual: it holds where a sensor's gain drifts",
    "minus": "last less the last of another channel of the same unit: 'a.x minus b.x'",
}
"""What each operation gives, for people."""
AVERAGED = ("ewma", "deviation", "relative")
"""Which keep one number, however long their time."""
DIFFERENCES = ("range", "std", "change", "deviation", "minus")
"""Whose unit is that of a difference: of temperatures, one without a zero."""
STAGES = 4
RELATIVE_SCALE = -3
INT32_MAX = 2**31 - 1
LONGEST_WINDOW_S = 30 * 86400


@dataclass(frozen=True)
class SiteSource:
    """A value the node derives from the day: unit, scale, greatest scaled integer."""

    unit: str
    scale: int
    maximum: int
    summary: str


SITE: dict[str, SiteSource] = {
    "site.kc": SiteSource("", -3, 2000, "basal crop coefficient Kcb of the day"),
    "site.p": SiteSource("", -3, 1000, "depletion fraction at which stress starts"),
    "site.root_depth": SiteSource("m", -3, 5000, "rooting depth of the day"),
    "site.stage": SiteSource("", 0, STAGES - 1, "growth stage: 0 initial to 3 late"),
}


def parse_feature(
    text: str, channels: tuple[Channel, ...], *, sample_s: int, has_crop: bool, unsure: Unsure
) -> Feature | None:
    """The feature that ``text`` names.

    ``unsure`` holds sensors that are themselves broken: of their channels nothing is said, and
    the result is None. Mistake with the place in the text otherwise.
    """
    words = [(m.group(), m.start()) for m in re.finditer(r"\S+", text)]
    if not words:
        raise Mistake(
            "an empty input", hint="write 'sensor.quantity op', such as 'soil.moisture last'"
        )
    source, at = words[0]
    if source in CYCLIC:
        return time_feature(text, source, words)
    if source in SITE:
        return _site(text, source, words, has_crop)
    index = next((i for i, ch in enumerate(channels) if ch.name == source), None)
    vector = vectors(channels).get(source)
    if vector is not None:
        return parse_frames(text, source, vector, channels)
    if index is not None and channels[index].frames and is_of_frames(words, text, CHANNEL_OPS):
        return parse_frames(text, source, (index,), channels)
    if index is None:
        near = nearest(source, [ch.name for ch in channels])
        if unsure.excuses(source.partition(".")[0], near):
            return None
        raise _unknown_source(source, at, channels)
    word, op_at = words[1] if len(words) > 1 else ("last", len(text))
    op = next((known for known in CHANNEL_OPS if known == word), None)
    if op is None:
        near = nearest(word, CHANNEL_OPS)
        raise Mistake(
            f"{word!r} is nothing that can be done to a channel",
            hint=f"did you mean {near!r}?" if near else f"write one of {listing(CHANNEL_OPS)}",
            code="feature",
            offset=op_at,
            width=len(word),
        )
    rest_at = op_at + len(word)
    rest = text[rest_at:]
    rest_at += len(rest) - len(rest.lstrip())
    rest = rest.strip()
    channel = channels[index]
    if op == "minus":
        return _minus(text, index, rest, rest_at, channels, unsure)
    if op == "last":
        if rest:
            raise Mistake(
                "'last' takes no window",
                hint=f"write '{source} last', or '{source} mean {rest}'",
                code="feature",
                offset=rest_at,
                width=len(rest),
            )
        return build(Feature)(
            text=text,
            source=source,
            op="last",
            window_s=None,
            unit=channel.unit,
            scale=channel.scale,
            width=1,
            channel=index,
        )
    window_s = _window(source, op, rest, rest_at, sample_s)
    if op == "relative" and channel.minimum < 0:
        raise Mistake(
            f"{source} can be below zero, and then no share of it means anything",
            hint=f"write '{source} deviation {rest}'",
            code="feature",
            offset=op_at,
            width=len(op),
        )
    unit, scale, greatest = _measure(op, channel, window_s)
    if greatest > INT32_MAX:
        raise Mistake(
            f"{op} over {rest} of {source} can pass what 32 bits hold",
            hint="take a shorter window",
            code="overflow",
            offset=rest_at,
            width=len(rest),
        )
    if sample_s > 0:
        _check_shape(op, channel, window_s, sample_s, (rest, rest_at))
    return build(Feature)(
        text=text,
        source=source,
        op=op,
        window_s=window_s,
        unit=unit,
        scale=scale,
        width=1,
        channel=index,
    )


def _site(text: str, source: str, words: list[tuple[str, int]], has_crop: bool) -> Feature:
    if not has_crop:
        raise Mistake(
            f"{source} comes from the crop table, but site.plant is not set",
            hint="add 'plant: tomato' and 'planted: 2026-04-20' under 'site'",
            code="site",
            offset=words[0][1],
            width=len(source),
        )
    allowed = ("value", "one_hot") if source == "site.stage" else ("value",)
    op = words[1][0] if len(words) > 1 else "value"
    if op not in allowed or len(words) > 2:
        word, at = words[2] if op in allowed else words[1]
        extra = " or 'site.stage one_hot'" if source == "site.stage" else ""
        raise Mistake(
            f"{word!r} does not go with {source}",
            hint=f"write just '{source}'{extra}",
            code="feature",
            offset=at,
            width=len(word),
        )
    site = SITE[source]
    return build(Feature)(
        text=text,
        source=source,
        op="one_hot" if op == "one_hot" else "value",
        window_s=None,
        unit=site.unit,
        scale=site.scale,
        width=STAGES if op == "one_hot" else 1,
        channel=None,
    )


def _minus(
    text: str, index: int, rest: str, at: int, channels: tuple[Channel, ...], unsure: Unsure
) -> Feature | None:
    """``a.x minus b.x``: both in the finer of their scales."""
    one = channels[index]
    alike = [ch.name for ch in channels if ch.unit == one.unit and ch.name != one.name]
    example = f"'{one.name} minus {alike[0]}'" if alike else "a channel of the same unit"

    def mistake(message: str, hint: str, code: str = "feature") -> Mistake:
        width = len(rest) or None
        return Mistake(message, hint=hint, code=code, offset=at if rest else at - 1, width=width)

    if not rest:
        raise mistake("'minus' needs another channel", f"write {example}")
    found = next((i for i, ch in enumerate(channels) if ch.name == rest), None)
    if found is None:
        near = nearest(rest, alike)
        if unsure.excuses(rest.partition(".")[0], near):
            return None
        hint = f"did you mean {near!r}?" if near else f"write {example}"
        raise mistake(f"there is no channel {rest!r}", hint, "unknown")
    other = channels[found]
    if found == index:
        raise mistake(f"{rest} minus itself is nothing", f"write {example}")
    if other.unit != one.unit:
        raise mistake(
            f"{one.name} is in {one.unit or 'no unit'}, {other.name} in {other.unit or 'no unit'}",
            f"write {example}",
            "unit",
        )
    scale = min(one.scale, other.scale)
    factors = (10 ** (one.scale - scale), 10 ** (other.scale - scale))
    highest = one.maximum * factors[0] - other.minimum * factors[1]
    lowest = one.minimum * factors[0] - other.maximum * factors[1]
    if max(abs(highest), abs(lowest), *factors) > INT32_MAX:
        raise mistake(
            f"{one.name} minus {other.name} can pass what 32 bits hold",
            "take channels of a smaller range",
            "overflow",
        )
    return build(Feature)(
        text=text,
        source=one.name,
        op="minus",
        window_s=None,
        unit=one.unit,
        scale=scale,
        width=1,
        channel=index,
        other=found,
        factors=factors,
    )


def _window(source: str, op: str, rest: str, at: int, sample_s: int) -> int:
    if not rest:
        raise Mistake(
            f"{op!r} needs a window",
            hint=f"write '{source} {op} 6 h'",
            code="feature",
            offset=at - 1,
        )
    try:
        window_s = parse_seconds(rest, least=1, most=LONGEST_WINDOW_S)
    except Mistake as mistake:
        raise Mistake(
            mistake.message, hint=mistake.hint, code=mistake.code, offset=at, width=len(rest)
        ) from None
    if sample_s <= 0:
        return window_s
    period = duration_text(sample_s)
    least = {"slope": 3, "std": 3, "lag": 1, "change": 1}.get(op, 2)
    if window_s < least * sample_s:
        samples = "one sample" if least == 1 else f"{least} samples"
        raise Mistake(
            f"a window of {rest} holds fewer than {samples} of every {period}",
            hint=f"take at least {duration_text(least * sample_s)}, or sample more often",
            code="window",
            offset=at,
            width=len(rest),
        )
    if window_s % sample_s:
        below = window_s // sample_s * sample_s
        raise Mistake(
            f"a window of {rest} is no whole number of samples of every {period}",
            hint=f"take {duration_text(below)} or {duration_text(below + sample_s)}",
            code="window",
            offset=at,
            width=len(rest),
        )
    return window_s


def _check_shape(
    op: str, channel: Channel, window_s: int, sample_s: int, said: tuple[str, int]
) -> None:
    """Mistake where the node's arithmetic cannot hold the window; ``said`` is it and its place."""
    rest, at = said
    what = f"{op} over {rest}"
    try:
        if op in AVERAGED:
            ewma_samples(window_s, sample_s, what=what)
        else:
            shape_of(op, window_s, sample_s, (channel.minimum, channel.maximum), what=what)
    except SpecError as error:
        raise Mistake(
            error.message, hint=error.hint, code="window", offset=at, width=len(rest)
        ) from None


def _measure(op: str, channel: Channel, window_s: int) -> tuple[str, int, int]:
    """Unit, scale and greatest magnitude of a windowed feature."""
    greatest = max(abs(channel.minimum), abs(channel.maximum))
    span = channel.maximum - channel.minimum
    if op == "sum":
        return f"{channel.unit}*h", channel.scale, greatest * window_s // 3600 + 1
    if op == "slope":
        # The steepest line: from one end of the range to the other within the window.
        return f"{channel.unit}/h", channel.scale - 2, 2 * span * 100 * 3600 // window_s
    if op == "relative":
        return "", RELATIVE_SCALE, greatest * 10**-RELATIVE_SCALE
    if op in ("range", "change", "deviation"):
        return channel.unit, channel.scale, span
    return channel.unit, channel.scale, greatest


def range_of(feature: Feature, channels: tuple[Channel, ...], sample_s: int) -> tuple[int, int]:
    """The least and the greatest integer that a channel's feature can be."""
    if feature.frames is not None:
        greatest = measure_of(feature.frames, channels).greatest
        return -greatest, greatest
    assert feature.channel is not None
    channel = channels[feature.channel]
    low, high = channel.minimum, channel.maximum
    if feature.op == "minus" and feature.other is not None:
        other, (mine, its) = channels[feature.other], feature.factors
        low, high = low * mine - other.maximum * its, high * mine - other.minimum * its
    elif feature.op == "sum" and feature.window_s is not None:
        low, high = (nearest_int(Fraction(x * feature.window_s, 3600)) for x in (low, high))
    elif feature.op == "slope":
        # No line is steeper than from one end of the range to the other within a sample.
        high = min(INT32_MAX, -((low - high) * 100 * 3600 // max(1, sample_s)))
        low = -high
    elif feature.op == "relative":
        low, high = 0, high * 10**-RELATIVE_SCALE
    elif feature.op in ("range", "std"):
        low, high = 0, high - low
    elif feature.op in ("change", "deviation"):
        low, high = low - high, high - low
    return low, high


def _unknown_source(source: str, at: int, channels: tuple[Channel, ...]) -> Mistake:
    names = [ch.name for ch in channels]
    hint: str | None
    sensor, _, quantity = source.partition(".")
    if sensor == "time":
        return unknown_time(source, at)
    of_sensor = [ch.quantity for ch in channels if ch.sensor == sensor]
    if of_sensor and quantity:
        near = nearest(quantity, of_sensor)
        hint = f"did you mean '{sensor}.{near}'?" if near else f"it gives {listing(of_sensor)}"
        message = f"{sensor!r} gives no {quantity!r}"
    elif of_sensor:
        message = f"{sensor!r} is a sensor; name one of its quantities"
        hint = f"write '{sensor}.{of_sensor[0]}'"
    elif sensor == "site":
        near = nearest(source, SITE)
        message, hint = f"unknown {source!r}", f"did you mean {near!r}?" if near else None
        hint = hint or f"write one of {listing(SITE)}"
    else:
        near = nearest(source, [*names, *SITE, *CYCLIC]) or renamed(source, channels)
        sensors = dict.fromkeys(ch.sensor for ch in channels)
        message = f"there is no sensor {sensor!r}"
        hint = f"did you mean {near!r}?" if near else f"sensors: {listing(sensors) or 'none'}"
    return Mistake(message, hint=hint, code="unknown", offset=at, width=len(source))
