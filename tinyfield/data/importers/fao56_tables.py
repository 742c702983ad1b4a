"""fao56_tables: FAO-56's crop tables as pyfao56 transcribed them, for comparison.

The generator and the node use the rows bundled in ``tinyfield/spec/crops.toml``.
"""

from __future__ import annotations

from pathlib import Path

from tinyfield.data.importers.tables import need, scan

TABLES = {
    "Lini": ("Lini", "Ldev", "Lmid", "Llate", "Total"),
    "Kcmini": ("Kcmini", "Kcmmid", "Kcmend", "hmax"),
    "Kcbini": ("Kcbini", "Kcbmid", "Kcbend"),
    "Zrmax1": ("Zrmax1", "Zrmax2", "pbase"),
}
"""Tables 11, 12, 17 and 22 by their first column."""

Rows = dict[str, list[dict[str, float]]]


def read_tables(folder: Path) -> dict[str, Rows]:
    """First column of a table → crop → its rows (a crop may have one for each region); NaN = none.

    Raises DataError naming the file and the column that lack.
    """
    found = scan(folder)
    out: dict[str, Rows] = {}
    for key, columns in TABLES.items():
        rows: Rows = {}
        for table in need(found, ("Crop", *columns), f"FAO-56 table with {key}", folder):
            values = {c: table.numbers(c, gaps=True).tolist() for c in columns}
            for i, crop in enumerate(table.text("Crop")):
                rows.setdefault(crop, []).append({c: values[c][i] for c in columns})
        out[key] = rows
    return out
