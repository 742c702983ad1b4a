"""A dog's days as a script says, SIMULATED: what its collar feels, minute by minute.

States such as ``walk`` are one behaviour (:mod:`tinyfield.data.generators.dog`); ``day`` and its
kin are a mix by the clock, drawn anew every five minutes, with a scratch or a shake now and then.
The average dog lies for two thirds of an ordinary day and walks or runs for three hours and a half;
every seed is another dog with habits of its own, and no two of its days are as long on the walk.
All of that is a guess, and so is how much it scratches. At rest temperature and heart rate are
those of a large dog (37.7 to 39.2 degC, 60 to 100 a minute: Eldredge et al. 2007, Dog Owner's Home
Veterinary Handbook, 4th edition).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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
    "drink": "drinking", "fever": "lying", "away": "running", "chilled": "lying",
    "racing_heart": "lying", "slow_heart": "lying",
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
    (6.0, NIGHT), (7.0, EVENING), (7.25, MEAL), (8.5, EVENING), (17.5, DOZE), (18.5, EVENING),
    (18.75, MEAL), (22.0, EVENING), (24.0, NIGHT),
)  # fmt: skip
"""Until which hour of the day which mix is drawn from."""
WALKS: tuple[tuple[float, float], ...] = ((7.5, 1.0), (12.0, 0.5), (17.0, 1.0))
"""From which hour it is out, and for how many hours on average."""
LONGEST_WALK = 1.5
HIKE = (9.0, 16.0)
UP_AND_DOWN: Mix = {"lying": 0.4, "sitting": 0.3, "walking": 0.3}
LAZY: Mix = {"lying": 0.97, "sitting": 0.03}
SCRATCHES, SHAKES = 0.02, 0.005
"""Shares of the waking minutes."""
ITCH = 4.0
HEART = {"lying": 66, "sitting": 82, "eating": 92, "drinking": 90, "walking": 112, "running": 178,
         "climbing": 150, "scratching": 105, "shaking": 110}  # fmt: skip
CORE_C = 38.4
AILS_C = {"fever": 40.4, "chilled": 36.2}
AILS_BPM = {"fever": 50.0, "chilled": -10.0, "racing_heart": 75.0, "slow_heart": -30.0}
"""Of states in which the body is not as it should be: its temperature, and beats more or fewer."""
AWAY_M_S, AWAY_M = 2.0, 2000.0
ROOM_C = 22.0


@dataclass(frozen=True)
class Habits:
    """What one dog does more or less of than the average one.

    Attributes:
        walk: factor of its walks.
        wake: factor of the shares of a day's mixes in which it does not lie.
        itch: factor of how often it scratches.
    """

    walk: float
    wake: float
    itch: float

    @staticmethod
    def draw(rng: np.random.Generator) -> Habits:
        """A dog; the spreads are guesses."""
        walk, wake, itch = np.exp(rng.normal(0, (0.3, 0.2, 0.3)))
        return Habits(float(walk), float(wake), float(itch))


DAY_SPREAD = (0.2, 0.1)
"""Standard deviations of the logarithms of a day's walks and waking, about the dog's habit."""


def awake(mix: Mix, factor: float) -> Mix:
    """A mix with so many times as much of everything but lying, and at most 85 % of it."""
    up = 1 - mix.get("lying", 0.0)
    factor = min(factor, 0.85 / up) if up else 1.0
    out = {name: share * factor for name, share in mix.items() if name != "lying"}
    return {"lying": 1 - up * factor} | out


def mix_of(state: str, hour: float, habits: Habits) -> Mix:
    """What a state by the clock draws from; ``habits`` of that day."""
    at = next(mix for until, mix in HOURS if hour < until)
    if at is MEAL:
        return MEAL
    if state == "lazy":
        return LAZY
    if state == "restless" and (hour >= 22 or hour < 6):
        return UP_AND_DOWN
    if state == "hike" and HIKE[0] <= hour < HIKE[1]:
        return OUT
    if any(a <= hour < a + min(n * habits.walk, LONGEST_WALK) for a, n in WALKS):
        return OUT
    return at if at is NIGHT else awake(at, habits.wake)


class World(Scene):
    """See the module."""

    def __init__(self, app: App, script: Sequence[Play], *, seed: int, start: datetime) -> None:
        super().__init__(app, script, seed=seed, start=start)
        self._dog = dog(self.rng("dog"))
        self._habits = Habits.draw(self.rng("habits"))
        self._began = (start - datetime(2026, 1, 1)).total_seconds()

    def habits(self, t: float) -> Habits:
        """The dog's habits, and what the day of virtual second ``t`` makes of them."""
        usual, day = self._habits, int((self._began + t) // 86400)
        walk, wake = np.exp(self.rng("day", day).normal(0, DAY_SPREAD))
        return Habits(usual.walk * float(walk), usual.wake * float(wake), usual.itch)

    def behaviour(self, t: float) -> str:
        """What the dog does at virtual second ``t``; ``bare`` without one."""
        state = self.at(t).state
        if state == "bare":
            return state
        if state in PLAIN:
            return PLAIN[state]
        habits = self.habits(t)
        mix = mix_of(state, self.clock(t), habits)
        names = list(mix)
        drawn = self.rng("block", int(t // BLOCK_S)).choice(names, p=list(mix.values()))
        itch = habits.itch * (ITCH if state == "itchy" else 1.0)
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
        rate = HEART[what] + AILS_BPM.get(moment.state, 0.0) + float(rng.normal(0, 4))
        warmth = AILS_C.get(moment.state, CORE_C) + (0.25 if what == "running" else 0.0)
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
