"""Daily weather files, and hourly ones made into days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tinyfield.data.generators import et0 as sun
from tinyfield.data.generators.weather import Weather, day_of_year
from tinyfield.data.importers.tables import Table, having, need
from tinyfield.errors import DataError

DAILY = ("date", "tmax_c", "tmin_c", "rain_mm")
HOURLY = ("time", "temp_c", "sw_w_m2", "precip_mm")
LONGEST_GAP = 3
"""Missing days in a row that are bridged; a longer gap starts another record."""


def read_daily(
    tables: Sequence[Table], folder: Path, *, latitude: float, altitude: float, wind_height: float
) -> list[Weather]:
    """Every unbroken record of days in the tables, in the order of time and file.

    Needed: date, tmax_c, tmin_c, rain_mm. Used where there: srad_mj_m2, tdew_c, rhmax_pct and
    rhmin_pct, wind_mps (at ``wind_height`` m), eto_mm; what lacks is estimated as FAO-56 says:
    dew point from tmin (eq. 48), wind 2 m/s, radiation from the temperatures (eq. 50); demand by
    Penman–Monteith (eq. 6), or by Hargreaves (eq. 52) where there is no radiation.
    """
    out: list[Weather] = []
    tables = [t for t in tables if "next_date" not in t.columns]  # sums between dates, not days
    for table in need(tables, DAILY, "daily weather", folder):
        out += _records(table, latitude, altitude, wind_height)
    return out


def _records(table: Table, latitude: float, altitude: float, wind_height: float) -> list[Weather]:
    days = table.dates()
    order = sorted(range(len(days)), key=lambda i: days[i])
    kept = [i for n, i in enumerate(order) if n == 0 or days[i] != days[order[n - 1]]]
    at = np.array(kept)
    columns = {name: table.numbers(name)[at] for name in DAILY[1:]}
    for name in ("srad_mj_m2", "tdew_c", "rhmax_pct", "rhmin_pct", "wind_mps", "eto_mm"):
        if name in table.columns:
            columns[name] = table.numbers(name, gaps=True)[at]
    whole = [days[i] for i in kept]
    cuts = [0]
    for i in range(1, len(whole)):
        if (whole[i] - whole[i - 1]).days > LONGEST_GAP + 1:
            cuts.append(i)
    cuts.append(len(whole))
    return [
        _record(
            table.path, whole[a:b], {k: v[a:b] for k, v in columns.items()},
            latitude=latitude, altitude=altitude, wind_height=wind_height,
        )
        for a, b in pairwise(cuts)
    ]  # fmt: skip


def _record(
    path: Path,
    days: list[date],
    columns: dict[str, NDArray[np.float64]],
    *,
    latitude: float,
    altitude: float,
    wind_height: float,
) -> Weather:
    start, n = days[0], (days[-1] - days[0]).days + 1
    have = np.array([(d - start).days for d in days], dtype=np.float64)
    grid = np.arange(n, dtype=np.float64)

    def even(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.interp(grid, have, values)

    tmax, tmin = even(columns["tmax_c"]), even(columns["tmin_c"])
    if (tmin > tmax).any():
        bad = start + timedelta(days=int(np.flatnonzero(tmin > tmax)[0]))
        raise DataError(f"{path}: {bad}: tmin_c above tmax_c", hint="Correct the row.")
    rain = np.zeros(n)
    rain[have.astype(int)] = np.maximum(columns["rain_mm"], 0.0)
    nothing, doy = np.full(n, np.nan), day_of_year(start, n)
    ra = sun.extraterrestrial(latitude, doy)
    measured = even(columns["srad_mj_m2"]) if "srad_mj_m2" in columns else nothing
    srad = np.where(np.isnan(measured), 0.16 * np.sqrt(tmax - tmin) * ra, measured)
    tdew = even(columns["tdew_c"]) if "tdew_c" in columns else nothing
    if "rhmax_pct" in columns and "rhmin_pct" in columns:
        ea = (  # eq. 17
            sun.svp(tmin) * even(columns["rhmax_pct"]) / 100
            + sun.svp(tmax) * even(columns["rhmin_pct"]) / 100
        ) / 2
        tdew = np.where(np.isnan(tdew), dew_point(np.maximum(ea, 1e-3)), tdew)
    tdew = np.where(np.isnan(tdew), tmin, tdew)  # eq. 48
    wind = even(columns["wind_mps"]) if "wind_mps" in columns else nothing
    u2 = np.where(np.isnan(wind), 2.0, sun.wind_at_2m(wind, wind_height))
    et0 = sun.daily_et0(
        rs=srad, tmax=tmax, tmin=tmin, tdew=tdew, u2=u2, latitude=latitude, altitude=altitude,
        doy=doy,
    )  # fmt: skip
    et0 = np.where(np.isnan(measured), sun.hargreaves(tmax, tmin, ra), et0)
    if "eto_mm" in columns:
        given = even(columns["eto_mm"])
        et0 = np.where(np.isnan(given), et0, given)
    return Weather(
        start=start, srad=srad, tmax=tmax, tmin=tmin, tdew=tdew, wind=np.asarray(u2), rain=rain,
        et0=np.maximum(et0, 0.0), latitude=latitude, altitude=altitude,
        source=f"measured ({path.name})",
    )  # fmt: skip


def dew_point(ea: NDArray[np.float64]) -> NDArray[np.float64]:
    """Dew point in °C of a vapour pressure in kPa (eq. 11 turned round)."""
    x = np.log(ea / 0.6108)
    out: NDArray[np.float64] = 237.3 * x / (17.27 - x)
    return out


def read_hourly(
    tables: Sequence[Table], folder: Path, *, latitude: float, altitude: float, utc_offset_h: int
) -> list[Weather]:
    """Days made of hourly files (time in UTC). Winds are taken as at 10 m.

    ``rh_pct`` counts only if its greatest value is above 20 %: in soil_quebec it is 0.1
    throughout, so that the dew point there is the day's tmin (FAO-56 eq. 48).
    """
    out = []
    for table in having(tables, HOURLY):
        if not len(table):
            continue
        out.append(_hourly(table, latitude, altitude, utc_offset_h))
    if not out:
        need(tables, HOURLY, "hourly weather", folder)
    return out


def _hourly(table: Table, latitude: float, altitude: float, utc_offset_h: int) -> Weather:
    days, text = table.dates("time"), table.text("time")
    hours = [int(t[11:13] or 0) + utc_offset_h for t in text]
    local = np.array(
        [d.toordinal() + (h // 24) for d, h in zip(days, hours, strict=True)], dtype=np.int64
    )
    first, last = int(local.min()), int(local.max())
    n = last - first + 1
    at = local - first
    count = np.bincount(at, minlength=n)
    if (count == 0).any():
        gap = date.fromordinal(first + int(np.flatnonzero(count == 0)[0]))
        raise DataError(f"{table.path}: no hour of {gap}", hint="Fill the gap or cut there.")
    temp = table.numbers("temp_c")
    tmax, tmin = np.full(n, -99.0), np.full(n, 99.0)
    np.maximum.at(tmax, at, temp)
    np.minimum.at(tmin, at, temp)

    def mean(name: str) -> NDArray[np.float64]:
        out: NDArray[np.float64] = np.bincount(at, table.numbers(name), n) / count
        return out

    srad = mean("sw_w_m2") * 0.0864
    rain = mean("precip_mm") * count
    tdew = tmin.copy()
    if "rh_pct" in table.columns:
        rh = table.numbers("rh_pct", gaps=True)
        if np.nanmax(rh) > 20:
            tdew = dew_point(np.maximum(np.bincount(at, sun.svp(temp) * rh / 100, n) / count, 1e-3))
    u2 = sun.wind_at_2m(mean("wind_mps"), 10.0) if "wind_mps" in table.columns else np.full(n, 2.0)
    start = date.fromordinal(first)
    et0 = sun.daily_et0(
        rs=srad, tmax=tmax, tmin=tmin, tdew=tdew, u2=u2, latitude=latitude, altitude=altitude,
        doy=day_of_year(start, n),
    )  # fmt: skip
    return Weather(
        start=start, srad=srad, tmax=tmax, tmin=tmin, tdew=tdew, wind=np.asarray(u2), rain=rain,
        et0=et0, latitude=latitude, altitude=altitude, source=f"measured ({table.path.name})",
    )  # fmt: skip
