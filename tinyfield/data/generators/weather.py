"""Daily weather: real where there is some, else drawn from a fitted stochastic climate.

The generator is Richardson's (1981, Water Resources Research 17:182–190; WGEN): rain by a
two-state Markov chain with gamma amounts; temperatures, dew point, clearness and wind as seasonal
means that differ between wet and dry days plus residuals of a first-order autoregression that
keeps their cross-correlations (Matalas 1967). Its constants are in ``climates.toml``, with their
source and the command that refits them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinyfield.data.generators import et0 as sun
from tinyfield.tomlfile import read_toml

Floats = NDArray[np.float64]

VARIABLES = ("tmax", "tmin", "tdew", "clearness", "wind")


@dataclass(frozen=True)
class Weather:
    """Consecutive days. Arrays are [days].

    Attributes:
        start: the first day.
        srad: global radiation, MJ/m2/d.  tmax, tmin, tdew: °C.  wind: m/s at 2 m.
        rain: mm/d.  et0: reference evapotranspiration, mm/d.
        source: ``measured`` or ``generated``, and by what.
    """

    start: date
    srad: Floats
    tmax: Floats
    tmin: Floats
    tdew: Floats
    wind: Floats
    rain: Floats
    et0: Floats
    latitude: float
    altitude: float
    source: str

    @property
    def days(self) -> int:
        """How many days."""
        return len(self.srad)

    @property
    def end(self) -> date:
        """The day after the last."""
        return self.start + timedelta(days=self.days)

    @property
    def rh_min(self) -> Floats:
        """Least relative humidity of each day, %: dew point against the day's greatest heat."""
        out: Floats = np.clip(100 * sun.svp(self.tdew) / sun.svp(self.tmax), 1.0, 100.0)
        return out

    def between(self, start: date, days: int) -> Weather:
        """A part; past either end the nearest day's values go on (rain none)."""
        at = np.arange(days) + (start - self.start).days
        inside = (at >= 0) & (at < self.days)
        at = np.clip(at, 0, self.days - 1)
        cut = {
            k: getattr(self, k)[at] for k in ("srad", "tmax", "tmin", "tdew", "wind", "rain", "et0")
        }
        cut["rain"] = np.where(inside, cut["rain"], 0.0)
        return replace(self, start=start, **cut)


@dataclass(frozen=True)
class Climate:
    """Constants of one place. Seasonal curves are [mean, cos 1, sin 1, cos 2, sin 2]."""

    name: str
    latitude: float
    altitude: float
    source: str
    wet_after_dry: Floats
    wet_after_wet: Floats
    rain_mm: Floats
    rain_shape: float
    mean: Floats  # [5, 5] variable × curve, on dry days
    wet_shift: Floats  # [5]
    spread: Floats  # [5, 5] standard deviation as a curve
    a: Floats  # [5, 5] lag-1 matrix
    b: Floats  # [5, 5] noise matrix


@cache
def climates() -> dict[str, Climate]:
    """Every bundled climate by name."""
    table = read_toml(Path(__file__).with_name("climates.toml"))
    return {name: _climate(name, row) for name, row in table.items()}


def _climate(name: str, row: dict[str, Any]) -> Climate:
    arrays = {
        k: np.array(row[k], dtype=np.float64)
        for k in ("wet_after_dry", "wet_after_wet", "rain_mm", "mean", "wet_shift", "spread")
    }
    return Climate(
        name=name,
        latitude=float(row["latitude"]),
        altitude=float(row["altitude"]),
        source=str(row["source"]),
        rain_shape=float(row["rain_shape"]),
        a=np.array(row["a"], dtype=np.float64),
        b=np.array(row["b"], dtype=np.float64),
        **arrays,
    )


def nearest(latitude: float) -> Climate:
    """The bundled climate whose latitude is nearest."""
    return min(climates().values(), key=lambda c: (abs(abs(c.latitude) - abs(latitude)), c.name))


def harmonics(doy: Floats) -> Floats:
    """The curves' basis on days of the year, [n, 5]."""
    x = 2 * np.pi * doy / 365.25
    return np.stack([np.ones_like(x), np.cos(x), np.sin(x), np.cos(2 * x), np.sin(2 * x)], axis=1)


def day_of_year(start: date, days: int) -> Floats:
    """1 to 366 for consecutive days."""
    return np.array(
        [(start + timedelta(days=i)).timetuple().tm_yday for i in range(days)], dtype=np.float64
    )


def generate(climate: Climate, latitude: float, start: date, days: int, seed: int) -> Weather:
    """Draws a season. South of the equator the climate's seasons are shifted by half a year."""
    rng = np.random.default_rng([seed, 71])
    warm_up = 30
    doy = day_of_year(start - timedelta(days=warm_up), days + warm_up)
    season = doy if latitude * climate.latitude >= 0 else (doy + 182.6) % 365.25
    basis = harmonics(season)
    wet_dry, wet_wet = (
        np.clip(basis @ c, 0.0, 1.0) for c in (climate.wet_after_dry, climate.wet_after_wet)
    )
    amount = np.maximum(basis @ climate.rain_mm, 0.5)
    mean, spread = basis @ climate.mean.T, np.maximum(basis @ climate.spread.T, 1e-3)
    z, wet = np.zeros(len(VARIABLES)), False
    values, rain = np.empty((len(doy), len(VARIABLES))), np.zeros(len(doy))
    for i in range(len(doy)):
        wet = bool(rng.random() < (wet_wet[i] if wet else wet_dry[i]))
        drop = rng.gamma(climate.rain_shape, amount[i] / climate.rain_shape)
        rain[i] = round(float(drop), 1) if wet else 0.0
        z = climate.a @ z + climate.b @ rng.standard_normal(len(VARIABLES))
        values[i] = mean[i] + (climate.wet_shift if wet else 0.0) + spread[i] * z
    values, rain, doy = values[warm_up:], rain[warm_up:], doy[warm_up:]
    tmax = np.maximum(values[:, 0], values[:, 1] + 1.0)
    tmin = np.minimum(values[:, 1], tmax - 1.0)
    tdew = np.minimum(values[:, 2], tmin + 2.0)
    ra = sun.extraterrestrial(latitude, doy)
    srad = np.clip(values[:, 3], 0.1, 0.8) * ra
    wind = np.clip(values[:, 4], 0.4, 12.0)
    et0 = sun.daily_et0(
        rs=srad, tmax=tmax, tmin=tmin, tdew=tdew, u2=wind, latitude=latitude,
        altitude=climate.altitude, doy=doy,
    )  # fmt: skip
    return Weather(
        start=start, srad=srad, tmax=tmax, tmin=tmin, tdew=tdew, wind=wind, rain=rain, et0=et0,
        latitude=latitude, altitude=climate.altitude,
        source=f"generated (climate of {climate.name})",
    )  # fmt: skip
