"""Trees by scikit-learn and as integers: the same labels, on every row."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.learn.conftest import model, table
from tinyfield.compiler import compile_model
from tinyfield.compiler.host import run_host
from tinyfield.compiler.own import own_model
from tinyfield.compiler.scores import tempered_outputs
from tinyfield.compiler.trees import Ensemble, outputs
from tinyfield.errors import BudgetError, DataError, MissingToolError, ModelError
from tinyfield.learn import Cost, train
from tinyfield.learn import trees as learn_trees
from tinyfield.learn.result import Network
from tinyfield.learn.train import _check_same
from tinyfield.spec.app import Accept, Budget

pytest.importorskip("sklearn")
OPTIONS: dict[str, dict[str, Any]] = {
    "tree": {"depth": 7, "min_leaf": 4},
    "forest": {"trees": 6, "depth": 6, "min_leaf": 4},
    "gbt": {"trees": 8, "depth": 3, "min_leaf": 5},
}


def digits() -> tuple[np.ndarray, np.ndarray]:
    """scikit-learn's 8 by 8 digits, whole numbers of 0 to 16."""
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    return X, y


def sk_models() -> list[Any]:
    from sklearn.ensemble import (
        ExtraTreesClassifier,
        GradientBoostingClassifier,
        RandomForestClassifier,
    )
    from sklearn.tree import DecisionTreeClassifier

    return [
        DecisionTreeClassifier(max_depth=10, random_state=0),
        RandomForestClassifier(10, max_depth=10, random_state=0),
        RandomForestClassifier(7, max_depth=5, min_samples_leaf=3, random_state=1),
        ExtraTreesClassifier(5, max_depth=8, random_state=0),
        GradientBoostingClassifier(n_estimators=4, max_depth=3, random_state=0),
    ]


@pytest.mark.parametrize("scale", [1.0, 0.01], ids=["whole", "hundredths"])
@pytest.mark.parametrize("number", range(5))
def test_the_c_says_what_scikit_learn_says(number: int, scale: float) -> None:
    """Also where features were scaled by 0.01: a threshold is never cut."""
    X, y = digits()
    X = X * scale
    sk = sk_models()[number].fit(X[:600], y[:600])
    made = learn_trees.convert(sk, X[:600], classes=10, dtype="int16", scale=1 / scale)
    q = np.round(X / scale).astype(np.int16)
    program = compile_model(made.ensemble.to_bytes(), optimize="size")
    got = run_host(program, {"in0": q[600:, None]})["out0"][:, 0]
    assert np.array_equal(got, outputs(made.ensemble, q[600:]))
    said = learn_trees.probabilities(sk, X[600:], 10)
    assert np.array_equal(said.argmax(axis=1), sk.predict(X[600:]))
    differ = got.argmax(axis=1) != said.argmax(axis=1)
    best = np.sort(said, axis=1)
    assert made.resolution < 0.03
    assert not (differ & (best[:, -1] - best[:, -2] > made.resolution + 1e-9)).any()
    assert differ.mean() < 0.003  # and of those within a vote's rounding, hardly any
    if number != 4:
        score = (got.astype(float) + 128) / 255
        assert np.abs(score - said).max() < 0.03


def test_signs_fractions_and_size_of_features() -> None:
    from sklearn.tree import DecisionTreeClassifier

    rng = np.random.default_rng(0)
    for low, high in ((-3, 4), (-(2**31), 2**31), (2**25, 2**25 + 400), (-40_000, -39_000)):
        X = rng.integers(low, high, (400, 3))
        y = (X[:, 0] % 3 + (X[:, 1] > X[:, 2])).astype(np.int64)
        sk = DecisionTreeClassifier(random_state=0).fit(X, y)
        made = learn_trees.convert(sk, X, classes=4)
        rows = rng.integers(low, high, (3000, 3)).astype(np.int32)
        got = outputs(made.ensemble, rows).argmax(axis=1)
        assert np.array_equal(got, sk.predict(rows)), (low, high)


def test_what_is_no_forest_or_too_large_for_its_type_is_refused() -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.tree import DecisionTreeClassifier

    X, y = np.array([[0.0], [1e6]] * 5), np.array([0, 1] * 5)
    with pytest.raises(ModelError, match="LogisticRegression is no tree"):
        learn_trees.convert(LogisticRegression().fit(X, y), X, classes=2)
    tree = DecisionTreeClassifier().fit(X, y)
    with pytest.raises(ModelError, match="beyond the int16 features"):
        learn_trees.convert(tree, X, classes=2, dtype="int16")
    with pytest.raises(ModelError, match="beyond the 32-bit integers") as caught:
        learn_trees.convert(tree, X, classes=2, scale=1e6)
    assert "smaller scale" in str(caught.value.hint)


def test_a_class_that_training_never_saw_is_never_said() -> None:
    from sklearn.ensemble import GradientBoostingClassifier

    X, y = digits()
    X, y = X[y < 9], y[y < 9]
    sk = GradientBoostingClassifier(n_estimators=2, max_depth=2, random_state=0)
    made = learn_trees.convert(sk.fit(X, y), X, classes=11)
    got = outputs(made.ensemble, X.astype(np.int32))
    assert got.argmax(axis=1).max() < 9 and (got[:, 9:] == -128).all()


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TINYFIELD_CACHE", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("name", ["tree", "forest", "gbt"])
def test_trained_from_a_table(name: str, own_cache: Path) -> None:
    wanted = model().model_copy(update={"architecture": name, **OPTIONS[name]})
    said: list[str] = []
    got = train(table(3000), wanted, progress=lambda stage, *_: said.append(stage))
    assert got.scaler == ()
    ensemble = own_model(got.model)
    assert isinstance(ensemble, Ensemble) and ensemble.dtype == "int32"
    report = got.report
    # A boosted leaf of one byte is rounded: a label on the brink may be another.
    assert report.agreement == 1.0 or (name == "gbt" and report.agreement >= 0.995)
    assert report.device == report.int8
    assert report.device == report.float or report.agreement < 1.0
    assert report.device.macro_f1 > 0.75 > report.baseline.macro_f1 + 0.3
    assert report.calibration_error < 0.15
    assert {"train", "convert", "score"} <= set(said)
    # The same bytes again, from a training of its own; and from the cache without one.
    again = train(table(3000), wanted)
    assert again.cached and replace(again, cached=False) == got
    for path in (own_cache / "models").rglob("network.*"):
        path.unlink()
    assert train(table(3000), wanted).model == got.model


def test_budget_and_acceptance_name_the_options(own_cache: Path) -> None:
    forest = {"architecture": "forest", **OPTIONS["forest"]}
    wanted = model(budget=Budget(flash_bytes=100)).model_copy(update=forest)
    with pytest.raises(BudgetError, match="150 B is 50 B over") as caught:
        train(table(2000), wanted, measure=lambda _: Cost("avr", 150, 20))
    assert "smallest that was tried does not fit either: forest of 1 tree" in str(caught.value.hint)
    assert "raise `models.need.budget`" in str(caught.value.hint)
    with pytest.raises(BudgetError, match=r"below 0\.999") as caught:
        train(table(2000), model(Accept(macro_f1=0.999)).model_copy(update=forest))
    assert "raise `trees` or `depth`" in str(caught.value.hint)


def test_another_label_where_none_may_be_fails_the_build() -> None:
    said = np.array([[0.9, 0.1], [0.52, 0.48], [0.2, 0.8]])
    network = Network(b"", (), said, resolution=0.05)
    _check_same("need", network, np.array([0, 1, 1]))  # within the resolution of votes
    with pytest.raises(ModelError, match=r"on 1 of 3 test rows .* first on row 2") as caught:
        _check_same("need", network, np.array([0, 0, 0]))
    assert "please report it" in str(caught.value.hint)


def test_without_scikit_learn(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib import util

    real = util.find_spec
    monkeypatch.setattr(util, "find_spec", lambda n: None if n == "sklearn" else real(n))
    with pytest.raises(MissingToolError, match="scikit-learn is not installed") as caught:
        train(table(2000), model().model_copy(update={"architecture": "tree"}))
    assert "tinyfield[train]" in str(caught.value.hint)


def test_data_that_cannot_be_learned_from_are_refused(own_cache: Path) -> None:
    wanted = model().model_copy(update={"architecture": "forest", **OPTIONS["forest"]})
    good = table(3000)
    with pytest.raises(DataError, match="one class only"):
        train(replace(good, y=np.zeros_like(good.y)), wanted)
    with pytest.raises(DataError, match=r"groups? .* in two splits"):
        train(replace(good, group=np.full(len(good), "g")), wanted)


def test_what_the_data_lack_is_said(own_cache: Path) -> None:
    wanted = model().model_copy(update={"architecture": "tree", **OPTIONS["tree"]})
    good = table(3000)
    still = replace(good, X=np.full_like(good.X, 7))
    with pytest.raises(DataError, match="no input ever changes") as caught:
        train(still, wanted)
    assert "stood still" in str(caught.value.hint)
    torn = np.where(np.arange(len(good)) % 20 == 3, "g4", good.group)
    with pytest.raises(DataError, match="1 of 19 groups lie in two splits at once") as caught:
        split = np.where(np.arange(len(good)) % 20 == 3, "test", good.split)
        train(replace(good, group=torn, split=split), wanted)
    assert "g4 (test and train)" in caught.value.message
    X = good.X.copy()
    X[:, 1] = 5
    X[:, 2:] = 0
    X[:, 0] //= 100
    light = (good.split == "test") & (good.y == 1)
    with pytest.raises(DataError, match="no test row is light: how well") as caught:
        train(good.rows(~light), wanted)
    assert "the test split is g16, g17, g18, g19" in caught.value.message
    assert "take light out of `classes`" in str(caught.value.hint)
    got = train(replace(good, X=X), wanted)
    notes = " ".join(got.report.notes)
    assert "`b` never changes in the training rows" in notes
    assert "of the test rows equal a training row in every input" in notes
    rare = (good.y != 0) & (good.split == "train") & (np.arange(len(good)) % 31 != 0)
    got = train(good.rows(~rare), wanted)
    assert any("of the training rows are none" in note for note in got.report.notes)


@pytest.mark.parametrize("temperature", [0.3, 0.77, 1.6, 7.9])
@pytest.mark.parametrize("number", range(4))
def test_votes_at_a_temperature(number: int, temperature: float) -> None:
    """The C says what NumPy says, no label changes, and a score is the power of the votes."""
    X, y = digits()
    sk = sk_models()[number].fit(X, y)
    plain = learn_trees.convert(sk, X, classes=10).ensemble
    made = learn_trees.convert(sk, X, classes=10, temperature=temperature).ensemble
    file, rows = made.to_bytes(), X.astype(np.int32)
    wanted = outputs(made, rows)
    for optimize in ("speed", "size"):
        program = compile_model(file, optimize=optimize)
        got = run_host(program, {"in0": rows.reshape(-1, 1, 64)})["out0"]
        assert np.array_equal(got.reshape(wanted.shape), wanted), optimize
    assert np.array_equal(wanted.argmax(axis=1), outputs(plain, rows).argmax(axis=1))
    share = sk.predict_proba(X) ** (1 / temperature)
    exact = share / share.sum(axis=1, keepdims=True)
    off = np.abs((wanted.astype(float) + 128) / 255 - exact)
    assert off.mean() < 0.01 and off.max() < 0.12  # steps of a sixteenth of an octave


def test_a_temperature_is_taken_only_where_it_helps() -> None:
    from tinyfield.learn.metrics import calibration_error

    rng = np.random.default_rng(0)
    shares = rng.dirichlet((1, 1, 1), 4000)
    honest = (rng.random(4000)[:, None] > shares.cumsum(axis=1)).sum(axis=1).astype(np.int64)
    assert learn_trees.vote_temperature(shares, honest) == 1.0
    # As a forest of shallow trees: more right than it says.
    sure = shares**2 / (shares**2).sum(axis=1, keepdims=True)
    right = (rng.random(4000)[:, None] > sure.cumsum(axis=1)).sum(axis=1).astype(np.int64)
    found = learn_trees.vote_temperature(shares, right)
    assert 0.4 < found < 0.65
    tempered = shares ** (1 / found) / (shares ** (1 / found)).sum(axis=1, keepdims=True)
    assert calibration_error(right, tempered) < calibration_error(right, shares) / 3


def test_a_few_classes_without_a_vote_do_not_hide_how_often_the_winner_is_right() -> None:
    """A forest that says 0.7 and is right in 97 of 100; the wrong rows' classes had no vote."""
    from tinyfield.learn.metrics import calibration_error

    shares = np.tile([0.7, 0.3, 0.0], (1000, 1))
    truth = np.where(np.arange(1000) % 100 < 97, 0, 2)
    found = learn_trees.vote_temperature(shares, truth)
    assert learn_trees.best_temperature(np.log(np.maximum(shares, 1 / 510)), truth) > 2 * found
    sure = tempered_outputs(np.round(shares * 50_400).astype(np.int64), found)
    assert calibration_error(truth, (sure.astype(np.float64) + 128) / 256) < 0.03
