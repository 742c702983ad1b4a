"""This PC's own kernels, and the portable ones against LiteRT."""

from __future__ import annotations

import numpy as np
import pytest

from tests.compiler.models import reference
from tests.compiler.test_mve import layer
from tinyfield.compiler import compile_model
from tinyfield.compiler.host import run_host
from tinyfield.compiler.proof import test_inputs
from tinyfield.errors import UsageError


@pytest.mark.parametrize("optimize", ["vectors", "speed", "size"])
@pytest.mark.parametrize("kind", ["pointwise", "conv", "depthwise", "dense"])
def test_the_bytes_are_the_references(kind: str, optimize: str) -> None:
    for seed in range(2000, 2006):
        model = layer(np.random.default_rng(seed), kind)
        program = compile_model(model, optimize=optimize)
        assert ("tiny_host_" in program.source) == (optimize == "vectors")
        given = test_inputs(program, 5, seed)
        expected = reference(model, [given["in0"]])[0]
        np.testing.assert_array_equal(run_host(program, given)["out0"], expected)


def test_vectors_are_for_this_pc() -> None:
    model = layer(np.random.default_rng(0), "dense")
    with pytest.raises(UsageError, match="of no use on cortex-m4"):
        compile_model(model, target="cortex-m4", optimize="vectors")
