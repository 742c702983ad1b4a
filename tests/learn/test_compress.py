"""Networks made small: what is taken out, what the integers then are, and the gate behind it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.learn.conftest import model, table
from tinyfield.compiler import check
from tinyfield.compiler.tflite import read
from tinyfield.errors import BudgetError
from tinyfield.learn import Trained
from tinyfield.learn.cache import load_network
from tinyfield.learn.gate import check_accept
from tinyfield.learn.patch import Patch, patched
from tinyfield.learn.result import Metrics
from tinyfield.learn.runner import answers, run_device, run_reference
from tinyfield.learn.stages import Stage
from tinyfield.learn.train import judge, wish
from tinyfield.spec.app import Accept, Compress


@pytest.fixture(scope="module")
def compressed(trained: Trained, model_cache: Path) -> Path:
    """What the worker made with ``compress:`` (see twice.py)."""
    return model_cache / "compressed"


@pytest.fixture(scope="module")
def facts(compressed: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((compressed / "facts.json").read_text())
    return found


@pytest.fixture(scope="module")
def stages(compressed: Path) -> list[Stage]:
    told = json.loads((compressed / "result.json").read_text())
    return [Stage.from_json(stage) for stage in told["stages"]]


@pytest.mark.parametrize("name", ["chain", "graph"])
def test_a_pruned_network_is_the_one_with_silent_units(facts: dict[str, Any], name: str) -> None:
    found = facts[name]
    assert found["apart"] < 1e-6
    assert found["after"] == found["counted"] < found["before"]
    if name == "chain":  # no more than was asked, to four units
        assert 0.3 < found["after"] / found["before"] <= 0.5
        assert found["widths"]["c0"] % 4 == found["widths"]["c1"] % 4 == 0
    else:  # half cannot go: the GRU stays, and some units of every layer
        assert [found["widths"][layer] for layer in "abcd"] == [4, 4, 2, 2]


def test_what_nobody_reads_goes_first(facts: dict[str, Any]) -> None:
    for name in ("chain", "graph"):
        assert facts[name]["dead"] == 0 and facts[name]["dead_gone"]


def test_pruning_follows_the_graph(facts: dict[str, Any]) -> None:
    chain, graph = facts["chain"]["widths"], facts["graph"]["widths"]
    assert chain["d1"] == chain["n1"] == 2 * chain["c0"] and chain["f"] == 3 * chain["c1"] * 1
    assert graph["a"] == graph["b"] == graph["s"] and graph["k"] == graph["s"] + graph["c"]
    assert graph["q"] == 10 and graph["g"] == 5  # what the GRU reads and is stays
    assert chain["out"] == graph["out"] == 3
    assert facts["graph"]["units"] == 8 + 6 + 9  # tied units count once


def test_the_twin_is_the_file(facts: dict[str, Any]) -> None:
    """To half a step of the output's 1/256, for an unchanged file and a shared one."""
    twin = facts["twin"]
    assert twin["unsupported"] == [] and twin["other_integers"] == 0
    assert twin["other_scales"] < 1e-5
    assert twin["apart"] < 0.6 / 256 and twin["shared_apart"] < 0.6 / 256
    assert twin["layers"] == 3


def test_a_recurrent_network_is_trained_as_integers(facts: dict[str, Any]) -> None:
    """Its six steps have two layers' weights in common, and biases of their own."""
    gru = facts["gru"]
    assert gru["unsupported"] == [] and gru["layers"] == 3 and gru["biases"] > 6
    assert gru["apart"] < 3 / 256 and gru["shared_apart"] < 3 / 256
    assert gru["shared"] == 2 and len(gru["levels"]) == 2 and max(gru["levels"]) <= 6


@pytest.mark.parametrize("name", ["cnn", "cnn_2d", "ds_cnn", "tcn"])
def test_every_convolutional_network_can_be_compressed(facts: dict[str, Any], name: str) -> None:
    found = facts["networks"][name]
    assert 0.3 < found["left"] < 1 and found["layers"] >= 1
    # Averages may round the other way, once: a step of the output at most beside the half.
    assert found["apart"] < 1.6 / 256


def test_a_shared_file_has_few_weights_a_layer(facts: dict[str, Any], compressed: Path) -> None:
    file = (compressed / "shared.tflite").read_bytes()
    graph = read(file)
    shared = 0
    for op in graph.ops:
        if op.kind in ("CONV_2D", "FULLY_CONNECTED"):
            data = graph.tensors[op.inputs[1]].data
            assert data is not None
            if data.size >= 100:
                shared += 1
                assert len(np.unique(data)) <= 6
                assert (data == 0).mean() >= 0.59
    assert shared == 3
    assert check(file, calls=8).difference is None


def test_every_step_is_told(stages: list[Stage]) -> None:
    names = [stage.name for stage in stages]
    assert names[:5] == ["float", "pruned", "retrained", "pruned", "retrained"]
    assert names[9:] == ["int8", "QAT", "shared", "coded"]
    whole, broken, last, shared, coded = (stages[k] for k in (0, 7, 8, 11, 12))
    assert last.parameters <= 0.7 * whole.parameters
    assert whole.weights_bytes == 4 * whole.parameters and whole.device_bytes is None
    assert shared.weights_bytes < whole.weights_bytes * 0.3
    assert shared.device_bytes is not None and shared.device_bytes > 0
    # Retraining mends what pruning broke, and the integers are about as good as the floats.
    assert last.valid["macro_f1"] >= broken.valid["macro_f1"] - 0.01
    assert coded.device_bytes is not None and coded.device_bytes < shared.device_bytes
    assert (coded.test, coded.valid) == (shared.test, shared.valid)
    assert shared.macro_f1 > whole.macro_f1 - 0.06
    assert [s.kept for s in stages if s.name in ("int8", "QAT")].count(True) == 1


def test_the_models_weights_are_few_and_exact(compressed: Path) -> None:
    file = (compressed / "model.bin").read_bytes()
    graph = read(file)
    large = [
        t.data
        for t in graph.tensors.values()
        if t.data is not None and t.dtype == "int8" and t.elements >= 512
    ]
    assert large and all(len(np.unique(data)) <= 8 for data in large)
    assert all((data == 0).mean() >= 0.49 for data in large)
    q = np.random.default_rng(2).integers(-128, 128, (500, 5)).astype(np.int8)
    assert np.array_equal(run_device(file, q), run_reference(file, q))


def test_16x8_takes_and_gives_int8(facts: dict[str, Any], compressed: Path) -> None:
    file = (compressed / "wide.tflite").read_bytes()
    graph = read(file)
    given, got = (graph.tensors[i[0]] for i in (graph.inputs, graph.outputs))
    assert (given.dtype, given.q.scale, given.q.zero_point) == ("int8", pytest.approx(1 / 127), 0)
    assert (got.dtype, got.q.scale, got.q.zero_point) == ("int8", 1 / 256, -128)
    assert "int16" in {t.dtype for t in graph.tensors.values()}
    with np.load(compressed / "wide.npz") as kept:
        x, p = kept["x"], kept["p"]
    q = np.clip(np.rint(x * 127), -128, 127).astype(np.int8).reshape(len(x), -1)
    said = (run_device(file, q).astype(float) + 128) / 256
    # Nearer to the float network than a step of the output: values of 16 bits lose next to nothing.
    assert np.abs(said - p).max() < 1.1 / 256
    assert check(file, calls=8).difference is None


def test_the_gate_stops_a_model_made_to_lose(trained: Trained, cached: Path) -> None:
    """Weights of the last layer turned round: the file is sound, its answers are not."""
    network = load_network(trained.key)
    assert network is not None
    good = judge(table(), network)
    check_accept(model(Accept(max_drop=0.03)), good)
    graph = read(network.model)
    dense = [op for op in graph.ops if op.kind == "FULLY_CONNECTED"][-1]
    weights = graph.tensors[dense.inputs[1]]
    assert weights.data is not None
    turned = np.ascontiguousarray(weights.data[::-1])
    spoilt = replace(network, model=patched(network.model, {weights.index: Patch(turned)}))
    bad = judge(table(), spoilt)
    assert np.array_equal(
        answers(spoilt.model, table().part("test").X, spoilt.scaler).argmax(axis=1).shape, (1200,)
    )
    assert bad.float == good.float and bad.device.macro_f1 < 0.6
    with pytest.raises(BudgetError) as caught:
        check_accept(model(Accept(max_drop=0.03)), bad)
    lost = bad.float.macro_f1 - bad.device.macro_f1
    assert f"the integers lose {lost:.3f} of macro F1" in caught.value.message
    assert f"{lost - 0.03:.3f} more than max_drop 0.03" in caught.value.message


def test_the_gate_names_the_step_that_lost_most(trained: Trained, stages: list[Stage]) -> None:
    told = [
        replace(stages[0], test={"macro_f1": 0.9}),
        replace(stages[9], name="int8", test={"macro_f1": 0.89}, kept=True),
        replace(stages[10], name="QAT", test={"macro_f1": 0.2}, kept=False),
        replace(stages[11], name="shared", what="4 levels", test={"macro_f1": 0.81}),
    ]
    with pytest.raises(BudgetError) as caught:
        check_accept(model(Accept(accuracy=0.999)), replace(trained.report, stages=tuple(told)))
    assert "Most was lost by the step 'shared' (4 levels): 0.080." in str(caught.value.hint)


def test_stages_survive_json(trained: Trained) -> None:
    assert [s.name for s in trained.report.stages] == ["float", "int8"]
    again = Metrics.from_json(json.loads(json.dumps(trained.report.to_json())))
    assert again == trained.report


def test_what_is_wished_names_the_training() -> None:
    plain = wish(model())
    assert plain == wish(model(Accept(macro_f1=0.5)))
    assert plain != wish(model(Accept(max_drop=0.1)))
    asked = Compress(prune="auto", share=16, quantize="auto")
    other = wish(model().model_copy(update={"compress": asked}))
    assert other is not None and other["prune"] == "auto" and other["share"] == 16
    assert wish(model().model_copy(update={"architecture": "forest"})) is None
