"""Bursts of fast channels for a virtual board: from a world, or from a trace's rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tinyfield.errors import DataError
from tinyfield.features.scale import MISSING
from tinyfield.features.ticks import NO_FRAME, SAME_RATE, to_frames

if TYPE_CHECKING:
    from tinyfield.data import World
    from tinyfield.spec.app import App, Sensor

Burst = NDArray[np.int16]
"""A fast sensor's frames of one sample: [frames, channels], NO_FRAME where there is no value."""


def fast_sensors(app: App) -> tuple[Sensor, ...]:
    """In the order in which a node numbers them."""
    return tuple(sensor for sensor in app.sensors.values() if sensor.frames)


class WorldFrames:
    """A world's bursts; without a fast sensor there is nothing to ask it for.

    Raises:
        DataError: the world has no fast channels.
    """

    def __init__(self, app: App, world: World) -> None:
        self._app, self._sensors = app, fast_sensors(app)
        found: Callable[[int, int, float], Mapping[str, NDArray[np.float64]]] | None
        found = getattr(world, "burst", None)
        if self._sensors and found is None:
            raise DataError(
                f"{app.name} samples {self._sensors[0].name} fast, and this world knows no frames",
                hint="give a trace with one row a frame (--trace FILE.csv), or write tests: with a "
                "world that has them",
            )
        self._burst = found

    def burst(self, t: int, fast: int) -> Burst:
        """The frames of a fast sensor that end at ``t``."""
        sensor = self._sensors[fast]
        made = np.full((sensor.frames, len(sensor.channels)), NO_FRAME, dtype=np.int16)
        values = self._burst(t, sensor.frames, sensor.rate_mhz / 1000) if self._burst else {}
        for k, name in enumerate(sensor.channels):
            if name in values:
                channel = self._app.channels[self._app.channel_id(name)]
                made[:, k] = to_frames(np.asarray(values[name], dtype=np.float64), channel)
        return made


@dataclass(frozen=True)
class _Column:
    """A channel's values in a trace where it has some, and their times in s."""

    times: NDArray[np.float64]
    values: NDArray[np.int32]


class TraceFrames:
    """Bursts of a trace that has one row a frame; a cell may be empty where a channel is slower.

    Args:
        app: gives the fast sensors.
        where: the file, for messages.
        times: of the rows, in s, rising.
        rows: scaled values of every channel, MISSING where a cell is empty.

    Attributes:
        first, last: seconds of the first and last sample whose frames are all there.

    Raises:
        DataError: rows at another rate than the sensor's, or fewer than one sample of them.
    """

    def __init__(
        self, app: App, where: str, times: Sequence[float], rows: Sequence[tuple[int, ...]]
    ) -> None:
        self._app, self._sensors = app, fast_sensors(app)
        at, cells = np.asarray(times, dtype=np.float64), np.asarray(rows, dtype=np.int64)
        self._columns = [self._column(at, cells[:, i]) for i in range(len(app.channels))]
        for sensor in self._sensors:
            self._check(sensor, where)
        span = max(1000 * s.frames / s.rate_mhz for s in self._sensors)
        period = max(1000 / s.rate_mhz for s in self._sensors)
        self.first = math.ceil(round(float(at[0]) + span, 6))
        self.last = math.floor(round(float(at[-1]) + period, 6))
        if self.last < self.first:
            raise DataError(
                f"{where}: {at[-1] - at[0]:g} s of rows, and one sample of {app.name} takes "
                f"{span:g} s of frames",
                hint="give a longer trace",
            )

    @staticmethod
    def _column(times: NDArray[np.float64], values: NDArray[np.int64]) -> _Column:
        there = values != MISSING
        return _Column(times[there], values[there].astype(np.int32))

    def _check(self, sensor: Sensor, where: str) -> None:
        for name in sensor.channels:
            times = self._columns[self._app.channel_id(name)].times
            if len(times) < 2:
                continue
            rate, wanted = 1 / float(np.median(np.diff(times))), sensor.rate_mhz / 1000
            if abs(rate / wanted - 1) > SAME_RATE:
                raise DataError(
                    f"{where}: {name} has {rate:.4g} rows a second, {sensor.name} measures at "
                    f"{wanted:g} Hz",
                    hint="give one row a frame, at the sensor's rate",
                )

    def burst(self, t: int, fast: int) -> Burst:
        """The frames of a fast sensor that end at ``t``: for each the nearest row, no further than
        three quarters of a frame."""
        sensor = self._sensors[fast]
        period = 1000 / sensor.rate_mhz
        wanted = t - period * np.arange(sensor.frames, 0, -1)
        made = np.full((sensor.frames, len(sensor.channels)), NO_FRAME, dtype=np.int16)
        for k, name in enumerate(sensor.channels):
            column = self._columns[self._app.channel_id(name)]
            if len(column.times) == 0:
                continue
            before = np.clip(np.searchsorted(column.times, wanted), 1, len(column.times)) - 1
            after = np.minimum(before + 1, len(column.times) - 1)
            nearer = np.abs(column.times[after] - wanted) < np.abs(column.times[before] - wanted)
            near = np.where(nearer, after, before)
            there = np.abs(column.times[near] - wanted) <= 0.75 * period
            made[:, k] = np.where(there, column.values[near], NO_FRAME)
        return made

    def reading(self, channel: int, t: int, oldest: float) -> int:
        """A slow channel's latest reading at ``t`` that is under ``oldest`` s old, or MISSING."""
        column = self._columns[channel]
        at = int(np.searchsorted(column.times, t, side="right")) - 1
        if at < 0 or t - column.times[at] >= oldest:
            return MISSING
        return int(column.values[at])
