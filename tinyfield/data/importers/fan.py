"""anomaly_fan: an accelerometer on a fan, one recording a state and speed."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tinyfield.data.importers.tables import Table, check_counts, check_gravity, need, scan
from tinyfield.errors import DataError

RATE_HZ = 50.0
AXES = ("x", "y", "z")
STATES = ("normal", "perpendicular", "opposite")
"""How the weights on the blades sit, by ``wconfid`` from 1 on."""
NEEDED = ("wconfid", "pctid", "i", *AXES)


@dataclass(frozen=True)
class Run:
    """One stretch of a fan in one state at one speed.

    Attributes:
        state: one of ``STATES``.
        speed: in % of the greatest.
        first: number of its first frame since the fan was started in this state and speed.
        axes: axis → acceleration in g, ``RATE_HZ`` frames a second, [n].
    """

    state: str
    speed: int
    first: int
    axes: dict[str, NDArray[np.float64]]


def read_runs(folder: Path) -> list[Run]:
    """Every run of the folder; a new one begins where state, speed or the count breaks.

    Raises:
        DataError: a missing column, a value that is no number, a state that is not known.
    """
    out: list[Run] = []
    for table in need(scan(folder), NEEDED, "accelerations of the fan", folder):
        out += _runs(table)
    return out


def _runs(table: Table) -> list[Run]:
    state, speed, count = (table.numbers(name) for name in ("wconfid", "pctid", "i"))
    axes = {axis: table.numbers(axis) for axis in AXES}
    check_counts(table, "i", count, "frames of 20 ms")
    check_gravity(table.path, list(axes.values()), AXES)
    strange = np.flatnonzero(~np.isin(state, np.arange(len(STATES)) + 1))
    if len(strange):
        raise DataError(
            f"{table.at(strange[0])}: column wconfid: {state[strange[0]]:g} is no state",
            hint="Write " + ", ".join(f"{i + 1} ({name})" for i, name in enumerate(STATES)) + ".",
        )
    breaks = (np.diff(state) != 0) | (np.diff(speed) != 0) | (np.diff(count) != 1)
    edges = [0, *(np.flatnonzero(breaks) + 1).tolist(), len(table)]
    return [
        Run(
            STATES[int(state[a]) - 1],
            int(speed[a]),
            int(count[a]),
            {axis: values[a:b] for axis, values in axes.items()},
        )
        for a, b in pairwise(edges)
    ]
