"""Scores a built model on a data set: what ``tinyfield evaluate`` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinyfield.errors import DataError
from tinyfield.features.table import compute
from tinyfield.learn.metrics import calibration_error, majority, score
from tinyfield.learn.result import Trained
from tinyfield.learn.runner import answers

if TYPE_CHECKING:
    from tinyfield.data.dataset import Dataset
    from tinyfield.spec import App


def evaluate(
    app: App, trained: Trained, dataset: Dataset, *, whole: bool = False
) -> dict[str, Any]:
    """The integer model, through the generated C, on rows that it was not trained on.

    Args:
        app: the checked app.
        trained: its model.
        dataset: labelled series; by default their test split counts.
        whole: count every group that the model was not trained or validated on, whatever the
            split; for another folder of data than the one that training saw.

    Returns:
        ``metric``, ``value``, ``baseline`` (the majority class's value), ``n``, ``per_class``,
        ``confusion`` [truth][answer]; beside them ``accuracy``, ``interval``, ``groups``,
        ``by_origin``, ``classes``, ``dataset``, ``provenance``, ``calibration_error``, ``seen``
        (groups left out because training saw them), ``missing`` (rows without some input) and
        ``columns``: the same scores of the ``float`` model (None on other data than the build's:
        it is not kept), of the integers by their reference (``int8``), and of the generated C
        (``device``), which is held against the reference byte for byte on these rows.

    Raises:
        DataError: no row is left to score on.
    """
    if dataset.classes != trained.classes:
        raise DataError(
            f"{dataset.name} has the classes {list(dataset.classes)}, "
            f"the model {list(trained.classes)}"
        )
    table = compute(app, trained.name, dataset)
    seen = np.isin(table.group, trained.groups)
    rows = table.rows(~seen if whole else ~seen & (table.split == "test"))
    if not len(rows):
        raise DataError(
            f"{dataset.name}: no labelled row to score on; {int(seen.sum())} rows belong to "
            f"groups that training saw, {table.dropped} lack an input",
            hint="give data of other groups (plots, subjects, seasons)",
        )
    k = len(trained.classes)
    y = rows.y.astype(np.int64)
    out = answers(trained.model, rows.X, trained.scaler)
    said = out.argmax(axis=1)
    total = score(y, said, rows.group, trained.classes)
    learned = table.y[table.split == "train"]
    always = np.full(len(y), majority(learned if len(learned) else rows.y, k))
    return {
        "metric": "macro_f1",
        "value": total.macro_f1,
        "baseline": score(y, always, rows.group, trained.classes).macro_f1,
        "n": total.n,
        "per_class": total.per_class,
        "confusion": total.confusion,
        "columns": {
            "float": None if whole else trained.report.float.to_json(),
            "int8": total.to_json(),
            "device": total.to_json(),
        },
        "classes": list(trained.classes),
        "accuracy": total.accuracy,
        "interval": None if total.interval is None else list(total.interval),
        "groups": total.groups,
        "by_origin": {
            o: score(y[m], said[m], rows.group[m], trained.classes).to_json()
            for o in ("measured", "driven", "generated")
            for m in (rows.origin == o,)
            if m.any()
        },
        "calibration_error": calibration_error(y, (out.astype(np.float64) + 128) / 256),
        "model": trained.name,
        "dataset": dataset.name,
        "provenance": list(dataset.provenance),
        "seen": sorted({str(g) for g in table.group[seen & (whole | (table.split == "test"))]}),
        "missing": table.dropped,
    }
