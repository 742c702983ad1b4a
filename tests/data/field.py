"""Writes a small made-up field in the format of irrigation_maricopa."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from tinyfield.data.generators import weather as skies


def write(path: Path, head: str, rows: Sequence[Sequence[object]]) -> None:
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(head.split(","))
    out.writerows(rows)
    data = text.getvalue().encode()
    path.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)


def make_field(
    folder: Path,
    plots: Sequence[str] = ("p01-1", "p02-1", "p03-1", "p04-1"),
    *,
    start: date = date(2021, 4, 20),
    weeks: int = 6,
    crop: str | None = "cotton",
    names: Sequence[str] = ("swc.csv", "soil.csv", "water.csv", "weather.csv", "weeks.csv"),
) -> Path:
    """Weekly probes, two layers of soil, a watering a week, daily weather, the intervals' crop."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(3)
    probes, soils, water, weeks_rows = [], [], [], []
    for k, plot in enumerate(plots):
        for depth in (20, 40, 60, 80, 100):
            soils.append([plot, depth, 0.25, 0.11, 0.22])
        for week in range(weeks + 1):
            day = start + timedelta(days=14 + 7 * week)
            for depth in (20, 40, 60, 80, 100):
                vwc = 0.22 - 0.006 * week * (1 - depth / 200) + 0.01 * rng.standard_normal()
                probes.append([plot, day, depth, round(vwc, 4)])
            water.append([plot, day + timedelta(days=3), 10 + 5 * k])
            if crop is not None:
                weeks_rows.append([plot, crop, day, day + timedelta(days=7), 14 + 7 * week, 5.0])
    w = skies.generate(skies.climates()["maricopa"], 33.0, start, 14 + 7 * weeks + 3, 5)
    sky = [
        [
            start + timedelta(days=i), round(w.srad[i], 2), round(w.tmax[i], 1),
            round(w.tmin[i], 1), round(w.tdew[i], 1), round(w.wind[i], 1), w.rain[i],
            round(w.et0[i], 2),
        ]
        for i in range(w.days)
    ]  # fmt: skip
    write(folder / names[0], "plot,date,depth_bottom_cm,vwc", probes)
    write(folder / names[1], "plot,depth_bottom_cm,theta_fc,theta_wp,theta0", soils)
    write(folder / names[2], "plot,date,irrigation_mm", water)
    write(
        folder / names[3],
        "date,srad_mj_m2,tmax_c,tmin_c,tdew_c,wind_mps,rain_mm,eto_mm", sky,
    )  # fmt: skip
    if crop is not None:
        write(
            folder / names[4],
            "plot,crop,date,next_date,days_after_start,irrigation_mm", weeks_rows,
        )  # fmt: skip
    return folder


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
