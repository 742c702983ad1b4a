"""The bench: its figures are the same at every run, and mean what they say."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.compiler.models import perceptron
from tests.compiler.operators import FAMILIES
from tests.conftest import absent
from tinyfield import bench
from tinyfield.bench.canary import canaries
from tinyfield.compiler import compile_model, targets
from tinyfield.compiler.proof import test_inputs
from tinyfield.errors import MissingToolError, UsageError

BLOCK = FAMILIES["block"](np.random.default_rng(0))
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
        "canaries",
    ]
    flash, ram = shape["flash"], shape["ram"]
    assert isinstance(flash, dict) and flash["total"] == flash["code"] + flash["data"]
    assert isinstance(ram, dict) and ram["total"] == ram["arena"] + ram["stack"] + ram["static"]


@pytest.mark.parametrize("name", [*NAMES, "cortex-m0", "cortex-m55"])
def test_the_layers_add_up_to_the_whole(name: str) -> None:
    need(name)
    model = BLOCK if name != "avr" else MODEL
    cost = bench.measure(model, name, layers=True)
    assert cost.layers is not None and cost.count is not None
    compiled = compile_model(model, target=name)
    assert [layer.step for layer in cost.layers] == [-1, *range(len(compiled.plan.calls))]
    assert sum(layer.macs for layer in cost.layers) == cost.macs
    # Around the marks, the C compiler allots its registers a little differently; in models of
    # some size that is hundredths of a percent.
    total = sum(layer.count for layer in cost.layers)
    assert total == pytest.approx(cost.count, rel=0.03, abs=60)
    assert all(layer.count >= layer.bound / 2 for layer in cost.layers)
    again = bench.measure(model, name, layers=True)
    assert again == cost
    shown = cost.as_json()["layers"]
    assert isinstance(shown, list)
    assert set(shown[1]) == {"step", "label", "kernel", "count", "macs", "per_mac", "bound"}


def test_equal_layers_cost_the_same_to_the_instruction() -> None:
    # Where a tick is 40 instructions: inferences at each of its phases make the mean exact.
    need("cortex-m4")
    cost = bench.measure(perceptron(np.random.default_rng(3), [16] * 6), "cortex-m4", layers=True)
    assert cost.layers is not None
    dense = [one for one in cost.layers if "FULLY_CONNECTED" in one.label]
    assert len(dense) == 5
    # Data-dependent branches (saturation) and the loading of arguments leave a few.
    counts = [one.count for one in dense]
    assert max(counts) - min(counts) < 40
    for other in [one.bound for one in dense]:
        assert other == 16 * 16 // 2


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("family", ["MLP", "block"])
def test_the_arena_is_used_to_its_last_byte_and_not_beyond(family: str, name: str) -> None:
    need(name)
    model = MODEL if family == "MLP" else BLOCK
    cost = bench.measure(model, name)
    program = compile_model(model, target=name)
    assert cost.canaries == bench.Canaries(program.plan.arena_bytes, True)


@pytest.mark.parametrize(
    "damage",
    [
        "arena[MODEL_ARENA_BYTES] = 1;",
        "arena[-1] = 1;",
        "out0[MODEL_OUT0_BYTES] = 1;",
        "((int8_t *)in0)[3] ^= 1;",
    ],
)
def test_what_is_written_beside_the_plan_is_seen(damage: str) -> None:
    need("rv32imc")
    program = compile_model(MODEL, target="rv32imc")
    given = test_inputs(program, 2)
    source = program.source.replace("    return TINY_OK;", f"    {damage}\n    return TINY_OK;")
    assert source != program.source
    broken = dataclasses.replace(program, source=source)
    assert not canaries(broken, given, targets.target("rv32imc")).intact


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
