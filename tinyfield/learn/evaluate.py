"""Scores a built model on a data set: what ``tinyfield evaluate`` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinyfield.compiler import compile_model
from tinyfield.features.table import STRETCH, FeatureTable
from tinyfield.learn import baselines
from tinyfield.learn.examine import refit_note, weakening
from tinyfield.learn.metrics import (
    Errors,
    Score,
    auc,
    auc_interval,
    calibration_error,
    errors,
    score,
)
from tinyfield.learn.regression import by_origin, idle_errors
from tinyfield.learn.result import Fitted, Metrics, Trained
from tinyfield.learn.runner import answers
from tinyfield.learn.value import value_scale, values
from tinyfield.spec.architectures import ANOMALY

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tinyfield.learn.held import Held
    from tinyfield.spec import App


CLEAR = 0.7
"""Share of a label's window; below it, what is true of the window is a matter of taste."""


def evaluate(app: App, held: Held, *, built: FeatureTable | None = None) -> dict[str, Any]:
    """The integer model, through the generated C, on rows that it was not trained on.

    Args:
        app: the checked app.
        held: the model, and what it is scored on (:func:`~tinyfield.learn.held.held_out`).
        built: the rows of the build: baselines know what the model learned from. None: the
            training rows of this data set.

    Returns:
        ``metric``, ``value``, ``baseline`` (the majority class's value), ``n``, ``per_class``,
        ``confusion`` [truth][answer]; beside them ``baselines`` (the scores on these rows of
        ``majority``, ``persistence`` and ``climatology``, None where there is none) and
        ``unbeaten`` (sentences on those that the model does not beat), ``lead_s`` (how long after
        its row a label is known), ``accuracy``, ``interval``, ``groups``, ``by_origin``,
        ``classes``, ``dataset``, ``provenance``, ``calibration_error``, ``seen`` (rows left out of
        the score because training saw their samples, or as they lie between such: ``rows``, how
        many of which ``groups``, and the ``value`` of the metric on them; ``tested``, how many of
        the scored rows are also of the build's own test split), ``missing`` (rows without some
        input),
        ``auc`` and ``auc_interval`` (of a model of what is usual; else None), ``by_place`` (the
        same scores of ``known`` places and of ``new`` ones: a group's place is what follows the
        first ``/`` of its name, such as a station that was trained on in other years; known is
        also what training saw another part of),
        ``by_device`` (of each device that the data were recorded with, where there are several),
        ``clear`` (of the rows whose label holds for :data:`CLEAR` of the time that it is of, where
        some do not), ``refitted`` (the note on a refit, None without one), ``notes`` (what else is
        to be known of the build's test rows, where they are what is scored), and
        ``columns``: the same scores of the ``float`` model (None on other data than the build's:
        it is not kept), of the integers by their reference (``int8``), and of the generated C
        (``device``), which is held against the reference byte for byte on these rows.
    """
    trained, rows = held.trained, held.rows
    if isinstance(trained.report, Fitted):
        return _evaluate_numbers(app, trained.report, held, built)
    y = rows.y.astype(np.int64)
    out = answers(trained.model, rows.X, trained.scaler)
    said = out.argmax(axis=1)
    total = score(y, said, rows.group, trained.classes)
    one_class = app.models[trained.name].architecture in ANOMALY
    known = _at_known_places(held)

    def part(where: NDArray[np.bool_]) -> dict[str, Any]:
        """Scores of some of the rows."""
        area = (y[where], out[where, 1], rows.group[where])
        return {
            **score(y[where], said[where], rows.group[where], trained.classes).to_json(),
            "auc": auc(*area[:2]) if one_class else None,
            "auc_interval": auc_interval(*area) if one_class else None,
        }

    clear = clear_rows(rows)
    whole_part = part(np.ones(len(y), bool))
    idle = baselines.scores((built or held.table).learned, rows)
    values = {name: one.macro_f1 for name, one in idle.items() if one is not None}
    return {
        "metric": "macro_f1",
        "value": total.macro_f1,
        "baseline": values["majority"],
        "n": total.n,
        "per_class": total.per_class,
        "confusion": total.confusion,
        "baselines": {name: None if one is None else _brief(one) for name, one in idle.items()},
        "unbeaten": baselines.not_beaten(total.macro_f1, values, "macro F1"),
        "lead_s": rows.lead_s,
        "auc": whole_part["auc"],
        "auc_interval": whole_part["auc_interval"],
        "by_place": {
            name: part(where) for name, where in (("known", known), ("new", ~known)) if where.any()
        },
        "by_device": {
            name: {**part(where), "clear": None if clear is None else part(where & clear)}
            for name, where in devices(rows).items()
        },
        "clear": None if clear is None else part(clear),
        "columns": {
            "float": None if held.whole else trained.report.float.to_json(),
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
        **_unknown(trained, rows),
        "refitted": _refitted(trained),
        "notes": [] if held.whole else weakening(trained.report.notes),
        "model": trained.name,
        "dataset": rows.dataset,
        "provenance": list(rows.provenance),
        "seen": _seen(held, lambda again: _on_seen(trained, again)),
        "missing": held.table.dropped,
    }


def _seen(held: Held, value: Callable[[FeatureTable], float]) -> dict[str, Any]:
    """What was left out, and how the model does on it."""
    again = held.seen
    return {
        "rows": 0 if again is None else len(again),
        "groups": held.left_out,
        "value": None if again is None else value(again),
        "tested": held.tested,
    }


def _on_seen(trained: Trained, again: FeatureTable) -> float:
    said = answers(trained.model, again.X, trained.scaler).argmax(axis=1)
    return score(again.y.astype(np.int64), said, again.group, trained.classes).macro_f1


def _brief(one: Score) -> dict[str, Any]:
    return {
        "macro_f1": one.macro_f1,
        "interval": None if one.interval is None else list(one.interval),
        "accuracy": one.accuracy,
    }


def _unknown(trained: Trained, rows: FeatureTable) -> dict[str, Any]:
    """``unknown``: the share of these rows that the gate calls so (``rejected``), and what it
    catches of rows made to be unknown (``of``, on the build's test split)."""
    if trained.gate is None or not isinstance(trained.report, Metrics):
        return {}
    told = trained.report.unknown
    newest = rows.X[:, -len(rows.names) :]
    return {
        "unknown": {
            "asked": told.asked if told else None,
            "rejected": round(float(trained.gate.unknown(newest).mean()), 6),
            "of": dict(told.of) if told else {},
        }
    }


def devices(rows: FeatureTable) -> dict[str, NDArray[np.bool_]]:
    """The rows of each device that the data name; none where there is but one."""
    if rows.device is None:
        return {}
    names = sorted(set(rows.device.tolist()) - {""})
    return {name: rows.device == name for name in names} if len(names) > 1 else {}


def clear_rows(rows: FeatureTable) -> NDArray[np.bool_] | None:
    """Those whose label holds for :data:`CLEAR` of its time; None where all do, or none."""
    clear = np.ones(len(rows), np.bool_) if rows.clear is None else rows.clear >= CLEAR
    return clear if clear.any() and not clear.all() else None


def slices(trained: Trained, rows: FeatureTable) -> list[tuple[str, Score]]:
    """What the node's C scores on the rows of each device, on the clear ones, and on both."""
    kinds, clear = devices(rows), clear_rows(rows)
    if clear is not None:
        both = {f"{name}, clear": where & clear for name, where in kinds.items()}
        kinds = {**kinds, "clear": clear, **both}
    if not kinds:
        return []
    y = rows.y.astype(np.int64)
    said = answers(trained.model, rows.X, trained.scaler).argmax(axis=1)
    return [
        (name, score(y[where], said[where], rows.group[where], trained.classes))
        for name, where in kinds.items()
        if where.any()
    ]


def _evaluate_numbers(
    app: App,
    report: Fitted,
    held: Held,
    built: FeatureTable | None,
) -> dict[str, Any]:
    """The same of a regression: ``metric`` is ``mae``, ``value`` and ``baseline`` (the training
    rows' mean) are in ``unit``; beside them ``rmse``, both intervals, ``bias``, and
    ``baselines``: the errors of ``mean``, ``persistence`` and ``climatology``."""
    trained, target = held.trained, app.models[held.trained.name].target
    assert target is not None
    rows, result = held.rows, compile_model(trained.model).outputs[0]

    def numbers(rows: FeatureTable) -> NDArray[np.int32]:
        return values(answers(trained.model, rows.X, trained.scaler), value_scale(result, target))

    def on_seen(again: FeatureTable) -> float:
        return errors(again.y, numbers(again), again.group, step=target.step).mae

    said = numbers(rows)
    total = errors(rows.y, said, rows.group, step=target.step)
    idle: dict[str, Errors | None] = idle_errors((built or held.table).learned, rows, target.step)
    means = {name: -one.mae for name, one in idle.items() if one is not None}
    return {
        "metric": "mae",
        "value": total.mae,
        "baseline": -means["mean"],
        "n": total.n,
        "unit": target.unit,
        "target": target.name,
        "baselines": {name: None if one is None else one.to_json() for name, one in idle.items()},
        "unbeaten": baselines.not_beaten(-total.mae, means, "mean error", target.unit),
        "lead_s": rows.lead_s,
        "rmse": total.rmse,
        "bias": total.bias,
        "interval": None if total.interval is None else list(total.interval),
        "rmse_interval": None if total.rmse_interval is None else list(total.rmse_interval),
        "columns": {
            "float": None if held.whole else report.float.to_json(),
            "int8": total.to_json(),
            "device": total.to_json(),
        },
        "groups": total.groups,
        "by_origin": {o: e.to_json() for o, e in by_origin(rows, said, target).items()},
        "refitted": _refitted(trained),
        "notes": [] if held.whole else weakening(report.notes),
        "model": trained.name,
        "dataset": rows.dataset,
        "provenance": list(rows.provenance),
        "seen": _seen(held, on_seen),
        "missing": held.table.dropped,
    }


def _refitted(trained: Trained) -> str | None:
    """The note on a refit, and which of its models was scored."""
    note = refit_note(trained.report.notes)
    if note is None or not trained.also:
        return note
    return f"{note}. Here it is what ships that was scored, on rows that the build never had"


def _at_known_places(held: Held) -> NDArray[np.bool_]:
    """Of each row whether training saw something of its place: by its name, or as it did see some
    of the very recording."""
    groups = [str(group).split(STRETCH, 1)[0] for group in held.rows.group]
    learned = (*held.trained.groups, *held.trained.also)
    named = np.isin([_place(g) for g in groups], [_place(g) for g in learned])
    return named | np.isin(groups, list(held.left_out))


def _place(group: str) -> str:
    """What a group is of: ``later/p04-2`` and ``2018/p04-2`` are of one plot, and all stretches
    of a series of one."""
    return group.split("/", 1)[-1].split(STRETCH, 1)[0]
