"""Did you mean …?"""

from __future__ import annotations

import pytest

from tinyfield.spelling import distance, listing, nearest

DRIVERS = ["bme280", "bh1750", "capacitive_soil", "hcsr04", "relay", "sht31"]


@pytest.mark.parametrize(
    ("a", "b", "edits"),
    [("", "", 0), ("abc", "abc", 0), ("abc", "acb", 1), ("abc", "ab", 1), ("kitten", "sitting", 3)],
)
def test_distance(a: str, b: str, edits: int) -> None:
    assert distance(a, b) == distance(b, a) == edits


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("bmp280", "bme280"),
        ("BME-280", "bme280"),
        ("bme", "bme280"),
        ("soil", "capacitive_soil"),
        ("capacitivesoil", "capacitive_soil"),
        ("relais", "relay"),
        ("hc_sr04", "hcsr04"),
        ("tensiometer", None),
        ("", None),
        ("x" * 1000, None),
    ],
)
def test_nearest(word: str, near: str | None) -> None:
    assert nearest(word, DRIVERS) == near


def test_listing() -> None:
    assert listing("abc", 2) == "a, b and 1 more"
