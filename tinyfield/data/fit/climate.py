"""Fits the stochastic weather of ``generators/weather.py`` to records of real days."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tinyfield.data.generators import et0 as sun
from tinyfield.data.generators.weather import VARIABLES, Weather, day_of_year, harmonics

Floats = NDArray[np.float64]
WET_MM = 0.2
"""A day with at least this much rain is wet."""


def fit_climate(records: Sequence[Weather], *, curve: int) -> dict[str, object]:
    """The constants as plain lists. ``curve``: how many terms of the seasonal curves (1–5)."""
    doy = np.concatenate([day_of_year(w.start, w.days) for w in records])
    ra = sun.extraterrestrial(records[0].latitude, doy)
    x = np.stack(
        [
            np.concatenate([w.tmax for w in records]),
            np.concatenate([w.tmin for w in records]),
            np.concatenate([w.tdew for w in records]),
            np.concatenate([w.srad for w in records]) / ra,
            np.concatenate([w.wind for w in records]),
        ],
        axis=1,
    )
    rain = np.concatenate([w.rain for w in records])
    wet = rain >= WET_MM
    edge = np.zeros(len(doy), dtype=bool)
    edge[np.cumsum([0] + [w.days for w in records[:-1]])] = True
    basis = harmonics(doy)[:, :curve]
    after = ~edge[1:]
    before_wet = wet[:-1] & after
    before_dry = ~wet[:-1] & after
    wet_dry = _curve(basis[1:][before_dry], wet[1:][before_dry].astype(float), 3)
    wet_wet = _curve(basis[1:][before_wet], wet[1:][before_wet].astype(float), 1)
    amounts = rain[wet]
    rain_mm = _curve(basis[wet], amounts, 3)
    shape = float(np.clip(amounts.mean() ** 2 / amounts.var(), 0.3, 2.0))
    design = np.concatenate([basis, wet[:, None].astype(float)], axis=1)
    coefficients = np.linalg.lstsq(design, x, rcond=None)[0]
    residual = x - design @ coefficients
    spread = np.stack(
        [_curve(basis, np.abs(residual[:, k]), 3) * np.sqrt(np.pi / 2) for k in range(x.shape[1])]
    )
    z = residual / np.maximum(harmonics(doy) @ spread.T, 1e-3)
    z /= z.std(axis=0)
    now, then = z[1:][after], z[:-1][after]
    # Where the dew point was estimated from tmin the two are one: a small ridge keeps it regular.
    m0, m1 = z.T @ z / len(z) + 1e-3 * np.eye(z.shape[1]), now.T @ then / len(now)
    a = m1 @ np.linalg.inv(m0)
    rest = m0 - a @ m1.T
    values, vectors = np.linalg.eigh((rest + rest.T) / 2)
    b = vectors @ np.diag(np.sqrt(np.maximum(values, 1e-4)))
    mean = np.zeros((len(VARIABLES), 5))
    mean[:, :curve] = coefficients[:curve].T
    return {
        "days": len(doy),
        "wet_after_dry": _list(wet_dry),
        "wet_after_wet": _list(wet_wet),
        "rain_mm": _list(rain_mm),
        "rain_shape": round(shape, 3),
        "mean": _list(mean),
        "wet_shift": _list(coefficients[curve]),
        "spread": _list(spread),
        "a": _list(a),
        "b": _list(b),
    }


def _curve(basis: Floats, values: Floats, terms: int) -> Floats:
    """Least squares over the first terms, lightly ridged: some seasons are thin."""
    terms = min(terms, basis.shape[1])
    x = basis[:, :terms]
    ridge = np.diag([0.0] + [0.02 * len(x)] * (terms - 1))
    out = np.zeros(5)
    out[:terms] = np.linalg.solve(x.T @ x + ridge, x.T @ values)
    return out


def _list(values: Floats) -> list[object]:
    out: list[object] = np.round(values, 4).tolist()
    return out
