"""Channels that never change go, and no byte of the output changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from tests.compiler.models import ModelBuilder
from tests.compiler.operators.base import Random
from tests.compiler.test_exact import agree
from tinyfield.compiler import check, compile_model
from tinyfield.compiler.passes import prepare, prune, run_passes
from tinyfield.compiler.tflite import read


def network(random: Random, *, zero: int = -128) -> bytes:
    """conv, depthwise, conv, depthwise, conv, pool, dense: of most channels half are constant.

    Args:
        zero: the zero point of the images between.
    """
    build = ModelBuilder()
    source = 0.02
    current = given = build.tensor((1, 6, 6, 3), scale=source, zero=zero)
    in_c = 3
    last = str(random.choice(["pw", "conv"]))
    for kind, out_c in (("conv", 12), ("dw", 12), ("pw", 16), ("dw", 16), (last, 9)):
        depthwise = kind == "dw"
        size = 1 if kind == "pw" else 3
        form = (1, size, size, out_c) if depthwise else (out_c, size, size, in_c)
        data = random.integers(-127, 128, form)
        products = size * size * (1 if depthwise else in_c)
        reach = int(73 * 73 * np.sqrt(products))
        bias = random.integers(-reach, reach + 1, out_c)
        fate = random.integers(0, 6, out_c)
        bias[fate == 0] = -(1 << 24)  # never opens
        bias[fate == 1] = 1 << 24  # always at the top
        moved = data if depthwise else np.moveaxis(data, 0, -1)
        moved[..., fate == 2] = 0  # what the bias says
        scale = 0.01 * np.where(fate == 3, 1e-7, 1.0)  # as pruned channels come from training
        target = source * 0.01 * 73 * 73 * np.sqrt(products) / 60
        weights = build.tensor(form, scale=scale.tolist(), axis=3 if depthwise else 0, data=data)
        biases = build.tensor((out_c,), "int32", scale=(source * scale).tolist(), data=bias)
        out = build.tensor((1, 6, 6, out_c), scale=float(target), zero=zero)
        options: dict[str, Any] = {
            "padding": schema.Padding.SAME,
            "strideH": 1,
            "strideW": 1,
            "dilationHFactor": 1,
            "dilationWFactor": 1,
            "fusedActivationFunction": schema.ActivationFunctionType.RELU
            if random.random() < 0.7
            else schema.ActivationFunctionType.NONE,
        }
        if depthwise:
            options["depthMultiplier"] = 1
        name = "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D"
        build.op(name, [current, weights, biases], [out], **options)
        current, source, in_c = out, float(target), out_c
    pooled = build.tensor((1, 1, 1, in_c), scale=source, zero=zero)
    build.op(
        "AVERAGE_POOL_2D",
        [current],
        [pooled],
        padding=schema.Padding.VALID,
        strideH=6,
        strideW=6,
        filterHeight=6,
        filterWidth=6,
    )
    flat = build.tensor((1, in_c), scale=source, zero=zero)
    shape = build.tensor((2,), "int32", scale=None, data=np.array([1, in_c]))
    build.op("RESHAPE", [pooled, shape], [flat])
    data = random.integers(-127, 128, (5, in_c))
    weights = build.tensor(data.shape, scale=0.01, data=data)
    out = build.tensor((1, 5), scale=source / 4, zero=3)
    build.op("FULLY_CONNECTED", [flat, weights, -1], [out])
    return build.build([given], [out])


@pytest.mark.parametrize("zero", [-128, -20])
@pytest.mark.parametrize("seed", range(8))
def test_the_bytes_stay(seed: int, zero: int) -> None:
    agree(network(np.random.default_rng(seed), zero=zero), seed)


def test_channels_go() -> None:
    model = network(np.random.default_rng(3))
    before = run_passes(prepare(read(model)))
    after = prune(before)
    channels = [
        (before.output(one).shape[-1], after.output(other).shape[-1])
        for one, other in zip(before.ops, after.ops, strict=True)
    ]
    assert all(less <= all_of_them for all_of_them, less in channels)
    assert any(less < all_of_them for all_of_them, less in channels)
    for op, (_, less) in zip(after.ops[:5], channels, strict=False):
        assert less == 9 or less % 4 == 0
        assert after.output(op).shape[-1] == np.asarray(after.input(op, 2).data).size
    assert prune(after).dump() == after.dump()  # nothing is left to do


def test_a_check_still_sees_every_node() -> None:
    model = network(np.random.default_rng(3))
    assert check(model, calls=4).difference is None
    whole = compile_model(model, expose_all=True)
    assert compile_model(model).weights_bytes < whole.weights_bytes


def test_an_output_keeps_its_channels() -> None:
    build = ModelBuilder()
    given = build.tensor((1, 4, 4, 4), scale=0.02, zero=-128)
    weights = build.tensor((8, 1, 1, 4), scale=0.01, data=np.zeros((8, 1, 1, 4)))
    bias = build.tensor((8,), "int32", scale=0.0002, data=np.arange(8) * 999)
    out = build.tensor((1, 4, 4, 8), scale=0.1, zero=-128)
    options = {"strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1}
    build.op("CONV_2D", [given, weights, bias], [out], **options)
    agree(build.build([given], [out]), 0)
