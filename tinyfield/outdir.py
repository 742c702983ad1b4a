"""Writes a set of files into a directory: all of them, or none."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tinyfield.errors import EnvironmentFault, UserError


def write_all(out: Path, texts: Mapping[str, str]) -> tuple[Path, ...]:
    """Writes ``texts``, by relative path, into ``out``; other files that are there stay.

    Everything is first written beside its final place, on the same file system, and then moved:
    a full disk or an interrupt leaves what was there before.

    Raises:
        UserError: ``out`` is a file, or a file stands where a folder is needed.
        EnvironmentFault: it cannot be written (no permission, disk full, …).
    """
    made = None
    try:
        _refuse_files(out, texts)
        made = _missing_ancestor(out)
        out.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=".tinyfield-", dir=out))
        try:
            for name, text in texts.items():
                file = work / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8", newline="\n")
            for name in texts:
                (out / name).parent.mkdir(parents=True, exist_ok=True)
                os.replace(work / name, out / name)  # noqa: PTH105 - the name says that it replaces
            made = None
        finally:
            shutil.rmtree(work, ignore_errors=True)
    except OSError as error:
        place = error.filename2 or error.filename or out
        raise EnvironmentFault(
            f"{_shown(out, str(place))}: {error.strerror}; nothing was written",
            hint="free some space, or give a folder that you may write to",
        ) from None
    finally:
        if made is not None:
            shutil.rmtree(made, ignore_errors=True)
    return tuple(out / name for name in texts)


def _refuse_files(out: Path, texts: Mapping[str, str]) -> None:
    for folder in (out, *out.parents):
        if folder.exists() and not folder.is_dir():
            raise UserError(f"{folder} is a file, not a folder", hint="give another -o DIR")
    for name in texts:
        place = out / name
        if place.is_dir():
            raise UserError(f"{place} is a folder; a file goes there", hint="give another -o DIR")
        for folder in place.parents:
            if folder == out:
                break
            if folder.exists() and not folder.is_dir():
                raise UserError(
                    f"{folder} is a file; a folder goes there", hint="give another -o DIR"
                )


def _missing_ancestor(out: Path) -> Path | None:
    """The highest folder that has to be made for ``out``; None if it is there."""
    missing = None
    for folder in (out, *out.parents):
        if folder.exists():
            break
        missing = folder
    return missing


def _shown(out: Path, place: str) -> str:
    # The name of a file in the making tells a user nothing.
    return str(out) if ".tinyfield-" in place else place
