"""Bands of air pollutants: what indices of air quality part concentrations into.

All are applied to an hour's mean here, which is what a monitor shows at once. The European index
is defined for it, and so is the US one of NO2; the US index of particles is defined for 24 h and
made hourly by EPA's NowCast, that of ozone for 8 h (so it is not among these).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tinyfield.data.dataset import NO_LABEL

NO2_UG_PER_PPB = 46.006 / 24.465
"""µg/m³ at 25 °C and 101.325 kPa: molar mass over the molar volume."""


@dataclass(frozen=True)
class Bands:
    """Classes of a quantity in µg/m³, clean to foul; a limit belongs to the band above it if
    ``up``, else to the one below."""

    quantity: str
    limits: tuple[float, ...]
    up: bool
    source: str

    def of(self, values: NDArray[np.float64]) -> NDArray[np.int16]:
        """The band of each value [n]; NO_LABEL for NaN."""
        found = np.searchsorted(self.limits, values, side="right" if self.up else "left")
        return np.where(np.isnan(values), NO_LABEL, found).astype(np.int16)


_US = "EPA, 40 CFR Part 58, Appendix G, table 2, as revised by 89 FR 16202 (2024)"
_EU = (
    "European Environment Agency, European Air Quality Index, bands of 2024 (ETC HE Report 2024/17)"
)
_US_NO2_PPB = (54, 101, 361, 650, 1250)

BANDS = {
    "pm2_5_us": Bands("pm2_5", (9.1, 35.5, 55.5, 125.5, 225.5), True, _US),
    "pm10_us": Bands("pm10", (55, 155, 255, 355, 425), True, _US),
    "no2_us": Bands("no2", tuple(ppb * NO2_UG_PER_PPB for ppb in _US_NO2_PPB), True, _US),
    "pm2_5_eu": Bands("pm2_5", (5, 15, 50, 90, 140), False, _EU),
    "pm10_eu": Bands("pm10", (15, 45, 120, 195, 270), False, _EU),
    "no2_eu": Bands("no2", (10, 25, 60, 100, 150), False, _EU),
    "o3_eu": Bands("o3", (60, 100, 120, 160, 180), False, _EU),
    "so2_eu": Bands("so2", (20, 40, 125, 190, 275), False, _EU),
    "pm2_5_level": Bands(
        "pm2_5",
        (35, 75, 150),
        False,
        "HJ 633-2012 (China), table 1, individual indices 50, 100 and 200",
    ),
    "pm2_5_alert": Bands("pm2_5", (75,), False, "GB 3095-2012 (China), grade II, 24 h"),
}
"""Label → its bands. Six classes each but for the last two: good, moderate, unhealthy for sensitive
groups, unhealthy, very unhealthy, hazardous (US); good, fair, moderate, poor, very poor, extremely
poor (EU)."""
