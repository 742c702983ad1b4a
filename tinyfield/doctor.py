"""Which tools are on this machine, in which version, and how to get the others."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

from tinyfield.boards import load_boards
from tinyfield.compiler.targets import TARGETS
from tinyfield.paths import cache_dir, firmware_dir


@dataclass(frozen=True)
class Finding:
    """One tool: what it is for, its version (``None`` = not here) and the cure."""

    group: str
    name: str
    needed_for: str
    version: str | None
    install: str
    required: bool = False

    def as_json(self) -> dict[str, object]:
        """The finding as plain values."""
        return asdict(self)


def _version(command: list[str]) -> str | None:
    if shutil.which(command[0]) is None:
        return None
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"\d+\.\d+(\.\d+)?\S*", done.stdout + done.stderr)
    return found.group(0).rstrip("),") if found else "present"


def _package(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _compiler() -> Finding:
    version = _version(["cc", "--version"]) or _package("ziglang")
    return Finding(
        "compile", "C compiler", "features in training, the native board", version,
        "sudo apt-get install gcc libc6-dev   (or: pip install ziglang)", required=True,
    )  # fmt: skip


def _boards() -> list[Finding]:
    found = []
    for board in load_boards().values():
        chain = board.toolchain
        if not board.virtual or not chain.apt:
            continue
        for tool in (chain.tool, chain.runner):
            if tool:
                found.append(
                    Finding(
                        "boards", tool, f"the virtual board {board.name}",
                        _version([tool, "--version"]), f"sudo {chain.install}",
                    )
                )  # fmt: skip
    return found


#: (target, tool) → its first version that knows the processor: MVE came to both by and by.
_SINCE = {("cortex-m55", "arm-none-eabi-gcc"): (11,), ("cortex-m55", "qemu-system-arm"): (6, 2)}


def _targets() -> list[Finding]:
    """The compilers and emulators of ``run`` and ``bench``, each with what it is needed for."""
    uses: dict[tuple[str, str, tuple[int, ...]], list[str]] = {}
    for one in TARGETS.values():
        tools = [(one.compiler, one.compiler_apt)]
        if one.machine:
            tools.append((one.machine[0], one.machine_apt))
        for tool, install in tools:
            since = _SINCE.get((one.name, tool), ())
            uses.setdefault((tool, install, since), []).append(one.name)
    return [
        Finding(
            "targets",
            tool,
            f"bench and run on {', '.join(names)}" + (f", from {_dotted(since)} on" * bool(since)),
            _not_before(_version([tool, "--version"]), since),
            f"sudo {install}",
        )
        for (tool, install, since), names in uses.items()
    ]


def _not_before(version: str | None, since: tuple[int, ...]) -> str | None:
    """The version; None if it is older than wanted."""
    numbers = tuple(int(part) for part in re.findall(r"\d+", version or "")[:2])
    return None if numbers < since else version


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(str(part) for part in version)


def _extras() -> list[Finding]:
    extra = [
        ("train", "tensorflow", "training networks"),
        ("train", "scikit-learn", "training trees"),
        ("train", "ai-edge-litert", "the reference that int8 models are held against"),
        ("train", "matplotlib", "the charts of tinyfield report"),
        ("gateway", "amqtt", "the gateway's built-in broker"),
        ("gateway", "nicegui", "the gateway's page"),
        ("gateway", "sqlalchemy", "the gateway's store"),
    ]
    return [
        Finding("python", name, use, _package(name), f"pip install 'tinyfield[{group}]'")
        for group, name, use in extra
    ]


def examine() -> list[Finding]:
    """Look at this machine; runs each tool once for its version."""
    python = ".".join(str(part) for part in sys.version_info[:3])
    fits = (3, 10) <= sys.version_info[:2] < (3, 14)
    return [
        Finding("python", "Python", "everything", python if fits else None,
                "tinyfield needs Python 3.10 to 3.13", required=True),
        _compiler(),
        Finding("compile", "platformio", "building firmware", _package("platformio"),
                "pip install platformio", required=True),
        *_boards(),
        *_targets(),
        Finding("gateway", "mosquitto", "a broker of your own (optional)",
                _version(["mosquitto", "-h"]), "sudo apt-get install mosquitto"),
        *_extras(),
    ]  # fmt: skip


def places() -> dict[str, Path]:
    """The folders that tinyfield reads and writes."""
    return {"firmware": firmware_dir(), "cache": cache_dir()}
