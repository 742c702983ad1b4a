"""The values that go into the store and come out of it; none of them knows SQL."""

from __future__ import annotations

from dataclasses import dataclass, field

from tinyfield.wire import Case, Kind, Manifest, ManifestNeighbour, Message, Outcome

SEASON_S = 86_400
"""A node whose date is further from today's is a sim in a season of its own."""


@dataclass(frozen=True)
class Heard:
    """One valid message, with who sent it and when it was heard."""

    node: str
    message: Message
    received: int
    """Unix seconds by the gateway's own clock."""

    @property
    def at(self) -> int:
        """Unix seconds of the decision, in the node's season: heard less its age."""
        heard = self.received if self.message.heard is None else self.message.heard
        return max(0, heard - (self.message.age or 0))

    @property
    def said(self) -> int:
        """Unix seconds by the gateway's clock at which the node decided so, or said that it is so.

        What the broker or a bridge held back counts as well as what the node did. Of a sim, whose
        bridge tells its season's date, only the latter is known.
        """
        heard = self.message.heard
        if heard is None or self.message.simulated:
            heard = self.received
        return max(0, min(heard, self.received) - (self.message.age or 0))


@dataclass(frozen=True)
class Rejected:
    """One message that could not be read, or whose number was taken by another."""

    topic: str
    payload: bytes
    reason: str
    received: int


@dataclass
class Batch:
    """What is written in one transaction."""

    heard: list[Heard] = field(default_factory=list)
    births: list[tuple[str, Manifest]] = field(default_factory=list)
    """Which node brought which manifest."""
    online: dict[str, bool] = field(default_factory=dict)
    """By node: its link is up, or its will has been read out."""
    rejected: list[Rejected] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.heard) + len(self.births) + len(self.online) + len(self.rejected)

    @property
    def spoke(self) -> dict[str, set[int] | None]:
        """By node that told of its rules: of which; None: of all, in a heartbeat."""
        told: dict[str, set[int] | None] = {}
        for one in self.heard:
            if one.message.kind is Kind.HEARTBEAT and one.message.active_mask is not None:
                told[one.node] = None
            elif one.message.kind is Kind.DECISION and one.message.rule is not None:
                rules = told.setdefault(one.node, set())
                if rules is not None:
                    rules.add(one.message.rule)
        return told

    @property
    def came(self) -> set[str]:
        """Nodes that said something or are back: they listen, and can be told what they missed."""
        back = {node for node, online in self.online.items() if online}
        return back | {one.node for one in self.heard}


@dataclass(frozen=True)
class Hearing:
    """A decision of one node that another has asked for, and how it stands."""

    listener: str
    online: bool | None
    """Whether the listener's link is up; None: nobody has said."""
    manifest: int
    """Hash of the listener's manifest."""
    place: int
    """Index in that manifest's neighbours."""
    wish: ManifestNeighbour
    """What stands there: whom, which decision, and for how long a word of it counts."""
    known: bool
    """The neighbour has been heard here."""
    named: bool
    """Its manifest is here."""
    rule: int | None
    """The decision's number at the neighbour; None: it has none of that name, or no names."""
    active: bool | None
    """The last word; None: nothing has been said since the neighbour's last start."""
    said: int | None
    """Unix seconds by the gateway's clock of that word."""
    simulated: bool
    """One of the two is in a season of its own: how old a word grows there is not known here."""

    def stands(self, now: int) -> bool:
        """There is a word, and the listener would still believe it."""
        return self.said is not None and now - self.said < self.wish.expires


@dataclass(frozen=True)
class Committed:
    """What became of a batch once it was on the disk."""

    new: int
    duplicates: int
    collisions: tuple[str, ...]
    """The node of each decision whose number another one has; they are in quarantine."""
    watermarks: dict[tuple[str, int], int]
    """By (node, boot) of the batch's decisions: up to which seq all are stored; −1 for none."""
    hearings: tuple[Hearing, ...] = ()
    """What is to be heard of or by the batch's nodes, as it stands after the batch."""


@dataclass(frozen=True)
class Decision:
    """One stored decision; ids still in numbers."""

    id: int
    """Order of arrival."""
    node: str
    boot: int
    seq: int
    at: int
    received: int
    rule: int
    label: int
    score: int
    flags: int
    battery: int | None
    manifest: int
    why: int

    @property
    def active(self) -> bool:
        """The rule was active after it."""
        return bool(self.flags & 1)

    @property
    def outcome(self) -> Outcome:
        """What became of the actions."""
        return Outcome(self.flags >> 1 & 3)

    @property
    def repeated(self) -> bool:
        """The rule was active already and fired again."""
        return bool(self.flags & 16)

    @property
    def case(self) -> Case:
        """Who judges it."""
        return Case(self.flags >> 5 & 3)


@dataclass(frozen=True)
class ActiveRule:
    """A rule that is active on a node now."""

    rule: int
    label: int | None
    """None: a heartbeat says so, and the decision is not here."""
    since: int
    """Unix seconds of the decision or heartbeat that last confirmed it."""


@dataclass(frozen=True)
class Node:
    """What is known of one node."""

    id: int
    name: str
    board: str | None
    """None: no birth with a manifest so far. One manifest may be that of several boards."""
    manifest: int | None
    boot: int
    last_heard: int
    """Unix seconds by the gateway's clock: is the link alive?"""
    season: int
    """Unix seconds of the same moment by the node's: differs for a sim."""
    battery: int | None
    online: bool | None
    """None: nobody has said."""
    dropped: int
    """Decisions its full outbox gave up since its boot."""
    fault_mask: int
    collisions: int
    decisions: int
    active: tuple[ActiveRule, ...] = ()
