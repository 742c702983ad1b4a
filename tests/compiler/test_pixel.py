"""Convolutions that give one pixel: with Arm's DSP extension, in plain C, and without it."""

from __future__ import annotations

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from tests.compiler.models import ModelBuilder
from tests.compiler.operators.base import Random, any_scale, any_zero
from tests.compiler.test_emulated import need
from tests.compiler.test_exact import agree
from tests.compiler.test_sanitized import run_sanitized
from tinyfield.compiler import compile_model, kernels, run
from tinyfield.compiler.host import run_host
from tinyfield.compiler.kernels import dsp_pixel, pixel
from tinyfield.compiler.proof import test_inputs

KINDS = ("conv", "depthwise")


@pytest.fixture(params=[dsp_pixel, pixel], ids=["dsp", "plain"])
def _here(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The host takes these kernels too."""
    monkeypatch.setitem(kernels._CONV, "host", (request.param.conv,))


def one_pixel(random: Random, kind: str, *, plain: bool) -> bytes:
    """A layer whose kernel is as large as its input."""
    build = ModelBuilder()
    depthwise = kind == "depthwise"
    height, width = (int(n) for n in random.integers(1, 6, 2))
    out_c = 4 * int(random.integers(1, 7))
    in_c = out_c if depthwise else int(random.integers(1, 20))
    shape = (1, height, width, out_c) if depthwise else (out_c, height, width, in_c)
    products = height * width * (1 if depthwise else in_c)
    source = any_scale(random)
    weight = source * np.exp2(random.uniform(-3, 0, out_c))
    target = source * float(weight.max()) * 73 * 73 * np.sqrt(products) / random.uniform(30, 150)
    if random.random() < 0.3:
        target = 2.0 ** np.round(np.log2(target))
    given = build.tensor((1, height, width, in_c), scale=source, zero=any_zero(random))
    data = random.integers(-127, 128, shape)
    weights = build.tensor(shape, scale=weight.tolist(), axis=3 if depthwise else 0, data=data)
    reach = int(73 * 73 * np.sqrt(products))
    biases = random.integers(-reach, reach + 1, out_c)
    biases[random.random(out_c) < 0.1] = 1 << 24  # such a channel is constant
    bias = build.tensor((out_c,), "int32", scale=(source * weight).tolist(), data=biases)
    zero = any_zero(random) if plain else int(random.choice([-128, -128, -20, 60]))
    out = build.tensor((1, 1, 1, out_c), scale=float(target), zero=zero)
    activation = "NONE" if plain else str(random.choice(["RELU", "RELU6"]))
    options = {
        "padding": schema.Padding.VALID,
        "strideH": int(random.integers(1, 4)),
        "strideW": int(random.integers(1, 4)),
        "dilationHFactor": 1,
        "dilationWFactor": 1,
        "fusedActivationFunction": getattr(schema.ActivationFunctionType, activation),
    }
    if depthwise:
        options["depthMultiplier"] = 1
    build.op(
        "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D", [given, weights, bias], [out], **options
    )
    return build.build([given], [out])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.usefixtures("_here")
def test_the_bytes_are_the_references(kind: str) -> None:
    taken = 0
    for seed in range(24):
        model = one_pixel(np.random.default_rng(seed), kind, plain=seed % 2 == 0)
        taken += "pixel" in compile_model(model).source
        agree(model, seed, calls=8)
    assert taken > 20


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.usefixtures("_here")
def test_under_sanitizers(kind: str) -> None:
    for seed in range(3):
        run_sanitized(one_pixel(np.random.default_rng(100 + seed), kind, plain=seed % 2 == 0))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["cortex-m0", "cortex-m4", "rv32imc"])
def test_on_the_processor(name: str, kind: str) -> None:
    need(name)
    for seed in range(200, 205):
        model = one_pixel(np.random.default_rng(seed), kind, plain=seed % 2 == 0)
        program = compile_model(model, target=name)
        given = test_inputs(program, 4)
        expected = run_host(compile_model(model), given)["out0"]
        np.testing.assert_array_equal(run(model, given, name)["out0"], expected)
