"""What a node says.

Values of a message are *shareable* by construction: no key stands for a channel or a feature.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from tinyfield.errors import WireError
from tinyfield.wire.cbor import MAX_MESSAGE, MAX_PUBLISHED, U8, U16, U32, read_map, uint, write_map
from tinyfield.wire.topics import is_node_id

LABEL_UNKNOWN = 255
"""The label id of a decision whose model could not run."""

ACTIVE_RULES = 32
"""Rules of whose state a heartbeat tells."""


class Kind(IntEnum):
    """What a message is about."""

    DECISION = 0
    BIRTH = 1
    HEARTBEAT = 2


class Case(IntEnum):
    """Who judges a decision's case."""

    NONE = 0
    """The node did, at once."""
    ASKED = 1
    """The edge is asked; nothing is done until it answers."""
    EDGE = 2
    """The edge has answered: active if it said yes."""
    ALONE = 3
    """No answer came, and the node settled it."""

    @property
    def words(self) -> str:
        """For people; empty where the node settled it at once."""
        return ("", "asks the edge", "by the edge", "no answer came")[self]


class Outcome(IntEnum):
    """What became of a decision's actions."""

    NONE = 0
    DONE = 1
    BLOCKED = 2


@dataclass(frozen=True)
class Message:
    """What a node says: a decision, a birth or a heartbeat.

    Raises:
        WireError: a value out of its range, a key missing for the kind.
    """

    boot: int
    """Which start of the node, from 1; with ``seq`` it numbers a decision for ever."""
    kind: Kind = Kind.DECISION
    seq: int | None = None
    """Number of the decision within its boot, from 0; decisions only."""
    age: int | None = None
    """Seconds since the decision was taken."""
    rule: int | None = None
    label: int | None = None
    score: int | None = None
    """Confidence × 255; 255 for a rule without a model."""
    flags: int | None = None
    battery: int | None = None
    """Millivolts; None if unknown."""
    manifest: int | None = None
    """Hash of the manifest that explains the ids."""
    why: int | None = None
    """Bit i: clause i of the rule was true."""
    backlog: int = 0
    """Seqs ``seq − backlog … seq − 1`` are still unacknowledged at the node."""
    node: str | None = None
    counters: tuple[int, int, int] | None = None
    """Samples, faults, dropped decisions since the boot; heartbeats only."""
    fault_mask: int | None = None
    """Bit i: sensor i gives no reading; heartbeats only."""
    heard: int | None = None
    """Unix seconds at which a bridge heard it, where that is not now; never sent by a node."""
    active_mask: int | None = None
    """Bit i: rule i of the first 32 is active now, and settled; heartbeats only."""
    simulated: bool = False
    """``heard`` is the date of a sim's season, which is not today's; never sent by a node."""

    def __post_init__(self) -> None:
        for name, most in _RANGES.items():
            value = getattr(self, name)
            if value is not None:
                uint(name, value, most)
        missing = [name for name in _REQUIRED[self.kind] if getattr(self, name) is None]
        if missing:
            raise WireError(f"{self.kind.name.lower()} without {', '.join(missing)}")
        if self.kind == Kind.DECISION and self.backlog > (self.seq or 0):
            raise WireError(f"backlog {self.backlog} reaches below the first decision")
        if self.kind == Kind.DECISION and self.flags is not None and (self.flags >> 1) & 3 == 3:
            raise WireError("flags: outcome 3 is not defined")
        if self.node is not None and not (isinstance(self.node, str) and is_node_id(self.node)):
            raise WireError(f"node id {self.node!r}: lower case, digits, dashes, at most 16")
        if self.counters is not None:
            if len(self.counters) != 3:
                raise WireError("counters: three are expected")
            for value in self.counters:
                uint("counter", value, U32)

    @property
    def active(self) -> bool:
        """The rule is active after this decision."""
        return bool((self.flags or 0) & 1)

    def is_active(self, rule: int) -> bool | None:
        """Whether a heartbeat says that ``rule`` is active; None if it does not say."""
        if self.active_mask is None or rule >= ACTIVE_RULES:
            return None
        return bool(self.active_mask >> rule & 1)

    @property
    def outcome(self) -> Outcome:
        """What became of the actions."""
        return Outcome((self.flags or 0) >> 1 & 3)

    @property
    def clock_set(self) -> bool:
        """The node knew the date."""
        return bool((self.flags or 0) & 8)

    @property
    def repeated(self) -> bool:
        """The rule fired again while active."""
        return bool((self.flags or 0) & 16)

    @property
    def case(self) -> Case:
        """Who judges it."""
        return Case((self.flags or 0) >> 5 & 3)

    @property
    def confidence(self) -> float:
        """0 to 1."""
        return (self.score or 0) / 255


_KEYS: dict[int, str] = {
    0: "boot",
    1: "seq",
    2: "age",
    3: "rule",
    4: "label",
    5: "score",
    6: "flags",
    7: "battery",
    8: "manifest",
    9: "why",
    10: "backlog",
    11: "node",
    12: "kind",
    13: "counters",
    14: "fault_mask",
    15: "heard",
    16: "active_mask",
    17: "simulated",
}
_RANGES: dict[str, int] = {
    "boot": U32,
    "seq": U32,
    "age": U32,
    "rule": U8,
    "label": U8,
    "score": U8,
    "flags": U8,
    "battery": U16,
    "manifest": U32,
    "why": U32,
    "backlog": U16,
    "fault_mask": U32,
    "heard": U32,
    "active_mask": U32,
}
_REQUIRED: dict[Kind, tuple[str, ...]] = {
    Kind.DECISION: ("seq", "age", "rule", "label", "score", "flags", "manifest", "why"),
    Kind.BIRTH: ("node", "manifest"),
    Kind.HEARTBEAT: ("node",),
}


def encode_message(message: Message) -> bytes:
    """The message as deterministic CBOR, at most 51 B (59 with what a bridge adds).

    Raises:
        WireError: it does not fit.
    """
    items = {key: getattr(message, name) for key, name in _KEYS.items()}
    items[10] = message.backlog or None
    items[12] = int(message.kind) or None
    items[17] = int(message.simulated) or None
    return write_map(items, MAX_MESSAGE if message.heard is None else MAX_PUBLISHED)


def decode_message(data: bytes) -> Message:
    """A message from its bytes; keys of later versions are ignored.

    Raises:
        WireError: anything else than one valid message in deterministic encoding.
    """
    items = read_map(data, MAX_PUBLISHED)
    if 15 not in items and len(data) > MAX_MESSAGE:
        raise WireError(f"message of {len(data)} B, at most {MAX_MESSAGE}")
    values = {name: items[key] for key, name in _KEYS.items() if key in items}
    if None in values.values() or "boot" not in values:
        raise WireError("message without boot" if "boot" not in values else "null in a message")
    kind = values.get("kind", 0)
    if type(kind) is not int or kind not in list(Kind):
        raise WireError(f"message of unknown kind {kind!r}")
    values["kind"] = Kind(kind)
    if "simulated" in values:
        uint("simulated", values["simulated"], 1)
        values["simulated"] = bool(values["simulated"])
    if "counters" in values:
        if not isinstance(values["counters"], list):
            raise WireError("counters: not a list")
        values["counters"] = tuple(values["counters"])
    return Message(**values)


def stamp_message(data: bytes, heard: int, *, simulated: bool = False) -> bytes:
    """A node's message with the time at which a bridge heard it; unknown keys are kept.

    Raises:
        WireError: ``data`` is no valid message.
    """
    decode_message(data)
    items = {**read_map(data, MAX_MESSAGE), 15: heard, 17: 1 if simulated else None}
    return write_map(items, MAX_PUBLISHED)
