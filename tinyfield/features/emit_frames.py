"""The part of the features' C that a fast sensor needs: windows of frames and what is told of them.

A channel's window is as long as the longest feature of it; features that share channels, window and
signal share the work that makes the signal. All are computed once a sample, when its frames are in,
and the models read the results.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tinyfield.features import signals as c
from tinyfield.spec.signals import SIGNALS, STATISTICS, Source, jerk

if TYPE_CHECKING:
    from tinyfield.spec import App, Feature
    from tinyfield.spec.app import Channel, Frames


@dataclass(frozen=True)
class Burst:
    """A fast sensor as training feeds it.

    Attributes:
        name: the sensor's.
        first: id of its first channel; the others follow.
        width: how many channels it has.
        frames: frames a sample.
    """

    name: str
    first: int
    width: int
    frames: int


_Key = tuple[tuple[int, ...], tuple[int, ...], str | None, bool, int]


@dataclass
class _Group:
    """Features of one signal over one window, by their place among the results."""

    key: _Key
    members: list[tuple[int, Frames, int | None]] = field(default_factory=list)


class FramePlan:
    """Windows, results and scratch of every feature of frames, in order of first use."""

    def __init__(self, app: App, identifiers: tuple[str, ...]) -> None:
        self.channels: tuple[Channel, ...] = app.channels
        self.names = identifiers
        self.bursts = _bursts(app)
        self.windows: dict[int, int] = {}
        self.groups: dict[_Key, _Group] = {}
        self._places: dict[tuple[Frames, int | None], int] = {}
        self.made = self.work = 0

    def __bool__(self) -> bool:
        return bool(self._places)

    def add(self, feature: Feature, what: Frames) -> None:
        """One more input."""
        if (what, feature.other) in self._places:
            return
        place = self._places[what, feature.other] = len(self._places)
        reads = (*what.channels, *what.axis, *(() if feature.other is None else (feature.other,)))
        for channel in reads:
            self.windows[channel] = max(what.count, self.windows.get(channel, 0))
        key = (what.channels, what.axis, what.signal, what.jerk, what.count)
        group = self.groups.setdefault(key, _Group(key))
        group.members.append((place, what, feature.other))
        group.members.sort(key=lambda one: c.CALLS[one[1].statistic].stage or "")
        if what.signal or what.jerk:
            self.made = max(self.made, what.count)
        stage = c.CALLS[what.statistic].stage
        if stage is not None:
            self.work = max(self.work, c.STAGES[stage].scratch(what.count - what.jerk))

    @property
    def ram(self) -> int:
        """Bytes of the node's state that windows, scratch and results take."""
        windows = sum(2 * count + 2 for count in self.windows.values())
        return windows + 2 * self.made + 4 * -(-self.work // 4) + 4 * len(self._places)

    def read(self, feature: Feature, what: Frames) -> str:
        """The C expression of a feature's value."""
        return f"s->measured[{self._places[what, feature.other]}]"

    def headers(self) -> tuple[str, ...]:
        """What the header includes."""
        fast = ("features/frames.h",) if self.bursts else ()
        return (*fast, *(c.HEADERS if self else ()))

    def members(self) -> Iterator[str]:
        """Lines of the state."""
        for channel, count in self.windows.items():
            name, unit = self.names[channel], self.channels[channel]
            yield f"    int16_t {name}_frames[{count}]; /* {unit.name}, oldest first */"
            yield f"    uint16_t {name}_valid; /* of these, at the end, without a gap */"
        if self:
            yield f"    int32_t measured[{len(self._places)}];"
        if self.made:
            yield f"    int16_t made[{self.made}]; /* scratch: a signal */"
        if self.work:
            words = -(-self.work // 4)
            yield "    union {"
            yield f"        int16_t of_int16_t[{2 * words}];"
            yield f"        int32_t of_int32_t[{words}];"
            yield "    } work; /* scratch */"

    def declarations(self) -> Iterator[str]:
        """What the header says of each fast sensor."""
        for burst in self.bursts:
            yield ""
            yield f"/* A piece of {burst.name}'s burst, `count` frames from number `at` of"
            yield f" * {burst.frames} on. With the last piece its channels hold their means. */"
            yield _signature(burst) + ";"

    def start(self) -> Iterator[str]:
        """Lines of app_features_init: results that nothing has measured are missing."""
        if self:
            yield f"    for (uint16_t i = 0; i < {len(self._places)}; i++) {{"
            yield "        s->measured[i] = TINY_MISSING;"
            yield "    }"

    def functions(self) -> Iterator[str]:
        """What stands before app_features_push."""
        for burst in self.bursts:
            yield from self._frames(burst)
            yield ""
        for number, group in enumerate(self.groups.values()):
            yield from self._measure(number, group)
            yield ""

    def push(self) -> Iterator[str]:
        """Lines of app_features_push, once every frame is in."""
        for channel, count in self.windows.items():
            name, of = self.names[channel], self.channels[channel].frames
            yield (
                f"    s->{name}_valid = tiny_frames_valid(s->{name}_valid, {of}, {count}, "
                f"channels[{channel}]);"
            )
        for number in range(len(self.groups)):
            yield f"    measure_{number}(s);"

    def _frames(self, burst: Burst) -> Iterator[str]:
        yield _signature(burst)
        yield "{"
        sizes = f"{burst.frames}, {burst.width}"
        yield f"    const tiny_piece_t piece = {{frames, at, count, {sizes}}};"
        kept = [i for i in range(burst.width) if burst.first + i in self.windows]
        if not kept:
            yield "    (void)s;"
        place = f"{burst.first} + i" if burst.first else "i"
        yield f"    for (uint8_t i = 0; i < {burst.width}; i++) {{"
        yield f"        tiny_frames_read(&piece, i, &channels[{place}]);"
        yield "    }"
        for i in kept:
            name, count = self.names[burst.first + i], self.windows[burst.first + i]
            yield f"    tiny_frames_keep(&piece, {i}, s->{name}_frames, {count});"
        yield "}"

    def _measure(self, number: int, group: _Group) -> Iterator[str]:
        channels, axis, signal, jerked, count = group.key
        others = [other for _, _, other in group.members if other is not None]
        reads = dict.fromkeys((*channels, *axis, *others))
        first = self.channels[channels[0]]
        said = first.name if len(channels) == 1 else first.name.removesuffix("_x")
        about = [self.channels[axis[0]].name.removesuffix("_x")] if axis else []
        words = [said, *([signal] if signal else []), *about, *(["jerk"] if jerked else [])]
        yield f"/* {' '.join(words)}, {count} frames */"
        yield f"static void measure_{number}(app_features_t *s)"
        yield "{"
        whole = " && ".join(f"s->{self.names[channel]}_valid >= {count}" for channel in reads)
        yield f"    if (!({whole})) {{"
        for place, _, _ in group.members:
            yield f"        s->measured[{place}] = TINY_MISSING;"
        yield "        return;"
        yield "    }"
        values = {
            name: self._start(channel, count)
            for names, ids in ((("x", "y", "z"), channels), (("gx", "gy", "gz"), axis))
            for name, channel in zip(names, ids, strict=False)
        }
        values |= {"n": str(count), "out": "s->made"}
        source = Source(first.unit, first.scale, first.minimum, first.maximum, first.rate, count)
        if signal is not None:
            yield f"    {c.SIGNAL_CALLS[signal].format(**values)};"
            values["x"] = "s->made"
            source = SIGNALS[signal].source(source)
        if jerked:
            yield f"    {c.JERK_CALL.format(**values)};"
            values |= {"x": "s->made", "n": str(count - 1)}
            source = jerk(source)
        done: str | None = None
        for place, what, other in group.members:
            call = c.CALLS[what.statistic]
            if call.stage is not None and call.stage != done:
                done = call.stage
                values["work"] = f"s->work.of_{c.STAGES[done].kind}"
                yield f"    {c.STAGES[done].call.format(**values)};"
            own = dict(values)
            if other is not None:
                own["y"] = self._start(other, count)
            own |= c.arguments(what.statistic, source, what.given)
            text = c.scaled(call.text.format(**own), STATISTICS[what.statistic], source)
            yield f"    s->measured[{place}] = {text};"
        yield "}"

    def _start(self, channel: int, count: int) -> str:
        """Where a channel's latest ``count`` frames begin."""
        skipped, name = self.windows[channel] - count, self.names[channel]
        return f"&s->{name}_frames[{skipped}]" if skipped else f"s->{name}_frames"


def _bursts(app: App) -> tuple[Burst, ...]:
    """The app's fast sensors, in its order."""
    found: dict[str, Burst] = {}
    for i, channel in enumerate(app.channels):
        if channel.frames:
            known = found.get(channel.sensor)
            first, width = (known.first, known.width + 1) if known else (i, 1)
            found[channel.sensor] = Burst(channel.sensor, first, width, channel.frames)
    return tuple(found.values())


def _signature(burst: Burst) -> str:
    return (
        f"void app_features_{burst.name}_frames(app_features_t *s, uint16_t at, "
        f"const int16_t *frames, uint16_t count, int32_t *channels)"
    )
