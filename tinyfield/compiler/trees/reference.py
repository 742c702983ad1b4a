"""What trees answer, in NumPy: the oracle that the generated C is held against, byte for byte."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tinyfield.compiler.scores import margin_outputs, tempered_outputs, vote_outputs
from tinyfield.compiler.trees.ensemble import Ensemble


def leaves(ensemble: Ensemble, X: NDArray[np.integer]) -> NDArray[np.int32]:
    """The leaf row that each tree ends in, [n, trees], for features [n, inputs]."""
    X = np.asarray(X).reshape(len(X), -1)
    rows = np.arange(len(X))
    found = np.empty((len(X), ensemble.trees), np.int32)
    for tree, root in enumerate(ensemble.roots):
        at = np.full(len(X), root)
        while True:
            feature = ensemble.feature[at]
            inside = feature >= 0
            if not inside.any():
                break
            goes_left = X[rows, np.where(inside, feature, 0)] <= ensemble.threshold[at]
            at = np.where(inside, np.where(goes_left, ensemble.left[at], ensemble.right[at]), at)
        found[:, tree] = ensemble.leaf[at]
    return found


def comparisons(ensemble: Ensemble, X: NDArray[np.integer]) -> NDArray[np.int64]:
    """How many comparisons each row takes over all trees, [n]."""
    rows = np.arange(len(X))
    total = np.zeros(len(X), np.int64)
    for root in ensemble.roots:
        at = np.full(len(X), root)
        while (inside := ensemble.feature[at] >= 0).any():
            total += inside
            goes_left = X[rows, np.maximum(ensemble.feature[at], 0)] <= ensemble.threshold[at]
            at = np.where(inside, np.where(goes_left, ensemble.left[at], ensemble.right[at]), at)
    return total


def sums(ensemble: Ensemble, X: NDArray[np.integer]) -> NDArray[np.int64]:
    """Votes or margins, [n, classes]."""
    ends = leaves(ensemble, X)
    total = np.tile(ensemble.bias.astype(np.int64), (len(X), 1))
    if ensemble.ordered:
        one = ensemble.votes[ends, 0].astype(np.int64).sum(axis=1)
        return np.asarray(total + one[:, None] * np.arange(ensemble.classes), np.int64)
    for tree, target in enumerate(ensemble.adds_to):
        if target < 0:
            total += ensemble.votes[ends[:, tree]]
        else:
            total[:, target] += ensemble.votes[ends[:, tree], 0]
    return total


def outputs(ensemble: Ensemble, X: NDArray[np.integer]) -> NDArray[np.int8] | NDArray[np.int32]:
    """What ``<prefix>_invoke`` writes: scores − 128 [n, classes], or the number [n, 1]."""
    total = sums(ensemble, X)
    if ensemble.regression:
        size = (np.abs(total) + ((1 << ensemble.shift) >> 1)) >> ensemble.shift
        return np.asarray(np.sign(total) * size, np.int32)
    if ensemble.full and ensemble.octave:
        return tempered_outputs(total, ensemble.octave)
    if ensemble.full:
        return vote_outputs(total, ensemble.full * ensemble.trees)
    return margin_outputs(total, ensemble.octave)
