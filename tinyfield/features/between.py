"""Training rows between those of neighbouring recordings: of a machine at 40 and at 45 %, some that
might be of 42 %.

Recordings are made at a few settings (speeds, loads), and the node meets those between. Each row
of a recording is mixed, by a share that is drawn anew, with a row of the next lower and one of the
next higher setting of the same class: straight lines in the inputs, as SMOTE draws them between
neighbours (Chawla et al. 2002, J. Artif. Intell. Res. 16), only that what is a neighbour is known.
Inputs should change evenly with the setting; a ``level`` does, a standard deviation less so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from tinyfield.errors import DataError

if TYPE_CHECKING:
    from tinyfield.data.dataset import Dataset

_SEED = 29


def between(
    parts: Sequence[Mapping[str, Any]],
    dataset: Dataset,
    fact: str,
    refits: Mapping[str, tuple[str, ...]] | None = None,
) -> list[dict[str, Any]]:
    """More rows for the training split: two for each of its rows that has both neighbours.

    Args:
        parts: rows of one group each: ``X`` [n, k], ``y``, ``t``, ``group``, ``split``,
            ``origin`` [n].
        dataset: gives each group's ``site``.
        fact: name of a number in the sites.
        refits: of each refit the split of what is made for it alone, and all splits that it learns
            from, which hold those of the refit before.

    Raises:
        DataError: a training group's site has no such number.
    """
    before: tuple[str, ...] = ("train",)
    made = _made(parts, dataset, fact, before, ())
    for split, splits in (refits or {}).items():
        for rows in _made(parts, dataset, fact, splits, before):
            made.append({**rows, "split": np.full(len(rows["X"]), split)})
        before = splits
    return made


def _made(
    parts: Sequence[Mapping[str, Any]],
    dataset: Dataset,
    fact: str,
    splits: tuple[str, ...],
    before: tuple[str, ...],
) -> list[dict[str, Any]]:
    """Rows between those of these splits, but for such as those of ``before`` alone have given."""
    setting = _settings(dataset, fact, splits)
    train = [part for part in parts if len(part["X"]) and part["split"][0] in splits]
    if not train:
        return []
    X = np.concatenate([part["X"] for part in train])
    y = np.concatenate([part["y"] for part in train])
    at = np.concatenate([np.full(len(p["X"]), setting[str(p["group"][0])]) for p in train])
    rows = {name: np.concatenate([p[name] for p in train]) for name in train[0]}
    rng = np.random.default_rng(_SEED)
    made: list[dict[str, Any]] = []
    for label in np.unique(y):
        known = np.unique(at[y == label])
        for low, high in pairwise(known):
            ends = [np.flatnonzero((y == label) & (at == end)) for end in (low, high)]
            if set(rows["split"][np.concatenate(ends)].tolist()) <= set(before):
                continue
            for own, other in (ends, ends[::-1]):
                share = rng.random((len(own), 1))
                with_ = X[rng.choice(other, len(own))]
                mixed = np.rint(X[own] * (1 - share) + with_ * share).astype(np.int32)
                made.append({**{name: values[own] for name, values in rows.items()}, "X": mixed})
    return made


def _settings(dataset: Dataset, fact: str, splits: tuple[str, ...]) -> dict[str, float]:
    """The number of each group of these splits."""
    found: dict[str, float] = {}
    for source in dataset.sources:
        if dataset.split[source.group] not in splits:
            continue
        value = source.site.get(fact)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            numbers = sorted(k for k, v in source.site.items() if isinstance(v, (int, float)))
            raise DataError(
                f"{dataset.name}, {source.group}: no number {fact!r} is known of it",
                hint=f"write 'between: {numbers[0]}'" if numbers else "remove 'between'",
            )
        found[source.group] = float(value)
    return found
