"""Data sets of gas sensor arrays: recordings of one gas each, labelled with it."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tinyfield.data.air import parts_in_time
from tinyfield.data.dataset import Dataset, LabelError, Origin, Series, Split
from tinyfield.data.generators import mq_array
from tinyfield.data.importers import mq
from tinyfield.data.importers.mq import CLEAN, COUNTS, PERIOD_S, SENSORS, Recording
from tinyfield.data.quantities import converted, stepped
from tinyfield.errors import DataError
from tinyfield.spec.units import same_dimension

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tinyfield.spec import App

GAP = 30
"""Samples between two parts of a split by time: a minute, in which an MQ sensor still settles."""
STRETCH_S = 150
"""About a puff and the pause after it: a gas is one recording, and its parts in time are all that
an interval can come from."""
LABEL = "gas"
SUPPLY_V = 5.0


def build(app: App, model_name: str, folder: Path | None, seed: int, held_out: bool) -> Dataset:
    """The recordings of the folder, or generated ones, each split in time."""
    model = app.models[model_name]
    train = model.train
    if train.label != LABEL:
        raise LabelError(f"no label {train.label!r} in these data", hint=f"Write 'label: {LABEL}'.")
    if app.sample_s != PERIOD_S:
        raise DataError(
            f"{train.dataset} has a value every {PERIOD_S} s, the app samples every "
            f"{app.sample_s} s",
            hint=f"Write 'sample: every {PERIOD_S} s'.",
        )
    origin: Origin = "generated" if folder is None else "measured"
    said: tuple[str, ...]
    if folder is None:
        recordings = mq_array.generate(seed=seed)
        said = (
            f"NO REAL DATA: {train.dataset} is not here. Everything below is generated.",
            f"GENERATED: {len(recordings)} recordings of an MQ array whose sensors drift.",
        )
    else:
        recordings = mq.read_recordings(folder)
        said = (
            f"MEASURED: raw readings of {len(SENSORS)} MQ sensors, {len(recordings)} "
            f"recording{'s' if len(recordings) != 1 else ''}.",
            "One session a gas: a sensor's drift and the gas cannot be told apart, so that scores "
            "flatter.",
            f"A group is {STRETCH_S} s of a recording: an interval over such groups says nothing "
            "of another session.",
        )
    numbers = {_plain(name): number for number, name in enumerate(model.classes)}
    missing = sorted({r.gas for r in recordings if _plain(r.gas) not in numbers})
    if missing:
        raise DataError(
            f"{folder or train.dataset}: column gas has {', '.join(missing)}, which is no class of "
            f"{model_name} ({', '.join(model.classes)})",
            hint="Rename it in the file"
            + ("." if held_out else f", or list {', '.join(map(_snake, missing))} in `classes`."),
        )
    whole = [_series(app, r, numbers[_plain(r.gas)], origin) for r in recordings]
    split: dict[str, Split]
    if held_out:
        series, split = whole, dict.fromkeys((s.group for s in whole), "test")
    elif train.split == "by time":
        series, split = parts_in_time(whole, gap=GAP)
    else:
        raise DataError(
            f"{train.dataset} cannot be split {train.split}: each gas is one recording",
            hint="Write 'split: by time'.",
        )
    return Dataset(
        name=train.dataset,
        classes=model.classes,
        series=tuple(series),
        split=split,
        provenance=said,
    )


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _series(app: App, recording: Recording, number: int, origin: Origin) -> Series:
    n = len(next(iter(recording.readings.values())))
    return Series(
        group=recording.name,
        site={},
        period_s=PERIOD_S,
        t0=datetime(1970, 1, 1),  # not told
        channels=_channels(app, recording),
        day=np.zeros(n, np.int32),
        labels=np.full(n, number, np.int16),
        origin=origin,
        stretch_s=STRETCH_S,
    )


def _channels(app: App, recording: Recording) -> dict[str, NDArray[np.float64]]:
    """A channel is a sensor's by its sensor's name or its quantity's; in counts, in volts, or as
    the ratio of resistances that the driver ``mq_gas`` gives."""
    out = {}
    for channel in app.channels:
        name = next((n for n in (channel.sensor, channel.quantity) if n in SENSORS), None)
        if name is None:
            continue
        values = recording.readings[name]
        if channel.quantity == "ratio":
            values = ratio(values, CLEAN[SENSORS.index(name)])
        elif same_dimension(channel.unit, "V"):
            values = converted(values * SUPPLY_V / COUNTS, "V", channel.unit, channel.name)
        else:
            values = converted(values, "", channel.unit, channel.name)
        out[channel.name] = stepped(values, channel.scale)
    return out


def ratio(counts: NDArray[np.float64], clean: int) -> NDArray[np.float64]:
    """Rs/R0 of readings [n], ``clean`` being that in clean air; the load resistor cancels."""
    held = np.clip(counts, 1, COUNTS - 1)
    return (COUNTS - held) / held * clean / (COUNTS - clean)
