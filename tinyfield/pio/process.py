"""PlatformIO as a process."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tinyfield.errors import EnvironmentFault, MissingToolError
from tinyfield.paths import cache_dir

_TIMEOUT_S = 1800


def prepare_core() -> dict[str, str]:
    """The environment in which virtual boards build: the caller's, and no waiting for a network."""
    # An unusable proxy, for pio alone: it asks its registry for a minute before it gives up.
    return {
        **os.environ,
        "PLATFORMIO_DISABLE_UPGRADE_CHECK": "true",
        "PLATFORMIO_SETTING_ENABLE_TELEMETRY": "no",
        "https_proxy": "http://",
        "HTTPS_PROXY": "http://",
    }


def command() -> list[str]:
    """PlatformIO of this very environment, else the one on the path."""
    beside = Path(sys.executable).with_name("pio")
    found = str(beside) if beside.is_file() else shutil.which("pio")
    if found is None:
        raise MissingToolError("PlatformIO (pio)", "pip install platformio scons")
    return [found]


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """PlatformIO's folders are not made for two runs at once."""
    folder = cache_dir()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        opened = (folder / "platformio.lock").open("w")
    except OSError as error:
        raise EnvironmentFault(
            f"{folder}: {error.strerror}", hint="set TINYFIELD_CACHE to a folder you may write to"
        ) from None
    with opened as lock:
        with suppress(ImportError):  # Windows: no flock, and no two builds at once either
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def run(
    arguments: list[str],
    project: Path,
    environment: dict[str, str],
    on_line: Callable[[str], None] | None,
) -> tuple[int, list[str]]:
    # A new session, so that an interrupt ends pio with its SCons and its compilers.
    process = subprocess.Popen(
        [*command(), *arguments],
        cwd=project,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )
    assert process.stdout is not None
    lines: list[str] = []
    try:
        with process.stdout as output:
            for line in output:
                lines.append(line.rstrip())
                if on_line is not None:
                    on_line(lines[-1])
        return process.wait(_TIMEOUT_S), lines
    finally:
        if process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
