"""The values that go into the store and come out of it; none of them knows SQL."""

from __future__ import annotations

from dataclasses import dataclass, field

from tinyfield.wire import Case, Manifest, Message, Outcome


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


@dataclass(frozen=True)
class Committed:
    """What became of a batch once it was on the disk."""

    new: int
    duplicates: int
    collisions: tuple[str, ...]
    """The node of each decision whose number another one has; they are in quarantine."""
    watermarks: dict[tuple[str, int], int]
    """By (node, boot) of the batch's decisions: up to which seq all are stored; −1 for none."""


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
    label: int
    since: int
    """Unix seconds of the decision that last confirmed it."""


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
