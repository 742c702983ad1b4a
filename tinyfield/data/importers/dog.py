"""pet_dog and its like: a collar's acceleration and turning rate, one behaviour a recording."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tinyfield.data.generators.dog import AXES
from tinyfield.data.importers.tables import Table, check_counts, check_gravity, need, scan

RATE_HZ = 100.0
"""Not stated by the set's makers; the turning of gravity over that of the gyroscope gives it."""
COLUMNS = dict(zip(("ax", "ay", "az", "gx", "gy", "gz"), AXES, strict=True))
NEEDED = ("label", "i", *COLUMNS)


@dataclass(frozen=True)
class Bout:
    """One stretch of one behaviour.

    Attributes:
        file, label: where it is from, and what the dog does.
        first: number of its first frame.
        axes: quantity of ``AXES`` → values in g or deg/s, ``RATE_HZ`` frames a second, [n].
    """

    file: str
    label: str
    first: int
    axes: dict[str, NDArray[np.float64]]


def read_bouts(folder: Path) -> list[Bout]:
    """Every bout of the folder; a new one begins where the label or the count breaks.

    Raises:
        DataError: a missing column, a value that is no number.
    """
    out: list[Bout] = []
    for table in need(scan(folder), NEEDED, "movements of a collar", folder):
        out += _bouts(table)
    return out


def _bouts(table: Table) -> list[Bout]:
    label = np.array([text.strip().lower() for text in table.text("label")])
    count = table.numbers("i")
    check_counts(table, "i", count, "frames of 10 ms")
    axes = {name: table.numbers(column) for column, name in COLUMNS.items()}
    check_gravity(table.path, list(axes.values())[:3], tuple(COLUMNS)[:3])
    breaks = (label[1:] != label[:-1]) | (np.diff(count) != 1)
    edges = [0, *(np.flatnonzero(breaks) + 1).tolist(), len(table)]
    name = table.path.name.split(".")[0]
    return [
        Bout(name, str(label[a]), int(count[a]), {k: v[a:b] for k, v in axes.items()})
        for a, b in pairwise(edges)
    ]
