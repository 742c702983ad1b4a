"""Whatever the bytes: a valid value or a WireError, never anything else."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyfield import wire
from tinyfield.errors import WireError
from tinyfield.wire import Frame, FrameReader, FrameType, Kind, Manifest, Message
from tinyfield.wire.cbor import Reader
from tinyfield.wire.frames import MAX_ENCODED

U8, U16, U32 = (st.integers(0, 2**bits - 1) for bits in (8, 16, 32))
NODE = st.lists(st.text("az09", min_size=1, max_size=4), min_size=1, max_size=3).map("-".join)

# Time is no matter here: a busy machine must not fail a property.


@st.composite
def decisions(draw: st.DrawFn) -> Message:
    seq = draw(U32)
    return Message(
        boot=draw(U32),
        seq=seq,
        age=draw(U32),
        rule=draw(U8),
        label=draw(U8),
        score=draw(U8),
        flags=draw(U8.filter(lambda v: v >> 1 & 3 != 3)),
        battery=draw(st.none() | U16),
        manifest=draw(U32),
        why=draw(U32),
        backlog=draw(st.integers(0, min(seq, 0xFFFF))),
        heard=draw(st.none() | U32),
    )


@st.composite
def heartbeats(draw: st.DrawFn) -> Message:
    return Message(
        kind=Kind.HEARTBEAT,
        boot=draw(U16),
        node=draw(NODE),
        battery=draw(st.none() | U16),
        counters=draw(st.none() | st.tuples(U32, U16, U16)),
        active_mask=draw(st.none() | U32),
    )


@given(decisions() | heartbeats())
def test_message_round_trip_and_cbor2_agrees(message: Message) -> None:
    data = wire.encode_message(message)
    assert wire.decode_message(data) == message
    plain = cbor2.loads(data)
    assert plain[0] == message.boot
    assert list(plain) == sorted(plain)
    assert cbor2.dumps(plain, canonical=True) == data


SMALL: st.SearchStrategy[Any] = st.recursive(
    st.integers(-(2**64), 2**64 - 1)
    | st.booleans()
    | st.none()
    | st.binary(max_size=8)
    | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)


@given(st.dictionaries(st.integers(0, 30), SMALL, max_size=12))
def test_any_map_is_read_as_cbor2_reads_it_or_refused(items: dict[int, Any]) -> None:
    data = cbor2.dumps(items, canonical=True)
    try:
        assert Reader(data).map() == items
    except WireError as error:
        assert "not used" in str(error)  # deeper than the wire's own lists
    for decode in (wire.decode_message, wire.decode_downlink):
        try:
            decode(data)
        except WireError:
            continue


@given(st.binary(max_size=64), decisions(), st.integers(0, 400))
def test_any_bytes_and_any_bit_flip(junk: bytes, message: Message, bit: int) -> None:
    flipped = bytearray(wire.encode_message(message))
    flipped[bit // 8 % len(flipped)] ^= 1 << bit % 8
    for data in (junk, bytes(flipped), bytes(flipped) + junk):
        for decode in (wire.decode_message, wire.decode_downlink, wire.decode_frame):
            try:
                value = decode(data)
            except WireError:
                continue
            if isinstance(value, Message):
                assert wire.decode_message(wire.encode_message(value)) == value


@given(decisions().filter(lambda m: m.heard is None), U32)
def test_a_bridge_stamps_the_time_and_keeps_the_rest(message: Message, now: int) -> None:
    data = wire.encode_message(message)
    stamped = wire.stamp_message(data, now)
    assert len(stamped) <= wire.MAX_PUBLISHED
    assert wire.decode_message(stamped) == replace(message, heard=now)


def test_a_bridge_keeps_what_it_does_not_know() -> None:
    later = cbor2.dumps({0: 1, 11: "bed-3", 12: 2, 40: [1, 2]}, canonical=True)
    assert cbor2.loads(wire.stamp_message(later, 9)) == {**cbor2.loads(later), 15: 9}
    down = wire.encode_downlink(wire.Downlink(boot=1, seq=4, epoch=1))
    stamped = wire.decode_downlink(wire.stamp_downlink(down, 1776643200))
    assert stamped == wire.Downlink(boot=1, seq=4, epoch=1776643200)


@given(
    st.lists(
        st.tuples(st.sampled_from(FrameType), st.binary(max_size=wire.MAX_PAYLOAD)), max_size=6
    ),
    st.lists(st.integers(0, 300), max_size=6),
)
def test_frames_survive_any_cutting(frames: list[tuple[FrameType, bytes]], cuts: list[int]) -> None:
    stream = b"".join(wire.encode_frame(*frame) for frame in frames)
    reader, got, at = FrameReader(), [], 0
    for cut in [*sorted(cuts), len(stream)]:
        got += reader.feed(stream[at : max(at, cut)])
        at = max(at, cut)
    assert got == [Frame(*frame) for frame in frames]
    assert reader.errors == 0


@given(st.binary(max_size=400), st.binary(max_size=96))
def test_after_any_noise_the_next_frame_is_read(noise: bytes, payload: bytes) -> None:
    reader = FrameReader()
    reader.feed(noise)
    got = reader.feed(b"\0" + wire.encode_frame(FrameType.LOG, payload))
    assert got[-1] == Frame(FrameType.LOG, payload)
    assert len(reader._kept) == 0


def test_endless_noise_takes_no_memory() -> None:
    reader = FrameReader()
    for _ in range(1000):
        reader.feed(b"\x55" * 1000)
    assert len(reader._kept) <= MAX_ENCODED
    reader.feed(b"\0")
    assert reader.errors == 1


@given(st.binary(max_size=600))
def test_cobs_round_trip(data: bytes) -> None:
    encoded = wire.cobs_encode(data)
    assert 0 not in encoded
    assert len(encoded) <= len(data) + 1 + len(data) // 254
    assert wire.cobs_decode(encoded) == data


@pytest.mark.parametrize(
    "change", [{"rule": -1}, {"score": 256}, {"seq": None}, {"boot": True}, {"node": "A"}]
)
def test_a_message_out_of_range_cannot_be_made(change: dict[str, Any]) -> None:
    good: dict[str, Any] = {
        "boot": 1, "seq": 0, "age": 0, "rule": 0, "label": 0,
        "score": 0, "flags": 0, "manifest": 0, "why": 0,
    }  # fmt: skip
    Message(**good)
    with pytest.raises(WireError):
        Message(**{**good, **change})


def manifest(**change: Any) -> Manifest:
    values: dict[str, Any] = {
        "app": "irrigation",
        "node": "bed-3",
        "board": "uno",
        "rules": [
            {
                "name": "water",
                "labels": ["none", "light", "heavy"],
                "clauses": ["need == heavy", "confidence > 0.7"],
                "severity": "info",
                "actions": [
                    {"actuator": "valve", "on": True, "seconds": 240, "label": "light",
                     "text": "valve on for 4 min"},
                    {"actuator": "valve", "on": True, "seconds": 480, "label": "heavy",
                     "text": "valve on for 8 min"},
                ],
            }
        ],
        "actuators": ["valve"],
        "sensors": ["soil"],
        "models": [{"name": "need", "classes": ["none"], "sha256": "0" * 64}],
        **change,
    }  # fmt: skip
    return Manifest.model_validate(values)


def test_manifest_hash_leaves_out_node_and_board_only() -> None:
    plain = manifest()
    assert Manifest.from_json(plain.to_json()) == plain
    assert plain.hash == manifest(node="bed-4", board="esp32dev").hash
    assert plain.hash != manifest(app="other").hash
    assert 0 <= plain.hash < 2**32


HALL = {"name": "hall", "node": "hall-1", "decision": "smoke", "expires": 600}


def test_neighbours_are_part_of_the_manifest_where_there_are_any() -> None:
    plain, near = manifest(), manifest(neighbours=[HALL])
    assert "neighbours" not in plain.to_json()
    assert Manifest.from_json(near.to_json()) == near
    assert near.hash not in (plain.hash, manifest(neighbours=[{**HALL, "expires": 601}]).hash)
    for wrong in ({"node": "Hall"}, {"node": "h" * 17}, {"expires": 0}, {"label": "smoke"}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            manifest(neighbours=[{**HALL, **wrong}])


@given(U8, st.booleans(), U32, U32, U32, st.integers(0, 400))
def test_a_neighbours_word_comes_whole_or_not_at_all(
    index: int, active: bool, heard: int, manifest_hash: int, epoch: int, bit: int
) -> None:
    word = {"neighbour": index, "active": active, "heard": heard, "manifest": manifest_hash}
    whole = wire.Downlink(epoch=epoch, **word)
    data = wire.encode_downlink(whole)
    assert len(data) <= 25
    assert wire.decode_downlink(data) == whole
    for name in word:
        with pytest.raises(WireError, match="come together"):
            wire.Downlink(epoch=epoch, **{**word, name: None})
    with pytest.raises(WireError, match="age"):
        wire.Downlink(**word)
    # A bridge whose clock is another one leaves its age as it is.
    told = wire.decode_downlink(wire.stamp_downlink(data, 2**31))
    age = min(max(epoch - heard, -(2**31 - 1)), 2**31)
    assert told == replace(whole, epoch=2**31, heard=2**31 - age)


def test_a_heartbeat_says_which_rules_are_active_or_nothing() -> None:
    old = Message(kind=Kind.HEARTBEAT, boot=1, node="bed-3")
    assert old.is_active(0) is None
    new = replace(old, active_mask=0b101)
    assert [new.is_active(rule) for rule in (0, 1, 2, 31, 32)] == [True, False, True, False, None]


def test_a_bridge_says_whose_time_it_is() -> None:
    data = wire.encode_message(Message(kind=Kind.HEARTBEAT, boot=1, node="bed-3"))
    for simulated in (False, True):
        told = wire.decode_message(wire.stamp_message(data, 9, simulated=simulated))
        assert (told.heard, told.simulated) == (9, simulated)
        assert wire.decode_message(wire.encode_message(told)) == told
    with pytest.raises(WireError, match="simulated"):
        wire.decode_message(cbor2.dumps({**cbor2.loads(data), 17: 2}, canonical=True))


def test_manifest_says_what_a_label_does() -> None:
    assert manifest().action_text(0, "heavy") == "valve on for 8 min"
    assert manifest().action_text(0, "none") is None


@given(st.text() | st.binary())
def test_any_text_is_a_manifest_or_a_wire_error(text: str | bytes) -> None:
    with pytest.raises(WireError):
        Manifest.from_json(text)


def test_topics() -> None:
    assert wire.topic("bed-3", "up") == "tf/v1/n/bed-3/up"
    assert wire.parse_topic("tf/v1/n/bed-3/cmd/valve") == ("bed-3", "cmd/valve")
    for bad in ("tf/v1/n/Bed/up", "tf/v1/n/bed-3", "tf/v2/n/bed-3/up", "tf/v1/n/+/up"):
        with pytest.raises(WireError):
            wire.parse_topic(bad)
    with pytest.raises(WireError):
        wire.topic("a/b", "up")


def test_importing_it_stays_light() -> None:
    code = (
        "import sys, tinyfield.wire\n"
        "print([m for m in ('numpy', 'tensorflow', 'ruamel.yaml', 'typer') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
