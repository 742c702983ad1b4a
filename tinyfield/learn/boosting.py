"""Boosted trees: grown by scikit-learn on histograms of the node's own integers, over all rows.

Classes that are steps of one quantity (``ordered``: clean to foul, dry to wet) need but one score:
the trees learn a row's place on that scale, and cut points part it into classes. So each tree
serves all classes, where a tree of an ordinary boosted model speaks for one. The margins
``k·s − (c_1 + … + c_k)`` of an adjacent-categories logit (Agresti, Categorical Data Analysis,
section 8.3) make the class between two cuts win and give the others their confidence.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from tinyfield.compiler.trees import Ensemble, comparisons, sums
from tinyfield.learn.balance import class_weights
from tinyfield.learn.metrics import macro_f1
from tinyfield.learn.trees import Structure

ROWS_MOST = 60_000
"""Training rows; of more, an even stride is kept: neighbours in time are alike."""
RATE, RATE_MOST = 12.0, 0.3
"""How far all rounds together may go, and one of them."""
BITS = (6, 10, 15)
"""Bits of the largest leaf: the first that keep nearly every label; with six a leaf is a byte."""
SAME = 0.997
"""So many labels a coarser form must keep."""
FOLDS = 4
"""Parts of the groups, each scored by a model of the others, for the cut points of a refit."""
_SWEEPS = 3
_STEPS = 41
_EXAMPLES = 2000


@dataclass(frozen=True)
class Tree:
    """One tree as scikit-learn's ``tree_`` has it: children are −1 at a leaf."""

    feature: NDArray[np.int64]
    threshold: NDArray[np.float64]
    children_left: NDArray[np.int64]
    children_right: NDArray[np.int64]
    value: NDArray[np.float64]

    @property
    def node_count(self) -> int:
        """Nodes, leaves among them."""
        return len(self.feature)


@dataclass(frozen=True)
class Boosted:
    """A trained model.

    Attributes:
        trees: in the order of training; ``adds_to`` is the class that each adds to, [trees].
        start: margins before the first tree, [classes].
        ordered: one score, which all trees add to; ``cuts`` [classes − 1] part it.
        temperature: what margins are divided by for the score.
    """

    trees: tuple[Tree, ...]
    adds_to: NDArray[np.int32]
    start: NDArray[np.float64]
    ordered: bool
    cuts: NDArray[np.float64]
    model: Any
    temperature: float = 1.0

    @property
    def classes(self) -> int:
        """How many."""
        return len(self.start)

    def score(self, x: NDArray[np.int32]) -> NDArray[np.float64]:
        """The one score of ordered classes, [n]."""
        found = (self.model.decision_function if hasattr(self.model, "classes_")
                 else self.model.predict)(x)  # fmt: skip
        return np.asarray(found, np.float64)

    def margins(self, x: NDArray[np.int32]) -> NDArray[np.float64]:
        """[n, classes]; the largest wins."""
        if self.ordered:
            steps = np.arange(self.classes)
            less = np.concatenate([[0.0], np.cumsum(self.cuts)])
            return np.asarray(self.score(x)[:, None] * steps - less, np.float64)
        columns = np.asarray(self.model.classes_, np.int64)
        found = np.asarray(self.model.decision_function(x), np.float64)
        whole = np.tile(self.start, (len(x), 1))
        if found.ndim == 1:
            whole[:, columns] = np.stack([np.zeros(len(x)), found], axis=1)
        else:
            whole[:, columns] = found
        return whole

    def probabilities(self, x: NDArray[np.int32]) -> NDArray[np.float64]:
        """[n, classes], after the temperature."""
        z = self.margins(x) / self.temperature
        z -= z.max(axis=1, keepdims=True)
        size = np.exp(z)
        return np.asarray(size / size.sum(axis=1, keepdims=True), np.float64)


def fit(
    x: NDArray[np.int32],
    y: NDArray[np.int64],
    x_valid: NDArray[np.int32],
    y_valid: NDArray[np.int64],
    *,
    trees: int,
    depth: int,
    leaves: int,
    min_leaf: int,
    classes: int,
    ordered: bool,
    seed: int,
    amount: NDArray[np.float64] | None = None,
    settled: Boosted | None = None,
    group: NDArray[np.integer[Any]] | None = None,
) -> Boosted:
    """Trains; the cut points of ordered classes are chosen on the validation rows.

    Args:
        x, y: int32 features [n, k] and class indices [n].
        leaves: the most leaves of a tree.
        min_leaf: the fewest training rows in a leaf.
        ordered: the classes are steps of one quantity, in their order.
        amount: that quantity of each row [n], if it is known: it tells more than its class.
        settled: of an earlier training, whose temperature is taken: at worst it is too modest.
        group: of a refit the group of each row [n], for the cut points of ordered classes.
    """
    step = -(-len(y) // ROWS_MOST)
    x, y = x[::step], y[::step]
    place = y.astype(np.float64) if amount is None else amount[::step]
    options = {
        "max_iter": trees,
        "learning_rate": min(RATE_MOST, RATE / trees),
        "max_depth": depth,
        "max_leaf_nodes": leaves,
        "min_samples_leaf": min_leaf,
        "l2_regularization": 1.0,
        "early_stopping": False,
        "random_state": seed,
    }
    made = (_ordered(x, y, place, classes, options) if ordered
            else _nominal(x, y, classes, options))  # fmt: skip
    if settled is not None:
        cuts = settled.cuts
        if ordered and group is not None:
            cuts = _crossed_cuts(x, y, place, group[::step], classes, options, cuts)
        return replace(made, cuts=cuts, temperature=settled.temperature)
    if not ordered:
        return made
    return replace(made, cuts=best_cuts(made.score(x_valid), y_valid, classes))


def _crossed_cuts(
    x: NDArray[np.int32],
    y: NDArray[np.int64],
    place: NDArray[np.float64],
    group: NDArray[np.integer[Any]],
    classes: int,
    options: dict[str, Any],
    fallback: NDArray[np.float64],
) -> NDArray[np.float64]:
    """The cut points for scores of models that did not see a row's group (cross-fitting over
    :data:`FOLDS` of the groups); the fallback where there are fewer groups.

    Cut points also make good what a model is wrong by on the rows that choose them. Where the
    validation rows differ from the training rows that is much, and the refit, which saw both, is no
    longer wrong by it: the first model's cut points would move its labels, not mend them.
    """
    names, number = np.unique(group, return_inverse=True)
    if len(names) < FOLDS:
        return fallback
    scores, known = np.zeros(len(y)), np.zeros(len(y), bool)
    for fold in range(FOLDS):
        left = number % FOLDS == fold
        if len(np.unique(y[~left])) < len(np.unique(y)):
            continue  # another quantity would be learned
        scores[left] = _ordered(x[~left], y[~left], place[~left], classes, options).score(x[left])
        known |= left
    return best_cuts(scores[known], y[known], classes) if known.any() else fallback


def _nominal(
    x: NDArray[np.int32], y: NDArray[np.int64], classes: int, options: dict[str, Any]
) -> Boosted:
    from sklearn.ensemble import HistGradientBoostingClassifier

    weight = class_weights(y, classes)[y].astype(np.float64)
    model = HistGradientBoostingClassifier(**options).fit(x, y, sample_weight=weight)
    columns = np.asarray(model.classes_, np.int64)
    first = np.asarray(model._baseline_prediction, np.float64).reshape(-1)
    start = np.full(classes, first.min() - 100.0)  # a class that training never saw cannot win
    binary = len(first) == 1
    start[columns] = np.concatenate([[0.0], first]) if binary else first
    found = [tree for stage in model._predictors for tree in stage]
    targets = [columns[1] if binary else columns[t % len(first)] for t in range(len(found))]
    return Boosted(
        tuple(map(_tree, found)), np.array(targets, np.int32), start, False, np.zeros(0), model
    )


def _ordered(
    x: NDArray[np.int32],
    y: NDArray[np.int64],
    place: NDArray[np.float64],
    classes: int,
    options: dict[str, Any],
) -> Boosted:
    """Two classes by the odds of the second; more by a row's expected place among them."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    both = classes == 2 and len(np.unique(y)) == 2
    kind = HistGradientBoostingClassifier if both else HistGradientBoostingRegressor
    model = kind(**options).fit(x, y if both else place)
    first = float(np.asarray(model._baseline_prediction, np.float64).reshape(-1)[0])
    found = [tree for stage in model._predictors for tree in stage]
    cuts = np.zeros(1) if both else np.arange(classes - 1, dtype=np.float64) + 0.5
    return Boosted(
        tuple(map(_tree, found)),
        np.zeros(len(found), np.int32),
        np.full(classes, first),
        True,
        cuts,
        model,
    )


def _tree(predictor: Any) -> Tree:
    nodes = predictor.nodes
    leaf = nodes["is_leaf"].astype(bool)
    return Tree(
        feature=nodes["feature_idx"].astype(np.int64),
        threshold=nodes["num_threshold"].astype(np.float64),
        children_left=np.where(leaf, -1, nodes["left"].astype(np.int64)),
        children_right=np.where(leaf, -1, nodes["right"].astype(np.int64)),
        value=nodes["value"].astype(np.float64),
    )


def best_cuts(
    scores: NDArray[np.float64], y: NDArray[np.int64], classes: int
) -> NDArray[np.float64]:
    """The cut points [classes − 1], ascending, with the best macro F1 on these rows.

    Each is moved in turn over the scores' range between its neighbours, from where the classes
    come out in their true shares; ``_SWEEPS`` times, since they pull at each other.
    """
    order = np.sort(scores)
    ends = np.cumsum(np.bincount(y, minlength=classes))[:-1]
    cuts = order[np.clip(ends, 0, len(order) - 1)].astype(np.float64)
    reach = 0.15 * (order[-1] - order[0])
    for sweep in range(_SWEEPS):
        for k in range(classes - 1):
            low = cuts[k - 1] if k else -math.inf
            high = cuts[k + 1] if k + 2 < classes else math.inf
            tried = cuts[k] + np.linspace(-1, 1, _STEPS) * reach / 3**sweep
            tried = tried[(tried >= low) & (tried <= high)]
            if len(tried):
                cuts[k] = max(tried, key=lambda cut: _with(scores, y, cuts, k, float(cut)))
    return cuts


def _with(
    scores: NDArray[np.float64], y: NDArray[np.int64], cuts: NDArray[np.float64], k: int, cut: float
) -> float:
    changed = cuts.copy()
    changed[k] = cut
    return _f1(y, np.searchsorted(changed, scores, side="left"), len(cuts) + 1)


def _f1(y: NDArray[np.int64], said: NDArray[np.integer[Any]], classes: int) -> float:
    cells = np.bincount(y * classes + said, minlength=classes * classes)
    return macro_f1(cells.reshape(classes, classes))


def convert(model: Boosted, x: NDArray[np.int32]) -> tuple[Ensemble, float]:
    """The integers, and the distance between two best probabilities from which on their label is
    the trained model's, always.

    Args:
        x: rows whose labels decide how many bits leaves get, [n, k].

    Raises:
        ModelError: a threshold that does not fit int32.
    """
    structure = Structure(model.trees, np.ones(x.shape[1]))
    leaf_rows = [tree.children_left < 0 for tree in model.trees]
    largest = max(
        (
            float(np.abs(t.value[leaf]).max())
            for t, leaf in zip(model.trees, leaf_rows, strict=True)
        ),
        default=1.0,
    )
    wanted = model.margins(x).argmax(axis=1)
    made: tuple[Ensemble, float] | None = None
    for bits in BITS:
        unit = ((1 << bits) - 1) / max(largest, 1e-9)
        tried = _integers(model, leaf_rows, unit, x.shape[1], structure)
        if tried is None:
            break
        made = tried
        said = sums(made[0], x).argmax(axis=1)
        if (said == wanted).mean() >= (SAME if bits < BITS[-1] else 0.0):
            break
    assert made is not None
    some = x[:: max(1, len(x) // _EXAMPLES)]
    costliest = some[int(comparisons(made[0], some).argmax())]
    return replace(made[0], example=costliest.astype(np.int32)).verify(), made[1]


def _integers(
    model: Boosted,
    leaf_rows: Sequence[NDArray[np.bool_]],
    unit: float,
    inputs: int,
    structure: Structure,
) -> tuple[Ensemble, float] | None:
    """With leaves in steps of 1/unit; None where their sums are too large for the node."""
    rows: dict[int, int] = {}
    places = []
    error = 0.0
    most = np.zeros(model.classes)
    for tree, leaf, target in zip(model.trees, leaf_rows, model.adds_to, strict=True):
        whole = np.round(tree.value * unit).astype(np.int64)
        off = float(np.abs(whole / unit - tree.value)[leaf].max())
        error += off
        most[target] += float(np.abs(tree.value[leaf]).max())
        place = np.full(tree.node_count, -1, np.int32)
        for at in np.flatnonzero(leaf):
            place[at] = rows.setdefault(int(whole[at]), len(rows))
        places.append(place)
    if model.ordered:
        start = model.start[0] * np.arange(model.classes)
        bias = start - np.concatenate([[0.0], np.cumsum(model.cuts)])
        most = most[0] * np.arange(model.classes)
    else:
        bias = model.start
    if (np.abs(bias) + most).max() * unit >= 1 << 30:
        return None
    made = Ensemble(
        inputs=inputs,
        classes=model.classes,
        dtype="int32",
        **cast("dict[str, Any]", structure.arrays(places)),
        votes=np.array(list(rows), np.int32).reshape(-1, 1),
        full=0,
        adds_to=model.adds_to,
        bias=np.round(bias * unit).astype(np.int32),
        octave=math.log(2) * unit * model.temperature,
        example=np.zeros(0, np.int32),
        ordered=model.ordered,
    )
    # Two neighbouring margins are off by at most this (of ordered classes they differ by one
    # score); a softmax brings two that are r apart within r / 4 of each other, here r / 2.
    rounds = error if model.ordered else 2 * error
    return made.verify(), (rounds + 1 / unit) / model.temperature
