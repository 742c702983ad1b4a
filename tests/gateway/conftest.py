"""What several files of the gateway's tests start."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway.bench import bench
from tests.gateway.postgres import Postgres
from tinyfield_gateway.store import Store, open_store

__all__ = ["bench", "postgres", "postgres_server", "store"]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """One PostgreSQL server for all tests of a process."""
    with tempfile.TemporaryDirectory(prefix="tinyfield-") as folder:
        server = Postgres(Path(folder))
        yield server
        server.stop()


@pytest.fixture
def postgres(postgres_server: Postgres) -> Postgres:
    """The server, up and running whatever the test before has done to it."""
    postgres_server.start()
    return postgres_server


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
