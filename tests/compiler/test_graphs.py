"""Random graphs of several operators: the bytes of LiteRT's reference kernels."""

from __future__ import annotations

import numpy as np
import pytest

from tests.compiler.crowd import compare, varied
from tests.compiler.graphs import random_graph

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
