"""What the commands print for people."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from tinyfield import tables
from tinyfield.errors import BudgetError
from tinyfield.learn import Cost
from tinyfield.learn.gate import check_budget
from tinyfield.spec import load_app


def test_a_time_within_a_minute_shows_its_seconds() -> None:
    assert tables.clock(2 * 86400 + 3600 + 120) == "day   2 01:02   "
    assert tables.clock(135) == "day   0 00:02:15"


def test_a_short_run_is_told_in_minutes() -> None:
    with io.StringIO() as text:
        tables.season({"samples": 360, "days": 0.00417, "seconds": 1.7}, Console(file=text))
        tables.season({"samples": 144, "days": 119.99, "seconds": 12.5}, Console(file=text))
        assert text.getvalue() == (
            "samples 360, 6 min, took 1.7 s\nsamples 144, days 119.99, took 12.5 s\n"
        )


def test_this_pc_is_no_board_to_count_bytes_for() -> None:
    assert "no budget holds here" in tables._cost(Cost("host", 0, 4))
    assert tables._cost(Cost("avr", 3158, 164)).startswith("3,158 B of flash")


def test_a_budget_holds_on_boards_alone(root: Path) -> None:
    model = load_app(root / "apps/machine_monitor.yaml").models["state"]
    check_budget(model, Cost("host", 10**6, 10**6))
    with pytest.raises(BudgetError, match="on cortex-m4: flash 1,000,000 B is 975,424 B over"):
        check_budget(model, Cost("cortex-m4", 10**6, 80))
