"""Recordings of an MQ sensor array, for machines that do not have the real ones.

A gas comes in puffs: each gas has a level for each sensor to which it returns, a height to which a
puff lifts it, and a usual time between puffs. Levels wander while a recording lasts, slowly, as
heaters and humidity make them, and a little from reading to reading. All sizes are rounded from
gas_mq. Perfume lies so near clean air there that their levels are hard to tell apart, its puffs
being longer, closer together and higher; and so here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from tinyfield.data.importers.mq import SENSORS, Recording

SAMPLES = 1200
DRIFT_SAMPLES = 400
FOLLOWS_SAMPLES = 10.0
"""In which a sensor has gone two thirds of the way to a new level."""
LEVELS = {
    "NoGas": (725, 529, 395, 390, 560, 560, 435),
    "Perfume": (715, 528, 382, 378, 560, 555, 440),
    "Smoke": (530, 347, 318, 360, 573, 556, 280),
    "Mixture": (505, 393, 357, 330, 390, 240, 355),
}
"""Lowest reading of each sensor of ``SENSORS``, 10 bits."""
PUFFS = {
    "NoGas": (75, 4, 95, 90, 110, 190, 75),
    "Perfume": (95, 5, 140, 125, 135, 215, 95),
    "Smoke": (170, 15, 70, 45, 6, 45, 45),
    "Mixture": (210, 45, 115, 100, 210, 190, 95),
}
"""How much a puff that lasts would lift it."""
EVERY = {"NoGas": (75, 0.25), "Perfume": (55, 0.5), "Smoke": (90, 0.25), "Mixture": (70, 0.4)}
"""Samples from one puff to the next, and the share of them that it lasts."""
DRIFTS = (30, 4, 15, 15, 20, 25, 12)
NOISES = (2, 1, 1, 1, 2, 4, 1)


def generate(*, seed: int) -> list[Recording]:
    """One recording a gas, of ``SAMPLES`` readings a sensor."""
    rng = np.random.default_rng([seed, 7])
    keep = np.exp(-1 / DRIFT_SAMPLES)
    stays = np.exp(-1 / FOLLOWS_SAMPLES)
    out = []
    for gas, levels in LEVELS.items():
        readings = {}
        puff = lfilter([1 - stays], [1.0, -stays], puffs(gas, SAMPLES, rng))
        for k, sensor in enumerate(SENSORS):
            push = rng.normal(0, DRIFTS[k] * np.sqrt(1 - keep**2), SAMPLES)
            push[0] = rng.normal(0, DRIFTS[k])
            slow = lfilter([1.0], [1.0, -keep], push)
            level = levels[k] + PUFFS[gas][k] * puff
            values = np.round(level + slow + rng.normal(0, NOISES[k], SAMPLES))
            readings[sensor] = np.clip(values, 0, 1023).astype(np.float64)
        out.append(Recording(f"made-{gas}", gas, readings))
    return out


def puffs(gas: str, samples: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """1 while a puff lasts, 0 between them, [samples]; each time is a fifth longer or shorter."""
    every, share = EVERY[gas]
    pieces: list[NDArray[np.float64]] = []
    length = 0
    while length < samples:
        whole = every * rng.uniform(0.8, 1.2)
        on = max(1, round(whole * share))
        pieces += [np.zeros(max(1, round(whole) - on)), np.ones(on)]
        length += sum(map(len, pieces[-2:]))
    return np.concatenate(pieces)[:samples]
