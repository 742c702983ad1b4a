"""What a model must beat to be worth its flash: who learned nothing but how often what is true.

* **majority**: the class most frequent among the rows learned from (of a number their mean);
* **persistence**: the last label that is known at the row: nothing changes;
* **climatology**: what was most frequent (of a number: the mean) at that hour of the day in that
  month, among the rows learned from.

The latter two are for what lies ahead (``pm2_5_alert in 6 h``): hour and month are those that the
label is of. They are the references of forecast verification (Jolliffe and Stephenson, Forecast
Verification, 2nd edition, 2012, chapter 1). All are scored on the very rows that the model is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tinyfield.features.scale import MISSING
from tinyfield.learn.metrics import Score, majority, score

if TYPE_CHECKING:
    from tinyfield.features.table import FeatureTable

DAY_S, HOURS, MONTHS = 86_400, 24, 12


def persistence(learned: FeatureTable, rows: FeatureTable) -> NDArray[Any] | None:
    """The last known labels [n], in the units of ``rows.y``; where none is known, what is said
    without knowing anything. None where labels are of their own time, and so never known before.
    """
    if rows.before is None:
        return None
    known = rows.before != MISSING
    if not known.any():
        return None
    return np.where(known, rows.before, _usual(learned if len(learned) else rows))


def climatology(learned: FeatureTable, rows: FeatureTable) -> NDArray[Any] | None:
    """Labels [n] by the hour and the month that they are of, in the units of ``rows.y``; where
    no row of such was learned from, by the hour alone. None where labels are of their own time.
    """
    if not rows.lead_s or rows.when is None or learned.when is None or not len(learned):
        return None
    hour, cell = _cells(learned)
    by_hour = _said(learned, hour, np.full(HOURS, _usual(learned)))
    by_both = _said(learned, cell, np.tile(by_hour, MONTHS))
    return by_both[_cells(rows)[1]]


def _usual(learned: FeatureTable) -> Any:
    if learned.classes:
        return majority(learned.y.astype(np.int64), len(learned.classes))
    return float(learned.y.mean())


def _cells(rows: FeatureTable) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The hour of the day, and the month's and hour's number, of what each row's label is of."""
    assert rows.when is not None
    then = rows.when + rows.lead_s
    hour = then % DAY_S // 3600
    days = np.datetime64("2000-01-01") + (then // DAY_S).astype("timedelta64[D]")
    month = days.astype("datetime64[M]").astype(np.int64) % MONTHS
    return hour, month * HOURS + hour


def _said(learned: FeatureTable, cell: NDArray[np.int64], other: NDArray[Any]) -> NDArray[Any]:
    """What is said of each cell, ``other`` where nothing was learned of it."""
    n, k = len(other), len(learned.classes)
    count = np.bincount(cell, minlength=n)
    if k:
        table = np.bincount(cell * k + learned.y.astype(np.int64), minlength=n * k).reshape(n, k)
        return np.where(count > 0, table.argmax(axis=1), other)
    mean = np.bincount(cell, learned.y.astype(np.float64), n) / np.maximum(count, 1)
    return np.where(count > 0, mean, other)


def scores(learned: FeatureTable, rows: FeatureTable) -> dict[str, Score | None]:
    """Of a classifier's baselines on these rows, by name; None where there is none."""
    y, classes = rows.y.astype(np.int64), rows.classes
    usual = _usual(learned if len(learned) else rows)
    said = {
        "majority": np.full(len(y), usual),
        "persistence": persistence(learned, rows),
        "climatology": climatology(learned, rows),
    }
    return {
        name: None if one is None else score(y, one.astype(np.int64), rows.group, classes)
        for name, one in said.items()
    }


def not_beaten(own: float, others: Mapping[str, float], figure: str, unit: str = "") -> list[str]:
    """A sentence for each baseline whose value (the more, the better) the model's does not pass."""
    words = {
        "majority": "always the most frequent class",
        "mean": "always the mean",
        "persistence": "that nothing changes",
        "climatology": "what is usual at that hour and month",
    }
    unit = f" {unit}" if unit else ""
    return [
        f"DOES NOT BEAT {name.upper()}: {figure} {abs(own):.3f}{unit}, and who says {words[name]} "
        f"has {abs(value):.3f}{unit}"
        for name, value in others.items()
        if own <= value
    ]
