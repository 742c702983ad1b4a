"""Operators that move bytes."""

from __future__ import annotations

import numpy as np

from tests.compiler.models import ModelBuilder
from tests.compiler.operators.base import (
    Family,
    Random,
    any_scale,
    any_zero,
)


def pad(random: Random) -> bytes:
    """PAD in one to four dimensions."""
    build = ModelBuilder()
    rank = int(random.integers(1, 5))
    shape = tuple(int(n) for n in random.integers(1, 5, rank))
    scale, zero = any_scale(random), any_zero(random)
    given = build.tensor(shape, scale=scale, zero=zero)
    amounts = random.integers(0, 3, (rank, 2))
    where = build.tensor((rank, 2), "int32", scale=None, data=amounts)
    padded = tuple(int(n) for n in np.array(shape) + amounts.sum(axis=1))
    out = build.tensor(padded, scale=scale, zero=zero)
    build.op("PAD", [given, where], [out])
    return build.build([given], [out])


def concatenation(random: Random) -> bytes:
    """CONCATENATION of two or three inputs, one perhaps a constant."""
    build = ModelBuilder()
    rank = int(random.integers(1, 5))
    shape = [int(n) for n in random.integers(1, 5, rank)]
    axis = int(random.integers(-rank, rank))
    scale, zero = any_scale(random), any_zero(random)
    inputs, operands, length = [], [], 0
    for number in range(int(random.integers(2, 4))):
        shape[axis] = int(random.integers(1, 4))
        length += shape[axis]
        data = random.integers(-128, 128, shape) if number == 1 and random.random() < 0.5 else None
        operands.append(build.tensor(tuple(shape), scale=scale, zero=zero, data=data))
        if data is None:
            inputs.append(operands[-1])
    shape[axis] = length
    out = build.tensor(tuple(shape), scale=scale, zero=zero)
    build.op("CONCATENATION", operands, [out], axis=axis)
    return build.build(inputs, [out])


FAMILIES: dict[str, Family] = {"PAD": pad, "CONCATENATION": concatenation}
