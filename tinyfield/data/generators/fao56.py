"""Crop water use after FAO-56 chapters 7 and 8: the dual crop coefficient.

Allen, Pereira, Raes, Smith (1998), FAO Irrigation and Drainage Paper 56; equation numbers are
that paper's. Pure functions of scalars or arrays; ``soil.py`` puts them to work over time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Num = Any

KC_MIN = 0.15
"""Least Kc of dry bare soil (chapter 7, under eq. 76)."""


@dataclass(frozen=True)
class Growth:
    """A crop's season: what the tables 11, 12, 17 and 22 say of it.

    Stage lengths in days (initial, development, mid, late), basal coefficients (initial, mid,
    end), p for ETc = 5 mm/d, rooting depths in m (planting day, from mid-season on), height in m.
    """

    stages: tuple[float, float, float, float]
    kcb: tuple[float, float, float]
    p: float
    root: tuple[float, float]
    height: float

    def _days(self) -> tuple[float, float, float, float]:
        a, b, c, d = self.stages
        return a, a + b, a + b + c, a + b + c + d

    def kcb_at(self, day: Num) -> Num:
        """Basal crop coefficient on a day since planting: straight lines (eq. 66, figure 37)."""
        a, b, c, d = self._days()
        ini, mid, end = self.kcb
        return np.interp(day, [a, b, c, d], [ini, mid, mid, end])

    def root_at(self, day: Num) -> Num:
        """Rooting depth in m, growing evenly from planting to the start of mid-season."""
        return np.interp(day, [0, self._days()[1]], self.root)

    def height_at(self, day: Num) -> Num:
        """Height in m, growing with Kcb until mid-season and kept thereafter."""
        a, b, _, _ = self._days()
        return np.interp(day, [a, b], [0.05, self.height])


def kc_max(kcb: Num, u2: Num, rh_min: Num, height: Num) -> Num:
    """Greatest Kc after wetting (eq. 72). u2 within 1–6 m/s and RHmin within 20–80 % count."""
    climate = 0.04 * (np.clip(u2, 1, 6) - 2) - 0.004 * (np.clip(rh_min, 20, 80) - 45)
    return np.maximum(1.2 + climate * (np.maximum(height, 0.01) / 3) ** 0.3, kcb + 0.05)


def cover(kcb: Num, kcmax: Num, height: Num) -> Num:
    """Fraction of the soil under vegetation, 0 to 0.99 (eq. 76)."""
    base = np.maximum(kcb - KC_MIN, 0.0) / np.maximum(kcmax - KC_MIN, 0.01)
    return np.clip(base ** (1 + 0.5 * height), 0.0, 0.99)


def exposed(fc: Num, fw: Num) -> Num:
    """Fraction of the soil both bare and wetted (eq. 75)."""
    return np.clip(np.minimum(1 - fc, fw), 0.01, 1.0)


def evaporable(theta_fc: Num, theta_wp: Num, depth_m: Num) -> Num:
    """TEW: most that can evaporate from the surface layer, mm (eq. 73)."""
    return 1000 * (theta_fc - 0.5 * theta_wp) * depth_m


def kr(depleted: Num, tew: Num, rew: Num) -> Num:
    """Evaporation reduction, 0 to 1, at a cumulative surface depletion in mm (eq. 74)."""
    return np.clip((tew - depleted) / np.maximum(tew - rew, 1e-9), 0.0, 1.0)


def ke(reduction: Num, kcmax: Num, kcb: Num, few: Num) -> Num:
    """Soil evaporation coefficient (eq. 71)."""
    return np.maximum(np.minimum(reduction * (kcmax - kcb), few * kcmax), 0.0)


def p_adjusted(p: Num, etc: Num) -> Num:
    """Depletion fraction without stress, for the day's ETc in mm/d (table 22, note 2)."""
    return np.clip(p + 0.04 * (5 - etc), 0.1, 0.8)


def taw(theta_fc: Num, theta_wp: Num, root_m: Num) -> Num:
    """Total available water of the root zone, mm (eq. 82)."""
    return 1000 * (theta_fc - theta_wp) * root_m


def ks(depleted: Num, total: Num, p: Num) -> Num:
    """Water stress coefficient, 0 to 1 (eq. 84)."""
    total = np.maximum(total, 1e-9)
    return np.clip((total - depleted) / ((1 - p) * total), 0.0, 1.0)
