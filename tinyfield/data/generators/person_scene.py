"""A person who sits, walks, turns and tries to rise as a script says, with a watch on the wrist.

How a body moves is :mod:`tinyfield.data.generators.person`'s, fitted to real people; what a person
does when is the script's. Whoever goes from a chair to a walk rises first, and sits down after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from tinyfield.data.generators.person import Part, lasts, motion, wearers
from tinyfield.data.generators.scene import Floats, Play, Scene

if TYPE_CHECKING:
    from tinyfield.spec import App

LEG_S = {"walk": 12.0, "pace": 3.0, "lost": 0.0}
"""Seconds straight on between two turns; none of who turns about on the spot."""
TRY_S = 8.0
"""From one vain attempt to rise to the next."""
LEFT_TURNS = 0.5


class World(Scene):
    """See the module."""

    device: ClassVar[str] = "watch"

    def __init__(self, app: App, script: Sequence[Play], *, seed: int, start: datetime) -> None:
        super().__init__(app, script, seed=seed, start=start)
        rng = self.rng("who")
        people = wearers(self.device)
        self._who = people[seed % len(people)]
        self._parts = tuple(self._play(rng))
        self._begins = np.array([p.start for p in self._parts])
        self._noise = int(rng.integers(2**31))

    def _play(self, rng: np.random.Generator) -> Iterator[Part]:
        """The script in the body's states; the watch lies on a table where the state is ``off``."""
        spans = self.spans()
        for i, (begin, end, state) in enumerate(spans):
            t, until = float(begin), float(end)
            if state in ("sit", "off"):
                yield Part("seated", t, until)
                continue
            if state == "struggle":
                yield from self._struggle(t, until, rng)
                continue
            before = spans[i - 1][2] if i else "sit"
            after = spans[i + 1][2] if i + 1 < len(spans) else state
            if before not in LEG_S:
                rise = min(lasts(self._who, "standing_up", rng), (until - t) / 2)
                yield Part("standing_up", t, t + rise)
                t += rise
            down = 0.0
            if after not in LEG_S:
                down = min(lasts(self._who, "sitting_down", rng), (until - t) / 2)
            while t < until - down:
                leg = min(LEG_S[state] * float(rng.uniform(0.8, 1.2)), until - down - t)
                if leg > 0:
                    yield Part("walking", t, t + leg)
                t += leg
                turn = min(lasts(self._who, "turning", rng), until - down - t)
                if turn > 0:
                    yield Part("turning", t, t + turn, bool(rng.random() < LEFT_TURNS))
                    t += turn
            if down:
                yield Part("sitting_down", t, until)

    def _struggle(self, t: float, until: float, rng: np.random.Generator) -> Iterator[Part]:
        while t < until:
            rise = lasts(self._who, "standing_up", rng)
            fall = lasts(self._who, "sitting_down", rng)
            rest = max(TRY_S - rise - fall, 1.0)
            for state, seconds in (
                ("seated", rest), ("standing_up", rise), ("sitting_down", fall),
            ):  # fmt: skip
                end = min(t + seconds, until)
                if end > t:
                    yield Part(state, t, end)
                t = end

    def sample(self, t: int) -> dict[str, float]:
        """Nothing slow is known of a person."""
        del t
        return {}

    def burst(self, t: int, frames: int, rate_hz: float) -> dict[str, Floats]:
        """Acceleration and turn rate of the ``frames`` frames that end at ``t``."""
        first = round(t * rate_hz) - frames
        if self.at(t - 0.5 * frames / rate_hz).state == "off":
            rng = self.rng("table", t)
            still = {"accel_z": 1.0}
            values = {
                c.quantity: still.get(c.quantity, 0.0)
                + rng.normal(0, 0.002 if c.unit == "g" else 0.05, frames)
                for c in self.app.channels
            }
        else:
            at = max(first, 0)
            span = frames / rate_hz + 2
            near = self._near(first / rate_hz - 2, first / rate_hz + span)
            count = max(1, frames - (at - first))
            values = motion(self._who, near, at, count, rate_hz, self._noise)
            if count < frames:  # before the beginning: as at the beginning
                values = {k: np.concatenate([np.full(frames - count, v[0]), v])
                          for k, v in values.items()}  # fmt: skip
        return {c.name: values[c.quantity] for c in self.app.channels if c.quantity in values}

    def _near(self, a: float, b: float) -> list[Part]:
        """The parts that touch seconds ``a`` to ``b``, at least one."""
        i = max(int(np.searchsorted(self._begins, a, side="right")) - 1, 0)
        j = int(np.searchsorted(self._begins, b, side="right"))
        return list(self._parts[i : max(j, i + 1)])

    def truth(self, t: float) -> str:
        """What the body does at virtual second ``t``."""
        return self._near(t, t)[0].state

    def summary(self) -> dict[str, float]:
        """Minutes of each state of the body in the script."""
        minutes: dict[str, float] = {}
        for part in self._parts:
            minutes[part.state] = minutes.get(part.state, 0.0) + (part.end - part.start) / 60
        return {f"{state}_min": round(value, 2) for state, value in sorted(minutes.items())}
