"""Neighbours: sensors whose reading is another node's decision, told by the gateway."""

from __future__ import annotations

from collections.abc import Container, Mapping

from tinyfield.spec.app import Neighbour
from tinyfield.spec.durations import duration_text
from tinyfield.spec.frozen import build
from tinyfield.spec.problems import Problems
from tinyfield.spec.resolve_parts import Part

NEIGHBOUR = "neighbour"
"""The driver's name."""


def resolve_neighbour(
    part: Part, *, node: str, sample_s: int, problems: Problems
) -> Neighbour | None:
    """Whose decision a part is; None of one with pins, or with its mistakes reported.

    Args:
        node: the id of the app's own node.
        sample_s: 0 where it is not known.
    """
    if part.driver.name != NEIGHBOUR:
        return None
    other, decision = part.words.get("node"), part.words.get("decision")
    expires = part.params.get("expires")
    if other == node:
        problems.at(
            part.nodes["node"],
            f"{other!r} is this node itself",
            hint="name another node, or a decision of its own in the rule: it needs no sensor",
            code="range",
        )
        return None
    if expires is not None and 0 < expires < sample_s:
        problems.at(
            part.nodes["expires"],
            f"its word would expire before the next sample (every {duration_text(sample_s)})",
            hint=f"write {duration_text(2 * sample_s)} or more",
            code="window",
        )
        return None
    if other is None or decision is None or expires is None:
        return None
    return build(Neighbour)(node=other, decision=decision, expires_s=expires)


def check_heartbeat(
    parts: list[Part],
    neighbours: Mapping[str, Neighbour | None],
    decisions: Container[str],
    heartbeat_s: int,
    problems: Problems,
) -> None:
    """Words that expire between two heartbeats: where the neighbour runs this same app, so that
    its heartbeat is known."""
    for part in parts:
        heard = neighbours.get(part.name)
        if heard is None or heard.decision not in decisions or heard.expires_s > heartbeat_s:
            continue
        every = duration_text(heartbeat_s)
        problems.at(
            part.nodes["expires"],
            f"a node of this app says how it stands every {every}: between, nothing is known of it",
            hint=f"write {duration_text(2 * heartbeat_s + 60)}, or a shorter 'heartbeat'",
            kind="warning",
            code="window",
        )


def check_twice(parts: list[Part], problems: Problems) -> None:
    """Two sensors that hear the same decision of the same node."""
    seen: dict[tuple[str, str], Part] = {}
    for part in parts:
        words = part.words.get("node"), part.words.get("decision")
        if part.driver.name != NEIGHBOUR or words[0] is None or words[1] is None:
            continue
        first = seen.setdefault((words[0], words[1]), part)
        if first is not part:
            problems.at(
                part.node,
                f"{part.name!r} is the same decision of the same node as {first.name!r}",
                hint=f"remove it: a rule may name '{first.name}.active' as often as it likes",
                key=True,
                code="duplicate",
            )
