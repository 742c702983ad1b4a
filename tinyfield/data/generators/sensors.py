"""What cheap sensors make of the truth: noise, drift, bias, and the steps of the converter.

The soil probe's constants are fitted to neighbouring 5TM sensors in a Quebec field
(``sensors.toml``; ``tinyfield.data.fit.sensors``).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tinyfield.tomlfile import read_toml

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Probe:
    """A soil-moisture probe's errors, standard deviations in % by volume."""

    noise_vwc: float
    noise_hours: float
    drift_vwc: float
    drift_days: float
    bias_vwc: float


@cache
def probe() -> Probe:
    """The bundled constants."""
    table = read_toml(Path(__file__).with_name("sensors.toml"))["soil_probe"]
    return Probe(**{k: float(v) for k, v in table.items() if k in Probe.__dataclass_fields__})


ADC_STEP_PERCENT = 0.4
"""One step of an Uno's converter (5 V in 1024) over a probe's 1.25 V, in % available water."""
TEMPERATURE_NOISE, HUMIDITY_NOISE = 0.1, 0.6
"""Standard deviations of a BME280 in °C and % (Bosch BST-BME280-DS002, noise and resolution)."""
LEVEL_NOISE = 0.4
"""Of an ultrasonic level sensor, % of the tank (3 mm resolution, 70 cm range)."""


def wander(rng: np.random.Generator, n: int, memory: float) -> Floats:
    """n values of a first-order autoregression with unit spread; ``memory`` in steps."""
    keep = float(np.exp(-1.0 / memory))
    noise = rng.standard_normal(n) * np.sqrt(1 - keep**2)
    out = np.empty(n)
    last = float(rng.standard_normal())
    for i, e in enumerate(noise.tolist()):
        last = keep * last + e
        out[i] = last
    return out


def soil_error(rng: np.random.Generator, n: int, period_s: int, awc_vwc: float) -> Floats:
    """A probe's error over n samples, in % of the available water ``awc_vwc`` (% by volume).

    Calibrated in its own soil over a day at the start of the season, so that noise averages out
    and only the drift since then remains; the fitted ``bias_vwc`` is of sensors that were not
    calibrated there, and is not used here.
    """
    p = probe()
    day = 86400 / period_s
    days = int(np.ceil(n / day)) + 2
    slow = np.interp(
        np.arange(n) / day, np.arange(days), p.drift_vwc * wander(rng, days, p.drift_days)
    )
    quick = p.noise_vwc * wander(rng, n, p.noise_hours * 3600 / period_s)
    out: Floats = (slow - slow[0] + quick) / awc_vwc * 100
    return out


def adc(percent: Floats, step: float = ADC_STEP_PERCENT) -> Floats:
    """Rounds to the converter's steps."""
    return np.round(percent / step) * step
