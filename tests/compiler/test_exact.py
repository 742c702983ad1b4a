"""The generated C against LiteRT's reference kernels: the same bytes, on random models."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.compiler.crowd import Case, compare
from tests.compiler.models import perceptron, reference
from tests.compiler.operators import FAMILIES
from tinyfield.compiler import compile_model
from tinyfield.compiler.host import run_host
from tinyfield.compiler.proof import test_inputs

#: Models of each operator in the ordinary run; ``tests/compiler/sweep.py`` tries more.
SEEDS = range(4)


def agree(model: bytes, seed: int, calls: int = 24, **how: str) -> None:
    """Runs a model both ways and compares every byte; ``how`` goes to the compiler."""
    program = compile_model(model, **how)
    given = test_inputs(program, calls, seed)
    for number, port in enumerate(program.inputs):
        # Where a row has 256 places, every value is there.
        if port.shape == (1, 256):
            given[f"in{number}"][0] = np.arange(256).astype(port.dtype)
    ours = run_host(program, given)
    inputs = [given[f"in{number}"] for number in range(len(program.inputs))]
    for number, theirs in enumerate(reference(model, inputs)):
        np.testing.assert_array_equal(ours[f"out{number}"], theirs, err_msg=program.graph_dump)


def random_perceptron(seed: int) -> bytes:
    random = np.random.default_rng(seed)
    widths = [int(n) for n in random.integers(1, 40, random.integers(2, 5))]
    return perceptron(
        random,
        widths,
        activation=["NONE", "RELU", "RELU6", "RELU_N1_TO_1"][seed % 4],
        last=["SOFTMAX", "LOGISTIC", None][seed % 3],
        power_of_two=seed % 5 == 0,
        per_channel=seed % 2 == 1,
        bias=seed % 4 != 3,
    )


@pytest.mark.parametrize("seed", range(12))
def test_random_perceptrons(seed: int) -> None:
    agree(random_perceptron(seed), seed)


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_random_operators(family: str) -> None:
    make = FAMILIES[family]
    tally = compare([Case(family, s, make(np.random.default_rng(s))) for s in SEEDS], calls=24)
    assert not tally.findings, "\n".join(tally.findings)
    assert tally.graphs == len(SEEDS) and tally.bytes > 0


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_small_code_and_inputs_in_the_arena(family: str) -> None:
    agree(FAMILIES[family](np.random.default_rng(5)), 5, 8, optimize="size", inputs="arena")


@pytest.mark.parametrize(
    ("file", "data"),
    [
        ("kws_ref_model", "kws"),
        ("vww_96_int8", "vww"),
        ("pretrainedResnet_quant", "ic"),
        ("ad01_int8", "ad"),
    ],
)
@pytest.mark.parametrize(("rounding", "suffix"), [("litert", "ref"), ("tflm", "tflm")])
def test_mlperf_tiny(shared: Path, file: str, data: str, rounding: str, suffix: str) -> None:
    folder = shared / "models"
    program = compile_model((folder / f"{file}.tflite").read_bytes(), rounding=rounding)
    given = np.load(folder / f"{data}_in.npy")
    golden = np.load(folder / f"{data}_out_{suffix}.npy")
    ours = run_host(program, {"in0": given.reshape(len(given), *program.inputs[0].shape)})["out0"]
    np.testing.assert_array_equal(ours.reshape(golden.shape), golden)


def test_tflite_micro_has_short_multipliers_for_16x8() -> None:
    """Its 64-bit sums all go by a multiplier of 16 bits; LiteRT's dense layers by a double."""
    model = FAMILIES["FULLY_CONNECTED int16"](np.random.default_rng(11))
    ours = [compile_model(model, rounding=rounding) for rounding in ("litert", "tflm")]
    given = test_inputs(ours[0], 24)
    exact, short = (run_host(one, given)["out0"].astype(int) for one in ours)
    # The multiplier's half unit in 2^16, times an output of up to 2^15, and the rounding's own.
    assert 0 < np.abs(exact - short).max() <= 1
