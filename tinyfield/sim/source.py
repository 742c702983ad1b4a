"""Where a virtual board's rows come from: a recorded trace, or a world in closed loop."""

from __future__ import annotations

import calendar
import math
from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Protocol

from tinyfield.features.scale import MISSING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tinyfield.data import World
    from tinyfield.spec.app import App

NO_DATE = date(2020, 1, 1)
"""Day 0 of an app without a planting day (as tinyfield.codegen.plan has it)."""


class RowSource(Protocol):
    """Answers a node's requests for channel values.

    Attributes:
        start: unix seconds of virtual second 0; None if the date is not known.
        first: virtual second of the first sample.
        last: virtual second of the last sample.
    """

    @property
    def start(self) -> int | None: ...
    @property
    def first(self) -> int: ...
    @property
    def last(self) -> int: ...

    def row(self, t: int) -> Sequence[int] | None:
        """Scaled channel values at virtual second ``t`` in channel order; None: no more rows."""
        ...

    def burst(self, t: int, fast: int) -> NDArray[np.int16]:
        """The frames of fast sensor number ``fast`` that end at ``t``: [frames, channels]."""
        ...

    def act(self, t: int, actuator: str, on: bool) -> None:
        """The node switched an actuator."""
        ...

    def summary(self) -> dict[str, float]:
        """Figures of the season, once it is over."""
        ...


class WrappedSource:
    """Readings of another source: what a wrapper does not say otherwise is as of those.

    Args:
        source: the readings.
    """

    def __init__(self, source: RowSource) -> None:
        self._source = source

    @property
    def start(self) -> int | None:
        """As of the readings."""
        return self._source.start

    @property
    def first(self) -> int:
        """As of the readings."""
        return self._source.first

    @property
    def last(self) -> int:
        """As of the readings."""
        return self._source.last

    def burst(self, t: int, fast: int) -> NDArray[np.int16]:
        """As of the readings."""
        return self._source.burst(t, fast)

    def act(self, t: int, actuator: str, on: bool) -> None:
        """Pass it on."""
        self._source.act(t, actuator, on)

    def summary(self) -> dict[str, float]:
        """As of the readings."""
        return self._source.summary()


def to_scaled(value: float, scale: int, least: int, most: int) -> int:
    """A physical value as the channel's scaled integer.

    Rounded half away from zero; NaN, and what lies outside ``least`` to ``most``, is no reading:
    no sensor of the app's can give it.
    """
    if not math.isfinite(value):
        return MISSING
    exact = value / 10**scale if scale >= 0 else value * 10**-scale
    scaled = math.floor(abs(exact) + 0.5)
    scaled = -scaled if exact < 0 else scaled
    return scaled if least <= scaled <= most else MISSING


def start_of(app: App, local: datetime | None = None) -> int | None:
    """Unix seconds of virtual second 0: of that local time if given, else of local midnight of the
    planting day; where there is none, of 1 January 2020 if the app goes by the clock at all."""
    day: date | None = local or (app.site.planted if app.site is not None else None)
    if day is None and app.reads_time:
        day = NO_DATE
    if day is None:
        return None
    return calendar.timegm(day.timetuple()) - (app.site.utc_offset_s if app.site else 0)


def day_zero(app: App) -> int:
    """Unix seconds at which the calendar of a node begins that was never told the date."""
    planted = app.site.planted if app.site is not None else None
    offset = app.site.utc_offset_s if app.site else 0
    return calendar.timegm((planted or NO_DATE).timetuple()) - offset


class WorldSource:
    """A world that feels what the node does.

    Args:
        app: gives the channels, the sample period, the actuators and the planting day.
        world: the season.
        limit: end after so many samples; None: when the world's days are over.
        start: local time of virtual second 0; None: the planting day's midnight.

    Raises:
        DataError: the app has a fast sensor, and the world no frames.
    """

    def __init__(
        self,
        app: App,
        world: World,
        *,
        limit: int | None = None,
        start: datetime | None = None,
    ) -> None:
        self.start = start_of(app, start)
        self.first = 0
        samples = round(world.days * 86400) // app.sample_s
        self.last = (min(samples, limit or samples) - 1) * app.sample_s
        self._channels = app.channels
        self._world = world
        from tinyfield.sim.frames import WorldFrames  # NumPy

        self._frames = WorldFrames(app, world)

    def row(self, t: int) -> Sequence[int] | None:
        """The world at ``t``."""
        if t > self.last:
            return None
        values = self._world.sample(t)
        return [
            to_scaled(values.get(c.name, math.nan), c.scale, c.minimum, c.maximum)
            for c in self._channels
        ]

    def burst(self, t: int, fast: int) -> NDArray[np.int16]:
        """The world's frames up to ``t``."""
        return self._frames.burst(t, fast)

    def act(self, t: int, actuator: str, on: bool) -> None:
        """Pass it on."""
        self._world.actuate(t, actuator, on)

    def summary(self) -> dict[str, float]:
        """The world's own figures."""
        return self._world.summary()
