"""Which few values a layer's weights may take: k-means in one dimension, solved exactly.

Deep compression (Han, Mao and Dally, ICLR 2016) lets the weights of a layer share N values. Here
the values are int8 in units of each channel's scale, so that the *integers* of the layer are
few, whatever its channels' scales, and a level is the same byte for all of them. In one dimension
and among 255 integers k-means needs no iterations: the best levels are a shortest path over
intervals (Wang and Song, The R Journal, 2011), the same at every run. Zero is always a level:
pruned weights stay zero.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

TOP = 127
"""Levels are −127…127, as TFLite's weights are."""

LEVELS_LEAST, LEVELS_MOST = 4, 32


def best_levels(values: Floats, weights: Floats | None, levels: int) -> NDArray[np.int64]:
    """The levels that change the values least, in the sum of squares.

    Args:
        values: in units of a level, any shape; beyond ±127 they count as ±127.
        weights: how much each value counts, as the square of its channel's scale; None: alike.
        levels: the most levels.

    Returns:
        Ascending different integers in −127…127, zero among them; fewer than asked where the
        values are fewer.
    """
    q = np.clip(np.rint(values), -TOP, TOP).astype(np.int64).ravel()
    counted = None if weights is None else np.broadcast_to(weights, values.shape).ravel()
    mass = np.bincount(q + TOP, weights=counted, minlength=2 * TOP + 1).astype(np.float64)
    cost, open_low, open_high = _costs(mass)
    # reach[b]: the least cost of all values at or below level b, b being the last level so far.
    reach = open_low.copy()
    came: list[NDArray[np.int64]] = []
    totals = [_closed(reach, open_high)]
    for _ in range(levels - 1):
        through = reach[:, None] + cost
        came.append(through.argmin(axis=0))
        reach = through.min(axis=0)
        totals.append(_closed(reach, open_high))
    total = np.array([least for least, _ in totals])
    # The fewest levels among those that cost the least: more would be of no use.
    used = int(np.flatnonzero(total <= total.min() * (1 + 1e-12) + 1e-300)[0])
    path = [totals[used][1]]
    for step in range(used - 1, -1, -1):
        path.append(int(came[step][path[-1]]))
    found = np.array(path[::-1], dtype=np.int64) - TOP
    return np.unique(np.append(found, 0)) if len(found) < levels else found


def _costs(mass: Floats) -> tuple[Floats, Floats, Floats]:
    """cost[a, b]: of the values between neighbouring levels a < b; and of those below a first
    level, and above a last one. Infinite where zero would be jumped over."""
    size = len(mass)
    place = np.arange(size, dtype=np.float64)
    apart = (place[:, None] - place[None, :]) ** 2  # [value, level]
    below = np.tril(np.ones((size, size)), -1)  # [value, level]: 1 where value > level
    # Sums over the values above a level, up to the middle between it and the next.
    upward = np.cumsum(apart * below * mass[:, None], axis=0)  # [value, level]: level < v <= value
    downward = np.cumsum((apart * below.T * mass[:, None])[::-1], axis=0)[::-1]
    cost = np.full((size, size), np.inf)
    low, high = np.triu_indices(size, 1)
    middle = (low + high) // 2
    cost[low, high] = upward[middle, low] + downward[np.minimum(middle + 1, size - 1), high]
    cost[:TOP, TOP + 1 :] = np.inf
    open_low, open_high = downward[0].copy(), upward[-1].copy()
    open_low[TOP + 1 :] = np.inf
    open_high[:TOP] = np.inf
    return cost, open_low, open_high


def _closed(reach: Floats, open_high: Floats) -> tuple[float, int]:
    total = reach + open_high
    last = int(total.argmin())
    return float(total[last]), last


def nearest(values: Floats, levels: NDArray[Any]) -> NDArray[np.int64]:
    """The index of the nearest level of each value; of two as near, the lower."""
    middles = (levels[1:] + levels[:-1]) / 2
    return np.searchsorted(middles, values, side="left").astype(np.int64)


def sparse(weights: Floats, share: float) -> NDArray[np.bool_]:
    """Which weights stay when that share of them, the smallest, becomes zero.

    Exactly ``round(share · n)`` go, ties by their place.
    """
    flat = np.abs(weights).ravel()
    gone = np.argsort(flat, kind="stable")[: round(share * flat.size)]
    stay = np.ones(flat.size, dtype=np.bool_)
    stay[gone] = False
    return stay.reshape(weights.shape)
