"""The rows that a built model may be scored on: what it did not learn from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tinyfield.data.overlap import take_apart
from tinyfield.errors import DataError
from tinyfield.features.table import STRETCH, FeatureTable, compute

if TYPE_CHECKING:
    from tinyfield.data.dataset import Dataset
    from tinyfield.learn.result import Trained
    from tinyfield.spec import App

_NAMED = 3


@dataclass(frozen=True)
class Held:
    """Rows apart from what a model learned from.

    Attributes:
        trained: what may be scored on them: the model that ships, or, where that was fitted to the
            test rows too and they are all there is, what it was before.
        table: all rows of the data set that may be scored, in whatever split.
        rows: those to score on.
        whole: whether they are of other data than the build's.
        seen: rows left out because training saw their samples, or because they lie between such;
            None where there is none.
        tested: how many of ``rows`` the build's own test split has, too.
    """

    trained: Trained
    table: FeatureTable
    rows: FeatureTable
    whole: bool = False
    seen: FeatureTable | None = None
    tested: int = 0

    @property
    def left_out(self) -> dict[str, int]:
        """Group → rows of it left out, in the order of their names."""
        if self.seen is None:
            return {}
        names = [str(name).split(STRETCH, 1)[0] for name in self.seen.group]
        found, counts = np.unique(np.array(names), return_counts=True)
        return dict(zip(map(str, found), map(int, counts), strict=True))


def held_out(app: App, trained: Trained, dataset: Dataset, learned: Dataset | None = None) -> Held:
    """The rows of a data set that a model may be scored on.

    Args:
        app: the checked app.
        trained: its model.
        dataset: labelled series and recordings.
        learned: the data of the build, where ``dataset`` is another folder's: whatever the model
            did not learn from counts, by what the samples hold, not by their names. None:
            ``dataset`` is the build's own, whose test split counts.

    Raises:
        DataError: other classes than the model's, or no row is left to score on.
    """
    if app.models[trained.name].target is None and dataset.classes != trained.classes:
        raise DataError(
            f"{dataset.name} has the classes {list(dataset.classes)}, "
            f"the model {list(trained.classes)}"
        )
    if learned is None:
        table = compute(app, trained.name, dataset)
        known = np.isin(table.group, trained.groups)
        test = table.split == "test"
        seen = table.rows(known & test)
        rows = table.rows(test & ~known)
        held = Held(trained.before_tests(), table, rows, seen=seen if len(seen) else None)
    else:
        held = _of_other_data(app, trained.before_tests(), dataset, learned)
        if trained.also and len(held.rows) > held.tested:
            everything = replace(learned, split=dict.fromkeys(learned.split, "train"))
            held = _of_other_data(app, trained, dataset, everything)
    if not len(held.rows):
        _nothing_left(dataset, held)
    return held


def _of_other_data(app: App, trained: Trained, dataset: Dataset, learned: Dataset) -> Held:
    """What of a data set is not in what was learned from, by its samples."""
    steps = {channel.name: 10.0**channel.scale for channel in app.channels}
    parts = take_apart(dataset, learned, steps)
    table = compute(app, trained.name, parts.fresh)
    again = parts.seen and compute(app, trained.name, parts.seen)
    tested = parts.tested and compute(app, trained.name, parts.tested)
    table = replace(table, dropped=table.dropped + (again.dropped if again else 0))
    return Held(trained, table, table, True, again or None, len(tested) if tested else 0)


def _nothing_left(dataset: Dataset, held: Held) -> None:
    groups = held.left_out
    names = ", ".join(list(groups)[:_NAMED]) + (" …" if len(groups) > _NAMED else "")
    saw = f" (of {names})" if groups else ""
    raise DataError(
        f"{dataset.name}: no labelled row to score on; training saw {sum(groups.values())} "
        f"rows{saw}, {held.table.dropped} lack an input",
        hint="give what the model was not trained on: other groups (plots, subjects, seasons), or "
        "later recordings",
    )
