"""What several files of the gateway's tests start."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway.postgres import Postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server; tests that use it are of the xdist group "postgresql"."""
    with tempfile.TemporaryDirectory(prefix="tinyfield-") as folder:
        server = Postgres(Path(folder))
        yield server
        server.stop()
