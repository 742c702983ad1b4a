"""The kernels for Arm's DSP extension, run on this PC through their plain C, against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from tests.compiler.models import ModelBuilder, perceptron
from tests.compiler.operators import FAMILIES
from tests.compiler.operators.base import Random, any_scale, any_zero, output_size
from tests.compiler.test_emulated import need
from tests.compiler.test_exact import agree
from tests.compiler.test_sanitized import run_sanitized
from tinyfield.compiler import compile_model, kernels, run
from tinyfield.compiler.host import run_host
from tinyfield.compiler.kernels import dsp
from tinyfield.compiler.kernels.dsp_layout import Channel, Output, packed_pair, settled
from tinyfield.compiler.proof import test_inputs

KINDS = ("pointwise", "conv", "depthwise", "depthwise any")


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    """The host takes these kernels too."""
    monkeypatch.setitem(kernels._CONV, "host", (dsp.conv,))
    monkeypatch.setitem(kernels._FULLY_CONNECTED, "host", (dsp.fully_connected,))
    monkeypatch.setitem(kernels._TWINS, "host", dsp.TWINS)


def dense(random: Random, *, plain: bool = False, per_channel: bool = False) -> bytes:
    """Fully connected layers, the last perhaps without an activation."""
    widths = [int(n) for n in (random.integers(1, 50), *(4 * random.integers(1, 9, 2)))]
    activation = "NONE" if plain else "RELU"
    return perceptron(random, widths, activation=activation, last=None, per_channel=per_channel)


def convolution(random: Random, *, kind: str, plain: bool = False) -> bytes:
    """A layer that these kernels take: ``pointwise``, ``conv``, ``depthwise`` or, of any window,
    ``depthwise any``.

    Args:
        plain: no fused activation.
    """
    build = ModelBuilder()
    depthwise = kind.startswith("depthwise")
    k_h, k_w = (int(n) for n in random.integers(1, 5, 2))
    s_h, s_w = (int(n) for n in random.integers(1, 4, 2))
    in_c, out_c = int(random.integers(1, 19)), 2 * int(random.integers(1, 7))
    if kind == "pointwise":
        k_h = k_w = s_h = s_w = 1
    if kind == "depthwise any":
        k_h, in_c = 5, 4 * int(random.integers(1, 4))
        out_c = in_c
    elif depthwise:
        k_h = k_w = 3
        s_h = s_w = int(random.integers(1, 3))
        in_c = out_c = 4 * int(random.integers(1, 4))
    height, width = (k_h + int(random.integers(0, 8)), k_w + int(random.integers(0, 8)))
    padding = str(random.choice(["SAME", "VALID"]))
    shape = (1, k_h, k_w, out_c) if depthwise else (out_c, k_h, k_w, in_c)
    products = k_h * k_w * (1 if depthwise else in_c)
    source = any_scale(random)
    weight = source * np.exp2(random.uniform(-3, 0, out_c))
    data = random.integers(-127, 128, shape)
    target = source * float(weight.max()) * 73 * 73 * np.sqrt(products) / random.uniform(30, 150)
    if random.random() < 0.3:
        target = 2.0 ** np.round(np.log2(target))
    given = build.tensor((1, height, width, in_c), scale=source, zero=any_zero(random))
    weights = build.tensor(shape, scale=weight.tolist(), axis=3 if depthwise else 0, data=data)
    reach = int(73 * 73 * np.sqrt(products))
    biases = random.integers(-reach, reach + 1, out_c)
    biases[random.random(out_c) < 0.1] = 1 << 24  # such a channel is constant
    bias = build.tensor((out_c,), "int32", scale=(source * weight).tolist(), data=biases)
    out_h, out_w = (
        output_size(height, s_h, k_h, padding),
        output_size(width, s_w, k_w, padding),
    )
    relu = not plain and random.random() < 0.6
    zero = -128 if relu else any_zero(random)
    out = build.tensor((1, out_h, out_w, out_c), scale=float(target), zero=zero)
    options: dict[str, Any] = {
        "padding": getattr(schema.Padding, padding),
        "strideH": s_h,
        "strideW": s_w,
        "dilationHFactor": 1,
        "dilationWFactor": 1,
        "fusedActivationFunction": getattr(
            schema.ActivationFunctionType, "RELU" if relu else "NONE"
        ),
    }
    if depthwise:
        options["depthMultiplier"] = 1
    build.op(
        "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D", [given, weights, bias], [out], **options
    )
    return build.build([given], [out])


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("kind", KINDS)
def test_the_bytes_are_the_references(kind: str, seed: int) -> None:
    model = convolution(np.random.default_rng(seed), kind=kind)
    assert "tiny_dsp_" in compile_model(model).source
    agree(model, seed)


@pytest.mark.parametrize("family", ["ADD", "SUB", "AVERAGE_POOL_2D"])
def test_twins(family: str) -> None:
    found = 0
    for seed in range(12):
        model = FAMILIES[family](np.random.default_rng(seed))
        source = compile_model(model).source
        found += "tiny_dsp_" in source
        agree(model, seed)
    assert found > 0


def test_pool_of_eight_channels() -> None:
    build = ModelBuilder()
    given = build.tensor((1, 7, 9, 8), scale=0.1, zero=3)
    out = build.tensor((1, 4, 5, 8), scale=0.1, zero=3)
    build.op(
        "AVERAGE_POOL_2D",
        [given],
        [out],
        padding=schema.Padding.SAME,
        strideH=2,
        strideW=2,
        filterHeight=3,
        filterWidth=4,
    )
    model = build.build([given], [out])
    assert "tiny_dsp_average_pool_2d" in compile_model(model).source
    agree(model, 0)
    run_sanitized(model)


@pytest.mark.parametrize("rounding", ["litert", "tflm"])
@pytest.mark.parametrize("seed", range(8))
def test_dense_layers(seed: int, rounding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    each = seed % 4 > 1
    model = dense(np.random.default_rng(seed), plain=seed % 2 == 1, per_channel=each)
    program = compile_model(model, rounding=rounding)
    if not each or rounding == "litert":
        kernel = "tiny_dsp_fully_connected_each(" if each else "tiny_dsp_fully_connected("
        assert kernel in program.source
    given = test_inputs(program, 24, seed)
    ours = run_host(program, given)["out0"]
    monkeypatch.undo()
    portable = compile_model(model, rounding=rounding)
    assert "tiny_dsp_" not in portable.source
    np.testing.assert_array_equal(ours, run_host(portable, given)["out0"])


@pytest.mark.parametrize("kind", KINDS)
def test_under_sanitizers(kind: str) -> None:
    for seed in range(3):
        run_sanitized(convolution(np.random.default_rng(100 + seed), kind=kind))
        run_sanitized(dense(np.random.default_rng(100 + seed)))


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("kind", [*KINDS, "dense"])
def test_on_the_processor(kind: str, plain: bool) -> None:
    """The assembly against the plain C of the same kernel."""
    need("cortex-m4")
    for seed in range(200, 204):
        random = np.random.default_rng(seed)
        dense_one = kind == "dense"
        each = seed % 2 == 1
        model = (
            dense(random, per_channel=each)
            if dense_one
            else convolution(random, kind=kind, plain=plain)
        )
        rounding = "tflm" if dense_one and plain else "litert"
        program = compile_model(model, target="cortex-m4", rounding=rounding)
        assert "tiny_dsp_" in program.source
        given = test_inputs(program, 4)
        expected = run_host(compile_model(model, rounding=rounding), given)["out0"]
        ours = run(model, given, "cortex-m4", rounding=rounding)["out0"]
        np.testing.assert_array_equal(ours, expected)


def test_a_pair_is_one_sum_of_halfwords() -> None:
    random = np.random.default_rng(0)
    a, b = random.integers(-127, 128, (2, 10)).astype(np.int8)
    words = packed_pair(a, b)
    assert words is not None and len(words) == 6
    halves = np.stack([words & 0xFFFF, words >> 16], 1).astype(np.uint16).view(np.int16)
    order = [0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11]
    expected = np.pad(256 * b.astype(int) + a, (0, 2))[order]
    np.testing.assert_array_equal(halves.ravel(), expected)
    low = np.array([-1], np.int8)
    assert packed_pair(low, np.array([-128], np.int8)) is None


def test_a_constant_channel_is_settled() -> None:
    output = Output(-128, -128, 127)
    weights = np.array([1, -1], np.int8)
    channel = Channel(weights, 1 << 30, 1 << 30, -31, ((1 << 30) - 256, (1 << 30) + 256))
    other = settled(channel, output)
    assert other.sums == (0, 0) and output.of(other, 0) == output.of(channel, 1 << 30) == -128
    full = Channel(weights, 1 << 30, 1 << 30, -1, channel.sums)
    bias = settled(full, output).bias
    assert output.of(settled(full, output), bias) == 127


def network(random: Random) -> bytes:
    """A strided convolution, then depthwise and pointwise layers: long rows that make a chain."""
    build = ModelBuilder()
    source, zero = 0.02, -128
    current = given = build.tensor((1, 22, 48, 3), scale=source, zero=zero)
    shape = (22, 48, 3)
    for kind, stride, out_c in (("conv", 2, 8), ("dw", 1, 8), ("pw", 1, 12), ("dw", 2, 12)):
        height, width, in_c = (-(-shape[0] // stride), -(-shape[1] // stride), shape[2])
        size = 1 if kind == "pw" else 3
        form = (1, size, size, out_c) if kind == "dw" else (out_c, size, size, in_c)
        data = random.integers(-127, 128, form)
        products = size * size * (1 if kind == "dw" else in_c)
        target = source * 0.01 * 73 * 73 * np.sqrt(products) / 60
        weights = build.tensor(form, scale=[0.01] * out_c, axis=3 if kind == "dw" else 0, data=data)
        reach = int(73 * 73 * np.sqrt(products))
        bias = build.tensor(
            (out_c,),
            "int32",
            scale=[source * 0.01] * out_c,
            data=random.integers(-reach, reach + 1, out_c),
        )
        out = build.tensor((1, height, width, out_c), scale=float(target), zero=zero)
        options: dict[str, Any] = {
            "padding": schema.Padding.SAME,
            "strideH": stride,
            "strideW": stride,
            "dilationHFactor": 1,
            "dilationWFactor": 1,
            "fusedActivationFunction": schema.ActivationFunctionType.RELU,
        }
        if kind == "dw":
            options["depthMultiplier"] = 1
        name = "DEPTHWISE_CONV_2D" if kind == "dw" else "CONV_2D"
        build.op(name, [current, weights, bias], [out], **options)
        current, source, shape = out, float(target), (height, width, out_c)
    return build.build([given], [current])


@pytest.mark.parametrize("seed", range(2))
def test_row_by_row(seed: int) -> None:
    model = network(np.random.default_rng(seed))
    source = compile_model(model).source
    assert "row1" in source and source.count("tiny_dsp_depthwise_3x3(") == 2
    agree(model, seed, calls=4)
    run_sanitized(model, calls=2)
    need("cortex-m4")
    given = test_inputs(compile_model(model), 2)
    expected = run_host(compile_model(model), given)["out0"]
    np.testing.assert_array_equal(run(model, given, "cortex-m4")["out0"], expected)
