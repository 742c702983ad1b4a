"""A virtual board as a process: its stream is the process's stdin and stdout."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tinyfield.boards import Board
from tinyfield.errors import EnvironmentFault, MissingToolError
from tinyfield.paths import cache_dir
from tinyfield.pio import Image

_QEMU = "-display none -monitor none -serial none -semihosting-config enable=on,target=native"
_MACHINES = {
    "qemu_m4": ("qemu-system-arm", "-M mps2-an386"),
    "qemu_rv32": ("qemu-system-riscv32", "-M virt -bios none"),
}
_LOG = "node.log"


def command_for(board: Board, image: Image) -> list[str]:
    """What runs an image on a virtual board.

    Raises:
        MissingToolError: the emulator is not installed.
        EnvironmentFault: the board is no virtual one.
    """
    elf = str(image.elf.resolve())
    if board.env == "native":
        return [elf]
    if board.env == "simavr_uno":
        return [str(image.elf.resolve().with_name("tiny_simavr")), "--stats", elf]
    if board.env not in _MACHINES:
        raise EnvironmentFault(
            f"{board.name} is no virtual board", hint="tinyfield sim --board takes its twin"
        )
    program, machine = _MACHINES[board.env]
    if shutil.which(program) is None:
        raise MissingToolError(program, f"sudo {board.toolchain.install}")
    return [program, *machine.split(), *_QEMU.split(), "-kernel", elf]


class NodeProcess:
    """A running node.

    Args:
        command: what runs it.
        folder: its working directory, which holds persist.bin and the log of its stderr.

    Raises:
        EnvironmentFault: it cannot be started.
    """

    def __init__(self, command: list[str], folder: Path) -> None:
        self.folder = folder
        with (folder / _LOG).open("ab") as log:
            try:
                # A group of its own: an interrupt of ours must not reach QEMU by itself.
                self._process = subprocess.Popen(
                    command,
                    cwd=folder,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    bufsize=0,
                    start_new_session=True,
                )
            except OSError as error:
                raise EnvironmentFault(
                    f"{command[0]}: {error.strerror}", hint="tinyfield doctor"
                ) from None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._in = self._process.stdin.fileno()
        self._out = self._process.stdout.fileno()
        self._ready = select.poll()
        self._ready.register(self._out, select.POLLIN)

    def read(self, timeout_s: float) -> bytes | None:
        """What the node said; ``b""`` when it has ended, None after ``timeout_s`` of silence."""
        if not self._ready.poll(timeout_s * 1000):
            return None
        return os.read(self._out, 65536)

    def write(self, data: bytes) -> None:
        """Say something to the node; a node that has ended hears nothing."""
        with suppress(BrokenPipeError):
            while data:
                data = data[os.write(self._in, data) :]

    def wait(self, timeout_s: float = 10) -> int:
        """The exit code of a node that is about to end."""
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
            return -signal.SIGKILL

    def kill(self) -> None:
        """Cut its power."""
        if self._process.poll() is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def said(self) -> str:
        """The end of what it (or its emulator) wrote to stderr."""
        with suppress(OSError):
            text = (self.folder / _LOG).read_text(errors="replace")
            return "\n".join(text.strip().splitlines()[-5:])
        return ""

    def active_cycles(self) -> int | None:
        """Cycles that simavr's core was awake, from the runner's last line; None elsewhere."""
        words = self.said().split()
        if "active" in words[:-1] and words[words.index("active") + 1].isdigit():
            return int(words[words.index("active") + 1])
        return None


@contextmanager
def home(state: Path | None, node: str | None) -> Iterator[Path]:
    """The working directory of a node's process: ``state``, else the place of the node of that id
    in the cache, else one that is gone afterwards.

    Raises:
        EnvironmentFault: another run is using it.
    """
    if state is None and node is None:
        with tempfile.TemporaryDirectory(prefix="tinyfield-") as name:
            yield Path(name)
        return
    folder = state or cache_dir() / "nodes" / str(node)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        with suppress(ImportError):
            import fcntl

            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise EnvironmentFault(
                    f"the node {node or folder.name} is already running here",
                    hint="--node ID runs another one of the same app",
                ) from None
        (folder / "node.log").unlink(missing_ok=True)
        yield folder


if sys.platform == "win32":  # pragma: no cover
    raise EnvironmentFault("virtual boards run on Linux and macOS", hint="use WSL on Windows")
