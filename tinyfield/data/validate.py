"""How near the physics comes to real probes that it was not fitted to.

Two tasks, both on water stored in the top 60 cm (mm):

* *next*: from one probe date's state, given the weather and the water in between, the storage at
  the next date (about a week on): the baseline task of the data's README;
* *season*: from the first probe on, freely through the whole season, never corrected.

Beside them persistence (nothing changes; for *season*: since the first probe) and an uncalibrated
FAO-56 bucket (single crop coefficient of table 12, one store of 60 cm, nothing fitted).

How to read it: the *constants* were fitted on 32 training plots of 2018; the *structure* was
worked out with an eye on all 48, and all share one summer's weather, so other plots of that summer
are the easy case. Fitted on intervals until 1 August alone, the next-probe error after it, on plots
not fitted to, was 9.2 mm (persistence 11.9); another season or crop should be expected to be like
that, not like the table's first row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinyfield.data import registry
from tinyfield.data.generators import soil
from tinyfield.data.generators.crops import growth
from tinyfield.data.generators.driven import Probes, alike, make_batch, water_table
from tinyfield.data.generators.fao56 import Growth
from tinyfield.data.generators.soil import BOTTOMS_M, THICK_M, Params
from tinyfield.data.importers import maricopa
from tinyfield.data.importers.maricopa import Plot
from tinyfield.errors import DataError
from tinyfield.spec.crops import crops
from tinyfield.tomlfile import read_toml

Floats = NDArray[np.float64]

DEPTH_M = 0.6
STEP_S = 3600
PART_MM = np.clip((DEPTH_M - (BOTTOMS_M - THICK_M)) / THICK_M, 0, 1)


@dataclass(frozen=True)
class Interval:
    """One plot from one probe date to the next; storages in mm over 0–60 cm."""

    plot: Plot
    at: date
    until: date
    start: float
    end: float
    predicted: float
    free: float
    first: float


def simulate(
    plots: Sequence[Plot],
    crop: Growth | None = None,
    params: Params | None = None,
    *,
    fw: float | None = None,
    step_s: int = STEP_S,
    free_run: bool = True,
) -> list[Interval]:
    """Predicts every interval of every plot, restarted at each probe and freely running.

    ``crop``, ``params`` and ``fw`` replace the fitted ones (for fitting).
    """
    out: list[Interval] = []
    for group in alike(plots):
        season = crop or growth(group[0].crop)
        guess = _predict(group, season, params, fw, step_s, restart=True)
        free = _predict(group, season, params, fw, step_s, restart=False) if free_run else guess
        for j, p in enumerate(group):
            storage = p.storage(DEPTH_M)
            for k in range(1, len(p.dates)):
                out.append(
                    Interval(
                        plot=p,
                        at=p.dates[k - 1],
                        until=p.dates[k],
                        start=float(storage[k - 1]),
                        end=float(storage[k]),
                        predicted=guess[j, p.dates[k]],
                        free=free[j, p.dates[k]],
                        first=float(storage[0]),
                    )
                )
    return out


def _predict(
    plots: Sequence[Plot],
    season: Growth,
    params: Params | None,
    fw: float | None,
    step_s: int,
    *,
    restart: bool,
) -> dict[tuple[int, date], float]:
    batch, first = make_batch(plots, season, period_s=step_s, seed=0, params=params, fw=fw)
    probes = Probes(batch, plots, first)
    table = water_table(plots, first, batch.days, step_s)
    out: dict[tuple[int, date], float] = {}

    def look(step: int) -> None:
        day = first + timedelta(days=step // batch.per_day - 1)
        for j, observed in probes.at.get(step, ()):
            out[j, day] = float((batch.column.w[j] * PART_MM).sum())
            if restart or step == probes.first:
                probes.put(j, observed)

    batch.run(lambda i: table[i], look)
    look(batch.steps)
    return out


def bucket(plot: Plot, *, restart: bool) -> dict[date, float]:
    """The uncalibrated FAO-56 bucket: storage (mm) predicted at each probe date but the first."""
    row = crops()[plot.crop]
    a, b, c, d = np.cumsum(row.stages)
    kc_ini, kc_mid, kc_end = (k / 1000 for k in row.kc)
    part = PART_MM * THICK_M * 1000
    fc, wp = float(plot.stated.fc[0] @ part), float(plot.stated.wp[0] @ part)
    storage = plot.storage(DEPTH_M)
    out: dict[date, float] = {}
    water, day = float(storage[0]), plot.dates[0]
    for k in range(1, len(plot.dates)):
        if restart:
            water = float(storage[k - 1])
        while day < plot.dates[k]:
            day += timedelta(days=1)
            i = (day - plot.weather.start).days
            i = min(max(i, 0), plot.weather.days - 1)
            kc = float(
                np.interp((day - plot.start).days, [a, b, c, d], [kc_ini, kc_mid, kc_mid, kc_end])
            )
            taw, dr = fc - wp, max(fc - water, 0.0)
            etc = kc * float(plot.weather.et0[i])
            p = min(max(row.p / 1000 + 0.04 * (5 - etc), 0.1), 0.8)
            ks = min(max((taw - dr) / ((1 - p) * taw), 0.0), 1.0)
            water += float(plot.weather.rain[i]) + plot.irrigation.get(day, 0.0) - ks * etc
            water = min(max(water, wp), fc)
        out[plot.dates[k]] = water
    return out


FEATURES = ("one", "relative", "demand", "water", "relative_demand", "top")


def correction_inputs(rows: Sequence[Interval]) -> Floats:
    """What the small learned correction sees of an interval, [n, 6]; no date among it."""
    out = np.empty((len(rows), len(FEATURES)))
    for n, r in enumerate(rows):
        p = r.plot
        part = PART_MM * THICK_M * 1000
        fc, wp = float(p.soil.fc[0] @ part), float(p.soil.wp[0] @ part)
        relative = (r.predicted - wp) / (fc - wp)
        i = (r.at - p.weather.start).days + 1
        j = i + (r.until - r.at).days
        demand = float(p.weather.et0[max(i, 0) : j].sum()) / 50
        water = sum(mm for d, mm in p.irrigation.items() if r.at < d <= r.until)
        water += float(p.weather.rain[max(i, 0) : j].sum())
        k = p.dates.index(r.at)
        top = (p.theta[k, 1] - p.soil.wp[0, 1]) / (p.soil.fc[0, 1] - p.soil.wp[0, 1])
        out[n] = 1.0, relative, demand, water / 50, relative * demand, top
    return out


def fit_correction(rows: Sequence[Interval], ridge: float = 10.0) -> Floats:
    """Ridge regression of what the physics missed, [6]; mm."""
    x = correction_inputs(rows)
    y = np.array([r.end - r.predicted for r in rows])
    penalty = ridge * np.eye(x.shape[1])
    penalty[0, 0] = 1e-6
    out: Floats = np.linalg.solve(x.T @ x + penalty, x.T @ y)
    return out


@dataclass(frozen=True)
class Score:
    """Mean absolute errors in mm over some intervals, by method."""

    name: str
    plots: int
    intervals: int
    next_mm: dict[str, float]
    season_mm: dict[str, float] = field(default_factory=dict)


@cache
def learned_correction() -> Floats:
    """The bundled correction, [6], fitted on the training plots."""
    table = read_toml(Path(soil.__file__).with_name("column.toml"))["correction"]
    return np.array([float(table[k]) for k in FEATURES])


@cache
def fitted_on() -> frozenset[str]:
    """Groups whose probes the physics and the correction were fitted to."""
    return frozenset(read_toml(Path(soil.__file__).with_name("column.toml"))["fit"]["plots"])


def validation(folder: Path) -> list[Score]:
    """Scores on the folder's plots that nothing was fitted to: all, each season and crop, and
    each season's parts before and from 1 August.

    Raises DataError if the folder holds training plots only.
    """
    plots = [p for p in maricopa.read_plots(folder) if p.group not in fitted_on()]
    if not plots:
        raise DataError(
            f"{folder}: the physics was fitted to every plot in it",
            hint="Give a folder with other plots or other seasons.",
        )
    rows = simulate(plots)
    weights = learned_correction()
    out = [score("all unseen plots", rows, weights)]
    kinds = sorted({(r.plot.group.split("/")[0], r.plot.crop) for r in rows})
    for season, crop in kinds:
        mine = [r for r in rows if r.plot.group.startswith(season) and r.plot.crop == crop]
        if len(kinds) > 1:
            out.append(score(f"{season} {crop}", mine, weights))
        august = date(int(season), 8, 1)
        parts = (
            (f"{season} {crop} until 31 July", [r for r in mine if r.until < august]),
            (f"{season} {crop} from 1 August", [r for r in mine if r.until >= august]),
        )
        out += [score(name, part, weights) for name, part in parts if part]
    return out


def validation_table(data_dir: Path | None = None) -> list[dict[str, Any]]:
    """``validation`` as rows of plain values; errors are mean absolute errors in mm over 0–60 cm.

    Args:
        data_dir: the folder of irrigation_maricopa (or of another field in its format), or a
            folder that holds it; else where the registry finds it.
    """
    table = []
    for s in validation(registry.find("irrigation_maricopa", data_dir)):
        row: dict[str, Any] = {"probes": s.name, "plots": s.plots, "intervals": s.intervals}
        row |= {f"next: {k}": round(v, 2) for k, v in s.next_mm.items()}
        row |= {f"season: {k}": round(v, 2) for k, v in s.season_mm.items()}
        table.append(row)
    return table


def score(name: str, rows: Sequence[Interval], correction: Floats | None = None) -> Score:
    """Scores intervals; ``correction`` adds the learned one."""
    end = np.array([r.end for r in rows])

    def mae(values: Sequence[float] | Floats) -> float:
        return float(np.abs(np.asarray(values) - end).mean())

    plots = {r.plot.group: r.plot for r in rows}
    near = {g: bucket(p, restart=True) for g, p in plots.items()}
    far = {g: bucket(p, restart=False) for g, p in plots.items()}
    predicted = np.array([r.predicted for r in rows])
    result = {
        "persistence": mae([r.start for r in rows]),
        "bucket": mae([near[r.plot.group][r.until] for r in rows]),
        "physics": mae(predicted),
    }
    if correction is not None:
        result["physics + correction"] = mae(predicted + correction_inputs(rows) @ correction)
    return Score(
        name=name,
        plots=len(plots),
        intervals=len(rows),
        next_mm=result,
        season_mm={
            "persistence": mae([r.first for r in rows]),
            "bucket": mae([far[r.plot.group][r.until] for r in rows]),
            "physics": mae([r.free for r in rows]),
        },
    )
