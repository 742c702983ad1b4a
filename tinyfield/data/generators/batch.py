"""Runs many beds through their seasons side by side: one array operation moves them all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tinyfield.data.generators.diurnal import Fine, refine
from tinyfield.data.generators.fao56 import Growth
from tinyfield.data.generators.soil import Column, Day, Params, Soil
from tinyfield.data.generators.weather import Weather

Floats = NDArray[np.float64]


@dataclass
class Record:
    """What happened, [steps, n]: water at the probe (% available), root-zone depletion and
    readily available water (mm), Ks, Ke, Kcb; flows in mm a step; soil water at both ends, mm."""

    available: Floats
    depletion: Floats
    raw: Floats
    ks: Floats
    ke: Floats
    kcb: Floats
    evaporation: Floats
    transpiration: Floats
    drained: Floats
    irrigation: Floats
    start_mm: Floats
    end_mm: Floats


class Batch:
    """n beds of one crop, each under its own weather (or all under one).

    Args:
        growth: the crop's season.
        soil: the n columns.
        weather: n records (or one for all) of equal length; the first day is ``first_day``.
        period_s: the step.
        seed: of showers and clouds; ``seeds`` gives each record its own.
        first_day: days since planting at the first step.
        fw: share of the ground that is wetted.
    """

    def __init__(
        self,
        growth: Growth,
        soil: Soil,
        weather: Sequence[Weather],
        *,
        period_s: int,
        seed: int = 0,
        seeds: Sequence[int] | None = None,
        first_day: int = 0,
        fw: float = 1.0,
        params: Params | None = None,
    ) -> None:
        self.growth, self.fw, self.first_day, self.period_s = growth, fw, first_day, period_s
        self.column = Column(soil, params)
        self.n = len(soil.fc)
        self.weather = list(weather)
        each = seeds or [seed + 1000 * i for i in range(len(weather))]
        fine = [refine(w, period_s, k) for w, k in zip(weather, each, strict=True)]
        self.fine: list[Fine] = fine if len(fine) == self.n else fine * self.n
        self.per_day = 86400 // period_s
        self.days = weather[0].days
        self.steps = self.days * self.per_day
        self.et0 = np.stack([f.et0 for f in fine], axis=1)
        self.rain = np.stack([f.rain for f in fine], axis=1)
        self._daily = {
            k: np.stack([getattr(w, k) for w in weather], axis=1) for k in ("et0", "wind", "rh_min")
        }
        total = np.cumsum(np.concatenate([np.zeros((1, len(fine))), self.et0]), axis=0)
        last = self.steps - self.per_day
        # Demand of the coming 24 h; the last day looks at itself.
        ahead = np.arange(self.steps)
        ahead = np.minimum(ahead, last)
        self.et0_next = total[ahead + self.per_day] - total[ahead]
        self.day = self._coefficients(0)
        self.ones = np.ones(self.n)

    def _coefficients(self, day: int) -> Day:
        d = {k: v[day] * np.ones(self.n) for k, v in self._daily.items()}
        return Day(
            self.column,
            self.growth,
            np.float64(self.first_day + day),
            et0=d["et0"],
            u2=d["wind"],
            rh_min=d["rh_min"],
            fw=self.fw,
        )

    def begin_day(self, day: int) -> None:
        """Sets the coefficients of a day of the run."""
        self.day = self._coefficients(day)

    def projected(self, step: int) -> Floats:
        """Depletion that 24 h without water would leave, mm, [n] (eq. 85 a day ahead).

        Rain is not foreseen: Dr + (Ks·Kcb + Ke)·ET0 of the coming 24 h.
        """
        col, day = self.column, self.day
        rate = col.stress(day) * day.kcb + col.evaporation_coefficient(day)
        out: Floats = col.depletion(day) + rate * self.et0_next[step]
        return out

    def run(
        self,
        water: Callable[[int], Floats | float],
        before: Callable[[int], None] | None = None,
    ) -> Record:
        """Steps through the whole season.

        Args:
            water: irrigation in mm at a step, [n]; it may look at ``column``, ``day`` and
                ``projected``.
            before: called ahead of each step (to set the state to an observed one).
        """
        shape = (self.steps, self.n)
        names = ("available", "depletion", "raw", "ks", "ke", "kcb", "evaporation",
                 "transpiration", "drained", "irrigation")  # fmt: skip
        out = {k: np.empty(shape) for k in names}
        col, hours = self.column, self.period_s / 3600
        start = col.w.sum(axis=1)
        for i in range(self.steps):
            if i % self.per_day == 0:
                self.begin_day(i // self.per_day)
            if before is not None:
                before(i)
            day = self.day
            out["available"][i] = col.available()
            dr = col.depletion(day)
            out["depletion"][i], out["raw"][i], out["kcb"][i] = dr, day.raw, day.kcb
            out["ks"][i] = col.stress(day)
            out["ke"][i] = col.evaporation_coefficient(day)
            given = water(i) * self.ones
            flows = col.step(day, self.et0[i], self.rain[i] + given, hours)
            out["irrigation"][i] = given
            out["evaporation"][i], out["drained"][i] = flows.evaporation, flows.drained
            out["transpiration"][i] = flows.transpiration
        return Record(**out, start_mm=start, end_mm=col.w.sum(axis=1))
