"""Coded weights: the codes themselves, and models whose bytes stay the reference's."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.compiler.models import ModelBuilder
from tests.compiler.test_emulated import need
from tests.compiler.test_exact import agree
from tinyfield.compiler import compile_model
from tinyfield.compiler.calls import Rom, Stripes
from tinyfield.compiler.coding import packed
from tinyfield.compiler.coding.huffman import LONGEST, Code, fixed, huffman
from tinyfield.compiler.emulate import run_emulated
from tinyfield.compiler.host import run_host
from tinyfield.compiler.proof import test_inputs
from tinyfield.errors import UsageError


def decode(code: Code, stream: np.ndarray, count: int) -> list[int]:
    """Bit by bit, by the code's own list."""
    bits = "".join(f"{byte:08b}" for byte in stream)
    words = {f"{value:0{length}b}": symbol for symbol, (value, length) in code.codes().items()}
    found, word = [], ""
    for bit in bits:
        word += bit
        if word in words and len(found) < count:
            found.append(words[word])
            word = ""
    return found


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(-128, 127), min_size=1, max_size=300))
def test_what_is_encoded_can_be_decoded(values: list[int]) -> None:
    array = np.array(values, np.int8)
    for code in (huffman(array), fixed(array)):
        assert decode(code, code.encode(array), len(values)) == values
        assert code.longest <= LONGEST
        assert sum(2.0**-length for length in code.lengths) <= 1


@given(st.lists(st.integers(1, 10**6), min_size=2, max_size=40))
def test_no_prefix_code_is_shorter(counts: list[int]) -> None:
    values = np.arange(len(counts), dtype=np.int8)
    code = huffman(np.repeat(values, np.array(counts) % 97 + 1))
    counts = [n % 97 + 1 for n in counts]
    bits = {symbol: length for symbol, (_, length) in code.codes().items()}
    ours = sum(counts[symbol] * length for symbol, length in bits.items())
    # Huffman's own algorithm, without a bound: its cost is the sum of all merged weights.
    heap, cost = sorted(counts), 0
    while len(heap) > 1:
        merged = heap[0] + heap[1]
        cost += merged
        heap = sorted([merged, *heap[2:]])
    assert ours == cost


def test_a_code_may_not_be_longer_than_the_decoder_looks() -> None:
    fibonacci = [1, 1]
    while len(fibonacci) < 22:
        fibonacci.append(fibonacci[-1] + fibonacci[-2])
    values = np.repeat(np.arange(22, dtype=np.int8), fibonacci)
    code = huffman(values)
    assert code.longest == LONGEST
    assert decode(code, code.encode(values[:500]), 500) == values[:500].tolist()


def test_weights_among_other_numbers_are_found() -> None:
    weights = np.array([[-3, 2, 5, -1], [2, 2, -3, 0]], np.int8)
    halves = 256 * weights[:, 1::2].astype(np.int16) + weights[:, ::2]
    carried = np.ascontiguousarray(halves).astype("<i2").view(np.int8)
    rows = np.concatenate([np.full((2, 3), 9, np.int8), carried, np.full((2, 2), 7, np.int8)], 1)
    one = packed(Rom("weights", rows, stripes=Stripes(3, 4, 2, carried=True)), "huffman")
    assert one is not None
    assert decode(one.code, one.codes, 8) == weights.ravel().tolist()
    assert one.plain.tolist() == [9, 9, 9, 7, 7] * 2


def network(levels: int, seed: int = 0) -> bytes:
    """Convolution, depthwise, pointwise and dense layers of few different weights."""
    random = np.random.default_rng(seed)
    values = np.unique(np.concatenate([[0], random.integers(-127, 128, levels - 1)]))
    shares = random.dirichlet(np.full(len(values), 0.5))
    build = ModelBuilder()

    def constant(shape: tuple[int, ...], axis: int) -> int:
        data = random.choice(values, shape, p=shares)
        return build.tensor(shape, scale=[0.02] * shape[axis], axis=axis, data=data)

    def bias(count: int) -> int:
        data = random.integers(-900, 900, count)
        return build.tensor((count,), "int32", scale=[0.002] * count, data=data)

    given = newest = build.tensor((1, 9, 8, 4), scale=0.1, zero=3)
    plan = [("CONV_2D", 3, 16), ("DEPTHWISE_CONV_2D", 3, 16), ("CONV_2D", 1, 32)]
    for kind, size, channels in plan:
        before = 4 if newest == given else 16
        depthwise = kind == "DEPTHWISE_CONV_2D"
        shape = (1, size, size, channels) if depthwise else (channels, size, size, before)
        out = build.tensor((1, 9, 8, channels), scale=0.4, zero=-20)
        more = {"depthMultiplier": 1} if depthwise else {}
        build.op(
            kind, [newest, constant(shape, 3 if depthwise else 0), bias(channels)], [out],
            padding=schema.Padding.SAME, strideH=1, strideW=1, dilationHFactor=1,
            dilationWFactor=1, **more,
        )  # fmt: skip
        newest = out
    flat = build.tensor((1, 9 * 8 * 32), scale=0.4, zero=-20)
    shape = build.tensor((2,), "int32", scale=None, data=np.array([1, 9 * 8 * 32]))
    build.op("RESHAPE", [newest, shape], [flat])
    data = random.choice(values, (8, 9 * 8 * 32), p=shares)
    weights = build.tensor(data.shape, scale=0.02, data=data)
    out = build.tensor((1, 8), scale=3.0, zero=1)
    build.op("FULLY_CONNECTED", [flat, weights, -1], [out])
    return build.build([given], [out])


MODES = list(itertools.product(["huffman", "fixed"], ["layer", "once", "row"]))


@pytest.mark.parametrize(("coding", "unpack"), MODES)
def test_coded_models_are_exact(coding: str, unpack: str) -> None:
    for levels in (2, 16):
        agree(network(levels), 1, 6, coding=coding, unpack=unpack)
        agree(network(levels), 1, 6, coding=coding, unpack=unpack, optimize="size")


@pytest.mark.parametrize(
    ("name", "unpack"),
    [
        (name, unpack)
        for name in ("cortex-m4", "cortex-m55", "cortex-m0", "rv32imc")
        for unpack in ("layer", "once", "row")
    ],
)
def test_coded_models_on_processors(name: str, unpack: str) -> None:
    need(name)
    model = network(8, 3)
    program = compile_model(model, target=name, coding="auto", unpack=unpack)
    plain = compile_model(model, target=name)
    assert program.weights_bytes < plain.weights_bytes / 2
    given = test_inputs(program, 3)
    expected = run_host(compile_model(model), given)
    for key, array in run_emulated(program, given, name).items():
        np.testing.assert_array_equal(array, expected[key])


def test_an_avr_unpacks_row_by_row() -> None:
    need("avr")
    random = np.random.default_rng(4)
    build = ModelBuilder()
    given = build.tensor((1, 40), scale=0.1, zero=3)
    weights = build.tensor((24, 40), scale=0.02, data=random.choice([-90, 0, 0, 0, 60], (24, 40)))
    out = build.tensor((1, 24), scale=0.5, zero=1)
    build.op("FULLY_CONNECTED", [given, weights, -1], [out])
    model = build.build([given], [out])
    program = compile_model(model, target="avr", coding="auto")
    assert program.weights_bytes < compile_model(model, target="avr").weights_bytes / 2
    inputs = test_inputs(program, 3)
    found = run_emulated(program, inputs, "avr")["out0"]
    np.testing.assert_array_equal(found, run_host(compile_model(model), inputs)["out0"])


def test_auto_leaves_alone_what_does_not_pay() -> None:
    random = np.random.default_rng(4)
    build = ModelBuilder()
    given = build.tensor((1, 40), scale=0.1, zero=3)
    weights = build.tensor((24, 40), scale=0.02, data=random.integers(-127, 128, (24, 40)))
    out = build.tensor((1, 24), scale=0.5, zero=1)
    build.op("FULLY_CONNECTED", [given, weights, -1], [out])
    model = build.build([given], [out])
    assert compile_model(model, coding="auto").source == compile_model(model).source


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"coding": "zip"}, "there is no coding 'zip'"),
        ({"coding": "auto", "unpack": "never"}, "cannot unpack by 'never'"),
        ({"coding": "auto", "unpack": "layer", "target": "avr"}, "reads weights from flash only"),
    ],
)
def test_what_cannot_be_asked_for(how: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        compile_model(network(4), **how)
