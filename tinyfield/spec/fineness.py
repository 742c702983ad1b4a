"""How much of a reading the steps of a ``level:`` give away.

A level's label is shareable, and its number is raw. A step may be as fine as its author likes, but
where steps lie so near each other that only the reading's own last digit is lost, or where several
decisions part one number into more levels than a label has, whoever reads the decisions nearly
reads the sensor. That is a warning, for it may be what the author wants.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from tinyfield.spec.app import Decision
from tinyfield.spec.expr import ChannelRef, FeatureRef, Numeric, TotalRef, ValueRef, dump, walk
from tinyfield.spec.nodes import Map, Node
from tinyfield.spec.problems import Problems
from tinyfield.spec.units import power_of_ten

FINE = 5
"""Least steps of the number: levels nearer than so many differ by what its sensor wavers."""
MANY = 16
"""Levels of one number over all decisions; one decision has no more."""
_RAW = (ChannelRef, FeatureRef, ValueRef, TotalRef)


def check_fineness(
    decisions: Mapping[str, Decision | None], nodes: Mapping[str, Node], problems: Problems
) -> None:
    """Warns of levels that tell nearly the reading.

    Args:
        decisions: those that have no mistake, else None.
        nodes: where each is written.
    """
    seen: dict[str, set[int]] = {}
    for name, decision in decisions.items():
        level = None if decision is None else decision.level
        node = nodes[name]
        place = node.items.get("level") if isinstance(node, Map) else None
        if level is None or not isinstance(place, Map):
            continue
        if not any(isinstance(part, _RAW) for part in walk(level.value)):
            continue
        steps = place.items["steps"]
        assert isinstance(steps, Map) and isinstance(level.value, Numeric)
        nodes_of = dict(zip(level.steps, steps.items.values(), strict=True))
        near = next((b for a, b in pairwise(level.steps) if b - a < FINE), None)
        if near is not None:
            problems.at(
                nodes_of[near],
                "so near the step before it that the level tells nearly the reading, which is to "
                "stay on the node",
                hint=f"part them by {_apart(level.value)} or more, if that is enough",
                code="fine",
                kind="warning",
            )
        known = seen.setdefault(dump(level.value), set())
        before = len(known)
        known |= set(level.steps)
        if before <= MANY < len(known):
            problems.at(
                place,
                f"with those of the decisions before it, {len(known)} levels of one number: "
                "together they tell nearly the reading, which is to stay on the node",
                hint=f"part it into {MANY} or fewer",
                key=True,
                code="fine",
                kind="warning",
            )


def _apart(value: Numeric) -> str:
    """:data:`FINE` least steps of a number, such as ``1 %``."""
    return f"{float(power_of_ten(value.scale) * FINE):g} {value.unit}".strip()
