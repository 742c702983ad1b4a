"""Fully connected layers."""

from __future__ import annotations

from functools import partial

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tests.compiler.models import ModelBuilder
from tests.compiler.operators.base import (
    Family,
    Random,
    any_activation,
    any_bias_type,
    any_scale,
    any_zero,
)


def fully_connected(random: Random, *, dtype: str = "int8") -> bytes:
    """FULLY_CONNECTED of one row or some, with one scale or many, with biases or none."""
    build = ModelBuilder()
    rows, inputs, outputs = (int(n) for n in random.integers(1, (4, 90, 20)))
    if dtype == "int16" and random.random() < 0.15:
        inputs = int(random.integers(500, 1500))  # sums that need more than 32 bits
    typical = 73 if dtype == "int8" else 18700
    source = any_scale(random)
    many = outputs if outputs > 1 and random.random() < 0.5 else 1
    weight = [any_scale(random) for _ in range(many)]
    target = source * max(weight) * 73 * typical * np.sqrt(inputs)
    target /= random.uniform(30, 150) * (typical / 73)
    if random.random() < 0.3:
        target = 2.0 ** np.round(np.log2(target))
    zeros = [any_zero(random), any_zero(random)] if dtype == "int8" else [0, 0]
    given = build.tensor((rows, inputs), dtype, scale=source, zero=zeros[0])
    data = random.integers(-127, 128, (outputs, inputs))
    operands = [given, build.tensor(data.shape, scale=weight, data=data), -1]
    options = {"fusedActivationFunction": any_activation(random)}
    if random.random() < 0.8:
        kind = any_bias_type(random, dtype)
        reach = int(73 * typical * np.sqrt(inputs))
        biases = random.integers(-reach, reach + 1, outputs)
        scales = [source * one for one in weight] * (outputs // many)
        operands[2] = build.tensor((outputs,), kind, scale=scales, data=biases)
        if dtype == "int16" and kind == "int32":
            options["quantizedBiasType"] = schema.TensorType.INT32
    out = build.tensor((rows, outputs), dtype, scale=float(target), zero=zeros[1])
    build.op("FULLY_CONNECTED", operands, [out], **options)
    return build.build([given], [out])


FAMILIES: dict[str, Family] = {
    "FULLY_CONNECTED": fully_connected,
    "FULLY_CONNECTED int16": partial(fully_connected, dtype="int16"),
}
