"""Makes the data set of an app's model: real plots where there are data, generated seasons else."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tinyfield.data import air, cache, dog, fan, gas, har, registry
from tinyfield.data.dataset import NO_LABEL, Dataset, LabelError, Origin, Series, Split
from tinyfield.data.generators import seasons
from tinyfield.data.generators.batch import Batch, Record
from tinyfield.data.generators.bed import Bed, bed_of
from tinyfield.data.generators.channels import observe
from tinyfield.data.generators.crops import growth, override
from tinyfield.data.generators.diurnal import refine
from tinyfield.data.generators.driven import alike, evidence, reconstruct
from tinyfield.data.generators.label import classify, project, shortage
from tinyfield.data.generators.soil import PROBE_WEIGHTS
from tinyfield.data.generators.weather import Weather
from tinyfield.data.importers import beijing, maricopa, mq
from tinyfield.data.importers import dog as dog_tables
from tinyfield.data.importers import fan as fan_tables
from tinyfield.data.importers.tables import left_out
from tinyfield.data.leakage import check_apart
from tinyfield.data.splits import by_block
from tinyfield.errors import DataError, NotBuiltYetError

if TYPE_CHECKING:
    from tinyfield.spec import App

LABEL_S = 3 * 3600
"""A label every three hours: rows nearer than that say the same twice."""
PHYSICS_S = 1800
FIRST: dict[Split, int] = {"train": 0, "valid": 1000, "test": 2000}
"""Numbers of the first season of each part: their weathers never meet."""
GENERATED: dict[Split, int] = {"train": 64, "valid": 16, "test": 16}
"""Generated seasons in each part."""
DAYS = seasons.SEASON_DAYS
RULER = "fao56"
TABLES: dict[str, tuple[tuple[str, ...], str]] = {
    "beijing": (beijing.NEEDED, "hours of a station"),
    "mq": (mq.NEEDED, "readings of the array"),
    "fan": (fan_tables.NEEDED, "accelerations of the fan"),
    "dog": (dog_tables.NEEDED, "movements of a collar"),
}
"""Importers of one kind of file → its columns, and what it is called."""


def load(
    app: App,
    model_name: str,
    *,
    data_dir: Path | None = None,
    seed: int = 0,
    held_out: bool = False,
) -> Dataset:
    """The data set that a model of an app learns from and is tested on.

    Args:
        app: a checked app.
        model_name: one of its models.
        data_dir: the folder of the set, or a folder that holds it under its name; else
            ``$TINYFIELD_DATA``, the cache, a download.
        seed: of the split and of everything generated.
        held_out: everything in the folder is for testing, nothing generated is added and no
            training plot is needed (``tinyfield evaluate --data``).

    Raises:
        DataError: the data cannot be used, or there are none and the app names no stand-in.
    """
    if model_name not in app.models:
        raise DataError(f"no model {model_name!r} in {app.name}")
    train = app.models[model_name].train
    info = registry.info(train.dataset)
    builders = {
        "maricopa": _build,
        "beijing": air.build,
        "mq": gas.build,
        "fan": fan.build,
        "dog": dog.build,
        "har": har.build,
    }
    if info.importer not in builders or (info.importer == "maricopa" and train.label != "need"):
        raise NotBuiltYetError(
            f"{app.where(f'models.{model_name}.train')}: no generator makes the label "
            f"{train.label!r} of {train.dataset} yet",
            hint="Built so far: irrigation_maricopa (label `need`), pollution_beijing, gas_mq, "
            "anomaly_fan, pet_dog, har_geotec.",
        )
    if train.stand_in not in (None, info.stand_in):
        raise DataError(
            f"{app.where(f'models.{model_name}.train.stand_in')}: {train.stand_in} does not stand "
            f"in for {train.dataset}",
            hint=f"Write 'stand_in: {info.stand_in}'.",
        )
    folder = _folder(train.dataset, train.stand_in, data_dir, held_out)
    key = cache.key(app, model_name, folder, seed, held_out)
    kept = cache.read(key, app)
    if kept is not None:
        return kept
    try:
        dataset = builders[info.importer](app, model_name, folder, seed, held_out)
    except LabelError as e:
        place = app.where(f"models.{model_name}.train.label")
        raise DataError(f"{place}: {e.message}", hint=e.hint) from None
    if folder is not None and info.importer in TABLES:
        columns, what = TABLES[info.importer]
        said = left_out(folder, columns, what)
        dataset = replace(dataset, provenance=(*dataset.provenance, *said))
    dataset.verify()
    if not held_out:
        dataset.require_classes()
        check_apart(dataset)
    cache.write(key, dataset, app)
    return dataset


def _folder(name: str, stand_in: str | None, data_dir: Path | None, must: bool) -> Path | None:
    try:
        return registry.find(name, data_dir)
    except DataError:
        if must or data_dir is not None or stand_in is None:
            raise
        return None


def _build(app: App, model_name: str, folder: Path | None, seed: int, held_out: bool) -> Dataset:
    bed = bed_of(app, model_name)
    numbers = app.models[model_name].target is not None
    series: list[Series] = []
    split: dict[str, Split] = {}
    said: list[str] = []
    if folder is not None:
        real = driven_series(app, bed, folder, seed, numbers=numbers)
        series += real
        groups = [s.group for s in real]
        split.update(dict.fromkeys(groups, "test") if held_out else by_block(groups, seed=seed))
        said.append(
            f"MEASURED: weekly soil-water probes, applied water and daily weather of "
            f"{len(real)} field plots ({', '.join(sorted({str(s.site['plant']) for s in real}))}; "
            f"{registry.info(app.models[model_name].train.dataset).title})."
        )
        said.append(
            "DRIVEN: what happens between the probes (FAO-56 physics under the real weather and "
            "water, tied to every probe), the readings of cheap sensors, light in lux, the tank, "
            "and the label `need`."
        )
    if not held_out:
        if folder is None:
            said.append(
                "NO REAL DATA: irrigation_maricopa is not here. Everything below is generated."
            )
        parts = {FIRST[p] + i: p for p, count in GENERATED.items() for i in range(count)}
        made = generated_series(app, bed, list(parts), seed, numbers=numbers)
        series += made
        split.update(zip((s.group for s in made), parts.values(), strict=True))
        said.append(
            f"GENERATED: {sum(GENERATED.values())} seasons of {bed.plant} by the {RULER} "
            "soil-water generator under stochastic weather; sensors with noise and drift fitted to "
            "soil_quebec."
        )
    return Dataset(
        name=app.models[model_name].train.dataset,
        classes=app.models[model_name].classes,
        series=tuple(series),
        split=split,
        provenance=tuple(said),
        # The class is of water that nobody measures: that of yesterday is no forecast anyone has.
        lead_s=24 * 3600 if numbers else 0,
    )


def driven_series(
    app: App, bed: Bed, folder: Path, seed: int, *, numbers: bool = False
) -> list[Series]:
    """One series a real plot and season; with ``numbers`` the need in mm is to be told."""
    out = []
    for plots in alike(maricopa.read_plots(folder)):
        crop = plots[0].crop
        run = reconstruct(plots, growth(crop), period_s=_physics_s(app), seed=seed)
        track = _Track(app, bed, run.batch, run.record, numbers)
        for j, plot in enumerate(run.plots):
            tag = zlib.crc32(plot.group.encode()) % 100000
            made = track.series(
                j,
                group=plot.group,
                site={
                    "plant": crop,
                    "crop": override(crop),
                    "latitude": plot.weather.latitude,
                },
                first=run.first,
                weather=run.batch.weather[0],
                awc_vwc=100 * float((plot.soil.fc - plot.soil.wp)[0] @ PROBE_WEIGHTS),
                seed=seed * 100003 + tag,
                origin="driven",
                warm=run.warm,
            )
            out.append(replace(made, evidence=evidence(plot, run.first, len(made), app.sample_s)))
    return sorted(out, key=lambda s: s.group)


def generated_series(
    app: App, bed: Bed, which: Sequence[int], seed: int, *, numbers: bool = False
) -> list[Series]:
    """Some seasons of the app's own bed; ``numbers`` as of :func:`driven_series`."""
    made = seasons.generate(bed, which, period_s=_physics_s(app), seed=seed, days=DAYS)
    track = _Track(app, bed, made.batch, made.record, numbers)
    return [
        track.series(
            j,
            group=f"generated-{k}",
            site={"plant": bed.plant, "latitude": bed.latitude, "policy": made.kinds[j]},
            first=made.starts[j],
            weather=made.batch.weather[j],
            awc_vwc=float(made.awc_vwc[j]),
            seed=seed * 100003 + k,
            origin="generated",
        )
        for j, k in enumerate(which)
    ]


def _physics_s(app: App) -> int:
    """The physics' step: half an hour where the app's samples divide it, else the samples'."""
    return PHYSICS_S if PHYSICS_S % app.sample_s == 0 else app.sample_s


class _Track:
    """What a run's beds look like to the app's sensors."""

    def __init__(self, app: App, bed: Bed, batch: Batch, record: Record, numbers: bool) -> None:
        self.app, self.bed, self.batch, self.record = app, bed, batch, record
        self.numbers = numbers
        self.projected = project(record, batch.et0_next)

    def series(
        self,
        j: int,
        *,
        group: str,
        site: dict[str, Any],
        first: date,
        weather: Weather,
        awc_vwc: float,
        seed: int,
        origin: Origin,
        warm: int = 0,
    ) -> Series:
        """The j-th bed's; no label in the first ``warm`` steps of the physics."""
        app, batch, record = self.app, self.batch, self.record
        fine = refine(weather, app.sample_s, seed)
        factor = batch.period_s // app.sample_s
        n = len(fine.et0)
        coarse, at = np.arange(batch.steps) * factor, np.arange(n)
        level = seasons.tank_levels(
            self.bed, record.irrigation[:, j], batch.rain[:, j % batch.rain.shape[1]],
            batch.per_day, seed,
        )  # fmt: skip
        every = max(LABEL_S // batch.period_s, 1)
        asked = np.arange(max(warm, seed % every), batch.steps, every)
        labels = np.full(n, NO_LABEL, dtype=np.int16)
        labels[asked * factor] = classify(
            self.projected[asked, j], record.raw[asked, j], self.bed.doses_mm
        )
        values = None
        if self.numbers:
            labels[asked * factor] = 0
            values = np.full(n, np.nan)
            values[warm * factor :: factor] = shortage(self.projected, record.raw)[warm:, j]
        return Series(
            group=group,
            site=site,
            period_s=app.sample_s,
            t0=datetime(first.year, first.month, first.day),
            channels=observe(
                app.channels,
                available=np.interp(at, coarse, record.available[:, j]),
                fine=fine,
                level=np.interp(at, coarse, level),
                awc_vwc=awc_vwc,
                altitude=weather.altitude,
                seed=seed,
            ),
            day=np.repeat(
                np.arange(batch.first_day, batch.first_day + batch.days, dtype=np.int32),
                86400 // app.sample_s,
            ),
            labels=labels,
            origin=origin,
            values=values,
        )
