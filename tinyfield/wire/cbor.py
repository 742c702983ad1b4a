"""CBOR maps (RFC 8949) with small integer keys, in deterministic encoding: minimal heads, ascending
keys. Messages and downlinks are such maps.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cbor2

from tinyfield.errors import WireError

MAX_MESSAGE = 51
"""Bytes of a message from a node, and of a downlink: LoRaWAN's payload at EU868 DR0."""

MAX_PUBLISHED = MAX_MESSAGE + 8
"""Bytes of a message on MQTT: a bridge may have added the time it heard it, and whose time."""

U8, U16, U32 = 0xFF, 0xFFFF, 0xFFFF_FFFF


class Reader:
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


def read_map(data: bytes, limit: int) -> dict[int, Any]:
    if len(data) > limit:
        raise WireError(f"message of {len(data)} B, at most {limit}")
    return Reader(data).map()


def write_map(items: Mapping[int, Any], limit: int) -> bytes:
    data = cbor2.dumps({k: v for k, v in items.items() if v is not None}, canonical=True)
    if len(data) > limit:
        raise WireError(f"message of {len(data)} B, at most {limit}")
    return data


def uint(name: str, value: object, most: int) -> None:
    # bool is an int to Python, and CBOR's true is not 1.
    if type(value) is not int or not 0 <= value <= most:
        raise WireError(f"{name}: {value!r} is no integer from 0 to {most}")
