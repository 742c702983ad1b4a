"""The public data sets: what they are, where they come from, where they lie on this machine.

Search order: the folder given, ``$TINYFIELD_DATA`` (a folder that holds data set folders), the
cache, the public source.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tinyfield.errors import DataError
from tinyfield.paths import cache_dir
from tinyfield.tomlfile import read_toml


@dataclass(frozen=True)
class DatasetFile:
    """A file of a set: its name, SHA-256, and where it can be fetched as it is (else None)."""

    name: str
    sha256: str
    url: str | None


@dataclass(frozen=True)
class DatasetInfo:
    """What is known of a data set.

    Attributes:
        name: also the name of its folder.
        origin: who measured what, where and when.
        page: where a person can read about it and fetch it.
        importer: the module of ``tinyfield.data.importers`` that reads it; ``None`` if it is
            only for reference.
        layout: how to lay the folder out by hand.
    """

    name: str
    title: str
    origin: str
    page: str
    licence: str
    citation: str
    importer: str | None
    layout: str
    files: tuple[DatasetFile, ...]

    @property
    def downloadable(self) -> bool:
        """Whether every file can be fetched as it is."""
        return bool(self.files) and all(f.url for f in self.files)


@dataclass(frozen=True)
class DatasetStatus:
    """Where a set lies now: ``place`` is given, environment, cache or missing."""

    info: DatasetInfo
    place: str
    folder: Path | None


@cache
def infos() -> dict[str, DatasetInfo]:
    """Every registered set by name."""
    out = {}
    for path in sorted((Path(__file__).parent / "sets").glob("*.toml")):
        row = read_toml(path)
        files = tuple(
            DatasetFile(f["name"], f["sha256"], f.get("url")) for f in row.pop("files", [])
        )
        out[path.stem] = DatasetInfo(
            name=path.stem, files=files, importer=row.pop("importer", None), **row
        )
    return out


def info(name: str) -> DatasetInfo:
    """One set. Raises DataError with the nearest name."""
    from tinyfield.spelling import nearest

    if name not in infos():
        guess = nearest(name, infos())
        raise DataError(
            f"no data set {name!r}",
            hint=f"Did you mean {guess}?" if guess else f"Known: {', '.join(infos())}.",
        )
    return infos()[name]


def status(name: str, data_dir: Path | None = None) -> DatasetStatus:
    """Where a set lies; nothing is fetched."""
    found = info(name)
    for place, folder in _places(name, data_dir):
        if folder is not None:
            return DatasetStatus(found, place, folder)
    return DatasetStatus(found, "missing", None)


def list_datasets(data_dir: Path | None = None) -> list[DatasetStatus]:
    """Every set and where it lies."""
    return [status(name, data_dir) for name in infos()]


def _places(name: str, data_dir: Path | None) -> list[tuple[str, Path | None]]:
    out: list[tuple[str, Path | None]] = []
    if data_dir is not None:
        inside = data_dir / name
        out.append(("given", inside if inside.is_dir() else data_dir))
    own = os.environ.get("TINYFIELD_DATA")
    if own:
        inside = Path(own).expanduser() / name
        out.append(("environment", inside if inside.is_dir() else None))
    kept = cache_dir() / "data" / name
    out.append(("cache", kept if kept.is_dir() and any(kept.iterdir()) else None))
    return out


def find(name: str, data_dir: Path | None = None) -> Path:
    """The folder of a set, without the network.

    Raises DataError with the commands that bring it here.
    """
    found = status(name, data_dir)
    if found.folder is None:
        raise missing(found.info)
    if not found.folder.is_dir():
        raise DataError(
            f"{found.folder}: no such folder", hint="Give the folder that holds the data."
        )
    return found.folder


def missing(wanted: DatasetInfo) -> DataError:
    """The error of a set that is not here."""
    own = os.environ.get("TINYFIELD_DATA")
    looked = f"in {own} (TINYFIELD_DATA) and " if own else ""
    how = (
        f"Run `tinyfield data get {wanted.name}`"
        if wanted.downloadable
        else f"Fetch it by hand from {wanted.page} ({wanted.layout})"
    )
    return DataError(
        f"data set {wanted.name} is not here (looked {looked}in the cache)",
        hint=f"{how}, or, if you have it, "
        f"`export TINYFIELD_DATA=FOLDER` (FOLDER holds {wanted.name}/). Page: {wanted.page}",
    )


def get(name: str, *, progress: bool = False) -> Path:
    """Fetches a set into the cache, checks every file, and returns its folder.

    Raises DataError if it cannot be fetched as it is, or the network or a checksum fails.
    """
    wanted = info(name)
    here = status(name)
    if here.folder is not None:
        return here.folder
    if not wanted.downloadable:
        raise missing(wanted)
    import pooch

    folder = cache_dir() / "data" / name
    for f in wanted.files:
        try:
            pooch.retrieve(
                f.url, known_hash=f"sha256:{f.sha256}", fname=f.name, path=folder,
                progressbar=progress,
            )  # fmt: skip
        except (OSError, ValueError) as e:  # requests.RequestException is an OSError
            raise DataError(
                f"{f.url}: {e}",
                hint=f"Check the network and run `tinyfield data get {name}` again, or fetch it "
                f"by hand from {wanted.page} and `export TINYFIELD_DATA=FOLDER`.",
            ) from None
    return folder


def check(name: str, folder: Path) -> Sequence[str]:
    """Names of files that differ from the registered ones (an own copy may well differ)."""
    out = []
    for f in info(name).files:
        path = folder / f.name
        if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() != f.sha256:
            out.append(f.name)
    return out
