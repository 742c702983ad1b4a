"""How a sensor is mounted on what it moves with: any way round, or nearly as it should be."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray


def random_rotation(rng: np.random.Generator) -> NDArray[np.float64]:
    """A rotation matrix [3, 3], every rotation as likely as another.

    Of a quaternion that is uniform on its sphere (Shoemake 1992, "Uniform random rotations",
    Graphics Gems III).
    """
    w, x, y, z = (q := rng.normal(size=4)) / np.linalg.norm(q)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


SLIGHT_DEG = 14.0
"""Standard deviation of a slight rotation about each axis; together some 22 degrees."""


def slight_rotation(rng: np.random.Generator) -> NDArray[np.float64]:
    """A rotation matrix [3, 3] about an axis of any direction, by a small angle (Rodrigues)."""
    turn = np.radians(rng.normal(0, SLIGHT_DEG, 3))
    angle = float(np.linalg.norm(turn))
    x, y, z = turn / angle
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    out: NDArray[np.float64] = (
        np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    )
    return out


ROTATIONS: Mapping[str, Callable[[np.random.Generator], NDArray[np.float64]]] = {
    "random": random_rotation,
    "slightly": slight_rotation,
}
"""As ``train.augment.rotate`` names them."""
