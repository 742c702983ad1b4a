"""Generated seasons of the app's own bed: varied soils, weathers and ways to water it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from tinyfield.data.generators import weather as skies
from tinyfield.data.generators.batch import Batch, Record
from tinyfield.data.generators.bed import SOILS, Bed
from tinyfield.data.generators.policies import KINDS, Mixed
from tinyfield.data.generators.soil import Soil
from tinyfield.data.generators.weather import Weather

Floats = NDArray[np.float64]

SEASON_DAYS = 120
RATE_MM_H = 18.0
"""How fast the training policies apply water."""


@dataclass
class Seasons:
    """Seasons that ran side by side."""

    kinds: tuple[str, ...]
    starts: tuple[date, ...]
    batch: Batch
    record: Record
    awc_vwc: Floats


def season_weather(bed: Bed, start: date, days: int, seed: int, *, other: bool = False) -> Weather:
    """A stochastic season at the bed's latitude (``other``: of the other bundled climate)."""
    here = skies.nearest(bed.latitude)
    if other:
        here = next(c for c in skies.climates().values() if c.name != here.name)
    latitude = here.latitude * (1 if bed.latitude >= 0 else -1) if other else bed.latitude
    return skies.generate(here, latitude, start, days, seed)


def generate(
    bed: Bed, numbers: Sequence[int], *, period_s: int, seed: int, days: int = SEASON_DAYS
) -> Seasons:
    """Seasons by their numbers; a number means the same season whatever others run with it."""
    table = list(SOILS.values())
    n = len(numbers)
    fc, wp, wet = np.empty(n), np.empty(n), np.empty(n)
    starts, weather = [], []
    for i, k in enumerate(numbers):
        rng = np.random.default_rng([seed, k, 53])
        starts.append(bed.planted + timedelta(days=int(rng.integers(-30, 31))))
        weather.append(season_weather(bed, starts[i], days, seed * 100003 + k, other=k % 4 == 3))
        # Around the app's own soil: two thirds close to it, the rest anywhere in the table.
        centre = table[int(rng.integers(len(table)))] if k % 3 == 2 else (bed.fc, bed.wp)
        wp[i] = centre[1] * rng.uniform(0.85, 1.15)
        fc[i] = wp[i] + (centre[0] - centre[1]) * rng.uniform(0.8, 1.2)
        wet[i] = rng.uniform(0.4, 1.0)
    batch = Batch(
        bed.growth,
        Soil.uniform(fc, wp),
        weather,
        period_s=period_s,
        seeds=[seed * 100003 + k for k in numbers],
        fw=bed.fw,
    )
    batch.column.wet(wet)
    kinds = tuple(KINDS[k % 1000 % len(KINDS)] for k in numbers)
    seeds = [seed * 100003 + k for k in numbers]
    mixed = Mixed(batch, kinds, bed.doses_mm, RATE_MM_H * period_s / 3600, seeds)
    return Seasons(kinds, tuple(starts), batch, batch.run(mixed), 100 * (fc - wp))


def tank_levels(bed: Bed, water_mm: Floats, rain_mm: Floats, per_day: int, seed: int) -> Floats:
    """Level in % at each step of one bed whose water always comes (a training trace)."""
    plan = bed.tank
    rng = np.random.default_rng([seed, 17])
    used = (water_mm * bed.area_m2).reshape(-1, per_day)
    caught = (rain_mm * plan.roof_m2 * plan.runoff).reshape(-1, per_day)
    litres, out = plan.litres * rng.uniform(0.3, 1.0), np.empty_like(used)
    for d in range(len(used)):
        if d % plan.truck_days == 0 and rng.random() > plan.late:
            litres = plan.litres
        path = litres + np.cumsum(caught[d] - used[d])
        out[d] = np.clip(path, 0, plan.litres)
        litres = float(out[d, -1])
    levels: Floats = 100 * out.ravel() / plan.litres
    return levels
