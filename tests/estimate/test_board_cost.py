"""What was measured, on a board: sizes against its memory, cycles against its clock."""

from __future__ import annotations

import pytest

from tinyfield.boards import board
from tinyfield.errors import BudgetError
from tinyfield.estimate import Measured, estimate


def measured(flash: int = 20_000, ram: int = 900, stack: int | None = 400) -> Measured:
    return Measured(
        flash=flash, ram=ram, stack=stack, count=48_000, unit="cycles", cycles=48_000
    )  # fmt: skip


def test_cycles_and_clock_give_the_latency() -> None:
    row = estimate(board("uno"), "simavr_uno", measured())
    assert row.latency_ms == 3.0  # 48,000 cycles at 16 MHz
    assert (row.flash_total, row.ram_total) == (32_256, 2048)
    assert row.measured_on == "simavr_uno"


def test_without_a_count_there_is_no_latency() -> None:
    figures = Measured(1000, 100, None, None, "instructions", None)
    assert estimate(board("native"), "native", figures).latency_ms is None


def test_ram_counts_the_stack_and_says_by_how_much() -> None:
    assert estimate(board("uno"), "simavr_uno", measured(ram=1600, stack=448)).ram == 1600
    with pytest.raises(BudgetError) as caught:
        estimate(board("uno"), "simavr_uno", measured(ram=1600, stack=449))
    assert "2,049 B" in caught.value.message and "1 B more" in caught.value.message
    assert caught.value.hint


def test_flash_says_by_how_much() -> None:
    with pytest.raises(BudgetError, match="44 B more than the board has"):
        estimate(board("uno"), "simavr_uno", measured(flash=32_300))
