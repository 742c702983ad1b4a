"""The points that no other beats, and the one to take."""

from __future__ import annotations

from collections.abc import Sequence

from tinyfield.tune.study import OBJECTIVES, QUALITY, Point, figure

ENOUGH = 0.01
"""How much less than the best score is as good as the best; of errors a part of the least."""


def pareto(points: Sequence[Point], objectives: Sequence[str]) -> tuple[Point, ...]:
    """Of the points that fit the budget those that no other beats, the best score first. Of
    points with the same figures the first counts. Where none fits, of all."""
    allowed = [point for point in points if point.fits] or list(points)
    figures = [_figures(point, objectives) for point in allowed]
    front = [
        point
        for i, point in enumerate(allowed)
        if not any(
            _beats(other, figures[i]) or (other == figures[i] and j < i)
            for j, other in enumerate(figures)
        )
    ]
    return tuple(sorted(front, key=lambda p: (-_quality(p, objectives), p.outcome.flash, p.trial)))


def choose(front: Sequence[Point], objectives: Sequence[str]) -> Point | None:
    """The smallest in flash among those whose score is within ``ENOUGH`` of the best."""
    if not front:
        return None
    best = max(_quality(point, objectives) for point in front)
    enough = ENOUGH if best >= 0 else -best * ENOUGH
    good = [point for point in front if _quality(point, objectives) >= best - enough]
    return min(good, key=lambda p: (p.outcome.flash, -_quality(p, objectives), p.trial))


def _quality(point: Point, objectives: Sequence[str]) -> float:
    """Larger is better: errors count below zero."""
    name = next(one for one in objectives if one in QUALITY)
    value = point.outcome.scores[name]
    return value if OBJECTIVES[name][1] == "maximize" else -value


def _figures(point: Point, objectives: Sequence[str]) -> tuple[float, ...]:
    """Smaller is better in each."""
    found = []
    for name in objectives:
        what, way = OBJECTIVES[name]
        value = figure(point.outcome, what)
        assert value is not None
        found.append(-value if way == "maximize" else value)
    return tuple(found)


def _beats(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one != other and all(a <= b for a, b in zip(one, other, strict=True))
