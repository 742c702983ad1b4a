"""Small C programs that expose the node's core on stdin and stdout, built with sanitizers.

One line in, one line out: so that hypothesis can drive the firmware's own C by the thousand
without a compilation for each, and every memory error ends the program.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from tinyfield import hostcc
from tinyfield.paths import firmware_dir

HERE = Path(__file__).parent / "c"


def build(name: str, sources: Sequence[str], *, include: Sequence[Path] = ()) -> Path:
    """Compiles ``c/<name>.c`` with files of ``firmware/``."""
    firmware = firmware_dir()
    return hostcc.compile_executable(
        [HERE / f"{name}.c", *(firmware / source for source in sources)],
        include=[HERE, firmware / "core", firmware / "hal", firmware, *include],
        name=f"test_{name}",
        sanitize=True,
    )


class Harness:
    """A running program of ``c/``."""

    def __init__(self, program: Path) -> None:
        self._process = subprocess.Popen(
            [program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def ask(self, *words: object) -> str:
        """Sends one line; returns the answer's line. Fails if the program died."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(" ".join(str(word) for word in words) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer.endswith("\n"), f"the program ended with {self._process.wait()}"
        return answer.rstrip("\n")

    def numbers(self, *words: object) -> list[int]:
        """:meth:`ask`, the answer as numbers."""
        return [int(word) for word in self.ask(*words).split()]

    def close(self) -> None:
        """Ends the program; fails if it leaked or died."""
        assert self._process.stdin
        self._process.stdin.close()
        assert self._process.wait(timeout=120) == 0
