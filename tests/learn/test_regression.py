"""Models of a number: trees and a network, from rows to what the node gives, judged and gated."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.learn.conftest import model as classifier
from tests.learn.conftest import table as classes_table
from tinyfield.compiler import compile_model
from tinyfield.compiler.own import own_model, own_outputs
from tinyfield.compiler.ports import Port
from tinyfield.errors import BudgetError, DataError, ModelError
from tinyfield.features.scale import MISSING
from tinyfield.features.table import FeatureTable
from tinyfield.learn import Fitted, train
from tinyfield.learn.metrics import errors
from tinyfield.learn.runner import run_device
from tinyfield.learn.trees import convert_values, fit_values
from tinyfield.learn.value import value_scale, values
from tinyfield.spec import Accept, Compress, Model
from tinyfield.spec.app import Target
from tinyfield.spec.architectures import OPTIONS

TARGET = Target(name="need", unit="mm", scale=-1, minimum=-20_000, maximum=20_000)


def table(n: int = 3000) -> FeatureTable:
    """The rows of the classifier's tests with the number behind their classes, in 0.1 mm."""
    rows = classes_table(n)
    noise = np.random.default_rng(1).normal(size=n)
    z = 2.0 * rows.X[:, 0] + rows.X[:, 1] * rows.X[:, 2] / 1000 + 100 * noise
    y = z.astype(np.int32)
    before = np.roll(y, 1)
    before[::7] = MISSING
    return replace(rows, y=y, classes=(), target=TARGET, before=before)


def model(architecture: str, *, accept: Accept | None = None, **more: object) -> Model:
    options = {**OPTIONS[architecture], **more}
    return classifier(accept).model_copy(
        update={"classes": (), "target": TARGET, "architecture": architecture, **options}
    )


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINYFIELD_CACHE", str(tmp_path))


@pytest.mark.parametrize("kind", ["tree", "forest", "gbt"])
def test_trees_give_the_trained_number_in_both_forms(kind: str) -> None:
    sklearn = pytest.importorskip("sklearn")
    del sklearn
    rows = table()
    learned = fit_values(kind, rows.X, rows.y, trees=12, depth=5, min_leaf=5, seed=0)
    made = convert_values(learned, rows.X)
    assert made.resolution < 1.5
    wanted = learned.predict(rows.X)
    file = made.ensemble.to_bytes()
    again = own_model(file)
    assert again is not None
    by_numpy = own_outputs(again, {"in0": rows.X})[:, 0, 0]
    assert np.abs(by_numpy - wanted).max() <= made.resolution
    assert np.array_equal(run_device(file, rows.X)[:, 0], by_numpy)
    size = compile_model(file, optimize="size", target="cortex-m4")
    assert size.outputs[0].dtype == "int32" and "tiny_tree_value" in size.source


def test_a_sum_that_does_not_fit_is_refused() -> None:
    pytest.importorskip("sklearn")
    X = np.arange(200, dtype=np.int32)[:, None]
    y = np.where(X[:, 0] > 100, 2**31 - 2, -(2**31) + 2).astype(np.int64)
    learned = fit_values("tree", X, y, trees=1, depth=2, min_leaf=1, seed=0)
    with pytest.raises(ModelError, match="32 bits"):
        convert_values(learned, X)


def test_the_number_is_rounded_as_fractions_say() -> None:
    """Against exact arithmetic: half away from zero, clamped to the target's range."""
    rng = np.random.default_rng(4)
    for dtype, scale, zero in (("int8", 0.37, -11), ("int16", 0.0113, 0), ("int8", 12.5, 127)):
        constants = value_scale(Port("y", (1, 1), dtype, scale, zero), TARGET)
        limits = np.iinfo(dtype)
        out = rng.integers(limits.min, limits.max, 400, endpoint=True)
        ratio = Fraction(constants.mult, 1 << constants.shift)
        assert abs(float(ratio) / (scale / TARGET.step) - 1) < 1e-6
        exact = [(int(q) - zero) * ratio for q in out]
        wanted = [int(abs(x) + Fraction(1, 2)) * (1 if x >= 0 else -1) for x in exact]
        got = values(out, constants)
        assert got.tolist() == np.clip(wanted, TARGET.minimum, TARGET.maximum).tolist()


def test_an_output_in_other_units_is_refused() -> None:
    with pytest.raises(ModelError, match="steps of 1e-30"):
        value_scale(Port("y", (1, 1), "int8", 1e-30, 0), TARGET)


def test_errors_are_those_of_numpy_with_an_interval_over_groups() -> None:
    rng = np.random.default_rng(0)
    truth, said = rng.normal(size=500), rng.normal(size=500)
    group = [f"g{i % 10}" for i in range(500)]
    got = errors(truth, said, group, step=0.5)
    assert got.mae == pytest.approx(np.abs(said - truth).mean() / 2, abs=1e-6)
    assert got.rmse == pytest.approx(np.sqrt(((said - truth) ** 2).mean()) / 2, abs=1e-6)
    assert got.interval is not None and got.rmse_interval is not None
    assert got.interval[0] < got.mae < got.interval[1] < got.rmse_interval[1]
    assert errors(truth, said, ["one"] * 500).interval is None


def test_a_forest_is_judged_beside_the_mean_and_the_last_known() -> None:
    pytest.importorskip("sklearn")
    rows = table()
    made = train(rows, model("forest"))
    report = made.report
    assert isinstance(report, Fitted)
    assert report.device == report.int8 and report.unit == "mm"
    assert report.device.mae < report.mean.mae / 2
    test = rows.part("test")
    mean = rows.part("train").y.mean()
    assert report.mean.mae == pytest.approx(np.abs(test.y - mean).mean() / 10, abs=1e-5)
    assert test.before is not None and report.persistence is not None
    # Where nothing is known it says the mean, so that both are of the same rows.
    last = np.where(test.before != MISSING, test.before, mean)
    off = np.abs(test.y - last).mean() / 10
    assert report.persistence.mae == pytest.approx(off, abs=1e-5)
    assert report.persistence.n == len(test) > (test.before != MISSING).sum()
    assert set(report.by_origin) == {"driven", "generated"}
    assert Fitted.from_json(report.to_json()) == report
    assert train(rows, model("forest")).cached


def test_the_gate_names_the_error_and_what_a_larger_one_would_give() -> None:
    pytest.importorskip("sklearn")
    with pytest.raises(BudgetError, match=r"mae [\d.]+ mm is [\d.]+ above 1") as caught:
        train(table(), model("forest", accept=Accept(mae=1.0), trees=2, depth=3))
    said = str(caught.value.hint)
    assert "always the mean" in said and "the last known" in said
    assert "mean error" in said and "on the validation split" in said


def test_a_target_that_never_changes_teaches_nothing() -> None:
    rows = table(400)
    with pytest.raises(DataError, match="always the same"):
        train(replace(rows, y=np.full(len(rows), 7, np.int32)), model("tree"))


def test_a_network_is_pruned_shared_and_exact() -> None:
    """Trained, pruned, trained as integers with shared weights: each step scored by its error."""
    pytest.importorskip("ai_edge_litert")
    small = Compress(prune=Decimal("0.3"), share=16)
    asked = model("mlp", hidden=(40, 24)).model_copy(update={"compress": small})
    report = train(table(2000), asked, epochs=3).report
    assert isinstance(report, Fitted)
    names = [stage.name for stage in report.stages]
    assert names[0] == "float" and "retrained" in names and "shared" in names
    assert all(stage.valid.keys() == {"rmse", "mae"} for stage in report.stages)
    assert report.device.mae < report.mean.mae * 0.7
    assert report.drop < 0.15 * report.mean.mae


def test_sixteen_bits_give_a_number_of_sixteen() -> None:
    pytest.importorskip("ai_edge_litert")
    asked = model("gru", history=4, units=4).model_copy(
        update={"compress": Compress(quantize="16x8")}
    )
    rows = table(1200)
    at = np.arange(3, len(rows))
    X = np.concatenate([rows.X[at - 3], rows.X[at - 2], rows.X[at - 1], rows.X[at]], axis=1)
    made = train(replace(rows.rows(at), X=X, history=4), asked, epochs=2)
    assert compile_model(made.model).outputs[0].dtype == "int16"
    report = made.report
    assert isinstance(report, Fitted) and report.apart < 0.02 * report.mean.mae
