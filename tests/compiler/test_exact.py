"""The generated C against LiteRT's reference kernels: the same bytes, on random models."""

from __future__ import annotations

import numpy as np
import pytest

from tests.compiler.models import inputs_for, perceptron, reference
from tinyfield.compiler import compile_model
from tinyfield.compiler.host import run_host


def agree(model: bytes, seed: int, calls: int = 32) -> None:
    """Runs a one-input model both ways and compares every byte."""
    program = compile_model(model)
    port = program.inputs[0]
    given = inputs_for(port.shape, calls, seed, port.dtype)
    ours = run_host(program, {"in0": given})
    for number, theirs in enumerate(reference(model, [given])):
        np.testing.assert_array_equal(ours[f"out{number}"], theirs, err_msg=program.graph_dump)


@pytest.mark.parametrize("seed", range(12))
def test_random_perceptrons(seed: int) -> None:
    random = np.random.default_rng(seed)
    widths = [int(n) for n in random.integers(1, 40, random.integers(2, 5))]
    model = perceptron(
        random,
        widths,
        activation=["NONE", "RELU", "RELU6", "RELU_N1_TO_1"][seed % 4],
        last=["SOFTMAX", "LOGISTIC", None][seed % 3],
        power_of_two=seed % 5 == 0,
        per_channel=seed % 2 == 1,
        bias=seed % 4 != 3,
    )
    agree(model, seed)
