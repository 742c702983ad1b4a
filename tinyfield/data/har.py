"""The data set of human activity, ``har_geotec``: a phone in the pocket, a watch on the wrist.

Label: ``activity``, ``activity on phone`` or ``activity on watch``; with ``1 s ago`` after it the
truth is that of a second before the sample, so that a model can see what came next. A person's
recordings, of both devices, lie in one part.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tinyfield.data.dataset import NO_LABEL, Dataset, LabelError, Origin, Recording, Split
from tinyfield.data.generators import person
from tinyfield.data.importers.har import ACTIVITIES, AXES, CLOCKS, Execution, read_executions
from tinyfield.data.quantities import as_channels
from tinyfield.data.splits import by_block
from tinyfield.errors import DataError
from tinyfield.spec.durations import parse_duration
from tinyfield.spec.mistake import Mistake

if TYPE_CHECKING:
    from tinyfield.spec import App

UNITS = {name: "g" if name.startswith("accel") else "dps" for name in AXES}
LONGEST_S = 10
_LABEL = re.compile(r"activity(?: on (?P<device>\w+))?(?: (?P<lag>[\d.]+ ?\w+) ago)?")


@dataclass(frozen=True)
class Label:
    """What is learned: on which device (None: both), and how long before the sample."""

    device: str | None
    lag_s: float


def parse_label(text: str) -> Label:
    """``activity on watch 1 s ago``. Raises DataError with what can be written."""
    found = _LABEL.fullmatch(" ".join(text.split()))
    if found is None:
        raise LabelError(
            f"no label {text!r} in these data",
            hint="Write 'activity', 'activity on watch' or 'activity 1 s ago'.",
        )
    device = found["device"]
    if device is not None and device not in CLOCKS:
        raise LabelError(
            f"label {text!r}: worn on {device}?", hint=f"{', '.join(CLOCKS)} are here."
        )
    if found["lag"] is None:
        return Label(device, 0.0)
    try:
        lag = float(parse_duration(found["lag"]))
    except Mistake as mistake:
        raise LabelError(f"label {text!r}: {mistake.message}", hint=mistake.hint) from None
    if lag > LONGEST_S:
        raise LabelError(f"label {text!r}: too long ago", hint=f"{LONGEST_S} s at most.")
    return Label(device, lag)


def build(app: App, model_name: str, folder: Path | None, seed: int, held_out: bool) -> Dataset:
    """The executions of the folder, or generated ones, split by person."""
    model = app.models[model_name]
    train = model.train
    label = parse_label(train.label)
    if set(model.classes) != set(ACTIVITIES):
        raise DataError(
            f"the activities are {', '.join(ACTIVITIES)}; "
            f"the model's classes are {', '.join(model.classes)}",
            hint=f"Write 'classes: [{', '.join(ACTIVITIES)}]'.",
        )
    if not any(channel.quantity in UNITS for channel in app.channels):
        raise DataError(
            f"{train.dataset} has {', '.join(UNITS)}, and {app.name} measures none of them",
            hint="Add a sensor, such as 'imu: {driver: mpu6050, rate: 100 Hz}'.",
        )
    origin: Origin = "generated" if folder is None else "measured"
    if folder is None:
        executions = person.generate(seed=seed)
        said: tuple[str, ...] = (
            f"NO REAL DATA: {train.dataset} is not here. Everything below is generated.",
            "GENERATED: people who rise, walk, turn and sit down, after the statistics of real "
            "ones: easier to tell apart than people are.",
        )
    else:
        executions = read_executions(folder)
    executions = [e for e in executions if label.device in (None, e.device)]
    if not executions:
        raise DataError(f"{train.dataset}: nothing was recorded on {label.device}")
    subjects = sorted({e.subject for e in executions})
    if folder is not None:
        devices = " and ".join(sorted({e.device for e in executions}))
        said = (
            f"MEASURED: {len(subjects)} people with a {devices}, {len(executions)} recordings of "
            "about 11 s: up from a chair, a few steps, a turn, back, a turn, down again.",
            "No one stands still, lies or falls in these data: of that nothing is known.",
        )
    return Dataset(
        name=train.dataset,
        classes=model.classes,
        series=(),
        split=_split(executions, subjects, train.split, train.dataset, seed, held_out),
        provenance=said,
        recordings=tuple(_recording(app, e, model.classes, label, origin) for e in executions),
    )


def _split(
    executions: Sequence[Execution],
    subjects: Sequence[str],
    by: str,
    dataset: str,
    seed: int,
    held_out: bool,
) -> dict[str, Split]:
    if held_out:
        return {_group(e): "test" for e in executions}
    if by not in ("by subject", "by group"):
        raise DataError(f"{dataset} cannot be split {by}", hint="Write 'split: by subject'.")
    parts = by_block(subjects, seed=seed)
    return {_group(e): parts[e.subject] for e in executions}


def _group(execution: Execution) -> str:
    return f"{execution.device}/{execution.subject}"


def _recording(
    app: App, e: Execution, classes: tuple[str, ...], label: Label, origin: Origin
) -> Recording:
    numbers = np.array([classes.index(name) for name in ACTIVITIES], np.int16)
    return Recording(
        group=_group(e),
        site={"device": e.device},
        rate_hz=e.rate_hz,
        t0=datetime(1970, 1, 1),  # not told
        channels={
            name: values.astype(np.float32)
            for name, values in as_channels(app, e.axes, UNITS).items()
        },
        labels=later(numbers[e.labels], round(label.lag_s * e.rate_hz)),
        origin=origin,
    )


def later(labels: NDArray[np.int16], frames: int) -> NDArray[np.int16]:
    """Each label ``frames`` later; none before the first."""
    if frames == 0:
        return labels
    out = np.full(len(labels), NO_LABEL, np.int16)
    out[frames:] = labels[:-frames]
    return out
