"""A dog's days as a script says, SIMULATED: what its collar feels, minute by minute.

States such as ``walk`` are one behaviour (:mod:`tinyfield.data.generators.dog`); ``day`` and its
kin are a mix by the clock, drawn anew every five minutes, with a scratch or a shake now and then.
It lies for two thirds of an ordinary day and walks or runs for three hours and a half, which is a
guess. At rest temperature and heart rate are those of a large dog (37.7 to 39.2 degC, 60 to 100 a
minute: Eldredge et al. 2007, Dog Owner's Home Veterinary Handbook, 4th edition).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from tinyfield.data.generators.dog import AXES, dog, motion
from tinyfield.data.generators.scene import Floats, Play, Scene

if TYPE_CHECKING:
    from tinyfield.spec import App

BLOCK_S = 300
PLAIN = {
    "sleep": "lying", "lie": "lying", "sit": "sitting", "walk": "walking", "run": "running",
    "climb": "climbing", "scratch": "scratching", "shake": "shaking", "eat": "eating",
    "drink": "drinking", "fever": "lying", "away": "running",
}  # fmt: skip

Mix = dict[str, float]
NIGHT: Mix = {"lying": 0.97, "sitting": 0.03}
DOZE: Mix = {"lying": 0.76, "sitting": 0.14, "walking": 0.08, "climbing": 0.01, "drinking": 0.01}
OUT: Mix = {"walking": 0.76, "running": 0.2, "sitting": 0.04}
EVENING: Mix = {
    "lying": 0.6, "sitting": 0.23, "walking": 0.13, "climbing": 0.02, "drinking": 0.02,
}  # fmt: skip
MEAL: Mix = {"eating": 1.0}
HOURS: tuple[tuple[float, Mix], ...] = (
    (6.0, NIGHT), (7.0, EVENING), (7.25, MEAL), (7.5, EVENING), (8.5, OUT), (12.0, DOZE),
    (12.5, OUT), (17.5, DOZE), (18.5, OUT), (18.75, MEAL), (22.0, EVENING), (24.0, NIGHT),
)  # fmt: skip
"""Until which hour of the day which mix is drawn from."""
UP_AND_DOWN: Mix = {"lying": 0.4, "sitting": 0.3, "walking": 0.3}
LAZY: Mix = {"lying": 0.97, "sitting": 0.03}
SCRATCHES, SHAKES = 0.02, 0.005
"""Shares of the waking minutes."""
ITCH = 4.0
HEART = {"lying": 66, "sitting": 82, "eating": 92, "drinking": 90, "walking": 112, "running": 178,
         "climbing": 150, "scratching": 105, "shaking": 110}  # fmt: skip
CORE_C, FEVER_C = 38.4, 40.4
FEVER_BPM = 50.0
AWAY_M_S, AWAY_M = 2.0, 2000.0
ROOM_C = 22.0


def mix_of(state: str, hour: float) -> Mix:
    """What a state by the clock draws from."""
    if state == "lazy":
        at = next(mix for until, mix in HOURS if hour < until)
        return at if at is MEAL else LAZY
    if state == "restless" and (hour >= 22 or hour < 6):
        return UP_AND_DOWN
    return next(mix for until, mix in HOURS if hour < until)


class World(Scene):
    """See the module."""

    def __init__(self, app: App, script: Sequence[Play], *, seed: int, start: datetime) -> None:
        super().__init__(app, script, seed=seed, start=start)
        self._dog = dog(self.rng("dog"))

    def behaviour(self, t: float) -> str:
        """What the dog does at virtual second ``t``; ``bare`` without one."""
        state = self.at(t).state
        if state == "bare":
            return state
        if state in PLAIN:
            return PLAIN[state]
        mix = mix_of(state, self.clock(t))
        names = list(mix)
        drawn = self.rng("block", int(t // BLOCK_S)).choice(names, p=list(mix.values()))
        itch = ITCH if state == "itchy" else 1.0
        chance = float(self.rng("minute", int(t // 60)).random())
        asleep = mix is NIGHT or mix is LAZY
        if not asleep and chance < SCRATCHES * itch:
            return "scratching"
        if not asleep and chance > 1 - SHAKES:
            return "shaking"
        return str(drawn)

    def sample(self, t: int) -> dict[str, float]:
        """Heart rate, temperature, and the distance beyond the fence."""
        what = self.behaviour(t)
        moment = self.at(t)
        rng = self.rng("vitals", t)
        if what == "bare":
            return self.named({"rate": np.nan, "temperature": ROOM_C, "beyond": 0.0})
        fever = moment.state == "fever"
        rate = HEART[what] + (FEVER_BPM if fever else 0.0) + float(rng.normal(0, 4))
        warmth = (FEVER_C if fever else CORE_C) + (0.25 if what == "running" else 0.0)
        beyond = min(moment.since * AWAY_M_S, AWAY_M) if moment.state == "away" else 0.0
        return self.named(
            {
                "rate": round(rate),
                "temperature": warmth + float(rng.normal(0, 0.08)),
                "beyond": round(beyond),
            }
        )

    def burst(self, t: int, frames: int, rate_hz: float) -> dict[str, Floats]:
        """Acceleration and turning rate of the ``frames`` frames that end at ``t``."""
        what, rng = self.behaviour(t), self.rng("frames", t)
        if what == "bare":
            still = {name: np.zeros(frames) for name in AXES} | {"accel_z": np.ones(frames)}
            values = {k: v + rng.normal(0, 0.001, frames) for k, v in still.items()}
        else:
            values = motion(what, self._dog, frames, rate_hz, rng)
        return {c.name: values[c.quantity] for c in self.app.channels if c.quantity in values}

    def summary(self) -> dict[str, float]:
        """Minutes of each behaviour in the script, as they were."""
        minutes = [self.behaviour(t) for t in range(0, self.seconds, 60)]
        return {f"{name}_min": float(minutes.count(name)) for name in sorted(set(minutes))}
