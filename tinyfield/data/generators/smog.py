"""Stations of a made-up city with winter smog, for machines that do not have the real ones.

Weather passes over all stations together: a slow index (a first-order process of a day and a
half) stands for stagnant air. It gathers particles and the gases of traffic, stills the wind and
moistens the air; rain washes, sun and traffic give the hours of the day their shape, heating the
winter its sulphur. The sizes are round numbers near the moments of pollution_beijing; it is a
stand-in to try things with, not a model of any city.
"""

from __future__ import annotations

from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from tinyfield.data.generators.et0 import svp
from tinyfield.data.importers.beijing import Station, wind_parts

START = datetime(2021, 3, 1)
MEMORY_H = 36
"""Hours over which stagnation falls to 1/e."""

Floats = NDArray[np.float64]


def generate(stations: int, hours: int, *, seed: int) -> list[Station]:
    """So many stations ``made-1``, … of one city, from 1 March on; no reading is missing."""
    rng = np.random.default_rng([seed, 75])
    hour = np.arange(hours)
    year = 2 * np.pi * (hour / 24 + 59) / 365.25  # 0 on 1 January
    winter = np.cos(year)
    stagnant = _wander(rng, hours, MEMORY_H)
    warm = _wander(rng, hours, 60)
    rain = np.where(rng.random(hours) < 0.02 * (1 - 0.9 * winter), rng.exponential(2.0, hours), 0)
    rain = np.convolve(rain, [0.5, 0.3, 0.2])[:hours]
    return [
        station(f"made-{k + 1}", rng, hour, winter, stagnant, warm, rain) for k in range(stations)
    ]


def _wander(rng: np.random.Generator, n: int, memory: float) -> Floats:
    """A first-order process of mean 0 and deviation 1 that forgets in ``memory`` samples."""
    keep = np.exp(-1 / memory)
    noise = rng.normal(0, np.sqrt(1 - keep**2), n)
    noise[0] = rng.normal()
    return np.asarray(lfilter([1.0], [1.0, -keep], noise), np.float64)


def station(
    name: str,
    rng: np.random.Generator,
    hour: NDArray[np.int64],
    winter: Floats,
    stagnant: Floats,
    warm: Floats,
    rain: Floats,
) -> Station:
    """One place of the city, hour by hour [n].

    Args:
        hour: since a local midnight.
        winter: 1 in the middle of winter, -1 of summer.
        stagnant, warm: of the weather over all places, deviations from the usual.
        rain: mm in each hour.
    """
    n = len(hour)

    def daily(peak: float) -> Floats:
        return np.asarray(np.cos(2 * np.pi * (hour - peak) / 24), np.float64)

    def own(size: float, memory: float = 12) -> Floats:
        return size * _wander(rng, n, memory)

    still = stagnant + own(0.25)
    rush = daily(8) + daily(21)
    sun = np.maximum(daily(13), 0) * (1 - 0.5 * winter)
    temperature = 12.5 - 14.5 * winter + 5 * daily(15) + 2.5 * warm + own(0.5)
    wind = np.exp(0.3 - 0.45 * still + 0.25 * daily(15) + own(0.35, 3))
    dew = temperature - np.maximum(11 + 3 * winter + 4 * daily(15) - 5 * still + own(2), 0.2)
    washed = 0.25 * np.minimum(np.convolve(rain, np.exp(-np.arange(24) / 8))[:n], 3)
    fine = np.exp(4.0 + 0.05 * rng.normal() + 0.95 * still + 0.15 * winter - washed + own(0.35))
    no2 = np.exp(3.6 + 0.4 * still + 0.2 * winter + 0.15 * rush - 0.35 * sun + own(0.3))
    o3 = np.exp(3.9 - 0.35 * np.log(no2 / 36) - 0.5 * winter + 0.9 * sun + own(0.55))
    quantities = {
        "pm2_5": np.clip(fine, 2, 999),
        "pm10": np.clip(fine + np.exp(3.2 + own(0.6) + 0.2 * np.log(wind)), 2, 999),
        "so2": np.exp(2.2 + 0.45 * still + 0.8 * winter + own(0.5)),
        "no2": no2,
        "co": np.clip(np.exp(6.8 + 0.5 * still + 0.3 * winter + own(0.25)), 100, 10000),
        "o3": np.clip(o3, 1, 400),
        "temperature": temperature,
        "pressure": 1011 + 9 * winter - 3 * warm + own(3, 48),
        "dew_point": dew,
        "humidity": np.clip(100 * svp(dew) / svp(temperature), 1, 100),
        "rain": rain,
        "wind_speed": wind,
        "wind_direction": np.mod(45 * np.round((180 + 90 * still + own(60)) / 45), 360),
    }
    quantities |= wind_parts(wind, quantities["wind_direction"])
    return Station(name, START, quantities)
