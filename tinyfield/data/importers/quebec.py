"""soil_quebec: daily soil-moisture sensors and the hourly weather above them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tinyfield.data.generators.weather import Weather
from tinyfield.data.importers.tables import need, scan
from tinyfield.data.importers.weather import read_hourly

LATITUDE, ALTITUDE, UTC_OFFSET_H = 45.9, 85.0, -5
"""Drummondville, Quebec."""
SENSOR = ("date", "sensor", "vwc_pct")


@dataclass(frozen=True)
class Sensors:
    """Daily means of each sensor on one calendar: vwc in %, [days, sensors], NaN = gap."""

    start: date
    names: tuple[str, ...]
    vwc: NDArray[np.float64]


def read_sensors(folder: Path) -> Sensors:
    """Every sensor of the folder."""
    rows: list[tuple[date, str, float]] = []
    for table in need(scan(folder), SENSOR, "soil sensors", folder):
        values = table.numbers("vwc_pct", gaps=True)
        rows += zip(table.dates(), table.text("sensor"), values.tolist(), strict=True)
    start = min(r[0] for r in rows)
    days = (max(r[0] for r in rows) - start).days + 1
    names = tuple(sorted({r[1] for r in rows}))
    vwc = np.full((days, len(names)), np.nan)
    for day, name, value in rows:
        vwc[(day - start).days, names.index(name)] = value
    return Sensors(start, names, vwc)


def read_weather(folder: Path) -> list[Weather]:
    """The folder's weather in days."""
    return read_hourly(
        scan(folder), folder, latitude=LATITUDE, altitude=ALTITUDE, utc_offset_h=UTC_OFFSET_H
    )
