"""The data set of a vibrating fan: recordings of one state and speed each.

Labels: ``state`` (normal, perpendicular, opposite), ``fault`` (two classes, the normal one first)
or ``running`` (off and running; nobody recorded a fan at a standstill, so ``off`` is generated).
``split: by speed`` keeps speeds apart, all states of a speed together; ``split: by time`` cuts
every recording into an early, a later and a last part.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count, cycle
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tinyfield.data.dataset import SPLITS, Dataset, LabelError, Origin, Recording, Split
from tinyfield.data.generators import rotor
from tinyfield.data.importers import fan
from tinyfield.data.importers.fan import AXES, RATE_HZ, STATES, Run
from tinyfield.data.quantities import as_channels
from tinyfield.data.splits import by_time
from tinyfield.errors import DataError

if TYPE_CHECKING:
    from tinyfield.spec import App

GAP = round(RATE_HZ)
"""Frames between two parts of a split by time; the fan runs evenly, so a second will do."""
SHARES = {"valid": 0.22, "test": 0.22}
UNITS = {f"accel_{axis}": "g" for axis in AXES}
_TEST_EVERY, _VALID_AFTER = 4, 2


def build(app: App, model_name: str, folder: Path | None, seed: int, held_out: bool) -> Dataset:
    """The recordings of the folder, or generated ones, split as the app says."""
    model = app.models[model_name]
    train = model.train
    numbers = _numbers(train.label, model.classes)
    if not any(channel.quantity in UNITS for channel in app.channels):
        raise DataError(
            f"{train.dataset} has {', '.join(UNITS)}, and {app.name} measures none of them",
            hint="Add an accelerometer, such as 'imu: {driver: mpu6050, rate: 50 Hz}'.",
        )
    origin: Origin = "generated" if folder is None else "measured"
    said: tuple[str, ...]
    if folder is None:
        runs = rotor.generate(seed=seed)
        said = (
            f"NO REAL DATA: {train.dataset} is not here. Everything below is generated.",
            f"GENERATED: {len(runs)} recordings of a fan, lines and noise fitted to a real one.",
        )
    else:
        runs = fan.read_runs(folder)
        said = (
            f"MEASURED: acceleration of one fan in {len({r.state for r in runs})} states at "
            f"{len({r.speed for r in runs})} speeds, {len(runs)} recordings.",
            "One fan, one table, one recording a state and speed: of other fans nothing is known.",
        )
    whole = [_recording(app, run, numbers, name, origin) for name, run in _names(runs)]
    if train.label == "running" and not held_out:
        whole += _standstills(app, seed)
        said += (
            "GENERATED: a fan that stands still, as the noise of a sensor: none was recorded.",
        )
    split: dict[str, Split]
    if held_out:
        recordings, split = whole, dict.fromkeys((r.group for r in whole), "test")
    elif train.split == "by time":
        recordings, split = recordings_in_time(whole, gap=GAP, **SHARES)
    elif train.split in ("by speed", "by group"):
        parts = by_speed(sorted({run.speed for run in runs}), seed=seed)
        recordings = whole
        turns = cycle(SPLITS)  # a standstill is at no speed
        split = {
            r.group: parts[speed] if (speed := int(r.site["speed"])) in parts else next(turns)
            for r in whole
        }
    else:
        raise DataError(
            f"{train.dataset} cannot be split {train.split}",
            hint="Write 'split: by time' or 'split: by speed'.",
        )
    return Dataset(
        name=train.dataset,
        classes=model.classes,
        series=(),
        split=split,
        provenance=said,
        recordings=tuple(recordings),
    )


def by_speed(speeds: list[int], *, seed: int) -> dict[int, Split]:
    """Every fourth speed is test and every fourth valid, never the slowest or the fastest: both
    lie between speeds of training, one of which is their neighbour.

    Raises:
        DataError: fewer than five speeds.
    """
    if len(speeds) < _TEST_EVERY + 1:
        raise DataError(
            f"{len(speeds)} speeds are too few to split by speed",
            hint=f"Give at least {_TEST_EVERY + 1}, or write 'split: by time'.",
        )
    out: dict[int, Split] = dict.fromkeys(speeds, "train")
    for i, speed in enumerate(speeds[1:-1]):
        place = (i + seed) % _TEST_EVERY
        if place == 0:
            out[speed] = "test"
        elif place == _VALID_AFTER:
            out[speed] = "valid"
    return out


def recordings_in_time(
    whole: list[Recording], *, gap: int, valid: float, test: float
) -> tuple[list[Recording], dict[str, Split]]:
    """Every recording cut into an early, a later and a last part, groups of their own.

    Args:
        gap: frames between two parts that belong to neither.
        valid, test: shares of each recording.
    """
    recordings: list[Recording] = []
    split: dict[str, Split] = {}
    for one in whole:
        for part, at in by_time(len(one), gap=gap, valid=valid, test=test).items():
            group = f"{part}/{one.group}"
            split[group] = part
            recordings.append(
                Recording(
                    group=group,
                    site=one.site,
                    rate_hz=one.rate_hz,
                    t0=one.t0 + timedelta(seconds=at.start / one.rate_hz),
                    channels={name: values[at] for name, values in one.channels.items()},
                    labels=one.labels[at],
                    origin=one.origin,
                )
            )
    return recordings, split


def _numbers(label: str, classes: tuple[str, ...]) -> dict[str, int]:
    """State → class number."""
    if label == "state":
        if set(classes) != set(STATES):
            raise DataError(
                f"the states are {', '.join(STATES)}; the model's classes are {', '.join(classes)}",
                hint=f"Write 'classes: [{', '.join(STATES)}]'.",
            )
        return {name: classes.index(name) for name in STATES}
    if label == "fault":
        if len(classes) != 2:
            raise LabelError(
                f"the label fault has two classes, the model has {len(classes)}",
                hint="Write 'classes: [normal, fault]', the usual one first.",
            )
        return {name: int(name != STATES[0]) for name in STATES}
    if label == "running":
        if len(classes) != 2:
            raise LabelError(
                f"the label running has two classes, the model has {len(classes)}",
                hint="Write 'classes: [off, running]'.",
            )
        return dict.fromkeys(STATES, 1)
    raise LabelError(
        f"no label {label!r} in these data",
        hint="Write 'label: state', 'label: fault' or 'label: running'.",
    )


def _names(runs: list[Run]) -> list[tuple[str, Run]]:
    """A group's name for each run: ``40-normal``; with ``later/`` before it where it begins in the
    middle, with a number where there are several."""
    out: list[tuple[str, Run]] = []
    taken: set[str] = set()
    for run in runs:
        plain = f"{'later/' if run.first else ''}{run.speed}-{run.state}"
        names = (plain if i == 1 else f"{plain}-{i}" for i in count(1))
        name = next(n for n in names if n not in taken)
        taken.add(name)
        out.append((name, run))
    return out


def _standstills(app: App, seed: int) -> list[Recording]:
    """Fans that do not run, class 0."""
    made = []
    for i, frames in enumerate(rotor.standstills(seed=seed)):
        run = Run(STATES[0], 0, 0, {axis: frames[:, k] for k, axis in enumerate(AXES)})
        made.append(_recording(app, run, {STATES[0]: 0}, f"0-off-{i + 1}", "generated"))
    return made


def _recording(
    app: App, run: Run, numbers: dict[str, int], group: str, origin: Origin
) -> Recording:
    values = {f"accel_{axis}": run.axes[axis] for axis in AXES}
    n = len(run.axes[AXES[0]])
    return Recording(
        group=group,
        site={"speed": run.speed},
        rate_hz=RATE_HZ,
        t0=datetime(1970, 1, 1) + timedelta(seconds=run.first / RATE_HZ),  # not told
        channels={
            name: v.astype(np.float32) for name, v in as_channels(app, values, UNITS).items()
        },
        labels=np.full(n, numbers[run.state], np.int16),
        origin=origin,
    )
