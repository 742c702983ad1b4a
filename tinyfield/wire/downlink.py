"""What a gateway says to a node."""

from __future__ import annotations

from dataclasses import dataclass

from tinyfield.errors import WireError
from tinyfield.wire.cbor import MAX_MESSAGE, U8, U32, read_map, uint, write_map


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
                uint(name, value, most)
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
    "boot": U32,
    "seq": U32,
    "epoch": U32,
    "actuator": U8,
    "seconds": U32,
    "case_boot": U32,
    "case_seq": U32,
    "neighbour": U8,
    "heard": U32,
    "manifest": U32,
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
    return write_map(items, MAX_MESSAGE)


def decode_downlink(data: bytes) -> Downlink:
    """A downlink from its bytes; keys of later versions are ignored.

    Raises:
        WireError: anything else than one valid downlink in deterministic encoding.
    """
    items = read_map(data, MAX_MESSAGE)
    values = {name: items[key] for key, name in _DOWN_KEYS.items() if key in items}
    if None in values.values():
        raise WireError("null in a downlink")
    for name in _DOWN_SWITCHES.values():
        if name in values:
            uint(name, values[name], 1)
            values[name] = bool(values[name])
    return Downlink(**values)


def stamp_downlink(data: bytes, epoch: int) -> bytes:
    """A downlink that sets the node's clock to ``epoch``, a bridge's own time; the rest is kept.

    A neighbour's word keeps its age: when it was said is moved to that time too.

    Raises:
        WireError: ``data`` is no valid downlink, or the result is too long.
    """
    down = decode_downlink(data)
    items = {**read_map(data, MAX_MESSAGE), 2: epoch}
    if down.heard is not None and down.epoch is not None:
        items[11] = min(max(0, epoch - (down.epoch - down.heard)), U32)
    return write_map(items, MAX_MESSAGE)
