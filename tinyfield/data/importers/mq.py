"""gas_mq: raw readings of an array of MQ gas sensors, one recording after another."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tinyfield.data.importers.tables import Table, check_counts, check_usual, need, scan

PERIOD_S = 2
SENSORS = ("mq2", "mq3", "mq5", "mq6", "mq7", "mq8", "mq135")
CLEAN = (735, 530, 425, 420, 620, 635, 465)
"""What each sensor of these recordings reads in clean air: means of the earliest two thirds."""
COUNTS = 1023
NEEDED = ("gas", "idx", *SENSORS)


@dataclass(frozen=True)
class Recording:
    """One gas without a break: sensor → raw readings (0 to 1023) [n], NaN = none."""

    name: str
    gas: str
    readings: dict[str, NDArray[np.float64]]


def read_recordings(folder: Path) -> list[Recording]:
    """Every recording of the folder; a new one begins where the gas or the count breaks."""
    out: list[Recording] = []
    for table in need(scan(folder), NEEDED, "readings of the array", folder):
        out += _recordings(table, len(out))
    return out


def _recordings(table: Table, before: int) -> list[Recording]:
    gas = np.array(table.text("gas"))
    count = table.numbers("idx")
    check_counts(table, "idx", count, "samples of 2 s")
    columns = {name: table.numbers(name, gaps=True) for name in SENSORS}
    for name, values in columns.items():
        check_usual(table.path, name, values, 0, COUNTS, f"counts of {COUNTS}")
    breaks = np.flatnonzero((gas[1:] != gas[:-1]) | (np.diff(count) != 1)) + 1
    edges = [0, *breaks.tolist(), len(table)]
    return [
        Recording(
            f"r{before + k}-{gas[first]}",
            str(gas[first]),
            {name: values[first:end] for name, values in columns.items()},
        )
        for k, (first, end) in enumerate(pairwise(edges))
    ]
