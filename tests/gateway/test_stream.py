"""From a node's socket to the store through the real programs, and their sudden deaths."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.gateway.fake_node import FakeNode
from tests.gateway.making import NOW, manifest
from tests.gateway.processes import (
    PATIENCE_S,
    BridgeProcess,
    Gateway,
    Mosquitto,
    free_port,
    wait_for,
)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as held:
        yield held


@pytest.fixture
def manifest_file(tmp_path: Path) -> Path:
    path = tmp_path / "manifest.json"
    path.write_text(manifest().to_json())
    return path


def test_one_command_is_a_gateway(stack: ExitStack, tmp_path: Path, manifest_file: Path) -> None:
    """Embedded broker, a season of its own date, names from the manifest, a graceful end."""
    lines = tmp_path / "decisions.jsonl"
    gateway = Gateway(tmp_path, f"--jsonl={lines}")
    stack.callback(gateway.stop)
    node = FakeNode(20, clock=(NOW, 600))
    stack.callback(node.stop)
    bridge = BridgeProcess(
        tmp_path, node.url, gateway.broker, f"--manifest={manifest_file}", "--epoch=2026-06-01"
    )
    stack.callback(bridge.stop)
    wait_for(node.done, why=bridge.log.read_text)
    got = gateway.get("/api/decisions?node=bed-3&limit=100")
    assert [one["seq"] for one in got] == list(range(19, -1, -1))
    assert got[0]["at"] == "2026-06-01T00:10:00Z"  # --epoch plus what the sim says has passed
    assert got[0]["decision"] == "water"
    assert got[0]["label"] == "heavy"
    assert got[0]["why"] == ["need == heavy", "confidence > 0.7", "tank.level > 15 %"]
    assert (got[0]["action"], got[0]["outcome"]) == ("valve on for 8 min", "done")
    # The clock that the node is given is its season's too.
    assert {one.epoch for one in node.downlinks} == {1_780_272_600}
    (known,) = gateway.get("/api/nodes")
    assert (known["node"], known["app"], known["decisions"]) == ("bed-3", "irrigation", 20)
    assert gateway.get("/api/decisions?after=18")[0]["id"] == 19
    node.stop()
    wait_for(lambda: gateway.get("/api/nodes")[0]["online"] is False)
    assert bridge.stop() == 0
    assert gateway.stop(signal.SIGINT) == 0
    # In the order of their arrival, in which one that was let go comes after those that were not.
    written = [json.loads(line) for line in lines.read_text().splitlines()]
    assert sorted(one["seq"] for one in written) == list(range(20))
    assert [one["id"] for one in written] == list(range(1, 21))


def test_killed_in_mid_stream_nothing_is_lost_and_nothing_twice(
    stack: ExitStack, tmp_path: Path, manifest_file: Path
) -> None:
    """kill −9 of gateway, bridge and broker in turn, with a real mosquitto between."""
    broker = Mosquitto(tmp_path)
    gateway = Gateway(tmp_path, broker=broker.url)
    node = FakeNode(240, pace_s=0.005)
    node.decided = 80  # of which some are under way when the gateway dies, and so on
    stack.callback(node.stop)
    bridge = BridgeProcess(tmp_path, node.url, broker.url, f"--manifest={manifest_file}")
    try:
        wait_for(lambda: len(node.outbox) < 200, why=bridge.log.read_text)
        gateway.kill()
        node.decided = 140
        gateway = Gateway(tmp_path, broker=broker.url)
        wait_for(lambda: len(node.outbox) < 140, why=gateway.log.read_text)
        bridge.kill()
        node.decided = 200
        bridge = BridgeProcess(tmp_path, node.url, broker.url)
        wait_for(lambda: len(node.outbox) < 80, why=bridge.log.read_text)
        port = broker.port
        broker.kill()
        node.decided = 240
        wait_for(lambda: not gateway.healthy())
        assert not node.done()
        broker = Mosquitto(tmp_path, port)
        wait_for(node.done, why=bridge.log.read_text)
        got = gateway.get("/api/decisions?node=bed-3&limit=1000")
        assert [one["seq"] for one in got] == list(range(239, -1, -1))
        assert {one["decision"] for one in got} == {"water"}
        assert gateway.get("/api/quarantine") == []
        assert gateway.stop() == 0
    finally:
        for process in (bridge, gateway, broker):
            process.stop()


def test_our_own_broker_dies_with_the_gateway_and_nothing_is_lost(
    stack: ExitStack, tmp_path: Path, manifest_file: Path
) -> None:
    """kill −9 of a gateway that is its own broker: what waited in the broker is gone."""
    at = f"mqtt://127.0.0.1:{free_port()}"
    gateway = Gateway(tmp_path, "--embedded", broker=at)
    node = FakeNode(80, pace_s=0.005)
    node.decided = 50
    stack.callback(node.stop)
    bridge = BridgeProcess(tmp_path, node.url, at, f"--manifest={manifest_file}")
    stack.callback(bridge.stop)
    try:
        wait_for(lambda: len(node.outbox) < 50, why=bridge.log.read_text)
        gateway.kill()
        node.decided = 80
        assert not node.done()
        gateway = Gateway(tmp_path, "--embedded", broker=at)
        wait_for(node.done, why=bridge.log.read_text)
        got = gateway.get("/api/decisions?node=bed-3&limit=1000")
        assert [one["seq"] for one in got] == list(range(79, -1, -1))
        # The retained birth and will went with the broker: the bridge has said them again.
        assert {one["decision"] for one in got} == {"water"}
        wait_for(lambda: gateway.get("/api/nodes")[0]["online"] is True)
        assert gateway.get("/api/quarantine") == []
    finally:
        assert gateway.stop() == 0


def test_a_port_that_is_taken_says_so(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "tinyfield_gateway.cli", "run", "--embedded",
             f"--broker={broker.url}", f"--store={tmp_path}/g.db", "--http=127.0.0.1:0"],
            capture_output=True, text=True, timeout=PATIENCE_S,
        )  # fmt: skip
    finally:
        broker.stop()
    assert done.returncode == 3
    assert "cannot open a broker" in done.stderr
    assert "Traceback" not in done.stderr
    assert f"--broker {broker.url}" in done.stderr
