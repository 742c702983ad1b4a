"""Compiles C for this PC: the system's ``cc``, else the ``ziglang`` wheel; cached by content.

Training, tests and ``run`` all call the node's own C through the libraries made here. A result
is named by a hash of everything that went into it (compiler, flags, sources and every header
they include), so a second call with the same input compiles nothing, and any number of processes
may ask for the same one at the same time: each compiles into a private folder and renames.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tinyfield.errors import EnvironmentFault, MissingToolError
from tinyfield.paths import cache_dir

#: Every C file of the project is held to these, on every compiler.
WARNINGS = ("-Wall", "-Wextra", "-Wconversion", "-Werror")
FLAGS = ("-O2", "-std=gnu11", "-ffp-contract=off", *WARNINGS)
SANITIZE = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g")

Source = Path | str  # a file, or C text itself

_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.MULTILINE)
_TIMEOUT_S = 300
_SHOWN_LINES = 40


class CompileError(EnvironmentFault):
    """The C compiler refused; the message holds what it said."""


@functools.lru_cache(maxsize=1)
def compiler() -> tuple[str, ...]:
    """The command that compiles C here.

    ``$TINYFIELD_CC`` (one program), else ``cc``, ``gcc`` or ``clang`` on the path, else Zig's
    compiler from the ``ziglang`` wheel.

    Raises:
        MissingToolError: none of them is here.
    """
    own = os.environ.get("TINYFIELD_CC")
    for name in (own,) if own else ("cc", "gcc", "clang"):
        found = shutil.which(name)
        if found:
            return (found,)
    if own:
        raise MissingToolError(
            f"{own} (named by TINYFIELD_CC)", "unset TINYFIELD_CC, or install that compiler"
        )
    if importlib.util.find_spec("ziglang") is not None:
        return (sys.executable, "-m", "ziglang", "cc")
    raise MissingToolError("a C compiler", "apt install gcc  (or: pip install ziglang)")


def compile_shared(
    sources: Sequence[Source],
    *,
    include: Sequence[Path] = (),
    flags: Sequence[str] = (),
    name: str,
    headers: Mapping[str, str] | None = None,
) -> Path:
    """A shared library of ``sources``, for ctypes.

    Args:
        sources: C files, or C text.
        include: folders for ``#include "…"``.
        flags: more compiler flags, after the project's own.
        name: what the library is called in the cache (letters, digits, ``_-``).
        headers: texts that the sources may include, by file name.

    Raises:
        MissingToolError: no C compiler here.
        CompileError: the sources do not compile; carries the compiler's output.
    """
    suffix = ".dll" if sys.platform == "win32" else ".so"
    return _build(sources, include, (*flags, "-shared", "-fPIC"), name + suffix, headers or {})


def compile_executable(
    sources: Sequence[Source],
    *,
    include: Sequence[Path] = (),
    flags: Sequence[str] = (),
    name: str,
    headers: Mapping[str, str] | None = None,
    sanitize: bool = False,
) -> Path:
    """A program of ``sources``; arguments and errors as in :func:`compile_shared`.

    Args:
        sanitize: build with AddressSanitizer and UndefinedBehaviorSanitizer; the first finding
            ends the program.
    """
    suffix = ".exe" if sys.platform == "win32" else ""
    extra = (*flags, *(SANITIZE if sanitize else ()))
    return _build(sources, include, extra, name + suffix, headers or {})


def include_closure(
    sources: Sequence[Source], include: Sequence[Path], headers: Mapping[str, str]
) -> list[tuple[str, str]]:
    """All texts that a compilation reads through ``#include "…"``, as (label, text), in order.

    A name found nowhere is left out: it is the compiler's to complain about it.
    """
    closure: list[tuple[str, str]] = []
    seen: set[str] = set()
    queue: list[tuple[str, str, Path | None]] = []
    for index, source in enumerate(sources):
        if isinstance(source, Path):
            queue.append((f"source {index} {source.name}", _read(source), source.parent))
        else:
            queue.append((f"source {index}", source, None))
    while queue:
        label, text, home = queue.pop(0)
        closure.append((label, text))
        for wanted in _INCLUDE.findall(text):
            found = _find(wanted, home, include, headers)
            if found is not None and found[0] not in seen:
                seen.add(found[0])
                queue.append((f"include {wanted}", found[1], found[2]))
    return closure


def run_compiler(command: Sequence[str], *, cwd: Path, what: str) -> None:
    """Runs a compiler or linker; its complaint becomes the error's message.

    Raises:
        CompileError: a non-zero exit, or no end within five minutes.
    """
    try:
        done = subprocess.run(
            list(command), cwd=cwd, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise CompileError(f"compiling {what} took over {_TIMEOUT_S} s") from error
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        shown = "\n".join(said[:_SHOWN_LINES])
        if len(said) > _SHOWN_LINES:
            shown += f"\n… {len(said) - _SHOWN_LINES} more lines"
        raise CompileError(f"{Path(command[0]).name} cannot compile {what}:\n{shown}")


def content_key(parts: Iterable[str]) -> str:
    """Twenty hex digits that name this content (SHA-256 over length-prefixed parts)."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode()
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return digest.hexdigest()[:20]


def identity(command: Sequence[str]) -> str:
    """What tells one compiler from another without running it: path, size and time of change."""
    if "ziglang" in command:
        return "ziglang " + importlib.metadata.version("ziglang")
    path = Path(command[0]).resolve()
    stat = path.stat()
    return f"{path} {stat.st_size} {stat.st_mtime_ns}"


def build_cached(
    command: Sequence[str],
    sources: Sequence[Source],
    *,
    include: Sequence[Path],
    flags: Sequence[str],
    filename: str,
    headers: Mapping[str, str],
) -> Path:
    """Compiles and links with any gcc-like ``command`` into the content-addressed cache."""
    parts = [identity(command), *command[1:], "flags", *FLAGS, *flags, filename]
    for label, text in (*include_closure(sources, include, headers), *sorted(headers.items())):
        parts += [label, text]
    folder = cache_dir() / "cc" / content_key(parts)
    result = folder / filename
    if result.is_file():
        return result
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix="making-") as scratch:
        work = Path(scratch)
        for name, text in headers.items():
            (work / name).write_text(text, encoding="utf-8")
        files: list[str] = []
        for index, source in enumerate(sources):
            if isinstance(source, Path):
                files.append(str(source.resolve()))
            else:
                (work / f"source{index}.c").write_text(source, encoding="utf-8")
                files.append(f"source{index}.c")
        where = [f"-I{folder.resolve()}" for folder in include]
        line = [*command, *FLAGS, *where, "-I.", "-o", filename, *files, *flags]
        run_compiler(line, cwd=work, what=filename)
        (work / filename).replace(result)
    return result


def _build(
    sources: Sequence[Source],
    include: Sequence[Path],
    flags: Sequence[str],
    filename: str,
    headers: Mapping[str, str],
) -> Path:
    libraries = () if sys.platform == "win32" else ("-lm",)
    return build_cached(
        compiler(),
        sources,
        include=include,
        flags=(*flags, *libraries),
        filename=filename,
        headers=headers,
    )


def _find(
    wanted: str, home: Path | None, include: Sequence[Path], headers: Mapping[str, str]
) -> tuple[str, str, Path | None] | None:
    for folder in ((home,) if home else ()) + tuple(include):
        path = folder / wanted
        if path.is_file():
            return str(path.resolve()), _read(path), path.parent
    if wanted in headers:
        return wanted, headers[wanted], None
    return None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise CompileError(f"cannot read {path}: {error.strerror}") from error
