"""The contract between node and gateway: frames, messages, the app manifest, topics.

Four things, from the wire upwards:

* **Frames** on a byte stream: ``COBS(type ‖ payload ‖ crc16 hi ‖ crc16 lo) ‖ 0x00``, payload at
  most 96 B. COBS is Cheshire & Baker, "Consistent Overhead Byte Stuffing" (1999); the CRC is
  CRC-16/CCITT-FALSE (polynomial 1021, init FFFF, no reflection) over type and payload.
* **Messages** from a node and **downlinks** to it: CBOR maps (RFC 8949) with small integer keys,
  in deterministic encoding (minimal heads, ascending keys), at most 51 B.
* The **manifest**: the names behind the ids in a message. ``build`` writes it.
* The **topics** of MQTT.

The firmware's twin is in ``firmware/core``; both are held to ``tests/wire/vectors.json``.
Values of a message are *shareable* by construction: no key stands for a channel or a feature.

Longer than most files: it is one contract, and the gateway imports nothing else of tinyfield.
"""

from __future__ import annotations

import hashlib
import json
import re
from binascii import crc_hqx
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Any, Literal

import cbor2
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tinyfield.errors import WireError

WIRE_VERSION = 1

# --- frames ----------------------------------------------------------------------------------

MAX_PAYLOAD = 96
"""Bytes of payload in one frame."""

# type, payload and CRC, plus COBS's one byte of overhead (one per 254); without the delimiter.
_MAX_ENCODED = 1 + MAX_PAYLOAD + 2 + 1


class FrameType(IntEnum):
    """The type byte of a frame; integers in payloads are little-endian."""

    ROW_REQUEST = 1  # node → host: u32 t
    ROW = 2  # host → node: u32 t, i32 value[channels]
    UPLINK = 3  # node → host: a message
    DOWNLINK = 4  # host → node: a downlink
    LOG = 5  # node → host: UTF-8 text
    EXIT = 6  # host → node: empty, no more rows; node → host: u8 code, u32 stack bytes
    ACT = 7  # node → host, virtual boards only: u32 t, u8 actuator, u8 on
    TIME = 8  # sim → bridge, never a node: u32 unix s of virtual now, u32 s into the season
    BATTERY = 9  # host → virtual board, ahead of a row: u16 mV of its supply
    # virtual board → host: u32 t, u8 fast sensor, u16 first frame, u8 values a piece, u8 pieces
    BURST_REQUEST = 10
    # host → virtual board: u32 t, u8 fast sensor, u16 first frame, u8 values, i16 value[values]
    BURST = 11


@dataclass(frozen=True)
class Frame:
    """One unit of a byte stream."""

    type: FrameType
    payload: bytes


def crc16(data: bytes, start: int = 0xFFFF) -> int:
    """CRC-16/CCITT-FALSE of ``data``; that of ``b"123456789"`` is 29B1."""
    return crc_hqx(data, start)


def cobs_encode(data: bytes) -> bytes:
    """``data`` with no zero byte in it, one byte longer for each 254 begun; no delimiter."""
    parts = data.split(b"\0")
    if max(map(len, parts)) < 0xFE:
        # Every zero byte gives way to how far it is to the next: a sim makes 40 frames a sample.
        short, at = bytearray(b"\0" + data), 0
        for part in parts:
            short[at] = len(part) + 1
            at += len(part) + 1
        return bytes(short)
    out = bytearray(1)
    head, code, last = 0, 1, len(data) - 1
    for i, byte in enumerate(data):
        if byte:
            out.append(byte)
            code += 1
        if not byte or (code == 0xFF and i != last):
            out[head] = code
            head, code = len(out), 1
            out.append(0)
    out[head] = code
    return bytes(out)


def cobs_decode(data: bytes) -> bytes:
    """The inverse of :func:`cobs_encode`.

    Raises:
        WireError: a zero byte, or a block that is longer than what is left.
    """
    out = bytearray()
    at, end = 0, len(data)
    if not end:
        raise WireError("COBS: empty")
    while at < end:
        code = data[at]
        block = data[at + 1 : at + code]
        if not code or 0 in block:
            raise WireError("COBS: a zero byte inside")
        if len(block) != code - 1:
            raise WireError("COBS: ends inside a block")
        out += block
        at += code
        if code != 0xFF and at < end:
            out.append(0)
    return bytes(out)


def encode_frame(type: FrameType | int, payload: bytes = b"") -> bytes:
    """One frame with its closing zero.

    Raises:
        WireError: the payload is longer than 96 B, or the type is unknown.
    """
    if len(payload) > MAX_PAYLOAD:
        raise WireError(f"frame: payload of {len(payload)} B, at most {MAX_PAYLOAD} fit")
    try:
        body = bytes((FrameType(type),)) + payload
    except ValueError:
        raise WireError(f"frame: unknown type {type}") from None
    return cobs_encode(body + crc16(body).to_bytes(2, "big")) + b"\0"


def decode_frame(encoded: bytes) -> Frame:
    """One frame from what stands between two zeros.

    Raises:
        WireError: too short or long, not COBS, wrong CRC, unknown type.
    """
    if len(encoded) > _MAX_ENCODED:
        raise WireError(f"frame: {len(encoded)} B between delimiters, at most {_MAX_ENCODED}")
    body = cobs_decode(encoded)
    if len(body) < 3:
        raise WireError(f"frame: {len(body)} B cannot hold a type and a CRC")
    if crc16(body[:-2]) != int.from_bytes(body[-2:], "big"):
        raise WireError("frame: wrong CRC")
    try:
        return Frame(FrameType(body[0]), body[1:-2])
    except ValueError:
        raise WireError(f"frame: unknown type {body[0]}") from None


class FrameReader:
    """Cuts a byte stream into frames, whatever the pieces it arrives in.

    What is no frame is dropped up to the next zero and counted in ``errors``. Never holds more
    than one frame's bytes.
    """

    def __init__(self) -> None:
        self.errors = 0
        self._kept = bytearray()
        self._dropping = False

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that ``data`` completes, in order."""
        frames: list[Frame] = []
        *ended, rest = data.split(b"\0")
        for piece in ended:
            self._keep(piece)
            if self._dropping:
                self.errors += 1
            elif self._kept:
                try:
                    frames.append(decode_frame(bytes(self._kept)))
                except WireError:
                    self.errors += 1
            self._kept.clear()
            self._dropping = False
        self._keep(rest)
        return frames

    def _keep(self, piece: bytes) -> None:
        if self._dropping:
            return
        if len(self._kept) + len(piece) > _MAX_ENCODED:
            self._kept.clear()
            self._dropping = True
        else:
            self._kept += piece


# --- CBOR ------------------------------------------------------------------------------------

MAX_MESSAGE = 51
"""Bytes of a message from a node, and of a downlink: LoRaWAN's payload at EU868 DR0."""

MAX_PUBLISHED = MAX_MESSAGE + 8
"""Bytes of a message on MQTT: a bridge may have added the time it heard it, and whose time."""

_U8, _U16, _U32 = 0xFF, 0xFFFF, 0xFFFF_FFFF


class _Cbor:
    """A strict reader of the deterministic subset of CBOR that the wire uses.

    Its own, since cbor2 follows tags (big numbers, dates, regular expressions, references) and
    takes non-minimal heads, repeated keys and indefinite lengths: none of it is wanted from
    strangers. Tests hold it to cbor2 in both directions.
    """

    _DEPTH = 4

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def head(self) -> tuple[int, int]:
        """Major type and argument; the shortest form only (RFC 8949, 4.2.1)."""
        first = self.take(1)[0]
        major, info = first >> 5, first & 31
        if info < 24:
            return major, info
        if info > 27:
            raise WireError("CBOR: indefinite or reserved length")
        size = 1 << (info - 24)
        value = int.from_bytes(self.take(size), "big")
        if major != 7 and value < (24 if size == 1 else 1 << (size * 4)):
            raise WireError("CBOR: a number not in its shortest form")
        if major == 7:
            raise WireError("CBOR: floats and extended simple values are not used")
        return major, value

    def take(self, size: int) -> bytes:
        piece = self.data[self.at : self.at + size]
        if len(piece) != size:
            raise WireError("CBOR: ends too early")
        self.at += size
        return piece

    def item(self, depth: int = _DEPTH) -> Any:
        major, value = self.head()
        if major == 0:
            return value
        if major == 1:
            return -1 - value
        if major == 2:
            return self.take(value)
        if major == 3:
            try:
                return self.take(value).decode()
            except UnicodeDecodeError:
                raise WireError("CBOR: text that is not UTF-8") from None
        if major == 4 and depth:
            return [self.item(depth - 1) for _ in range(value)]
        if major == 7 and value in (20, 21, 22):
            return {20: False, 21: True, 22: None}[value]
        raise WireError(f"CBOR: major type {major} is not used here")

    def map(self) -> dict[int, Any]:
        major, size = self.head()
        if major != 5:
            raise WireError("CBOR: not a map")
        items: dict[int, Any] = {}
        last = -1
        for _ in range(size):
            kind, key = self.head()
            if kind != 0:
                raise WireError("CBOR: keys are unsigned integers")
            if key <= last:
                raise WireError(f"CBOR: key {key} repeated or out of order")
            last = key
            items[key] = self.item()
        if self.at != len(self.data):
            raise WireError(f"CBOR: {len(self.data) - self.at} bytes after the map")
        return items


def _read_map(data: bytes, limit: int) -> dict[int, Any]:
    if len(data) > limit:
        raise WireError(f"message of {len(data)} B, at most {limit}")
    return _Cbor(data).map()


def _write_map(items: Mapping[int, Any], limit: int) -> bytes:
    data = cbor2.dumps({k: v for k, v in items.items() if v is not None}, canonical=True)
    if len(data) > limit:
        raise WireError(f"message of {len(data)} B, at most {limit}")
    return data


def _uint(name: str, value: object, most: int) -> None:
    # bool is an int to Python, and CBOR's true is not 1.
    if type(value) is not int or not 0 <= value <= most:
        raise WireError(f"{name}: {value!r} is no integer from 0 to {most}")


# --- messages --------------------------------------------------------------------------------

NODE_ID_MAX = 16
"""Characters of a node's id: a birth and a heartbeat must stay within 51 B."""

NODE_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")

LABEL_UNKNOWN = 255
"""The label id of a decision whose model could not run."""

ACTIVE_RULES = 32
"""Rules of whose state a heartbeat tells."""


def is_node_id(text: str) -> bool:
    """Whether ``text`` can name a node: lower case, digits, single inner dashes, 1–16 long."""
    return len(text) <= NODE_ID_MAX and NODE_ID.fullmatch(text) is not None


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
                _uint(name, value, most)
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
                _uint("counter", value, _U32)

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
    "boot": _U32,
    "seq": _U32,
    "age": _U32,
    "rule": _U8,
    "label": _U8,
    "score": _U8,
    "flags": _U8,
    "battery": _U16,
    "manifest": _U32,
    "why": _U32,
    "backlog": _U16,
    "fault_mask": _U32,
    "heard": _U32,
    "active_mask": _U32,
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
    return _write_map(items, MAX_MESSAGE if message.heard is None else MAX_PUBLISHED)


def decode_message(data: bytes) -> Message:
    """A message from its bytes; keys of later versions are ignored.

    Raises:
        WireError: anything else than one valid message in deterministic encoding.
    """
    items = _read_map(data, MAX_PUBLISHED)
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
        _uint("simulated", values["simulated"], 1)
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
    items = {**_read_map(data, MAX_MESSAGE), 15: heard, 17: 1 if simulated else None}
    return _write_map(items, MAX_PUBLISHED)


@dataclass(frozen=True)
class Downlink:
    """What a gateway says to a node; all of it optional.

    Raises:
        WireError: a value out of its range, half of a pair missing.
    """

    boot: int | None = None
    seq: int | None = None
    """Watermark: every decision of ``boot`` up to ``seq`` is stored."""
    epoch: int | None = None
    """UTC now in unix seconds; sets the node's clock."""
    actuator: int | None = None
    on: bool | None = None
    seconds: int | None = None
    """How long the actuator should stay on; the interlocks have the last word."""
    case_boot: int | None = None
    case_seq: int | None = None
    """The decision that asked, by its number."""
    yes: bool | None = None
    """What the edge says to it."""
    neighbour: int | None = None
    """Index in the receiver's manifest of the neighbour that this is a word of."""
    active: bool | None = None
    """Whether that neighbour's decision is active."""
    heard: int | None = None
    """Unix seconds at which the neighbour last said so; its age is ``epoch`` less this."""
    manifest: int | None = None
    """Hash of the receiver's manifest, which gives ``neighbour`` its meaning."""

    def __post_init__(self) -> None:
        for name, most in _DOWN_RANGES.items():
            value = getattr(self, name)
            if value is not None:
                _uint(name, value, most)
        for name in _DOWN_SWITCHES.values():
            value = getattr(self, name)
            if value is not None and type(value) is not bool:
                raise WireError(f"{name}: {value!r} is neither true nor false")
        if (self.boot is None) != (self.seq is None):
            raise WireError("downlink: boot and seq come together")
        if (self.actuator is None) != (self.on is None):
            raise WireError("downlink: actuator and on come together")
        if self.seconds is not None and self.actuator is None:
            raise WireError("downlink: seconds without an actuator")
        if len({x is None for x in (self.case_boot, self.case_seq, self.yes)}) > 1:
            raise WireError("downlink: case_boot, case_seq and yes come together")
        word = (self.neighbour, self.active, self.heard, self.manifest)
        if len({x is None for x in word}) > 1:
            raise WireError("downlink: neighbour, active, heard and manifest come together")
        if self.neighbour is not None and self.epoch is None:
            raise WireError("downlink: a neighbour's word without epoch has no age")


_DOWN_RANGES: dict[str, int] = {
    "boot": _U32,
    "seq": _U32,
    "epoch": _U32,
    "actuator": _U8,
    "seconds": _U32,
    "case_boot": _U32,
    "case_seq": _U32,
    "neighbour": _U8,
    "heard": _U32,
    "manifest": _U32,
}
_DOWN_KEYS: dict[int, str] = {
    0: "boot",
    1: "seq",
    2: "epoch",
    3: "actuator",
    4: "on",
    5: "seconds",
    6: "case_boot",
    7: "case_seq",
    8: "yes",
    9: "neighbour",
    10: "active",
    11: "heard",
    12: "manifest",
}
_DOWN_SWITCHES = {4: "on", 8: "yes", 10: "active"}


def encode_downlink(downlink: Downlink) -> bytes:
    """The downlink as deterministic CBOR; an empty one is ``A0``."""
    items = {key: getattr(downlink, name) for key, name in _DOWN_KEYS.items()}
    for key in _DOWN_SWITCHES:
        items[key] = None if items[key] is None else int(items[key])
    return _write_map(items, MAX_MESSAGE)


def decode_downlink(data: bytes) -> Downlink:
    """A downlink from its bytes; keys of later versions are ignored.

    Raises:
        WireError: anything else than one valid downlink in deterministic encoding.
    """
    items = _read_map(data, MAX_MESSAGE)
    values = {name: items[key] for key, name in _DOWN_KEYS.items() if key in items}
    if None in values.values():
        raise WireError("null in a downlink")
    for name in _DOWN_SWITCHES.values():
        if name in values:
            _uint(name, values[name], 1)
            values[name] = bool(values[name])
    return Downlink(**values)


def stamp_downlink(data: bytes, epoch: int) -> bytes:
    """A downlink that sets the node's clock to ``epoch``, a bridge's own time; the rest is kept.

    A neighbour's word keeps its age: when it was said is moved to that time too.

    Raises:
        WireError: ``data`` is no valid downlink, or the result is too long.
    """
    down = decode_downlink(data)
    items = {**_read_map(data, MAX_MESSAGE), 2: epoch}
    if down.heard is not None and down.epoch is not None:
        items[11] = min(max(0, epoch - (down.epoch - down.heard)), _U32)
    return _write_map(items, MAX_MESSAGE)


# --- the manifest ----------------------------------------------------------------------------


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ManifestAction(_Part):
    """One thing a rule does."""

    actuator: str
    on: bool
    seconds: int | None = Field(default=None, ge=0, le=_U32)
    label: str | None = None
    """Only when the decision has this label; None: whatever the label."""
    text: str
    """In words: ``valve on for 8 min``."""


class ManifestRule(_Part):
    """One decision of the app; its place in the list is its id."""

    name: str
    labels: tuple[str, ...]
    clauses: tuple[str, ...]
    """The comparisons of ``when`` in the user's own spelling; their place is the bit of why."""
    severity: Literal["info", "warning", "critical"] = "info"
    actions: tuple[ManifestAction, ...] = ()


class ManifestModel(_Part):
    """One model of the app."""

    name: str
    classes: tuple[str, ...]
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class ManifestNeighbour(_Part):
    """A decision of another node that this one wants to hear of."""

    name: str
    """Of the sensor that it is to this node."""
    node: str = Field(pattern=rf"^{NODE_ID.pattern}$", max_length=NODE_ID_MAX)
    decision: str
    """A rule of that node's manifest."""
    expires: int = Field(ge=1, le=_U32)
    """Seconds after which its word says nothing any more."""


class Manifest(_Part):
    """The names behind the ids in a message; the list index is the id throughout."""

    wire_version: Literal[1] = 1
    app: str
    node: str
    board: str
    rules: tuple[ManifestRule, ...] = ()
    actuators: tuple[str, ...] = ()
    sensors: tuple[str, ...] = ()
    models: tuple[ManifestModel, ...] = ()
    neighbours: tuple[ManifestNeighbour, ...] = ()
    """Left out of the JSON, and so of the hash, where there are none."""

    @cached_property
    def hash(self) -> int:
        """First four bytes, big-endian, of SHA-256 over the canonical JSON less node and board.

        One app on many nodes and boards is one manifest to the gateway.
        """
        text = self._text({"node", "board"})
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")

    def to_json(self) -> str:
        """Canonical JSON: sorted keys, no spaces, ASCII."""
        return self._text(set())

    def _text(self, without: set[str]) -> str:
        nothing = set() if self.neighbours else {"neighbours"}
        return _canonical(self.model_dump(mode="json", exclude=without | nothing))

    @classmethod
    def from_json(cls, text: str | bytes) -> Manifest:
        """A manifest from its JSON.

        Raises:
            WireError: not JSON, or not a manifest.
        """
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "the text"
            raise WireError(f"manifest: {where}: {first['msg']}") from None

    def action_text(self, rule: int, label: str) -> str | None:
        """What rule number ``rule`` asks for when it fires with ``label``; None if nothing."""
        texts = [
            action.text for action in self.rules[rule].actions if action.label in (None, label)
        ]
        return ", ".join(texts) or None


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


# --- topics ----------------------------------------------------------------------------------

TOPIC_ROOT = "tf/v1"
TOPIC_GATEWAY_STATE = f"{TOPIC_ROOT}/gw/state"
LEAVES = ("up", "birth", "will", "down", "event")


def topic(node: str, leaf: str) -> str:
    """``tf/v1/n/<node>/<leaf>``; leaf one of up, birth, will, down, event, cmd/…, state/…

    Raises:
        WireError: the node's id could not stand in a topic.
    """
    if not is_node_id(node):
        raise WireError(f"node id {node!r}: lower case, digits, dashes, at most {NODE_ID_MAX}")
    return f"{TOPIC_ROOT}/n/{node}/{leaf}"


def topic_filter(leaf: str) -> str:
    """The subscription for one leaf of every node."""
    return f"{TOPIC_ROOT}/n/+/{leaf}"


def parse_topic(text: str) -> tuple[str, str]:
    """Node and leaf of a topic.

    Raises:
        WireError: not a topic of a node.
    """
    match = re.fullmatch(rf"{TOPIC_ROOT}/n/([^/]+)/(.+)", text)
    if not match or not is_node_id(match[1]):
        raise WireError(f"topic {text!r} belongs to no node")
    return match[1], match[2]
