"""Ways to water a bed, good and bad: a model must have seen dry soil and wet."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tinyfield.data.generators.batch import Batch

Floats = NDArray[np.float64]

KINDS = (
    "near_optimal", "threshold", "near_optimal", "timer", "deficit", "near_optimal", "random",
    "neglect",
)  # fmt: skip
"""In turn, season by season."""


class Mixed:
    """Each bed has a policy of its own, drawn by seed; water flows at the valve's rate.

    near_optimal acts on the true state with the errors a small model makes, so that the states
    near the decision, where the node will live, are seen often; threshold on the true water at
    the probe; timer gives a fixed depth at fixed intervals; deficit a share of the demand every
    few days; random at random; neglect waits for stress and then soaks.
    """

    def __init__(
        self,
        batch: Batch,
        kinds: Sequence[str],
        doses_mm: Sequence[float],
        rate: float,
        seeds: Sequence[int],
    ) -> None:
        self.batch, self.kinds, self.rate = batch, np.array(kinds), rate
        self.light, self.heavy = doses_mm[1], doses_mm[-1]
        self.pending, self.owed = np.zeros(batch.n), np.zeros(batch.n)
        rngs = [np.random.default_rng([s, 97]) for s in seeds]

        def draw(low: float, high: float) -> Floats:
            return np.array([r.uniform(low, high) for r in rngs])

        self.margin = draw(-0.35, 0.35)  # of RAW: too early or too late
        self.doubt = np.stack([r.normal(0, 0.2, (batch.days, 4)) for r in rngs], axis=2)
        self.wet_at = draw(25, 85)
        self.depth = draw(4, 25)
        self.interval = np.floor(draw(1, 6))
        self.share = draw(0.4, 1.1)
        self.hour = np.floor(draw(4, 20))
        self.waits = draw(1.0, 1.6)
        chance = draw(0.1, 0.6)
        days = [r.random(batch.days) for r in rngs]
        self.lucky = np.stack(days, axis=1) < chance
        self.every = 3600 // batch.period_s

    def __call__(self, step: int) -> Floats:
        if step % self.every == 0:
            self._think(step)
        out: Floats = np.minimum(self.pending, self.rate)
        self.pending = self.pending - out
        return out

    def _think(self, step: int) -> None:
        b = self.batch
        hour = step // self.every % 24
        day = step // b.per_day
        at_hour = self.hour == hour
        idle = self.pending <= 0
        demand = b.day.kcb * b.et0[step] * self.every
        self.owed += demand * self.share
        dr, raw = b.column.depletion(b.day), b.day.raw
        give = np.zeros(b.n)
        # Four times a day, as a node that repeats its rule would.
        if hour % 6 == 0:
            short = b.projected(step) - raw * (1 + self.margin + self.doubt[day, hour // 6])
            dose = np.where(short <= 0, 0, np.where(short <= self.light, self.light, self.heavy))
            give += np.where(self.kinds == "near_optimal", dose, 0)
        low = b.column.available() < self.wet_at
        give += np.where((self.kinds == "threshold") & low & at_hour, self.depth, 0)
        due = at_hour & (day % self.interval == 0)
        give += np.where((self.kinds == "timer") & due, self.depth, 0)
        pay = (self.kinds == "deficit") & due
        give += np.where(pay, self.owed, 0)
        self.owed = np.where(pay, 0, self.owed)
        lucky = at_hour & self.lucky[day]
        give += np.where((self.kinds == "random") & lucky, self.depth, 0)
        soak = (self.kinds == "neglect") & at_hour & (dr > raw * self.waits)
        give += np.where(soak, dr * self.share, 0)
        self.pending += np.where(idle, give, 0)
