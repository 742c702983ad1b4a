"""Recordings of an MQ sensor array, for machines that do not have the real ones.

Each gas sets a level for each sensor, which wanders while a recording lasts: slowly, as heaters
and humidity make it drift, and a little from reading to reading. Levels and sizes are rounded from
gas_mq; perfume lies so near clean air there that the two are hard to tell apart, and so here.
"""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

from tinyfield.data.importers.mq import SENSORS, Recording

SAMPLES = 1200
DRIFT_SAMPLES = 400
LEVELS = {
    "NoGas": (735, 530, 425, 420, 620, 635, 465),
    "Perfume": (745, 530, 440, 430, 625, 640, 475),
    "Smoke": (590, 355, 340, 375, 575, 570, 295),
    "Mixture": (590, 415, 405, 375, 465, 315, 400),
}
"""Mean reading of each sensor of ``SENSORS``, 10 bits."""
DRIFTS = (50, 5, 30, 30, 40, 60, 25)
NOISES = (7, 1, 6, 6, 8, 12, 4)


def generate(*, seed: int) -> list[Recording]:
    """One recording a gas, of ``SAMPLES`` readings a sensor."""
    rng = np.random.default_rng([seed, 7])
    keep = np.exp(-1 / DRIFT_SAMPLES)
    out = []
    for gas, levels in LEVELS.items():
        readings = {}
        for sensor, level, drift, noise in zip(SENSORS, levels, DRIFTS, NOISES, strict=True):
            push = rng.normal(0, drift * np.sqrt(1 - keep**2), SAMPLES)
            push[0] = rng.normal(0, drift)
            slow = lfilter([1.0], [1.0, -keep], push)
            values = np.round(level + slow + rng.normal(0, noise, SAMPLES))
            readings[sensor] = np.clip(values, 0, 1023).astype(np.float64)
        out.append(Recording(f"made-{gas}", gas, readings))
    return out
