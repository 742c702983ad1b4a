"""A street of a city under a weather that a script says, SIMULATED, hour by hour.

How stagnant the air is goes towards what the state says, slowly: smog gathers within a day, and a
fresh wind or rain takes it away within hours. Everything else follows from that and the clock as
in :mod:`tinyfield.data.generators.smog`. Before the script the air was as its first line says.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from tinyfield.data.generators.scene import Play, Scene
from tinyfield.data.generators.smog import station
from tinyfield.data.quantities import CONCENTRATION

if TYPE_CHECKING:
    from tinyfield.spec import App

HOUR_S = 3600
STANDS = {"fresh": -2.2, "usual": -0.8, "still": 1.4, "rain": -1.6}
"""How stagnant the air becomes."""
GATHERS_H, LEAVES_H = 9.0, 3.0
"""Hours in which two thirds of the way there are gone."""
RAIN_MM = 1.5
"""In an hour; moderate rain is 2.5 mm and more (WMO-No. 8, volume I, chapter 14)."""
PARTS = {"pm1": 0.75, "pm4": 1.1}
"""Of pm2_5; a guess."""


class World(Scene):
    """See the module."""

    def __init__(self, app: App, script: Sequence[Play], *, seed: int, start: datetime) -> None:
        super().__init__(app, script, seed=seed, start=start)
        n = int(self.seconds // HOUR_S) + 2
        states = [self.at(h * HOUR_S).state for h in range(n)]
        stands = np.empty(n)
        now = STANDS[states[0]]
        for h, state in enumerate(states):
            aim = STANDS[state]
            now += (aim - now) * (1 - np.exp(-1 / (GATHERS_H if aim > now else LEAVES_H)))
            stands[h] = now
        hour = np.arange(n) + start.hour
        days = start.timetuple().tm_yday - 1 + hour / 24
        rain = np.array([RAIN_MM if state == "rain" else 0.0 for state in states])
        winter = np.cos(2 * np.pi * days / 365.25)
        self._quantities = station(
            "city", self.rng("city"), hour, winter, stands, np.zeros(n), rain
        ).quantities

    def sample(self, t: int) -> dict[str, float]:
        """The hour that ``t`` lies in."""
        at = t // HOUR_S
        now = {name: float(values[at]) for name, values in self._quantities.items()}
        now |= {name: part * now["pm2_5"] for name, part in PARTS.items()}
        found = self.named(now)
        for channel in self.app.channels:
            if channel.quantity == CONCENTRATION and channel.sensor in now:
                found[channel.name] = now[channel.sensor]
        return found
