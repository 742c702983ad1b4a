"""Where things are on this machine: the firmware sources, the cache, the project in hand."""

from __future__ import annotations

import os
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def firmware_dir() -> Path:
    """The firmware sources: beside the package in a checkout, inside it when installed."""
    checkout = _PACKAGE.parent / "firmware"
    return checkout if (checkout / "core").is_dir() else _PACKAGE / "_firmware"


def project_dir(start: Path | None = None) -> Path:
    """The PlatformIO project that holds ``start`` (default: the working directory).

    The nearest folder upwards with a ``platformio.ini`` beside a ``firmware`` folder; failing
    that, the checkout that tinyfield itself runs from.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "platformio.ini").is_file() and (folder / "firmware").is_dir():
            return folder
    return _PACKAGE.parent


def cache_dir() -> Path:
    """``$TINYFIELD_CACHE``, else ``$XDG_CACHE_HOME/tinyfield``, else ``~/.cache/tinyfield``."""
    own = os.environ.get("TINYFIELD_CACHE")
    if own:
        return Path(own).expanduser()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "tinyfield"
