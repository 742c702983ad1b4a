"""Splits by place or by time: neighbours in either are alike, so rows are never dealt at random."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from tinyfield.data.dataset import Split
from tinyfield.errors import DataError


def natural(name: str) -> list[tuple[int, int, str]]:
    """Sorts p2 before p10."""
    return [
        (0, int(part), "") if part.isdigit() else (1, 0, part)
        for part in re.split(r"(\d+)", name)
        if part
    ]


def block_of(plot: str) -> str:
    """The block of neighbours: ``p04-2`` lies in ``p04``."""
    return re.split(r"[-_./]", plot)[0]


def by_block(
    groups: Sequence[str], *, seed: int, valid: float = 0.15, test: float = 0.2
) -> dict[str, Split]:
    """Splits groups (``season/plot``) by blocks of neighbouring plots.

    The blocks are put in order of their names, a seeded place on that ring is chosen, and the
    blocks from there on are test, then valid, the rest train: each part lies together, so that
    few test plots touch a training plot. A plot's seasons stay in one part.
    """
    plots = sorted({g.split("/", 1)[-1] for g in groups}, key=natural)
    blocks = sorted({block_of(p) for p in plots}, key=natural)
    if len(blocks) < 3:  # names that do not tell: each plot is a block of its own
        blocks = plots
    if len(blocks) < 3:
        raise DataError(
            f"{len(blocks)} plot{'s' if len(blocks) != 1 else ''} "
            f"({', '.join(blocks)}): too few to split into train, valid and test",
            hint="Give at least three plots, or evaluate on them only.",
        )
    n_test = max(1, round(test * len(blocks)))
    n_valid = max(1, round(valid * len(blocks)))
    first = int(np.random.default_rng([seed, 11]).integers(len(blocks)))
    ring = blocks[first:] + blocks[:first]
    part: dict[str, Split] = dict.fromkeys(ring[:n_test], "test")
    part.update(dict.fromkeys(ring[n_test : n_test + n_valid], "valid"))
    named = set(blocks)

    def of(group: str) -> Split:
        plot = group.split("/", 1)[-1]
        return part.get(plot if plot in named else block_of(plot), "train")

    return {g: of(g) for g in groups}


def by_time(n: int, *, gap: int, valid: float = 0.15, test: float = 0.2) -> dict[Split, slice]:
    """The samples of each part of a series of n: the earliest train, the latest test.

    ``gap`` samples between two parts belong to neither, so that what lasts a while (an episode, a
    drift) does not reach from one into the next.

    Raises:
        DataError: too short for three parts.
    """
    n_test, n_valid = round(test * n), round(valid * n)
    n_train = n - n_test - n_valid - 2 * gap
    if min(n_test, n_valid, n_train) < 1:
        raise DataError(
            f"{n} samples are too few to split by time with {gap} samples between the parts",
            hint="Give a longer record.",
        )
    first = n_train + gap
    return {
        "train": slice(0, n_train),
        "valid": slice(first, first + n_valid),
        "test": slice(n - n_test, n),
    }
