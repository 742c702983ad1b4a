"""Each pass by itself, and one whole compilation against its recorded dumps."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from tests.compiler.models import ModelBuilder
from tests.compiler.operators import FAMILIES
from tests.compiler.operators.networks import mixed_kernels
from tests.compiler.test_exact import agree
from tinyfield.compiler import check, compile_model
from tinyfield.compiler.graph import Graph, Op, Tensor
from tinyfield.compiler.passes import (
    absorb_zero_point,
    clamps,
    drop_dead,
    fuse_activation,
    padding,
    prepare,
    run_passes,
    views,
)
from tinyfield.compiler.tflite import read
from tinyfield.errors import ModelError

GOLDEN = Path(__file__).parent / "golden"


def test_the_recorded_compilation() -> None:
    model = FAMILIES["block"](np.random.default_rng(0))
    program = compile_model(model)
    dump = f"{read(model).dump()}\n{program.graph_dump}\n{program.plan_dump}"
    path = GOLDEN / "block.txt"
    if os.environ.get("TINYFIELD_UPDATE") == "1":
        path.write_text(dump, encoding="utf-8")
    assert dump == path.read_text(encoding="utf-8"), "TINYFIELD_UPDATE=1 records it anew"


def chain(kind: str, *, same_scale: bool = True, twice: bool = False) -> Graph:
    """A fully-connected layer, then ``kind``; with ``twice`` its output is also an output."""
    build = ModelBuilder()
    given = build.tensor((1, 3), zero=4)
    weights = build.tensor((2, 3), data=np.array([[1, 2, 3], [-4, 5, -6]]))
    bias = build.tensor((2,), "int32", data=np.array([10, 20]))
    middle = build.tensor((1, 2), scale=0.1, zero=-3, name="middle")
    last = build.tensor((1, 2), scale=0.1 if same_scale else 0.2, zero=-3)
    build.op("FULLY_CONNECTED", [given, weights, bias], [middle])
    build.op(kind, [middle], [last])
    return read(build.build([given], [middle, last] if twice else [last]))


def test_activations_become_clamps() -> None:
    graph = clamps(chain("RELU"))
    assert (graph.ops[0].attributes["low"], graph.ops[0].attributes["high"]) == (-128, 127)
    assert "activation" not in graph.ops[0].attributes


def test_a_lone_activation_is_fused() -> None:
    graph = fuse_activation(clamps(chain("RELU6")))
    graph.verify()
    assert [op.kind for op in graph.ops] == ["FULLY_CONNECTED"]
    assert (graph.ops[0].attributes["low"], graph.ops[0].attributes["high"]) == (-3, 57)


@pytest.mark.parametrize(("same_scale", "twice"), [(False, False), (True, True)])
def test_an_activation_that_must_stay_stays(same_scale: bool, twice: bool) -> None:
    graph = fuse_activation(clamps(chain("RELU", same_scale=same_scale, twice=twice)))
    assert [op.kind for op in graph.ops] == ["FULLY_CONNECTED", "RELU"]


def test_the_zero_point_moves_into_the_bias() -> None:
    graph = absorb_zero_point(clamps(chain("RELU")))
    graph.verify()
    bias = graph.input(graph.ops[0], 2).data
    np.testing.assert_array_equal(bias, [10 - 4 * 6, 20 - 4 * -5])


def test_a_bias_beyond_32_bits_is_refused() -> None:
    build = ModelBuilder()
    given = build.tensor((1, 1), zero=-128)
    weights = build.tensor((1, 1), data=np.array([[127]]))
    bias = build.tensor((1,), "int32", data=np.array([2**31 - 1]))
    out = build.tensor((1, 1))
    build.op("FULLY_CONNECTED", [given, weights, bias], [out])
    with pytest.raises(ModelError, match="exceeds 32 bits"):
        compile_model(build.build([given], [out]))


def test_reshapes_become_views_and_their_arithmetic_dies() -> None:
    build = ModelBuilder()
    given = build.tensor((1, 2, 3))
    shape = build.tensor((2,), "int32", scale=None)
    middle = build.tensor((1, 6))
    out = build.tensor((6, 1))
    last = build.tensor((6, 1))
    build.op("SHAPE", [given], [shape])
    build.op("RESHAPE", [given, shape], [middle])
    build.op("RESHAPE", [middle, shape], [out])
    build.op("RELU", [out], [last])
    graph = drop_dead(views(read(build.build([given], [last]))))
    graph.verify()
    assert [op.kind for op in graph.ops] == ["VIEW", "RELU"]
    assert graph.ops[0].inputs == (given,)


def test_same_padding_becomes_counts() -> None:
    model = FAMILIES["block"](np.random.default_rng(0))
    conv = padding(read(model)).ops[0]
    assert (conv.attributes["pad_top"], conv.attributes["pad_left"]) == (1, 1)
    assert "padding" not in conv.attributes


def padded_convolution(amounts: list[list[int]]) -> bytes:
    build = ModelBuilder()
    given = build.tensor((1, 5, 6, 2), zero=7)
    shape = tuple(n + sum(a) for n, a in zip((1, 5, 6, 2), amounts, strict=True))
    where = build.tensor((4, 2), "int32", scale=None, data=np.array(amounts))
    middle = build.tensor(shape, zero=7)
    random = np.random.default_rng(5)
    data = random.integers(-127, 128, (3, 3, 3, shape[3]))
    weights = build.tensor(data.shape, scale=0.02, data=data)
    bias = build.tensor((3,), "int32", scale=0.001, data=np.array([1000, -2000, 0]))
    out = build.tensor((1, (shape[1] - 1) // 2, (shape[2] - 1) // 2, 3), scale=0.6, zero=-9)
    build.op("PAD", [given, where], [middle])
    build.op(
        "CONV_2D",
        [middle, weights, bias],
        [out],
        padding=schema.Padding.VALID,
        strideH=2,
        strideW=2,
        dilationHFactor=1,
        dilationWFactor=1,
    )
    return build.build([given], [out])


@pytest.mark.parametrize(
    ("amounts", "kinds"),
    [
        ([[0, 0], [1, 1], [0, 1], [0, 0]], ["CONV_2D"]),
        ([[0, 0], [2, 0], [1, 2], [0, 0]], ["CONV_2D"]),
        ([[0, 0], [1, 1], [1, 1], [0, 1]], ["PAD", "CONV_2D"]),
    ],
)
def test_a_pad_before_a_convolution(amounts: list[list[int]], kinds: list[str]) -> None:
    model = padded_convolution(amounts)
    graph = drop_dead(padding(clamps(read(model))))
    assert [op.kind for op in graph.ops] == kinds
    assert check(model).exact


def test_depthwise_layers_side_by_side_become_one() -> None:
    model = mixed_kernels(np.random.default_rng(2))
    before, after = prepare(read(model)), run_passes(prepare(read(model)))
    assert sum(op.kind == "DEPTHWISE_CONV_2D" for op in before.ops) > 1
    assert [op.kind for op in after.ops] == ["DEPTHWISE_CONV_2D"]
    assert check(model).exact


def test_operators_run_late_where_less_waits() -> None:
    random = np.random.default_rng(3)
    build = ModelBuilder()
    given = build.tensor((1, 8), scale=0.02, name="input")
    products = []
    for _ in range(6):
        weights = build.tensor((8, 8), scale=0.01, data=random.integers(-127, 128, (8, 8)))
        products.append(build.tensor((1, 8), scale=0.02))
        build.op("FULLY_CONNECTED", [given, weights, -1], [products[-1]])
    total = products[0]
    for product in products[1:]:
        both = build.tensor((1, 8), scale=0.04)
        build.op("ADD", [total, product], [both])
        total = both
    model = build.build([given], [total])
    kinds = [op.kind for op in run_passes(prepare(read(model))).ops]
    assert kinds == ["FULLY_CONNECTED", *["FULLY_CONNECTED", "ADD"] * 5]
    assert compile_model(model).arena_bytes <= 16
    assert check(model).exact


@pytest.mark.parametrize("kept", [False, True])
def test_tables_after_one_another_become_one(kept: bool) -> None:
    build = ModelBuilder()
    given = build.tensor((1, 256), scale=0.05, zero=3, name="input")
    leaky = build.tensor((1, 256), scale=0.04, zero=-9)
    build.op("LEAKY_RELU", [given], [leaky], alpha=0.3)
    share = build.tensor((1, 256), scale=1 / 256, zero=-128)
    build.op("LOGISTIC", [leaky], [share])
    out = build.tensor((1, 256), "uint8", scale=1 / 256, zero=0)
    build.op("QUANTIZE", [share], [out])
    model = build.build([given], [out, share] if kept else [out])
    kinds = [op.kind for op in run_passes(prepare(read(model))).ops]
    assert kinds == (["TABLE", "QUANTIZE"] if kept else ["TABLE"])
    agree(model, 0)


def test_what_waits_for_more_stays() -> None:
    # The large map is read early and late; its short cut would have to keep it alive.
    build = ModelBuilder()
    given = build.tensor((1, 4), scale=0.02, name="input")
    wide = build.tensor((1, 64), scale=0.02)
    weights = build.tensor((64, 4), scale=0.01, data=np.ones((64, 4)))
    build.op("FULLY_CONNECTED", [given, weights, -1], [wide])
    narrow = []
    for _ in range(2):
        weights = build.tensor((8, 64), scale=0.01, data=np.ones((8, 64)))
        narrow.append(build.tensor((1, 8), scale=0.02))
        build.op("FULLY_CONNECTED", [wide, weights, -1], [narrow[-1]])
    other = build.tensor((1, 8), scale=0.02)
    build.op("TANH", [narrow[1]], [other])
    out = build.tensor((1, 8), scale=0.02)
    build.op("ADD", [narrow[0], other], [out])
    before = prepare(read(build.build([given], [out])))
    assert [op.node for op in run_passes(before).ops] == [0, 1, 2, 3, 4]


def tensors(*names: str) -> dict[int, Tensor]:
    return {n: Tensor(n, name, (1,), "int8") for n, name in enumerate(names)}


@pytest.mark.parametrize(
    ("ops", "outputs", "message"),
    [
        ([Op("X", (1,), (2,))], (2,), "before anything has written it"),
        ([Op("X", (0,), (0,))], (0,), "already has a value"),
        ([Op("X", (0,), (1,)), Op("Y", (0,), (1,))], (1,), "already has a value"),
        ([Op("X", (0,), (9,))], (1,), "names tensor 9"),
        ([Op("X", (0,), (1,))], (2,), "computed by no operator"),
        ([Op("X", (2,), (1,)), Op("Y", (1,), (2,))], (2,), "before anything has written it"),
    ],
)
def test_the_verifier_refuses(ops: list[Op], outputs: tuple[int, ...], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        Graph(tensors("a", "b", "c"), ops, (0,), outputs).verify()


def test_check_names_the_first_node_that_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    from tinyfield.compiler import rounding

    model = FAMILIES["block"](np.random.default_rng(0))
    assert check(model).exact
    right = rounding.quantize_multiplier

    def wrong(real: float) -> tuple[int, int]:
        mult, shift = right(real)
        return mult - (mult >> 6), shift

    # The pooling's multiplier, and so all after it, is off by a sixty-fourth.
    monkeypatch.setattr("tinyfield.compiler.ops.reduce.quantize_multiplier", wrong)
    result = check(model)
    assert result.difference is not None
    assert "MEAN" in result.difference.node


def series(width: int, kernel: tuple[int, int]) -> bytes:
    """Two convolutions and a pooling along the height."""
    random = np.random.default_rng(1)
    build = ModelBuilder()
    given = newest = build.tensor((1, 20, width, 3), scale=0.1, zero=5)
    height = 20
    for _ in range(2):
        data = random.integers(-127, 128, (3, *kernel, 3))
        weights = build.tensor(data.shape, scale=[0.01] * 3, data=data)
        bias = build.tensor((3,), "int32", scale=[0.001] * 3, data=random.integers(-99, 99, 3))
        height = (height - kernel[0]) // 2 + 1
        out = build.tensor((1, height, width, 3), scale=0.5, zero=-9)
        build.op(
            "CONV_2D", [newest, weights, bias], [out], padding=schema.Padding.VALID, strideH=2,
            strideW=1, dilationHFactor=1, dilationWFactor=1,
        )  # fmt: skip
        newest = out
    pooled = build.tensor((1, height - 1, width, 3), scale=0.5, zero=-9)
    build.op(
        "MAX_POOL_2D", [newest], [pooled], padding=schema.Padding.VALID, strideH=1, strideW=1,
        filterHeight=2, filterWidth=1,
    )  # fmt: skip
    return build.build([given], [pooled])


def test_series_are_laid_along_the_width() -> None:
    model = series(1, (3, 1))
    graph = run_passes(prepare(read(model)))
    convolution = next(op for op in graph.ops if op.kind == "CONV_2D")
    assert graph.input(convolution, 0).shape == (1, 1, 20, 3)
    assert (convolution.integer("stride_h"), convolution.integer("stride_w")) == (1, 2)
    # Between two such layers nothing turns back.
    assert [op.kind for op in graph.ops if op.kind != "VIEW"] == [
        "CONV_2D", "CONV_2D", "MAX_POOL_2D",
    ]  # fmt: skip
    assert len([op for op in graph.ops if op.kind == "VIEW"]) == 2
    agree(model, 1, 8)


@pytest.mark.parametrize("model", [series(2, (3, 1)), series(4, (3, 1))])
def test_wider_images_stay_as_they_are(model: bytes) -> None:
    graph = run_passes(prepare(read(model)))
    assert not [op for op in graph.ops if op.kind == "VIEW"]
