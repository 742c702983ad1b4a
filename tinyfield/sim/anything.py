"""Readings without a meaning, anywhere in each channel's range: work at which to measure a node."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tinyfield.sim.frames import fast_sensors
from tinyfield.sim.source import start_of

if TYPE_CHECKING:
    from tinyfield.spec import App


class AnythingSource:
    """Rows and frames by a seeded chance, every channel evenly over its range.

    Args:
        app: gives the channels, the sample period and the fast sensors.
        samples: how many there are.
    """

    def __init__(self, app: App, samples: int) -> None:
        self.start = start_of(app)
        self.first = 0
        self.last = (samples - 1) * app.sample_s
        self._app = app
        self._fast = fast_sensors(app)

    def row(self, t: int) -> Sequence[int] | None:
        """Any values."""
        if t > self.last:
            return None
        chance = np.random.default_rng(t)
        return [
            int(chance.integers(channel.minimum, channel.maximum + 1))
            for channel in self._app.channels
        ]

    def burst(self, t: int, fast: int) -> NDArray[np.int16]:
        """Any frames, [frames, channels]."""
        sensor = self._fast[fast]
        chance = np.random.default_rng((t, fast))
        channels = [self._app.channels[self._app.channel_id(name)] for name in sensor.channels]
        made = [chance.integers(c.minimum, c.maximum + 1, sensor.frames) for c in channels]
        return np.stack(made, axis=1).astype(np.int16)

    def act(self, t: int, actuator: str, on: bool) -> None:
        """Nothing feels it."""

    def summary(self) -> dict[str, float]:
        """It has no figures."""
        return {}
