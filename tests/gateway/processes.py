"""The real programs, each in a process of its own, and ways to wait for them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PATIENCE_S = 300.0
"""How long a slow machine may take over anything: only what never comes reaches it."""

_reserved: list[socket.socket] = []


def wait_for(
    what: Callable[[], Any], seconds: float = PATIENCE_S, *, why: str | Callable[[], str] = ""
) -> Any:
    """Wait until ``what`` is true, and return it; ``why`` may be asked for when it is in vain."""
    until = time.monotonic() + seconds
    while True:
        last = time.monotonic() > until
        if found := what():
            return found
        if last:
            raise AssertionError(f"waited {seconds} s in vain {why() if callable(why) else why}")
        time.sleep(0.05)


def free_port() -> int:
    """A port for a server that comes, goes and comes again; nobody listens there before.

    A socket that is bound to it and never listens keeps it from whoever asks the system for any
    port, as long as this process lives; a server that names it gets it all the same, for both
    allow the address to be used again.
    """
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", 0))
    _reserved.append(sock)
    return int(sock.getsockname()[1])


def need(tool: str, package: str | None = None) -> str:
    """The path of a program; skips, or fails where the whole check is asked for."""
    # Debian keeps those that nobody calls by hand elsewhere.
    servers = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: float(p.parent.name))
    places = [os.environ.get("PATH", os.defpath), "/usr/sbin", *map(str, reversed(servers))]
    found = shutil.which(tool, path=os.pathsep.join(places))
    if found is None:
        reason = f"{tool} is not installed: apt install {package or tool}"
        if os.environ.get("TINYFIELD_CI") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


class Process:
    """A child whose stderr goes to a file."""

    def __init__(self, log: Path, *command: str, **options: Any) -> None:
        self.log = log
        self._errors = log.open("ab")
        self.child = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=self._errors, **options
        )

    def kill(self) -> None:
        """As a power cut does."""
        self.child.kill()
        self._end()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to end, and return its exit code."""
        if self.child.poll() is None:
            self.child.send_signal(number)
        try:
            self.child.wait(PATIENCE_S)
        finally:
            self.child.kill()
            self._end()
        return self.child.returncode

    def _end(self) -> None:
        self.child.wait(PATIENCE_S)
        self._errors.close()
        assert self.child.stdout is not None
        self.child.stdout.close()


class Mosquitto(Process):
    """A real broker."""

    def __init__(self, folder: Path, port: int | None = None) -> None:
        self.port = port or free_port()
        config = folder / "mosquitto.conf"
        config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence false\n"
        )
        super().__init__(folder / "mosquitto.log", need("mosquitto"), "-c", str(config))
        try:
            wait_for(self._listens, why=self.log.read_text)
        except BaseException:
            self.kill()
            raise

    @property
    def url(self) -> str:
        """Its address."""
        return f"mqtt://127.0.0.1:{self.port}"

    def _listens(self) -> bool:
        assert self.child.poll() is None, self.log.read_text()
        with socket.socket() as sock:
            return sock.connect_ex(("127.0.0.1", self.port)) == 0


class Gateway(Process):
    """``tinyfield-gateway run``."""

    def __init__(
        self, folder: Path, *args: str, broker: str | None = None, prefix: tuple[str, ...] = ()
    ) -> None:
        at = [f"--broker={broker}"] if broker else ["--embedded", "--broker=mqtt://127.0.0.1:0"]
        super().__init__(
            folder / "gateway.log", *prefix, sys.executable, "-m", "tinyfield_gateway.cli", "run",
            "--json", *at, f"--store=sqlite:///{folder}/gateway.db", "--http=127.0.0.1:0", *args,
        )  # fmt: skip
        assert self.child.stdout is not None
        try:
            line = self.child.stdout.readline()
            assert line, self.log.read_text()
            where = json.loads(line)
        except BaseException:
            self.kill()
            raise
        self.page, self.broker = where["page"], where["broker"]

    def get(self, path: str) -> Any:
        """JSON from the API, whatever the status."""
        try:
            with urllib.request.urlopen(self.page + path, timeout=PATIENCE_S) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            return json.load(error)

    def metrics(self) -> str:
        """What Prometheus would read."""
        with urllib.request.urlopen(f"{self.page}/metrics", timeout=PATIENCE_S) as answer:
            text: str = answer.read().decode()
        return text

    def healthy(self) -> bool:
        """Messages are being taken and kept."""
        return bool(self.get("/healthz")["ok"])

    def trouble(self) -> str:
        """What is said of the store once it is found to be away; nothing, while it is not."""
        store = self.get("/healthz")["store"]
        return "" if store["ok"] or store["text"] == "starting" else str(store["text"])


class BridgeProcess(Process):
    """``tinyfield-gateway bridge``."""

    def __init__(self, folder: Path, port: str, broker: str, *args: str) -> None:
        super().__init__(
            folder / "bridge.log", sys.executable, "-m", "tinyfield_gateway.cli", "bridge",
            f"--port={port}", f"--broker={broker}", *args,
        )  # fmt: skip
