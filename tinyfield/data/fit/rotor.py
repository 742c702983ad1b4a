"""Fits the lines and the noise of a vibrating machine to recordings of it (see rotor.py of the
generators): Welch's spectrum, its strongest peaks, and what is left."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy.signal import welch

from tinyfield.data.importers.fan import AXES, RATE_HZ, STATES, Run

LINES = 5
WINDOW = 512
APART_HZ = 0.6
LEAST_HZ = 1.0


def fit_run(run: Run) -> dict[str, list[float] | list[list[float]]]:
    """``mean`` and ``noise`` of each axis in g, and ``lines``: frequency in Hz, then the rms
    amplitude on each axis in g."""
    signal = np.stack([run.axes[axis] for axis in AXES])
    f, power = welch(signal, RATE_HZ, nperseg=WINDOW)
    power *= f[1] - f[0]  # of each bin, g²
    left = power.copy()
    left[:, f < LEAST_HZ] = 0
    lines = []
    for _ in range(LINES):
        k = int((left / left.sum(axis=1, keepdims=True)).sum(axis=0).argmax())
        near = abs(f - f[k]) <= APART_HZ / 2
        at = float((power[:, near].sum(axis=0) * f[near]).sum() / power[:, near].sum())
        lines.append([round(at, 2), *np.sqrt(left[:, near].sum(axis=1)).round(4).tolist()])
        left[:, near] = 0
    rest = np.maximum(signal.var(axis=1) - np.square([x[1:] for x in lines]).sum(axis=0), 1e-6)
    return {
        "mean": signal.mean(axis=1).round(3).tolist(),
        "noise": np.sqrt(rest).round(4).tolist(),
        "lines": sorted(lines),
    }


def fit_text(runs: Iterable[Run]) -> str:
    """The table of every run, as TOML."""
    lines = [
        "# Vibration of a fan by state and speed in % (see rotor.py): means and noise on x, y, z",
        "# in g; lines: Hz, then rms on x, y, z in g. Fitted to anomaly_fan (Scalabrini Sampaio et",
        "# al. 2019, CC BY 4.0). Refit: python -m tinyfield.data.fit rotor --data DIR --write",
    ]
    for run in sorted(runs, key=lambda r: (STATES.index(r.state), r.speed)):
        found = fit_run(run)
        lines += ["", f"[{run.state}.{run.speed}]"]
        lines += [f"{key} = {value}" for key, value in found.items()]
    return "\n".join(lines) + "\n"
