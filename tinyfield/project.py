"""A PlatformIO project on disk: the one in hand, or a new one with the firmware copied into it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tinyfield.errors import EnvironmentFault, UserError
from tinyfield.paths import firmware_dir, project_dir

_COPIED = ("core", "drivers", "hal", "links", "src", "platforms", "test")


def _skeleton() -> Path:
    """The platformio.ini that stands beside the firmware sources in use."""
    firmware = firmware_dir()
    beside = firmware.parent / "platformio.ini"
    return beside if beside.is_file() else firmware / "platformio.ini"


def is_project(folder: Path) -> bool:
    """Whether ``folder`` holds a project that ``tinyfield build`` can write into."""
    return (folder / "platformio.ini").is_file() and (folder / "firmware" / "core").is_dir()


def _fill(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    source = firmware_dir()
    for name in _COPIED:
        if (source / name).is_dir():
            shutil.copytree(
                source / name,
                folder / "firmware" / name,
                ignore=shutil.ignore_patterns("__pycache__", ".gitkeep"),
            )
    shutil.copyfile(_skeleton(), folder / "platformio.ini")


def ensure_project(folder: Path | None) -> Path:
    """The project to build in.

    Args:
        folder: where the user wants it; ``None`` means the one the working directory lies in.

    Returns:
        An existing project, or ``folder`` filled with platformio.ini and the firmware sources.

    Raises:
        UserError: ``folder`` holds something else.
        EnvironmentFault: it cannot be written.
    """
    if folder is None:
        found = project_dir()
        if is_project(found):
            return found
        folder = Path.cwd()
    folder = folder.resolve()
    if is_project(folder):
        return folder
    if (folder / "platformio.ini").exists() or (folder / "firmware").exists():
        raise UserError(
            f"{folder} holds a platformio.ini or a firmware folder that is not tinyfield's",
            hint="name another folder with --out DIR",
        )
    try:
        _fill(folder)
    except OSError as error:
        raise EnvironmentFault(
            f"{error.filename or folder}: {error.strerror}", hint="name another folder"
        ) from None
    return folder


@contextmanager
def scratch() -> Iterator[Path]:
    """A project of its own that is gone afterwards, so that what is built in passing does not take
    the place of what a user built."""
    with tempfile.TemporaryDirectory(prefix="tinyfield-project-") as folder:
        yield ensure_project(Path(folder))


def example_app() -> Path | None:
    """The irrigation app: in the checkout, or shipped with the package."""
    for folder in (firmware_dir().parent / "apps", firmware_dir() / "apps"):
        if (folder / "irrigation.yaml").is_file():
            return folder / "irrigation.yaml"
    return None


def new_project(folder: Path, example: Path | None) -> Path:
    """Start a project of one's own in ``folder`` with ``example`` as its first app.

    Raises:
        UserError: ``folder`` is not empty.
    """
    if folder.exists() and any(folder.iterdir()):
        raise UserError(f"{folder} is not empty", hint="name a new folder")
    project = ensure_project(folder)
    apps = project / "apps"
    apps.mkdir(exist_ok=True)
    if example is not None:
        shutil.copyfile(example, apps / example.name)
        if (example.parent / "traces").is_dir():
            shutil.copytree(example.parent / "traces", apps / "traces", dirs_exist_ok=True)
    (project / ".gitignore").write_text(".pio/\nfirmware/generated/\nsecrets.yaml\n")
    return project
