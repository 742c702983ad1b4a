"""A model that is fitted once more, to training and validation rows: what reaches it, and what
never does. Networks: test_networks_over_time.py, in its TensorFlow process."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.learn.conftest import _train_module, model, table
from tests.learn.over_time import machine, watch, with_all, with_refit
from tinyfield.compiler.gmm import distances
from tinyfield.errors import DataError
from tinyfield.features.table import FeatureTable
from tinyfield.learn import gmm, obtain, train, valid_scores, worker
from tinyfield.learn.runner import answers
from tinyfield.spec import Model
from tinyfield.spec.app import Target

pytest.importorskip("sklearn")
KINDS: dict[str, dict[str, Any]] = {
    "tree": {"architecture": "tree", "depth": 7, "min_leaf": 4},
    "forest": {"architecture": "forest", "trees": 6, "depth": 7, "min_leaf": 4},
    "gbt": {"architecture": "gbt", "trees": 8, "depth": 3, "leaves": 31, "min_leaf": 5,
            "ordered": False},
    "ordered": {"architecture": "gbt", "trees": 8, "depth": 3, "leaves": 31, "min_leaf": 5,
                "ordered": True},
    "bonsai": {"architecture": "bonsai", "depth": 1, "projection": 4, "density": 0.8},
}  # fmt: skip


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TINYFIELD_CACHE", str(tmp_path))
    # In this process: nothing here needs TensorFlow, and so many processes would take their time.
    quiet = lambda folder, progress: worker.work(folder, lambda *_: None)  # noqa: E731
    monkeypatch.setattr(_train_module, "_work", quiet)
    return tmp_path


def drifting() -> FeatureTable:
    """What parts the classes moves with the input ``b``, which stays low in the training rows and
    is high in the validation and the test rows."""
    rows = table(3000)
    rng = np.random.default_rng(3)
    X = rows.X.copy()
    X[:, 1] = np.where(rows.split == "train", -500, 500) + rng.integers(-100, 100, len(rows))
    y = (X[:, 0] > X[:, 1]).astype(np.int16) + (X[:, 0] > X[:, 1] + 300)
    return replace(rows, X=X, y=y.astype(np.int16))


def asked(kind: str) -> Model:
    return model().model_copy(update=KINDS[kind])


def fitted(rows: FeatureTable, kind: str) -> Any:
    return obtain(rows, asked(kind), epochs=9)[1]


@pytest.mark.parametrize("kind", ["tree", "forest", "gbt", "ordered"])
def test_a_refit_learns_what_only_the_validation_rows_show(kind: str) -> None:
    before, after = (
        train(replace(drifting(), refit=refit), asked(kind)).report for refit in (False, True)
    )
    assert after.device.macro_f1 > before.device.macro_f1 + 0.2
    assert any("fitted once more" in note for note in after.notes)
    assert not any("fitted once more" in note for note in before.notes)
    assert any("2,400 rows" in note and "(25% of them" in note for note in after.notes)


@pytest.mark.parametrize("kind", KINDS)
def test_what_chooses_is_settled_before_and_the_test_rows_reach_nothing(kind: str) -> None:
    rows = with_refit(table(1500))
    made = fitted(rows, kind)
    assert made.settled and made.settled != made.model and made.chosen == made.settled
    tested = replace(rows, y=np.where(rows.split == "test", 2 - rows.y, rows.y))
    assert fitted(tested, kind).model == made.model
    X = rows.X.copy()
    X[rows.split == "test"] += 7
    assert fitted(replace(rows, X=X), kind).model == made.model
    # Labels that only the refit sees change what is shipped, and nothing that was settled.
    learned = fitted(replace(rows, y=np.where(rows.split == "refit", 2 - rows.y, rows.y)), kind)
    assert learned.settled == made.settled and learned.model != made.model


@pytest.mark.parametrize("kind", KINDS)
def test_what_ships_may_learn_from_all_rows_and_what_is_judged_does_not(kind: str) -> None:
    rows = with_refit(table(1500))
    plain, made = fitted(rows, kind), fitted(with_all(rows), kind)
    assert (made.model, made.settled) == (plain.model, plain.settled)
    assert np.array_equal(made.probabilities, plain.probabilities)
    assert plain.shipped == b"" and plain.sent == plain.model
    assert made.sent == made.shipped and made.shipped not in (b"", made.model, made.settled)
    for split in ("test", "all"):
        every = with_all(rows)
        y = np.where(every.split == split, 2 - every.y, every.y)
        learned = fitted(replace(every, y=y), kind)
        assert (learned.model, learned.settled) == (made.model, made.settled)
        assert learned.shipped != made.shipped


@pytest.mark.parametrize("kind", ["tree", "forest", "gbt"])
def test_scores_are_of_what_never_saw_the_test_rows(kind: str) -> None:
    """Here only the test rows show what parts the classes now."""
    given = drifting()
    split = np.where(given.split == "valid", "train", given.split)
    split[np.isin(given.group, given.group[given.split == "valid"][:1])] = "valid"
    y = np.where(split == "test", 2 - given.y, given.y)
    rows = replace(given, split=split, y=y, refit=True)
    before = train(rows, asked(kind))
    after = train(replace(rows, refit="all"), asked(kind))
    assert after.report.device == before.report.device
    test = rows.part("test")
    made = {"sent": after, "judged": after.before_tests(), "as before": before}
    right = {
        name: float((answers(one.model, test.X, one.scaler).argmax(axis=1) == test.y).mean())
        for name, one in made.items()
    }
    assert right["judged"] == right["as before"]
    assert right["judged"] == pytest.approx(before.report.device.accuracy, abs=1e-6)
    assert right["sent"] > right["judged"] + 0.1
    assert before.before_tests().model == before.model and before.also == ()
    assert set(after.also) == set(test.group) and after.groups == before.groups
    assert any(f"{len(test):,} test rows too" in note for note in after.report.notes)
    assert not any("test rows too" in note for note in before.report.notes)


@pytest.mark.parametrize("kind", ["tree", "gbt"])
def test_validation_scores_are_of_the_model_before(kind: str) -> None:
    """Those of rows that were learned from could choose nothing."""
    rows = drifting()
    plain, made = fitted(rows, kind), fitted(replace(rows, refit=True), kind)
    assert made.settled == plain.model and plain.settled == b"" and plain.chosen == plain.model
    scores = valid_scores(rows, plain)
    assert valid_scores(replace(rows, refit=True), made) == scores
    valid = rows.part("valid")
    said = answers(made.model, valid.X, made.scaler).argmax(axis=1)
    assert (said == valid.y).mean() > scores.accuracy + 0.2


def test_a_number_is_fitted_again_too() -> None:
    rows = drifting()
    far = (rows.X[:, 0] - rows.X[:, 1]).astype(np.int32)
    target = Target(name="far", unit="mm", scale=0, minimum=-4000, maximum=4000)
    rows = replace(rows, y=far, classes=(), target=target)
    one = asked("forest").model_copy(update={"classes": (), "target": target})
    before, after = (train(replace(rows, refit=refit), one).report for refit in (False, True))
    assert after.device.mae < before.device.mae / 2


def test_a_mixtures_threshold_follows_its_densest_region() -> None:
    """Of a denser region that only the validation rows show, distances count anew; the rate of
    false alarms over rows that nobody saw stays what was asked, or less."""
    rng = np.random.default_rng(5)
    x, valid = rng.normal(size=(1200, 2)) * 0.2, rng.normal(size=(600, 2)) * 0.2
    valid[300:] = rng.normal(size=(300, 2)) * 0.01 + 0.6
    fresh = rng.normal(size=(4000, 2)) * 0.2
    first = gmm.fit(x, components=2, covariance="full", seed=0)
    made = gmm.convert(first, x, valid[:300], 0.02)
    both = np.concatenate([x, valid])
    again = gmm.fit(both, components=2, covariance="full", seed=0)
    moved = gmm.convert_again(again, both, made, x, 0.02)
    assert moved.threshold > made.threshold + 2 * 3 * 16
    share = (distances(moved, gmm.quantized(fresh)) >= moved.threshold).mean()
    assert share < 0.04
    # The same number of steps as before would call most of what is usual an anomaly.
    assert (distances(moved, gmm.quantized(fresh)) >= made.threshold).mean() > 3 * share


def test_a_mixture_and_a_gate_are_fitted_again() -> None:
    rows = with_refit(machine())
    one = watch("gmm", components=2, covariance="full")
    made = train(rows, one)
    every = train(with_all(rows), one)
    assert every.before_tests().model == made.model != every.model
    assert every.report.auc == made.report.auc
    assert made.report.auc > 0.9
    usual = rows.part("test")
    said = answers(made.model, usual.X[usual.y == 0], made.scaler).argmax(axis=1)
    assert said.mean() < 0.06
    gated = asked("tree").model_copy(update={"unknown": 0.02})
    plain, again = (
        obtain(replace(drifting(), refit=refit), gated)[1].gate for refit in (False, True)
    )
    test = drifting().part("test").X
    # What was far from all training rows is usual once the validation rows are learned from.
    assert plain.unknown(test).mean() < 0.2 and again.unknown(test).mean() < 0.05
    assert again.model != plain.model
    all_of_it = obtain(replace(drifting(), refit="all"), gated)[1]
    assert all_of_it.gate == again and all_of_it.shipped


def test_copies_of_validation_rows_are_of_no_test_group() -> None:
    rows = with_refit(table(1500))
    group = rows.group.copy()
    group[rows.split == "refit"] = "g19"
    with pytest.raises(DataError, match="g19 \\(refit and test\\)"):
        replace(rows, group=group).verify()
    rows.verify()
    assert len(rows.learned) == len(rows) - len(rows.part("test"))
    assert len(replace(rows, refit=False).learned) == len(rows.part("train"))
