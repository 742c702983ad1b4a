"""A fan as a script says: its vibration at each moment.

``normal``, ``perpendicular`` and ``opposite`` are a real fan's lines and noise (see
:mod:`tinyfield.data.generators.rotor`). No recording of another fault is at hand: what is added for
rubbing and for a loose mount follows the textbook (Randall 2011, Vibration-based Condition
Monitoring, ch. 2: rubbing brings broad-band noise and harmonics, looseness subharmonics and
harmonics of the rotation), its size is a guess. SIMULATED. The fan stands still while the node's
actuator ``stop`` is on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from tinyfield.data.generators.rotor import Vibration, frames, standing, vibration
from tinyfield.data.generators.scene import Floats, Moment, Play, Scene
from tinyfield.data.importers.fan import AXES, RATE_HZ

if TYPE_CHECKING:
    from tinyfield.spec import App

SPEED, SLOW, FAST = 70.0, 45.0, 90.0
"""In % of the greatest."""
RUB_NOISE, RUB_BLOW = 3.0, 1.5
"""Noise is so many times the usual; the blow of each turn in g."""
LOOSE_HALF, LOOSE_MORE = 0.6, 1.45
"""Half the rotation as strong as so much of the rotation; everything so many times the usual."""
BEFORE = round(3600 * RATE_HZ)
"""Frames that lie before virtual second 0."""
KNOCK_G, KNOCK_AFTER_S, KNOCK_S = 8.0, 5.0, 0.3


class World(Scene):
    """See the module."""

    def __init__(self, app: App, script: Sequence[Play], *, seed: int, start: datetime) -> None:
        super().__init__(app, script, seed=seed, start=start)
        self._turn_hz = {
            speed: _strongest(vibration("normal", speed)) for speed in (SPEED, SLOW, FAST)
        }
        self._switched: list[tuple[int, bool]] = []
        self._stops = 0

    def sample(self, t: int) -> dict[str, float]:
        """The mean of the last second: gravity."""
        burst = self.burst(t, round(RATE_HZ), RATE_HZ)
        return {name: float(values.mean()) for name, values in burst.items()}

    def burst(self, t: int, frames: int, rate_hz: float) -> dict[str, Floats]:
        """Acceleration of the ``frames`` frames that end at ``t``, by the state at each."""
        ends = t - (frames - 1 - np.arange(frames)) / rate_hz
        # The table is of RATE_HZ: another rate sees the nearest of its frames.
        at = np.rint(ends * RATE_HZ).astype(np.int64)
        out = np.zeros((frames, len(AXES)))
        moments = [self.at(float(end)) for end in ends]
        if self._switched:
            still = (self._stopped(float(end)) for end in ends)
            moments = [
                replace(m, state="off", index=-1 - m.index) if s else m
                for m, s in zip(moments, still, strict=True)
            ]
        first = 0
        while first < frames:
            now = moments[first]
            last = next((i for i in range(first, frames) if moments[i].index != now.index), frames)
            out[first:last] = self._piece(now, at[first:last], ends[first:last])
            first = last
        values = {f"accel_{axis}": np.round(out[:, i], 3) for i, axis in enumerate(AXES)}
        return {c.name: values[c.quantity] for c in self.app.channels if c.quantity in values}

    def actuate(self, t: int, actuator: str, on: bool) -> None:
        """The node stopped the fan, or lets it run."""
        if actuator == "stop":
            self._switched.append((t, on))
            self._stops += on

    def summary(self) -> dict[str, float]:
        """How often the node stopped the fan."""
        return {"stops": self._stops}

    def _stopped(self, t: float) -> bool:
        return next((on for since, on in reversed(self._switched) if since <= t), False)

    def _piece(self, now: Moment, at: np.ndarray, ends: Floats) -> Floats:
        """Frames of one state, [n, 3]."""
        state, since = now.state, now.since + (ends - ends[0])
        speed = {"slow": SLOW, "fast": FAST}.get(state, SPEED)
        if state == "faster":
            share = now.since / (now.since + now.left)
            speed = SLOW + (FAST - SLOW) * share
        kind = state if state in ("perpendicular", "opposite") else "normal"
        made = standing() if state == "off" else vibration(kind, speed)
        if state == "rubbing":
            made = Vibration(made.mean, made.noise * RUB_NOISE, made.lines)
        if state == "loose":
            made = _loose(made, self._turn_hz[SPEED])
        first = int(at[0]) + BEFORE  # the first burst ends at 0
        out = frames(made, first, int(at[-1] - at[0]) + 1, self.seed)[at - at[0]]
        if state == "rubbing":
            turn = (ends * self._turn_hz[SPEED]) % 1 < self._turn_hz[SPEED] / RATE_HZ
            out[turn] += RUB_BLOW * np.array([0.3, 1.0, 0.6])
        if state == "knocked":
            hit = (since >= KNOCK_AFTER_S) & (since < KNOCK_AFTER_S + KNOCK_S)
            fade = np.exp(-(since - KNOCK_AFTER_S) / 0.1)
            ring = KNOCK_G * fade * np.cos(2 * np.pi * 11 * (since - KNOCK_AFTER_S))
            out[hit] += ring[hit, None] * np.array([0.4, 1.0, 0.7])
        return np.asarray(out)


def _strongest(made: Vibration) -> float:
    """Frequency of the strongest line along z, where the rotation shows."""
    return float(made.lines[made.lines[:, 3].argmax(), 0])


def _loose(made: Vibration, turn_hz: float) -> Vibration:
    """With half the rotation in it, and everything stronger."""
    strongest = made.lines[made.lines[:, 3].argmax()]
    half = np.array([turn_hz / 2, *(LOOSE_HALF * strongest[1:])])
    lines = np.concatenate([made.lines * [1.0, *[LOOSE_MORE] * 3], half[None]])
    return Vibration(made.mean, made.noise * LOOSE_MORE, lines)
