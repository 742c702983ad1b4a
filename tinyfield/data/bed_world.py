"""A bed in closed loop: the node's valve wets the soil that the node's sensors read."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tinyfield.data import registry
from tinyfield.data.generators import channels as readings
from tinyfield.data.generators.batch import Batch
from tinyfield.data.generators.bed import Bed, bed_of
from tinyfield.data.generators.seasons import SEASON_DAYS, season_weather
from tinyfield.data.generators.soil import Soil
from tinyfield.data.generators.tank import Tank
from tinyfield.data.generators.weather import Weather
from tinyfield.data.importers import maricopa
from tinyfield.errors import DataError

if TYPE_CHECKING:
    from tinyfield.spec import App

Floats = NDArray[np.float64]

FIRST_SEASON = 5000
"""Number of the default season's weather: none that a model was trained or tested on."""
STRESSED = 0.99
"""A day counts as stressed if Ks, weighted with the day's demand, is below this."""
START_SHARE = 0.85
"""Share of the available water in the soil on the planting day: watered in the days before."""
DROPOUT = 0.001
"""Share of readings that do not come."""


class BedWorld:
    """One bed through one season (see :class:`tinyfield.data.dataset.World`).

    Args:
        app: gives channels, sample period, actuators and the bed.
        weather: the season's days.
        seed: of sensors, showers and trucks.
        first_day: days since planting on the weather's first day.
    """

    def __init__(
        self,
        app: App,
        weather: Weather,
        seed: int,
        bed: Bed | None = None,
        first_day: int = 0,
    ) -> None:
        self.bed = bed or bed_of(app)
        self.days = weather.days
        self.period_s = app.sample_s
        self._channels = app.channels
        self._valve = next(iter(app.actuators), None)
        soil = Soil.uniform(np.array([self.bed.fc]), np.array([self.bed.wp]))
        self.batch = Batch(
            self.bed.growth,
            soil,
            [weather],
            period_s=self.period_s,
            seed=seed,
            first_day=first_day,
            fw=self.bed.fw,
        )
        self.column = self.batch.column
        self.column.wet(np.array([START_SHARE]))
        self.tank = Tank(self.bed.tank)
        self._rng = np.random.default_rng([seed, 29])
        self._trucks = self._rng.random(self.days + 1) > self.bed.tank.late
        # What the sensors would add to the truth is drawn at once for the season.
        nothing = np.zeros(self.batch.steps)
        awc = 100 * (self.bed.fc - self.bed.wp)
        self._soil_error = {
            c.name: readings.soil_offset(i, self.batch.fine[0], awc, seed)
            for i, c in enumerate(app.channels)
            if c.quantity == "moisture"
        }
        self._still = readings.observe(
            app.channels,
            available=nothing,
            fine=self.batch.fine[0],
            level=nothing,
            awc_vwc=awc,
            altitude=weather.altitude,
            seed=seed,
        )
        self._gone = self._rng.random((self.batch.steps, len(app.channels))) < DROPOUT
        self._step = 0
        self._open_since: int | None = None
        self._at = 0
        self._pending_mm = 0.0
        self.litres = self.drained_mm = self.transpired_mm = self.wanted_mm = 0.0
        self.evaporated_mm = self.rain_mm = 0.0
        self._day_ks = self._day_demand = 0.0
        self.stress_days = 0
        self.deficit_days = 0.0
        self._depletion: list[float] = []
        self._start_mm = float(self.column.w.sum())

    def actuate(self, t: int, actuator: str, on: bool) -> None:
        """The valve opened or closed at virtual second ``t``; other actuators wet nothing."""
        if actuator != self._valve:
            return
        self._flow(t)
        if on and self._open_since is None:
            self._open_since = t
        elif not on:
            self._open_since = None

    def _flow(self, t: int) -> None:
        """Water that came until ``t``."""
        if self._open_since is not None and t > self._open_since:
            litres = self.tank.take(self.bed.flow_l_min / 60 * (t - self._open_since))
            self.litres += litres
            self._pending_mm += litres / self.bed.area_m2
            self._open_since = t

    def sample(self, t: int) -> dict[str, float]:
        """What the sensors say at ``t``, the soil having moved on until then."""
        self._flow(t)
        while (self._step + 1) * self.period_s <= t and self._step < self.batch.steps:
            self._advance()
        i = min(t // self.period_s, self.batch.steps - 1)
        out: dict[str, float] = {}
        for k, c in enumerate(self._channels):
            if self._gone[i, k]:
                out[c.name] = float("nan")
            elif c.quantity == "moisture":
                true = float(self.column.available()[0])
                out[c.name] = readings.moisture(c, true + float(self._soil_error[c.name][i]))
            elif c.quantity == "level":
                # The still reading holds this sample's noise around an empty tank.
                noise = float(self._still[c.name][i])
                out[c.name] = readings.settle(c, self.tank.level + noise)
            else:
                out[c.name] = float(self._still[c.name][i])
        return out

    def _advance(self) -> None:
        i, b = self._step, self.batch
        if i % b.per_day == 0:
            self._new_day(i // b.per_day)
        day = b.day
        ks = float(self.column.stress(day)[0])
        demand = float(day.kcb[0] * b.et0[i, 0])
        rain = float(b.rain[i, 0])
        flows = self.column.step(
            day, b.et0[i], np.array([rain + self._pending_mm]), self.period_s / 3600
        )
        self._pending_mm = 0.0
        self.tank.rain(rain)
        self.rain_mm += rain
        self.drained_mm += float(flows.drained[0])
        self.evaporated_mm += float(flows.evaporation[0])
        self.transpired_mm += float(flows.transpiration[0])
        self.wanted_mm += demand
        self._day_ks += ks * demand
        self._day_demand += demand
        self._depletion.append(float(self.column.depletion(day)[0] / day.taw[0]))
        self._step += 1

    def _new_day(self, day: int) -> None:
        self._close_day()
        self.batch.begin_day(day)
        if day % self.bed.tank.truck_days == 0 and self._trucks[day]:
            self.tank.truck()

    def _close_day(self) -> None:
        if self._day_demand > 0:
            ks = self._day_ks / self._day_demand
            self.stress_days += ks < STRESSED
            self.deficit_days += 1 - ks
        self._day_ks = self._day_demand = 0.0

    def summary(self) -> dict[str, float]:
        """The season so far.

        Litres (valve, deep percolation, in the tank's truck and rain), stress_days (days with Ks
        below 0.99), deficit_days (sum of 1 − Ks), mean_depletion (share of the available water),
        transpiration (share of what an unstressed crop would have used), balance_mm (must be 0).
        """
        ks = self._day_ks / self._day_demand if self._day_demand > 0 else 1.0
        area = self.bed.area_m2
        stored = float(self.column.w.sum()) - self._start_mm
        out_mm = self.drained_mm + self.evaporated_mm + self.transpired_mm
        given_mm = self.litres / area - self._pending_mm
        return {
            "days": self._step / self.batch.per_day,
            "litres": self.litres,
            "drained_litres": self.drained_mm * area,
            "rain_litres": self.rain_mm * area,
            "stress_days": float(self.stress_days + (ks < STRESSED)),
            "deficit_days": self.deficit_days + (1 - ks),
            "mean_depletion": float(np.mean(self._depletion)) if self._depletion else 0.0,
            "transpiration": self.transpired_mm / self.wanted_mm if self.wanted_mm else 1.0,
            "balance_mm": self.rain_mm + given_mm - out_mm - stored,
        }


def world(
    app: App, *, season: str | None = None, seed: int = 0, data_dir: Path | None = None
) -> BedWorld:
    """The closed loop of an app's bed over 120 days from the planting day.

    Args:
        season: ``None`` or ``generated`` (stochastic weather; ``generated-7`` another such
            season), or a year of real weather in irrigation_maricopa, such as ``2018``.
        seed: of everything random.
        data_dir: where to look for real weather first.

    Raises:
        DataError: no such season.
    """
    bed = bed_of(app)
    name = season or "generated"
    if name.isdigit() and len(name) == 4:
        folder = registry.find("irrigation_maricopa", data_dir)
        start = bed.planted.replace(year=int(name))
        return BedWorld(app, real_season(folder, start), seed)
    kind, _, number = name.partition("-")
    if kind != "generated" or not (number or "0").isdigit():
        raise DataError(f"no season {season!r}", hint="Say generated, generated-7 or 2018.")
    return BedWorld(app, *unseen(bed, int(number or 0), seed), bed=bed)


def unseen(bed: Bed, number: int, seed: int = 0) -> tuple[Weather, int]:
    """A generated season that no model was trained or tested on, and the seed of its sensors."""
    weather = season_weather(bed, bed.planted, SEASON_DAYS, seed * 100003 + FIRST_SEASON + number)
    return weather, seed + 1000 * number


def real_season(folder: Path, start: date, days: int = SEASON_DAYS) -> Weather:
    """Real weather of a season. Raises DataError if no record holds it."""
    records = maricopa.read_weather(folder)
    for w in records:
        if w.start <= start and (w.end - start).days >= days:
            return w.between(start, days)
    years = sorted({w.start.year for w in records})
    raise DataError(
        f"{folder}: no weather for {days} days from {start}",
        hint=f"Seasons there: {', '.join(map(str, years))}.",
    )
