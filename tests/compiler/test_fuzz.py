"""Damaged models end in one clean error or a program; and the harness that says so would see it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.compiler import fuzz

ROOT = Path(__file__).resolve().parents[2]


def test_damaged_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    outcomes, wrong, longest = fuzz.run(0, 1000)
    assert wrong == []
    assert sum(outcomes.values()) == 1000
    # Damage of every depth: some never pass the reader, some compile.
    assert outcomes["refused"] > 500 and outcomes["compiled"] > 50
    assert longest < 5


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("[][0]", "IndexError"),
        ("bytearray(3 << 30)", "MemoryError"),
        ("spin()", "TooSlowError"),
        ("os._exit(9)", "ended the process"),
    ],
)
def test_the_harness_sees_what_goes_wrong(
    fault: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    code = f"""
import os, sys
from tests.compiler import fuzz
fuzz.SECONDS = 1
whole = fuzz.attempt
def spin():
    while True:
        pass
fuzz.attempt = lambda number, data: {fault} if number == 3 else whole(number, data)
fuzz.main()
"""
    outcomes, wrong, _ = fuzz.run(1, 5, worker=(sys.executable, "-c", code))
    assert len(wrong) == 1 and wrong[0].startswith("case 3 ")
    assert told in wrong[0]
    assert sum(outcomes.values()) == 5


def test_cases_follow_from_their_numbers() -> None:
    models = fuzz.seeds()
    assert [fuzz.case(n, models) for n in range(20)] == [fuzz.case(n, models) for n in range(20)]
    assert len({fuzz.case(n, models)[1] for n in range(50)}) > 40
