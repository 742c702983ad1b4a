"""A mixture of Gaussians as C: the same bytes as NumPy, also where every weight is at its end."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.compiler.own import gmm
from tests.compiler.test_emulated import need
from tinyfield import hostcc
from tinyfield.compiler import compile_model
from tinyfield.compiler.emulate import run_emulated
from tinyfield.compiler.gmm import Gmm, distances, outputs
from tinyfield.compiler.gmm.model import FARTHEST, MOST
from tinyfield.compiler.host import run_host
from tinyfield.compiler.own import own_model
from tinyfield.errors import ModelError
from tinyfield.paths import firmware_dir

GOLDEN = Path(__file__).parent / "golden"
SHAPES = (
    {},
    {"components": 1, "inputs": 1},
    {"components": 12, "inputs": 4},
    {"components": 5, "inputs": 30, "full": False},
    {"components": 4, "inputs": 31, "extreme": True},
    {"components": 3, "inputs": 200, "full": False, "extreme": True},
)


def inputs(model: Gmm, n: int) -> np.ndarray:
    q = np.random.default_rng(1).integers(-128, 128, (n, model.inputs)).astype(np.int8)
    q[0], q[1] = -128, 127
    return q


@pytest.mark.parametrize("number", range(len(SHAPES)))
def test_the_c_answers_as_numpy(number: int) -> None:
    for seed in range(3):
        model = gmm(seed, **SHAPES[number])  # type: ignore[arg-type]
        q = inputs(model, 300)
        program = compile_model(model.to_bytes())
        got = run_host(program, {"in0": q[:, None]})["out0"][:, 0]
        assert np.array_equal(got, outputs(model, q))
        assert np.array_equal(got[:, 1] > got[:, 0], distances(model, q) >= model.threshold)


@pytest.mark.parametrize("target", ["avr", "cortex-m4"])
def test_the_same_bytes_under_emulation(target: str) -> None:
    need(target)
    for number in (0, 3, 4):
        model = gmm(number, **SHAPES[number])  # type: ignore[arg-type]
        q = inputs(model, 16)
        program = compile_model(model.to_bytes(), target=target)
        got = run_emulated(program, {"in0": q[:, None]}, target)["out0"][:, 0]
        assert np.array_equal(got, outputs(model, q))


def test_a_sanitized_build_finds_nothing_at_the_ends() -> None:
    model = gmm(2, **SHAPES[4])  # type: ignore[arg-type]
    program = compile_model(model.to_bytes())
    main = (
        '#include "model.h"\nint main(void) {\n'
        f"    int8_t in[{model.inputs}];\n    int8_t out[2];\n"
        "    for (int v = -128; v < 128; v++) {\n"
        "        for (unsigned i = 0; i < sizeof in; i++) {\n"
        "            in[i] = (int8_t)((i & 1u) != 0u ? v : -1 - v);\n        }\n"
        "        if (model_invoke(NULL, in, out) != TINY_OK) {\n            return 1;\n        }\n"
        "    }\n    return 0;\n}\n"
    )
    path = hostcc.compile_executable(
        [program.source, main], include=[firmware_dir() / "core"],
        headers={"model.h": program.header}, name="gmm", sanitize=True,
    )  # fmt: skip
    hostcc.run_compiler([str(path)], cwd=path.parent, what="the sanitized mixture")


def test_the_c_is_as_reviewed() -> None:
    text = compile_model(gmm(3, components=2, inputs=3).to_bytes()).source
    assert text == (GOLDEN / "gmm.c.txt").read_text(encoding="utf-8"), "write it anew if meant"


def test_a_model_file_survives_and_damage_is_told() -> None:
    model = gmm(1)
    data = model.to_bytes()
    again = own_model(data)
    assert isinstance(again, Gmm) and again.to_bytes() == data
    for wrong in (
        data[: len(data) // 2],
        data.replace(b'"version": 1', b'"version": 9'),
        data.replace(b'"shifts"', b'"shift"'),
        data.replace(b'"full": true', b'"full": false'),
        re.sub(rb'"shifts": \[\[\d+', b'"shifts": [[99', data),
        re.sub(rb'"weights": \[\[-?\d+', b'"weights": [[40000', data),
        re.sub(rb'"threshold": \d+', b'"threshold": 0', data),
        re.sub(rb'"bias": \[\[', b'"bias": [[[', data),
    ):
        with pytest.raises(ModelError):
            compile_model(wrong)


def test_sums_that_do_not_fit_are_refused() -> None:
    model = gmm(4)
    with pytest.raises(ModelError, match="does not fit its integer"):
        replace(model, bias=np.full_like(model.bias, 2**31 - 5)).verify()
    with pytest.raises(ModelError, match="does not fit its integer"):
        replace(model, offsets=np.full_like(model.offsets, FARTHEST + 1)).verify()


def test_the_limits_in_c_are_those_of_numpy() -> None:
    text = (firmware_dir() / "core/nn/gmm.h").read_text(encoding="utf-8")
    assert f"#define TINY_GMM_MOST {MOST}\n" in text
    assert f"#define TINY_GMM_FARTHEST 0x{FARTHEST:X}u\n" in text
