"""Ways to water a bed, good and bad: a model must have seen dry soil and wet."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tinyfield.data.generators.batch import Batch

Floats = NDArray[np.float64]

KINDS = ("near_optimal", "threshold", "timer", "deficit", "random", "neglect")


class Mixed:
    """Each bed has a policy of its own, drawn by seed; water flows at the valve's rate.

    near_optimal acts on the true state with some error; threshold on the true water at the probe;
    timer gives a fixed depth at fixed intervals; deficit a share of the demand every few days;
    random at random; neglect waits for stress and then soaks.
    """

    def __init__(
        self, batch: Batch, kinds: list[str], doses_mm: tuple[float, ...], rate: float, seed: int
    ) -> None:
        rng = np.random.default_rng([seed, 97])
        n = batch.n
        self.batch, self.kinds, self.rate = batch, np.array(kinds), rate
        self.doses = np.array(doses_mm)
        self.rng = rng
        self.pending = np.zeros(n)
        self.margin = rng.normal(0, 0.15, n)  # of RAW: too early or too late
        self.wet_at = rng.uniform(25, 75, n)
        self.depth = rng.uniform(4, 25, n)
        self.interval = rng.integers(1, 7, n)
        self.share = rng.uniform(0.4, 1.1, n)
        self.owed = np.zeros(n)
        self.hour = rng.integers(4, 20, n)
        self.waits = rng.uniform(1.0, 1.5, n)
        self.chance = rng.uniform(0.1, 0.6, n)
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
        # Six times a day, as a node that repeats its rule would.
        if hour % 4 == 0:
            short = b.projected(step) - raw * (1 + self.margin)
            dose = np.where(short <= 0, 0, np.where(short <= self.doses[1], *self.doses[1:3]))
            give += np.where(self.kinds == "near_optimal", dose, 0)
        low = b.column.available() < self.wet_at
        give += np.where((self.kinds == "threshold") & low & at_hour, self.depth, 0)
        due = at_hour & (day % self.interval == 0)
        give += np.where((self.kinds == "timer") & due, self.depth, 0)
        pay = (self.kinds == "deficit") & due
        give += np.where(pay, self.owed, 0)
        self.owed = np.where(pay, 0, self.owed)
        luck = self.rng.random(b.n) < self.chance
        give += np.where((self.kinds == "random") & at_hour & luck, self.depth, 0)
        soak = (self.kinds == "neglect") & at_hour & (dr > raw * self.waits)
        give += np.where(soak, dr * self.share, 0)
        self.pending += np.where(idle, give, 0)
