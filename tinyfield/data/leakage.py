"""Whether what is tested was trained on: the same samples in two groups, or in two splits.

A run of samples is told by a hash of every channel's bits. Where one recording overlaps another, a
run of one lies somewhere in the other, bit for bit; noise makes that impossible for what was
measured twice. Runs in which little changes (a machine at a standstill, a sensor that stuck) say
nothing and are left out, and so are runs in which no sample has a label: a part may bring the time
before it along.

Rolling hash after Karp and Rabin 1987, "Efficient randomized pattern-matching algorithms", IBM
Journal of Research and Development 31(2), over the integers modulo 2^64.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tinyfield.data.dataset import SPLITS, Dataset, Source, Split
from tinyfield.errors import DataError

RUN = 32
"""Samples of a run."""
CHANGES = 8
"""So many samples of a run must differ from the one before them for it to tell anything."""
RUNS = 2
"""Runs that two recordings must share to overlap."""

_BASE = 0x9E3779B97F4A7C15  # odd, so that it has an inverse modulo 2^64
_INVERSE = pow(_BASE, -1, 2**64)

Hashes = NDArray[np.uint64]


@dataclass(frozen=True)
class _Runs:
    """The runs of one series or recording that tell something: where each begins, and its hash."""

    at: NDArray[np.int64]
    hash: Hashes


def check_apart(dataset: Dataset) -> None:
    """Raises DataError where one recording stands under two names, or reaches from one split into
    another."""
    sources = dataset.sources
    rows = [sample_hashes(source) for source in sources]
    _check_names(dataset, sources, rows)
    runs = [_runs(row, source) for row, source in zip(rows, sources, strict=True)]
    for i, one in enumerate(SPLITS):
        for other in SPLITS[i + 1 :]:
            _check_splits(dataset, runs, one, other)


def _check_names(dataset: Dataset, sources: Sequence[Source], rows: Sequence[Hashes]) -> None:
    known: dict[bytes, str] = {}
    for source, row in zip(sources, rows, strict=True):
        changes = int((row[1:] != row[:-1]).sum())
        if changes < CHANGES:
            continue
        first = known.setdefault(row.tobytes(), source.group)
        if first != source.group:
            raise DataError(
                f"{dataset.name}: {first} and {source.group} are the same recording, sample for "
                "sample",
                hint="remove one of them, or give both the name of one group",
            )


def _check_splits(dataset: Dataset, runs: Sequence[_Runs], one: Split, other: Split) -> None:
    """Whether a run of ``other`` lies anywhere in ``one``."""
    split = [dataset.split[source.group] for source in dataset.sources]
    mine = [i for i, part in enumerate(split) if part == one]
    if not mine:
        return
    known = np.concatenate([runs[i].hash for i in mine])
    owner = np.repeat(mine, [len(runs[i].hash) for i in mine])
    order = np.argsort(known, kind="stable")
    known, owner = known[order], owner[order]
    if not len(known):
        return
    for i, part in enumerate(split):
        if part != other:
            continue
        # Runs that begin a run apart: no sample is counted twice.
        whole = runs[i].at % RUN == 0
        asked = runs[i].hash[whole]
        place = np.minimum(np.searchsorted(known, asked), len(known) - 1)
        found = known[place] == asked
        if int(found.sum()) >= RUNS:
            first = dataset.sources[int(owner[place[found][0]])].group
            share = int(found.sum()) * RUN / len(dataset.sources[i])
            raise DataError(
                f"{dataset.name}: {dataset.sources[i].group} ({other}) holds samples that "
                f"{first} ({one}) holds, too: {share:.0%} of it at least; what is tested would "
                "have been trained on",
                hint="cut the recordings so that no two overlap, or put both in one split",
            )


def sample_hashes(
    source: Source, names: Sequence[str] | None = None, steps: Mapping[str, float] | None = None
) -> Hashes:
    """A number for what the channels say at each sample, [n].

    Args:
        source: a series or a recording.
        names: the channels that count; None: all.
        steps: channel → the least step that it can tell; of those, values that are one step are one
            value, however they were written down. Of others every bit counts.
    """
    total = np.zeros(len(source), dtype=np.uint64)
    for number, name in enumerate(sorted(source.channels if names is None else names)):
        values = np.ascontiguousarray(source.channels[name])
        gone = np.isnan(values)
        if steps is not None and name in steps:
            whole = np.rint(np.where(gone, 0, values.astype(np.float64)) / steps[name])
            bits = np.where(gone, np.iinfo(np.int64).min, whole.astype(np.int64)).view(np.uint64)
        else:
            kind = np.uint32 if values.dtype.itemsize == 4 else np.uint64
            bits = np.where(gone, kind(1), values.view(kind)).astype(np.uint64)
        factor = np.uint64(pow(_BASE, 2 * number + 3, 2**64))
        mixed = bits * factor
        total += (mixed ^ (mixed >> np.uint64(29))) * factor
    return total


def run_hashes(rows: Hashes, length: int = RUN) -> tuple[Hashes, NDArray[np.bool_]]:
    """Of every run of ``length`` samples its hash, and whether enough changes in it to tell
    anything, [n - length + 1] each (empty where there is no such run).

    Args:
        rows: :func:`sample_hashes` of a source, [n].
        length: samples of a run.
    """
    n = len(rows)
    if n < length:
        return np.zeros(0, np.uint64), np.zeros(0, np.bool_)
    powers, inverses = _powers(_BASE, n), _powers(_INVERSE, n)
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(rows * powers, dtype=np.uint64)])
    begins = np.arange(n - length + 1)
    hashes = (sums[length:] - sums[:-length]) * inverses[: len(begins)]
    changed = np.concatenate([[0, 0], np.cumsum(rows[1:] != rows[:-1])])
    return hashes, changed[begins + length] - changed[begins + 1] >= CHANGES


def _runs(rows: Hashes, source: Source) -> _Runs:
    """The hash of every run with changes and a label in it."""
    hashes, telling = run_hashes(rows)
    labelled = np.concatenate([[0], np.cumsum(source.labels >= 0)])
    if len(hashes):
        telling &= labelled[RUN:] > labelled[:-RUN]
    at = np.flatnonzero(telling)
    return _Runs(at, hashes[at])


def _powers(base: int, n: int) -> Hashes:
    """1, base, base squared, … modulo 2^64; [n]."""
    factors = np.full(n, base, dtype=np.uint64)
    factors[0] = 1
    found: Hashes = np.cumprod(factors, dtype=np.uint64)
    return found
