"""What several files of the gateway's tests start."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway.bench import bench
from tests.gateway.postgres import Postgres
from tinyfield_gateway.store import Store, open_store

__all__ = ["bench", "postgres", "store"]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server; tests that use it are of the xdist group "postgresql"."""
    with tempfile.TemporaryDirectory(prefix="tinyfield-") as folder:
        server = Postgres(Path(folder))
        yield server
        server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """The same tests for both databases."""
    if request.param == "sqlite":
        url = str(tmp_path / "gateway.db")
    else:
        url = request.getfixturevalue("postgres").database()
    kept = open_store(url)
    yield kept
    kept.close()
