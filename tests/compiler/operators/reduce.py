"""Operators along axes."""

from __future__ import annotations

from functools import partial

import numpy as np

from tests.compiler.models import ModelBuilder
from tests.compiler.operators.base import Family, Random, any_scale, any_zero


def reduction(random: Random, *, kind: str) -> bytes:
    """MEAN, SUM, REDUCE_MAX or REDUCE_MIN over any axes, neighbours or not."""
    build = ModelBuilder()
    shape = tuple(int(n) for n in random.integers(1, 9, random.integers(1, 5)))
    rank = len(shape)
    marked = [axis for axis in range(rank) if random.random() < 0.6] or [rank - 1]
    axes = [int(a) - (rank if random.random() < 0.3 else 0) for a in random.permutation(marked)]
    scale, zero = any_scale(random), any_zero(random)
    given = build.tensor(shape, scale=scale, zero=zero)
    where = build.tensor((len(axes),), "int32", scale=None, data=np.array(axes))
    keep = bool(random.integers(2))
    kept = tuple(1 if a in marked else n for a, n in enumerate(shape) if keep or a not in marked)
    if kind in ("MEAN", "SUM") and random.random() < 0.8:
        scale, zero = any_scale(random), any_zero(random)
    if kind == "SUM":
        scale *= 4
    out = build.tensor(kept, scale=scale, zero=zero)
    build.op(kind, [given, where], [out], keepDims=keep)
    return build.build([given], [out])


def mean_16x8(random: Random) -> bytes:
    """MEAN of int16 over neighbouring axes."""
    build = ModelBuilder()
    shape = (1, *(int(n) for n in random.integers(1, 9, 3)))
    given = build.tensor(shape, "int16", scale=any_scale(random))
    choices = ((1, 2), (1,), (2,), (3,), (-1, -2), (1, 2, 3), (2, 1))
    axes = choices[random.integers(len(choices))]
    where = build.tensor((len(axes),), "int32", scale=None, data=np.array(axes))
    keep = bool(random.integers(2))
    marked = {axis % 4 for axis in axes}
    kept = tuple(1 if a in marked else n for a, n in enumerate(shape) if keep or a not in marked)
    out = build.tensor(kept, "int16", scale=any_scale(random))
    build.op("MEAN", [given, where], [out], keepDims=keep)
    return build.build([given], [out])


FAMILIES: dict[str, Family] = {
    **{kind: partial(reduction, kind=kind) for kind in ("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN")},
    "MEAN int16": mean_16x8,
}
