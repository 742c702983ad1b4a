"""Reference evapotranspiration and the sun: FAO-56 chapters 3 and 4.

Allen, Pereira, Raes, Smith (1998), *Crop evapotranspiration*, FAO Irrigation and Drainage
Paper 56. Equation numbers are that paper's. Every function takes scalars or arrays.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Num = Any
"""A float or an array of floats; functions are elementwise."""

SOLAR_CONSTANT = 0.0820  # MJ m-2 min-1
STEFAN_BOLTZMANN = 4.903e-9  # MJ K-4 m-2 day-1
ALBEDO = 0.23
LATENT = 0.408  # 1 / latent heat of vaporization, kg/MJ (mm of water for 1 MJ/m2)


def svp(t_c: Num) -> Num:
    """Saturation vapour pressure in kPa at an air temperature in °C (eq. 11)."""
    return 0.6108 * np.exp(17.27 * t_c / (t_c + 237.3))


def svp_slope(t_c: Num) -> Num:
    """Slope of the saturation vapour pressure curve, kPa/°C (eq. 13)."""
    return 4098 * svp(t_c) / (t_c + 237.3) ** 2


def pressure(altitude_m: Num) -> Num:
    """Mean air pressure in kPa at an altitude in m (eq. 7)."""
    return 101.3 * ((293 - 0.0065 * altitude_m) / 293) ** 5.26


def wind_at_2m(speed: Num, height_m: float) -> Num:
    """Wind speed at 2 m from one measured at another height over grass, m/s (eq. 47)."""
    return speed * 4.87 / np.log(67.8 * height_m - 5.42)


def declination(doy: Num) -> Num:
    """Solar declination in rad on a day of the year (eq. 24)."""
    return 0.409 * np.sin(2 * np.pi / 365 * np.asarray(doy, dtype=np.float64) - 1.39)


def sunset_angle(latitude_deg: float, doy: Num) -> Num:
    """Sunset hour angle in rad (eq. 25); 0 in polar night, pi in polar day."""
    x = -np.tan(np.radians(latitude_deg)) * np.tan(declination(doy))
    return np.arccos(np.clip(x, -1, 1))


def daylight_hours(latitude_deg: float, doy: Num) -> Num:
    """Hours from sunrise to sunset (eq. 34)."""
    return 24 / np.pi * sunset_angle(latitude_deg, doy)


def extraterrestrial(latitude_deg: float, doy: Num) -> Num:
    """Radiation on top of the air in MJ/m2/d (eq. 21)."""
    phi, delta = np.radians(latitude_deg), declination(doy)
    near = 1 + 0.033 * np.cos(2 * np.pi / 365 * np.asarray(doy, dtype=np.float64))  # eq. 23
    ws = sunset_angle(latitude_deg, doy)
    turn = ws * np.sin(phi) * np.sin(delta) + np.cos(phi) * np.cos(delta) * np.sin(ws)
    return 24 * 60 / np.pi * SOLAR_CONSTANT * near * turn


def clear_sky(ra: Num, altitude_m: Num) -> Num:
    """Radiation under a clear sky in MJ/m2/d (eq. 37)."""
    return (0.75 + 2e-5 * altitude_m) * ra


def net_radiation(rs: Num, tmax: Num, tmin: Num, ea: Num, rso: Num) -> Num:
    """Net radiation in MJ/m2/d over grass (eqs. 38 to 40). ``ea`` in kPa."""
    longwave = (
        STEFAN_BOLTZMANN
        * ((tmax + 273.16) ** 4 + (tmin + 273.16) ** 4)
        / 2
        * (0.34 - 0.14 * np.sqrt(ea))
        * (1.35 * np.clip(rs / np.maximum(rso, 1e-9), 0.3, 1.0) - 0.35)
    )
    return (1 - ALBEDO) * rs - longwave


def penman_monteith(
    rn: Num, g: Num, *, t_mean: Num, es: Num, ea: Num, u2: Num, altitude_m: Num
) -> Num:
    """FAO Penman–Monteith reference evapotranspiration in mm/d (eq. 6).

    ``rn`` and ``g`` in MJ/m2/d, vapour pressures in kPa, ``u2`` in m/s at 2 m. It equals the ASCE
    standardized short reference (2005) for daily steps.
    """
    delta, gamma = svp_slope(t_mean), 0.665e-3 * pressure(altitude_m)
    energy = LATENT * delta * (rn - g)
    air = gamma * 900 / (t_mean + 273) * u2 * (es - ea)
    return np.maximum((energy + air) / (delta + gamma * (1 + 0.34 * u2)), 0.0)


def hargreaves(tmax: Num, tmin: Num, ra: Num) -> Num:
    """Reference evapotranspiration in mm/d from temperatures alone (eq. 52); ``ra`` in MJ/m2/d."""
    spread = np.sqrt(np.maximum(tmax - tmin, 0.0))
    return np.maximum(0.0023 * ((tmax + tmin) / 2 + 17.8) * spread * LATENT * ra, 0.0)


def daily_et0(
    *, rs: Num, tmax: Num, tmin: Num, tdew: Num, u2: Num, latitude: float, altitude: float, doy: Num
) -> Num:
    """Reference evapotranspiration in mm/d of days with all weather known (G = 0, eq. 42)."""
    ra = extraterrestrial(latitude, doy)
    es, ea = (svp(tmax) + svp(tmin)) / 2, svp(tdew)
    rn = net_radiation(rs, tmax, tmin, ea, clear_sky(ra, altitude))
    return penman_monteith(
        rn, 0.0, t_mean=(tmax + tmin) / 2, es=es, ea=ea, u2=u2, altitude_m=altitude
    )
