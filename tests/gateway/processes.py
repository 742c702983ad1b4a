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


def wait_for(what: Callable[[], Any], seconds: float = 40, *, why: str = "") -> Any:
    """Wait until ``what`` is true, and return it."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = what()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"waited {seconds} s in vain {why}")


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
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
            self.child.wait(15)
        finally:
            self.child.kill()
            self._end()
        return self.child.returncode

    def _end(self) -> None:
        self.child.wait(5)
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
        wait_for(self._listens, why="for mosquitto")

    @property
    def url(self) -> str:
        """Its address."""
        return f"mqtt://127.0.0.1:{self.port}"

    def _listens(self) -> bool:
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
        line = self.child.stdout.readline()
        assert line, self.log.read_text()
        where = json.loads(line)
        self.page, self.broker = where["page"], where["broker"]

    def get(self, path: str) -> Any:
        """JSON from the API, whatever the status."""
        try:
            with urllib.request.urlopen(self.page + path, timeout=5) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            return json.load(error)

    def metrics(self) -> str:
        """What Prometheus would read."""
        with urllib.request.urlopen(f"{self.page}/metrics", timeout=5) as answer:
            text: str = answer.read().decode()
        return text

    def healthy(self) -> bool:
        """Messages are being taken and kept."""
        return bool(self.get("/healthz")["ok"])


class BridgeProcess(Process):
    """``tinyfield-gateway bridge``."""

    def __init__(self, folder: Path, port: str, broker: str, *args: str) -> None:
        super().__init__(
            folder / "bridge.log", sys.executable, "-m", "tinyfield_gateway.cli", "bridge",
            f"--port={port}", f"--broker={broker}", *args,
        )  # fmt: skip
