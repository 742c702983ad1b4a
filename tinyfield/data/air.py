"""Data sets of air quality: hours of stations, labelled by bands of a pollutant, now or some hours
on.

A label is a set of bands (:mod:`tinyfield.data.bands`), and a time if it is of the future:
``pm2_5_us``, ``no2_eu``, ``pm2_5_alert in 6 h``. All are of the hour's mean.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tinyfield.data.bands import BANDS, Bands
from tinyfield.data.dataset import NO_LABEL, Dataset, LabelError, Origin, Series, Split
from tinyfield.data.generators import smog
from tinyfield.data.importers import beijing
from tinyfield.data.importers.beijing import PERIOD_S, Station
from tinyfield.data.quantities import as_channels
from tinyfield.data.splits import by_block, by_time
from tinyfield.errors import DataError
from tinyfield.spec.durations import parse_seconds
from tinyfield.spec.mistake import Mistake

if TYPE_CHECKING:
    from tinyfield.spec import App

GAP_H = 7 * 24
"""Hours between two parts of a split by time: longer than an episode of smog lasts."""
WARM_H = 30 * 24
"""Hours before a year that fill its windows: the longest that an input may have."""
GENERATED = 6
"""Stations of the stand-in."""
HOURS = 2 * 8760
LONGEST_LEAD_S = 3 * 86400
CLEAN = 5.0
"""µg/m³ below which differences hardly count: bands lie on the scale of log(amount + CLEAN)."""


def parse_label(text: str, classes: int) -> tuple[Bands, int]:
    """The bands and the hours ahead of ``pm2_5_alert in 6 h``.

    Raises:
        DataError: no such bands, another number of classes, or a time that is not whole hours.
    """
    name = text.partition(" in ")[0]
    if name not in BANDS:
        raise LabelError(
            f"no label {name!r} in these data",
            hint=f"Write one of {', '.join(BANDS)}, with ' in 6 h' for one of the future.",
        )
    bands = BANDS[name]
    if classes != len(bands.limits) + 1:
        limits = ", ".join(f"{limit:g}" for limit in bands.limits)
        raise DataError(
            f"{name} has {len(bands.limits) + 1} classes, parted at {limits} ug/m3; "
            f"the model has {classes}",
            hint="List the classes from clean to foul.",
        )
    return bands, lead_of(text)[1]


def lead_of(text: str) -> tuple[str, int]:
    """Quantity and hours ahead of ``pm2_5 in 6 h``.

    Raises:
        DataError: a time that is not whole hours, or too far ahead.
    """
    name, _, ahead = text.partition(" in ")
    if not ahead:
        return name, 0
    try:
        seconds = parse_seconds(ahead, least=PERIOD_S, most=LONGEST_LEAD_S)
    except Mistake as mistake:
        raise DataError(f"{text!r}: {mistake.message}", hint=mistake.hint) from None
    if seconds % PERIOD_S:
        raise DataError(f"{text!r}: not whole hours", hint="Write such as 'in 6 h'.")
    return name, seconds // PERIOD_S


def build(app: App, model_name: str, folder: Path | None, seed: int, held_out: bool) -> Dataset:
    """The stations of the folder, or generated ones, split as the app says."""
    train = app.models[model_name].train
    what: Bands | str
    if app.models[model_name].target is None:
        what, lead = parse_label(train.label, len(app.models[model_name].classes))
        told = f"The label's bands: {what.source}."
    else:
        what, lead = lead_of(train.label)
        told = f"The target is the hour's mean of {what}" + (f", {lead} h on." if lead else ".")
    if app.sample_s != PERIOD_S:
        raise DataError(
            f"{train.dataset} has one value an hour, the app samples every {app.sample_s} s",
            hint="Write 'sample: every 1 h'.",
        )
    origin: Origin = "generated" if folder is None else "measured"
    said: tuple[str, ...]
    if folder is None:
        stations = smog.generate(GENERATED, HOURS, seed=seed)
        said = (
            f"NO REAL DATA: {train.dataset} is not here. Everything below is generated.",
            f"GENERATED: {GENERATED} stations of one city over {HOURS // 8760} years: seasons, "
            "passing weather, gases and particles that move together.",
        )
    else:
        stations = beijing.read_stations(folder)
        said = (
            f"MEASURED: particles, gases and weather of {len(stations)} stations, hour by hour "
            f"({', '.join(station.name for station in stations)}), by reference instruments: "
            "cheap sensors are worse.",
        )
    whole = [_series(app, station, what, lead, origin) for station in stations]
    _check_channels(app, model_name, stations, whole)
    split: dict[str, Split]
    if held_out:
        series = in_years(whole)
        split = dict.fromkeys((s.group for s in series), "test")
    elif train.split in ("by station", "by group"):
        series = in_years(whole)
        split = by_block([s.group for s in series], seed=seed)
    elif train.split == "by time":
        series, split = parts_in_time(whole, gap=GAP_H)
    else:
        raise DataError(
            f"{train.dataset} cannot be split {train.split}",
            hint="Write 'split: by station' or 'split: by time'.",
        )
    return Dataset(
        name=train.dataset,
        classes=app.models[model_name].classes,
        series=tuple(series),
        split=split,
        provenance=(*said, told),
        lead_s=lead * PERIOD_S,
    )


def _check_channels(
    app: App, model_name: str, stations: list[Station], whole: list[Series]
) -> None:
    """Raises DataError naming the file of a station that lacks what an input needs."""
    sources = [f.source for f in app.models[model_name].inputs if f.channel is not None]
    for name in dict.fromkeys(sources):
        without = [s for s, made in zip(stations, whole, strict=True) if name not in made.channels]
        if not without:
            continue
        file = without[0].files[0] if without[0].files else without[0].name
        others = [s for s in stations if s not in without and s.files]
        raise DataError(
            f"{file}: nothing for {name}, which is an input of {model_name}: its column is missing "
            "or has no value" + (f" ({others[0].files[0].name} has it)" if others else ""),
            hint="Add the column, leave the file out, or take the input out of the model.",
        )


def in_years(whole: list[Series]) -> list[Series]:
    """Every series cut into years from March to February, groups such as ``2015/Guanyuan``.

    So a station's later year is not taken for what was trained on at that station before. (The
    seasons of the weather services begin with March; a year that begins in January would tear a
    winter apart.) Before each year lies some of the last without labels, for long windows.
    """
    series: list[Series] = []
    for one in whole:
        at = 0
        while at < len(one):
            begin = one.t0 + at * timedelta(seconds=one.period_s)
            year = begin.year - (begin.month < 3)
            end = (datetime(year + 1, 3, 1) - one.t0) // timedelta(seconds=one.period_s)
            end = min(max(end, at + 1), len(one))
            first = max(0, at - WARM_H)
            piece = _piece(one, f"{year}/{one.group}", slice(first, end))
            piece.labels[: at - first] = NO_LABEL
            series.append(piece)
            at = end
    return series


def parts_in_time(whole: list[Series], *, gap: int) -> tuple[list[Series], dict[str, Split]]:
    """Every series cut into an early, a later and a last part, groups of their own."""
    series: list[Series] = []
    split: dict[str, Split] = {}
    for one in whole:
        for part, at in by_time(len(one), gap=gap).items():
            group = f"{part}/{one.group}"
            split[group] = part
            series.append(_piece(one, group, at))
    return series, split


def _piece(one: Series, group: str, at: slice) -> Series:
    """Some of its samples, labels of its own."""
    return replace(
        one,
        group=group,
        t0=one.t0 + timedelta(seconds=at.start * one.period_s),
        channels={name: values[at] for name, values in one.channels.items()},
        day=one.day[at],
        labels=one.labels[at].copy(),
        values=None if one.values is None else one.values[at],
    )


def _series(app: App, station: Station, what: Bands | str, lead: int, origin: Origin) -> Series:
    """``what`` is to be told, some hours ``lead``: a band, or a quantity's number."""
    told = _told(station, what if isinstance(what, str) else what.quantity)
    values = np.full(len(told), np.nan)
    values[: max(0, len(told) - lead)] = told[lead:]
    if isinstance(what, str):
        labels = np.where(np.isnan(values), NO_LABEL, 0).astype(np.int16)
    else:
        labels = what.of(values)
        values = np.log(np.maximum(values, 0) + CLEAN)
    return Series(
        group=station.name,
        site={},
        period_s=PERIOD_S,
        t0=station.start,
        channels=as_channels(app, station.quantities, beijing.UNITS),
        day=(np.arange(len(told)) // 24).astype(np.int32),
        labels=labels,
        origin=origin,
        values=values,
    )


def _told(station: Station, quantity: str) -> NDArray[np.float64]:
    """DataError where the data do not have what is to be told."""
    if quantity not in station.quantities:
        raise DataError(
            f"{station.files[0] if station.files else station.name} has no {quantity}",
            hint=f"It has {', '.join(sorted(station.quantities))}.",
        )
    return station.quantities[quantity]
