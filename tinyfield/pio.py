"""PlatformIO as a tool: builds one environment of a project and says how large the image is.

It is only ever run in a subprocess, one at a time on this machine. Virtual boards build with no
network (their platforms take SCons from pip). Hardware boards are PlatformIO's business: its own
platforms and settings, untouched; all that is added is an answer within seconds, instead of a
minute and none, where its registry is needed and out of reach.

No ``PLATFORMIO_*_DIR`` is set here: each is part of the configuration whose change makes
PlatformIO delete what is built, and a plain ``pio run`` should find what tinyfield built.
"""

from __future__ import annotations

import configparser
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tinyfield.boards import Board, load_boards
from tinyfield.errors import EnvironmentFault, MissingToolError, UserError
from tinyfield.hostcc import compiler
from tinyfield.paths import cache_dir

_REGISTRY = "https://api.registry.platformio.org/v3/ping"
_TIMEOUT_S = 1800
_SHOWN_LINES = 30


class BuildError(EnvironmentFault):
    """PlatformIO could not build; the message ends with what the compiler said."""


@dataclass(frozen=True)
class Image:
    """A linked firmware image; sizes in bytes.

    Attributes:
        env: the PlatformIO environment.
        project: the PlatformIO project.
        elf: the image.
        text: code and constants.
        data: variables with an initial value: they take flash and RAM.
        bss: variables that start as zero: RAM alone.
    """

    env: str
    project: Path
    elf: Path
    text: int
    data: int
    bss: int

    @property
    def manifest(self) -> Path:
        """The manifest that was generated with the image's sources."""
        return self.project / "firmware" / "generated" / self.env / "manifest.json"

    @property
    def flash(self) -> int:
        """Bytes of flash."""
        return self.text + self.data

    @property
    def ram(self) -> int:
        """Bytes of RAM without stack and heap."""
        return self.data + self.bss


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
    with _one_at_a_time():
        code, lines = _run(["run", "-e", env_name], project, environment, on_line)
    if code:
        raise _failure(env_name, lines, online or virtual)
    elf = project / ".pio" / "build" / env_name / "firmware.elf"
    if not elf.is_file():
        raise BuildError(f"pio run -e {env_name} left no {elf.name}\n" + _tail(lines))
    return image(env_name, project, elf)


def select(
    project: Path, env_name: str, app: Path | None = None, *, also: Iterable[str] = ()
) -> None:
    """Make ``env_name`` what a plain ``pio run`` builds, and ``app`` what its ``exec`` runs.

    ``also`` names the other environments that ``app`` was generated for. Writes
    firmware/generated/default.ini, only if that changes it, and keeps what is built.
    """
    path = project / "firmware" / "generated" / "default.ini"
    ini = configparser.ConfigParser(interpolation=None)
    with suppress(configparser.Error):
        ini.read(path, encoding="utf-8")
    before = {name: dict(ini[name]) for name in ini.sections()}
    sections = [f"env:{name}" for name in (env_name, *also)]
    for section in ("platformio", *sections):
        if not ini.has_section(section):
            ini.add_section(section)
    ini["platformio"]["default_envs"] = env_name
    if app is not None:
        app = app.resolve()
        inside = app.is_relative_to(project.resolve())
        shown = app.relative_to(project.resolve()).as_posix() if inside else str(app)
        for section in sections:
            ini[section]["custom_app"] = shown
    if {name: dict(ini[name]) for name in ini.sections()} == before:
        return
    with keep_builds(project):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8") as out:
            out.write("; written by `tinyfield build`; it chooses what a plain `pio run` builds\n")
            ini.write(out)


@contextmanager
def keep_builds(project: Path) -> Iterator[None]:
    """Let what happens inside change the project's configuration without a build from scratch.

    PlatformIO deletes every environment's objects when the configuration or the set of source
    files is not what it was. SCons knows better what a change touches, so the fingerprint that
    PlatformIO compares is carried over, if it was right before.
    """
    stamp = project / ".pio" / "build" / "project.checksum"
    kept = stamp.read_text() if stamp.is_file() else ""
    known = bool(kept) and _fingerprint(project) == kept
    yield
    if known:
        now = _fingerprint(project)
        if now and stamp.is_file():
            stamp.write_text(now)


def image(env_name: str, project: Path, elf: Path) -> Image:
    """Sizes of an ELF file, by its sections.

    Raises:
        EnvironmentFault: the file is not there, or is no ELF file.
    """
    text = data = bss = 0
    for name, kind, flags, address, size in _sections(elf):
        writable, allocated, empty = flags & 1, flags & 2, kind == 8
        reserved = name in (".heap", ".stack") or 0x810000 <= address < 0x820000  # AVR's EEPROM
        if not allocated or reserved:
            continue
        if writable and empty:
            bss += size
        elif writable:
            data += size
        elif not empty:
            text += size
    return Image(env_name, project, elf, text, data, bss)


# --- inside ----------------------------------------------------------------------------------


def _command() -> list[str]:
    """PlatformIO of this very environment, else the one on the path."""
    beside = Path(sys.executable).with_name("pio")
    found = str(beside) if beside.is_file() else shutil.which("pio")
    if found is None:
        raise MissingToolError("PlatformIO (pio)", "pip install platformio scons")
    return [found]


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
        with urllib.request.urlopen(_REGISTRY, timeout=4):
            return True
    except urllib.error.HTTPError:
        return True  # it refused, but it is there
    except (OSError, ValueError):
        return False


@contextmanager
def _one_at_a_time() -> Iterator[None]:
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


def _run(
    arguments: list[str],
    project: Path,
    environment: dict[str, str],
    on_line: Callable[[str], None] | None,
) -> tuple[int, list[str]]:
    # A new session, so that an interrupt ends pio with its SCons and its compilers.
    process = subprocess.Popen(
        [*_command(), *arguments],
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


_FINGERPRINT = """
from platformio.project.config import ProjectConfig
from platformio.project.helpers import compute_project_checksum
print(compute_project_checksum(ProjectConfig.get_instance()))
"""


def _fingerprint(project: Path) -> str:
    python = Path(_command()[0]).with_name("python")
    done = subprocess.run(
        [str(python) if python.is_file() else sys.executable, "-c", _FINGERPRINT],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout.strip() if done.returncode == 0 else ""


def _sections(elf: Path) -> Iterator[tuple[str, int, int, int, int]]:
    """(name, type, flags, address, size) of each section. Source: System V ABI, chapter 4."""
    try:
        raw = elf.read_bytes()
    except OSError as error:
        raise EnvironmentFault(f"{elf}: {error.strerror}") from None
    if raw[:4] != b"\x7fELF" or len(raw) < 52:
        raise EnvironmentFault(f"{elf} is no ELF file")
    wide = raw[4] == 2
    order = "<" if raw[5] == 1 else ">"
    try:
        if wide:
            (table,) = struct.unpack_from(order + "Q", raw, 40)
            entry, count, names = struct.unpack_from(order + "3H", raw, 58)
            layout = order + "IIQQQQ"
        else:
            (table,) = struct.unpack_from(order + "I", raw, 32)
            entry, count, names = struct.unpack_from(order + "3H", raw, 46)
            layout = order + "IIIIII"
        rows = [struct.unpack_from(layout, raw, table + i * entry) for i in range(count)]
        strings = rows[names][4] if rows else 0
    except (struct.error, IndexError):
        raise EnvironmentFault(f"{elf} is cut short") from None
    for row in rows:
        end = raw.find(b"\0", strings + row[0])
        yield raw[strings + row[0] : end].decode(errors="replace"), row[1], row[2], row[3], row[5]
