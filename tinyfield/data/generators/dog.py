"""How a dog's collar moves: SIMULATED acceleration and turning rate of nine behaviours.

Each behaviour is gravity, tilted as the neck is held; a slow sway; a gait or another rhythm with
its harmonics; and noise, in the collar's plane of symmetry. Size and pace vary from dog to dog,
and the collar may hang any way around the neck and any way on it. Rest, gaits and their sizes
are those of the one dog of ``pet_dog`` (root mean squares and peaks of 2.56 s windows, read off
its training part); shaking is at 4 to 6 Hz (Dickerson et al. 2012, J. R. Soc. Interface 9, 3208:
wet dogs), lapping at 4 to 5 Hz (Gart et al. 2015, PNAS 112, 15798); scratching and eating are
guesses of the same kind. It stands in for data that are not there; nothing measured is in it, and a
score on it is no score on a dog.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tinyfield.data.generators.mounting import random_rotation

BEHAVIOURS = (
    "lying", "sitting", "walking", "running", "climbing", "scratching", "shaking", "eating",
    "drinking",
)  # fmt: skip
AXES = ("accel_x", "accel_y", "accel_z", "gyro_x", "gyro_y", "gyro_z")
"""Accelerations in g and turning rates in deg/s; x ahead, y left, z up before the collar turns."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Way:
    """How one behaviour moves the collar.

    Attributes:
        pitch: of the neck from level, deg; positive is up.
        sway: root mean square of its slow change, deg.
        hz: of the rhythm, least and most; (0, 0) = none.
        beat: amplitudes of the rhythm ahead, sideways and up, g.
        turn: the same of the turning rate about these axes, deg/s.
        sharp: share of the second harmonic, and half of it of the third.
        noise: of each axis, g (broad up to ``top`` Hz).
        gyro_noise: of each axis, deg/s.
        top: corner of the noise, Hz.
        bursts: share of the time that the rhythm is on.
    """

    pitch: float
    sway: float
    hz: tuple[float, float]
    beat: tuple[float, float, float]
    turn: tuple[float, float, float]
    sharp: float
    noise: float
    gyro_noise: float
    top: float
    bursts: float = 1.0


WAYS: dict[str, Way] = {
    "lying": Way(-10, 0.3, (0.3, 0.6), (0.0, 0.0, 0.002), (0.2, 0.5, 0.2), 0.1, 0.0018, 0.6, 6),
    "sitting": Way(35, 3.0, (0, 0), (0.0, 0.0, 0.0), (0, 0, 0), 0.0, 0.018, 4.0, 15),
    "walking": Way(10, 5.0, (3.4, 4.3), (0.16, 0.12, 0.28), (45, 45, 50), 0.35, 0.10, 22.0, 18),
    "running": Way(5, 7.0, (4.1, 5.0), (0.8, 0.5, 2.1), (75, 95, 90), 0.4, 0.28, 45.0, 15),
    "climbing": Way(
        25, 14.0, (2.6, 4.2), (0.45, 0.35, 0.75), (60, 70, 65), 0.5, 0.30, 45.0, 20, 0.7
    ),
    "scratching": Way(5, 6.0, (5.0, 7.0), (0.4, 1.3, 0.5), (190, 60, 110), 0.5, 0.2, 45.0, 25),
    "shaking": Way(-5, 6.0, (4.0, 6.0), (0.4, 2.6, 0.9), (900, 90, 160), 0.3, 0.25, 60.0, 20),
    "eating": Way(-50, 6.0, (1.8, 2.8), (0.05, 0.04, 0.07), (12, 28, 10), 0.4, 0.05, 12.0, 15),
    "drinking": Way(-45, 2.5, (4.0, 5.0), (0.03, 0.015, 0.05), (5, 20, 4), 0.2, 0.02, 5.0, 10),
}


@dataclass(frozen=True)
class Dog:
    """One animal with its collar.

    Attributes:
        pace: factor of every rhythm's frequency.
        force: factor of every amplitude.
        mount: from the dog's axes to the sensor's, [3, 3].
    """

    pace: float
    force: float
    mount: Floats


def dog(rng: np.random.Generator, *, upright: bool = False) -> Dog:
    """An animal; its collar turned about the neck and mounted at random, unless ``upright``."""
    mount = np.eye(3) if upright else random_rotation(rng)
    return Dog(float(rng.uniform(0.92, 1.1)), float(rng.uniform(0.8, 1.2)), mount)


def motion(
    behaviour: str, who: Dog, frames: int, rate_hz: float, rng: np.random.Generator
) -> dict[str, Floats]:
    """A stretch of one behaviour: quantity of ``AXES`` → values [frames]."""
    way = WAYS[behaviour]
    t = np.arange(frames) / rate_hz
    sway = np.deg2rad(way.sway) * _slow(frames, rate_hz, 0.4, rng, 2)
    tilt, roll = np.deg2rad(way.pitch) + sway[:, 0], sway[:, 1]
    gravity = np.stack(
        [np.sin(tilt), np.cos(tilt) * np.sin(roll), np.cos(tilt) * np.cos(roll)], axis=1
    )
    noise = _slow(frames, rate_hz, way.top, rng, 6)
    accel = gravity + way.noise * noise[:, :3]
    gyro = way.gyro_noise * noise[:, 3:]
    if way.hz[1] > 0:
        rhythm = _rhythm(t, way, who, rate_hz, rng)
        accel += who.force * rhythm * np.array(way.beat)
        gyro += who.force * rhythm[:, [1, 2, 0]] * np.array(way.turn)
    values = np.concatenate([accel @ who.mount.T, gyro @ who.mount.T], axis=1)
    return {name: values[:, i] for i, name in enumerate(AXES)}


def _rhythm(t: Floats, way: Way, who: Dog, rate_hz: float, rng: np.random.Generator) -> Floats:
    """Fundamental and two harmonics with a wandering pace, a phase for each axis, [frames, 3]."""
    n = len(t)
    hz = float(rng.uniform(*way.hz)) * who.pace
    wander, swell, level = _slow(n, rate_hz, 0.5, rng, 3).T
    phase = 2 * np.pi * np.cumsum(hz * (1 + 0.06 * wander))[:, None] / rate_hz
    size = np.clip(1 + 0.25 * swell, 0.2, None)
    if way.bursts < 1:
        size *= 0.25 + 0.75 * (level > np.quantile(level, 1 - way.bursts))
    a, b, c = rng.uniform(0, 2 * np.pi, (3, 3))
    wave = (
        np.sin(phase + a)
        + way.sharp * np.sin(2 * phase + b)
        + way.sharp / 2 * np.sin(3 * phase + c)
    )
    return np.asarray(wave * size[:, None])


def _slow(frames: int, rate_hz: float, top: float, rng: np.random.Generator, count: int) -> Floats:
    """``count`` noises of unit size with one pole at ``top`` Hz, from their stationary state on,
    [frames, count]."""
    from scipy.signal import lfilter

    keep = float(np.exp(-2 * np.pi * top / rate_hz))
    white = rng.normal(size=(frames, count)) * np.sqrt(1 - keep * keep)
    first = keep * rng.normal(size=(1, count))
    out, _ = lfilter([1.0], [1.0, -keep], white, axis=0, zi=first)
    return np.asarray(out, dtype=np.float64)
