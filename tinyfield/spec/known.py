"""Names of data sets, generators and soils that an app may write.

The registry in ``tinyfield.data`` holds what is behind them; a test keeps the lists equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

DATASETS = (
    "irrigation_maricopa",
    "soil_quebec",
    "pollution_beijing",
    "gas_mq",
    "anomaly_fan",
    "pet_dog",
    "har_geotec",
)
STAND_INS = ("fao56", "smog", "mq_array", "rotor", "dog", "person")
SPLITS = ("by plot", "by station", "by group", "by time", "by speed", "by subject")
SOILS = (
    "sand",
    "loamy_sand",
    "sandy_loam",
    "loam",
    "silt_loam",
    "silt",
    "silty_clay_loam",
    "silty_clay",
    "clay",
)
"""Soil textures of FAO-56 table 19."""


class Column(NamedTuple):
    """A number that a data set has of every sample: steps of 10^scale in a unit, least to greatest.

    With ``ahead`` an app may ask for it some time on: ``pm2_5 in 6 h``.
    """

    unit: str
    scale: int
    minimum: int
    maximum: int
    ahead: bool = False


_AIR = Column("ug/m3", -1, 0, 20_000, ahead=True)
TARGETS: Mapping[str, Mapping[str, Column]] = MappingProxyType(
    {
        "irrigation_maricopa": {"need": Column("mm", -1, -3000, 3000)},
        "pollution_beijing": dict.fromkeys(("pm2_5", "pm10", "so2", "no2", "o3"), _AIR),
    }
)
"""What a ``target:`` may name of each data set."""
