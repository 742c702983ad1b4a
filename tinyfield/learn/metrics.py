"""Scores of classifiers and errors of regressions, honest about chance: intervals over groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_RESAMPLES = 500


@dataclass(frozen=True)
class Score:
    """How one model did on some rows.

    Attributes:
        n, groups: rows, and the independent groups (plots, subjects) they come from.
        accuracy, macro_f1: 0 to 1. Macro F1 averages over the classes that occur among the truth
            or the answers.
        interval: 95 % of macro F1 when whole groups are drawn again (percentile bootstrap);
            None with fewer than two groups.
        per_class: class → recall, precision, f1 (None where undefined) and n.
        confusion: [truth][answer] counts.
    """

    n: int
    groups: int
    accuracy: float
    macro_f1: float
    interval: tuple[float, float] | None
    per_class: dict[str, dict[str, float | int | None]]
    confusion: list[list[int]]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Score:
        fields = dict(value)
        if fields["interval"] is not None:
            fields["interval"] = tuple(fields["interval"])
        return cls(**fields)


def score(
    truth: NDArray[np.integer[Any]],
    answer: NDArray[np.integer[Any]],
    group: Sequence[str] | NDArray[np.str_],
    classes: Sequence[str],
    *,
    seed: int = 0,
) -> Score:
    """Scores answers (class indices, [n]) against the truth."""
    names, index = np.unique(np.asarray(group), return_inverse=True)
    k = len(classes)
    cells = (index.astype(np.int64) * k + truth) * k + answer
    by_group = np.bincount(cells, minlength=len(names) * k * k).reshape(len(names), k, k)
    total = by_group.sum(axis=0)
    interval = None
    if len(names) > 1:
        rng = np.random.default_rng(seed)
        draws = rng.integers(0, len(names), (_RESAMPLES, len(names)))
        again = [macro_f1(by_group[draw].sum(axis=0)) for draw in draws]
        low, high = np.percentile(again, (2.5, 97.5))
        interval = (_round(low), _round(high))
    return Score(
        n=int(total.sum()),
        groups=len(names),
        accuracy=_round(np.trace(total) / max(1, total.sum())),
        macro_f1=_round(macro_f1(total)),
        interval=interval,
        per_class={c: _class(total, i) for i, c in enumerate(classes)},
        confusion=total.tolist(),
    )


@dataclass(frozen=True)
class Errors:
    """How far some answers were off.

    Attributes:
        n, groups: rows, and the independent groups that they come from.
        mae, rmse: mean absolute and root mean square error.
        bias: mean of answer less truth.
        interval: 95 % of the MAE when whole groups are drawn again (percentile bootstrap); None
            with fewer than two groups.
        rmse_interval: the same of the RMSE.
    """

    n: int
    groups: int
    mae: float
    rmse: float
    bias: float
    interval: tuple[float, float] | None
    rmse_interval: tuple[float, float] | None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Errors:
        fields = dict(value)
        for name in ("interval", "rmse_interval"):
            if fields[name] is not None:
                fields[name] = tuple(fields[name])
        return cls(**fields)


def errors(
    truth: NDArray[Any],
    answer: NDArray[Any],
    group: Sequence[str] | NDArray[np.str_],
    *,
    step: float = 1.0,
    seed: int = 0,
) -> Errors:
    """Of answers [n] against the truth [n], both in steps of ``step``."""
    off = (np.asarray(answer, np.float64) - np.asarray(truth, np.float64)) * step
    names, index = np.unique(np.asarray(group), return_inverse=True)
    count = np.bincount(index, minlength=len(names)).astype(np.float64)
    size = np.bincount(index, np.abs(off), len(names))
    square = np.bincount(index, off**2, len(names))
    intervals: list[tuple[float, float] | None] = [None, None]
    if len(names) > 1:
        rng = np.random.default_rng(seed)
        draws = rng.integers(0, len(names), (_RESAMPLES, len(names)))
        rows = count[draws].sum(axis=1)
        for k, again in enumerate(
            (size[draws].sum(axis=1) / rows, np.sqrt(square[draws].sum(axis=1) / rows))
        ):
            low, high = np.percentile(again, (2.5, 97.5))
            intervals[k] = (round(float(low), 6), round(float(high), 6))
    n = max(1, len(off))
    return Errors(
        n=len(off),
        groups=len(names),
        mae=round(float(size.sum() / n), 6),
        rmse=round(float(np.sqrt(square.sum() / n)), 6),
        bias=round(float(off.sum() / n), 6),
        interval=intervals[0],
        rmse_interval=intervals[1],
    )


def majority(train: NDArray[np.integer[Any]], k: int) -> int:
    """The class most frequent among the training labels: what a model that knows nothing says."""
    return int(np.bincount(train, minlength=k).argmax())


def macro_f1(confusion: NDArray[Any]) -> float:
    """Mean F1 over the classes with a row or a column in ``confusion`` [truth][answer]."""
    hits = np.diag(confusion).astype(np.float64)
    either = confusion.sum(axis=0) + confusion.sum(axis=1)
    there = either > 0
    return float(np.mean(2 * hits[there] / either[there])) if there.any() else 0.0


def calibration_error(
    truth: NDArray[np.integer[Any]], probability: NDArray[np.floating[Any]], bins: int = 10
) -> float:
    """Expected calibration error (Naeini et al., AAAI 2015): how far confidence is from accuracy,
    averaged over rows, 0 to 1."""
    confidence = probability.max(axis=1)
    right = probability.argmax(axis=1) == truth
    which = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    gaps = [
        abs(float(right[which == b].mean()) - float(confidence[which == b].mean()))
        * float((which == b).mean())
        for b in range(bins)
        if (which == b).any()
    ]
    return _round(sum(gaps))


def auc(truth: NDArray[np.integer[Any]], value: NDArray[Any]) -> float | None:
    """Area under the ROC curve: how likely a row of class 1 has a higher value than one of class
    0, ties half; None where the rows are all of one kind.

    Args:
        truth: 0 or 1, [n].
        value: what rises with class 1, [n].
    """
    found = _area(*_counts(truth, value))
    return None if found is None else _round(found)


def auc_interval(
    truth: NDArray[np.integer[Any]],
    value: NDArray[Any],
    group: Sequence[str] | NDArray[np.str_],
    *,
    seed: int = 0,
) -> tuple[float, float] | None:
    """95 % of the AUC when whole groups are drawn again (percentile bootstrap), those of class 0
    and the others apart; None with fewer than two of either."""
    names, index = np.unique(np.asarray(group), return_inverse=True)
    levels, place = np.unique(value, return_inverse=True)
    k = len(levels)
    cells = np.bincount((index * 2 + truth) * k + place, minlength=len(names) * 2 * k)
    both = cells.reshape(len(names), 2, k)
    with_1 = both[:, 1].sum(axis=1) > 0
    if min(with_1.sum(), (~with_1).sum()) < 2:
        return None
    rng = np.random.default_rng(seed)
    again = []
    for _ in range(_RESAMPLES):
        drawn = [rng.choice(np.flatnonzero(kind), kind.sum()) for kind in (with_1, ~with_1)]
        others, hits = both[np.concatenate(drawn)].sum(axis=0)
        found = _area(hits, others)
        again += [] if found is None else [found]
    low, high = np.percentile(again, (2.5, 97.5))
    return _round(low), _round(high)


def share_interval(
    hit: NDArray[np.bool_], group: Sequence[str] | NDArray[np.str_], *, seed: int = 0
) -> tuple[float, float] | None:
    """95 % of the share of rows that hit, [n], when whole groups are drawn again (percentile
    bootstrap); None with fewer than two groups."""
    names, index = np.unique(np.asarray(group), return_inverse=True)
    if len(names) < 2:
        return None
    both = np.bincount(index * 2 + hit, minlength=2 * len(names)).reshape(-1, 2)
    draws = np.random.default_rng(seed).integers(0, len(names), (_RESAMPLES, len(names)))
    again = both[draws].sum(axis=1)
    low, high = np.percentile(again[:, 1] / again.sum(axis=1), (2.5, 97.5))
    return _round(low), _round(high)


def _counts(
    truth: NDArray[np.integer[Any]], value: NDArray[Any]
) -> tuple[NDArray[np.integer[Any]], NDArray[np.integer[Any]]]:
    """How many rows of class 1, and of class 0, have each value, from the lowest on."""
    order = np.unique(value, return_inverse=True)[1]
    most = int(order.max(initial=0)) + 1
    return (
        np.bincount(order[truth == 1], minlength=most),
        np.bincount(order[truth == 0], minlength=most),
    )


def _area(hits: NDArray[np.integer[Any]], others: NDArray[np.integer[Any]]) -> float | None:
    pairs = int(hits.sum()) * int(others.sum())
    if pairs == 0:
        return None
    below = np.cumsum(others) - others
    return float((hits * (below + others / 2)).sum() / pairs)


def _class(confusion: NDArray[Any], i: int) -> dict[str, float | int | None]:
    hit, truth, said = confusion[i, i], confusion[i].sum(), confusion[:, i].sum()
    return {
        "recall": _round(hit / truth) if truth else None,
        "precision": _round(hit / said) if said else None,
        "f1": _round(2 * hit / (truth + said)) if truth + said else None,
        "n": int(truth),
    }


def _round(x: float | np.floating[Any]) -> float:
    return round(float(x), 6)
