"""Real plots, hour by hour: physics between weekly probes, under real weather and real water.

A probe tells the water of a plot once a week. In between, the physics runs from one probe to the
next; what it misses at the next one is spread evenly over the days between, so that the series
passes through every probe. That makes a state for each moment that is as near to the
measurements as they allow, from which readings and labels follow.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tinyfield.data.generators.batch import Batch, Record
from tinyfield.data.generators.fao56 import Growth
from tinyfield.data.generators.soil import Params, Soil
from tinyfield.data.importers.maricopa import Plot
from tinyfield.tomlfile import read_toml

Floats = NDArray[np.float64]

IRRIGATION_HOUR, IRRIGATION_HOURS = 6, 4
"""Applications are daily depths; they are given from six to ten in the morning."""


WARM_DAYS = 14


@cache
def field_fw() -> float:
    """Share of the ground that the field trial's irrigation wets (fitted)."""
    return float(read_toml(Path(__file__).with_name("column.toml"))["field"]["fw"])


@dataclass
class Driven:
    """A run of several plots that share crop, weather and probe dates; ``warm`` steps lie before
    the first probe."""

    plots: tuple[Plot, ...]
    first: date
    batch: Batch
    record: Record
    warm: int


def alike(plots: Sequence[Plot]) -> list[tuple[Plot, ...]]:
    """Plots that can run side by side."""
    groups: dict[tuple[str, date, date, date, int], list[Plot]] = defaultdict(list)
    for p in plots:
        groups[p.crop, p.start, p.dates[0], p.dates[-1], id(p.weather)].append(p)
    return [tuple(g) for g in groups.values()]


def soil_of(plots: Sequence[Plot]) -> Soil:
    """Their columns, [n, layers]."""
    return Soil(
        np.concatenate([p.soil.fc for p in plots]), np.concatenate([p.soil.wp for p in plots])
    )


def make_batch(
    plots: Sequence[Plot],
    growth: Growth,
    *,
    period_s: int,
    seed: int,
    params: Params | None = None,
    fw: float | None = None,
) -> tuple[Batch, date]:
    """A batch from ``WARM_DAYS`` before the first probe's evening to the last probe's evening.

    Returns it and its first day. The warm-up lets the surface dry and wet as it did; a probe
    does not resolve it.
    """
    plot = plots[0]
    probed = plot.dates[0] + timedelta(days=1)
    first = max(probed - timedelta(days=WARM_DAYS), min(plot.start, probed), plot.weather.start)
    days = (plots[0].dates[-1] - first).days + 1
    batch = Batch(
        growth,
        soil_of(plots),
        [plots[0].weather.between(first, days)],
        period_s=period_s,
        seed=seed,
        first_day=(first - plots[0].start).days,
        params=params,
        fw=field_fw() if fw is None else fw,
    )
    return batch, first


def water_table(plots: Sequence[Plot], first: date, days: int, period_s: int) -> Floats:
    """Applied water in mm a step, [steps, n]."""
    per_day = 86400 // period_s
    a = IRRIGATION_HOUR * 3600 // period_s
    b = max(a + 1, (IRRIGATION_HOUR + IRRIGATION_HOURS) * 3600 // period_s)
    out = np.zeros((days * per_day, len(plots)))
    for j, p in enumerate(plots):
        for day, mm in p.irrigation.items():
            i = (day - first).days
            if 0 <= i < days:
                out[i * per_day + a : i * per_day + b, j] += mm / (b - a)
    return out


def evidence(plot: Plot, first: date, n: int, period_s: int) -> NDArray[np.uint64]:
    """A hash of the two probes that each sample lies between (of the nearest two at the ends), [n].

    Args:
        plot: dates and water contents of its probes.
        first: day of the first sample.
        n: samples.
        period_s: seconds from one to the next.
    """
    at = np.array([((day - first).days + 1) * 86400 for day in plot.dates])
    probes = [
        str(day).encode() + theta.astype("<f8").tobytes()
        for day, theta in zip(plot.dates, plot.theta, strict=True)
    ]
    ends = probes[1:] or probes
    between = [
        int.from_bytes(hashlib.sha256(a + b).digest()[:8], "little")
        for a, b in zip(probes, ends, strict=False)  # one fewer, where there are two and more
    ]
    place = np.searchsorted(at, np.arange(n) * period_s, side="right") - 1
    return np.array(between, np.uint64)[np.clip(place, 0, len(between) - 1)]


class Probes:
    """Where the observed states stand on a batch's clock; sets the start from the first of them."""

    def __init__(self, batch: Batch, plots: Sequence[Plot], first: date) -> None:
        self.at: dict[int, list[tuple[int, Floats]]] = defaultdict(list)
        self.column = batch.column
        mm = batch.column.mm
        for j, p in enumerate(plots):
            for day, theta in zip(p.dates, p.theta, strict=True):
                step = ((day - first).days + 1) * batch.per_day
                self.at[step].append((j, np.maximum(theta * mm, batch.column.floor[j])))
            batch.column.w[j] = np.maximum(p.theta[0] * mm, batch.column.floor[j])
        self.first = min(self.at)

    def put(self, j: int, observed: Floats) -> None:
        """Sets a plot to its probe. Probes do not resolve the top 20 cm: how the water is shared
        between the drying surface and the layer under it stays as the physics had it."""
        w, col = self.column.w[j], self.column
        both = float(observed[0] + observed[1])
        part = w[0] / max(w[0] + w[1], 1e-9)
        first = min(max(part * both, col.floor[j, 0]), both - col.floor[j, 1])
        w[:] = observed
        if first > col.floor[j, 0]:
            w[0], w[1] = first, both - first


def reconstruct(plots: Sequence[Plot], growth: Growth, *, period_s: int, seed: int) -> Driven:
    """Runs the plots through all their probes (see the module's docstring)."""
    errors: dict[tuple[int, int], Floats] = {}
    coarse, first = make_batch(plots, growth, period_s=3600, seed=seed)
    probes = Probes(coarse, plots, first)
    last: dict[int, int] = {}

    def note(step: int) -> None:
        for j, observed in probes.at.get(step, ()):
            if j in last:
                days = (step - last[j]) / 24
                errors[j, last[j] // 24] = (observed - coarse.column.w[j]) / days
            probes.put(j, observed)
            last[j] = step

    table = water_table(plots, first, coarse.days, 3600)
    coarse.run(lambda i: table[i], note)
    note(coarse.steps)

    batch, first = make_batch(plots, growth, period_s=period_s, seed=seed)
    fine_probes = Probes(batch, plots, first)
    nudge = np.zeros_like(batch.column.w)

    def tie(step: int) -> None:
        col = batch.column
        for j, observed in fine_probes.at.get(step, ()):
            fine_probes.put(j, observed)
            nudge[j] = errors.get((j, step // batch.per_day), np.zeros(len(col.mm)))
        col.w += nudge / batch.per_day
        np.maximum(col.w, col.floor, out=col.w)

    fine_table = water_table(plots, first, batch.days, period_s)
    record = batch.run(lambda i: fine_table[i], tie)
    return Driven(tuple(plots), first, batch, record, fine_probes.first)
