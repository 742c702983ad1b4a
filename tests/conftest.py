"""Fixtures shared by every room of the tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The developers' data beside the checkout; a user's clone has none."""
    folder = ROOT.parent / "shared"
    if not (folder / "data").is_dir():
        reason = "developer data (../shared) is not beside this checkout"
        if os.environ.get("TINYFIELD_CI") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return folder
