"""Chains: rings hold what is asked for, whatever the windows; and such models stay exact."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.compiler.operators import FAMILIES
from tests.compiler.test_exact import agree
from tinyfield.compiler import compile_model
from tinyfield.compiler.calls import Buffer, Call, First, Ring, Rows, Window, overlap_rows
from tinyfield.compiler.chains import Chain, chainable, make_chain


def layer(source: int, target: int, window: Window) -> Call:
    arguments = (
        Buffer(source),
        Buffer(target, write=True),
        First(),
        Rows("rows", window.out_rows),
        Ring("in_ring", window.in_rows),
    )
    return Call("conv", "", arguments, f"layer {target}", windows={source: window})


def total(one: int, other: int, target: int, rows: int) -> Call:
    arguments = (
        Buffer(one), Buffer(other), Buffer(target, write=True), Rows("count", rows, 10),
    )  # fmt: skip
    same = Window(rows, 10, rows, 10)
    return Call(
        "add", "", arguments, "sum", in_place=(one, other), windows={one: same, other: same}
    )


@st.composite
def networks(draw: st.DrawFn) -> list[Call]:
    """Layers of any window one after another, some of them with a sum that skips the layer."""
    rows = draw(st.integers(1, 24))
    calls: list[Call] = []
    newest = 0
    for _ in range(draw(st.integers(2, 5))):
        seen = draw(st.integers(1, min(5, rows)))
        before = draw(st.integers(0, seen - 1))
        stride = draw(st.integers(1, 3))
        after = draw(st.integers(0, seen - 1))
        out = (rows + before + after - seen) // stride + 1
        window = Window(rows, 10, out, 10, stride, before, seen)
        calls.append(layer(newest, newest + 1, window))
        if out == rows and draw(st.booleans()):
            calls.append(total(newest + 1, newest, newest + 2, rows))
            newest += 1
        newest += 1
        rows = out
    return calls


class Rings:
    """Runs a chain with buffers that hold row numbers; every row that is read is checked."""

    def __init__(self, calls: list[Call], chain: Chain) -> None:
        self.calls, self.chain = calls, chain
        self.made = {call.writes()[0]: number for number, call in enumerate(calls)}
        self.next = [0] * len(calls)
        self.held: dict[int, dict[int, int]] = {tensor: {} for tensor in self.made}
        self.heights = [next(iter(call.windows.values())).out_rows for call in calls]

    def turn(self, number: int) -> None:
        call, first = self.calls[number], self.next[number]
        end = min(first + self.chain.rows, self.heights[number])
        for child in self.chain.children[number]:
            window = call.windows[self.calls[child].writes()[0]]
            while self.next[child] < window.end(first + self.chain.rows - 1):
                self.turn(child)
        for tensor, window in call.windows.items():
            for row in range(window.first(first), window.end(end - 1)):
                if tensor in self.made:
                    ring = self.chain.rings[tensor]
                    assert self.held[tensor].get(row % ring) == row, f"row {row} of {tensor}"
                else:
                    self.untouched(tensor, window, row, own=number == len(self.calls) - 1)
        target = call.writes()[0]
        ring = self.chain.rings.get(target, self.heights[number])
        assert first % ring + (end - first) <= ring, "the rows of a turn wrap around"
        for row in range(first, end):
            self.held[target][row % ring] = row
        self.next[number] = end

    def untouched(self, tensor: int, window: Window, row: int, *, own: bool) -> None:
        """An input of the chain may lie under the output, as far up as ``overlap`` says."""
        last = self.calls[-1]
        size = next(iter(last.windows.values())).out_bytes
        written = self.next[-1] * size  # bytes of the output that are there by now
        start = row * window.in_bytes + self.chain.overlap[tensor]
        assert written <= start or (own and tensor in last.in_place and written <= start + size)


@settings(max_examples=400, deadline=None)
@given(networks(), st.sampled_from([1, 2, 3, 4, 8]))
def test_a_ring_holds_what_is_asked_for(calls: list[Call], rows: int) -> None:
    assert all(chainable(call) for call in calls)
    chain = make_chain(calls, {calls[-1].writes()[0]}, rows)
    if chain is None:
        return
    run = Rings(calls, chain)
    while run.next[-1] < run.heights[-1]:
        run.turn(len(calls) - 1)
    heights = {call.writes()[0]: run.heights[number] for number, call in enumerate(calls)}
    assert all(held <= heights[tensor] for tensor, held in chain.rings.items())


def test_two_layers_of_three_rows_hold_three() -> None:
    window = Window(20, 10, 20, 10, 1, 1, 3)
    chain = make_chain([layer(0, 1, window), layer(1, 2, window)], {2})
    assert chain is not None
    assert chain.rings == {1: 3}
    # Output row y is written when rows up to y + 2 of the input have been read, y + 1 on wanted.
    assert chain.overlap == {0: 0}
    assert overlap_rows(window) == 20


def test_what_others_read_is_not_chained() -> None:
    window = Window(20, 10, 20, 10, 1, 1, 3)
    assert make_chain([layer(0, 1, window), layer(1, 2, window)], {1, 2}) is None


@pytest.mark.parametrize("seed", range(12))
def test_models_that_run_row_by_row(seed: int) -> None:
    model = FAMILIES["rows"](np.random.default_rng(seed))
    agree(model, seed, 6)
    agree(model, seed, 6, optimize="size", inputs="arena")


def test_such_models_are_chained() -> None:
    found = set()
    for seed in range(12):
        program = compile_model(FAMILIES["rows"](np.random.default_rng(seed)))
        found |= {step.chain.rows for step in program.plan.steps if step.chain is not None}
    assert {1, 4} <= found
