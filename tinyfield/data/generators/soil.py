"""Water in a layered soil under a crop, many plots at once.

The demand is FAO-56's dual crop coefficient (``fao56.py``: eqs. 71–76 for evaporation, 80–84 for
stress). Where FAO-56 keeps one bucket that grows with the roots, this keeps layers, because a
probe stands in one layer and real probes report layers:

* water enters the top layer; what a layer holds above field capacity drains into the next within
  hours (the infiltration lag); above saturation it passes at once; below the last layer it is
  deep percolation. Runoff is taken as zero (level, basin- or drip-irrigated ground);
* evaporation takes from the top layer, down to half of the wilting point (eq. 73);
* roots take from every layer they reach, more from the upper and the wetter ones;
* a slow flow runs from wetter to drier layers, both ways (capillary rise too).

The balance closes by construction: each flow is taken from one place and put in another.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tinyfield.data.generators import fao56
from tinyfield.tomlfile import read_toml

Floats = NDArray[np.float64]

BOTTOMS_M = np.array([0.10, 0.20, 0.40, 0.60, 0.80, 1.00, 1.40, 2.00])
"""Depths of the layers' bottoms. The first is the evaporation layer (Ze, table 19)."""
THICK_M = np.diff(BOTTOMS_M, prepend=0.0)
PROBE_WEIGHTS = np.array([0.0, 0.5, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0])
"""What a probe feels whose 10 cm blade stands upright from 15 to 25 cm: two layers by half."""


@dataclass(frozen=True)
class Params:
    """What was fitted to the real probes (``column.toml`` says with which command).

    Attributes:
        root_decline: how fast root density falls with depth (0 = evenly).
        compensate: how strongly roots prefer the wetter layers (power of relative water).
        drain_h: hours in which a layer loses 63 % of what exceeds field capacity.
        spread: flow between layers, mm/h for a full difference of relative water.
        saturation: water content at saturation, m3/m3.
        rew: readily evaporable water, mm (table 19: 2 to 12).
    """

    root_decline: float = 1.5
    compensate: float = 1.0
    drain_h: float = 12.0
    spread: float = 0.1
    saturation: float = 0.42
    rew: float = 9.0


@cache
def fitted() -> Params:
    """The bundled constants."""
    table = read_toml(Path(__file__).with_name("column.toml"))["column"]
    return Params(**{k: float(v) for k, v in table.items()})


@dataclass(frozen=True)
class Soil:
    """Field capacity and wilting point of n plots in the layers, m3/m3, [n, layers]."""

    fc: Floats
    wp: Floats

    @staticmethod
    def uniform(fc: Floats, wp: Floats) -> Soil:
        """The same soil all the way down; ``fc`` and ``wp`` are [n]."""
        ones = np.ones(len(BOTTOMS_M))
        return Soil(np.outer(fc, ones), np.outer(wp, ones))


@dataclass
class Flows:
    """What moved in one step, mm, [n] each."""

    evaporation: Floats
    transpiration: Floats
    drained: Floats


class Day:
    """The coefficients of one day; they change with the crop and the weather, not by the minute.

    Attributes are arrays [n] unless said otherwise: kcb, kcmax, few, p, taw (mm), reach
    (share of each layer within the roots, [n, layers]) and pull (its root weight).
    """

    def __init__(
        self,
        column: Column,
        growth: fao56.Growth,
        day: Floats,
        *,
        et0: Floats,
        u2: Floats,
        rh_min: Floats,
        fw: float = 1.0,
    ) -> None:
        par = column.params
        height = growth.height_at(day)
        self.kcb = np.asarray(growth.kcb_at(day) * np.ones_like(et0))
        self.kcmax = fao56.kc_max(self.kcb, u2, rh_min, height)
        self.few = fao56.exposed(fao56.cover(self.kcb, self.kcmax, height), fw)
        self.p = fao56.p_adjusted(growth.p, self.kcb * et0)
        root = np.minimum(growth.root_at(day) * np.ones_like(et0), BOTTOMS_M[-1])
        top = BOTTOMS_M - THICK_M
        self.root = root
        self.reach = np.clip((root[:, None] - top) / THICK_M, 0.0, 1.0)
        # Density falls exponentially with the depth relative to the roots' own; integrated.
        b, z = max(par.root_decline, 1e-6), root[:, None]
        upto = np.minimum(BOTTOMS_M, z) / z
        start = np.minimum(top, z) / z
        self.pull = (np.exp(-b * start) - np.exp(-b * upto)) / (1 - np.exp(-b))
        self.taw = (self.reach * column.awc).sum(axis=1)
        self.raw = self.p * self.taw


class Column:
    """n soil columns side by side. ``w`` is the water in each layer, mm, [n, layers]."""

    def __init__(self, soil: Soil, params: Params | None = None) -> None:
        self.params = params or fitted()
        self.mm = THICK_M * 1000
        self.fc, self.wp = soil.fc * self.mm, soil.wp * self.mm
        self.awc = self.fc - self.wp
        self.sat = np.maximum(self.params.saturation * self.mm, self.fc + 0.2 * self.awc)
        self.floor = self.wp.copy()
        self.floor[:, 0] *= 0.5
        self.tew = self.fc[:, 0] - self.floor[:, 0]
        self.rew = np.minimum(self.params.rew, 0.7 * self.tew)
        self.w = self.fc.copy()

    def wet(self, share: Floats) -> None:
        """Sets each layer to a share of its available water; ``share`` is [n] or [n, layers]."""
        share = share[:, None] if share.ndim == 1 else share
        self.w = self.wp + share * self.awc

    def depletion(self, day: Day) -> Floats:
        """Root-zone depletion Dr, mm, [n]; never negative."""
        short: Floats = (day.reach * (self.fc - self.w)).sum(axis=1)
        out: Floats = np.maximum(short, 0.0)
        return out

    def available(self) -> Floats:
        """Water at the probe, % of the available water (0 = wilting point)."""
        out: Floats = 100 * ((self.w - self.wp) / self.awc) @ PROBE_WEIGHTS
        return out

    def stress(self, day: Day) -> Floats:
        """Ks now, [n] (eq. 84)."""
        out: Floats = fao56.ks(self.depletion(day), day.taw, day.p)
        return out

    def evaporation_coefficient(self, day: Day) -> Floats:
        """Ke now, [n] (eq. 71)."""
        # Evaporation comes from the bare wetted part alone, which dries ahead of the layer's mean
        # (eq. 77 divides by few for that reason).
        dry = np.maximum(self.fc[:, 0] - self.w[:, 0], 0.0) / day.few
        reduction = fao56.kr(dry, self.tew, self.rew)
        out: Floats = fao56.ke(reduction, day.kcmax, day.kcb, day.few)
        return out

    def step(self, day: Day, et0: Floats, water: Floats, hours: float) -> Flows:
        """Moves on by ``hours`` with ``et0`` and ``water`` (rain and irrigation) in mm."""
        w, par = self.w, self.params
        ks, ke = self.stress(day), self.evaporation_coefficient(day)
        # Evaporation and roots first, from the water that is there.
        evaporation = np.minimum(ke * et0, np.maximum(w[:, 0] - self.floor[:, 0], 0.0))
        w[:, 0] -= evaporation
        rel = (w - self.wp) / self.awc
        held = np.minimum(np.maximum(rel, 0.0), 1.0)
        want = day.pull * held**par.compensate
        total = np.maximum(want.sum(axis=1), 1e-12)
        take = want * (ks * day.kcb * et0 / total)[:, None]
        take = np.minimum(take, np.maximum(w - self.wp, 0.0))
        w -= take
        # Between neighbours, from the relatively wetter to the drier.
        middle = 0.5 * (held[:, 1:] + held[:, :-1])
        q = par.spread * hours * middle * middle * (rel[:, :-1] - rel[:, 1:])
        w[:, :-1] -= q
        w[:, 1:] += q
        # Infiltration and drainage.
        w[:, 0] += water
        drained = self._spill() if (w > self.sat).any() else 0.0
        flux = np.maximum(w - self.fc, 0.0) * (1 - np.exp(-hours / par.drain_h))
        w -= flux
        w[:, 1:] += flux[:, :-1]
        return Flows(evaporation, take.sum(axis=1), flux[:, -1] + drained)

    def _spill(self) -> Floats:
        w = self.w
        for k in range(w.shape[1] - 1):
            over = np.maximum(w[:, k] - self.sat[:, k], 0.0)
            w[:, k] -= over
            w[:, k + 1] += over
        out: Floats = np.maximum(w[:, -1] - self.sat[:, -1], 0.0)
        w[:, -1] -= out
        return out
