"""What a node settles and what it passes up, on rows whose truth is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.codegen.apps import SMALL, app_of
from tinyfield.cases import Cases, Told, asking, cases_of
from tinyfield.learn.metrics import share_interval
from tinyfield.spec import App

ASKS = SMALL.replace(
    "    for: 2 samples\n    repeat: 2 h\n",
    "    for: 2 samples\n"
    "    escalate: {when: confidence < 0.8 or tank.level < 20 %, else: nothing}\n",
)


def app(tmp_path: Path, text: str = ASKS) -> App:
    assert text != SMALL
    return app_of(text, tmp_path)


def found_in(one: App, truth: np.ndarray, unknown: np.ndarray | None = None) -> Cases:
    return cases_of(one, one.decisions["water"], {"need": Told(truth, ROWS, unknown)}, GROUPS)


def outputs(*scores: tuple[float, float, float]) -> np.ndarray:
    return np.round(np.array(scores) * 255 - 128).astype(np.int8)


ROWS = outputs(
    (0.9, 0.1, 0.0),  # none, and it is none: let be, right
    (0.1, 0.9, 0.0),  # light, and it is light: acts, right
    (0.0, 0.1, 0.9),  # heavy, and it is light: acts, and right to
    (0.1, 0.9, 0.0),  # light, and it is none: acts, wrong
    (0.4, 0.6, 0.0),  # light in doubt, and it is heavy: up, to act
    (0.4, 0.6, 0.0),  # light in doubt, and it is none: up, not to act
    (0.3, 0.45, 0.25),  # too unsure for the rule, and it is heavy: let be, wrong
)
TRUTH = np.array([0, 1, 1, 0, 2, 0, 2])
GROUPS = np.array(list("aabbccd"))


def test_rows_are_settled_as_the_rule_says(tmp_path: Path) -> None:
    one = app(tmp_path)
    found = found_in(one, TRUTH)
    assert (found.lets_be.rows, found.lets_be.right) == (2, 0.5)
    assert found.acts.rows == 3
    assert found.acts.right == pytest.approx(2 / 3, abs=1e-4)
    assert (found.settled.rows, found.settled.right) == (5, 0.6)
    assert (found.passed_up.rows, found.passed_up.right) == (2, 0.5)
    assert found.passed_up.share == pytest.approx(2 / 7, abs=1e-4)
    # Unanswered it lets be, which is right of the one that was nothing.
    assert found.alone.right == pytest.approx(4 / 7, abs=1e-4)
    assert found.if_answered.right == pytest.approx(5 / 7, abs=1e-4)
    assert found.settled.interval is not None
    assert found.settled.interval[0] < 0.6 < found.settled.interval[1]


def test_whoever_acts_alone_is_right_of_the_real_ones(tmp_path: Path) -> None:
    one = app(tmp_path, ASKS.replace("else: nothing", "else: act"))
    found = found_in(one, TRUTH)
    assert found.alone.right == pytest.approx(4 / 7, abs=1e-4)
    real = TRUTH.copy()
    real[5] = 1
    found = found_in(one, real)
    assert found.passed_up.right == 1
    assert found.alone.right == pytest.approx(5 / 7, abs=1e-4)


TWO = SMALL.replace(
    "models:\n",
    "models:\n  mood:\n    inputs: [soil.moisture last]\n    classes: [fine, dry]\n"
    "    train: {dataset: irrigation_maricopa, stand_in: fao56, label: need, split: by plot}\n"
    "    architecture: tree\n",
).replace(
    "  water:\n    when: need != none and confidence > 0.5 and tank.level > 15 %\n",
    "  looks: {when: mood == dry and tank.level > 15 %}\n"
    "  water:\n    when: (need == heavy or looks) and tank.level > 15 %\n"
    "    escalate: {when: need != heavy or not looks, else: nothing}\n",
)


def test_another_rule_counts_as_what_it_asks_of_the_row(tmp_path: Path) -> None:
    """Two models, the second by way of a rule: where they differ, the edge is asked."""
    one = app(tmp_path, TWO)
    heavy, none = (0.0, 0.1, 0.9), (0.9, 0.1, 0.0)
    need = Told(np.array([2, 2, 0, 0]), outputs(heavy, none, heavy, none))
    dry = np.round(np.array([[0.1, 0.9], [0.1, 0.9], [0.8, 0.2], [0.8, 0.2]]) * 255 - 128)
    mood = Told(np.array([1, 1, 0, 0]), dry.astype(np.int8))
    rule, group = one.decisions["water"], np.array(list("abcd"))
    both = cases_of(one, rule, {"need": need, "mood": mood}, group)
    assert (both.acts.rows, both.passed_up.rows, both.lets_be.rows) == (1, 2, 1)
    assert (both.settled.right, both.passed_up.right) == (1.0, 0.5)
    # Of rows of which the second model says nothing, the rule is the first model's alone.
    alone = cases_of(one, rule, {"need": need}, group)
    assert (alone.acts.rows, alone.passed_up.rows, alone.settled.right) == (2, 0, 0.5)


def test_what_is_unknown_is_no_case(tmp_path: Path) -> None:
    text = ASKS.replace("    architecture: mlp\n", "    architecture: mlp\n    unknown: 2 %\n")
    one = app(tmp_path, text)
    unknown = np.array([False, True, True, True, True, False, False])
    found = found_in(one, TRUTH, unknown)
    assert (found.acts.rows, found.passed_up.rows, found.lets_be.rows) == (0, 1, 6)


def test_only_rules_that_ask_by_what_a_model_says(tmp_path: Path) -> None:
    assert [(rule.name, model) for rule, model in asking(app(tmp_path))] == [("water", "need")]
    by_level = ASKS.replace("confidence < 0.8 or tank.level < 20 %", "tank.level < 20 %")
    assert not list(asking(app(tmp_path, by_level)))
    of_tank = SMALL.replace("severity: warning", "escalate: tank.level > 5 %, severity: warning")
    one = app(tmp_path, of_tank)
    assert not list(asking(one))
    with pytest.raises(ValueError, match="tank_low"):
        cases_of(one, one.decisions["tank_low"], {"need": Told(TRUTH, ROWS)}, GROUPS)


def test_an_interval_holds_the_share_of_groups_drawn_anew() -> None:
    hit = np.array([True] * 10 + [False] * 10)
    assert share_interval(hit, np.repeat("a", 20)) is None
    assert share_interval(hit, np.repeat(["a", "b"], 10)) == (0.0, 1.0)
    mixed = np.tile([True, False], 10)
    assert share_interval(mixed, np.repeat(["a", "b"], 10)) == (0.5, 0.5)
