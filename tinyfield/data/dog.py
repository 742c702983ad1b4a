"""The data set of a dog's collar.

Label ``behaviour``: the classes are behaviours; ``other``, if it is one, is all that are not
named. What a model does not name is left out. Of the measured set every bout is cut in time into an
early, a later and a last part, which is all that one dog and one recording a behaviour allow.
Generated dogs join the training: other sizes, paces and collars. Where a class was not measured,
they are in the tests as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tinyfield.data.dataset import Dataset, LabelError, Origin, Recording, Split
from tinyfield.data.fan import recordings_in_time
from tinyfield.data.generators.dog import AXES, BEHAVIOURS, dog, motion
from tinyfield.data.importers.dog import RATE_HZ, Bout, read_bouts
from tinyfield.data.quantities import as_channels
from tinyfield.errors import DataError

if TYPE_CHECKING:
    from tinyfield.spec import App

LABEL, OTHER = "behaviour", "other"
UNITS = {name: "g" if name.startswith("accel") else "dps" for name in AXES}
GAP = round(5 * RATE_HZ)
"""Frames between two parts: a bout of a gait lasts some seconds."""
SHARES = {"valid": 0.15, "test": 0.2}
DOGS: dict[Split, int] = {"train": 12, "valid": 4, "test": 4}
"""Generated dogs in each part."""
BOUTS, BOUT_S = 2, 20.0
"""Bouts of each behaviour of a generated dog, and how long each is."""


def build(app: App, model_name: str, folder: Path | None, seed: int, held_out: bool) -> Dataset:
    """The bouts of the folder and of generated dogs, as the model's classes."""
    model = app.models[model_name]
    train = model.train
    if train.label != LABEL:
        raise LabelError(f"no label {train.label!r} in these data", hint=f"Write 'label: {LABEL}'.")
    if not any(channel.quantity in UNITS for channel in app.channels):
        raise DataError(
            f"{train.dataset} has {', '.join(UNITS)}, and {app.name} measures none of them",
            hint="Add a sensor, such as 'imu: {driver: mpu6050, rate: 100 Hz}'.",
        )
    recordings: list[Recording] = []
    split: dict[str, Split] = {}
    said: list[str] = []
    if folder is not None:
        bouts = read_bouts(folder)
        measured = _recordings(app, bouts, model.classes, "measured", train.dataset)
        if held_out:
            recordings, split = measured, dict.fromkeys((r.group for r in measured), "test")
        elif train.split == "by time":
            recordings, split = recordings_in_time(measured, gap=GAP, **SHARES)
        else:
            raise DataError(
                f"{train.dataset} cannot be split {train.split}",
                hint="Write 'split: by time': one dog can only be cut in time.",
            )
        said.append(
            f"MEASURED: {sum(len(r) for r in measured) / RATE_HZ / 60:.0f} min of a collar, "
            f"{len(bouts)} bouts of {len({b.label for b in bouts})} behaviours."
        )
    if not held_out:
        if folder is None:
            said.append(
                f"NO REAL DATA: {train.dataset} is not here. Everything below is simulated."
            )
        seen = {r.labels[0] for r in recordings}
        whole = len(seen) == len(model.classes)
        dogs: dict[Split, int] = {"train": DOGS["train"]} if whole else DOGS
        made, parts = _generated(app, model.classes, dogs, seed, train.dataset)
        recordings, split = [*recordings, *made], split | parts
        said.append(
            f"GENERATED: {sum(dogs.values())} simulated dogs with collars mounted at random; how "
            "they move is made up, after published sizes and frequencies."
        )
    return Dataset(
        name=train.dataset,
        classes=model.classes,
        series=(),
        split=split,
        provenance=tuple(said),
        recordings=tuple(recordings),
    )


def _generated(
    app: App, classes: tuple[str, ...], dogs: Mapping[Split, int], seed: int, dataset: str
) -> tuple[list[Recording], dict[str, Split]]:
    """Bouts of every behaviour of every generated dog; a dog is in one part."""
    recordings: list[Recording] = []
    split: dict[str, Split] = {}
    number = 0
    for part, count in dogs.items():
        for _ in range(count):
            rng = np.random.default_rng([seed, 23, number])
            who = dog(rng)
            bouts = [
                Bout(
                    f"generated-{number}",
                    behaviour,
                    k * round(BOUT_S * RATE_HZ),
                    motion(behaviour, who, round(BOUT_S * RATE_HZ), RATE_HZ, rng),
                )
                for behaviour in BEHAVIOURS
                for k in range(BOUTS)
            ]
            made = _recordings(app, bouts, classes, "generated", dataset)
            recordings += made
            split.update(dict.fromkeys((r.group for r in made), part))
            number += 1
    return recordings, split


def _recordings(
    app: App, bouts: Sequence[Bout], classes: tuple[str, ...], origin: Origin, dataset: str
) -> list[Recording]:
    """The bouts whose behaviour is a class, or is another where there is a class for that."""
    named = {label: i for i, label in enumerate(classes)}
    unknown = sorted({label for label in named if label not in (*BEHAVIOURS, OTHER)})
    if unknown and not any(b.label in unknown for b in bouts):
        raise DataError(
            f"{dataset} has no {', '.join(unknown)}",
            hint=f"Its behaviours are {', '.join(sorted({b.label for b in bouts}))}.",
        )
    out: list[Recording] = []
    for index, bout in enumerate(bouts):
        label = named.get(bout.label, named.get(OTHER, -1))
        if label < 0:
            continue
        out.append(
            Recording(
                group=f"{bout.file}/{bout.label}-{index}",
                site={},
                rate_hz=RATE_HZ,
                t0=datetime(1970, 1, 1) + timedelta(seconds=bout.first / RATE_HZ),  # not told
                channels={
                    name: values.astype(np.float32)
                    for name, values in as_channels(app, bout.axes, UNITS).items()
                },
                labels=np.full(len(bout.axes[AXES[0]]), label, np.int16),
                origin=origin,
            )
        )
    if not out:
        raise DataError(
            f"{dataset}: none of its bouts is one of {', '.join(classes)}",
            hint=f"Its behaviours are {', '.join(sorted({b.label for b in bouts}))}.",
        )
    return out
