"""Braces in an input: every text they stand for, and where a mistake in one is in the line."""

from __future__ import annotations

import pytest

from tinyfield.spec.braces import expand
from tinyfield.spec.mistake import Mistake


@pytest.mark.parametrize(
    ("text", "stands_for"),
    [
        ("soil.moisture last", ["soil.moisture last"]),
        ("", []),
        ("imu.a_{x,y} mean 2 s", ["imu.a_x mean 2 s", "imu.a_y mean 2 s"]),
        ("a_{x, y }b", ["a_xb", "a_yb"]),
        ("{a}", ["a"]),
        (
            "{a,b}.{c,d} e",
            ["a.c e", "a.d e", "b.c e", "b.d e"],
        ),
    ],
)
def test_as_a_shell_expands_them(text: str, stands_for: list[str]) -> None:
    found = [one.text for one in expand(text)]
    assert found == (stands_for or [""])
    for one in expand(text):
        assert "".join(text[place] for place in one.places) == one.text


@pytest.mark.parametrize(
    ("text", "at", "says"),
    [
        ("a_{x,y mean", 2, "not closed"),
        ("a_x} mean", 3, "closes nothing"),
        ("a_{x,{y}}", 5, "braces in braces"),
        ("a_{x,,y}", 5, "nothing between"),
        ("a_{}", 3, "nothing between"),
    ],
)
def test_what_is_wrong_and_where(text: str, at: int, says: str) -> None:
    with pytest.raises(Mistake, match=says) as caught:
        expand(text)
    assert caught.value.offset == at


def test_too_many_are_refused() -> None:
    tens = "{" + ",".join("abcdefghij") + "}"
    assert len(expand(tens + tens)) == 100
    with pytest.raises(Mistake, match="more than 256"):
        expand(tens * 3)


def test_a_mistake_is_shown_in_the_line_as_it_was_written() -> None:
    text = "imu.a_{x,y} {mean,sdt} 2 s"
    one = expand(text)[3]
    assert one.text == "imu.a_y sdt 2 s"
    at = one.text.index("sdt")
    moved = one.moved(Mistake("no", offset=at, width=3))
    assert (moved.offset, moved.width) == (text.index("sdt"), 3)
    whole = one.moved(Mistake("no"))
    assert whole.offset is None
