"""Trees as C: the same bytes as NumPy in both forms, on every kind of processor."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.compiler.own import ensemble, rows
from tests.compiler.test_emulated import need
from tinyfield import hostcc
from tinyfield.bench import measure
from tinyfield.compiler import compile_model, run
from tinyfield.compiler.emulate import run_emulated
from tinyfield.compiler.host import run_host
from tinyfield.compiler.own import own_model
from tinyfield.compiler.scores import EXP2, margin_outputs, vote_outputs, vote_ratio
from tinyfield.compiler.trees import Ensemble, exact_threshold, outputs, sums
from tinyfield.compiler.trees.table import pack
from tinyfield.errors import ModelError
from tinyfield.paths import firmware_dir

GOLDEN = Path(__file__).parent / "golden"
FORMS = ("speed", "size")
SHAPES = (
    {"trees": 1, "depth": 3},
    {"trees": 1, "depth": 5, "dtype": "int32", "full": 252},
    {"trees": 4, "depth": 6, "dtype": "int8"},
    {"trees": 10, "depth": 5, "dtype": "uint8", "classes": 11, "inputs": 64},
    {"trees": 3, "depth": 7, "dtype": "int32", "inputs": 3, "full": 50_400},
    {"trees": 6, "depth": 4, "full": 0},
    {"trees": 5, "depth": 5, "full": 0, "classes": 2, "dtype": "int32"},
    {"trees": 2, "depth": 0},
    {"trees": 5, "depth": 4, "classes": 10},
    {"trees": 10, "depth": 3, "classes": 4, "dtype": "int8"},
    {"trees": 5, "depth": 3, "classes": 13},
    {"trees": 2, "depth": 9, "full": 252, "inputs": 2, "dtype": "int32"},
)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("number", range(len(SHAPES)))
def test_the_c_answers_as_numpy(number: int, form: str) -> None:
    for seed in range(3):
        model = ensemble(10 * number + seed, **SHAPES[number])  # type: ignore[arg-type]
        X = rows(model, 200, seed)
        program = compile_model(model.to_bytes(), optimize=form)
        got = run_host(program, {"in0": X[:, None]})["out0"][:, 0]
        assert np.array_equal(got, outputs(model, X))
        assert np.array_equal(got.argmax(axis=1), sums(model, X).argmax(axis=1))


@pytest.mark.parametrize("target", ["avr", "cortex-m4", "rv32imc"])
def test_the_same_bytes_under_emulation(target: str) -> None:
    need(target)
    for number in (1, 3, 4, 5, 8):
        model = ensemble(number, **SHAPES[number])  # type: ignore[arg-type]
        X = rows(model, 24)
        for form in FORMS:
            program = compile_model(model.to_bytes(), target=target, optimize=form)
            got = run_emulated(program, {"in0": X[:, None]}, target)["out0"][:, 0]
            assert np.array_equal(got, outputs(model, X)), (number, form)


def test_a_sanitized_build_finds_nothing() -> None:
    for number, form in ((0, "size"), (4, "speed"), (4, "size"), (5, "size"), (5, "speed")):
        model = ensemble(number, **SHAPES[number])  # type: ignore[arg-type]
        X = rows(model, 60)
        program = compile_model(model.to_bytes(), optimize=form)
        values = ", ".join(str(v) if v > -(1 << 31) else "INT32_MIN" for v in X.ravel().tolist())
        main = (
            f'#include "model.h"\nstatic const {program.inputs[0].c_type} rows[] = {{{values}}};\n'
            f"int main(void) {{\n    int8_t out[{model.classes}];\n"
            f"    for (int i = 0; i < {len(X)}; i++) {{\n"
            f"        if (model_invoke(NULL, &rows[i * {model.inputs}], out) != TINY_OK) {{\n"
            f"            return 1;\n        }}\n    }}\n    return 0;\n}}\n"
        )
        path = hostcc.compile_executable(
            [program.source, main], include=[firmware_dir() / "core"],
            headers={"model.h": program.header}, name="trees", sanitize=True,
        )  # fmt: skip
        hostcc.run_compiler([str(path)], cwd=path.parent, what="the sanitized trees")


@pytest.mark.parametrize("form", FORMS)
def test_the_c_is_as_reviewed(form: str) -> None:
    trees, depth = {"speed": (5, 2), "size": (2, 5)}[form]
    model = ensemble(7, trees=trees, depth=depth, inputs=4)
    text = compile_model(model.to_bytes(), optimize=form).source
    expected = GOLDEN / f"trees_{form}.c.txt"
    assert text == expected.read_text(encoding="utf-8"), "write it anew if the change is meant"
    assert model.dump() == (GOLDEN / f"trees_{form}.txt").read_text(encoding="utf-8")


def test_size_is_not_larger_than_speed() -> None:
    need("cortex-m4")
    model = ensemble(3, trees=8, depth=7, inputs=30)
    speed, size = (
        measure(compile_model(model.to_bytes(), target="cortex-m4", optimize=form), "cortex-m4")
        for form in FORMS
    )
    assert speed.flash and size.flash and speed.count and size.count
    assert size.flash.total < 0.7 * speed.flash.total
    assert speed.count < 0.7 * size.count
    assert speed.exact and size.exact


def test_a_model_file_survives_and_damage_is_told() -> None:
    model = ensemble(1)
    data = model.to_bytes()
    again = own_model(data)
    assert isinstance(again, Ensemble) and again.to_bytes() == data
    assert own_model(b"TFL3") is None
    for wrong in (
        data[: len(data) // 2],
        data.replace(b'"version": 1', b'"version": 9'),
        data.replace(b'"full": 204', b'"full": 205'),
        data.replace(b'"threshold"', b'"treshold"'),
        re.sub(rb'"left": \[\d+', b'"left": [99999', data),
        re.sub(rb'"roots": \[\d+', b'"roots": [-4', data),
    ):
        with pytest.raises(ModelError):
            compile_model(wrong)


def test_what_does_not_fit_is_refused() -> None:
    model = ensemble(1, dtype="int16")
    with pytest.raises(ModelError, match="beyond the int8 features"):
        replace(model, dtype="int8").verify()
    with pytest.raises(ModelError, match="do not fit 32 bits"):
        bad = ensemble(2, full=0)
        replace(bad, votes=bad.votes + (1 << 29)).verify()
    with pytest.raises(ModelError, match="features of int8"):
        replace(model, dtype="float32").verify()
    many = ensemble(3, inputs=200, depth=6, trees=6)
    with pytest.raises(ModelError, match="too large for a table"):
        pack(many)
    # ... and is compiled as branches then.
    X = rows(many, 50)
    got = run(many.to_bytes(), {"in0": X[:, None]})["out0"][:, 0]
    assert np.array_equal(got, outputs(many, X))


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.floats(-(2.0**31), 2.0**31, allow_nan=False),
        st.floats(-40, 40),
        st.integers(-(2**31), 2**31 - 1).map(lambda n: n + 0.5),
        st.sampled_from([2.0**24, 2.0**24 + 1, -(2.0**24) - 1, 2.0**30 + 64, -0.5, -1e-9, 0.0]),
    ),
    st.sampled_from([1.0, 100.0, 0.1, 2.5]),
)
def test_an_integer_threshold_decides_as_the_float_one(threshold: float, scale: float) -> None:
    try:
        whole = exact_threshold(threshold, scale)
    except ModelError:
        assert abs(threshold * scale) > 2**31 - 300
        return
    for q in (whole - 1, whole, whole + 1, whole + 2):
        assert (float(np.float32(q / scale)) <= threshold) == (q <= whole), q


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), -1e12, 3e9, 2.0**31, -(2.0**32)])
def test_thresholds_that_fit_no_integer_are_refused(wrong: float) -> None:
    with pytest.raises(ModelError) as caught:
        exact_threshold(wrong)
    assert caught.value.hint


def test_negative_fractions_are_floored_not_cut() -> None:
    assert exact_threshold(-0.5) == -1  # cut towards zero it would send 0 to the left
    assert exact_threshold(0.5) == 0
    assert exact_threshold(-3.0) == -3
    assert exact_threshold(0.005, 100) == 0
    # float32 cannot tell these integers apart: all that it rounds down go left.
    assert exact_threshold(2.0**24) == 2**24 + 1


def test_scores_have_one_winner() -> None:
    votes = np.array([[5, 5, 0], [0, 200, 199], [1, 1, 2], [0, 0, 204]])
    got = vote_outputs(votes * 10, 2040).astype(int)
    assert got.argmax(axis=1).tolist() == votes.argmax(axis=1).tolist()
    assert got[3].tolist() == [-128, -128, 127]
    close = margin_outputs(np.array([[1000, 1001], [1001, 1000], [0, -(2**30)]]), 500.0)
    assert close.argmax(axis=1).tolist() == [1, 0, 0]
    assert close[2].tolist() == [127, -128]
    for total in (1, 7, 252, 2040, 50_400, 12_345_678):
        ratio = vote_ratio(total)
        assert 200 < total * ratio.mult >> ratio.shift <= 255 or total < 200
        assert total * ratio.mult < 1 << 32


def test_the_tables_in_c_are_those_of_numpy() -> None:
    text = (firmware_dir() / "core/nn/scores.h").read_text(encoding="utf-8")
    found = re.search(r"tiny_exp2\[16\] = \{([^}]*)\}", text)
    assert found is not None
    assert tuple(map(int, found[1].split(","))) == EXP2
