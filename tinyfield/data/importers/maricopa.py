"""irrigation_maricopa: weekly soil-water probes, applied water and weather of field plots."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tinyfield.data.generators.soil import BOTTOMS_M, THICK_M, Soil
from tinyfield.data.generators.weather import Weather
from tinyfield.data.importers.tables import Table, having, need, scan
from tinyfield.data.importers.weather import DAILY, read_daily
from tinyfield.errors import DataError

Floats = NDArray[np.float64]

LATITUDE, ALTITUDE, WIND_HEIGHT = 33.069, 361.0, 3.0
SWC = ("plot", "date", "depth_bottom_cm", "vwc")
SOIL = ("plot", "depth_bottom_cm", "theta_fc", "theta_wp")
IRRIGATION = ("plot", "date", "irrigation_mm")
STARTS = ("plot", "date", "days_after_start")
KINDS = (SWC, SOIL, IRRIGATION, STARTS, DAILY)
ALIASES = {"corn": "maize", "field corn": "maize"}
SEASON_GAP = 120
"""Days without a probe after which another season begins."""


@dataclass(frozen=True)
class Plot:
    """One plot's season.

    Attributes:
        group: ``2018/p04-2``: season and plot.
        crop: the name in the crop table.
        start: the day the season's clock starts (planting).
        soil: one column's field capacity and wilting point, m3/m3, [1, layers].
        stated: the same as the file gives them, without the first probe's evidence.
        dates: probe dates.  theta: water contents at them, m3/m3, [dates, layers].
        irrigation: applied depth in mm by day.
    """

    group: str
    plot: str
    crop: str
    start: date
    soil: Soil
    stated: Soil
    dates: tuple[date, ...]
    theta: Floats
    irrigation: dict[date, float]
    weather: Weather

    def storage(self, depth_m: float = 0.6) -> Floats:
        """Water down to a depth at each probe date, mm."""
        part = np.clip((depth_m - (BOTTOMS_M - THICK_M)) / THICK_M, 0, 1)
        out: Floats = self.theta @ (part * THICK_M * 1000)
        return out


def read_weather(folder: Path) -> list[Weather]:
    """The folder's daily weather, record by record."""
    return read_daily(
        scan(folder), folder, latitude=LATITUDE, altitude=ALTITUDE, wind_height=WIND_HEIGHT
    )


@dataclass(frozen=True)
class _Sources:
    """What belongs to the probes: tables and look-ups of the whole folder."""

    soils: Sequence[Table]
    applied: Sequence[Table]
    weather: Sequence[Weather]
    crops: dict[tuple[str, int], str]
    starts: dict[tuple[str, int], date]


def read_plots(folder: Path) -> list[Plot]:
    """Every plot and season of the folder, in the order of their groups.

    Every file counts that has the columns. Where two files could serve (the same plot name in
    two seasons), the one whose dates or plots fit best does, then the one with the likest name.
    Raises DataError naming file, column and cure.
    """
    tables = scan(folder)
    swc = need(tables, SWC, "soil-water probes", folder, KINDS)
    # The intervals hold sums of irrigation between dates, not applications.
    single = [t for t in tables if "next_date" not in t.columns]
    sources = _Sources(
        soils=need(tables, SOIL, "soils", folder, KINDS),
        applied=need(single, IRRIGATION, "irrigation", folder, KINDS),
        weather=read_daily(
            tables, folder, latitude=LATITUDE, altitude=ALTITUDE, wind_height=WIND_HEIGHT
        ),
        crops=_crops(tables),
        starts=_starts(tables),
    )
    out: list[Plot] = []
    seen: set[str] = set()
    for table in swc:
        for plot, rows in _by_plot(table).items():
            for season in _seasons(rows):
                group = f"{season[0][0].year}/{plot}"
                if group in seen:
                    raise DataError(
                        f"{table.path}: plot {plot} of {group[:4]} is in another file too",
                        hint="Keep each plot's season in one file.",
                    )
                seen.add(group)
                out.append(_plot(plot, season, table, sources))
    return sorted(out, key=lambda p: p.group)


Rows = list[tuple[date, float, float]]


def _by_plot(table: Table) -> dict[str, Rows]:
    out: dict[str, Rows] = defaultdict(list)
    columns = zip(
        table.text("plot"),
        table.dates(),
        table.numbers("depth_bottom_cm").tolist(),
        table.numbers("vwc").tolist(),
        strict=True,
    )
    for i, (plot, day, depth, vwc) in enumerate(columns):
        if not 0 <= vwc <= 0.7:
            raise DataError(
                f"{table.at(i)}: column vwc: {vwc} is no water content in m3/m3 (0 to 0.7)",
                hint="Give volumetric fractions; divide percentages by 100.",
            )
        out[plot].append((day, depth, vwc))
    return out


def _seasons(rows: Rows) -> list[Rows]:
    rows = sorted(rows)
    out: list[Rows] = [[rows[0]]]
    for row in rows[1:]:
        if (row[0] - out[-1][-1][0]).days > SEASON_GAP:
            out.append([])
        out[-1].append(row)
    return out


def _likest(name: str, tables: Sequence[Table]) -> Table:
    return max(tables, key=lambda t: SequenceMatcher(None, name, t.path.name).ratio())


def _plot(plot: str, season: Rows, table: Table, sources: _Sources) -> Plot:
    dates = sorted({d for d, _, _ in season})
    year = dates[0].year
    theta = np.stack([_profile([(z, v) for d, z, v in season if d == day]) for day in dates])
    owner = [t for t in sources.soils if plot in t.text("plot")]
    if not owner:
        raise DataError(
            f"{sources.soils[0].path}: column plot: no soil for plot {plot} of {table.path.name}",
            hint=f"Add rows with theta_fc and theta_wp for {plot}, or take its probes out.",
        )
    stated = _soil(_likest(table.path.name, owner), plot)
    # The file's field capacities come from texture. Deep layers that held more than that when the
    # season began, before any root or weather reached them, evidently can hold it.
    deep = BOTTOMS_M > 0.4
    soil = Soil(np.where(deep, np.maximum(stated.fc, theta[0]), stated.fc), stated.wp)
    water = _water(plot, dates, sources.applied)
    start = sources.starts.get((plot, year))
    if start is None:
        start = min([*(d for d in water if d <= dates[0]), dates[0] - timedelta(days=14)])
    return Plot(
        group=f"{year}/{plot}",
        plot=plot,
        crop=sources.crops.get((plot, year), "cotton"),
        start=start,
        soil=soil,
        stated=stated,
        dates=tuple(dates),
        theta=theta,
        irrigation={d: mm for d, mm in water.items() if d >= start},
        weather=_weather(plot, dates, table, sources.weather),
    )


def _water(plot: str, dates: list[date], tables: Sequence[Table]) -> dict[date, float]:
    out: dict[date, float] = defaultdict(float)
    for t in tables:
        amounts = t.numbers("irrigation_mm").tolist()
        for i, (name, day, mm) in enumerate(zip(t.text("plot"), t.dates(), amounts, strict=True)):
            if mm < 0:
                raise DataError(
                    f"{t.at(i)}: column irrigation_mm: {mm} is below zero",
                    hint="Correct the row.",
                )
            if name == plot and (dates[0] - day).days <= 240 and day <= dates[-1]:
                out[day] += mm
    return out


def _weather(plot: str, dates: list[date], table: Table, records: Sequence[Weather]) -> Weather:
    fits = [w for w in records if w.start <= dates[0] and w.end > dates[-1] - timedelta(days=3)]
    if not fits:
        raise DataError(
            f"{table.path.parent}: no daily weather from {dates[0]} to {dates[-1]}, when {plot} "
            f"of {table.path.name} was probed",
            hint="Add daily weather (date, srad_mj_m2, tmax_c, …) of that season.",
        )
    return max(fits, key=lambda w: SequenceMatcher(None, table.path.name, w.source).ratio())


def _profile(rows: list[tuple[float, float]]) -> Floats:
    """Values given by the bottom depths (cm) of measured layers, in the model's layers."""
    rows = sorted(rows)
    bottoms = np.array([z for z, _ in rows]) / 100
    values = np.array([v for _, v in rows])
    # Mean over each model layer of the measured steps; the last value goes on below.
    fine = (np.arange(200) + 0.5) / 100
    steps = values[np.minimum(np.searchsorted(bottoms, fine), len(values) - 1)]
    owner = np.minimum(np.searchsorted(BOTTOMS_M, fine), len(BOTTOMS_M) - 1)
    out: Floats = np.bincount(owner, steps, len(BOTTOMS_M)) / np.bincount(owner)
    return out


def _soil(table: Table, plot: str) -> Soil:
    mine = [i for i, p in enumerate(table.text("plot")) if p == plot]
    depth = table.numbers("depth_bottom_cm")
    fc, wp = table.numbers("theta_fc"), table.numbers("theta_wp")
    for i in mine:
        if not 0 < wp[i] < fc[i] < 0.7:
            raise DataError(
                f"{table.at(i)}: theta_wp {wp[i]} and theta_fc {fc[i]} are no wilting "
                "point and field capacity (0 < theta_wp < theta_fc < 0.7)",
                hint="Correct the row.",
            )
    return Soil(
        _profile([(depth[i], fc[i]) for i in mine])[None],
        _profile([(depth[i], wp[i]) for i in mine])[None],
    )


def _crops(tables: Sequence[Table]) -> dict[tuple[str, int], str]:
    out: dict[tuple[str, int], str] = {}
    for t in having(tables, ("plot", "crop", "date")):
        for plot, crop, day in zip(t.text("plot"), t.text("crop"), t.dates(), strict=True):
            name = crop.strip().lower()
            out[plot, day.year] = ALIASES.get(name, name)
    return out


def _starts(tables: Sequence[Table]) -> dict[tuple[str, int], date]:
    out: dict[tuple[str, int], date] = {}
    for t in having(tables, STARTS):
        since = t.numbers("days_after_start").tolist()
        for plot, day, n in zip(t.text("plot"), t.dates(), since, strict=True):
            out[plot, day.year] = day - timedelta(days=round(n))
    return out
