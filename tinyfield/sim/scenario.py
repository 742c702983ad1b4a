"""Scenarios: what a node reads and what goes wrong, from the spec's words to a run's inputs.

::

    Scenario ─source→ TraceSource | WorldSource ─FaultySource→ rows
             ─faults→ Faults (power, link, clock, battery) ─→ SimRun
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time
from typing import TYPE_CHECKING

import numpy as np

from tinyfield.errors import UserError
from tinyfield.features.scale import MISSING
from tinyfield.features.ticks import NO_FRAME
from tinyfield.sim.edge import Says
from tinyfield.sim.faults import Faults
from tinyfield.sim.neighbours import NeighbourSource, late_s
from tinyfield.sim.source import RowSource, WorldSource, WrappedSource
from tinyfield.sim.trace import TraceSource

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tinyfield.data.generators.scene import Scene
    from tinyfield.spec.app import App, Channel
    from tinyfield.spec.scenario import Fault, Scenario

DEFAULT_START = datetime(2026, 6, 1)
"""Of a world without a planting day: a summer's midnight."""

_OF_ROWS = ("stuck", "missing", "reads", "noise")


def default_source(app: App, *, season: str | None = None, limit: int | None = None) -> RowSource:
    """What a node reads when nobody says what: the bed's season, or, of an app that is no bed's,
    the world of its first scenario that plays one, with nothing wrong.

    Args:
        season: of the bed (:func:`tinyfield.data.world`).
        limit: end after so many samples.

    Raises:
        DataError: no such season.
    """
    from tinyfield import data

    plays = [scenario for scenario in app.tests.values() if scenario.world is not None]
    planted = app.site is not None and app.site.plant is not None
    if season is None and plays and not planted:
        made, start = _world_of(app, plays[0])
        return WorldSource(app, made, limit=limit, start=start)
    return WorldSource(app, data.world(app, season=season), limit=limit)


def _world_of(app: App, scenario: Scenario) -> tuple[Scene, datetime]:
    """The world that a scenario plays, and its local time at second 0."""
    from tinyfield.data.generators.scene import world

    planted = app.site.planted if app.site is not None else None
    start = scenario.start or (
        datetime.combine(planted, time()) if planted is not None else DEFAULT_START
    )
    return (
        world(scenario.world or "", app, scenario.script, seed=scenario.seed, start=start),
        start,
    )


def source_of(app: App, scenario: Scenario) -> RowSource:
    """The scenario's readings, with what goes wrong with them.

    Raises:
        DataError: the trace cannot be used.
        UserError: the trace is over before a fault begins.
    """
    source: RowSource
    if scenario.trace is not None:
        source = TraceSource(scenario.trace, app)
    else:
        made, start = _world_of(app, scenario)
        source = WorldSource(app, made, start=start)
    if scenario.neighbours:
        source = NeighbourSource(source, app.channels, scenario.neighbours)
    late = [f for f in scenario.faults if f.begin_s > source.last - source.first]
    if late:
        raise UserError(
            f"{app.where(f'tests.{scenario.name}.faults')}: '{late[0].text}' begins after the last "
            "sample",
            hint="give it an earlier time",
        )
    of_rows = [f for f in scenario.faults if f.kind in _OF_ROWS]
    return FaultySource(source, app.channels, of_rows, scenario.seed) if of_rows else source


def faults_of(scenario: Scenario, source: RowSource) -> Faults:
    """What goes wrong with the node itself, on the source's clock."""
    first = source.first

    def spans(kind: str) -> list[tuple[int, int | None, int]]:
        return [
            (first + f.begin_s, None if f.end_s is None else first + f.end_s, f.value)
            for f in scenario.faults
            if f.kind == kind
        ]

    down, battery = spans("link"), spans("battery")

    def link_down(t: int) -> bool:
        return any(a <= t and (b is None or t < b) for a, b, _ in down)

    def battery_mv(t: int) -> int | None:
        return next((mv for a, b, mv in reversed(battery) if a <= t and (b is None or t < b)), None)

    def late(sensor: str, t: int) -> int:
        return late_s([line for line in scenario.neighbours if line.sensor == sensor], t - first)

    return Faults(
        cuts=[(a, (a if b is None else b) - a) for a, b, _ in spans("power")],
        link_down=link_down if down else None,
        battery_mv=battery_mv if battery else None,
        clock_set=not spans("clock"),
        late_s=late if scenario.neighbours else None,
    )


def edge_of(scenario: Scenario) -> Says:
    """What the scenario's edge says of the decisions that ask it."""
    says = {answer.decision: (answer.yes, answer.after_s) for answer in scenario.edge}
    return lambda decision: says.get(decision.decision)


class FaultySource(WrappedSource):
    """Readings with faults in them (see :class:`tinyfield.sim.source.RowSource`).

    Later faults of a channel go over earlier ones.

    Args:
        source: the readings as they should be.
        channels: of the app.
        faults: of kinds ``stuck``, ``missing``, ``reads``, ``noise``.
        seed: of the noise.
    """

    def __init__(
        self, source: RowSource, channels: Sequence[Channel], faults: Sequence[Fault], seed: int
    ) -> None:
        super().__init__(source)
        self._channels, self._seed = channels, seed
        names = [c.name for c in channels]
        sensors: dict[str, list[int]] = {}
        for i, channel in enumerate(channels):
            if channel.frames:
                sensors.setdefault(channel.sensor, []).append(i)
        self._fast = list(sensors.values())  # channel ids of each fast sensor
        self._faults = [(f, [names.index(name) for name in f.channels]) for f in faults]
        self._latest = [MISSING] * len(
            channels
        )  # the latest reading of each channel, without faults
        self._stuck: dict[tuple[int, int], int] = {}  # what a stuck channel says, by fault, channel

    def row(self, t: int) -> Sequence[int] | None:
        """The row of ``t`` as the faulty sensors give it."""
        values = self._source.row(t)
        if values is None:
            return None
        row = list(values)
        for number, (fault, indices) in enumerate(self._faults):
            if not self._on(fault, t):
                continue
            for i in (i for i in indices if not self._channels[i].frames):
                row[i] = self._reading(number, fault, i, t, row[i])
        for i, value in enumerate(values):
            if value != MISSING:
                self._latest[i] = value
        return row

    def burst(self, t: int, fast: int) -> NDArray[np.int16]:
        """The frames up to ``t`` as the faulty sensor gives them."""
        frames = self._source.burst(t, fast)
        ids = self._fast[fast]
        made: NDArray[np.int16] = frames.copy()
        for number, (fault, indices) in enumerate(self._faults):
            for i in (i for i in indices if i in ids and self._on(fault, t)):
                at = ids.index(i)
                made[:, at] = self._frames(number, fault, i, t, made[:, at])
        for at, i in enumerate(ids):
            if frames[-1, at] != NO_FRAME:
                self._latest[i] = int(frames[-1, at])
        return made

    def _frames(
        self, number: int, fault: Fault, i: int, t: int, frames: NDArray[np.int16]
    ) -> NDArray[np.int16]:
        channel = self._channels[i]
        if fault.kind == "noise":
            off = np.random.default_rng([self._seed, number, i, t]).normal(
                0, fault.value, len(frames)
            )
            noisy = np.clip(frames + np.rint(off), channel.minimum, channel.maximum)
            noisy[frames == NO_FRAME] = NO_FRAME
            return np.asarray(noisy, dtype=np.int16)
        before = MISSING if frames[0] == NO_FRAME else int(frames[0])
        value = self._reading(number, fault, i, t, before)
        if value != MISSING:
            value = min(max(value, channel.minimum), channel.maximum)
        return np.full_like(frames, NO_FRAME if value == MISSING else value)

    def _on(self, fault: Fault, t: int) -> bool:
        past = t - self.first
        return fault.begin_s <= past and (fault.end_s is None or past < fault.end_s)

    def _reading(self, number: int, fault: Fault, i: int, t: int, value: int) -> int:
        if fault.kind == "missing":
            return MISSING
        if fault.kind == "reads":
            return fault.value
        if fault.kind == "stuck":
            latest = self._latest[i] if self._latest[i] != MISSING else value
            return self._stuck.setdefault((number, i), latest)
        if value == MISSING:
            return value
        channel = self._channels[i]
        off = np.random.default_rng([self._seed, number, i, t]).normal(0, fault.value)
        return min(max(value + round(float(off)), channel.minimum), channel.maximum)
