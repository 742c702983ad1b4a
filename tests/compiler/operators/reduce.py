"""Operators along axes."""

from __future__ import annotations

from functools import partial

import numpy as np

from tests.compiler.models import ModelBuilder
from tests.compiler.operators.base import (
    Family,
    Random,
    any_scale,
    any_zero,
)


def mean(random: Random, *, dtype: str = "int8") -> bytes:
    """MEAN over neighbouring axes."""
    build = ModelBuilder()
    shape = (1, *(int(n) for n in random.integers(1, 9, 3)))
    zeros = [any_zero(random), any_zero(random)] if dtype == "int8" else [0, 0]
    given = build.tensor(shape, dtype, scale=any_scale(random), zero=zeros[0])
    choices = ((1, 2), (1,), (2,), (3,), (-1, -2), (1, 2, 3), (2, 1))
    axes = choices[random.integers(len(choices))]
    where = build.tensor((len(axes),), "int32", scale=None, data=np.array(axes))
    keep = bool(random.integers(2))
    marked = {axis % 4 for axis in axes}
    kept = tuple(1 if a in marked else n for a, n in enumerate(shape) if keep or a not in marked)
    out = build.tensor(kept, dtype, scale=any_scale(random), zero=zeros[1])
    build.op("MEAN", [given, where], [out], keepDims=keep)
    return build.build([given], [out])


FAMILIES: dict[str, Family] = {"MEAN": mean, "MEAN int16": partial(mean, dtype="int16")}
