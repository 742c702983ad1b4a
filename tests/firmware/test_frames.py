"""frame.c against tinyfield.wire, the shared vectors and random bytes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.firmware.harness import Harness
from tinyfield.wire import MAX_PAYLOAD, FrameReader, encode_frame

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parent.parent / "wire" / "vectors.json").read_text()
)
FAST = settings(max_examples=300, deadline=None)


def hexed(data: bytes) -> str:
    return data.hex() or "-"


def read(frames: Harness, data: bytes, chunk: int) -> tuple[list[tuple[int, bytes]], int]:
    frames.ask("reset")
    *found, errors = frames.ask("feed", chunk, hexed(data)).split()
    pairs = [one.split(":") for one in found]
    return [(int(t), b"" if p == "-" else bytes.fromhex(p)) for t, p in pairs], int(errors)


@pytest.mark.parametrize("data, expected", VECTORS["crc16"])
def test_crc(frames: Harness, data: str, expected: str) -> None:
    assert frames.ask("crc", data or "-") == expected


@pytest.mark.parametrize("vector", VECTORS["frames"], ids=lambda v: v["encoded"][:16])
def test_vectors(frames: Harness, vector: dict[str, Any]) -> None:
    assert frames.ask("seal", vector["type"], vector["payload"] or "-") == vector["encoded"]
    expected = [(vector["type"], bytes.fromhex(vector["payload"]))]
    assert read(frames, bytes.fromhex(vector["encoded"]), 1) == (expected, 0)


@pytest.mark.parametrize("vector", VECTORS["bad_frames"], ids=lambda v: v["what"])
@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_bad_frames_are_dropped_and_the_next_is_read(
    frames: Harness, vector: dict[str, Any], chunk: int
) -> None:
    data = bytes.fromhex(vector["bytes"]) + encode_frame(4, b"\xa0")
    assert read(frames, data, chunk) == ([(4, b"\xa0")], 1)


def test_a_payload_too_long_is_not_sealed(frames: Harness) -> None:
    assert frames.ask("seal", 3, "00" * (MAX_PAYLOAD + 1)) == "-"


@FAST
@given(
    payloads=st.lists(st.tuples(st.integers(1, 8), st.binary(max_size=MAX_PAYLOAD)), max_size=5),
    chunk=st.integers(1, 120),
)
def test_what_is_sealed_is_read(
    frames: Harness, payloads: list[tuple[int, bytes]], chunk: int
) -> None:
    stream = bytearray()
    for type_, payload in payloads:
        sealed = bytes.fromhex(frames.ask("seal", type_, hexed(payload)))
        assert sealed == encode_frame(type_, payload)
        stream += sealed
    assert read(frames, bytes(stream), chunk) == (payloads, 0)


noise = st.lists(
    st.one_of(
        st.binary(max_size=150),
        st.just(b"\0"),
        st.binary(max_size=MAX_PAYLOAD).map(lambda p: encode_frame(2, p)),
        st.binary(max_size=20).map(lambda p: encode_frame(4, p)[:-1]),
    ),
    max_size=8,
).map(b"".join)


@FAST
@given(data=noise, chunk=st.integers(1, 200))
def test_noise_is_read_as_the_other_end_reads_it(frames: Harness, data: bytes, chunk: int) -> None:
    reader = FrameReader()
    expected = [(int(frame.type), frame.payload) for frame in reader.feed(data)]
    assert read(frames, data, chunk) == (expected, reader.errors)


@FAST
@given(payload=st.binary(min_size=1, max_size=60), bit=st.integers(0, 10_000))
def test_a_flipped_bit_never_passes(frames: Harness, payload: bytes, bit: int) -> None:
    sealed = bytearray(encode_frame(3, payload))
    bit %= 8 * (len(sealed) - 1)
    sealed[bit // 8] ^= 1 << (bit % 8)
    found, _ = read(frames, bytes(sealed), 1000)
    assert (3, payload) not in found
