"""The wire against the vectors that the firmware's C is held to as well."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tinyfield.errors import WireError
from tinyfield.wire import (
    MAX_MESSAGE,
    Downlink,
    Frame,
    FrameReader,
    FrameType,
    Kind,
    Message,
    cobs_encode,
    crc16,
    decode_downlink,
    decode_message,
    encode_downlink,
    encode_frame,
    encode_message,
)

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "vectors.json").read_text())


def message(fields: dict[str, Any]) -> Message:
    values = dict(fields)
    values["kind"] = Kind(values.get("kind", 0))
    if "counters" in values:
        values["counters"] = tuple(values["counters"])
    return Message(**values)


@pytest.mark.parametrize("data, expected", VECTORS["crc16"])
def test_crc(data: str, expected: str) -> None:
    assert f"{crc16(bytes.fromhex(data)):04x}" == expected


def test_cobs_examples_of_its_article() -> None:
    # Wikipedia's table, "Consistent Overhead Byte Stuffing", less the delimiter.
    assert cobs_encode(b"") == b"\x01"
    assert cobs_encode(b"\0") == b"\x01\x01"
    assert cobs_encode(b"\x11\x22\x00\x33") == b"\x03\x11\x22\x02\x33"
    assert cobs_encode(b"\x11\x00\x00\x00") == b"\x02\x11\x01\x01\x01"
    assert cobs_encode(bytes(range(1, 255))) == b"\xff" + bytes(range(1, 255))
    assert cobs_encode(bytes(range(255))) == b"\x01\xff" + bytes(range(1, 255))
    assert cobs_encode(bytes(range(1, 256))) == b"\xff" + bytes(range(1, 255)) + b"\x02\xff"


@pytest.mark.parametrize("vector", VECTORS["frames"], ids=lambda v: v["encoded"][:16])
def test_frame(vector: dict[str, Any]) -> None:
    payload = bytes.fromhex(vector["payload"])
    encoded = bytes.fromhex(vector["encoded"])
    assert encode_frame(vector["type"], payload) == encoded
    assert FrameReader().feed(encoded) == [Frame(FrameType(vector["type"]), payload)]


@pytest.mark.parametrize("vector", VECTORS["bad_frames"], ids=lambda v: v["what"])
def test_bad_frame_is_counted_and_the_next_one_read(vector: dict[str, Any]) -> None:
    reader = FrameReader()
    assert reader.feed(bytes.fromhex(vector["bytes"])) == []
    assert reader.errors == 1
    assert reader.feed(encode_frame(FrameType.LOG, b"on")) == [Frame(FrameType.LOG, b"on")]
    assert reader.errors == 1


@pytest.mark.parametrize("vector", VECTORS["messages"], ids=lambda v: v["cbor"][:16])
def test_message(vector: dict[str, Any]) -> None:
    data = bytes.fromhex(vector["cbor"])
    expected = message(vector["fields"])
    assert len(data) <= MAX_MESSAGE
    assert encode_message(expected) == data
    assert decode_message(data) == expected


def test_keys_of_a_later_version_are_ignored() -> None:
    vector = VECTORS["later_message"]
    assert decode_message(bytes.fromhex(vector["cbor"])) == message(vector["fields"])


@pytest.mark.parametrize("vector", VECTORS["bad_messages"], ids=lambda v: v["what"])
def test_bad_message(vector: dict[str, Any]) -> None:
    with pytest.raises(WireError):
        decode_message(bytes.fromhex(vector["cbor"]))


@pytest.mark.parametrize("vector", VECTORS["downlinks"], ids=lambda v: v["cbor"][:16])
def test_downlink(vector: dict[str, Any]) -> None:
    data = bytes.fromhex(vector["cbor"])
    assert encode_downlink(Downlink(**vector["fields"])) == data
    assert decode_downlink(data) == Downlink(**vector["fields"])


@pytest.mark.parametrize("vector", VECTORS["bad_downlinks"], ids=lambda v: v["what"])
def test_bad_downlink(vector: dict[str, Any]) -> None:
    with pytest.raises(WireError):
        decode_downlink(bytes.fromhex(vector["cbor"]))
