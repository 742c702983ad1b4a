"""Training end to end, the cache, and the comparison of int8 with the generated C."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.learn.conftest import _train_module, model, table
from tinyfield.errors import BudgetError, DataError, ModelError
from tinyfield.learn import Cost, Trained, train
from tinyfield.learn.runner import answers, check_agreement, run_device, run_reference
from tinyfield.learn.scaler import quantize
from tinyfield.spec.app import Accept, Budget


@pytest.fixture
def own_cache(
    cached: Path, trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A copy of the cache, to be damaged."""
    # Another process may be about to put a file of its own there.
    unfinished = shutil.ignore_patterns("tmp*")
    shutil.copytree(cached / "models", tmp_path / "models", ignore=unfinished)
    monkeypatch.setenv("TINYFIELD_CACHE", str(tmp_path))
    return tmp_path


@pytest.fixture
def no_worker(cached: Path, trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a cached model was trained again")

    monkeypatch.setattr(_train_module, "_work", refuse)


def test_learns_and_agrees(trained: Trained) -> None:
    report = trained.report
    assert report.device.macro_f1 > 0.8 > report.baseline.macro_f1 + 0.4
    assert report.device == report.int8
    assert abs(report.drop) < 0.03
    assert report.compared == report.device.n == 1200
    assert report.device.groups == 4
    low, high = report.device.interval or (1, 0)
    assert low <= report.device.macro_f1 <= high
    assert set(report.by_origin) == {"driven", "generated"}
    assert sum(s.n for s in report.by_origin.values()) == 1200
    assert report.calibration_error < 0.1
    assert trained.groups == tuple(sorted(f"g{i}" for i in range(16)))


def test_same_bytes_when_trained_again(trained: Trained, cached: Path) -> None:
    assert (cached / "again" / "model.bin").read_bytes() == trained.model


def test_a_hit_trains_nothing_and_needs_no_tensorflow(trained: Trained, no_worker: None) -> None:
    again = train(table(), model(), epochs=8)
    assert again.cached
    assert replace(again, cached=False) == replace(trained, cached=False)
    assert "tensorflow" not in sys.modules


@pytest.mark.parametrize("damage", ["network.npz", "network.sha256"])
def test_a_damaged_entry_is_a_miss(
    own_cache: Path, trained: Trained, no_worker: None, damage: str
) -> None:
    assert train(table(), model(), epochs=8).cached
    path = own_cache / "models" / trained.key / damage
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(AssertionError, match="trained again"):
        train(table(), model(), epochs=8)


def test_damaged_scores_are_computed_again(
    own_cache: Path, trained: Trained, no_worker: None
) -> None:
    (scores,) = (own_cache / "models" / trained.key).glob("scores-*.json")
    whole = scores.read_text()
    scores.write_text(whole[: len(whole) // 2])
    assert train(table(), model(), epochs=8).report == trained.report
    assert scores.read_text() == whole


def test_other_data_seed_or_layers_are_another_training(no_worker: None) -> None:
    other = replace(table(), X=table().X + 1)
    for call in (
        lambda: train(other, model(), epochs=8),
        lambda: train(table(), model(), epochs=8, seed=1),
        lambda: train(table(), model().model_copy(update={"hidden": (12, 9)}), epochs=8),
    ):
        with pytest.raises(AssertionError, match="trained again"):
            call()


def test_another_rule_or_acceptance_is_the_same_training(no_worker: None) -> None:
    assert train(table(), model(Accept(macro_f1=0.5, max_drop=0.01)), epochs=8).cached


def test_not_good_enough(trained: Trained, no_worker: None) -> None:
    with pytest.raises(BudgetError, match=r"macro_f1 0\.\d+ is 0\.\d+ below 0\.99") as caught:
        train(table(), model(Accept(macro_f1=0.99)), epochs=8, neighbours=False)
    assert "weakest class" in str(caught.value.hint)


def test_over_budget(trained: Trained, no_worker: None) -> None:
    def measure(tflite: bytes) -> Cost:
        assert tflite == trained.model
        return Cost("avr", flash_bytes=1400, ram_bytes=90)

    train(table(), model(budget=Budget(flash_bytes=1400, ram_bytes=90)), epochs=8, measure=measure)
    tight = model(budget=Budget(flash_bytes=1300))
    with pytest.raises(BudgetError, match=r"1,400 B is 100 B over 1,300 B") as caught:
        train(table(), tight, epochs=8, measure=measure, neighbours=False)
    assert "lower `hidden`" in str(caught.value.hint)


def test_the_generated_c_equals_the_reference_everywhere(trained: Trained) -> None:
    """Not only where the data lie: all corners and random inputs."""
    rng = np.random.default_rng(5)
    q = rng.integers(-128, 128, (4000, 5)).astype(np.int8)
    q[:32] = np.where((np.arange(32)[:, None] >> np.arange(5)) & 1, 127, -128)
    device = run_device(trained.model, q)
    assert np.array_equal(device, run_reference(trained.model, q))
    assert len(np.unique(device)) > 50


def test_a_disagreement_is_loud(trained: Trained, cached: Path) -> None:
    test = table().part("test")
    out = answers(trained.model, test.X, trained.scaler)
    q = quantize(test.X, trained.scaler)
    wrong = out.copy()
    wrong[7, 1] ^= 1
    with pytest.raises(ModelError, match=r"INTERNAL ERROR.* 1 of 1200 rows; first row 7"):
        check_agreement(trained.model, q, out, wrong)
    assert (cached / "disagreement" / "model.bin").read_bytes() == trained.model


def test_tables_that_cannot_be_learned_from(no_worker: None) -> None:
    good = table()
    one = replace(good, y=np.zeros_like(good.y))
    with pytest.raises(DataError, match="one class only"):
        train(one, model())
    with pytest.raises(DataError, match="no usable row in the valid split"):
        train(good.rows(good.split != "valid"), model())
    with pytest.raises(DataError, match=r"`c` has rows without a value"):
        X = good.X.copy()
        X[3, 2] = -(2**31)
        train(replace(good, X=X), model())
    few = np.flatnonzero(good.split == "train")[40:]
    with pytest.raises(DataError, match="40 training rows are too few"):
        train(good.rows(np.setdiff1d(np.arange(len(good)), few)), model())
    rare = (good.split == "train") & (good.y == 2) & (np.arange(len(good)) > 20)
    with pytest.raises(DataError, match=r"class heavy has \d training rows"):
        train(good.rows(~rare), model())
    with pytest.raises(DataError, match="in two splits"):
        train(replace(good, group=np.full(len(good), "g")), model())
