"""Makes the data set of an app's model: real plots where there are data, generated seasons else."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tinyfield.data import cache, registry
from tinyfield.data.dataset import NO_LABEL, Dataset, Series, Split
from tinyfield.data.generators import seasons
from tinyfield.data.generators.bed import Bed, bed_of
from tinyfield.data.generators.channels import observe
from tinyfield.data.generators.crops import growth, override
from tinyfield.data.generators.driven import alike, reconstruct
from tinyfield.data.generators.label import label_run
from tinyfield.data.importers import maricopa
from tinyfield.data.splits import by_block
from tinyfield.errors import DataError, NotBuiltYetError

if TYPE_CHECKING:
    from tinyfield.spec import App

LABEL_S = 3 * 3600
"""A label every three hours: rows nearer than that say the same twice."""
GENERATED: dict[Split, int] = {"train": 21, "valid": 7, "test": 7}
"""Generated seasons in each part."""
RULER = "fao56"


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
    if info.importer != "maricopa" or train.label != "need":
        raise NotBuiltYetError(
            f"{app.where(f'models.{model_name}.train')}: no generator makes the label "
            f"{train.label!r} of {train.dataset} yet",
            hint="Only irrigation_maricopa with the label `need` is built so far.",
        )
    folder = _folder(train.dataset, train.stand_in, data_dir, held_out)
    key = cache.key(app, model_name, folder, seed, held_out)
    kept = cache.read(key, app)
    if kept is not None:
        return kept
    dataset = _build(app, model_name, folder, seed, held_out)
    dataset.verify()
    if not held_out:
        dataset.require_classes()
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
    series: list[Series] = []
    split: dict[str, Split] = {}
    said: list[str] = []
    if folder is not None:
        real = driven_series(app, bed, folder, seed)
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
        for part, count in GENERATED.items():
            first = {"train": 0, "valid": 1000, "test": 2000}[part]
            made = generated_series(app, bed, count, seed, first)
            series += made
            split.update({s.group: part for s in made})
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
    )


def driven_series(app: App, bed: Bed, folder: Path, seed: int) -> list[Series]:
    """One series a real plot and season."""
    out = []
    for plots in alike(maricopa.read_plots(folder)):
        crop = plots[0].crop
        run = reconstruct(plots, growth(crop), period_s=app.sample_s, seed=seed)
        batch, every = run.batch, LABEL_S // app.sample_s
        for j, plot in enumerate(run.plots):
            tag = _tag(plot.group)
            labels = label_run(
                run.record, batch.et0_next, bed.doses_mm, every,
                phase=tag % every,
            )[:, j]  # fmt: skip
            labels[: run.warm] = NO_LABEL
            soil = plot.soil
            channels = observe(
                app.channels,
                available=run.record.available[:, j],
                fine=batch.fine[0],
                level=seasons.tank_levels(
                    bed, run.record.irrigation[:, j], batch.rain[:, 0], batch.per_day, seed + tag
                ),
                awc_vwc=100 * float((soil.fc - soil.wp)[0, 1]),
                altitude=plot.weather.altitude,
                seed=seed * 7919 + tag,
            )
            out.append(
                Series(
                    group=plot.group,
                    site={
                        "plant": crop,
                        "crop": override(crop),
                        "latitude": plot.weather.latitude,
                    },
                    period_s=app.sample_s,
                    t0=datetime(run.first.year, run.first.month, run.first.day),
                    channels=channels,
                    day=_days(batch.first_day, batch.days, batch.per_day),
                    labels=labels,
                    origin="driven",
                )
            )
    return sorted(out, key=lambda s: s.group)


def generated_series(app: App, bed: Bed, count: int, seed: int, first: int) -> list[Series]:
    """Seasons of the app's own bed."""
    made = seasons.generate(bed, count=count, period_s=app.sample_s, seed=seed, first=first)
    batch, every = made.batch, LABEL_S // app.sample_s
    out = []
    for j, name in enumerate(made.names):
        labels = label_run(
            made.record, batch.et0_next, bed.doses_mm, every,
            phase=(first + j) % every,
        )[:, j]  # fmt: skip
        channels = observe(
            app.channels,
            available=made.record.available[:, j],
            fine=batch.fine[j],
            level=seasons.tank_levels(
                bed, made.record.irrigation[:, j], batch.rain[:, j], batch.per_day, seed + first + j
            ),
            awc_vwc=float(made.awc_vwc[j]),
            altitude=batch.weather[j].altitude,
            seed=seed * 7919 + first + j,
        )
        out.append(
            Series(
                group=name,
                site={"plant": bed.plant, "latitude": bed.latitude, "policy": made.kinds[j]},
                period_s=app.sample_s,
                t0=datetime.combine(made.starts[j], datetime.min.time()),
                channels=channels,
                day=_days(0, batch.days, batch.per_day),
                labels=labels,
                origin="generated",
            )
        )
    return out


def _days(first: int, days: int, per_day: int) -> NDArray[np.int32]:
    return np.repeat(np.arange(first, first + days, dtype=np.int32), per_day)


def _tag(group: str) -> int:
    import zlib

    return zlib.crc32(group.encode()) % 100000


def last_moment(series: Series) -> datetime:
    """Time of the last sample."""
    return series.t0 + timedelta(seconds=series.period_s * (len(series) - 1))
