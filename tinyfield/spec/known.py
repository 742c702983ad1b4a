"""Names of data sets, generators and soils that an app may write.

The registry in ``tinyfield.data`` holds what is behind them; a test keeps the lists equal.
"""

from __future__ import annotations

DATASETS = ("irrigation_maricopa", "soil_quebec", "pollution_beijing", "gas_mq", "anomaly_fan")
STAND_INS = ("fao56", "smog", "mq_array", "rotor")
SPLITS = ("by plot", "by station", "by group", "by time", "by speed")
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
