"""Vibration of a fan by state and speed: spectral lines that wander a little, and noise.

The lines are those of a real fan's recordings (``rotor.toml``): rotation, its harmonics, folded at
half the rate where they are faster, and the machines nearby. Between two speeds of the table lines
and noise go over from the one's to the other's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tinyfield.data.importers.fan import AXES, RATE_HZ, STATES, Run
from tinyfield.tomlfile import read_toml

Floats = NDArray[np.float64]

SECONDS = 42
"""Of each generated recording: as much as the real set has, so that trees grow as large."""
STILLS = 10
STILL_S = 60
STILL_G = 0.004
"""Noise of a sensor at rest: four steps of the MMA8452Q's finest range."""
JITTER_HZ = 0.04
"""Spread of a line's frequency about its mean, which follows the load and the supply."""
JITTER_S = 3.0
"""How long it stays on one side."""
SWELL_DB, SWELL_S = 0.55, 17.0
"""How far the strength on an axis swings, on the average over runs, and how long a swing lasts: the
level over 5 s then spreads by as much as in the recordings (0.4 to 0.7 dB)."""


@dataclass(frozen=True)
class Vibration:
    """One state at one speed.

    Attributes:
        mean, noise: of each axis in g, [3].
        lines: Hz, then rms on each axis in g, [n, 4].
    """

    mean: Floats
    noise: Floats
    lines: Floats


@cache
def _table() -> Mapping[str, Mapping[int, Vibration]]:
    read = read_toml(Path(__file__).with_suffix(".toml"))
    return {
        state: {
            int(speed): Vibration(*(np.array(row[k], float) for k in ("mean", "noise", "lines")))
            for speed, row in by_speed.items()
        }
        for state, by_speed in read.items()
    }


def speeds() -> tuple[int, ...]:
    """The speeds of the table, in %."""
    return tuple(sorted(next(iter(_table().values()))))


def vibration(state: str, speed: float) -> Vibration:
    """The lines and the noise of a state at a speed in %; outside the table its nearest end."""
    rows = _table()[state]
    known = sorted(rows)
    high = next((s for s in known if s >= speed), known[-1])
    low = next((s for s in reversed(known) if s <= speed), known[0])
    share = 0.0 if high == low else (speed - low) / (high - low)
    a, b = rows[low], rows[high]
    fade = np.array([1.0, *[np.sqrt(1 - share)] * 3]), np.array([1.0, *[np.sqrt(share)] * 3])
    return Vibration(
        a.mean * (1 - share) + b.mean * share,
        np.exp(np.log(a.noise) * (1 - share) + np.log(b.noise) * share),
        a.lines if high == low else np.concatenate([a.lines * fade[0], b.lines * fade[1]]),
    )


def standing(noise: float = STILL_G) -> Vibration:
    """A fan at a standstill: gravity, and noise of that many g on each axis."""
    mean = np.mean([v.mean for v in _table()[STATES[0]].values()], axis=0)
    return Vibration(mean, np.full(len(AXES), noise), np.zeros((0, 4)))


def standstills(*, seed: int) -> list[Floats]:
    """Accelerations of fans that stand still, [n, 3] in g each, from a quiet sensor to one in a
    building that hums; nobody recorded any."""
    return [
        np.round(frames(standing(noise), 0, int(STILL_S * RATE_HZ), seed * 1013 + i), 3)
        for i, noise in enumerate(np.geomspace(STILL_G / 4, STILL_G * 2, STILLS))
    ]


def frames(made: Vibration, start: int, n: int, seed: int) -> Floats:
    """Frames ``start`` to ``start + n`` of a vibration at ``RATE_HZ``, [n, 3] in g; they hang on
    seed and time alone, and so may be asked for piece by piece."""
    t = (start + np.arange(n)) / RATE_HZ
    out = np.zeros((n, len(AXES)))
    rng = np.random.default_rng([seed, 17])
    swing = rng.exponential(SWELL_DB, 3) * np.sin(
        2 * np.pi * t[:, None] / SWELL_S + rng.uniform(0, 2 * np.pi, 3)
    )
    for f, *rms in made.lines:
        phase = rng.uniform(0, 2 * np.pi, 3)
        wander = rng.uniform(0, 2 * np.pi, 2)
        turn = JITTER_HZ * JITTER_S * 2 * np.pi
        slow = np.sin(2 * np.pi * t / (5 * JITTER_S) + wander[0])
        quick = np.sin(2 * np.pi * t / (2.1 * JITTER_S) + wander[1])
        angle = 2 * np.pi * f * t + turn * (slow + 0.4 * quick)
        out += np.sqrt(2) * np.array(rms) * np.cos(angle[:, None] + phase)
    noise = np.concatenate(
        [
            np.random.default_rng([seed, 23, second]).normal(size=(int(RATE_HZ), len(AXES)))
            for second in range(start // int(RATE_HZ), -(-(start + n) // int(RATE_HZ)))
        ]
    )
    first = start % int(RATE_HZ)
    out += made.noise * noise[first : first + n]
    return np.asarray(made.mean + out * 10 ** (swing / 20))


def generate(*, seed: int) -> list[Run]:
    """One recording of ``SECONDS`` in each state at each speed."""
    out = []
    for state in STATES:
        for speed in speeds():
            own = seed * 1009 + 101 * STATES.index(state) + speed
            made = frames(vibration(state, speed), 0, int(SECONDS * RATE_HZ), own)
            axes = {axis: np.round(made[:, i], 3) for i, axis in enumerate(AXES)}
            out.append(Run(state, speed, 0, axes))
    return out
