"""Worlds that play a script of states: what a scenario of an app's ``tests:`` runs against.

::

    tests: {world: {dog: [sleep 10 h, walk 20 min]}} ─spec→ Play, Play ─world()→ Scene ─sim→ node

A world's name, its states and what they mean stand in ``tinyfield/spec/worlds/<name>.toml``; the
class ``World`` in the module named there plays them. To add one, write both: a test plays every
state of every world.
"""

from __future__ import annotations

import zlib
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tinyfield.errors import DataError, UserError
from tinyfield.spec.scenario import Play
from tinyfield.spec.worlds import worlds
from tinyfield.spelling import listing, nearest

if TYPE_CHECKING:
    from tinyfield.spec import App

__all__ = ["Moment", "Play", "Scene", "world"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Moment:
    """Where a script stands.

    Attributes:
        state: what is played.
        index: which line of the script.
        since: seconds that it has been played.
        left: seconds until the next line, above 0.
    """

    state: str
    index: int
    since: float
    left: float


class Scene:
    """A world that plays a script (see :class:`tinyfield.data.dataset.World`).

    A subclass answers :meth:`sample`, and :meth:`burst` where it serves fast channels. The answers
    hang on script, seed and time alone: the same on every board, however often it restarts.

    Args:
        app: gives channels, sample period and site.
        script: what to play, in order; at least one line.
        seed: of everything random.
        start: local time of virtual second 0.

    Attributes:
        seconds: how long the script is; ``days`` is the same in days.
    """

    def __init__(self, app: App, script: Sequence[Play], *, seed: int, start: datetime) -> None:
        if not script:
            raise DataError("a world without a script", hint="write [state 10 min, other 1 h]")
        self.app, self.script, self.seed, self.start = app, tuple(script), seed, start
        self._ends = list(accumulate(play.seconds for play in script))
        self.seconds = self._ends[-1]
        self.days = self.seconds / 86400

    def at(self, t: float) -> Moment:
        """What is played at virtual second ``t``; the first or last line outside the script."""
        i = min(bisect_right(self._ends, t), len(self.script) - 1)
        began = self._ends[i - 1] if i else 0
        return Moment(self.script[i].state, i, max(t - began, 0.0), max(self._ends[i] - t, 1e-9))

    def spans(self) -> list[tuple[int, int, str]]:
        """First second, end and state of each line of the script."""
        begins = [0, *self._ends[:-1]]
        return [(a, b, p.state) for a, b, p in zip(begins, self._ends, self.script, strict=True)]

    def clock(self, t: float) -> float:
        """Local hour of the day at virtual second ``t``, 0 to below 24."""
        began = self.start.hour * 3600 + self.start.minute * 60 + self.start.second
        return (began + t) % 86400 / 3600

    def rng(self, *key: int | str) -> np.random.Generator:
        """Random numbers that hang on the seed and ``key`` alone, such as a channel and a time."""
        words = [zlib.crc32(k.encode()) if isinstance(k, str) else k for k in key]
        return np.random.default_rng(
            [self.seed, zlib.crc32(type(self).__module__.encode()), *words]
        )

    def named(self, by_quantity: Mapping[str, float]) -> dict[str, float]:
        """Values by quantity as values by channel name; channels of other quantities get none."""
        return {
            c.name: by_quantity[c.quantity] for c in self.app.channels if c.quantity in by_quantity
        }

    def sample(self, t: int) -> dict[str, float]:
        """Channel name → physical value at virtual second ``t`` (never going back); NaN = none."""
        raise NotImplementedError

    def burst(self, t: int, frames: int, rate_hz: float) -> dict[str, Floats]:
        """Channel name → the ``frames`` frames that end at ``t``, [frames], oldest first.

        Raises:
            DataError: this world has no fast channels.
        """
        del t, frames, rate_hz
        raise DataError(
            f"the world {self.name!r} has no fast channels", hint="take one that has, or a trace"
        )

    def actuate(self, t: int, actuator: str, on: bool) -> None:
        """The node switched an actuator; most worlds do not feel it."""

    def summary(self) -> dict[str, float]:
        """Figures of the run; a scene has none unless it says so."""
        return {}

    @property
    def name(self) -> str:
        """As written under ``world:``."""
        module = type(self).__module__.rpartition(".")[2]
        return next((k.name for k in worlds().values() if k.module == module), module)


def world(name: str, app: App, script: Sequence[Play], *, seed: int, start: datetime) -> Scene:
    """The world of that name, ready to play.

    Raises:
        UserError: there is no such world, or it has no such state.
    """
    kind = worlds().get(name)
    if kind is None:
        near = nearest(name, worlds())
        raise UserError(
            f"there is no world {name!r}",
            hint=f"did you mean {near!r}?" if near else f"worlds: {listing(worlds())}",
        )
    for play in script:
        if play.state not in kind.states:
            near = nearest(play.state, kind.states)
            raise UserError(
                f"the world {name!r} has no state {play.state!r}",
                hint=f"did you mean {near!r}?" if near else f"states: {listing(kind.states)}",
            )
    made: Scene = import_module(f"tinyfield.data.generators.{kind.module}").World(
        app, script, seed=seed, start=start
    )
    return made
