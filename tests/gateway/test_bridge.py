"""The bridge's parts, and the ways it can be held wrong."""

from __future__ import annotations

import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.gateway.fake_node import FakeNode
from tests.gateway.making import NOW, birth, manifest
from tests.gateway.processes import PATIENCE_S, BridgeProcess, Gateway, wait_for
from tinyfield.errors import UsageError, WireError
from tinyfield.wire import FrameType, encode_frame
from tinyfield_gateway.bridge.clock import NodeClock, parse_epoch
from tinyfield_gateway.bridge.port import missing
from tinyfield_gateway.bridge.run import read_manifest
from tinyfield_gateway.bus import BrokerAddress, parse_broker


def test_clock() -> None:
    now = [1000.0]
    season = struct.pack("<II", NOW, 600)
    real = NodeClock(None, lambda: now[0])
    assert real.now() == 1000
    assert real.heard(season)
    assert real.now() == NOW
    assert not real.heard(b"short")
    undated = NodeClock(None, lambda: now[0])
    assert undated.heard(struct.pack("<II", 0, 600))
    assert undated.now() == 1000
    dated = NodeClock(50_000, lambda: now[0])
    assert dated.now() == 50_000
    now[0] += 7
    assert dated.now() == 50_007
    assert dated.heard(season)
    assert dated.now() == 50_600
    assert dated.heard(struct.pack("<II", NOW, 2**32 - 1))
    assert dated.now() == 2**32 - 1


def test_epoch() -> None:
    assert parse_epoch("2026-04-20") == NOW
    assert parse_epoch("2026-04-20T00:00:00Z") == NOW
    assert parse_epoch("2026-04-20T02:00:00+02:00") == NOW
    for bad in ("yesterday", "1969-01-01", "2150-01-01", ""):
        with pytest.raises(UsageError):
            parse_epoch(bad)


def test_broker_addresses() -> None:
    assert parse_broker("mqtt://h") == BrokerAddress("h", 1883)
    assert parse_broker("farm:1884") == BrokerAddress("farm", 1884)
    assert parse_broker("mqtts://u:p%40ss@h") == BrokerAddress("h", 8883, True, "u", "p@ss")
    assert "p@ss" not in repr(parse_broker("mqtts://u:p%40ss@h"))
    assert str(parse_broker("mqtt://u:p@[::1]:99")) == "mqtt://[::1]:99"
    for bad in ("http://h", "mqtt://", "mqtt://h:99999", "mqtt://h/topic"):
        with pytest.raises(UsageError):
            parse_broker(bad)


def test_manifest_file(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    with pytest.raises(UsageError, match="No such file"):
        read_manifest(path)
    path.write_text("{}")
    with pytest.raises(WireError, match="app: Field required"):
        read_manifest(path)
    path.write_text(manifest().to_json())
    assert read_manifest(path) == manifest()


def test_hints_for_a_port_that_is_not_there(tmp_path: Path) -> None:
    assert "sim" in str(missing("socket://127.0.0.1:1"))
    assert "list_ports" in str(missing(str(tmp_path / "ttyACM0")))


@pytest.mark.parametrize(
    "args, said",
    [
        (["--port=x", "--node=Bed 3"], "--node Bed 3: not an id"),
        (["--port=x", "--epoch=soon"], "--epoch soon: not a date"),
        (["--port=socket://nowhere"], "not socket://HOST:PORT"),
        (["--port=x", "--manifest=missing.json"], "missing.json: No such file"),
    ],
)
def test_wrong_use_is_exit_2(args: list[str], said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tinyfield_gateway.cli", "bridge", *args],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    process = Gateway(tmp_path_factory.mktemp("gateway"))
    yield process
    assert process.stop() == 0


def test_without_a_manifest_ids_are_shown(gateway: Gateway, tmp_path: Path) -> None:
    """The node's own birth tells its id; line noise and half frames are passed over."""
    with ExitStack() as stack:
        node = FakeNode(3, node="shed-1")
        node.decided = 1
        stack.callback(node.stop)
        bridge = BridgeProcess(tmp_path, node.url, gateway.broker)
        stack.callback(bridge.stop)
        wait_for(lambda: len(node.outbox) < 3, why=bridge.log.read_text)  # there and back
        node.raw(b"ets Jul 29 2019 12:21:46\r\n" + bytes(range(256)) + b"\0")
        node.raw(encode_frame(FrameType.UPLINK, b"\x00" * 60) + b"\xff" * 500 + b"\0")
        node.raw(encode_frame(FrameType.LOG, b"brown-out"))
        node.decided = 3
        wait_for(node.done, why=bridge.log.read_text)
        (first, *_) = gateway.get("/api/decisions?node=shed-1")
        assert (first["decision"], first["label"], first["app"]) == ("rule 0", "label 2", None)
        assert first["why"] == ["clause 0", "clause 1", "clause 2"]
        (known,) = [one for one in gateway.get("/api/nodes") if one["node"] == "shed-1"]
        assert known["manifest"] == f"{manifest().hash:08x}"
        (bad,) = wait_for(lambda: gateway.get("/api/quarantine"))
        assert bad["topic"] == "tf/v1/n/shed-1/up"
        wait_for(lambda: "brown-out" in bridge.log.read_text())


def test_a_manifest_of_another_build_is_told(gateway: Gateway, tmp_path: Path) -> None:
    with ExitStack() as stack:
        path = tmp_path / "manifest.json"
        path.write_text(manifest(app="another", node="bed-9").to_json())
        node = FakeNode(1, node="bed-9")
        stack.callback(node.stop)
        bridge = BridgeProcess(tmp_path, node.url, gateway.broker, f"--manifest={path}")
        stack.callback(bridge.stop)
        wait_for(node.done, why=bridge.log.read_text)
        assert "the manifest is another build's" in bridge.log.read_text()
        # Built and flashed anew: the same file holds the names now.
        path.write_text(manifest(node="bed-9").to_json())
        node.say(birth(boot=2, node="bed-9"))
        wait_for(lambda: gateway.get("/api/decisions?node=bed-9")[0]["decision"] == "water")


def test_an_answer_reaches_the_node_that_asks(gateway: Gateway, tmp_path: Path) -> None:
    with ExitStack() as stack:
        node = FakeNode(1, node="fan-3")
        stack.callback(node.stop)
        bridge = BridgeProcess(tmp_path, node.url, gateway.broker)
        stack.callback(bridge.stop)
        wait_for(node.done, why=bridge.log.read_text)
        done = subprocess.run(
            [sys.executable, "-m", "tinyfield_gateway.cli", "answer", "fan-3", "7/41", "no",
             f"--broker={gateway.broker}"],
            capture_output=True, text=True, timeout=PATIENCE_S, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert done.stdout == "told fan-3: 7/41 no\n"
        wait_for(lambda: any(d.yes is not None for d in node.downlinks), why="for the answer")
        (one,) = [d for d in node.downlinks if d.yes is not None]
        assert (one.case_boot, one.case_seq, one.yes) == (7, 41, False)
        assert one.epoch  # the bridge tells the time with it


@pytest.mark.parametrize(
    "args, said, code",
    [
        (["fan-3", "7", "yes"], "7: not a decision's number", 2),
        (["fan-3", "7/41", "perhaps"], "neither yes nor no", 2),
        (["Fan 3", "7/41", "yes"], "Fan 3: not a node's id", 2),
        (["fan-3", "7/41", "yes", "--broker=127.0.0.1:9"], "mqtt://127.0.0.1:9", 3),
    ],
)
def test_answers_that_cannot_be_sent(args: list[str], said: str, code: int) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tinyfield_gateway.cli", "answer", *args],
        capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert done.returncode == code
    assert said in done.stderr and "Traceback" not in done.stderr


def test_called_as_asked(gateway: Gateway, tmp_path: Path) -> None:
    with ExitStack() as stack:
        node = FakeNode(2, node="bed-3")
        stack.callback(node.stop)
        bridge = BridgeProcess(tmp_path, node.url, gateway.broker, "--node=east-1")
        stack.callback(bridge.stop)
        wait_for(node.done, why=bridge.log.read_text)
        node.say(birth(node="bed-3"))
        assert len(gateway.get("/api/decisions?node=east-1")) == 2
        assert gateway.get("/api/decisions?node=bed-3") == []
