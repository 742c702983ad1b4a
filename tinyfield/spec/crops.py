"""The bundled crop table: growth stages, coefficients and roots.

Numbers: Allen, Pereira, Raes, Smith (1998), FAO Irrigation and Drainage Paper 56, tables 11
(stage lengths), 12 (Kc, height), 17 (Kcb) and 22 (rooting depth, depletion fraction).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tinyfield.tomlfile import read_toml

ROOT_INITIAL_MM = 250
"""Rooting depth on the planting day, 0.25 m (FAO-56, chapter 8: 0.2 to 0.3 m)."""


@dataclass(frozen=True)
class Crop:
    """One crop's table rows. Integers with fixed scales, as the node uses them.

    Attributes:
        name: the name an app writes as ``plant:``.
        season: where and when the stage lengths hold.
        stages: days of the initial, development, mid and late stage.
        kcb: basal crop coefficient in thousandths: initial, mid, end.
        kc: single crop coefficient in thousandths: initial, mid, end.
        p: depletion fraction at which stress starts, in thousandths (for ETc = 5 mm/d).
        root_mm: rooting depth in mm on the planting day and at the start of the mid stage.
        root_range_mm: the least and the most of table 22.
        height_mm: greatest height in mm.
    """

    name: str
    season: str
    stages: tuple[int, int, int, int]
    kcb: tuple[int, int, int]
    kc: tuple[int, int, int]
    p: int
    root_mm: tuple[int, int]
    root_range_mm: tuple[int, int]
    height_mm: int

    @property
    def days(self) -> int:
        """Days from planting to the end of the season."""
        return sum(self.stages)


@cache
def crops() -> dict[str, Crop]:
    """Every bundled crop by name."""
    table = read_toml(Path(__file__).with_name("crops.toml"))
    return {name: _crop(name, row) for name, row in table.items()}


def _crop(name: str, row: dict[str, Any]) -> Crop:
    least, most = (_thousandths(x) for x in row["root"])
    # Irrigation scheduling uses the smaller depth (FAO-56, table 22, note 1); rain-fed the larger.
    deepest = max(least, ROOT_INITIAL_MM)
    l_ini, l_dev, l_mid, l_late = row["stages"]
    kcb_ini, kcb_mid, kcb_end = (_thousandths(x) for x in row["kcb"])
    kc_ini, kc_mid, kc_end = (_thousandths(x) for x in row["kc"])
    return Crop(
        name=name,
        season=row["season"],
        stages=(l_ini, l_dev, l_mid, l_late),
        kcb=(kcb_ini, kcb_mid, kcb_end),
        kc=(kc_ini, kc_mid, kc_end),
        p=_thousandths(row["p"]),
        root_mm=(min(ROOT_INITIAL_MM, deepest), deepest),
        root_range_mm=(least, most),
        height_mm=_thousandths(row["height"]),
    )


def _thousandths(x: float) -> int:
    return round(x * 1000)
