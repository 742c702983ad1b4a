"""Trees, forests and boosted trees: trained by scikit-learn on the node's own integers, then
turned into integer arrays that decide as the trained model does.

Only functions touch scikit-learn. Nothing of it reaches the compiler, which gets an
:class:`~tinyfield.compiler.trees.Ensemble`. It is a little over 400 lines because voting, boosted
and regression trees share how thresholds become integers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from tinyfield.compiler.scores import tempered_outputs, vote_outputs, vote_ratio
from tinyfield.compiler.trees import Ensemble, comparisons, exact_threshold, sums
from tinyfield.errors import ModelError
from tinyfield.learn.balance import class_weights
from tinyfield.learn.metrics import calibration_error

ROWS_MOST = {"tree": 60_000, "forest": 60_000, "gbt": 20_000}
"""Training rows; of more, an even stride is kept: neighbours in time are alike."""

_COARSE_MOST = 255  # a leaf's votes in a byte
_FINE = 50_400  # divisible by 1 to 10 and more: usual shares of few samples are exact
_DIVISIBLE = 12
_MARGIN_BITS = (15, 20)  # of the largest boosted leaf
_VALUE_ERROR = 0.5  # steps that leaves of 16 bits may add up to
_BETTER = 0.005  # of the calibration error, what a temperature must bring
_TEMPERATURES = np.geomspace(0.25, 8.0, 81)
_EXAMPLES = 2000
_LEAF = -1


@dataclass(frozen=True)
class Converted:
    """An ensemble and how true it is.

    Attributes:
        ensemble: the integers.
        resolution: rows whose two best probabilities are farther apart than this get the trained
            model's label, always; below, leaf values as integers may decide otherwise.
    """

    ensemble: Ensemble
    resolution: float


def fit(
    architecture: str,
    x: NDArray[np.int32],
    y: NDArray[np.int64],
    *,
    trees: int,
    depth: int,
    min_leaf: int,
    classes: int,
    seed: int,
) -> Any:
    """A trained scikit-learn model.

    Args:
        architecture: ``tree`` or ``forest`` (``gbt``: tinyfield.learn.boosting).
        x, y: int32 features [n, k] and class indices [n].
        min_leaf: the fewest training rows in a leaf.
    """
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.tree import DecisionTreeClassifier

    step = -(-len(y) // ROWS_MOST[architecture])
    x, y = x[::step], y[::step]
    common = {"max_depth": depth, "min_samples_leaf": min_leaf, "random_state": seed}
    model: Any
    if architecture == "tree":
        model = DecisionTreeClassifier(**common)
    else:
        model = RandomForestClassifier(n_estimators=trees, n_jobs=1, **common)
    return model.fit(x, y, sample_weight=class_weights(y, classes)[y].astype(np.float64))


def fit_values(
    architecture: str,
    x: NDArray[np.int32],
    y: NDArray[np.int64],
    *,
    trees: int,
    depth: int,
    min_leaf: int,
    seed: int,
) -> Any:
    """A trained scikit-learn regression; arguments as of :func:`fit`, ``y`` numbers [n]."""
    from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor
    from sklearn.tree import DecisionTreeRegressor

    step = -(-len(y) // ROWS_MOST[architecture])
    common = {"max_depth": depth, "min_samples_leaf": min_leaf, "random_state": seed}
    model: Any
    if architecture == "tree":
        model = DecisionTreeRegressor(**common)
    elif architecture == "forest":
        # Trees that look at all inputs at every node are alike (Breiman 2001 takes a third).
        model = RandomForestRegressor(n_estimators=trees, max_features=1 / 3, n_jobs=1, **common)
    else:
        model = GradientBoostingRegressor(
            n_estimators=trees, learning_rate=min(0.5, 4 / trees), **common
        )
    return model.fit(x[::step], y[::step].astype(np.float64))


def convert_values(model: Any, x: NDArray[Any]) -> Converted:
    """A trained regression as integers; ``resolution`` is how far its number may be from the
    trained model's, in steps.

    Args:
        model: a scikit-learn DecisionTree-, RandomForest- or GradientBoostingRegressor.
        x: int32 rows that it was trained on, [n, k].

    Raises:
        ModelError: a threshold or a sum that does not fit 32 bits.
    """
    x = np.asarray(x)
    structure = Structure(_estimators(model), np.ones(x.shape[1]))
    boosted = hasattr(model, "learning_rate")
    part = model.learning_rate if boosted else 1 / len(structure.trees)
    values = [tree.value[:, 0, 0] * part for tree in structure.trees]
    row = np.zeros((1, x.shape[1]), np.float32)
    start = 0.0
    if boosted:
        first = [float(one.predict(row)[0]) for one in np.ravel(model.estimators_)]
        start = float(model.predict(row)[0]) - model.learning_rate * sum(first)
    largest = max(float(np.abs(v[t.children_left < 0]).max())
                  for v, t in zip(values, structure.trees, strict=True))  # fmt: skip
    # Leaves of 16 bits where that is fine enough, else as fine as their sum allows.
    count = len(values)
    most = max(largest * count + abs(start), 1e-9)
    finest = min(20, math.floor(math.log2((1 << 29) / most)))
    short = min(finest, math.floor(math.log2(32767 / max(largest, 1e-9))))
    shift = max(0, short if count * 2.0**-short <= _VALUE_ERROR else finest)
    unit = float(1 << shift)
    rows: dict[int, int] = {}
    places = []
    for tree, value in zip(structure.trees, values, strict=True):
        place = np.full(tree.node_count, -1, np.int32)
        for at in np.flatnonzero(tree.children_left < 0):
            place[at] = rows.setdefault(round(float(value[at]) * unit), len(rows))
        places.append(place)
    made = Ensemble(
        inputs=x.shape[1],
        classes=1,
        dtype="int32",
        **cast("dict[str, Any]", structure.arrays(places)),
        votes=np.array(list(rows), np.int32).reshape(-1, 1),
        full=0,
        adds_to=np.zeros(count, np.int32),
        bias=np.array([round(start * unit)], np.int32),
        octave=0.0,
        example=np.zeros(0, np.int32),
        shift=shift,
    ).verify()
    some = x[:: max(1, len(x) // _EXAMPLES)]
    costliest = some[int(comparisons(made, some).argmax())]
    made = Ensemble(**{**vars(made), "example": costliest.astype(np.int32)}).verify()
    return Converted(made, 0.5 + (count + 1) / 2 / unit + 1e-6 * most)


def probabilities(model: Any, x: NDArray[Any], classes: int) -> NDArray[np.float64]:
    """What the trained model says, [n, classes]; its label is the first largest."""
    found = np.zeros((len(x), classes))
    found[:, np.asarray(model.classes_, np.int64)] = model.predict_proba(x)
    return found


def convert(
    model: Any,
    x: NDArray[Any],
    *,
    classes: int,
    dtype: str = "int32",
    scale: float | Sequence[float] = 1.0,
    temperature: float = 1.0,
) -> Converted:
    """A trained tree, forest or boosted forest as integers.

    Leaf values get as few bits as keep every label on ``x``.

    Args:
        model: a scikit-learn DecisionTreeClassifier, RandomForestClassifier, ExtraTreesClassifier
            or GradientBoostingClassifier.
        x: rows that it was trained on (more do no harm), as it sees them, [n, k].
        classes: how many there are; the model's ``classes_`` are indices below it.
        dtype: of the integer features.
        scale: integer steps per unit of each feature: the node's feature is ``x * scale``.
        temperature: for the score margins are divided by it (boosted trees), and votes taken to
            its inverse power; 1 where a class's share of the votes is its score.

    Raises:
        ModelError: a threshold that does not fit ``dtype``, or a model of another kind.
    """
    x = np.asarray(x)
    scales = np.broadcast_to(np.asarray(scale, np.float64), (x.shape[1],))
    boosted = hasattr(model, "learning_rate")
    structure = Structure(_estimators(model), scales)
    q = np.round(x * scales).astype(np.int64)
    wanted = probabilities(model, x, classes).argmax(axis=1)
    chosen: Converted | None = None
    for tried in (
        _boosted(model, structure, classes, dtype, temperature)
        if boosted
        else _voting(model, structure, classes, dtype, 0.0 if temperature == 1 else temperature)
    ):
        chosen = tried
        if np.array_equal(sums(tried.ensemble, q).argmax(axis=1), wanted):
            break
    assert chosen is not None
    some = q[:: max(1, len(q) // _EXAMPLES)]
    costliest = some[int(comparisons(chosen.ensemble, some).argmax())]
    fields = {**vars(chosen.ensemble), "example": costliest.astype(np.int32)}
    return Converted(Ensemble(**fields).verify(), chosen.resolution)


def _estimators(model: Any) -> list[Any]:
    if hasattr(model, "tree_"):
        return [model.tree_]
    if hasattr(model, "estimators_"):
        return [one.tree_ for one in np.asarray(model.estimators_, object).ravel()]
    raise ModelError(
        f"{type(model).__name__} is no tree and no forest that can be converted",
        hint="DecisionTree-, RandomForest-, ExtraTrees- or GradientBoostingClassifier",
    )


class Structure:
    """The trees' inner nodes with integer thresholds; leaves know their place in scikit-learn."""

    def __init__(self, trees: Sequence[Any], scales: NDArray[np.float64]) -> None:
        self.trees = trees
        self._scales = scales
        self._thresholds: dict[tuple[int, float], int] = {}

    def threshold(self, feature: int, value: float) -> int:
        key = (feature, value)
        if key not in self._thresholds:
            self._thresholds[key] = exact_threshold(value, float(self._scales[feature]))
        return self._thresholds[key]

    def arrays(self, rows: Sequence[NDArray[np.int32]]) -> dict[str, NDArray[np.int32]]:
        """The arrays of an ensemble whose leaves are these rows (tree → node → row of votes).

        A node whose children are leaves of one row decides nothing and becomes that leaf.
        """
        nodes: list[list[int]] = []
        roots = []
        for tree, row in zip(self.trees, rows, strict=True):
            same = self._decided(tree, row)
            roots.append(len(nodes))
            stack = [(0, -1, 0)]
            while stack:
                at, parent, side = stack.pop()
                if parent >= 0:
                    nodes[parent][side] = len(nodes)
                if same[at] >= 0:
                    nodes.append([_LEAF, 0, 0, 0, int(same[at])])
                    continue
                feature = int(tree.feature[at])
                limit = self.threshold(feature, float(tree.threshold[at]))
                here = len(nodes)
                nodes.append([feature, limit, 0, 0, _LEAF])
                stack.append((int(tree.children_right[at]), here, 3))
                stack.append((int(tree.children_left[at]), here, 2))
        names = ("feature", "threshold", "left", "right", "leaf")
        table = np.array(nodes, np.int32)
        found = {name: table[:, i].copy() for i, name in enumerate(names)}
        return {**found, "roots": np.array(roots, np.int32)}

    @staticmethod
    def _decided(tree: Any, row: NDArray[np.int32]) -> NDArray[np.int32]:
        same = np.full(tree.node_count, -1, np.int32)
        for at in range(tree.node_count - 1, -1, -1):
            left, right = int(tree.children_left[at]), int(tree.children_right[at])
            if left < 0:
                same[at] = row[at]
            elif same[left] == same[right]:
                same[at] = same[left]
        return same


def _voting(
    model: Any, structure: Structure, classes: int, dtype: str, octave: float
) -> list[Converted]:
    columns = np.asarray(model.classes_, np.int64)
    shares = []
    for tree in structure.trees:
        share = np.zeros((tree.node_count, classes))
        share[:, columns] = tree.value[:, 0] / tree.value[:, 0].sum(axis=1, keepdims=True)
        shares.append(share)
    found = []
    for full in (_coarse(len(shares)), _FINE):
        rows: dict[tuple[int, ...], int] = {
            tuple(full if c == d else 0 for d in range(classes)): c for c in range(classes)
        }
        error = 0.0
        places = []
        for tree, share in zip(structure.trees, shares, strict=True):
            place = np.full(tree.node_count, -1, np.int32)
            for at in np.flatnonzero(tree.children_left < 0):
                votes = _whole(share[at], full)
                error = max(error, float(np.abs(votes / full - share[at]).max()))
                place[at] = rows.setdefault(tuple(votes.tolist()), len(rows))
            places.append(place)
        ensemble = Ensemble(
            inputs=int(model.n_features_in_),
            classes=classes,
            dtype=dtype,
            **cast("dict[str, Any]", structure.arrays(places)),
            votes=np.array(list(rows), np.int32),
            full=full,
            adds_to=np.full(len(shares), -1, np.int32),
            bias=np.zeros(classes, np.int32),
            octave=octave,
            example=np.zeros(0, np.int32),
        )
        found.append(Converted(ensemble.verify(), 2 * error))
    return found


def _coarse(trees: int) -> int:
    """Votes of a leaf in a byte: so many that scores need but a shift, if any such number will do,
    and divisible by what few samples are divided by."""
    best = _COARSE_MOST // _DIVISIBLE * _DIVISIBLE
    for full in range(best, best // 2, -_DIVISIBLE):
        if vote_ratio(full * trees).mult == 1:
            return full
    return best


def _whole(share: NDArray[np.float64], full: int) -> NDArray[np.int64]:
    """Shares as whole votes that add up to ``full`` (largest remainders first)."""
    exact = share * full
    votes = np.floor(exact + 1e-9).astype(np.int64)
    missing = full - int(votes.sum())
    votes[np.argsort(votes - exact, kind="stable")[:missing]] += 1
    return votes


def _boosted(
    model: Any, structure: Structure, classes: int, dtype: str, temperature: float
) -> list[Converted]:
    columns = np.asarray(model.classes_, np.int64)
    per_round = np.asarray(model.estimators_, object).shape[1]
    binary = per_round == 1
    values = [tree.value[:, 0, 0] * model.learning_rate for tree in structure.trees]
    start = np.zeros(classes)
    first = _start(model)
    start[columns[1:] if binary else columns] = first
    start[np.setdiff1d(np.arange(classes), columns)] = first.min() - 100.0  # cannot win
    targets = np.array(
        [columns[1] if binary else columns[t % per_round] for t in range(len(values))], np.int32
    )
    largest = max(
        (float(np.abs(v[t.children_left < 0]).max()) for v, t in zip(values, structure.trees,
                                                                     strict=True)),
        default=1.0,
    )  # fmt: skip
    found = []
    for bits in _MARGIN_BITS:
        unit = ((1 << bits) - 1) / max(largest, 1e-9)
        rows: dict[int, int] = {}
        error = 0.0
        places = []
        for tree, value in zip(structure.trees, values, strict=True):
            place = np.full(tree.node_count, -1, np.int32)
            for at in np.flatnonzero(tree.children_left < 0):
                whole = round(float(value[at]) * unit)
                error = max(error, abs(whole / unit - float(value[at])))
                place[at] = rows.setdefault(whole, len(rows))
            places.append(place)
        rounds = len(values) // per_round
        bias = np.round(start * unit)
        if np.abs(bias).max() + rounds * 2.0**bits >= 1 << 30:
            break
        ensemble = Ensemble(
            inputs=int(model.n_features_in_),
            classes=classes,
            dtype=dtype,
            **cast("dict[str, Any]", structure.arrays(places)),
            votes=np.array(list(rows), np.int32).reshape(-1, 1),
            full=0,
            adds_to=targets,
            bias=bias.astype(np.int32),
            octave=math.log(2) * unit * temperature,
            example=np.zeros(0, np.int32),
        )
        # Two sums are off by at most this; a softmax brings two that are r apart within r / 2.
        found.append(Converted(ensemble.verify(), rounds * error + 1 / unit))
    return found


def _start(model: Any) -> NDArray[np.float64]:
    """The margins before the first tree, [1] of two classes, else [classes]."""
    # All trees' margins of any row, taken from the whole, leave what it began with.
    row = np.zeros((1, model.n_features_in_), np.float32)
    whole = np.asarray(model.decision_function(row), np.float64).reshape(-1)
    for stage in np.asarray(model.estimators_, object):
        for k, one in enumerate(stage):
            whole[k] -= model.learning_rate * float(one.predict(row)[0])
    return whole


def best_temperature(margins: NDArray[np.float64], y: NDArray[np.int64]) -> float:
    """What to divide margins [n, classes] by, so that the labels are likeliest (Guo et al., ICML
    2017)."""

    def surprise(temperature: float) -> float:
        z = margins / temperature
        top = z.max(axis=1, keepdims=True)
        norm = top[:, 0] + np.log(np.exp(z - top).sum(axis=1))
        return float(np.mean(norm - z[np.arange(len(z)), y]))

    return float(min(_TEMPERATURES, key=surprise))


def vote_temperature(shares: NDArray[np.float64], y: NDArray[np.int64]) -> float:
    """The temperature of votes, given shares [n, classes] of validation rows; 1 where it would not
    bring confidence nearer to accuracy.

    Votes are no probabilities, and what rules read of them is the winner's score: so that is made
    likeliest which the winner's score says of being right or wrong (top-label calibration, Gupta
    and Ramdas, ICLR 2022). The likelihood of all classes would hang on what the losers got, of
    which votes say least: a few rows whose class had no vote weighed more than all the others.
    """
    votes = np.round(shares * _FINE).astype(np.int64)
    right = votes.argmax(axis=1) == y

    def tempered(temperature: float) -> NDArray[np.float64]:
        return (tempered_outputs(votes, temperature).astype(np.float64) + 128) / 256

    def surprise(temperature: float) -> float:
        sure = tempered(temperature).max(axis=1)
        return -float(np.mean(np.log(np.where(right, sure, 1 - sure))))

    found = float(min(_TEMPERATURES, key=surprise))
    plain = (vote_outputs(votes, _FINE).astype(np.float64) + 128) / 256
    better = calibration_error(y, plain) - calibration_error(y, tempered(found))
    return found if better > _BETTER else 1.0
