"""Fewer trees: what is left says what scikit-learn's own first trees say."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
import pytest

from tests.compiler.own import ensemble, rows
from tests.learn.conftest import CLASSES, model, table
from tinyfield.compiler import compile_model
from tinyfield.compiler.host import run_host
from tinyfield.compiler.trees import outputs, sums
from tinyfield.learn import Trained, growth
from tinyfield.learn import trees as learn_trees
from tinyfield.learn.growth import first
from tinyfield.learn.result import Network
from tinyfield.learn.train import judge

sk = pytest.importorskip("sklearn.ensemble")
ROWS = table(2000)
TRAIN, TEST = ROWS.part("train"), ROWS.part("test")


def grown(fitted: Any, **more: Any) -> tuple[Trained, Any]:
    """A forest or boosted trees as a build makes them, and what says their first trees' bytes."""
    made = learn_trees.convert(fitted, TRAIN.X, classes=len(CLASSES))
    file = made.ensemble.to_bytes()
    said = learn_trees.probabilities(fitted, TEST.X, len(CLASSES))
    network = Network(file, (), said, resolution=made.resolution)
    trained = Trained("need", file, (), CLASSES, judge(ROWS, network))
    asked = model().model_copy(update=more)
    return trained, growth(asked, trained, TEST, len)


def macro_f1(said: Any) -> float:
    from sklearn.metrics import f1_score

    return float(f1_score(TEST.y, said, average="macro"))


def test_a_forests_first_trees() -> None:
    fitted = sk.RandomForestClassifier(9, max_depth=4, random_state=0).fit(TRAIN.X, TRAIN.y)
    trained, found = grown(fitted, architecture="forest")
    assert [one.trees for one in found] == [2, 4, 7, 9]
    for one in found:
        share = np.mean([t.predict_proba(TEST.X) for t in fitted.estimators_[: one.trees]], axis=0)
        oracle = macro_f1(share.argmax(axis=1))
        assert one.figure == pytest.approx(oracle, abs=0.01)  # ties within a vote's rounding
    assert found[-1].score is trained.report.device
    sizes = [one.flash_bytes for one in found]
    assert sizes == sorted(set(sizes)) and sizes[-1] == len(trained.model)


def test_boosted_classes_keep_whole_rounds() -> None:
    fitted = sk.GradientBoostingClassifier(n_estimators=8, max_depth=2, random_state=0)
    fitted.fit(TRAIN.X, TRAIN.y)
    _, found = grown(fitted, architecture="gbt")
    assert [one.trees for one in found] == [6, 12, 18, 24]
    for one, kept in zip(found, (2, 4, 6, 8), strict=True):
        said = next(islice(fitted.staged_predict(TEST.X), kept - 1, None))
        assert one.figure == pytest.approx(macro_f1(said), abs=0.01)


def test_a_forest_of_numbers_stays_a_mean() -> None:
    y = TRAIN.X[:, 0] * 2.0
    fitted = sk.RandomForestRegressor(6, max_depth=5, random_state=0).fit(TRAIN.X, y)
    whole = learn_trees.convert_values(fitted, TRAIN.X).ensemble
    some = first(whole, 2, mean=True)
    oracle = np.mean([tree.predict(TEST.X) for tree in fitted.estimators_[:2]], axis=0)
    assert np.abs(outputs(some, TEST.X)[:, 0] - oracle).max() <= 1


@pytest.mark.parametrize("full", [204, 0], ids=["votes", "margins"])
@pytest.mark.parametrize("seed", range(4))
def test_what_is_left_is_compiled_as_any_other(seed: int, full: int) -> None:
    whole = ensemble(seed, trees=6, full=full)
    some, X = first(whole, 3), rows(whole, 200)
    told = run_host(compile_model(some.to_bytes()), {"in0": X[:, None]})["out0"][:, 0]
    assert np.array_equal(told, outputs(some, X))
    by_hand = replace(whole, roots=whole.roots[:3], adds_to=whole.adds_to[:3])
    assert np.array_equal(sums(some, X), sums(by_hand, X))
    assert len(some.feature) < len(whole.feature) and first(whole, 6) is whole


def test_one_tree_has_no_first_trees() -> None:
    trained, _ = grown(sk.RandomForestClassifier(1, random_state=0).fit(TRAIN.X, TRAIN.y))
    assert growth(model(), trained, TEST, len) == ()
