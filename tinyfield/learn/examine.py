"""What is wrong, or worth a word, about the rows that a model is to learn from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tinyfield.errors import DataError
from tinyfield.features.table import FeatureTable

UNBALANCED, REPEATED, AT_ONCE = 0.97, 0.2, 0.5
"""Shares of one class, of test rows known from training, and of those of the same moments as
training rows, from which on a note says so."""

REFITTED = "fitted once more"
"""How the note on a refit begins, which weakens no figure."""

ROWS_LEAST = 50
"""Fewer training rows, or fewer rows of a class than a tenth of this, are no basis to learn on."""


def check_table(table: FeatureTable, *, one_class: bool = False) -> None:
    """Raises DataError for rows that cannot be learned from: none in a split, one class only, too
    few, inputs with no value or always the same, a group in two splits, a class that is not tested.

    Args:
        one_class: the first class is all that is learned from.
    """
    table.verify(one_class=one_class)
    _check_inputs(table)
    y = table.part("train").y
    counts = np.bincount(y if table.classes else [], minlength=len(table.classes))
    if len(y) < ROWS_LEAST:
        raise DataError(
            f"model {table.model}: {len(y)} training rows are too few; at least {ROWS_LEAST}",
            hint="record more, or name a data set with more rows",
        )
    if one_class and min(counts[0], (table.part("valid").y == 0).sum()) < ROWS_LEAST:
        raise DataError(
            f"model {table.model}: {counts[0]} training and "
            f"{int((table.part('valid').y == 0).sum())} validation rows are {table.classes[0]}; "
            f"at least {ROWS_LEAST} of each are needed",
            hint=f"record more of what is {table.classes[0]}",
        )
    for name, count in zip(table.classes[: 0 if one_class else None], counts, strict=False):
        if count < ROWS_LEAST // 10:
            raise DataError(
                f"model {table.model}: class {name} has {count} training rows, "
                f"at least {ROWS_LEAST // 10} are needed",
                hint=f"add data in which {name} occurs, or take the class out of `classes`",
            )
    _check_tested(table, one_class=one_class)


def _check_tested(table: FeatureTable, *, one_class: bool) -> None:
    """Whether the test rows can say how every class is recognised; where what is unusual has
    several classes, some of them are enough."""
    test = table.part("test")
    absent = [name for i, name in enumerate(table.classes) if not (test.y == i).any()]
    usual = table.classes[:1]
    if one_class and len(absent) < len(table.classes) - 1 and usual[0] not in absent:
        return
    if absent:
        groups = np.unique(test.group)
        shown = ", ".join(groups[:4]) + (" …" if len(groups) > 4 else "")
        raise DataError(
            f"model {table.model}: no test row is {' or '.join(absent)}: how well that is "
            f"recognised would not be known (the test split is {shown})",
            hint=f"add groups in which {absent[0]} occurs, take another `split`, or take "
            f"{absent[0]} out of `classes`",
        )


def _check_inputs(table: FeatureTable) -> None:
    train = table.part("train")
    if not np.ptp(train.X, axis=0).any():
        raise DataError(
            f"model {table.model}: no input ever changes in the training rows",
            hint="look for sensors that stood still, or name other `inputs`",
        )


def notes_on(table: FeatureTable) -> list[str]:
    """What whoever reads the scores should know of the rows behind them."""
    notes, test = [], table.part("test")
    if table.refit:
        learned = table.learned
        held = int((learned.split != "train").sum())
        notes.append(
            f"{REFITTED} to the {len(learned):,} rows of the training and validation splits "
            f"({held / len(learned):.0%} of them are of the latter), with what the validation rows "
            "had settled; the test rows had no part in it"
        )
        if table.refit == "all":
            notes[-1] += (
                f", and all scores are of that. What ships was then fitted to the {len(test):,} "
                "test rows too: no row is left that could say how much better it is"
            )
    if table.dropped:
        share = table.dropped / (len(table) + table.dropped)
        notes.append(
            f"{table.dropped:,} labelled rows ({share:.1%}) left out: an input had no value"
        )
    train = table.learned
    for i, name in enumerate(table.names):
        if (train.X[:, i :: len(table.names)] == train.X[0, i]).all():
            notes.append(f"`{name}` never changes in the training rows: it teaches nothing")
    shares = np.bincount(train.y if table.classes else [0]) / len(train)
    if table.classes and shares.max() > UNBALANCED:
        notes.append(
            f"{shares.max():.1%} of the training rows are {table.classes[int(shares.argmax())]}: "
            "read the recall of the others, not the accuracy"
        )
    again = _seen_rows(train.X, test.X)
    if again > REPEATED:
        notes.append(
            f"{again:.0%} of the test rows equal a training row in every input: the score may "
            "be of what was learned by heart"
        )
    at_once = _same_moments(train, test)
    if at_once > AT_ONCE:
        notes.append(
            f"{at_once:.0%} of the test rows are of the same moments as training rows elsewhere: "
            "what places had in common then, such as the weather, is known to the model, and at "
            "another time it will be less so (`split: by time`, or later recordings with "
            "`evaluate --data`, tell how much)"
        )
    absent = [c for i, c in enumerate(table.classes) if not (test.y == i).any()]
    if absent:
        notes.append(f"no test row is {' or '.join(absent)}: its recall is not known")
    return notes


def refit_note(notes: Sequence[str]) -> str | None:
    """The note on a refit among others; None of a model that was not refitted."""
    return next((note for note in notes if note.startswith(REFITTED)), None)


def weakening(notes: Sequence[str]) -> list[str]:
    """The notes that make a figure less than it seems: all but that on a refit."""
    return [note for note in notes if not note.startswith(REFITTED)]


def _same_moments(train: FeatureTable, test: FeatureTable) -> float:
    """Share of test rows at whose time some training row is; 0 where the data have no dates."""
    if not test.dated or train.when is None or test.when is None:
        return 0.0
    return float(np.isin(test.when, train.when).mean())


def _seen_rows(train: NDArray[np.int32], test: NDArray[np.int32]) -> float:
    """Share of test rows that equal some training row."""
    known = {row.tobytes() for row in np.ascontiguousarray(train)}
    return sum(row.tobytes() in known for row in np.ascontiguousarray(test)) / len(test)
