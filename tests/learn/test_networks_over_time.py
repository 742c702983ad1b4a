"""Networks over time, and the app's own: trained, made integers, run by the generated C."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.compiler.models import perceptron
from tests.learn.conftest import locked
from tests.learn.over_time import CLASSES, HISTORY, WRONG, machine, network, networks, table, watch
from tinyfield.compiler.tflite import read
from tinyfield.errors import DataError, ModelError
from tinyfield.learn import Trained, train
from tinyfield.learn.metrics import auc, auc_interval
from tinyfield.learn.runner import answers, run_device, run_reference
from tinyfield.learn.twin import SHARED_LEAST

OVER_TIME = ("cnn", "cnn_2d", "ds_cnn", "tcn", "gru", "keras", "mlp", "16x8")


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, root: Path) -> dict[str, Any]:
    """What ``over_time.py`` trains, once a session."""
    pytest.importorskip("ai_edge_litert")
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "over-time"
    folder.mkdir(exist_ok=True)
    with locked(folder / "lock"):
        if not (folder / "made.pickle").exists():
            done = subprocess.run(
                [sys.executable, "-m", "tests.learn.over_time", str(folder)],
                cwd=root,
                env={
                    **os.environ,
                    "TINYFIELD_CACHE": str(folder / "cache"),
                    "TF_CPP_MIN_LOG_LEVEL": "2",
                    "CUDA_VISIBLE_DEVICES": "-1",
                    "PYTHONPATH": os.pathsep.join([str(root), str(root / "gateway")]),
                },
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr[-3000:]
        return dict(pickle.loads((folder / "made.pickle").read_bytes()))


@pytest.mark.parametrize("name", OVER_TIME)
def test_learns_what_one_sample_does_not_say(made: dict[str, Any], name: str) -> None:
    """The generated C against LiteRT on every test row is part of ``train``."""
    trained = made[name]
    assert isinstance(trained, Trained)
    report = trained.report
    assert report.compared == report.device.n == 400
    assert report.device.macro_f1 > report.baseline.macro_f1 + 0.2
    assert abs(report.drop) < 0.04
    assert len(trained.scaler) == 2
    graph = read(trained.model)
    assert graph.tensors[graph.inputs[0]].shape == (1, HISTORY, 2)


@pytest.mark.parametrize("name", OVER_TIME)
def test_the_generated_c_equals_the_reference_everywhere(made: dict[str, Any], name: str) -> None:
    rng = np.random.default_rng(5)
    q = rng.integers(-128, 128, (300, HISTORY * 2)).astype(np.int8)
    q[:64] = np.where(q[:64] < 0, -128, 127)
    device = run_device(made[name].model, q)
    assert np.array_equal(device, run_reference(made[name].model, q))
    assert len(np.unique(device)) > 5


@pytest.mark.parametrize("name", ["mahalanobis", "autoencoder"])
def test_what_is_not_as_usual_is_found(made: dict[str, Any], name: str) -> None:
    """No anomaly was learned from; false alarms are about as rare as was asked."""
    report = made[name].report
    assert report.auc is not None and report.auc > 0.9
    (normal, false), (_, found) = report.device.confusion
    assert false / (normal + false) < 0.08
    assert found > 0.6 * report.device.per_class["anomaly"]["n"]
    assert abs(report.float.accuracy - report.device.accuracy) < 0.02


def test_auc_against_its_definition() -> None:
    rng = np.random.default_rng(0)
    truth, score = rng.integers(0, 2, 60), rng.integers(0, 9, 60)
    pairs = [(a > b) + (a == b) / 2 for a in score[truth == 1] for b in score[truth == 0]]
    assert auc(truth, score) == pytest.approx(np.mean(pairs), abs=1e-6)
    assert auc(np.zeros(3, np.int64), score[:3]) is None


def test_the_interval_of_an_auc_draws_whole_groups() -> None:
    rng = np.random.default_rng(1)
    truth = np.repeat([0, 0, 0, 0, 1, 1, 1, 1], 25)
    group = np.repeat(list("abcdefgh"), 25)
    level = np.repeat([0.0, 0.2, 0.1, 3.0, 2.0, 2.2, 0.5, 4.0], 25)
    value = level + rng.normal(0, 0.01, 200)
    low, high = auc_interval(truth, value, group) or (0, 0)
    assert low < auc(truth, value) < high == 1  # type: ignore[operator]
    # Rows drawn one by one would have told of a tenth of that.
    apart = auc_interval(truth, value, np.arange(200).astype(str))
    assert apart is not None and apart[1] - apart[0] < (high - low) / 2
    assert auc_interval(truth[:125], value[:125], group[:125]) is None


def test_too_little_that_is_usual(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    few = machine()
    usual = np.flatnonzero((few.y == 0) & (few.split == "valid"))[40:]
    left = few.rows(np.setdiff1d(np.arange(len(few)), usual))
    with pytest.raises(DataError, match=r"40 validation rows are normal; at least 50"):
        train(left, watch("mahalanobis"))


def test_same_bytes_when_trained_again(made: dict[str, Any]) -> None:
    assert made["again"] == made["cnn"].model


def test_one_scale_a_feature_whatever_the_sample(made: dict[str, Any]) -> None:
    low, high = np.percentile(table().part("train").X[:, ::2], (0.5, 99.5))
    scale = made["cnn"].scaler[0]
    assert abs(scale.offset - (low + high) / 2) <= 1
    assert 127 / scale.steps_per_unit == pytest.approx((high - low) / 2 * 1.1, rel=0.01)


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_network_of_the_users_own(made: dict[str, Any], name: str) -> None:
    message, hint = made[name]
    assert name in message and "my_model.py" in message
    said = {
        "narrow": "input is [3], the app's is [8, 2]",
        "wide": "output is [3], the app has 2 classes",
        "open_end": "no class probabilities",
        "number": "returned int",
        "broken": "line 28: NameError",
        "absent": "has no function",
    }
    assert said[name] in message
    assert hint or name == "broken"


def test_a_changed_file_is_another_training(
    made: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cache knows the app's own network by its content."""
    from tinyfield.learn.train import training_key

    asked = networks(tmp_path)["keras"]
    key = training_key(table(), asked, 0, 5)
    assert key == made["keras"].key  # from another folder
    Path(asked.source).write_text("# changed")
    assert training_key(table(), asked, 0, 5) != key


def ready(folder: Path, **options: Any) -> Any:
    """A trained model that the app brings itself, with random weights."""
    path = folder / "own.tflite"
    path.write_bytes(perceptron(np.random.default_rng(2), [HISTORY * 2, 5, 2], **options))
    return network("tflite", source=str(path))


def test_a_ready_model_takes_the_inputs_in_their_own_units(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINYFIELD_CACHE", str(tmp_path / "cache"))
    asked = ready(tmp_path)
    inputs = tuple(f.model_copy(update={"scale": s}) for f, s in zip(asked.inputs, (-3, -2)))  # noqa: B905
    trained = train(table(), asked.model_copy(update={"inputs": inputs}))
    given = read(trained.model).tensors[read(trained.model).inputs[0]].q
    for scale, unit in zip(trained.scaler, (1e-3, 1e-2), strict=True):
        assert scale.steps_per_unit == pytest.approx(unit / given.scale, rel=1e-4)
        assert (scale.offset, scale.zero_point) == (0, given.zero_point)
    assert trained.report.device == trained.report.float
    assert trained.classes == CLASSES


@pytest.mark.parametrize(
    "changes, options, match",
    [
        ({"history": 3}, {}, r"16 values; the app has 3 samples of 2 inputs"),
        ({"classes": ("a", "b", "c")}, {}, "gives 2 values, the app has 3 classes"),
        ({}, {"last": None}, "does not end in a softmax"),
    ],
)
def test_a_ready_model_that_does_not_fit(
    tmp_path: Path, changes: dict[str, Any], options: dict[str, Any], match: str
) -> None:
    from tinyfield.learn.ready import take

    with pytest.raises(ModelError, match=match) as caught:
        take(ready(tmp_path, **options).model_copy(update=changes), table().X)
    assert caught.value.hint


def test_the_test_rows_reach_no_refit(made: dict[str, Any]) -> None:
    """And the same rows give the same bytes."""
    one, tested = made["refit_plain_"], made["refit_plain_test"]
    assert one.model == tested.model and one.settled == tested.settled


def test_large_weights_cost_something(made: dict[str, Any]) -> None:
    """So much that less is learned; here a refit has no rows of its own."""
    free, held = made["refit_plain_"], made["refit_held_"]
    assert held.settled and held.settled != held.model
    assert np.ptp(held.probabilities[:, 0]) < 0.75 * np.ptp(free.probabilities[:, 0])


@pytest.mark.parametrize("kind", ["plain", "mahalanobis", "autoencoder"])
def test_what_the_validation_rows_chose_is_settled_before_the_refit(
    made: dict[str, Any], kind: str
) -> None:
    """Labels that only the refit sees change what is shipped, and nothing that was settled."""
    one, learned = made[f"refit_{kind}_"], made[f"refit_{kind}_refit"]
    assert one.settled and one.settled != one.model
    assert learned.settled == one.settled and learned.model != one.model


@pytest.mark.parametrize("kind", ["plain", "mahalanobis"])
def test_what_ships_may_learn_from_all_rows(made: dict[str, Any], kind: str) -> None:
    plain = made[f"refit_{kind}_"]
    ending = "all" if kind == "plain" else f"all_{kind}"
    one, tested = made[f"refit_{ending}_"], made[f"refit_{ending}_test"]
    assert (one.model, one.settled) == (plain.model, plain.settled) and plain.shipped == b""
    assert (tested.model, tested.settled) == (plain.model, plain.settled)
    assert one.sent == one.shipped and len({one.model, one.settled, one.shipped}) == 3
    assert tested.shipped != one.shipped


def test_a_refit_goes_the_way_that_was_chosen(made: dict[str, Any]) -> None:
    """Pruned, trained as integers and shared, as the network before it was."""
    one = made["refit_qat_"]
    kept = [stage.name for stage in one.stages if stage.kept]
    assert kept[0] == "float" and kept[1:3] == ["pruned", "retrained"]
    assert "QAT" in kept and "shared" in kept
    learned = [t for t in read(one.model).tensors.values() if t.data is not None]
    large = [t for t in learned if t.dtype == "int8" and t.elements >= SHARED_LEAST]
    assert large and all(len(np.unique(t.data)) <= 8 for t in large)
    before, after = (
        sum(t.elements for t in read(file).tensors.values() if t.data is not None)
        for file in (one.settled, one.model)
    )
    assert abs(after / before - 1) < 0.1


def test_a_refits_steps_keep_the_validation_scores_that_chose(made: dict[str, Any]) -> None:
    """Other labels in rows of the refit leave them as they were; the test scores are its own."""
    one, learned = made["refit_plain_"].stages, made["refit_plain_refit"].stages
    assert [stage.valid for stage in one] == [stage.valid for stage in learned]
    said = [made[f"refit_plain_{kind}"].probabilities for kind in ("", "refit")]
    assert not np.array_equal(*said)


@pytest.mark.parametrize("name", ["mahalanobis", "autoencoder"])
def test_a_refitted_watch_keeps_to_its_false_alarms(made: dict[str, Any], name: str) -> None:
    one, test = made[f"refit_{name}_"], machine(1200).part("test")
    out = answers(one.model, test.X, one.scaler)
    said = out.argmax(axis=1)
    assert (said[test.y == 0]).mean() < 0.08 and (said[test.y == 1]).mean() > 0.4
    assert (auc(test.y.astype(np.int64), out[:, 1]) or 0) > 0.85
