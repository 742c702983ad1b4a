"""The public data sets: what they are, where they come from, where they lie on this machine.

Search order: the folder given, ``$TINYFIELD_DATA`` (a folder that holds data set folders), the
cache, the public source.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from tinyfield.errors import DataError
from tinyfield.paths import cache_dir
from tinyfield.tomlfile import read_toml

STAND_IN = {
    "maricopa": "fao56", "beijing": "smog", "mq": "mq_array", "fan": "rotor", "dog": "dog",
    "har": "person",
}  # fmt: skip
"""Importer → the generator that stands in for what it reads."""


@dataclass(frozen=True)
class DatasetFile:
    """A file of a set: its name, SHA-256, and where it can be fetched as it is (else None)."""

    name: str
    sha256: str
    url: str | None


@dataclass(frozen=True)
class Entry:
    """What is known of a data set, and where it lies on this machine.

    Attributes:
        name: also the name of its folder.
        origin: who measured what, where and when.
        page: where a person can read about it and fetch it.
        importer: the module of ``tinyfield.data.importers`` that reads it.
        layout: how to lay the folder out by hand.
        weakness: what its figures cannot be believed for; "" where nothing is out of the ordinary.
        where: its folder here; None if it is not here.
        place: which of the places that is: given, TINYFIELD_DATA, cache, or missing.
    """

    name: str
    title: str
    origin: str
    page: str
    licence: str
    citation: str
    importer: str
    layout: str
    files: tuple[DatasetFile, ...]
    weakness: str = ""
    where: Path | None = None
    place: str = "missing"

    @property
    def downloadable(self) -> bool:
        """Whether every file can be fetched as it is."""
        return bool(self.files) and all(f.url for f in self.files)

    @property
    def stand_in(self) -> str | None:
        """The generator that makes recordings like these where there are none."""
        return STAND_IN.get(self.importer)

    def as_json(self) -> dict[str, Any]:
        """For ``--json`` and for people."""
        return {
            "name": self.name,
            "title": self.title,
            "origin": self.origin,
            "page": self.page,
            "licence": self.licence,
            "citation": self.citation,
            "get": f"tinyfield data get {self.name}" if self.downloadable else "by hand (page)",
            "layout": self.layout,
            **({"weakness": self.weakness} if self.weakness else {}),
            "stand_in": self.stand_in,
            "where": str(self.where) if self.where else None,
            "place": self.place,
            "files": [f"{f.name} sha256:{f.sha256}" for f in self.files],
        }


@cache
def _known() -> dict[str, Entry]:
    out = {}
    for path in sorted((Path(__file__).parent / "sets").glob("*.toml")):
        row = read_toml(path)
        files = tuple(
            DatasetFile(f["name"], f["sha256"], f.get("url")) for f in row.pop("files", [])
        )
        out[path.stem] = Entry(name=path.stem, files=files, **row)
    return out


def info(name: str, data_dir: Path | None = None) -> Entry:
    """One set, and where it lies. Raises DataError with the nearest name."""
    from tinyfield.spelling import nearest

    known = _known()
    if name not in known:
        guess = nearest(name, known)
        raise DataError(
            f"no data set {name!r}",
            hint=f"Did you mean {guess}?" if guess else f"Known: {', '.join(known)}.",
        )
    for place, folder in _places(name, data_dir):
        if folder is not None:
            return replace(known[name], where=folder, place=place)
    return known[name]


def entries(data_dir: Path | None = None) -> list[Entry]:
    """Every set and where it lies; nothing is fetched."""
    return [info(name, data_dir) for name in _known()]


def _places(name: str, data_dir: Path | None) -> list[tuple[str, Path | None]]:
    out: list[tuple[str, Path | None]] = []
    if data_dir is not None:
        inside = data_dir / name
        out.append(("given", inside if inside.is_dir() else data_dir))
    own = os.environ.get("TINYFIELD_DATA")
    if own:
        inside = Path(own).expanduser() / name
        out.append(("TINYFIELD_DATA", inside if inside.is_dir() else None))
    kept = cache_dir() / "data" / name
    out.append(("cache", kept if kept.is_dir() and any(kept.iterdir()) else None))
    return out


def find(name: str, data_dir: Path | None = None) -> Path:
    """The folder of a set, without the network.

    Raises DataError with the commands that bring it here.
    """
    found = info(name, data_dir)
    if found.where is None:
        raise missing(found)
    if not found.where.is_dir():
        raise DataError(
            f"{found.where}: no such folder", hint="Give the folder that holds the data."
        )
    return found.where


def missing(wanted: Entry) -> DataError:
    """The error of a set that is not here."""
    own = os.environ.get("TINYFIELD_DATA")
    looked = f"in {own} (TINYFIELD_DATA) and " if own else ""
    page = ""
    if wanted.downloadable:
        how = f"Run `tinyfield data get {wanted.name}`, or, if you have it,"
        page = f" Page: {wanted.page}"
    else:
        how = f"Fetch it by hand from {wanted.page} (`tinyfield data info {wanted.name}`), then"
    return DataError(
        f"data set {wanted.name} is not here (looked {looked}in the cache)",
        hint=f"{how} `export TINYFIELD_DATA=FOLDER`, FOLDER holding {wanted.name}/.{page}",
    )


def get(name: str, *, progress: bool = False) -> Path:
    """Fetches a set into the cache, checks every file, and returns its folder.

    Raises DataError if it cannot be fetched as it is, or the network or a checksum fails.
    """
    wanted = info(name)
    if wanted.where is not None:
        return wanted.where
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
