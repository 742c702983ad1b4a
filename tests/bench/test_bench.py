"""The bench: its figures are the same at every run, and mean what they say."""

from __future__ import annotations

import numpy as np
import pytest

from tests.compiler.models import perceptron
from tests.conftest import absent
from tinyfield import bench
from tinyfield.compiler import compile_model, targets
from tinyfield.errors import MissingToolError, UsageError

MODEL = perceptron(np.random.default_rng(3), [20, 16, 3])
NAMES = ["cortex-m4", "rv32imc", "avr"]

# A loop of a known number of iterations, and a function with a known stack.
LOOP = """
void work(void);
void work(void)
{
    for (volatile unsigned char i = 0; i < 200; i++) {
    }
}
"""
TWICE = LOOP.replace("200", "100").replace("work", "half") + (
    "void work(void);\nvoid work(void)\n{\n    half();\n    half();\n}\n"
)
DEEP = """
#include <stdint.h>
void deep(void);
void deep(void)
{
    volatile uint8_t cells[120];
    for (uint8_t i = 0; i < sizeof cells; i++) {
        cells[i] = i;
    }
}
"""
STATIC = """
#include <stdint.h>
uint8_t table[64];
const uint8_t words[100] = {1, 2, 3};
void work(void);
void work(void)
{
    for (uint8_t i = 0; i < 64; i++) {
        table[i] = (uint8_t)(table[i] + words[i]);
    }
}
"""


def need(name: str) -> None:
    missing = targets.missing_tool(targets.target(name))
    if missing is not None:
        absent(f"{missing.message}: {missing.install}")


@pytest.mark.parametrize("name", NAMES)
def test_a_models_cost(name: str) -> None:
    need(name)
    cost = bench.measure(MODEL, name, name="mlp")
    program = compile_model(MODEL, target=name)
    assert cost.exact
    assert cost.macs == 20 * 16 + 16 * 3
    assert cost.count is not None and cost.macs < cost.count < 300 * cost.macs
    assert cost.unit == ("cycles" if name == "avr" else "instructions")
    assert cost.flash is not None and cost.ram is not None
    assert program.weights_bytes <= cost.flash.data <= program.weights_bytes + 64
    assert 300 < cost.flash.code < 8000
    assert cost.ram.arena == program.arena_bytes
    assert 20 + 3 <= cost.ram.static <= 40
    assert 0 < cost.ram.stack < 400
    assert bench.measure(MODEL, name, name="mlp") == cost


def test_the_json_is_the_promised_shape() -> None:
    need("cortex-m4")
    shape = bench.measure(MODEL, "cortex-m4").as_json()
    assert list(shape) == [
        "model",
        "target",
        "count",
        "unit",
        "cycles_estimate",
        "macs",
        "flash",
        "ram",
        "exact",
    ]
    flash, ram = shape["flash"], shape["ram"]
    assert isinstance(flash, dict) and flash["total"] == flash["code"] + flash["data"]
    assert isinstance(ram, dict) and ram["total"] == ram["arena"] + ram["stack"] + ram["static"]


def test_the_host_counts_nothing_but_is_checked() -> None:
    cost = bench.measure(MODEL, "host")
    assert (cost.count, cost.flash, cost.ram, cost.exact) == (None, None, None, True)


@pytest.mark.parametrize("name", NAMES)
def test_twice_the_work_counts_twice(name: str) -> None:
    need(name)
    once = bench.measure_c([LOOP], "work", name).count
    halves = bench.measure_c([TWICE], "work", name).count
    assert once is not None and halves is not None
    assert 200 * 4 <= once < 200 * 20
    assert abs(halves - once) < 60


@pytest.mark.parametrize("name", NAMES)
def test_the_stack_is_what_was_touched(name: str) -> None:
    need(name)
    ram = bench.measure_c([DEEP], "deep", name).ram
    assert ram is not None and 120 <= ram.stack <= 160


@pytest.mark.parametrize("name", NAMES)
def test_static_data_and_constants(name: str) -> None:
    need(name)
    cost = bench.measure_c([STATIC], "work", name)
    assert cost.ram is not None and cost.flash is not None
    # AVR copies plain constants into RAM: that, too, is what they cost.
    assert cost.ram.static == (164 if name == "avr" else 64)
    assert 100 <= cost.flash.data <= 104


def test_setup_is_not_counted() -> None:
    need("rv32imc")
    source = LOOP + "void before(void);\nvoid before(void)\n{\n    work();\n    work();\n}\n"
    plain = bench.measure_c([LOOP], "work", "rv32imc").count
    assert bench.measure_c([source], "work", "rv32imc", setup="before").count == plain


def test_missing_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(MissingToolError) as caught:
        bench.measure_c([LOOP], "work", "avr")
    assert caught.value.hint == "apt install gcc-avr avr-libc"
    with pytest.raises(UsageError, match="no target 'host'"):
        bench.measure_c([LOOP], "work", "host")
