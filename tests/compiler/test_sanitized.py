"""The generated C and its kernels under AddressSanitizer and UndefinedBehaviorSanitizer."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.compiler.operators import FAMILIES
from tests.compiler.test_exact import random_perceptron
from tinyfield import hostcc
from tinyfield.compiler import compile_model, targets
from tinyfield.compiler.emulate import main_of, packed, unpacked
from tinyfield.compiler.host import ordered, run_host
from tinyfield.compiler.proof import test_inputs
from tinyfield.paths import firmware_dir

SUPPORT = Path(targets.__file__).parent / "c"


def run_sanitized(model: bytes, calls: int = 6) -> None:
    """Fails at the first finding, and where the bytes are not those of the plain build."""
    program = compile_model(model)
    given = test_inputs(program, calls)
    # An arena of its own size on the heap of the sanitizer would be better guarded still; static
    # arrays have red zones too.
    image = hostcc.compile_executable(
        [program.source, main_of(program), SUPPORT / "posix.c"],
        include=[firmware_dir() / "core", SUPPORT],
        headers={f"{program.prefix}.h": program.header},
        name="sanitized",
        sanitize=True,
    )
    done = subprocess.run(
        [image], input=packed(ordered(program, given)), capture_output=True, timeout=600
    )
    assert done.returncode == 0, done.stderr.decode()[:2000]
    expected = run_host(program, given)
    for name, array in unpacked(program, done.stdout, calls).items():
        np.testing.assert_array_equal(array, expected[name])


@pytest.mark.parametrize("seed", range(3))
def test_perceptrons(seed: int) -> None:
    run_sanitized(random_perceptron(seed))


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_operators(family: str) -> None:
    run_sanitized(FAMILIES[family](np.random.default_rng(11)))
