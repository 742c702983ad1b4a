"""What a converter writes around a model: shape arithmetic, dilation by way of the batch."""

from __future__ import annotations

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from tests.compiler.models import ModelBuilder
from tests.compiler.operators.converted import conv1d
from tinyfield.compiler import compile_model
from tinyfield.compiler.graph import Graph
from tinyfield.compiler.passes import prepare
from tinyfield.compiler.passes.dilations import dilations
from tinyfield.compiler.passes.shapes import shapes
from tinyfield.compiler.tflite import read
from tinyfield.errors import ModelError


def kinds(graph: Graph) -> list[str]:
    return [op.kind for op in graph.ops]


def test_shape_arithmetic_leaves_nothing() -> None:
    graph = shapes(read(conv1d(np.random.default_rng(0))))
    assert not {"SHAPE", "STRIDED_SLICE", "PACK"} & set(kinds(graph))
    flat = graph.ops[-2]
    assert flat.kind == "RESHAPE"
    assert graph.input(flat, 1).data is not None
    assert not any(graph.output(op).open for op in graph.ops if op.kind != "FULLY_CONNECTED")


def test_an_open_batch_becomes_what_the_operands_say() -> None:
    before = read(conv1d(np.random.default_rng(0)))
    after = shapes(before)
    place = kinds(before).index("SPACE_TO_BATCH_ND")
    batches = before.ops[place].outputs[0]
    blocks = int(np.asarray(before.input(before.ops[place], 1).data)[0])
    assert before.tensors[batches].shape[0] == 1
    assert after.tensors[batches].shape[0] == blocks


@pytest.mark.parametrize("seed", range(6))
def test_dilation_by_way_of_the_batch_becomes_dilation(seed: int) -> None:
    graph = prepare(read(conv1d(np.random.default_rng(seed))))
    assert not {"SPACE_TO_BATCH_ND", "BATCH_TO_SPACE_ND"} & set(kinds(graph))
    convs = [op for op in graph.ops if op.kind == "CONV_2D"]
    assert [op.integer("dilation_w") > 1 for op in convs] == [False, True]


def chain(crop: int, *, exposed: bool = False) -> bytes:
    """Seven places in blocks of two, one of padding, a kernel of two."""
    build = ModelBuilder()

    def numbers(*values: int) -> int:
        data = np.array(values).reshape((-1, 2) if len(values) > 1 else (1,))
        return build.tensor(data.shape, "int32", scale=None, data=data)

    x = build.tensor((1, 7, 1, 3))
    wide = build.tensor((2, 4, 1, 3))
    sizes = build.tensor((2,), "int32", scale=None, data=np.array([2, 1]))
    build.op("SPACE_TO_BATCH_ND", [x, sizes, numbers(0, 1, 0, 0)], [wide])
    weights = build.tensor((2, 2, 1, 3), data=np.ones((2, 2, 1, 3)))
    bias = build.tensor((2,), "int32", scale=0.0025, data=np.zeros(2))
    summed = build.tensor((2, 3, 1, 2), scale=0.1)
    options = {"strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1}
    build.op("CONV_2D", [wide, weights, bias], [summed], padding=schema.Padding.VALID, **options)
    out = build.tensor((1, 6 - crop, 1, 2), scale=0.1)
    build.op("BATCH_TO_SPACE_ND", [summed, sizes, numbers(0, crop, 0, 0)], [out])
    return build.build([x], [out, summed] if exposed else [out])


def test_cropping_is_less_padding() -> None:
    graph = dilations(read(chain(1)))
    assert kinds(graph) == ["RESHAPE", "CONV_2D", "RESHAPE"]
    graph = dilations(read(chain(0)))
    assert kinds(graph) == ["RESHAPE", "PAD", "CONV_2D", "RESHAPE"]
    assert np.asarray(graph.input(graph.ops[1], 1).data).tolist()[1] == [0, 1]


@pytest.mark.parametrize("model", [chain(2), chain(1, exposed=True)], ids=["crop", "seen between"])
def test_what_is_no_dilation_stays_and_is_refused(model: bytes) -> None:
    assert "SPACE_TO_BATCH_ND" in kinds(dilations(read(model)))
    with pytest.raises(ModelError, match="a batch of 2"):
        compile_model(model)
