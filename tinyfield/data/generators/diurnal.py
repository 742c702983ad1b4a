"""From days to minutes: how temperature, humidity, light, rain and demand run through a day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tinyfield.data.generators import et0 as sun
from tinyfield.data.generators.weather import Weather, day_of_year

Floats = NDArray[np.float64]

LUMENS_PER_WATT = 115.0
"""Luminous efficacy of global daylight. Littlefair (1985), Lighting Research & Technology
17:162–182, finds 105–120 lm/W over most skies."""


@dataclass(frozen=True)
class Fine:
    """Steps of ``period_s``, [steps]: °C, %, lux, mm a step, mm a step."""

    period_s: int
    temperature: Floats
    humidity: Floats
    light: Floats
    et0: Floats
    rain: Floats


def refine(weather: Weather, period_s: int, seed: int) -> Fine:
    """Spreads each day over its steps; daily sums of et0 and rain are kept exactly.

    Light and demand follow the sun's height above the horizon (solar time). Temperature rises as
    a sine from sunrise to two hours after noon's middle and falls as a cosine towards the next
    sunrise (de Wit et al. 1978, WAVE). Vapour pressure keeps the day's dew point.
    """
    per_day = 86400 // period_s
    if per_day * period_s != 86400:
        raise ValueError(f"period_s must divide a day, {period_s} does not")
    hour = (np.arange(per_day) + 0.5) * period_s / 3600
    doy = day_of_year(weather.start, weather.days)
    phi, delta = np.radians(weather.latitude), sun.declination(doy)[:, None]
    angle = np.pi * (hour - 12) / 12
    height = np.sin(phi) * np.sin(delta) + np.cos(phi) * np.cos(delta) * np.cos(angle)
    up = np.maximum(height, 0.0)
    share = up / np.maximum(up.sum(axis=1, keepdims=True), 1e-12)
    watts = weather.srad[:, None] * 1e6 * share / period_s
    rng = np.random.default_rng([seed, 83])
    cloud = _flicker(rng, weather.days * per_day, period_s).reshape(weather.days, per_day)
    clear = np.clip(weather.srad / np.maximum(_clear(weather, doy), 1e-9), 0.2, 1.0)[:, None]
    light = watts * LUMENS_PER_WATT * (1 + (1 - clear) * cloud)
    temperature = _temperature(weather, hour, doy)
    vapour = sun.svp(weather.tdew)[:, None]
    humidity = np.clip(100 * vapour / sun.svp(temperature), 3.0, 100.0)
    demand = weather.et0[:, None] * share
    return Fine(
        period_s=period_s,
        temperature=temperature.ravel(),
        humidity=humidity.ravel(),
        light=np.maximum(light, 0.0).ravel(),
        et0=demand.ravel(),
        rain=_rain(weather, per_day, period_s, rng).ravel(),
    )


def _clear(weather: Weather, doy: Floats) -> Floats:
    ra = sun.extraterrestrial(weather.latitude, doy)
    out: Floats = sun.clear_sky(ra, weather.altitude)
    return out


def _flicker(rng: np.random.Generator, n: int, period_s: int) -> Floats:
    """Clouds: a first-order autoregression with about 40 minutes of memory, spread 0.5."""
    keep = float(np.exp(-period_s / 2400))
    noise = rng.standard_normal(n) * 0.5 * np.sqrt(1 - keep**2)
    # y[i] = keep·y[i-1] + noise[i], as a truncated convolution: quick without SciPy.
    length = min(n, int(np.ceil(5 * 2400 / period_s)))
    kernel = keep ** np.arange(length)
    return np.clip(np.convolve(noise, kernel)[:n], -0.9, 0.9)


def _temperature(weather: Weather, hour: Floats, doy: Floats) -> Floats:
    half = sun.daylight_hours(weather.latitude, doy)[:, None] / 2
    rise, top = np.minimum(12 - half, 11.0), 14.0
    tmin, tmax = weather.tmin[:, None], weather.tmax[:, None]
    next_min = np.append(weather.tmin[1:], weather.tmin[-1])[:, None]
    last_max = np.insert(weather.tmax[:-1], 0, weather.tmax[0])[:, None]
    night = 24 - top + rise  # from yesterday's top to the sunrise
    before = (tmin + last_max) / 2 + (last_max - tmin) / 2 * np.cos(
        np.pi * (hour + 24 - top) / night
    )
    morning = (tmin + tmax) / 2 - (tmax - tmin) / 2 * np.cos(np.pi * (hour - rise) / (top - rise))
    after = (tmax + next_min) / 2 + (tmax - next_min) / 2 * np.cos(np.pi * (hour - top) / night)
    out: Floats = np.where(hour < rise, before, np.where(hour < top, morning, after))
    return out


def _rain(weather: Weather, per_day: int, period_s: int, rng: np.random.Generator) -> Floats:
    """One shower a wet day, of one to four hours, at a random hour."""
    out = np.zeros((weather.days, per_day))
    starts = rng.integers(0, per_day, weather.days)
    hours = rng.uniform(1, 4, weather.days)
    for i in np.flatnonzero(weather.rain > 0):
        n = max(1, round(hours[i] * 3600 / period_s))
        at = min(int(starts[i]), per_day - min(n, per_day))
        out[i, at : at + n] = weather.rain[i] / min(n, per_day)
    return out
