"""Full and read-only disks under the store, and messages that are none."""

from __future__ import annotations

import os
import resource
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.gateway.bench import Bench
from tests.gateway.fake_node import WINDOW, FakeNode
from tests.gateway.making import NOW, birth, decision, manifest
from tests.gateway.processes import PATIENCE_S, BridgeProcess, Gateway, Mosquitto, need, wait_for
from tinyfield.wire import Message, encode_message, topic
from tinyfield_gateway import ingest
from tinyfield_gateway.bus import BrokerAddress, Bus, Delivery
from tinyfield_gateway.health import Health
from tinyfield_gateway.store import Batch, Committed, Heard, open_store


def test_what_is_no_message_is_put_aside_and_the_rest_goes_on(bench: Bench) -> None:
    good = encode_message(decision(0))
    up = topic("bed-3", "up")
    bad = {
        up: [b"", b"\xa0", good[:-3], good + b"\0", b"\xff" * 51, good * 40, os.urandom(5000)],
        "tf/v1/n/BED/up": [good],
        topic("bed-3", "birth"): [b"{", b"[]", b'{"manifest": 3}', b"[" * 9000, b"1" * 70_000],
    }
    for name, payloads in bad.items():
        for payload in payloads:
            bench.publish(name, payload)
    bench.publish(up, good)
    total = sum(len(payloads) for payloads in bad.values())
    wait_for(lambda: bench.stored() == [0])
    wait_for(lambda: len(bench.store.rejected(100)) == total)
    # Acknowledged, so that the broker does not offer them for ever.
    bench.restart()
    bench.settle()
    assert len(bench.store.rejected(100)) == total
    assert bench.health.ok
    text = {one.reason for one in bench.store.rejected(100)}
    assert "message of 5000 B, at most 59" in text


def test_replayed_messages_change_nothing(bench: Bench) -> None:
    for _ in range(3):
        for seq in (2, 0, 1):
            bench.publish(topic("bed-3", "up"), encode_message(decision(seq)))
    wait_for(lambda: bench.stored() == [0, 1, 2])
    wait_for(lambda: bench.downlinks and bench.downlinks[-1].seq == 2)
    assert bench.store.nodes()[0].decisions == 3


def test_every_message_is_answered_with_the_time(bench: Bench) -> None:
    bench.publish(topic("bed-3", "up"), encode_message(birth()))
    (down,) = wait_for(lambda: bench.downlinks)
    assert down.seq is None
    assert down.epoch == int(bench.now)


def test_many_at_once_share_commits(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes while the disk is busy is written together when it is free."""
    free, busy, commit = threading.Event(), threading.Event(), bench.store.commit
    sizes: list[int] = []

    def slow(batch: Batch) -> Committed:
        busy.set()
        assert free.wait(PATIENCE_S)
        sizes.append(len(batch.heard))
        return commit(batch)

    monkeypatch.setattr(bench.store, "commit", slow)
    monkeypatch.setattr(ingest, "BATCH_S", PATIENCE_S)
    seen = bench.watch(topic("bed-3", "up"))
    for seq in range(400):
        bench.client.publish(topic("bed-3", "up"), encode_message(decision(seq)), qos=1)
    # All are through the broker, so as many as it lets be under way wait for the gateway.
    wait_for(lambda: len(seen) == 400)
    assert busy.wait(PATIENCE_S)
    free.set()
    wait_for(lambda: len(bench.stored()) == 400)
    wait_for(lambda: bench.downlinks[-1].seq == 399)
    assert sum(sizes) == 400
    assert max(sizes) >= 10
    wait_for(lambda: bench.counted("store_commits") == len(sizes))


class _Full(Bus):
    """A broker that has so many messages to offer, all at once."""

    def __init__(self, *messages: Message) -> None:
        super().__init__(BrokerAddress(), "gateway")
        self.left = [
            Delivery(topic("bed-3", "up"), encode_message(one), (0, mid, 1))
            for mid, one in enumerate(messages)
        ]
        self.said: list[str] = []

    def connect(self) -> None:
        pass

    def drop(self) -> None:
        pass

    def take(self, timeout: float) -> Delivery | None:
        time.sleep(0 if self.left else timeout)
        return self.left.pop(0) if self.left else None

    def pending(self) -> bool:
        return bool(self.left)

    def ack(self, delivery: Delivery) -> None:
        self.said.append("ack")

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        self.said.append("answer" if topic.endswith("/down") else "state")


def test_all_that_is_there_is_one_commit_then_acknowledged_then_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(str(tmp_path / "gateway.db"))
    bus, commit = _Full(*(decision(seq) for seq in range(1400))), store.commit
    monkeypatch.setattr(ingest, "BATCH_S", PATIENCE_S)

    def told(batch: Batch) -> Committed:
        done = commit(batch)
        bus.said.append("commit")
        return done

    monkeypatch.setattr(store, "commit", told)
    one = ingest.Ingest(bus, store, Health())
    one.start()
    wait_for(lambda: bus.said.count("answer") == 2)
    one.stop()
    one.join(PATIENCE_S)
    said = [word for word in bus.said if word != "state"]
    assert said == ["commit", *["ack"] * 1000, "answer", "commit", *["ack"] * 400, "answer"]
    assert len(store.decisions(limit=2000)) == 1400
    store.close()


def _stream_through(
    tmp_path: Path, hurt: Callable[[Gateway], None], heal: Callable[[Gateway], None]
) -> tuple[str, list[int]]:
    """A node's decisions while the store is hurt and healed; what was said, what was stored."""
    with ExitStack() as stack:
        broker = Mosquitto(tmp_path)
        stack.callback(broker.stop)
        gateway = Gateway(tmp_path, broker=broker.url)
        stack.callback(gateway.stop)
        node = FakeNode(100, pace_s=0.01)
        node.decided = 60
        stack.callback(node.stop)
        (tmp_path / "manifest.json").write_text(manifest().to_json())
        bridge = BridgeProcess(
            tmp_path, node.url, broker.url, f"--manifest={tmp_path}/manifest.json"
        )
        stack.callback(bridge.stop)
        wait_for(lambda: len(node.outbox) < 80, why=bridge.log.read_text)
        hurt(gateway)
        node.decided = 100  # so that there is something that cannot be stored
        said = wait_for(gateway.trouble, why=gateway.log.read_text)
        sent = node.sent
        wait_for(lambda: node.sent > sent + 2 * WINDOW)  # it repeats what is not acknowledged
        forgotten = node.acknowledged()
        look = open_store(str(tmp_path / "gateway.db"))
        stored = {one.seq for one in look.decisions(limit=1000)}
        look.close()
        assert forgotten <= stored, "acknowledged although it was not stored"
        assert forgotten.isdisjoint(range(60, 100))
        heal(gateway)
        wait_for(node.done, why=gateway.log.read_text)
        got = gateway.get("/api/decisions?node=bed-3&limit=1000")
        assert gateway.healthy()
        return said, [one["seq"] for one in got]


def test_a_disk_that_fills_up_and_is_cleared(tmp_path: Path) -> None:
    def limit(gateway: Gateway, size: int) -> None:
        resource.prlimit(gateway.child.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    # No file may grow beyond 16 KiB: the log before the store has more than that already.
    said, got = _stream_through(
        tmp_path,
        lambda gateway: limit(gateway, 16_384),
        lambda gateway: limit(gateway, resource.RLIM_INFINITY),
    )
    assert "free some space" in said
    assert got == list(range(99, -1, -1))


@contextmanager
def _a_disk(folder: Path) -> Iterator[tuple[Callable[[str], None], tuple[str, ...]]]:
    """What makes the folder "ro" and "rw", and what a program must be started with to mind.

    A disk of its own where one may be mounted; else permissions, which root minds only without
    the right to override them.
    """
    folder.mkdir()

    def mount(*options: str) -> bool:
        command = ["mount", *options, str(folder)]
        return subprocess.run(command, capture_output=True).returncode == 0

    def remount(mode: str) -> None:
        assert mount("-o", f"remount,{mode}")

    def permit(mode: str) -> None:
        for path in (*folder.iterdir(), folder):
            path.chmod(0o555 if mode == "ro" else 0o755)

    if mount("-t", "tmpfs", "-o", "size=8m", "tmpfs"):
        try:
            yield remount, ()
        finally:
            subprocess.run(["umount", "-l", str(folder)], check=True)
    else:
        mindful: tuple[str, ...] = ()
        if os.geteuid() == 0:
            mindful = (need("setpriv", "util-linux"), "--bounding-set=-dac_override")
        yield permit, mindful
        permit("rw")


def test_a_disk_that_is_read_only_at_first(tmp_path: Path) -> None:
    with _a_disk(tmp_path / "disk") as (turn, mindful):
        store = open_store(str(tmp_path / "disk" / "gateway.db"))
        store.commit(Batch(heard=[Heard("bed-3", decision(0), NOW)]))
        store.close()
        turn("ro")
        url = f"sqlite:///{tmp_path}/disk/gateway.db"
        gateway = Gateway(tmp_path, f"--store={url}", prefix=mindful)
        try:
            said = wait_for(gateway.trouble, why=gateway.log.read_text)
            assert "make its folder and file writable" in said
            assert gateway.get("/api/nodes")["error"].startswith("store sqlite:")
            turn("rw")
            wait_for(gateway.healthy)
            assert [one["seq"] for one in gateway.get("/api/decisions")] == [0]
        finally:
            assert gateway.stop() == 0
