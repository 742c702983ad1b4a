"""Crop seasons of the generator: the table's, unless fitted on training plots."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from tinyfield.data.generators.bed import growth_of
from tinyfield.data.generators.fao56 import Growth
from tinyfield.errors import DataError
from tinyfield.spec.crops import crops
from tinyfield.tomlfile import read_toml


@cache
def _fitted() -> dict[str, dict[str, Any]]:
    table = read_toml(Path(__file__).with_name("column.toml"))
    return {
        name: {k: tuple(v) if isinstance(v, list) else v for k, v in row.items()}
        for name, row in table.get("crop", {}).items()
    }


def override(name: str) -> dict[str, Any]:
    """What was fitted of a crop, in the table's integers (``Series.site["crop"]``)."""
    return dict(_fitted().get(name, {}))


def growth(name: str) -> Growth:
    """A crop's season. Raises DataError for a crop that the table does not have."""
    table = crops()
    if name not in table:
        raise DataError(
            f"column crop: no crop {name!r} in the table",
            hint=f"Known: {', '.join(table)}; rename it, or add it to spec/crops.toml.",
        )
    return growth_of(table[name], override(name))
