"""Passes a node's decisions on to those who asked for them in their manifests, and nothing else.

What is passed on is read from the store after each commit, so that a restart or a second gateway
knows the same. A word keeps the time at which it was said: the listener judges by its own
``expires`` how long it counts, and one that counts no more is not sent.

A decision that comes late may be one of a backlog, and the next may take it back. So its word
waits until its node has said no more for a while, and then is whatever the last one was.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass, field

from tinyfield.wire import Downlink
from tinyfield_gateway.store import Batch, Hearing

LATE_S = 30
"""Age of a decision from which on it is not taken for the last one."""

QUIET_S = 5.0
"""A node that sends its backlog says the next within this."""


@dataclass
class Due:
    """What becomes of the last words that a batch touches."""

    fresh: list[Hearing] = field(default_factory=list)
    """To be sent now."""
    late: list[Hearing] = field(default_factory=list)
    """To be sent when their node is quiet."""
    old: list[Hearing] = field(default_factory=list)
    """Just come, and older than their listener believes."""


def due(
    hearings: Iterable[Hearing],
    batch: Batch,
    now: int,
    waiting: Container[tuple[str, int | None]] = (),
) -> Due:
    """Sorts them; ``waiting`` are those, by node and rule, that are late already.

    A word is sent when the neighbour has just told of that decision, and when the listener can be
    told what it may have missed; one that is known to be away is told when it is back. A sim is
    told once: to say it again would make it look as if the neighbour had.
    """
    spoke, came = batch.spoke, batch.came
    found = Due()
    for one in hearings:
        if one.said is None:
            continue
        rules = spoke.get(one.wish.node, set())
        told = rules is None or one.rule in rules
        if not one.stands(now):
            if told:
                found.old.append(one)
        elif one.online is False:
            continue
        elif told and rules is not None and now - one.said > LATE_S:
            found.late.append(one)
        elif told or (
            one.listener in came and not one.simulated and (one.wish.node, one.rule) not in waiting
        ):
            found.fresh.append(one)
    return found


class Waiting:
    """Decisions whose words wait until their node is quiet, by a clock that only rises."""

    def __init__(self) -> None:
        self._until: dict[tuple[str, int | None], float] = {}

    def __contains__(self, key: object) -> bool:
        return key in self._until

    def add(self, late: Iterable[Hearing], clock: float) -> None:
        """Wait for these."""
        for one in late:
            self._until[one.wish.node, one.rule] = clock + QUIET_S

    def spoke(self, nodes: Iterable[str], clock: float) -> None:
        """These have said something: what waits of them waits on."""
        said = set(nodes)
        self._until.update({key: clock + QUIET_S for key in self._until if key[0] in said})

    def over(self, clock: float) -> set[tuple[str, int | None]]:
        """Whose time is over, by node and rule; they are forgotten by :meth:`done`."""
        return {key for key, until in self._until.items() if until <= clock}

    def done(self, keys: Iterable[tuple[str, int | None]]) -> None:
        """Their words are on their way."""
        for key in keys:
            self._until.pop(key, None)


def word(hearing: Hearing, now: int) -> Downlink:
    """The last word of a hearing that has one, as its listener gets it at ``now``."""
    return Downlink(
        epoch=now,
        neighbour=hearing.place,
        active=hearing.active,
        heard=hearing.said,
        manifest=hearing.manifest,
    )
