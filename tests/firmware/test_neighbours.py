"""What a node holds of its neighbours: neighbours.c by itself, then the whole node on this PC."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.codegen.apps import app_of, generated, native
from tests.firmware.harness import Harness
from tests.firmware.host import SEASON_START, Host, gateway, running
from tinyfield.wire import Downlink, FrameType, Message, encode_downlink, encode_frame

HASH = 0xDEADBEEF
NOON = 1_780_000_000
OK, OTHER, OLD = 0, -1, -2
MISSING = -(2**31)
YES = 100
"""Active, in hundredths."""
EXPIRES = 600
LIVES = {0: EXPIRES, 1: 7200}


class Node:
    """A node with two neighbours, and a word of the first unless said otherwise."""

    def __init__(self, harness: Harness) -> None:
        self._harness = harness
        harness.ask("begin", HASH, 2, *LIVES.values())

    def hear(
        self,
        t: int,
        heard: int,
        *,
        active: int = 1,
        epoch: int = NOON,
        now: int = 0,
        which: int = 0,
        manifest: int = HASH,
    ) -> int:
        answer = self._harness.ask("hear", t, now, manifest, which, active, heard, epoch)
        return int(answer)

    def read(self, t: int, which: int = 0) -> int:
        return self._harness.numbers("read", t)[which]


@pytest.fixture
def held(neighbours: Harness) -> Node:
    return Node(neighbours)


def test_unknown_until_heard_then_what_was_said(held: Node) -> None:
    assert [held.read(t) for t in (0, 1000, 2**32 - 1)] == [MISSING] * 3
    assert held.hear(100, NOON) == OK
    assert (held.read(100), held.read(100, which=1)) == (YES, MISSING)
    assert held.hear(160, NOON + 60, active=0, epoch=NOON + 60) == OK
    assert held.read(160) == 0


def test_a_word_expires_by_its_own_age(held: Node) -> None:
    held.hear(1000, NOON - 100)
    read = [held.read(1000 + after) for after in (0, 499, 500, 10_000)]
    assert read == [YES, YES, MISSING, MISSING]


def test_one_as_old_as_expires_says_nothing_and_takes_nothing_away(held: Node) -> None:
    assert held.hear(0, NOON - EXPIRES) == OLD
    assert held.read(0) == MISSING
    assert held.hear(0, NOON - EXPIRES + 1) == OK
    assert (held.read(0), held.read(1)) == (YES, MISSING)


def test_a_replay_does_not_lengthen_its_life(held: Node) -> None:
    assert held.hear(0, NOON) == OK
    for t in (1, 300, 599, 600, 5000):
        assert held.hear(t, NOON) == OLD
        assert held.hear(t, NOON - 1, active=0) == OLD
    assert (held.read(599), held.read(600)) == (YES, MISSING)


def test_by_its_own_clock_a_node_knows_how_long_a_word_lay_on_the_line(held: Node) -> None:
    assert held.hear(0, NOON, now=NOON + 400) == OK
    assert (held.read(199), held.read(200)) == (YES, MISSING)
    assert held.hear(300, NOON + 1, now=NOON + 700) == OLD  # played back after a reset, say


def test_a_clock_that_is_behind_makes_no_word_younger(held: Node) -> None:
    assert held.hear(0, NOON - 100, now=NOON - 90) == OK
    assert (held.read(499), held.read(500)) == (YES, MISSING)


@pytest.mark.parametrize(
    "wrong, status",
    [
        ({"manifest": HASH ^ 1}, OTHER),
        ({"which": 2}, OTHER),
        ({"which": 255}, OTHER),
        ({"heard": NOON + 61}, OLD),
        ({"heard": 2**32 - 1}, OLD),
        ({"heard": 0}, OLD),
        ({"heard": NOON - 8000, "which": 1}, OLD),
    ],
)
def test_what_is_not_for_it_changes_nothing(held: Node, wrong: dict[str, int], status: int) -> None:
    assert held.hear(0, NOON - 60, active=0) == OK
    assert held.hear(0, NOON - 60, active=0, which=1) == OK
    assert held.hear(0, **{"heard": NOON, **wrong}) == status
    assert [held.read(t, which) for t in (0, 539, 540) for which in (0, 1)] == [
        0, 0, 0, 0, MISSING, 0,
    ]  # fmt: skip


def test_clocks_may_differ_by_a_minute(held: Node) -> None:
    assert held.hear(0, NOON + 60) == OK
    assert (held.read(599), held.read(600)) == (YES, MISSING)


def test_at_the_end_of_its_seconds_nothing_wraps(held: Node) -> None:
    assert held.hear(2**32 - 100, NOON, which=1) == OK
    assert held.read(2**32 - 2, which=1) == YES


second = st.integers(0, 3000)


@settings(max_examples=300, deadline=None)
@given(
    words=st.lists(
        st.tuples(second, st.integers(0, 900), st.booleans(), st.integers(0, 2)), max_size=12
    )
)
def test_it_is_what_was_last_said_less_than_expires_ago(
    neighbours: Harness, words: list[tuple[int, int, bool, int]]
) -> None:
    held = Node(neighbours)
    best: dict[int, tuple[int, bool]] = {}
    for t, ago, active, which in sorted(words):
        heard = NOON + t - ago
        newer = heard > best.get(which, (0, False))[0]
        good = which < 2 and newer and ago < LIVES.get(which, 0)
        answer = held.hear(t, heard, active=int(active), epoch=NOON + t, which=which)
        assert answer == (OK if good else OTHER if which == 2 else OLD)
        if good:
            best[which] = (heard, active)
        for one, expires in LIVES.items():
            last, said = best.get(one, (0, False))
            assert held.read(t, one) == (YES * said if NOON + t < last + expires else MISSING)


# --- the whole node --------------------------------------------------------------------------

APP = """
app: landing
board: uno
site: {planted: 2026-04-20}
sensors:
  tank: {driver: hcsr04, trigger: 5, echo: 6, calibrate: {empty: 80 cm, full: 10 cm}}
  hall: {driver: neighbour, node: hall-1, decision: smoke, expires: 25 min}
sample: every 10 min
decisions:
  near: {when: hall.active == 1}
  calm: {when: hall.active == 0}
reporting: {link: serial, heartbeat: 1 h}
"""
NEAR, CALM = 0, 1


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """The program, and its manifest's hash."""
    folder = tmp_path_factory.mktemp("landing")
    manifest = generated(app_of(APP, folder, "native"), folder / "native").manifest
    return native(folder / "native"), manifest.hash


@pytest.fixture
def node(made: tuple[Path, int], tmp_path: Path) -> Iterator[Host]:
    with running(made[0], tmp_path) as host:
        yield host


def word(own: int, t: int, *, active: bool = True, **change: Any) -> Downlink:
    now = SEASON_START + t
    said = Downlink(epoch=now, neighbour=0, active=active, heard=now, manifest=own)
    return replace(said, **change)


def play(node: Host, said: dict[int, list[Downlink | bytes]], until: int = 3600) -> None:
    """Gives rows until then, each after the downlinks of its second."""
    while (t := node.next_request()) is not None and t <= until:
        for down in said.get(t, ()):
            payload = down if isinstance(down, bytes) else encode_downlink(down)
            node.send(encode_frame(FrameType.DOWNLINK, payload))
        node.give(t, (500, YES))  # the row's own value of the neighbour: nobody may believe it
    node.send(encode_frame(FrameType.EXIT))
    assert node.next_request() is None


def told(node: Host) -> list[tuple[int, int, bool]]:
    return [(t, m.rule or 0, m.active) for t, m in node.decisions]


def test_a_word_is_decided_on_at_the_sample_it_comes_with(
    node: Host, made: tuple[Path, int]
) -> None:
    said = {600: [word(made[1], 600)], 1200: [word(made[1], 1200, active=False)]}
    play(node, dict(said))
    assert told(node) == [(600, NEAR, True), (1200, NEAR, False), (1200, CALM, True)]


def test_nobody_is_believed_but_the_link(node: Host) -> None:
    play(node, {})
    assert told(node) == []
    assert node.heartbeats[0].fault_mask == 0b10


def test_a_silent_neighbour_fires_nothing_and_ends_nothing(
    node: Host, made: tuple[Path, int]
) -> None:
    play(node, {600: [word(made[1], 600)]}, until=7200)
    assert told(node) == [(600, NEAR, True)]
    assert [beat.fault_mask for beat in node.heartbeats] == [0b10, 0b10]
    assert [beat.active_mask for beat in node.heartbeats] == [1 << NEAR, 1 << NEAR]


@pytest.mark.parametrize(
    "wrong",
    [
        {"manifest": 1},
        {"neighbour": 1},
        {"heard": SEASON_START + 661},
        {"heard": SEASON_START + 600 - 25 * 60},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_is_not_for_it_does_nothing(
    node: Host, made: tuple[Path, int], wrong: dict[str, int]
) -> None:
    play(node, {600: [word(made[1], 600, **wrong)]})
    assert told(node) == []


def test_half_a_word_and_broken_ones_do_nothing(node: Host, made: tuple[Path, int]) -> None:
    whole = encode_downlink(word(made[1], 600))
    half = bytes([whole[0] - 1]) + whole[1:-6]  # without the manifest's hash
    cut = [whole[:n] for n in range(len(whole))]
    play(node, {600: [half, *cut]})
    assert told(node) == []


def test_a_replay_is_not_believed_twice(node: Host, made: tuple[Path, int]) -> None:
    first = word(made[1], 600)
    again = {t: [first] for t in range(600, 7201, 600)}
    play(node, dict(again), until=7200)
    assert told(node) == [(600, NEAR, True)]
    assert node.heartbeats[0].fault_mask == 0b10


def test_its_epoch_sets_no_clock(node: Host, made: tuple[Path, int]) -> None:
    """The gateway's answers do; a word may have waited on the line."""
    node.answer = lambda message, t: encode_downlink(Downlink(message.boot, message.seq or 0))
    play(node, {600: [word(made[1], 600)]})
    assert told(node) == [(600, NEAR, True)]
    assert [m.clock_set for _, m in node.decisions] == [False]


def test_a_word_played_back_is_as_old_as_the_clock_says(node: Host, made: tuple[Path, int]) -> None:
    """After a reset nothing is held, but the gateway's answer to the birth has set the clock."""
    play(node, {3600: [word(made[1], 600)]})
    assert told(node) == []


def test_nothing_outlives_a_reset(made: tuple[Path, int], tmp_path: Path) -> None:
    with running(made[0], tmp_path) as first:
        play(first, {600: [word(made[1], 600)]}, until=1200)
        assert told(first) == [(600, NEAR, True)]
    with running(made[0], tmp_path) as second:
        play(second, {1200: [word(made[1], 1200, active=False)]})
        assert told(second) == [(1200, CALM, True)]


def test_a_word_may_come_with_a_watermark(node: Host, made: tuple[Path, int]) -> None:
    """In one downlink: both are heard, and the other keys stay what they are."""
    stored: list[Message] = []

    def answer(message: Message, t: int) -> bytes | None:
        stored.append(message)
        if message.seq is None:
            return gateway(message, t)
        return encode_downlink(word(made[1], t, active=False, boot=message.boot, seq=message.seq))

    node.answer = answer
    play(node, {600: [word(made[1], 600, heard=SEASON_START + 590)]})
    assert told(node) == [(600, NEAR, True), (1200, NEAR, False), (1200, CALM, True)]
    assert len([m for m in stored if m.seq is not None]) == 3  # none had to be said twice


def test_of_many_words_ahead_of_a_row_the_last_counts(node: Host, made: tuple[Path, int]) -> None:
    words: list[Downlink | bytes] = [
        word(made[1], 600, heard=SEASON_START + 600 + n, active=n % 2 == 0) for n in range(16)
    ]
    play(node, {600: words})
    assert told(node) == [(600, CALM, True)]
    assert struct.unpack("<BI", node.exit or b"") == (0, 0)
