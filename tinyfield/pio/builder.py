"""Builds one environment, and turns what goes wrong into a cause and a cure."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from tinyfield.boards import Board, load_boards
from tinyfield.errors import EnvironmentFault, MissingToolError, UserError
from tinyfield.hostcc import compiler
from tinyfield.pio import process
from tinyfield.pio.image import Image, image
from tinyfield.pio.process import one_at_a_time, prepare_core

_REGISTRY = "https://api.registry.platformio.org/v3/ping"
_SHOWN_LINES = 30


class BuildError(EnvironmentFault):
    """PlatformIO could not build; the message ends with what the compiler said."""


def build(env_name: str, project: Path, *, on_line: Callable[[str], None] | None = None) -> Image:
    """Build one environment.

    Args:
        env_name: its name in platformio.ini, such as ``qemu_m4``.
        project: the folder of platformio.ini.
        on_line: is given PlatformIO's output, line by line.

    Raises:
        MissingToolError: a cross compiler or library is not installed; with the command.
        UserError: the project has no such environment, or nothing was generated for it.
        BuildError: the compiler refused.
        EnvironmentFault: PlatformIO is missing, or its registry out of reach and needed.
    """
    _check_project(env_name, project)
    inside = os.environ.get("TINYFIELD_IMAGE")
    if inside and _is_of(Path(inside), env_name, project):
        return image(env_name, project, Path(inside))  # `pio run -t exec` built it a moment ago
    board = next((b for b in load_boards().values() if b.env == env_name), None)
    virtual = board is not None and board.virtual
    if board is not None:
        _check_tools(board)
    online = not virtual and _registry_answers()
    environment = dict(os.environ) if online else prepare_core()
    with one_at_a_time():
        code, lines = process.run(["run", "-e", env_name], project, environment, on_line)
    if code:
        raise _failure(env_name, lines, online or virtual)
    elf = project / ".pio" / "build" / env_name / "firmware.elf"
    if not elf.is_file():
        raise BuildError(f"pio run -e {env_name} left no {elf.name}\n" + _tail(lines))
    return image(env_name, project, elf)


# --- inside ----------------------------------------------------------------------------------


def _check_project(env_name: str, project: Path) -> None:
    ini = project / "platformio.ini"
    if not ini.is_file():
        raise UserError(f"{project} has no platformio.ini", hint="tinyfield new DIR makes one")
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read(ini, encoding="utf-8")
    except configparser.Error as error:
        raise UserError(f"{ini}: {error.message}") from None
    if not parser.has_section(f"env:{env_name}"):
        raise UserError(
            f"{ini} has no environment {env_name!r}",
            hint=f"add [env:{env_name}], or take platformio.ini from a new project",
        )


def _is_of(elf: Path, env_name: str, project: Path) -> bool:
    """Whether an image is of that environment, and no older than what was generated for it."""
    if elf.parent.name != env_name or not elf.is_file():
        return False
    generated = (project / "firmware" / "generated" / env_name).glob("*.[ch]")
    return all(file.stat().st_mtime_ns <= elf.stat().st_mtime_ns for file in generated)


def _check_tools(board: Board) -> None:
    if board.env == "native":
        compiler()
        return
    for tool in (board.toolchain.tool, board.toolchain.runner):
        if tool and shutil.which(tool) is None:
            raise MissingToolError(tool, f"sudo {board.toolchain.install}")


def _registry_answers() -> bool:
    try:
        # An opener of its own: the shared one would keep today's proxies for the whole process.
        with urllib.request.build_opener().open(_REGISTRY, timeout=4):
            return True
    except urllib.error.HTTPError:
        return True  # it refused, but it is there
    except (OSError, ValueError):
        return False


def _tail(lines: list[str]) -> str:
    shown = [
        line
        for line in lines
        if line.strip()
        and not line.startswith(("Compiling ", "Archiving ", "Indexing ", "Verbose"))
    ]
    first = next((i for i, line in enumerate(shown) if re.search(r"\berror\b", line, re.I)), 0)
    start = max(0, min(max(first - 3, 0), len(shown) - 5))
    return "\n".join(shown[start : start + _SHOWN_LINES])


def _failure(env_name: str, lines: list[str], online: bool) -> EnvironmentFault | UserError:
    text = "\n".join(lines)
    cure = re.search(r"^Error: (.+?)\. Try: (.+)$", text, re.MULTILINE)
    if cure:
        what, how = cure.groups()
        if " is not installed" in what:
            return MissingToolError(what.removesuffix(" is not installed"), how)
        return UserError(what, hint=how)
    compiled = re.search(r"\berror: |undefined reference|will not fit|overflowed", text)
    if not online and not compiled:
        return EnvironmentFault(
            f"PlatformIO's registry is out of reach, and {env_name} needs packages from it that "
            "are not on this machine yet",
            hint=f"connect once and run: pio pkg install -e {env_name}   (virtual boards need "
            "no registry: tinyfield sim ... runs the same firmware)",
        )
    return BuildError(f"pio run -e {env_name} failed:\n{_tail(lines)}")
