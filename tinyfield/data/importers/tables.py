"""CSV files by their columns, with errors that name file, line, column and cure."""

from __future__ import annotations

import csv
import gzip
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tinyfield.errors import DataError

FEW = 24
"""Fewer values say nothing of the unit that they are in."""


@dataclass(frozen=True)
class Table:
    """One CSV file in columns of text."""

    path: Path
    columns: dict[str, list[str]]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), []))

    def text(self, name: str) -> list[str]:
        """A column as it is written."""
        return self.columns[name]

    def dates(self, name: str = "date") -> list[date]:
        """A column of ISO dates (a time after the day is left off)."""
        out = []
        for i, value in enumerate(self.columns[name]):
            try:
                out.append(date.fromisoformat(value[:10]))
            except ValueError:
                raise DataError(
                    f"{self.path}:{i + 2}: column {name}: {value!r} is no date",
                    hint="Write dates as 2018-05-03.",
                ) from None
        return out

    def numbers(self, name: str, *, gaps: bool = False) -> NDArray[np.float64]:
        """A column of numbers; an empty, NaN or NA cell is an error unless ``gaps``."""
        out = np.empty(len(self.columns[name]))
        for i, value in enumerate(self.columns[name]):
            try:
                out[i] = float(value) if value.strip() not in ("", "NA") else math.nan
            except ValueError:
                raise DataError(
                    f"{self.path}:{i + 2}: column {name}: {value!r} is no number",
                    hint="Write a plain decimal number with a point.",
                ) from None
            if math.isinf(out[i]):
                raise DataError(
                    f"{self.path}:{i + 2}: column {name}: {value!r} is no reading",
                    hint="Leave the cell empty where there is none.",
                )
            if math.isnan(out[i]) and not gaps:
                raise DataError(
                    f"{self.path}:{i + 2}: column {name} has no value ({value!r})",
                    hint="Fill in the value, or leave the whole row out.",
                )
        return out


def read_table(path: Path) -> Table:
    """Reads one ``.csv`` or ``.csv.gz``."""
    try:
        raw = path.read_bytes()
        text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError) as e:
        raise DataError(f"{path}: cannot be read ({e})", hint="Fetch the file again.") from None
    rows = list(csv.reader(io.StringIO(text)))
    if not rows:
        return Table(path, {})
    head = [h.strip() for h in rows[0]]
    twice = sorted({h for h in head if h and head.count(h) > 1})
    if twice:
        raise DataError(
            f"{path}:1: two columns are called {twice[0]!r}",
            hint="Rename one of them, or leave it out.",
        )
    for i, row in enumerate(rows[1:]):
        if row and len(row) != len(head):
            raise DataError(
                f"{path}:{i + 2}: {len(row)} cells under {len(head)} column names",
                hint="Fetch the file again; it may have been cut off.",
            )
    body = [r for r in rows[1:] if r]
    return Table(path, {h: [r[i] for r in body] for i, h in enumerate(head)})


def csv_files(folder: Path) -> list[Path]:
    """Every CSV of a folder, in the order of their names."""
    return sorted(p for p in folder.iterdir() if p.name.endswith((".csv", ".csv.gz")))


def scan(folder: Path) -> list[Table]:
    """Every table of a folder."""
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder", hint="Give the folder that holds the files.")
    return [read_table(p) for p in csv_files(folder)]


def having(tables: Sequence[Table], columns: Sequence[str]) -> list[Table]:
    """The tables that have all these columns."""
    return [t for t in tables if all(c in t.columns for c in columns)]


def left_out(folder: Path, columns: Sequence[str], what: str) -> list[str]:
    """A sentence on each file that looks like one of these, and was not read: a column is missing,
    or it has no rows. Only the first two lines of each are looked at."""
    said = []
    for path in csv_files(folder):
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rt", encoding="utf-8-sig") as file:
            lines = [line for line in (file.readline(), file.readline()) if line.strip()]
        head = [h.strip() for h in next(csv.reader(lines[:1]), [])]
        missing = [c for c in columns if c not in head]
        if not lines:
            said.append(f"LEFT OUT: {path} is empty.")
        elif not missing and len(lines) == 1:
            said.append(f"LEFT OUT: {path} has the columns of the {what} but no rows.")
        elif missing and len(columns) - len(missing) >= max(2, len(columns) // 2):
            said.append(
                f"LEFT OUT: {path} has no column {', '.join(missing)}, which the {what} needs."
            )
    return said


def check_usual(
    path: Path, column: str, values: NDArray[np.float64], low: float, high: float, unit: str
) -> None:
    """Raises DataError where most of a column cannot be in its unit."""
    known = values[~np.isnan(values)]
    beyond = known[(known < low) | (known > high)]
    if len(known) >= FEW and len(beyond) * 2 > len(known):
        raise DataError(
            f"{path}: column {column}: {len(beyond):,} of {len(known):,} values are not in {unit}, "
            f"such as {beyond[0]:g}; {low:g} to {high:g} is usual",
            hint=f"Give it in {unit}, and leave a cell empty where there is no reading.",
        )


def check_gravity(path: Path, axes: Sequence[NDArray[np.float64]], columns: Sequence[str]) -> None:
    """Raises DataError where an accelerometer does not feel the Earth: a wrong unit."""
    size = float(np.median(np.sqrt(sum(np.square(a) for a in axes)))) if len(axes[0]) else 1.0
    if len(axes[0]) >= FEW and not 0.2 <= size <= 5:
        raise DataError(
            f"{path}: columns {', '.join(columns)}: their median size is {size:.3g}, and at rest "
            "it is 1 g",
            hint="Give accelerations in g.",
        )


def need(
    tables: Sequence[Table],
    columns: Sequence[str],
    what: str,
    folder: Path,
    others: Sequence[Sequence[str]] = (),
) -> list[Table]:
    """Like ``having``, but not finding one with rows is a DataError that names the nearest file.

    A file that has all columns of one of the ``others`` is that, and no broken one of these.
    """
    found = having(tables, columns)
    if any(len(t) for t in found):
        return [t for t in found if len(t)]
    if found:
        raise DataError(
            f"{found[0].path}: has the columns of the {what} but no rows",
            hint="Fetch the file again, or give another folder.",
        )
    free = [t for t in tables if not any(all(c in t.columns for c in o) for o in others)]
    best = max(
        free,
        key=lambda t: (sum(c in t.columns for c in columns), -len(t.columns)),
        default=None,
    )
    common = sum(c in best.columns for c in columns) if best else 0
    if best is not None and common >= max(2, len(columns) // 2):
        missing = [c for c in columns if c not in best.columns]
        raise DataError(
            f"{best.path}: no column {', '.join(missing)} (the {what} needs {', '.join(columns)})",
            hint=f"Add the column{'s' if len(missing) > 1 else ''} or rename what holds it.",
        )
    raise DataError(
        f"{folder}: no file with the {what} (columns {', '.join(columns)})",
        hint="Put a CSV with these columns into the folder; its name does not matter.",
    )
