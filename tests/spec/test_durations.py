"""Times as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyfield.spec.durations import duration_text, parse_every, parse_seconds
from tinyfield.spec.mistake import Mistake


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("10 min", 600), ("90s", 90), ("1 h 30 min", 5400), ("1h30min", 5400), ("0.5 h", 1800),
     ("1 d", 86400), ("2 hours", 7200), ("1500 ms 0.5 s", 2)],
)  # fmt: skip
def test_times(text: str, seconds: int) -> None:
    assert parse_seconds(text) == seconds


def test_every() -> None:
    assert parse_every("every 10 min") == parse_every("10 min") == 600


@pytest.mark.parametrize(
    ("text", "cause", "cure"),
    [
        ("600", "of what", "600 min"),
        (600, "of what", "600 s"),
        ("6 m", "is no time", "6 min"),
        ("6 mV", "is no time", "10 min"),
        ("0 s", "out of range", "1 s"),
        ("-5 min", "below zero", None),
        ("0.3 s", "no whole number", None),
        ("soon", "does not begin", "10 min"),
        ("10 min later", "unknown unit", None),
    ],
)
def test_what_is_no_time(text: str | int, cause: str, cure: str | None) -> None:
    with pytest.raises(Mistake) as caught:
        parse_seconds(text)
    assert cause in caught.value.message
    assert cure is None or cure in (caught.value.hint or "")


@given(st.integers(min_value=1, max_value=300 * 86400))
def test_what_is_shown_reads_back(seconds: int) -> None:
    assert parse_seconds(duration_text(seconds)) == seconds
