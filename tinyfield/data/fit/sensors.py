"""Fits noise, drift and bias of a soil probe to neighbouring real sensors.

Two sensors at one place (E1a and E1b) see the same water. What they differ by from day to day is
noise; what wanders slowly is drift; what stays is bias (of sensor and of the spot). A line between
the two is taken out first, as a calibration would; the variogram of what is left tells noise and
drift apart (nugget, sill and range), each sensor having half. Pairs at different places differ
three times as much, by soil and cover, and are not used unless there are no others.
"""

from __future__ import annotations

from datetime import date
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from tinyfield.data.importers.quebec import Sensors

Floats = NDArray[np.float64]
WARM = range(5, 11)
"""May to October: in winter the soil freezes and the sensors lie."""


def fit_sensors(data: Sensors) -> dict[str, float]:
    """Standard deviations in % by volume and the drift's memory in days."""
    first = data.start.toordinal()
    warm = np.array([date.fromordinal(first + i).month in WARM for i in range(len(data.vwc))])
    vwc = np.where(warm[:, None], data.vwc, np.nan)
    lags = np.arange(1, 91)
    gamma, bias, count = np.zeros(len(lags)), [], np.zeros(len(lags))
    every = list(combinations(range(vwc.shape[1]), 2))
    near = [(i, j) for i, j in every if data.names[i][:-1] == data.names[j][:-1]]
    for i, j in near or every:
        both = np.isfinite(vwc[:, i]) & np.isfinite(vwc[:, j])
        if both.sum() < 100:
            continue
        bias.append(float(np.mean(vwc[both, i] - vwc[both, j])))
        slope, offset = np.polyfit(vwc[both, j], vwc[both, i], 1)
        d = (vwc[:, i] - slope * vwc[:, j] - offset) * np.sqrt(2 / (1 + slope**2))
        for k, lag in enumerate(lags):
            step = d[lag:] - d[:-lag]
            step = step[np.isfinite(step)]
            # Rain reaches two spots on different days: the middle 90 % keep that out.
            step = step[np.abs(step) <= np.quantile(np.abs(step), 0.9)] if len(step) else step
            gamma[k] += float((step**2).sum()) / 2
            count[k] += len(step)
    gamma /= np.maximum(count, 1)
    best = (np.inf, 0.0, 0.0, 0.0)
    for tau in np.arange(2.0, 121.0):
        shape = 1 - np.exp(-lags / tau)
        x = np.stack([np.ones_like(shape), shape], axis=1)
        nugget, sill = np.maximum(np.linalg.lstsq(x, gamma, rcond=None)[0], 1e-6)
        error = float(((nugget + sill * shape - gamma) ** 2).sum())
        if error < best[0]:
            best = (error, float(nugget), float(sill), float(tau))
    _, nugget, sill, tau = best
    return {
        "noise_vwc": round(float(np.sqrt(nugget / 2)), 3),
        "drift_vwc": round(float(np.sqrt(sill / 2)), 3),
        "drift_days": tau,
        "bias_vwc": round(float(np.sqrt(np.mean(np.square(bias)) / 2)), 3),
        "pairs": len(bias),
    }
