"""A room with an array of MQ gas sensors, SIMULATED, every two seconds.

A sensor goes towards what the air is, within seconds, and wanders a little. Levels, puffs and
sizes are those of :mod:`tinyfield.data.generators.mq_array`. Before the script the air was as its
first line says.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
from scipy.signal import lfilter

from tinyfield.data.gas import ratio
from tinyfield.data.generators.mq_array import (
    DRIFT_SAMPLES,
    DRIFTS,
    FOLLOWS_SAMPLES,
    LEVELS,
    NOISES,
    PUFFS,
    puffs,
)
from tinyfield.data.generators.scene import Play, Scene
from tinyfield.data.importers.mq import CLEAN, PERIOD_S, SENSORS

if TYPE_CHECKING:
    from tinyfield.spec import App

AIR = {"clean": "NoGas", "perfume": "Perfume", "smoke": "Smoke", "mixture": "Mixture"}
WANDER = 0.2
"""Of the drift that the recordings show over half an hour each."""
TEMPERATURE, HUMIDITY = 21.0, 45.0


class World(Scene):
    """See the module."""

    def __init__(self, app: App, script: Sequence[Play], *, seed: int, start: datetime) -> None:
        super().__init__(app, script, seed=seed, start=start)
        n = int(self.seconds // PERIOD_S) + 2
        gases = [AIR[self.at(i * PERIOD_S).state] for i in range(n)]
        stays = np.exp(-1 / FOLLOWS_SAMPLES)
        puff = {gas: puffs(gas, n, self.rng(gas)) for gas in LEVELS}
        keep = np.exp(-1 / DRIFT_SAMPLES)
        self._ratios = {}
        for k, sensor in enumerate(SENSORS):
            aims = np.array(
                [LEVELS[gas][k] + PUFFS[gas][k] * puff[gas][i] for i, gas in enumerate(gases)]
            )
            level, _ = lfilter([1 - stays], [1.0, -stays], aims, zi=[stays * aims[0]])
            rng = self.rng(sensor)
            push = rng.normal(0, WANDER * DRIFTS[k] * np.sqrt(1 - keep**2), n)
            wander = lfilter([1.0], [1.0, -keep], push)
            counts = np.round(level + wander + rng.normal(0, NOISES[k], n))
            self._ratios[sensor] = ratio(counts, CLEAN[k])

    def sample(self, t: int) -> dict[str, float]:
        """The two seconds that ``t`` lies in."""
        found = self.named({"temperature": TEMPERATURE, "humidity": HUMIDITY})
        for channel in self.app.channels:
            if channel.quantity == "ratio" and channel.sensor in self._ratios:
                found[channel.name] = float(self._ratios[channel.sensor][t // PERIOD_S])
        return found
