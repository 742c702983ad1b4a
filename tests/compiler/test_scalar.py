"""The kernels for processors without DSP instructions: LiteRT's bytes, under emulation and through
their plain C under sanitizers."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pytest

from tests.compiler.batch import agree_in_one_image, programs
from tests.compiler.models import ModelBuilder, reference
from tests.compiler.test_emulated import need
from tests.compiler.test_mve import layer
from tinyfield.compiler import compile_model
from tinyfield.compiler.host import run_host
from tinyfield.compiler.kernels.scalar import WIDE, chunks, pairing, stream

#: Random layers of each kind that share one image.
LAYERS = 16


@lru_cache(maxsize=1)
def layers() -> list[bytes]:
    return [
        layer(np.random.default_rng(1000 + seed), kind)
        for kind in ("pointwise", "conv", "depthwise", "dense")
        for seed in range(LAYERS)
    ]


@pytest.mark.parametrize("target", ["rv32imc", "cortex-m3", "cortex-m0"])
def test_on_the_processor(target: str) -> None:
    need(target)
    some = layers() if target == "rv32imc" else layers()[::2]
    ours = programs(some, target)
    # A few have shapes or scales that only the portable kernels take.
    assert np.mean(["tiny_scalar_" in one.source for one in ours]) > 0.6
    agree_in_one_image(some, ours, target)


@pytest.mark.parametrize("target", ["rv32imc", "cortex-m3"])
def test_the_plain_bodies_under_sanitizers(target: str) -> None:
    some = layers()[::3]
    agree_in_one_image(some, programs(some, target), "host")


def pointwise(weights: np.ndarray) -> bytes:
    """One layer with these weights [out_c][in_c]; two pixels."""
    build = ModelBuilder()
    out_c, in_c = weights.shape
    given = build.tensor((1, 1, 2, in_c), scale=1.0)
    operands = [
        given,
        build.tensor(
            (out_c, 1, 1, in_c), scale=[1.0] * out_c, data=weights.reshape(-1, 1, 1, in_c)
        ),
        build.tensor((out_c,), "int32", scale=[1.0] * out_c, data=np.zeros(out_c)),
    ]
    out = build.tensor((1, 1, 2, out_c), scale=float(np.abs(weights).sum()))
    options: dict[str, Any] = {
        "strideH": 1,
        "strideW": 1,
        "dilationHFactor": 1,
        "dilationWFactor": 1,
    }
    build.op("CONV_2D", operands, [out], padding=1, **options)
    return build.build([given], [out])


@pytest.mark.parametrize("target", ["rv32imc", "cortex-m3"])
def test_the_farthest_sums_keep_within_their_halves(target: str) -> None:
    """Each channel's greatest and least sum, in the lower and in the upper pixel."""
    random = np.random.default_rng(5)
    weights = random.integers(-128, 128, (4, 61))
    weights[0], weights[1] = 127, -128
    least = np.where(weights > 0, -128, 127)
    most = np.where(weights > 0, 127, -128)
    pixels = np.concatenate([least, most])
    given = np.stack(
        [np.stack([a, b]) for a in pixels for b in pixels], dtype=np.int8, casting="unsafe"
    )[:, None]
    model = pointwise(weights)
    program = compile_model(model, target=target)
    assert "tiny_scalar_pointwise" in program.source
    ours = run_host(program, {"in0": given})["out0"]
    np.testing.assert_array_equal(ours, reference(model, [given[:, None]])[0].reshape(ours.shape))


def test_chunks_are_as_long_as_they_may_be() -> None:
    words = np.array([[100, 100, 55, 1, 1], [-1, 0, -128, -127, 1]], np.int8)
    assert chunks(words) == [(0, 3), (3, 5)]
    assert chunks(np.ones((1, 30), np.int8)) == [(0, 12), (12, 24), (24, 30)]
    data, counts = stream(words.reshape(2, 1, 5), WIDE.channels)
    assert counts == [2]
    assert data.tolist() == [12, 8, 100, -1, 100, 0, 55, -128, 8, 6, 1, -127, 1, 1, 0]


def test_channels_are_paired_where_their_chunks_end_together() -> None:
    random = np.random.default_rng(0)
    one, other = random.integers(-127, 128, (2, 2, 40)).astype(np.int8)
    assert pairing(np.stack([one, other, one, other])).tolist() == [0, 2, 1, 3]
    matrix = random.integers(-127, 128, (20, 2, 30)).astype(np.int8)
    order = pairing(matrix)
    assert sorted(order) == list(range(20))
    assert sum(stream(matrix[order], 2)[1]) < sum(stream(matrix, 2)[1])
