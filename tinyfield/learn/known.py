"""What is like nothing that a classifier learned from: a gate before its label, and how good it is.

The gate is a mixture of Gaussians (``gmm``) over the training rows of all classes together, and its
threshold leaves the asked share of the validation rows out: one Gaussian, or as many as there are
classes where that catches clearly more of the shuffled validation rows. So it costs a node some
hundred bytes, no float, and no training of the classifier anew. Its inputs are scaled four times as
coarsely as a network's, so that a reading far beyond all training rows is far away, and not at the
end of the range.

How much it catches is measured with rows that are known to be unknown:

* ``shuffled``: test rows of which each input is another row's: every value usual, none together;
* ``out of range``: test rows of which one input is beyond all that was learned, as of a sensor
  that is broken or a plant that is another;
* ``without C``: the test rows of class C, for a gate that never saw one of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tinyfield.compiler.gmm import outputs
from tinyfield.learn.runner import answers
from tinyfield.learn.scaler import STEPS, InputScale, fit_scaler

if TYPE_CHECKING:
    from tinyfield.features.table import FeatureTable

ROOM = 4
"""Half ranges of the training rows that fit into an int8."""
FULL_MOST = 24
"""Inputs up to which a component has a full covariance."""
COMPONENTS_MOST = 8
_BEYOND = 1.5  # ranges beyond the range
_ROWS = 4000
_WORTH = 0.05
"""Of the shuffled validation rows, what more components must catch to be taken."""


@dataclass(frozen=True)
class Gate:
    """A mixture of Gaussians' model file, and the constants of its inputs.

    Attributes:
        without: of each class the file of a gate that did not see it (empty where none could be
            made); to judge, not to ship.
    """

    model: bytes
    scaler: tuple[InputScale, ...]
    without: tuple[bytes, ...] = ()

    def unknown(self, X: NDArray[np.int32], file: bytes | None = None) -> NDArray[np.bool_]:
        """Whether rows of the newest inputs [n, k] are called unknown, by the generated C."""
        out = answers(self.model if file is None else file, X, self.scaler)
        return np.asarray(out[:, 1] > out[:, 0])


@dataclass(frozen=True)
class Caught:
    """Shares of rows that a gate calls unknown.

    Attributes:
        asked: of known rows, as the app says.
        rejected: of known test rows.
        of: of rows that are unknown, by kind.
    """

    asked: float
    rejected: float
    of: Mapping[str, float]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Caught:
        return cls(**value)


def gate_scaler(X: NDArray[np.int32]) -> tuple[InputScale, ...]:
    """The constants of the gate's inputs, from training rows [n, k]."""
    return tuple(
        InputScale(s.offset, max(1, s.mult // ROOM), s.shift, s.zero_point) for s in fit_scaler(X)
    )


def fit(
    x: NDArray[np.floating[Any]],
    y: NDArray[np.integer[Any]],
    valid: NDArray[np.floating[Any]],
    valid_y: NDArray[np.integer[Any]],
    rate: float,
    *,
    classes: int,
    seed: int,
    whole: tuple[NDArray[Any], NDArray[np.integer[Any]]] | None = None,
) -> tuple[bytes, list[bytes]]:
    """The gate's file and, for each class, that of one which did not see it.

    Args:
        x, valid: training and validation rows in [-1, 1], [n, inputs].
        y, valid_y: their classes.
        rate: share of the validation rows that may be called unknown.
        whole: rows and classes of the refit: the gates are fitted to these once more, with as many
            components and the threshold as far beyond their own rows.

    Raises:
        ModelError: too few rows.
    """
    every = _one(x, valid, rate, classes, seed, None if whole is None else whole[0])
    left_out = []
    for c in range(classes if classes > 2 else 0):
        inside, checked = x[y != c], valid[valid_y != c]
        enough = len(inside) > 10 * x.shape[1] and len(checked) > 0
        last = None if whole is None else whole[0][whole[1] != c]
        left_out.append(_one(inside, checked, rate, classes - 1, seed, last) if enough else b"")
    return every, left_out


def _one(x: Any, valid: Any, rate: float, classes: int, seed: int, whole: Any) -> bytes:
    from tinyfield.learn import gmm

    rows = x[:: -(-len(x) // _ROWS)]
    covariance = "full" if x.shape[1] <= FULL_MOST else "diagonal"
    # As many regions as classes, and not so many that one has too few rows to know its spread.
    each = gmm.ROWS_LEAST * (x.shape[1] if covariance == "full" else 1)
    most = int(np.clip(len(rows) // each, 1, min(max(classes, 2), COMPONENTS_MOST)))
    rng = np.random.default_rng(seed)
    shuffled = np.stack([rng.permutation(valid[:, i]) for i in range(x.shape[1])], axis=1)
    q = np.clip(np.rint(shuffled * STEPS), -STEPS - 1, STEPS).astype(np.int8)
    best, kept = -1.0, None
    for components in dict.fromkeys((1, most)):
        mixture = gmm.fit(rows, components=components, covariance=covariance, seed=seed)
        made = gmm.convert(mixture, rows, valid, rate)
        found = float((outputs(made, q)[:, 1] >= 0).mean())
        # More components cost their share of flash and time: they must catch more.
        if found > best + _WORTH:
            best, kept = found, (components, made)
    assert kept is not None
    components, made = kept
    if whole is not None:
        more = whole[:: -(-len(whole) // _ROWS)]
        mixture = gmm.fit(more, components=components, covariance=covariance, seed=seed)
        made = gmm.convert_again(mixture, more, made, rows, rate)
    return made.to_bytes()


def caught(gate: Gate, table: FeatureTable, asked: float, *, seed: int = 0) -> Caught:
    """How often the gate speaks on the test rows, and on rows that are unknown."""
    width = len(table.names)
    test = table.part("test")
    X, seen = test.X[:, -width:], table.learned.X[:, -width:].astype(np.int64)
    rng = np.random.default_rng(seed)
    shuffled = np.stack([rng.permutation(X[:, i]) for i in range(width)], axis=1).astype(np.int32)
    low, high = seen.min(axis=0), seen.max(axis=0)
    reach = np.maximum(1, (_BEYOND * (high - low)).astype(np.int64))
    beyond = X.astype(np.int64)
    at, up, rows = rng.integers(0, width, len(X)), rng.random(len(X)) < 0.5, np.arange(len(X))
    beyond[rows, at] = np.where(up, high[at] + reach[at], low[at] - reach[at])
    far = np.clip(beyond, -(2**31) + 1, 2**31 - 1).astype(np.int32)
    of = {"shuffled": _share(gate.unknown(shuffled)), "out of range": _share(gate.unknown(far))}
    for c, file in enumerate(gate.without):
        mine = X[test.y == c]
        if file and len(mine):
            of[f"without {table.classes[c]}"] = _share(gate.unknown(mine, file))
    return Caught(asked, _share(gate.unknown(X)), of)


def _share(said: NDArray[np.bool_]) -> float:
    return round(float(said.mean()), 6)
