"""An app to make data for, and small numbers of seasons so that the tests stay quick."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinyfield.data import loading
from tinyfield.spec import App, load_app


@pytest.fixture(scope="session")
def app(root: Path) -> App:
    return load_app(root / "apps" / "irrigation.yaml")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Few and short generated seasons, an empty cache, no data in the environment."""
    monkeypatch.setattr(loading, "GENERATED", {"train": 7, "valid": 1, "test": 1})
    monkeypatch.setattr(loading, "DAYS", 60)
    monkeypatch.setenv("TINYFIELD_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("TINYFIELD_DATA", raising=False)
    return tmp_path
