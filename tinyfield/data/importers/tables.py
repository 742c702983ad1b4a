"""CSV files by their columns, with errors that name file, line, column and cure."""

from __future__ import annotations

import csv
import gzip
import io
import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tinyfield.errors import DataError

FEW = 24
"""Fewer values say nothing of the unit that they are in."""


SEPARATORS = {";": "semicolons", "\t": "tabs"}
"""What other programs write between cells, where these files have commas."""
SAVE = "Save it as CSV, UTF-8, with commas between the cells and points in the numbers."


@dataclass(frozen=True)
class Table:
    """One CSV file in columns of text.

    Attributes:
        lines: the line of the file, from 1 on, in which each row ends.
        separator: what stands between its cells; only a comma is read on.
    """

    path: Path
    columns: dict[str, list[str]]
    lines: tuple[int, ...] = ()
    separator: str = ","

    def __len__(self) -> int:
        return len(self.lines)

    def at(self, row: int) -> str:
        """``file.csv:12``, the place of a row, for messages."""
        return f"{self.path}:{self.lines[row]}"

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
                    f"{self.at(i)}: column {name}: {value!r} is no date",
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
                    f"{self.at(i)}: column {name}: {value!r} is no number",
                    hint="Write a plain decimal number with a point.",
                ) from None
            if math.isinf(out[i]):
                raise DataError(
                    f"{self.at(i)}: column {name}: {value!r} is no reading",
                    hint="Leave the cell empty where there is none.",
                )
            if math.isnan(out[i]) and not gaps:
                raise DataError(
                    f"{self.at(i)}: column {name} has no value ({value!r})",
                    hint="Fill in the value, or leave the whole row out.",
                )
        return out


def read_table(path: Path) -> Table:
    """Reads one ``.csv`` or ``.csv.gz``; blank lines and those that begin with ``#`` are left out.

    Raises:
        DataError: no text, or rows that are no table.
    """
    reader = csv.reader(io.StringIO(_text(path), newline=""))
    head: list[str] | None = None
    separator = ","
    rows: list[list[str]] = []
    lines: list[int] = []
    try:
        for row in reader:
            if _says_nothing(row):
                continue
            if head is None:
                head, separator = _head(row)
                _once_each(f"{path}:{reader.line_num}", head)
            elif separator == "," and len(row) != len(head):
                raise DataError(
                    f"{path}:{reader.line_num}: {len(row)} cells under {len(head)} column names",
                    hint="Give every row one cell a column; if the file was cut off, fetch it "
                    "again.",
                )
            else:
                rows.append(row)
                lines.append(reader.line_num)
    except csv.Error as e:
        raise DataError(f"{path}:{reader.line_num}: no CSV ({e})", hint=SAVE) from None
    if separator != ",":
        return Table(path, {name: [] for name in head or ()}, tuple(lines), separator)
    return Table(path, {h: [r[i] for r in rows] for i, h in enumerate(head or ())}, tuple(lines))


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
        raw = gzip.decompress(raw) if path.suffix == ".gz" else raw
    except (OSError, EOFError, zlib.error) as e:
        raise DataError(f"{path}: cannot be read ({e})", hint="Fetch the file again.") from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        line = raw[: e.start].count(b"\n") + 1
        raise DataError(f"{path}:{line}: not UTF-8 text", hint=SAVE) from None


def _says_nothing(row: Sequence[str]) -> bool:
    """Of a blank line, or a comment."""
    return not any(cell.strip() for cell in row) or row[0].lstrip().startswith("#")


def _head(row: Sequence[str]) -> tuple[list[str], str]:
    """The column names of the first row, and what stands between them."""
    separator = ","
    if len(row) == 1:
        separator = next((s for s in SEPARATORS if s in row[0]), ",")
        row = row[0].split(separator)
    return [name.strip() for name in row], separator


def _once_each(where: str, head: Sequence[str]) -> None:
    twice = sorted({h for h in head if h and head.count(h) > 1})
    if twice:
        raise DataError(
            f"{where}: two columns are called {twice[0]!r}",
            hint="Rename one of them, or leave it out.",
        )


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
    return [t for t in tables if t.separator == "," and all(c in t.columns for c in columns)]


def left_out(folder: Path, columns: Sequence[str], what: str) -> list[str]:
    """A sentence on each file that looks like one of these, and was not read: a column is missing,
    or it has no rows. Only the first two lines of each that say something are looked at."""
    said = []
    for path in csv_files(folder):
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
            rows = list(islice((r for r in csv.reader(file) if not _says_nothing(r)), 2))
        if not rows:
            said.append(f"LEFT OUT: {path} is empty.")
            continue
        head, separator = _head(rows[0])
        missing = [c for c in columns if c not in head]
        alike = len({c.lower() for c in columns} & {h.lower() for h in head})
        if alike < max(2, len(columns) // 2):
            continue
        if separator != ",":
            said.append(
                f"LEFT OUT: {path} has {SEPARATORS[separator]} between its cells, not commas."
            )
        elif missing:
            said.append(
                f"LEFT OUT: {path} has no column {', '.join(missing)}, which the {what} needs."
            )
        elif len(rows) == 1:
            said.append(f"LEFT OUT: {path} has the columns of the {what} but no rows.")
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


def check_counts(table: Table, column: str, counts: NDArray[np.float64], of: str) -> None:
    """Raises DataError where most rows do not follow the one before, so that each would be a
    recording of its own."""
    breaks = np.flatnonzero(np.diff(counts) != 1)
    if len(counts) >= FEW and len(breaks) * 2 > len(counts):
        raise DataError(
            f"{table.at(int(breaks[0]) + 1)}: column {column} goes from {counts[breaks[0]]:g} to "
            f"{counts[breaks[0] + 1]:g}, and {len(breaks):,} of {len(counts):,} rows do not follow "
            "the one before",
            hint=f"Sort the rows, and count {of} by whole numbers: 0, 1, 2, …",
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
        key=lambda t: (_alike(t, columns), -len(t.columns)),
        default=None,
    )
    if best is not None and _alike(best, columns) >= max(2, len(columns) // 2):
        missing = [c for c in columns if c not in best.columns]
        if best.separator != ",":
            raise DataError(
                f"{best.path}: {SEPARATORS[best.separator]} stand between its cells", hint=SAVE
            )
        raise DataError(
            f"{best.path}: no column {', '.join(missing)} (the {what} needs {', '.join(columns)})",
            hint=_rename(best, missing),
        )
    if len(tables) == 1 and not tables[0].columns:
        raise DataError(f"{tables[0].path}: the file is empty", hint="Fetch it again.")
    raise DataError(
        f"{folder}: no file with the {what} (columns {', '.join(columns)})",
        hint="Put a CSV with these columns into the folder; its name does not matter.",
    )


def _alike(table: Table, columns: Sequence[str]) -> int:
    """How many of the columns it has, in capitals or not."""
    return len({c.lower() for c in columns} & {name.lower() for name in table.columns})


def _rename(table: Table, missing: Sequence[str]) -> str:
    """What to do about missing columns."""
    written = {name.lower(): name for name in table.columns}
    other = [(written[c.lower()], c) for c in missing if c.lower() in written]
    if other:
        return "Rename " + ", ".join(f"{name!r} to {c!r}" for name, c in other) + "."
    return f"Add the column{'s' if len(missing) > 1 else ''} or rename what holds it."
