"""A PostgreSQL server of the tests' own, in a folder that goes away with it."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

from tests.gateway.processes import Process, free_port, need, wait_for


class Postgres:
    """One cluster: started, stopped, made to crash, started again.

    Args:
        folder: to fill; for root it lies where another user may enter, which tmp_path does not.
    """

    def __init__(self, folder: Path) -> None:
        self._initdb, self._server = (need(tool, "postgresql") for tool in ("initdb", "postgres"))
        self._folder, self.port = folder, free_port()
        self._as = _somebody(folder)
        self._numbers = count()
        self._process: Process | None = None
        done = subprocess.run(
            [self._initdb, f"--pgdata={folder}/data", "--username=tinyfield", "--auth=trust",
             "--encoding=UTF8", "--locale=C", "--no-sync"],
            capture_output=True, text=True, cwd=folder, **self._as,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        self.start()

    def start(self) -> None:
        """Open for connections when it returns; nothing, if it is that already."""
        if self._process is not None and self._process.child.poll() is None:
            return
        self.stop()  # what died by itself still holds its log
        # What a test kills is the server and not the machine: nothing needs to reach a real disk.
        settings = (
            "fsync=off", "listen_addresses=127.0.0.1", "unix_socket_directories=",
            "shared_buffers=16MB",
        )  # fmt: skip
        self._process = Process(
            self._folder / "log", self._server, "-D", f"{self._folder}/data", f"-p{self.port}",
            *(f"--{setting}" for setting in settings), cwd=self._folder, **self._as,
        )  # fmt: skip
        wait_for(self._answers, why="for PostgreSQL")

    def stop(self, number: int = signal.SIGINT) -> None:
        """SIGINT: as a service is stopped. SIGQUIT: at once, as in a crash."""
        if self._process is not None:
            process, self._process = self._process, None
            process.stop(number)

    @contextmanager
    def elsewhere(self) -> Iterator[None]:
        """A stopped server, up for a while at a port where nobody but the test looks for it."""
        port, self.port = self.port, free_port()
        try:
            self.start()
            yield
        finally:
            self.stop()
            self.port = port

    def database(self) -> str:
        """The address of a new database."""
        name = f"t{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def url(self, database: str = "postgres") -> str:
        """The address of a database."""
        return f"postgresql://tinyfield@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str) -> None:
        """What only the server's owner may do."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement.encode())

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.child.poll() is None, self._process.log.read_text()
        try:
            psycopg.connect(self.url()).close()
        except psycopg.OperationalError:
            return False
        return True


def _somebody(folder: Path) -> dict[str, Any]:
    """Options of a process that is not root's, for PostgreSQL refuses that; it gets the folder."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    user = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    shutil.chown(folder, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
