"""The same bytes on every processor: the generated C under QEMU and simavr against the host."""

from __future__ import annotations

import numpy as np
import pytest

from tests.compiler.models import perceptron
from tests.compiler.operators import FAMILIES
from tests.conftest import absent
from tinyfield.bench import measure_c
from tinyfield.compiler import compile_model, run, targets
from tinyfield.compiler.host import run_host
from tinyfield.compiler.proof import test_inputs
from tinyfield.errors import MissingToolError, ModelError, UsageError
from tinyfield.hostcc import CompileError

PERCEPTRON = perceptron(np.random.default_rng(3), [20, 16, 3])
PER_CHANNEL = perceptron(
    np.random.default_rng(4), [9, 7, 5], last="LOGISTIC", per_channel=True, activation="RELU6"
)
BLOCK = FAMILIES["block"](np.random.default_rng(0))


def need(name: str) -> None:
    missing = targets.missing_tool(targets.target(name))
    if missing is not None:
        absent(f"{missing.message}: {missing.install}")


@pytest.mark.parametrize("model", [PERCEPTRON, PER_CHANNEL, BLOCK], ids=["mlp", "axis", "block"])
@pytest.mark.parametrize("name", sorted(targets.TARGETS))
def test_the_bytes_are_the_hosts(name: str, model: bytes) -> None:
    need(name)
    given = test_inputs(compile_model(model), 12)
    np.testing.assert_array_equal(run(model, given, name)["out0"], run(model, given)["out0"])


COUNTDOWN = """void countdown(void);
void countdown(void)
{
    __asm__ volatile(".syntax unified\\nldr r0, =1000000\\n0: subs r0, r0, #1\\nbne 0b"
                     ::: "r0", "cc");
}
"""


@pytest.mark.parametrize("name", sorted(n for n in targets.TARGETS if n.startswith("cortex")))
def test_every_instruction_counts_once(name: str) -> None:
    # Each board has a clock of its own, from which the count is derived.
    need(name)
    found = measure_c([COUNTDOWN], "countdown", name).count
    assert found is not None
    assert abs(found - 2_000_001) <= 3


@pytest.mark.parametrize(
    ("name", "family"),
    [
        (name, family)
        for name in ("cortex-m4", "cortex-m55", "avr")
        for family in sorted(FAMILIES)
        # Images do not fit an ATmega328P's 2 KB.
        if (name, family) != ("avr", "rows")
    ],
)
def test_every_operator(name: str, family: str) -> None:
    need(name)
    model = FAMILIES[family](np.random.default_rng(77))
    program = compile_model(model, target=name)
    given = test_inputs(program, 3)
    expected = run_host(program, given)
    for key, array in run(model, given, name).items():
        np.testing.assert_array_equal(array, expected[key])


def test_a_model_too_large_for_the_processor_says_so() -> None:
    need("avr")
    model = perceptron(np.random.default_rng(0), [300, 200, 3])
    with pytest.raises(CompileError, match="too large"):
        run(model, test_inputs(compile_model(model), 1), "avr")


def test_an_unknown_target_is_guessed() -> None:
    with pytest.raises(UsageError, match="did you mean cortex-m4"):
        run(PERCEPTRON, {}, "cortexm4")


def test_no_cross_compiler_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(MissingToolError) as caught:
        run(PERCEPTRON, test_inputs(compile_model(PERCEPTRON), 1), "cortex-m4")
    assert caught.value.hint == "apt install gcc-arm-none-eabi libnewlib-arm-none-eabi"


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, "given: nothing"),
        ({"in1": np.zeros((1, 20), np.int8)}, "takes in0"),
        ({"in0": np.zeros((4, 20), np.float32)}, "is float32, the model takes int8"),
        ({"in0": np.zeros((4, 21), np.int8)}, r"is \[4, 21\], the model takes \[n, 1, 20\]"),
    ],
)
def test_arrays_that_do_not_fit(inputs: dict[str, np.ndarray], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        run(PERCEPTRON, inputs)


def test_no_calls_give_no_outputs() -> None:
    assert run(PERCEPTRON, {"in0": np.zeros((0, 20), np.int8)})["out0"].shape == (0, 1, 3)
