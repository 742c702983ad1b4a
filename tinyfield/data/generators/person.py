"""How a phone in the pocket and a watch on the wrist move when a person rises, walks, turns and
sits down: gravity that goes over from one posture's to another's, a gait's harmonics, a turn about
the vertical, and noise. The figures are of real people (``person.toml``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tinyfield.data.generators.mounting import slight_rotation
from tinyfield.data.importers.har import ACTIVITIES, AXES, CLOCKS, Execution
from tinyfield.tomlfile import read_toml

Floats = NDArray[np.float64]

STATES = ACTIVITIES
HARMONICS = 4
SUBJECTS, EXECUTIONS = 16, 6
"""Of the stand-in."""
PUSH_G = 0.18
"""How much more and then less than its weight a person presses on the chair when rising."""
FADE_S = 0.25
_SMOOTH = 4
_EDGE = 1e-9


@dataclass(frozen=True)
class Wearer:
    """One device on one person.

    Attributes:
        seated, upright: mean acceleration in g, [3].
        stride_hz: two steps; its mean and its spread.
        turn_dps: mean turn rate about the vertical in a turn.
        gait: complex amplitudes of the stride's harmonics, [HARMONICS, 6].
        last_s: quartiles of how long each state lasts, [5, 2].
        rest: noise of each axis in each state, [5, 6].
    """

    seated: Floats
    upright: Floats
    stride_hz: tuple[float, float]
    turn_dps: float
    gait: NDArray[np.complex128]
    last_s: Floats
    rest: Floats


@dataclass(frozen=True)
class Part:
    """A state from second ``start`` to ``end``; a turn is to the left if ``left``."""

    state: str
    start: float
    end: float
    left: bool = False


@cache
def wearers(device: str) -> tuple[Wearer, ...]:
    """The people of the table, with a ``phone`` or a ``watch``."""
    rows = read_toml(Path(__file__).with_suffix(".toml"))[device]
    out = []
    for row in rows:
        gait = np.array(row["gait"], float)
        out.append(
            Wearer(
                np.array(row["seated"], float),
                np.array(row["upright"], float),
                (float(row["stride_hz"][0]), float(row["stride_hz"][1])),
                float(row["turn_dps"][0]),
                gait[:, :6] + 1j * gait[:, 6:],
                np.array(row["last_s"], float),
                np.array(row["rest"], float),
            )
        )
    return tuple(out)


def lasts(who: Wearer, state: str, rng: np.random.Generator) -> float:
    """Seconds that a state lasts, drawn between its quartiles and a little beyond."""
    low, high = who.last_s[STATES.index(state)]
    return float(max(0.5, rng.uniform(low - 0.2 * (high - low), high + 0.2 * (high - low))))


def motion(
    who: Wearer, parts: Sequence[Part], first: int, frames: int, rate_hz: float, seed: int
) -> dict[str, Floats]:
    """:data:`AXES` → frames ``first`` to ``first + frames``; they hang on seed and time alone, and
    so may be asked for piece by piece.

    Args:
        parts: what happens when, in order and without a gap; the first and the last go on.
    """
    t = (first + np.arange(frames)) / rate_hz
    out = np.zeros((6, frames))
    noise = _noise(first, frames, seed)
    at = np.clip(np.searchsorted([p.end for p in parts], t, side="right"), 0, len(parts) - 1)
    rng = np.random.default_rng([seed, 41])
    stride = who.stride_hz[0] + who.stride_hz[1] * float(rng.normal())
    wave = np.exp(2j * np.pi * (stride * t[None, :] + rng.random()))
    swing = sum((who.gait[h][:, None] * wave ** (h + 1)).real for h in range(HARMONICS)) + np.zeros(
        (6, 1)
    )
    for i in np.unique(at):
        part, here = parts[i], at == i
        seconds = max(part.end - part.start, _EDGE)
        u = np.clip((t[here] - part.start) / seconds, 0, 1)
        share, speed = _posture(part.state, u, seconds)
        gravity, turn = _between(who.seated, who.upright, share, speed)
        values = np.vstack([gravity, turn])
        up = gravity / np.linalg.norm(gravity, axis=0)
        if part.state in ("standing_up", "sitting_down"):
            values[:3] += up * PUSH_G * np.sin(2 * np.pi * u) * (1 - 2 * (part.state != STATES[1]))
        elif part.state == "turning":
            bell = np.pi / 2 * np.sin(np.pi * u) * (1 if part.left else -1)
            values[3:] += up * who.turn_dps * bell
        if part.state in ("walking", "turning"):
            since, left = t[here] - part.start, part.end - t[here]
            fade = np.ones(int(here.sum()))
            if i > 0 and parts[i - 1].state not in ("walking", "turning"):
                fade = np.minimum(fade, since / FADE_S)
            if i + 1 < len(parts) and parts[i + 1].state not in ("walking", "turning"):
                fade = np.minimum(fade, left / FADE_S)
            calm = 1.0 if part.state == "walking" else 0.8
            values += calm * np.clip(fade, 0, 1) * swing[:, here]
        out[:, here] = values + who.rest[STATES.index(part.state)][:, None] * noise[:, here]
    return {axis: out[k] for k, axis in enumerate(AXES)}


def _posture(state: str, u: Floats, seconds: float) -> tuple[Floats, Floats]:
    """How upright (0 to 1) and how fast that changes, per second: the path of least jerk (Flash
    and Hogan, J. Neurosci. 1985)."""
    if state in ("standing_up", "sitting_down"):
        share = u**3 * (10 - 15 * u + 6 * u**2)
        speed = 30 * u**2 * (1 - u) ** 2 / seconds
        return (share, speed) if state == "standing_up" else (1 - share, -speed)
    level = 0.0 if state == "seated" else 1.0
    return np.full_like(u, level), np.zeros_like(u)


def _between(a: Floats, b: Floats, share: Floats, speed: Floats) -> tuple[Floats, Floats]:
    """Gravity on the great circle from a to b, [3, n], and the turn rate that goes with it in
    degrees a second: a device that turns sees gravity turn the other way."""
    size_a, size_b = float(np.linalg.norm(a)), float(np.linalg.norm(b))
    ua, ub = a / size_a, b / size_b
    angle = float(np.arccos(np.clip(ua @ ub, -1, 1)))
    axis = np.cross(ua, ub)
    axis = axis / max(float(np.linalg.norm(axis)), _EDGE)
    theta = angle * share
    across = np.cross(axis, ua)
    direction = ua[:, None] * np.cos(theta) + across[:, None] * np.sin(theta)
    gravity = direction * (size_a + (size_b - size_a) * share)
    return gravity, -axis[:, None] * np.degrees(angle) * speed


def _noise(first: int, frames: int, seed: int) -> Floats:
    """Noise of unit spread, smooth over a few frames, [6, frames]."""
    block = 128
    start, end = first // block, -(-(first + frames + _SMOOTH) // block)
    raw = np.hstack(
        [np.random.default_rng([seed, 43, k]).normal(size=(6, block)) for k in range(start, end)]
    )
    sums = np.cumsum(np.hstack([np.zeros((6, 1)), raw]), axis=1)
    smooth = (sums[:, _SMOOTH:] - sums[:, :-_SMOOTH]) / np.sqrt(_SMOOTH)
    at = first - start * block
    return np.asarray(smooth[:, at : at + frames])


def generate(*, seed: int) -> list[Execution]:
    """The stand-in: people who rise, walk, turn, walk back, turn and sit down."""
    out = []
    for device in CLOCKS:
        rows = wearers(device)
        for subject in range(SUBJECTS):
            rng = np.random.default_rng([seed, 47, subject])
            who = varied(rows[subject % len(rows)], rng)
            for number in range(EXECUTIONS):
                out.append(_execution(device, subject, number, who, rng))
    return out


def varied(who: Wearer, rng: np.random.Generator) -> Wearer:
    """Another person a little like this one: the device sits a little otherwise, steps are a
    little wider."""
    turn = slight_rotation(rng)
    size = float(np.exp(rng.normal(0, 0.12)))
    gait = np.hstack([who.gait[:, :3] @ turn.T, who.gait[:, 3:] @ turn.T]).astype(np.complex128)
    return Wearer(
        turn @ who.seated,
        turn @ who.upright,
        (who.stride_hz[0] * float(np.exp(rng.normal(0, 0.05))), who.stride_hz[1]),
        who.turn_dps * float(np.exp(rng.normal(0, 0.1))),
        gait * size,
        who.last_s,
        who.rest,
    )


def _execution(
    device: str, subject: int, number: int, who: Wearer, rng: np.random.Generator
) -> Execution:
    rate = CLOCKS[device]
    parts: list[Part] = []
    t = 0.0
    for state in ("seated", "standing_up", "walking", "turning", "walking", "turning",
                  "sitting_down", "seated"):  # fmt: skip
        end = t + lasts(who, state, rng)
        parts.append(Part(state, t, end, bool(rng.random() < 0.5)))
        t = end
    n = int(t * rate)
    seed = int(rng.integers(2**31))
    stamps = np.arange(n) / rate
    at = np.clip(np.searchsorted([p.end for p in parts], stamps, side="right"), 0, len(parts) - 1)
    states = np.array([STATES.index(p.state) for p in parts], np.int16)
    axes = {axis: np.round(v, 3) for axis, v in motion(who, parts, 0, n, rate, seed).items()}
    return Execution(f"g{subject:02d}", device, number, rate, axes, states[at])
