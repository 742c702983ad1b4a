"""pollution_beijing: particles, gases and weather of stations, every hour."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tinyfield.data.generators.et0 import svp
from tinyfield.data.importers.tables import Table, check_usual, need, scan
from tinyfield.errors import DataError

PERIOD_S = 3600
NEEDED = ("time", "pm2_5", "temp_c")
COLUMNS = {
    "pm2_5": ("pm2_5", "ug/m3"),
    "pm10": ("pm10", "ug/m3"),
    "so2": ("so2", "ug/m3"),
    "no2": ("no2", "ug/m3"),
    "co": ("co", "ug/m3"),
    "o3": ("o3", "ug/m3"),
    "temp_c": ("temperature", "degC"),
    "pres_hpa": ("pressure", "hPa"),
    "dewp_c": ("dew_point", "degC"),
    "rain_mm": ("rain", "mm"),
    "wind_mps": ("wind_speed", "m/s"),
}
"""Column → quantity and its unit. Humidity and wind direction are made from two more."""
USUAL = {
    "pm2_5": (0, 2000), "pm10": (0, 5000), "so2": (0, 5000), "no2": (0, 2000), "co": (20, 60_000),
    "o3": (0, 2000), "temp_c": (-70, 60), "pres_hpa": (450, 1100), "dewp_c": (-80, 45),
    "rain_mm": (0, 300), "wind_mps": (0, 80),
}  # fmt: skip
"""What a column's values can be anywhere on Earth; most of them beyond it are in another unit."""
UNITS = {
    **dict(COLUMNS.values()),
    "humidity": "%",
    "wind_direction": "deg",
    "wind_east": "m/s",
    "wind_north": "m/s",
}
_POINTS = (
    "N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE",
    "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW",
)  # fmt: skip


@dataclass(frozen=True)
class Station:
    """One station's hours without a hole in time: quantity → values [n], NaN = no reading; and the
    files that they are from."""

    name: str
    start: datetime
    quantities: dict[str, NDArray[np.float64]]
    files: tuple[Path, ...] = ()


def read_stations(folder: Path) -> list[Station]:
    """Every station of the folder, its files put together, in the order of their names.

    Raises:
        DataError: a missing column, a time that is none, not on the hour, or twice there.
    """
    rows: dict[str, dict[datetime, tuple[Table, int]]] = {}
    read: dict[Path, dict[str, NDArray[np.float64]]] = {}
    for table in need(scan(folder), NEEDED, "hours of a station", folder):
        read[table.path] = _quantities(table)
        names = table.columns.get("station") or [table.path.name.split(".")[0].split("_")[0]] * len(
            table
        )
        for i, (name, time) in enumerate(zip(names, _times(table), strict=True)):
            known = rows.setdefault(name, {})
            if time in known:
                raise DataError(
                    f"{table.at(i)}: {name} has {time:%Y-%m-%d %H:%M} twice",
                    hint="Leave one of the rows out.",
                )
            known[time] = (table, i)
    return [_station(name, rows[name], read) for name in sorted(rows)]


def _station(
    name: str,
    rows: dict[datetime, tuple[Table, int]],
    read: dict[Path, dict[str, NDArray[np.float64]]],
) -> Station:
    start = min(rows)
    n = (max(rows) - start) // timedelta(hours=1) + 1
    at: dict[Path, list[tuple[int, int]]] = {}
    for time, (table, i) in rows.items():
        at.setdefault(table.path, []).append(((time - start) // timedelta(hours=1), i))
    out = {q: np.full(n, np.nan) for q in UNITS}
    for path, pairs in at.items():
        hours, lines = (list(side) for side in zip(*pairs, strict=True))
        for quantity, values in read[path].items():
            out[quantity][hours] = values[lines]
    known = {q: v for q, v in out.items() if not np.isnan(v).all()}
    return Station(name, start, known, tuple(at))


def wind_parts(
    speed: NDArray[np.float64], direction: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """How fast the air moves eastwards and northwards, m/s; ``direction`` (degrees) is where it
    comes from."""
    turn = np.deg2rad(direction)
    return {"wind_east": -speed * np.sin(turn), "wind_north": -speed * np.cos(turn)}


def _times(table: Table) -> list[datetime]:
    out = []
    for i, text in enumerate(table.text("time")):
        try:
            time = datetime.fromisoformat(text.strip())
        except ValueError:
            raise DataError(
                f"{table.at(i)}: column time: {text!r} is no time",
                hint="Write times as 2013-03-01 14:00.",
            ) from None
        if time.minute or time.second:
            raise DataError(
                f"{table.at(i)}: column time: {text!r} is not on the hour",
                hint="Give one row an hour, such as the hour's mean.",
            )
        out.append(time)
    return out


def _quantities(table: Table) -> dict[str, NDArray[np.float64]]:
    out = {
        quantity: table.numbers(column, gaps=True)
        for column, (quantity, _) in COLUMNS.items()
        if column in table.columns
    }
    for column, (quantity, unit) in COLUMNS.items():
        if quantity in out:
            check_usual(table.path, column, out[quantity], *USUAL[column], unit)
    if "dew_point" in out:
        out["humidity"] = np.clip(100 * svp(out["dew_point"]) / svp(out["temperature"]), 0, 100)
    if "wind_dir" in table.columns:
        turn = {point: 22.5 * i for i, point in enumerate(_POINTS)}
        out["wind_direction"] = np.array(
            [turn.get(text.strip().upper(), math.nan) for text in table.text("wind_dir")]
        )
        if "wind_speed" in out:
            out |= wind_parts(out["wind_speed"], out["wind_direction"])
    return out
