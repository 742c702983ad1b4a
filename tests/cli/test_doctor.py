"""What ``doctor`` makes of versions."""

from __future__ import annotations

import pytest

from tinyfield import doctor


@pytest.mark.parametrize(
    ("version", "since", "shown"),
    [
        ("7.2.22", (6, 2), "7.2.22"),
        ("6.1.1", (6, 2), None),
        ("12.2.rel1-1", (11,), "12.2.rel1-1"),
        ("10.3.1", (11,), None),
        (None, (11,), None),
        ("present", (), "present"),
    ],
)
def test_a_tool_too_old_is_absent(
    version: str | None, since: tuple[int, ...], shown: str | None
) -> None:
    assert doctor._not_before(version, since) == shown
