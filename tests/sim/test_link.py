"""A gateway's bridge at the sim's link: acknowledgement, loss of the bridge, virtual time."""

from __future__ import annotations

import json
import select
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.gateway.processes import PATIENCE_S
from tests.sim.conftest import Bench
from tinyfield.errors import EnvironmentFault, UsageError
from tinyfield.sim import SimDecision, SimRun, TraceSource, gateway
from tinyfield.wire import (
    Downlink,
    FrameReader,
    FrameType,
    Kind,
    Message,
    decode_message,
    encode_downlink,
    encode_frame,
)

SAMPLES = 260


@dataclass
class Bridge:
    """Plays bridge and gateway: stores, acknowledges, hangs up after so many uplinks."""

    address: tuple[str, int]
    hang_up_after: int | None = None
    deaf: bool = False
    extra: bytes = b""
    uplinks: list[Message] = field(default_factory=list)
    times: list[tuple[int, int]] = field(default_factory=list)
    connections: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        while not self.stop.is_set():
            try:
                peer = socket.create_connection(self.address, timeout=PATIENCE_S)
            except OSError:
                return
            self.connections += 1
            with peer:
                self._serve(peer)

    def _serve(self, peer: socket.socket) -> None:
        reader, heard = FrameReader(), 0
        while not self.stop.is_set():
            if not select.select([peer], [], [], 0.3)[0]:
                continue
            try:
                data = peer.recv(4096)
            except OSError:
                return
            if not data:
                return
            for frame in reader.feed(data):
                if frame.type is FrameType.TIME:
                    self.times.append(struct.unpack("<II", frame.payload))
                if frame.type is not FrameType.UPLINK:
                    continue
                heard += 1
                if self.hang_up_after is not None and heard > self.hang_up_after:
                    return  # before it was stored
                message = decode_message(frame.payload)
                self.uplinks.append(message)
                if not self.deaf:
                    peer.sendall(self.extra + encode_frame(FrameType.DOWNLINK, answer(message)))


def answer(message: Message) -> bytes:
    if message.kind is Kind.DECISION:
        return encode_downlink(Downlink(boot=message.boot, seq=message.seq, epoch=1_776_700_000))
    return encode_downlink(Downlink(epoch=1_776_700_000))


@contextmanager
def bridged(run: SimRun, **how: object) -> Iterator[Bridge]:
    assert run.link_address is not None
    bridge = Bridge(run.link_address, **how)  # type: ignore[arg-type]
    thread = threading.Thread(target=bridge.run, daemon=True)
    thread.start()
    yield bridge
    bridge.stop.set()
    thread.join(PATIENCE_S)


@pytest.fixture
def linked(
    bench: Bench,
    write_trace: Callable[[int], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., SimRun]:
    # Or a bridge that is slow to answer hears something twice.
    monkeypatch.setattr(gateway, "_RESEND_S", PATIENCE_S)

    def make(**more: object) -> SimRun:
        more.setdefault("state", tmp_path / "node")
        more["link"] = "tcp://127.0.0.1:0"
        return bench.sim("native", write_trace(SAMPLES), **more)  # type: ignore[arg-type]

    return make


def lines(decisions: list[SimDecision]) -> list[str]:
    return [d.as_json() for d in decisions]


def numbers(bridge: Bridge) -> list[tuple[int, int | None]]:
    return [(m.boot, m.seq) for m in bridge.uplinks if m.kind is Kind.DECISION]


def test_a_bridge_gets_every_decision_once(
    bench: Bench, write_trace: Callable[[int], Path], linked: Callable[..., SimRun]
) -> None:
    run = linked()
    with bridged(run) as bridge:
        made = list(run)
    assert lines(made) == lines(bench.decisions("native", write_trace(SAMPLES)))
    assert len(made) > 10
    assert numbers(bridge) == [(d.boot, d.seq) for d in made]
    start = 1_776_643_200  # the app's planting day
    assert all(now - into == start for now, into in bridge.times)
    assert [into for _, into in bridge.times][-1] >= made[-1].t


def test_a_season_without_a_date_tells_how_far_it_is(
    bench: Bench, write_trace: Callable[[int], Path], tmp_path: Path
) -> None:
    source = TraceSource(write_trace(SAMPLES), bench.app())
    source.start = None
    run = bench.sim("native", source, link="tcp://127.0.0.1:0", state=tmp_path / "node")
    with bridged(run) as bridge:
        made = list(run)
    assert {now for now, _ in bridge.times} == {0}
    assert [into for _, into in bridge.times][-1] >= made[-1].t > 0


def test_a_bridge_that_comes_and_goes_loses_nothing(
    bench: Bench, write_trace: Callable[[int], Path], linked: Callable[..., SimRun]
) -> None:
    run = linked()
    with bridged(run, hang_up_after=3) as bridge:
        made = list(run)
    assert bridge.connections > 5
    assert lines(made) == lines(bench.decisions("native", write_trace(SAMPLES)))
    assert numbers(bridge) == [(d.boot, d.seq) for d in made]


def test_stale_and_foreign_downlinks_are_no_acknowledgement(
    bench: Bench, write_trace: Callable[[int], Path], linked: Callable[..., SimRun]
) -> None:
    old = encode_frame(FrameType.DOWNLINK, encode_downlink(Downlink(boot=77, seq=999)))
    run = linked()
    with bridged(run, extra=b"garbage\0" + old) as bridge:
        made = list(run)
    assert lines(made) == lines(bench.decisions("native", write_trace(SAMPLES)))
    assert numbers(bridge) == [(d.boot, d.seq) for d in made]


def test_without_a_gateway_the_node_keeps_what_it_decided(
    bench: Bench, write_trace: Callable[[int], Path], linked: Callable[..., SimRun]
) -> None:
    """The season goes on; what is not delivered leaves with the next boot."""
    silent = linked(link_wait=0.05)
    with bridged(silent, deaf=True):
        said = list(silent)
    run = linked()
    with bridged(run) as bridge:
        made = list(run)
    clean = bench.decisions("native", write_trace(SAMPLES))
    assert {d.boot for d in said} == {1}
    assert {d.boot for d in made} == {1, 2}
    kept = [d.seq for d in made if d.boot == 1]
    assert kept == list(range(kept[0], len(clean)))  # the oldest may have given way
    assert [d.seq for d in made if d.boot == 2] == list(range(len(clean)))
    assert len(numbers(bridge)) == len(made)


def test_each_linked_run_is_a_boot_of_its_own(linked: Callable[..., SimRun]) -> None:
    boots = []
    for _ in range(2):
        run = linked()
        with bridged(run):
            boots.append({d.boot for d in run})
    assert boots == [{1}, {2}]


def test_one_node_runs_once_at_a_time(linked: Callable[..., SimRun]) -> None:
    run = linked()
    with bridged(run):
        decisions = iter(run)
        next(decisions)
        with pytest.raises(EnvironmentFault, match="already running"):
            next(iter(linked()))
        list(decisions)


@pytest.mark.parametrize("url", ["127.0.0.1:1", "tcp://", "tcp://x", "http://h:1", "tcp://h:x"])
def test_a_wrong_address(url: str) -> None:
    with pytest.raises(UsageError, match="not tcp://HOST:PORT"):
        _open(url)


def _open(url: str) -> None:
    from tinyfield.sim.link import Link

    Link(url).close()


def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(EnvironmentFault, match="--link tcp"):
            _open(f"tcp://127.0.0.1:{port}")


def test_a_command_reaches_the_node(
    bench: Bench, write_trace: Callable[[int], Path], linked: Callable[..., SimRun]
) -> None:
    """The gateway switches the valve; the interlock ends it."""
    down = encode_downlink(Downlink(actuator=0, on=True, seconds=60))
    run = linked()
    with bridged(run, extra=encode_frame(FrameType.DOWNLINK, down)):
        list(run)
    quiet = bench.sim("native", write_trace(SAMPLES))
    list(quiet)
    assert run.summary["switched_on"] > quiet.summary["switched_on"]
    json.dumps(run.summary)
