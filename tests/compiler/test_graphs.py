"""Random graphs of several operators: the bytes of LiteRT's reference kernels."""

from __future__ import annotations

import numpy as np
import pytest

from tests.compiler.batch import agree_in_one_image, programs
from tests.compiler.crowd import compare, varied
from tests.compiler.graphs import random_graph
from tests.compiler.test_emulated import need

#: Graphs in one library; ``sweep.py`` tries thousands.
TOGETHER = 30


@pytest.mark.parametrize("batch", range(6))
def test_int8_graphs(batch: int) -> None:
    check("int8", batch)


@pytest.mark.parametrize("batch", range(3))
def test_int16_graphs(batch: int) -> None:
    check("int16", batch)


def check(dtype: str, batch: int) -> None:
    seeds = range(batch * TOGETHER, (batch + 1) * TOGETHER)
    tally = compare(
        [varied(dtype, seed, random_graph(np.random.default_rng(seed), dtype)) for seed in seeds]
    )
    assert not tally.findings, "\n".join(tally.findings[:3])
    assert tally.graphs == TOGETHER and tally.bytes > 10_000


@pytest.mark.parametrize(
    ("target", "dtype", "count"),
    [
        ("cortex-m0", "int8", 6),
        ("cortex-m4", "int8", 12),
        ("cortex-m4", "int16", 6),
        ("cortex-m55", "int8", 12),
        ("cortex-m55", "int16", 4),
        ("rv32imc", "int8", 8),
        ("rv32imc", "int16", 4),
    ],
)
def test_emulated_graphs(target: str, dtype: str, count: int) -> None:
    need(target)
    models = [random_graph(np.random.default_rng(2000 + seed), dtype) for seed in range(count)]
    agree_in_one_image(models, programs(models, target), target, calls=3)


@pytest.mark.parametrize(
    ("target", "dtype", "count"),
    [("host", "int8", 4), ("host", "int16", 2), ("cortex-m4", "int8", 3)],
)
def test_sanitized_graphs(target: str, dtype: str, count: int) -> None:
    models = [random_graph(np.random.default_rng(3000 + seed), dtype) for seed in range(count)]
    agree_in_one_image(models, programs(models, target), "host")
