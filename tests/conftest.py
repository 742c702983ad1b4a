"""Fixtures shared by every room of the tests."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import HealthCheck, settings

# How fast a machine is says nothing about what is tested on it. The whole check draws the same
# examples each time; elsewhere they are new ones, so that one day they find something.
settings.register_profile(
    "tinyfield",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=os.environ.get("TINYFIELD_CI") == "1",
)
settings.load_profile("tinyfield")

ROOT = Path(__file__).resolve().parent.parent


def absent(reason: str) -> NoReturn:
    """Something of the machine's is missing: skip, but fail where the whole check is asked for."""
    if os.environ.get("TINYFIELD_CI") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The developers' data beside the checkout; a user's clone has none."""
    folder = ROOT.parent / "shared"
    if not (folder / "data").is_dir():
        absent("developer data (../shared) is not beside this checkout")
    return folder
