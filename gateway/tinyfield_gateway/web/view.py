"""The page's content as values: what the templates show, and nothing else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from tinyfield.wire import Manifest
from tinyfield_gateway.names import Shown, label_of, rule_of, show
from tinyfield_gateway.store import Decision, Node, Store
from tinyfield_gateway.store.records import SEASON_S
from tinyfield_gateway.web.words import Line, ago, heard_by, line

NODES_SHOWN = 200
_LATE_S = 26 * 3600
"""A node heartbeats at least once a day; later than this it is worth a look."""

_RANK = {"critical": 0, "warning": 1, "info": 2}


@dataclass(frozen=True)
class ActiveChip:
    """A rule that is active on a node."""

    name: str
    label: str | None
    severity: str


@dataclass(frozen=True)
class NodeCard:
    """One node of the fleet."""

    name: str
    app: str | None
    board: str | None
    state: str
    """ok, late, offline or new; a class of the style sheet."""
    heard: str
    season: str | None
    """The node's own date where it is not today's: a sim."""
    battery: str | None
    active: tuple[ActiveChip, ...]
    problems: tuple[str, ...]
    decisions: int
    hears: tuple[Line, ...] = ()
    """What it knows of its neighbours."""
    heard_by: str | None = None


@dataclass(frozen=True)
class FeedItem:
    """One decision of the feed."""

    clock: str
    shown: Shown


@dataclass(frozen=True)
class FeedDay:
    """The decisions of one day, as they arrived."""

    title: str
    items: tuple[FeedItem, ...]


@dataclass(frozen=True)
class Page:
    """Everything that changes on the page."""

    nodes: tuple[NodeCard, ...]
    more_nodes: int
    days: tuple[FeedDay, ...]
    decisions: int
    shown: int
    rejected: str | None
    """Why the last message was put aside, if any was."""
    read: bool = True
    """False: the store could not be read so far, which is not the same as nothing heard."""


UNREAD = Page(nodes=(), more_nodes=0, days=(), decisions=0, shown=0, rejected=None, read=False)


def build(store: Store, *, node: str | None, limit: int, now: int) -> Page:
    """The page as of now; ``node`` narrows the feed to one node."""
    manifests = store.manifests()
    nodes = store.nodes()
    decisions = store.decisions(node=node, limit=limit)
    rejected = store.rejected(1)
    hearings = store.hearings()
    ears, listeners = defaultdict(list), heard_by(hearings)
    for hearing in hearings:
        ears[hearing.listener].append(line(hearing, now))
    cards = [
        replace(
            _card(one, manifests, now),
            hears=tuple(ears[one.name]),
            heard_by=listeners.get(one.name),
        )
        for one in nodes
    ]
    cards.sort(key=_urgency)
    return Page(
        nodes=tuple(cards[:NODES_SHOWN]),
        more_nodes=max(0, len(cards) - NODES_SHOWN),
        days=_days(decisions, manifests),
        decisions=sum(one.decisions for one in nodes if node in (None, one.name)),
        shown=len(decisions),
        rejected=rejected[0].reason if rejected else None,
    )


def _urgency(card: NodeCard) -> tuple[int, int, str]:
    worst = min((_RANK[chip.severity] for chip in card.active), default=3)
    return (worst if worst < 2 else 2, 0 if card.problems else 1, card.name)


def _card(node: Node, manifests: Mapping[int, Manifest], now: int) -> NodeCard:
    manifest = manifests.get(node.manifest) if node.manifest is not None else None
    chips = []
    for active in node.active:
        rule = rule_of(manifest, active.rule)
        plain = rule is not None and rule.labels == ("off", "on")
        chips.append(
            ActiveChip(
                name=rule.name if rule else f"rule {active.rule}",
                label=None if plain or active.label is None else label_of(rule, active.label),
                severity=rule.severity if rule else "info",
            )
        )
    return NodeCard(
        name=node.name,
        app=manifest.app if manifest else None,
        board=node.board,
        state=_state(node, now),
        heard=ago(max(0, now - node.last_heard)) if node.last_heard else "never",
        season=_moment(node.season) if abs(node.season - node.last_heard) > SEASON_S else None,
        battery=f"{node.battery / 1000:.2f} V" if node.battery else None,
        active=tuple(sorted(chips, key=lambda chip: (_RANK[chip.severity], chip.name))),
        problems=tuple(_problems(node, manifest)),
        decisions=node.decisions,
    )


def _state(node: Node, now: int) -> str:
    if not node.last_heard:
        return "new"
    if node.online is False:
        return "offline"
    return "late" if now - node.last_heard > _LATE_S else "ok"


def _problems(node: Node, manifest: Manifest | None) -> list[str]:
    found = []
    if node.manifest is not None and manifest is None:
        found.append(
            f"names unknown: manifest {node.manifest:08x} is missing; "
            "give the bridge --manifest with the build's manifest.json"
        )
    sensors = manifest.sensors if manifest else ()
    faulty = [
        sensors[bit] if bit < len(sensors) else f"sensor {bit}"
        for bit in range(32)
        if node.fault_mask >> bit & 1
    ]
    if faulty:
        found.append(f"no reading from {', '.join(faulty)}")
    if node.dropped:
        found.append(f"{node.dropped} decisions lost at the node: its outbox was full")
    if node.collisions:
        found.append(
            f"{node.collisions} decisions with a number used before (kept in quarantine): "
            "two boards with one id, or a board whose memory was erased"
        )
    return found


def _days(decisions: Sequence[Decision], manifests: Mapping[int, Manifest]) -> tuple[FeedDay, ...]:
    items = [
        FeedItem(clock=_local(one.at).strftime("%H:%M"), shown=show(one, manifests))
        for one in decisions
    ]
    return tuple(
        FeedDay(title=title, items=tuple(group))
        for title, group in groupby(items, key=lambda item: _title(item.shown.at))
    )


def _local(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds).astimezone()


def _title(seconds: int) -> str:
    when = _local(seconds)
    return f"{when:%A} {when.day} {when:%B %Y}"


def _moment(seconds: int) -> str:
    when = _local(seconds)
    return f"{when.day} {when:%b %Y, %H:%M}"
