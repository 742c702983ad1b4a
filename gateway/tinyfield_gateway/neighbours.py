"""Passes a node's decisions on to those who asked for them in their manifests, and nothing else.

What is passed on is read from the store after each commit, so that a restart or a second gateway
knows the same. A word keeps the time at which it was said: the listener judges by its own
``expires`` how long it counts, and one that counts no more is not sent.
"""

from __future__ import annotations

from collections.abc import Iterable

from tinyfield.wire import Downlink
from tinyfield_gateway.store import Batch, Hearing


def due(hearings: Iterable[Hearing], batch: Batch, now: int) -> tuple[list[Hearing], list[Hearing]]:
    """Whose last word is to be sent, and whose has just come but is too old to be.

    It is sent when the neighbour has just told of that decision, and when the listener can be
    told what it may have missed; one that is known to be away is told when it is back. A sim is
    told once: to say it again would make it look as if the neighbour had.
    """
    spoke, came = batch.spoke, batch.came
    fresh, old = [], []
    for one in hearings:
        if one.said is None:
            continue
        rules = spoke.get(one.wish.node, set())
        told = rules is None or one.rule in rules
        if not one.stands(now):
            if told:
                old.append(one)
        elif one.online is not False and (told or (one.listener in came and not one.simulated)):
            fresh.append(one)
    return fresh, old


def word(hearing: Hearing, now: int) -> Downlink:
    """The last word of a hearing that has one, as its listener gets it at ``now``."""
    return Downlink(
        epoch=now,
        neighbour=hearing.place,
        active=hearing.active,
        heard=hearing.said,
        manifest=hearing.manifest,
    )
