"""What a plain ``pio run`` builds, and how to change that without losing what is built."""

from __future__ import annotations

import configparser
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tinyfield.pio.process import command


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


_FINGERPRINT = """
from platformio.project.config import ProjectConfig
from platformio.project.helpers import compute_project_checksum
print(compute_project_checksum(ProjectConfig.get_instance()))
"""


def _fingerprint(project: Path) -> str:
    python = Path(command()[0]).with_name("python")
    done = subprocess.run(
        [str(python) if python.is_file() else sys.executable, "-c", _FINGERPRINT],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return done.stdout.strip() if done.returncode == 0 else ""
