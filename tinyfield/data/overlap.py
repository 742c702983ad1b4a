"""Which samples of a data set a model learned from, by what they hold: names of files, groups and
plots say nothing of that, and a folder may hold some of what was learned, or more than that.

A run of samples (:mod:`tinyfield.data.leakage`) that is also in what was learned tells that its
samples were; samples in which too little changes to tell go with their nearest that do. What lies
between samples that were learned from and others that the build knows of (the gap that a split by
time leaves between its parts) is not for testing either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from tinyfield.data.dataset import NO_LABEL, Dataset, Recording, Series, Source
from tinyfield.data.leakage import RUN, Hashes, run_hashes, sample_hashes

NEW, SEEN, TESTED = 0, 1, 2
"""Of a sample: in nothing that the build had, learned from, or in the build's own test split."""
SHORTEST = 2 * RUN
"""Samples of a stretch that was seen: a run alone may be alike by chance. Or a whole source."""

Status = NDArray[np.int8]
_Some = TypeVar("_Some", Series, Recording)


@dataclass(frozen=True)
class Parts:
    """A data set taken apart; each part has all series and recordings, and labels only where it is
    its own.

    Attributes:
        fresh: what the model did not learn from.
        seen: what it did, and what lies between that; None if there is nothing of it.
        tested: the part of ``fresh`` that the build's own test split holds; None likewise.
    """

    fresh: Dataset
    seen: Dataset | None
    tested: Dataset | None


def take_apart(dataset: Dataset, learned: Dataset, steps: Mapping[str, float]) -> Parts:
    """What of ``dataset`` was learned from.

    Args:
        dataset: any labelled data of the same app and model.
        learned: the data of the build, with their split.
        steps: channel → the least step that it can tell.
    """
    known = {
        SEEN: _Known([s for s in learned.sources if learned.split[s.group] != "test"], steps),
        TESTED: _Known(list(learned.part("test")), steps),
    }
    told = [_status(source, known) for source in dataset.sources]
    fresh = _only(dataset, [status != SEEN for status in told])
    seen = _only(dataset, [status == SEEN for status in told])
    tested = _only(dataset, [status == TESTED for status in told])
    return Parts(fresh, *(part if _labelled(part) else None for part in (seen, tested)))


def _labelled(dataset: Dataset) -> bool:
    return any(bool((source.labels != NO_LABEL).any()) for source in dataset.sources)


def _only(dataset: Dataset, keep: Sequence[NDArray[np.bool_]]) -> Dataset:
    """The data set with labels only where ``keep`` says so, one mask a source."""

    def some(sources: Sequence[_Some], masks: Sequence[NDArray[np.bool_]]) -> tuple[_Some, ...]:
        return tuple(
            replace(s, labels=np.where(mask, s.labels, NO_LABEL).astype(np.int16))
            for s, mask in zip(sources, masks, strict=True)
        )

    count = len(dataset.series)
    return replace(
        dataset,
        series=some(dataset.series, keep[:count]),
        recordings=some(dataset.recordings, keep[count:]),
    )


class _Known:
    """What some sources hold between their first label and their last."""

    def __init__(self, sources: Sequence[Source], steps: Mapping[str, float]) -> None:
        self._sources = [s for s in sources if (s.labels != NO_LABEL).any()]
        self._steps = steps
        self._runs: dict[tuple[tuple[str, ...], int], Hashes] = {}
        hung = [e[_span(s)] for s in self._sources if (e := _hung(s)) is not None]
        self._evidence = np.unique(np.concatenate(hung)) if hung else np.zeros(0, np.uint64)

    def marks(self, source: Source) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Of each sample of a source whether it is known, and whether it tells that, [n] each."""
        hung = _hung(source)
        if hung is not None:
            return np.isin(hung, self._evidence), np.ones(len(source), np.bool_)
        names = self._names(source)
        length = min(RUN, len(source))
        hashes, telling = run_hashes(sample_hashes(source, names, self._steps), length)
        found = telling & np.isin(hashes, self._hashes(names, length))
        return _covered(found, length, len(source)), _covered(telling, length, len(source))

    def _names(self, source: Source) -> tuple[str, ...]:
        """The channels that both have; sources of one kind have the same."""
        for one in self._sources:
            if type(one) is type(source):
                return tuple(sorted(one.channels.keys() & source.channels.keys()))
        return ()

    def _hashes(self, names: tuple[str, ...], length: int) -> Hashes:
        if (names, length) not in self._runs:
            parts = [np.zeros(0, np.uint64)]
            for one in self._sources:
                if names and one.channels.keys() >= set(names):
                    rows = sample_hashes(one, names, self._steps)[_span(one)]
                    hashes, telling = run_hashes(rows, length)
                    parts.append(hashes[telling])
            self._runs[names, length] = np.unique(np.concatenate(parts))
        return self._runs[names, length]


def _hung(source: Source) -> NDArray[np.uint64] | None:
    return None if isinstance(source, Recording) else source.evidence


def _span(source: Source) -> slice:
    """From the first labelled sample to the last: what lies before may be brought along to fill
    windows, and was not learned from."""
    there = np.flatnonzero(source.labels != NO_LABEL)
    return slice(int(there[0]), int(there[-1]) + 1)


def _covered(begins: NDArray[np.bool_], length: int, n: int) -> NDArray[np.bool_]:
    """The samples of the runs that begin where ``begins`` says so, [n]."""
    edges = np.zeros(n + 1, np.int64)
    edges[: len(begins)] += begins
    edges[length : length + len(begins)] -= begins
    return np.cumsum(edges[:n]) > 0


def _status(source: Source, known: Mapping[int, _Known]) -> Status:
    """What each sample of a source is, [n]."""
    status = np.full(len(source), NEW, np.int8)
    tells = np.zeros(len(source), np.bool_)
    for what, one in known.items():
        found, telling = one.marks(source)
        status[found & (status == NEW)] = what
        tells |= telling
    at = np.flatnonzero(tells)
    if not len(at):
        return np.full(len(source), NEW, np.int8)
    status = status[_nearest(at, len(source))]
    least = min(SHORTEST, len(source))
    for first, end in _stretches(status):
        if status[first] != NEW and end - first < least:
            status[first:end] = NEW
    parts = _stretches(status)
    for k in range(1, len(parts) - 1):
        (first, end), around = parts[k], {int(status[parts[k + i][0]]) for i in (-1, 1)}
        if status[first] == NEW and SEEN in around:
            status[first:end] = SEEN
    return status


def _nearest(at: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Of each of n samples the nearest of ``at``, the earlier of two."""
    after = np.minimum(np.searchsorted(at, np.arange(n)), len(at) - 1)
    before = np.maximum(after - 1, 0)
    nearer = np.abs(np.arange(n) - at[before]) <= np.abs(at[after] - np.arange(n))
    found: NDArray[np.int64] = np.where(nearer, at[before], at[after])
    return found


def _stretches(status: Status) -> list[tuple[int, int]]:
    """First and end of every stretch of one status."""
    edges = np.flatnonzero(np.diff(status)) + 1
    bounds = [0, *edges.tolist(), len(status)]
    return [(a, b) for a, b in pairwise(bounds) if b > a]
