"""wire.c against tinyfield.wire, cbor2 and the shared vectors."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import cbor2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.firmware.harness import Harness
from tinyfield.errors import WireError
from tinyfield.wire import (
    Downlink,
    Kind,
    decode_downlink,
    decode_message,
    encode_downlink,
    encode_message,
)

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parent.parent / "wire" / "vectors.json").read_text()
)
FAST = settings(max_examples=300, deadline=None)
u8, u16, u32 = (st.integers(0, 2**bits - 1) for bits in (8, 16, 32))
CAP = 51


def decision(wire: Harness, f: dict[str, Any], cap: int = CAP) -> str:
    return wire.ask(
        "decision", cap, f["boot"], f["seq"], f["age"], f["rule"], f["label"], f["score"],
        f["flags"], f.get("battery", 0), f["manifest"], f["why"], f.get("backlog", 0),
    )  # fmt: skip


def health(wire: Harness, what: str, f: dict[str, Any], cap: int = CAP) -> str:
    return wire.ask(
        what, cap, f["boot"], f.get("flags", 0), f.get("battery", 0), f.get("backlog", 0),
        f.get("manifest", 0), *f.get("counters", (0, 0, 0)), f.get("fault_mask", 0),
        f.get("active_mask", 0), f["node"],
    )  # fmt: skip


# A node's rule has at most 16 clauses.
DECISIONS = [
    v for v in VECTORS["messages"] if not v["fields"].get("kind") and v["fields"]["why"] <= 0xFFFF
]
BIRTHS = [v for v in VECTORS["messages"] if v["fields"].get("kind") == 1]
# A node leaves the manifest's hash out of its heartbeats, and always says which rules are active.
HEARTBEATS = [
    v
    for v in VECTORS["messages"]
    if v["fields"].get("kind") == 2
    and "manifest" not in v["fields"]
    and "active_mask" in v["fields"]
]


@pytest.mark.parametrize("vector", DECISIONS, ids=lambda v: v["cbor"][:20])
def test_decision_vectors(wire: Harness, vector: dict[str, Any]) -> None:
    assert decision(wire, vector["fields"]) == vector["cbor"]


def test_the_vectors_hold_what_a_node_says() -> None:
    assert len(DECISIONS) >= 3
    assert BIRTHS and HEARTBEATS


@pytest.mark.parametrize("vector", BIRTHS, ids=lambda v: v["cbor"][:20])
def test_birth_vectors(wire: Harness, vector: dict[str, Any]) -> None:
    assert health(wire, "birth", vector["fields"]) == vector["cbor"]


@pytest.mark.parametrize("vector", HEARTBEATS, ids=lambda v: v["cbor"][:20])
def test_heartbeat_vectors(wire: Harness, vector: dict[str, Any]) -> None:
    assert health(wire, "heartbeat", vector["fields"]) == vector["cbor"]


@FAST
@given(
    f=st.fixed_dictionaries(
        {
            "boot": u32, "seq": u32, "age": u32, "rule": u8, "label": u8, "score": u8,
            "flags": u8.filter(lambda x: x & 6 != 6), "battery": u16, "manifest": u32, "why": u16,
        }
    )
)  # fmt: skip
def test_decisions_are_canonical_cbor(wire: Harness, f: dict[str, Any]) -> None:
    data = bytes.fromhex(decision(wire, f))
    items = cbor2.loads(data)
    assert cbor2.dumps(items, canonical=True) == data
    message = decode_message(data)
    assert message.battery == (f["battery"] or None)
    for name in ("boot", "seq", "age", "rule", "label", "score", "flags", "manifest", "why"):
        assert getattr(message, name) == f[name]


@FAST
@given(
    f=st.fixed_dictionaries(
        {
            "boot": u16, "flags": st.integers(0, 31), "battery": u16, "backlog": u8,
            "fault_mask": u16, "counters": st.tuples(u32, u16, u16), "active_mask": u32,
            "node": st.from_regex(r"[a-z0-9]{1,16}", fullmatch=True),
        }
    )
)  # fmt: skip
@example(
    f={
        "boot": 65535, "flags": 8, "battery": 65535, "backlog": 255, "fault_mask": 65535,
        "counters": (2**32 - 1, 65535, 65535), "active_mask": 2**32 - 1, "node": "n" * 16,
    }
)  # fmt: skip
def test_every_heartbeat_fits(wire: Harness, f: dict[str, Any]) -> None:
    flags = f["flags"] & 8  # the calendar is set: all that a heartbeat's flags say
    data = bytes.fromhex(health(wire, "heartbeat", {**f, "flags": flags}))
    assert cbor2.dumps(cbor2.loads(data), canonical=True) == data
    message = decode_message(data)
    assert message.kind == Kind.HEARTBEAT
    assert (message.node, message.counters) == (f["node"], f["counters"])
    assert (message.fault_mask or 0) == f["fault_mask"]
    told = (message.battery, message.backlog, message.flags)
    assert told == (f["battery"] or None, f["backlog"], flags or None)
    try:
        encode_message(replace(message, active_mask=f["active_mask"]))
    except WireError:  # no room for it, and only then is it left out
        assert message.active_mask is None
    else:
        assert message.active_mask == f["active_mask"]


@pytest.mark.parametrize("cap", [0, 1, 10, 25])
def test_no_room_is_no_message(wire: Harness, cap: int) -> None:
    fields = DECISIONS[0]["fields"]
    assert decision(wire, fields, cap) == "-"
    assert health(wire, "heartbeat", HEARTBEATS[0]["fields"], min(cap, 10)) == "-"


def down(wire: Harness, data: bytes) -> Downlink | None:
    answer = wire.ask("downlink", data.hex() or "-")
    if answer == "bad":
        return None
    numbers = list(map(int, answer.split()))
    mark, boot, seq, has_epoch, epoch, command, actuator, on, seconds = numbers[:9]
    answered, case_boot, case_seq, yes = numbers[9:13]
    word, neighbour, active, heard, manifest, said_at = numbers[13:]
    assert not word or (has_epoch and said_at == epoch)
    return Downlink(
        boot=boot if mark else None,
        seq=seq if mark else None,
        epoch=epoch if has_epoch else None,
        actuator=actuator if command else None,
        on=bool(on) if command else None,
        seconds=seconds if command and seconds else None,
        case_boot=case_boot if answered else None,
        case_seq=case_seq if answered else None,
        yes=bool(yes) if answered else None,
        neighbour=neighbour if word else None,
        active=bool(active) if word else None,
        heard=heard if word else None,
        manifest=manifest if word else None,
    )


@pytest.mark.parametrize("vector", VECTORS["downlinks"], ids=lambda v: v["cbor"])
def test_downlink_vectors(wire: Harness, vector: dict[str, Any]) -> None:
    assert down(wire, bytes.fromhex(vector["cbor"])) == Downlink(**vector["fields"])


@pytest.mark.parametrize("vector", VECTORS["bad_downlinks"], ids=lambda v: v["what"])
def test_bad_downlinks(wire: Harness, vector: dict[str, Any]) -> None:
    assert down(wire, bytes.fromhex(vector["cbor"])) is None


@FAST
@given(data=st.binary(max_size=60))
@example(b"\xbf\xff")
@example(b"\xa1\x1b" + b"\xff" * 8)
@example(b"\xba\xff\xff\xff\xff")
@example(b"\xa1\x1a\xff\xff\xff\xff\x00")
def test_random_bytes_are_judged_as_the_other_end_judges_them(wire: Harness, data: bytes) -> None:
    found = down(wire, data)
    try:
        expected: Downlink | None = decode_downlink(data)
    except WireError:
        expected = None
    if found is not None or expected is None:
        assert found == expected
    else:  # the node takes no unknown key but one with a small number for a value
        unknown = [v for k, v in cbor2.loads(data).items() if k > 12]
        assert (
            any(type(v) is not int or not 0 <= v < 2**32 for v in unknown)
            or max(cbor2.loads(data)) >= 2**32 - 1
        )


downlinks = st.fixed_dictionaries(
    {},
    optional={
        "mark": st.tuples(u32, u32),
        "epoch": u32,
        "command": st.tuples(u8, st.booleans(), st.integers(1, 2**32 - 1)),
        "answer": st.tuples(u32, u32, st.booleans()),
        "word": st.tuples(u32, u8, st.booleans(), u32, u32),
    },
)


@FAST
@given(parts=downlinks, cut=st.integers(0, 60), flip=st.integers(0, 400))
def test_downlinks_survive_and_their_ruins_do_not_pass_silently(
    wire: Harness, parts: dict[str, Any], cut: int, flip: int
) -> None:
    boot, seq = parts.get("mark", (None, None))
    actuator, on, seconds = parts.get("command", (None, None, None))
    answer = parts.get("answer", (None, None, None))
    epoch, *word = parts.get("word", (parts.get("epoch"), None, None, None, None))
    whole = Downlink(boot, seq, epoch, actuator, on, seconds, *answer, *word)
    try:
        data = encode_downlink(whole)
    except WireError as error:  # all at once, with the largest of numbers
        assert "at most 51" in str(error)
        return
    assert down(wire, data) == whole
    if cut < len(data):
        assert down(wire, data[:cut]) is None
    ruined = bytearray(data)
    ruined[flip // 8 % len(data)] ^= 1 << (flip % 8)
    down(wire, bytes(ruined))  # whatever it says, nothing breaks
