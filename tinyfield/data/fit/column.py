"""Fits the soil column and the cotton season to the real probes of training plots.

The objective is the error of storage over 0–60 cm at the next probe, and half that of the season
run freely: the first alone would let slow losses hide, the second alone would trade the weeks
against each other. Large misses count less (soft L1): some probe dates straddle an irrigation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tinyfield.data.generators.bed import growth_of
from tinyfield.data.generators.fao56 import Growth
from tinyfield.data.generators.soil import Params
from tinyfield.data.importers import maricopa
from tinyfield.data.importers.maricopa import Plot
from tinyfield.data.splits import by_block
from tinyfield.data.validate import FEATURES, fit_correction, simulate
from tinyfield.spec.crops import crops

Floats = NDArray[np.float64]

STEP_S = 4 * 3600
FREE_WEIGHT = 0.5
BOUNDS: dict[str, tuple[float, float, float]] = {
    # name: least, most, start. p stays the table's: the label is defined by it.
    # spread stays as it is: the probes hardly tell (0 to 0.1 mm/h differ by 0.05 mm of error),
    # and in a loam water does spread.
    "root_decline": (0.2, 6.0, 1.5),
    "compensate": (0.3, 2.0, 1.0),
    "drain_h": (2.0, 48.0, 12.0),
    "rew": (4.0, 12.0, 7.0),
    "fw": (0.2, 1.0, 0.5),
    "l_ini": (20.0, 60.0, 35.0),
    "l_dev": (25.0, 70.0, 50.0),
    "l_mid": (30.0, 75.0, 50.0),
    "kcb_ini": (0.1, 0.25, 0.15),
    "kcb_mid": (0.9, 1.3, 1.15),
    "kcb_end": (0.2, 0.9, 0.45),
    "root": (0.5, 1.7, 0.9),
}


@dataclass(frozen=True)
class Fit:
    """What came out."""

    values: dict[str, float]
    params: Params
    growth: Growth
    fw: float


def unpack(values: dict[str, float]) -> Fit:
    """The generator's own types."""
    row = crops()["cotton"]
    late = max(sum(row.stages) - values["l_ini"] - values["l_dev"] - values["l_mid"], 20.0)
    override = {
        "stages": [values["l_ini"], values["l_dev"], values["l_mid"], late],
        "kcb": [1000 * values[k] for k in ("kcb_ini", "kcb_mid", "kcb_end")],
        "root_mm": [row.root_mm[0], 1000 * values["root"]],
    }
    names = Params.__dataclass_fields__
    params = Params(**{k: v for k, v in values.items() if k in names})
    return Fit(values, params, growth_of(row, override), values["fw"])


def misses(fit: Fit, plots: Sequence[Plot], until: date | None = None) -> Floats:
    """Errors in mm over the intervals that end by ``until``: next probe, then season (halved)."""
    rows = simulate(plots, fit.growth, fit.params, fw=fit.fw, step_s=STEP_S)
    rows = [r for r in rows if until is None or r.until <= until]
    near = [r.predicted - r.end for r in rows]
    far = [FREE_WEIGHT * (r.free - r.end) for r in rows]
    return np.array(near + far)


def fit(plots: Sequence[Plot], until: date | None = None, evaluations: int = 25) -> Fit:
    """Robust least squares within the bounds, on parameters scaled to 0–1."""
    from scipy.optimize import least_squares

    names = list(BOUNDS)
    low, high, start = (np.array([BOUNDS[n][i] for n in names]) for i in range(3))

    def at(x: Floats) -> Fit:
        values = low + np.clip(x, 0, 1) * (high - low)
        return unpack(dict(zip(names, values.tolist(), strict=True)))

    result = least_squares(
        lambda x: misses(at(x), plots, until),
        (start - low) / (high - low),
        bounds=(0, 1),
        loss="soft_l1",
        f_scale=5.0,
        diff_step=0.03,
        max_nfev=evaluations,
    )
    return at(np.asarray(result.x))


def fit_column(folder: Path, seed: int = 0, evaluations: int = 25) -> str:
    """Fits on the training plots of the seeded split; returns the TOML tables."""
    plots = [p for p in maricopa.read_plots(folder) if p.crop == "cotton"]
    split = by_block([p.group for p in plots], seed=seed)
    train = [p for p in plots if split[p.group] == "train"]
    best = fit(train, evaluations=evaluations)
    return tables(best, train)


def tables(best: Fit, train: Sequence[Plot]) -> str:
    """The TOML tables of a fit, with the learned correction on top of it."""
    lines = ["[column]"]
    for name in Params.__dataclass_fields__:
        lines.append(f"{name} = {round(getattr(best.params, name), 4)}")
    v, row = best.values, crops()["cotton"]
    stages = [round(v["l_ini"]), round(v["l_dev"]), round(v["l_mid"])]
    stages.append(max(sum(row.stages) - sum(stages), 20))
    kcb = [round(1000 * v[k]) for k in ("kcb_ini", "kcb_mid", "kcb_end")]
    lines += ["", "[field]", f"fw = {round(best.fw, 3)}"]
    lines += [
        "",
        "[crop.cotton]",
        f"stages = {stages}",
        f"kcb = {kcb}",
        f"root_mm = [{row.root_mm[0]}, {round(1000 * v['root'])}]",
    ]
    rows = simulate(train, best.growth, best.params, fw=best.fw)
    lines += ["", "# Ridge regression of what the physics missed at the next probe, mm."]
    lines += ["[correction]"]
    weights = fit_correction(rows).tolist()
    lines += [f"{k} = {round(v, 4)}" for k, v in zip(FEATURES, weights, strict=True)]
    lines += ["", "[fit]", "plots = ["]
    groups = [p.group for p in train]
    for i in range(0, len(groups), 6):
        lines.append("    " + " ".join(f'"{g}",' for g in groups[i : i + 6]))
    return "\n".join([*lines, "]"]) + "\n"
