"""The reader: what it makes of good files, and that bad ones end in one clean error."""

from __future__ import annotations

import contextlib
import struct
import time

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.compiler.models import ModelBuilder, perceptron
from tests.compiler.operators import FAMILIES
from tinyfield.compiler import compile_model
from tinyfield.compiler.tflite import read
from tinyfield.errors import ModelError, TinyfieldError

SMALL = perceptron(np.random.default_rng(1), [3, 4, 2])
BLOCK = FAMILIES["block"](np.random.default_rng(0))


def test_what_is_read() -> None:
    graph = read(SMALL)
    assert [op.kind for op in graph.ops] == ["FULLY_CONNECTED", "FULLY_CONNECTED", "SOFTMAX"]
    assert [graph.tensors[index].name for index in graph.inputs] == ["input"]
    assert graph.ops[0].text("activation") == "RELU"
    assert graph.tensors[graph.outputs[0]].shape == (1, 2)


@pytest.mark.parametrize("data", [b"", b"TFL3", b"\0" * 7, b"\0" * 200, b"GIF89a" * 50])
def test_what_is_no_model(data: bytes) -> None:
    with pytest.raises(ModelError, match="not a"):
        read(data)


@settings(max_examples=300, deadline=None)
@given(st.integers(8, len(SMALL) - 1))
def test_truncated_files(length: int) -> None:
    with contextlib.suppress(ModelError):
        read(SMALL[:length])


def mutated(data: bytes, edits: list[tuple[int, int]]) -> bytes:
    changed = bytearray(data)
    for place, value in edits:
        changed[place % len(changed)] = value
    return bytes(changed)


@pytest.mark.parametrize("model", [SMALL, BLOCK], ids=["perceptron", "block"])
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(0, 255)), min_size=1, max_size=6))
def test_flipped_bytes(model: bytes, edits: list[tuple[int, int]]) -> None:
    # The whole compiler, not the reader alone: what passes the reader may still make no sense.
    with contextlib.suppress(TinyfieldError):
        compile_model(mutated(model, edits))


@pytest.mark.parametrize("model", [SMALL, BLOCK], ids=["perceptron", "block"])
@settings(max_examples=300, deadline=None)
@given(
    st.integers(0, 1 << 20),
    st.sampled_from([0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFF0, 1 << 16]),
)
@example(4, 0xFFFFFFFF)
def test_absurd_numbers(model: bytes, place: int, value: int) -> None:
    at = place % (len(model) - 4) & ~3
    if at == 4:
        at = 0
    with contextlib.suppress(TinyfieldError):
        compile_model(model[:at] + struct.pack("<I", value) + model[at + 4 :])


def test_vectors_that_share_their_content_end_soon() -> None:
    # 3,000 tensors, each with the same 3,000 dimensions: nine million numbers in 50 KB.
    builder = flatbuffers.Builder(0)
    shape = builder.CreateNumpyVector(np.ones(3000, np.int32))
    schema.TensorStart(builder)
    schema.TensorAddShape(builder, shape)
    tensor = schema.TensorEnd(builder)
    schema.SubGraphStartTensorsVector(builder, 3000)
    for _ in range(3000):
        builder.PrependUOffsetTRelative(tensor)
    tensors = builder.EndVector()
    schema.SubGraphStart(builder)
    schema.SubGraphAddTensors(builder, tensors)
    graph = schema.SubGraphEnd(builder)
    schema.ModelStartSubgraphsVector(builder, 1)
    builder.PrependUOffsetTRelative(graph)
    graphs = builder.EndVector()
    schema.ModelStart(builder)
    schema.ModelAddVersion(builder, 3)
    schema.ModelAddSubgraphs(builder, graphs)
    builder.Finish(schema.ModelEnd(builder), b"TFL3")
    start = time.process_time()
    with pytest.raises(ModelError):
        read(bytes(builder.Output()))
    assert time.process_time() - start < 2, "processor time; 0.001 s on an idle desktop"


def test_every_unsupported_node_is_listed() -> None:
    build = ModelBuilder()
    first = build.tensor((1, 4), name="in")
    middle = build.tensor((1, 4), name="sine")
    last = build.tensor((1, 4), "float32", scale=None, name="real")
    build.op("SIN", [first], [middle])
    build.op("TANH", [middle], [last])
    with pytest.raises(ModelError) as caught:
        compile_model(build.build([first], [last]))
    text = caught.value.message
    assert "node 0 SIN 'sine': TFLite itself has no int8 kernel" in text
    assert "node 1 TANH 'real': tensor 'real' is float32, not int8" in text
    assert "tf.int8" in text
    assert caught.value.hint is not None and "FULLY_CONNECTED" in caught.value.hint


def test_float_models_say_how_to_quantize() -> None:
    build = ModelBuilder()
    given_ = build.tensor((1, 3), "float32", scale=None)
    weights = build.tensor((2, 3), "float32", scale=None, data=np.ones((2, 3), np.float32))
    out = build.tensor((1, 2), "float32", scale=None)
    build.op("FULLY_CONNECTED", [given_, weights, -1], [out])
    with pytest.raises(ModelError, match="full-integer quantization"):
        compile_model(build.build([given_], [out]))
