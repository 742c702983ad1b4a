"""All of a node's C is warning-clean for every target, formatted, and clean under cppcheck."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.codegen.apps import MOVES, SMALL, app_of, generated, include_folders, node_sources
from tinyfield.boards import load_boards
from tinyfield.hostcc import WARNINGS
from tinyfield.paths import firmware_dir

TARGETS = {
    "host": ("cc", ["-std=gnu11"], "native", "gcc"),
    "clang": ("clang", ["-std=gnu11"], "native", "clang"),  # a convenience: CI may lack it
    "cortex-m4": (
        "arm-none-eabi-gcc",
        ["-mcpu=cortex-m4", "-mthumb", "-std=gnu11"],
        "qemu_m4",
        "gcc-arm-none-eabi",
    ),
    "rv32imc": (
        "riscv64-unknown-elf-gcc",
        ["-march=rv32imc", "-mabi=ilp32", "--specs=picolibc.specs", "-std=gnu11"],
        "qemu_rv32",
        "gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf",
    ),
    "avr": ("avr-gcc", ["-mmcu=atmega328p", "-std=gnu11"], "simavr_uno", "gcc-avr avr-libc"),
}
OURS = ("core/*.[ch]", "core/features/*.[ch]", "drivers/*/*.[ch]", "links/*.[ch]", "src/*.c")


def tool(name: str, apt: str) -> str:
    found = shutil.which(name)
    if found is None:
        reason = f"{name} is not installed: apt install {apt}"
        if os.environ.get("TINYFIELD_CI") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def ours() -> list[Path]:
    return sorted(path for pattern in OURS for path in firmware_dir().glob(pattern))


@pytest.mark.parametrize("virtual", [0, 1])
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("text", [SMALL, MOVES], ids=["slow", "fast"])
def test_warning_clean(tmp_path: Path, text: str, target: str, virtual: int) -> None:
    command, flags, board, apt = TARGETS[target]
    compiler = tool(command, apt)
    app = app_of(text, tmp_path, board)
    generated(app, tmp_path / "out", load_boards()[board])
    done = subprocess.run(
        [
            compiler, *flags, "-Os", *WARNINGS, f"-DTINY_VIRTUAL={virtual}",
            *(f"-I{folder}" for folder in include_folders(tmp_path / "out")),
            "-c", *(str(path) for path in node_sources(tmp_path / "out")),
        ],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_a_state_too_large_for_the_board_is_refused(tmp_path: Path) -> None:
    """The last line of defence, in the C itself."""
    compiler = tool("avr-gcc", "gcc-avr avr-libc")
    generated(app_of(SMALL, tmp_path, "simavr_uno"), tmp_path / "out")
    header = tmp_path / "out" / "app.h"
    text = header.read_text()
    assert "#define APP_NODE_BYTES_MOST 1232 " in text
    header.write_text(text.replace("BYTES_MOST 1232", "BYTES_MOST 139"))
    done = subprocess.run(
        [
            compiler, "-mmcu=atmega328p", "-std=gnu11", "-fsyntax-only", "-DTINY_VIRTUAL=1",
            *(f"-I{folder}" for folder in include_folders(tmp_path / "out")),
            str(firmware_dir() / "src" / "main.c"),
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0 and "does not fit this board" in done.stderr


def test_formatted() -> None:
    formatter = tool("clang-format", "clang-format")
    tests = sorted((Path(__file__).parent / "c").glob("*.[ch]"))
    tests += sorted((Path(__file__).parent.parent / "codegen" / "golden").glob("*.[ch]"))
    done = subprocess.run(
        [formatter, "--dry-run", "-Werror", *(str(path) for path in [*ours(), *tests])],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[:4000]


def test_cppcheck(tmp_path: Path) -> None:
    checker = tool("cppcheck", "cppcheck")
    generated(app_of(SMALL, tmp_path, "native"), tmp_path / "out")
    sources = [path for path in ours() if path.suffix == ".c"]
    done = subprocess.run(
        [
            checker, "--quiet", "--std=c11", "--enable=warning,portability,performance",
            "--inline-suppr", "--error-exitcode=1", "--suppress=missingIncludeSystem",
            "-DTINY_VIRTUAL=1", "-DNULL=0",
            *(f"-I{folder}" for folder in include_folders(tmp_path / "out")),
            *(str(path) for path in [*sources, tmp_path / "out" / "app.c"]),
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[:4000]


def test_core_is_portable() -> None:
    """libc's string functions at most, no heap, no hardware, no state of its own."""
    for path in ours():
        if path.parent.name != "core":
            continue
        text = path.read_text(encoding="utf-8")
        assert "malloc" not in text and '"hal.h"' not in text, path
        system = {
            line.split("<")[1].split(">")[0] for line in text.splitlines() if "#include <" in line
        }
        assert system <= {"stdbool.h", "stddef.h", "stdint.h", "string.h"}, path
