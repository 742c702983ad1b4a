"""The whole node, main.c and all, on this PC with sanitizers: seasons, silence, restarts, noise."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.codegen.apps import app_of, generated, native
from tests.firmware.host import Host, Row, gateway, running
from tinyfield.wire import (
    Downlink,
    FrameType,
    Kind,
    Message,
    Outcome,
    encode_downlink,
    encode_frame,
)

# Two decisions on readings alone, so that the tests know what must be decided.
APP = """
app: bed
board: uno
site: {plant: tomato, planted: 2026-04-20}
sensors:
  soil: {driver: capacitive_soil, pin: A0, calibrate: {dry: 2300 mV, wet: 1050 mV}}
  tank: {driver: hcsr04, trigger: 5, echo: 6, calibrate: {empty: 80 cm, full: 10 cm}}
sample: every 10 min
actuators:
  valve: {driver: relay, pin: 7, max_on: 15 min, min_off: 30 min, safe: off}
decisions:
  water:
    when: soil.moisture < 30 % and tank.level > 15 %
    for: 2 samples
    repeat: 1 h
    do: valve on for 8 min
  tank_low: {when: tank.level < 10 %, clear: tank.level > 20 %, severity: warning}
reporting: {link: serial, heartbeat: 6 h}
"""
WATER, TANK_LOW = 0, 1
WET: Row = (500, 900)
DRY: Row = (200, 900)
EMPTY: Row = (500, 50)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("node")
    generated(app_of(APP, folder, "native"), folder / "native")
    return native(folder / "native")


@pytest.fixture
def node(program: Path, tmp_path: Path) -> Iterator[Host]:
    with running(program, tmp_path) as host:
        yield host


def told(host: Host) -> list[tuple[int, int | None, bool, Outcome]]:
    return [(t, m.rule, m.active, m.outcome) for t, m in host.decisions]


def test_a_dry_day(node: Host) -> None:
    node.season([WET] * 4 + [DRY] * 10 + [WET] * 2)
    assert node.births[0].node == "bed" and node.births[0].boot == 1
    assert told(node) == [
        (5 * 600, WATER, True, Outcome.DONE),
        (11 * 600, WATER, True, Outcome.DONE),
        (14 * 600, WATER, False, Outcome.NONE),
    ]
    first, again, clear = (message for _, message in node.decisions)
    assert [m.seq for m in (first, again, clear)] == [0, 1, 2]
    assert (first.label, first.score, first.why) == (1, 255, 0b11)
    assert (clear.label, clear.score, clear.why) == (0, 255, 0b10)
    assert again.repeated and not first.repeated
    assert first.clock_set and first.battery is None
    assert node.acts == [
        (0, 0, False),
        (3000, 0, True),
        (3480, 0, False),
        (6600, 0, True),
        (7080, 0, False),
    ]
    assert node.requests == [600 * i for i in range(17)]


def test_the_interlock_stands_above_the_rule(node: Host) -> None:
    """The minimum off-time counts from boot: dry from the first sample on is blocked at first."""
    node.season([DRY] * 8)
    assert told(node) == [
        (600, WATER, True, Outcome.BLOCKED),
        (4200, WATER, True, Outcome.DONE),
    ]


def test_hysteresis_and_severity(node: Host) -> None:
    levels = [50, 150, 190, 210, 150, 90]
    node.season([(500, level) for level in levels])
    assert told(node) == [
        (0, TANK_LOW, True, Outcome.NONE),
        (1800, TANK_LOW, False, Outcome.NONE),
        (3000, TANK_LOW, True, Outcome.NONE),
    ]


def test_a_missing_reading_decides_nothing_and_is_counted(node: Host) -> None:
    node.season([WET] * 3 + [(None, None)] * 20 + [(None, 50)] + [WET] * 13)
    assert told(node) == [
        (23 * 600, TANK_LOW, True, Outcome.NONE),
        (14400, TANK_LOW, False, Outcome.NONE),
    ]
    (beat,) = node.heartbeats
    assert beat.counters == (37, 41, 0)
    assert beat.fault_mask is None


def test_a_heartbeat_names_the_faulty_sensor(node: Host) -> None:
    node.season([(500, None)] * 37)
    (beat,) = node.heartbeats
    assert (beat.node, beat.fault_mask, beat.flags) == ("bed", 0b10, 8)


def test_a_heartbeat_says_which_rules_are_active_now(node: Host) -> None:
    node.season([WET] * 36 + [(500, 50)] * 30 + [WET] * 43)
    assert [beat.active_mask for beat in node.heartbeats] == [1 << TANK_LOW, 0, 0]


def silent(message: Message, t: int) -> bytes | None:
    """The stream lives, but the gateway stores nothing."""
    return encode_downlink(Downlink())


def test_a_silent_gateway_loses_nothing(program: Path, tmp_path: Path) -> None:
    """Decisions wait in the node; the link rests longer and longer; then all arrive in order."""
    with running(program, tmp_path, silent) as node:
        node.season([EMPTY, WET] * 14, end=False)
        assert len(node.uplinks) < 20, "a dead link must cost little"
        assert [(m.boot, m.seq) for _, m in node.decisions] == [(1, 0)]
        node.answer = gateway
        node.give(node.t, WET)
        node.season([WET] * 8)
        assert [m.seq for _, m in node.decisions] == list(range(28))
        assert [t for t, _ in node.decisions] == [600 * i for i in range(28)]


def test_a_full_outbox_drops_the_oldest_and_says_so(program: Path, tmp_path: Path) -> None:
    with running(program, tmp_path, silent) as node:
        node.season([EMPTY, WET] * 20, end=False)
        node.answer = gateway
        node.give(node.t, WET)
        node.season([WET] * 40)
        seqs = [m.seq for _, m in node.decisions]
        assert seqs[-29:] == list(range(11, 40)), "29 slots were kept, in order"
        assert set(seqs[:-29]) < set(range(11)), "some were said before they had to go"
        beat = node.heartbeats[-1]
        assert beat.counters is not None and beat.counters[2] == 11


def test_restarted_in_mid_season(program: Path, tmp_path: Path) -> None:
    with running(program, tmp_path, silent) as node:
        node.season([EMPTY, WET, EMPTY], end=False)  # killed
    with running(program, tmp_path) as node:
        node.season([WET, EMPTY])
        assert node.births[0].boot == 2
        assert [(m.boot, m.seq) for _, m in node.decisions] == [
            (1, 0), (1, 1), (1, 2), (2, 0),
        ]  # fmt: skip
    with running(program, tmp_path) as node:
        node.season([WET])
        assert node.births[0].boot == 3
        assert node.decisions == [], "acknowledged is acknowledged, over restarts"


def test_a_valve_left_on_by_a_crash_is_off_after_the_boot(program: Path, tmp_path: Path) -> None:
    with running(program, tmp_path) as node:
        node.season([WET] * 4 + [DRY] * 2, end=False)
        assert node.acts[-2:] == [(3000, 0, True), (3480, 0, False)]
    with running(program, tmp_path) as node:
        node.season([DRY] * 3)
        assert node.acts[0] == (0, 0, False)
        assert told(node)[0] == (600, WATER, True, Outcome.BLOCKED)


def test_a_command_goes_through_the_interlock(program: Path, tmp_path: Path) -> None:
    commands: dict[int, bytes] = {}

    def answer(message: Message, t: int) -> bytes:
        return commands.get(t) or gateway(message, t)

    on = encode_downlink(Downlink(actuator=0, on=True, seconds=86_400))
    off = encode_downlink(Downlink(actuator=0, on=False))
    with running(program, tmp_path, answer) as node:
        commands[600] = on  # too early after boot
        commands[3600] = on
        commands[6600] = on
        commands[7200] = off
        rows = [EMPTY if i % 2 else WET for i in range(14)]
        node.season(rows)
        assert node.acts == [
            (0, 0, False), (3600, 0, True), (4500, 0, False), (6600, 0, True), (7200, 0, False),
        ]  # fmt: skip
        seqs = [m.seq for _, m in node.decisions]
        assert seqs == list(range(len(seqs))), "an answer without a mark only delays"


BAD_DOWNLINKS = [
    b"", b"\xff" * 40, b"\xa1\x00\x01", b"\xa3\x03\x00\x04\x02\x05\x01", b"\xbf\xff",
    b"\xa3\x03\x18\x00\x04\x01\x05\x01", b"\x00" * 51, b"\xa2\x03\x19\x01\x00\x04\x01",
]  # fmt: skip


@pytest.mark.parametrize("bad", BAD_DOWNLINKS, ids=lambda b: b.hex()[:16] or "empty")
def test_a_malformed_downlink_is_no_answer(program: Path, tmp_path: Path, bad: bytes) -> None:
    def answer(message: Message, t: int) -> bytes:
        return bad if t < 3600 and message.kind == Kind.DECISION else gateway(message, t)

    with running(program, tmp_path, answer) as node:
        node.season([WET] * 4 + [EMPTY, WET] * 5)
        assert node.acts == [(0, 0, False)]
        seqs = [m.seq for _, m in node.decisions]
        assert seqs == list(range(len(seqs))) and len(seqs) >= 9


def test_a_watermark_of_another_life_is_ignored(program: Path, tmp_path: Path) -> None:
    with running(program, tmp_path, lambda m, t: encode_downlink(Downlink(7, 999))) as node:
        node.season([EMPTY, WET] * 3, end=False)
        assert len({(m.boot, m.seq) for _, m in node.decisions}) == 1, "it waits for its own"


class Noisy(Host):
    """A line that ruins every third frame to the node."""

    count = 0

    def send(self, data: bytes) -> None:
        self.count += 1
        if self.count % 3 == 0:
            data = data[:2] + bytes([data[2] ^ 0x10 or 1]) + data[3:]
        super().send(data)

    def season(self, rows: list[Row], *, end: bool = True) -> Host:  # type: ignore[override]
        wanted = dict(zip(range(0, 600 * len(rows), 600), rows, strict=True))
        while (t := self.next_request()) is not None and t in wanted:
            self.give(t, wanted[t])
        return self


def test_ruined_frames_are_asked_for_again(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [WET] * 4 + [DRY] * 10 + [WET] * 2
    with running(program, tmp_path) as clean:
        clean.season(rows)
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.setattr("tests.firmware.host.Host", Noisy)
    with running(program, other) as noisy:
        noisy.season(rows)
        assert len(noisy.requests) > len(clean.requests) + 3
        assert told(noisy) == told(clean)[: len(told(noisy))] and told(noisy)
        assert noisy.acts == clean.acts


def test_stale_and_foreign_frames_are_passed_over(node: Host) -> None:
    t = node.next_request()
    assert t == 0
    node.give(4711, EMPTY)  # a row of another time
    node.send(encode_frame(FrameType.LOG, b"hello"))
    node.send(encode_frame(FrameType.DOWNLINK, encode_downlink(Downlink(actuator=0, on=False))))
    node.give(0, WET)
    node.season([WET])
    assert node.decisions == []


def test_a_row_of_the_wrong_length_is_asked_for_again(node: Host) -> None:
    assert node.next_request() == 0
    node.send(encode_frame(FrameType.ROW, struct.pack("<Ii", 0, 5)))
    assert node.next_request() == 0
    node.give(0, WET)
    node.season([WET])


def test_a_row_without_values_means_the_boards_own_sensors(node: Host) -> None:
    """On this PC there are none, so everything is missing; on simavr this keeps them linked."""
    for _ in range(37):
        t = node.next_request()
        assert t is not None
        node.send(encode_frame(FrameType.ROW, struct.pack("<I", t)))
    assert node.next_request() is not None
    assert node.heartbeats[0].fault_mask == 0b11
    assert node.decisions == []


def test_a_host_that_is_gone_ends_the_node(node: Host) -> None:
    node.season([WET], end=False)
    assert node.process.stdin
    node.process.stdin.close()
    assert node.process.wait(timeout=120) == 1


def test_a_host_that_never_answers_well_ends_the_node(node: Host) -> None:
    for _ in range(8):
        assert node.next_request() == 0
        node.send(b"\x02\x05\x05\x00")
    assert node.next_request() is None
    assert node.process.wait(timeout=120) == 1
    assert node.exit is not None and node.exit[0] == 1


def test_the_calendar_survives_a_restart(program: Path, tmp_path: Path) -> None:
    """The earlier boot's decision is as old as the calendar says: a day and more."""

    def dated(message: Message, t: int) -> bytes:
        return encode_downlink(Downlink(epoch=1_776_643_200 + 40 * 86_400 + t))

    with running(program, tmp_path, dated) as node:
        node.season([WET] * 2 + [EMPTY], end=False)

    def later(message: Message, t: int) -> bytes:
        if message.kind == Kind.BIRTH:
            return encode_downlink(Downlink(epoch=1_776_643_200 + 42 * 86_400))
        return gateway(message, t)

    with running(program, tmp_path, later) as node:
        node.season([WET] * 2)
        (_, first), *_ = node.decisions
        assert (first.boot, first.seq) == (1, 0)
        assert first.age == 2 * 86_400 - 1200
