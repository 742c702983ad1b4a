"""Operators one by one, where the random families say too little: refusals with their cures, what
folds away, and the kernel that TFLite's reference lacks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from tests.compiler.models import ModelBuilder
from tinyfield.compiler import compile_model
from tinyfield.compiler.host import run_host
from tinyfield.errors import ModelError


def one(
    kind: str,
    shapes: list[tuple[int, ...]],
    output: tuple[int, ...],
    constants: dict[int, Any] | None = None,
    types: str = "int8",
    result: str | None = None,
    **options: Any,
) -> bytes:
    """A model of one operator; ``constants`` are operands of whole numbers by their place."""
    build = ModelBuilder()
    operands, inputs = [], []
    given = iter(shapes)
    for place in range(len(shapes) + len(constants or {})):
        if constants and place in constants:
            data = np.asarray(constants[place], np.int32)
            operands.append(build.tensor(data.shape, "int32", scale=None, data=data))
            continue
        operands.append(build.tensor(next(given), types))
        inputs.append(operands[-1])
    out = build.tensor(output, result or types)
    build.op(kind, operands, [out], **options)
    return build.build(inputs, [out])


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (one("DIV", [(4,), (4,)], (4,)), "no int8 kernel.*reciprocal"),
        (one("SQUARE", [(4,)], (4,)), "multiply the tensor with itself"),
        (one("ADD", [(4,), (4,)], (4,), types="uint8"), "TensorFlow 1's quantization"),
        (one("ADD", [(3,), (4,)], (4,)), r"operands \[3\] and \[4\] do not fit \[4\]"),
        (one("MAXIMUM", [(4,), (2, 1)], (4,)), "do not fit"),
        (one("TRANSPOSE", [(2, 3)], (3, 2), {1: [0, 0]}), r"axes \[0, 0\]"),
        (one("TRANSPOSE", [(2, 3)], (2, 3), {1: [1, 0]}), r"gives \[3, 2\], its output"),
        (one("SLICE", [(5,)], (3,), {1: [3], 2: [3]}), r"cuts 3\.\.6 along axis 0"),
        (
            one("STRIDED_SLICE", [(5,)], (3,), {1: [0], 2: [3], 3: [0]}),
            r"strides \[0\]",
        ),
        (
            one("STRIDED_SLICE", [(5,)], (5,), {1: [0, 0], 2: [0, 5], 3: [1, 1]}, ellipsisMask=1),
            "an ellipsis that stands for nothing",
        ),
        (one("SPLIT", [(5,)], (2,), {0: 0}), r"its output is \[2\]"),
        (one("SPLIT_V", [(5,)], (4,), {1: [4], 2: 0}), r"pieces of \[4\] along axis 0"),
        (one("UNPACK", [(2, 3)], (3,)), "pieces of"),
        (one("GATHER", [(5,)], (1,), {1: [5]}), "an index lies outside axis 0"),
        (one("GATHER", [(5,)], (1,), {1: [0]}, batchDims=1), "batch dimensions"),
        (one("PAD", [(5,)], (4,), {1: [[0, -1]]}), r"amounts \[0, -1\]"),
        (one("MIRROR_PAD", [(2,)], (4,), {1: [[2, 0]]}), "mirror more than there is"),
        (one("DEPTH_TO_SPACE", [(1, 1, 1, 3)], (1, 2, 2, 1), blockSize=2), "3 channels in blocks"),
        (one("SPACE_TO_DEPTH", [(1, 3, 2, 1)], (1, 1, 1, 4), blockSize=2), "3×2 in blocks"),
        (
            one("BATCH_TO_SPACE_ND", [(3, 1, 1, 1)], (1, 2, 1, 1), {1: [2, 1], 2: [[0, 0]] * 2}),
            "blocks",
        ),
        (
            one("RESIZE_BILINEAR", [(1, 2, 2, 1)], (1, 3, 3, 1), {1: [3, 4]}),
            r"resizes \[1, 2, 2, 1\] to \[3, 4\]",
        ),
        (one("SUM", [(4,)], (2,), {1: [0]}), "does not fit its axes"),
        (one("REDUCE_MAX", [(4,)], (), {1: [3]}), "axis 3 of 1 dimensions"),
        (one("ARG_MAX", [(4,)], (), {1: 0}), "gives int8, not int32"),
        (one("LOG_SOFTMAX", [(4,)], (4,)), "TFLite's gives 0.0625 and 127"),
        (one("BATCH_MATMUL", [(2, 3), (4, 5)], (2, 5)), "multiplies"),
        (one("CAST", [(4,)], (4,), types="float32", result="int8"), "only integers are cast"),
        (one("ADD", [(4,), (2,)], (4,), types="int32"), "only a single number can be"),
    ],
)
def test_refusals(model: bytes, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        compile_model(model)


def test_every_offending_node_is_told_of() -> None:
    build = ModelBuilder()
    given = build.tensor((4,))
    middle, out = build.tensor((4,), name="ratio"), build.tensor((4,), name="power")
    build.op("DIV", [given, given], [middle])
    build.op("POW", [middle, given], [out])
    with pytest.raises(ModelError) as caught:
        compile_model(build.build([given], [out]))
    assert "node 0 DIV 'ratio'" in caught.value.message
    assert "node 1 POW 'power'" in caught.value.message


def test_what_is_contiguous_is_a_view() -> None:
    """SPLIT along the first axis, SLICE of whole rows, PACK, UNPACK: no byte is moved."""
    build = ModelBuilder()
    given = build.tensor((4, 6))
    axis = build.tensor((), "int32", scale=None, data=np.array(0))
    halves = [build.tensor((2, 6)) for _ in range(2)]
    build.op("SPLIT", [axis, given], halves)
    lifted = [build.tensor((2, 6)) for _ in range(2)]
    for half, after in zip(halves, lifted, strict=True):
        build.op("ABS", [half], [after])
    packed = build.tensor((2, 2, 6))
    build.op("PACK", lifted, [packed], valuesCount=2, axis=0)
    out = build.tensor((2, 2, 6))
    build.op("NEG", [packed], [out])
    program = compile_model(build.build([given], [out]))
    assert "tiny_copy" not in program.source
    assert "tiny_move" not in program.source


def test_moves_of_constants_are_done_at_once() -> None:
    build = ModelBuilder()
    data = np.arange(-12, 12).reshape(2, 3, 4)
    constant = build.tensor((2, 3, 4), data=data)
    order = build.tensor((3,), "int32", scale=None, data=np.array([2, 0, 1]))
    turned = build.tensor((4, 2, 3))
    build.op("TRANSPOSE", [constant, order], [turned])
    given, out = build.tensor((4, 2, 3)), build.tensor((4, 2, 3))
    build.op("MAXIMUM", [given, turned], [out])
    program = compile_model(build.build([given], [out]))
    assert "TRANSPOSE" not in program.graph_dump
    x = np.zeros((1, 4, 2, 3), np.int8)
    expected = np.maximum(x[0], data.transpose(2, 0, 1))
    np.testing.assert_array_equal(run_host(program, {"in0": x})["out0"][0], expected)


@pytest.mark.parametrize("seed", range(4))
def test_elu_is_the_table_of_the_optimized_kernels(seed: int) -> None:
    """BUILTIN_REF has no ELU; TFLite's only 8-bit kernel is a table as well."""
    random = np.random.default_rng(seed)
    build = ModelBuilder()
    scales, zeros = 2.0 ** random.uniform(-8, 0, 2), random.integers(-128, 128, 2)
    given = build.tensor((1, 256), scale=float(scales[0]), zero=int(zeros[0]))
    out = build.tensor((1, 256), scale=float(scales[1]), zero=int(zeros[1]))
    build.op("ELU", [given], [out])
    model = build.build([given], [out])
    x = np.arange(-128, 128, dtype=np.int8).reshape(1, 256)
    interpreter = Interpreter(
        model_content=model,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    interpreter.allocate_tensors()
    interpreter.set_tensor(given, x)
    interpreter.invoke()
    ours = run_host(compile_model(model), {"in0": x[None]})["out0"][0]
    np.testing.assert_array_equal(ours, interpreter.get_tensor(out))


def test_sum_follows_the_reference_or_tflite_micro() -> None:
    """LiteRT's reference takes int8 for uint8 in SUM; TFLite Micro does not."""
    model = one("SUM", [(4,)], (1,), {1: [0]}, keepDims=True)
    x = np.array([[1, -2, 3, 4]], np.int8)
    ours = run_host(compile_model(model), {"in0": x})["out0"]
    micro = run_host(compile_model(model, rounding="tflm"), {"in0": x})["out0"]
    assert ours.reshape(()).astype(np.uint8) == 255
    assert micro.reshape(()) == 6
