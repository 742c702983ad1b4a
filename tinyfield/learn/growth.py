"""What a forest or boosted trees answer with their first trees alone: accuracy against bytes.

Trees have no steps on their way to integers, as networks do; what their size buys is seen by
taking trees away. The part that is left is an ensemble like any other: its reference answers, and
it is compiled and measured as the whole is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tinyfield.compiler import compile_model
from tinyfield.compiler.own import own_model
from tinyfield.compiler.trees import Ensemble
from tinyfield.learn.metrics import Errors, Score, errors, score
from tinyfield.learn.runner import run_reference
from tinyfield.learn.value import value_scale, values

if TYPE_CHECKING:
    from tinyfield.features.table import FeatureTable
    from tinyfield.learn.result import Trained
    from tinyfield.spec import Model

PARTS = (0.25, 0.5, 0.75)
"""Shares of the trees that are kept."""


@dataclass(frozen=True)
class Kept:
    """The first trees of a model, as they are in the whole.

    Attributes:
        trees: how many.
        flash_bytes: code and constants, as the budget counts them.
        score: of the test rows.
    """

    trees: int
    flash_bytes: int
    score: Score | Errors

    @property
    def figure(self) -> float:
        """Macro F1, or the mean error in the target's unit."""
        return self.score.macro_f1 if isinstance(self.score, Score) else self.score.mae


def first(ensemble: Ensemble, count: int, *, mean: bool = False) -> Ensemble:
    """The first ``count`` trees, without the leaves that only the others have.

    Args:
        mean: leaves are parts of a mean over all trees (a forest's numbers) and become parts of
            one over those that are left.
    """
    if count >= ensemble.trees:
        return ensemble
    end = int(ensemble.roots[count])  # a tree's nodes lie together
    ends = ensemble.feature[:end] < 0
    own = ensemble.classes if ensemble.full else 0  # rows of one class alone keep their places
    used = np.union1d(ensemble.leaf[:end][ends], np.arange(min(own, len(ensemble.votes))))
    leaf = np.where(ends, np.searchsorted(used, ensemble.leaf[:end]), -1)
    votes = ensemble.votes[used]
    if mean:
        votes = np.round(votes * (ensemble.trees / count)).astype(np.int32)
    return replace(
        ensemble,
        feature=ensemble.feature[:end],
        threshold=ensemble.threshold[:end],
        left=ensemble.left[:end],
        right=ensemble.right[:end],
        leaf=leaf.astype(np.int32),
        roots=ensemble.roots[:count],
        votes=votes,
        adds_to=ensemble.adds_to[:count],
    ).verify()


def growth(
    model: Model, trained: Trained, rows: FeatureTable, flash: Callable[[bytes], int]
) -> tuple[Kept, ...]:
    """A quarter, a half, three quarters and all of the trees; none of what has not several.

    Args:
        rows: the test rows that ``trained.report`` is of.
        flash: what a model file takes, code and constants.
    """
    file = trained.before_tests().model
    whole = own_model(file)
    if not isinstance(whole, Ensemble) or whole.trees < 2:
        return ()
    # Boosted classes grow by rounds of a tree for each.
    together = 1 if whole.full or whole.ordered else len(set(whole.adds_to.tolist()))
    rounds = whole.trees // together
    counts = sorted({max(1, round(rounds * part)) * together for part in PARTS} - {whole.trees})
    mean = model.target is not None and model.architecture == "forest"
    found = []
    for count in counts:
        part = first(whole, count, mean=mean).to_bytes()
        out = run_reference(part, rows.X)
        one: Score | Errors
        if model.target is None:
            one = score(rows.y.astype(np.int64), out.argmax(axis=1), rows.group, trained.classes)
        else:
            said = values(out, value_scale(compile_model(part).outputs[0], model.target))
            one = errors(rows.y, said, rows.group, step=model.target.step)
        found.append(Kept(count, flash(part), one))
    return (*found, Kept(whole.trees, flash(file), trained.report.device))
