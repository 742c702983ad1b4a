"""The broken apps of ``tests/spec/broken`` and what is said of them.

``python -m tests.spec.broken_files`` writes the expected messages anew: read the difference.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tinyfield.errors import SpecError
from tinyfield.spec import Diagnostic, load_app, render_all

FOLDER = Path(__file__).parent / "broken"


def names() -> list[str]:
    """The broken files, without their includes."""
    return sorted(p.stem for p in FOLDER.glob("[0-9]*.yaml"))


@contextmanager
def copied() -> Iterator[Path]:
    """A copy of the folder with its secrets in place, as working directory."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for path in FOLDER.iterdir():
            target = "secrets.yaml" if path.name == "secrets.txt" else path.name
            shutil.copyfile(path, place / target)
        os.chdir(place)
        try:
            yield place
        finally:
            os.chdir(before)


def diagnostics(name: str) -> tuple[Diagnostic, ...]:
    """What is said of one file; empty if it is accepted."""
    try:
        load_app(Path(f"{name}.yaml"))
    except SpecError as error:
        return tuple(d for d in error.diagnostics if isinstance(d, Diagnostic))
    return ()


def main() -> None:
    """Writes every expected message."""
    with copied():
        for name in names():
            text = render_all(diagnostics(name)) + "\n"
            (FOLDER / f"{name}.txt").write_text(text, encoding="utf-8")
            sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    main()
