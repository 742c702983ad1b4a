"""Full and read-only disks under the store, and messages that are none."""

from __future__ import annotations

import os
import resource
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.gateway.bench import Bench
from tests.gateway.fake_node import FakeNode
from tests.gateway.making import NOW, birth, decision, manifest
from tests.gateway.processes import BridgeProcess, Gateway, Mosquitto, need, wait_for
from tinyfield.wire import encode_message, topic
from tinyfield_gateway.store import Batch, Heard, open_store


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
    time.sleep(0.3)
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
    assert abs((down.epoch or 0) - time.time()) < 10


def test_many_at_once_share_commits(bench: Bench) -> None:
    sent = [
        bench.client.publish(topic("bed-3", "up"), encode_message(decision(seq)), qos=1)
        for seq in range(400)
    ]
    for one in sent:
        one.wait_for_publish(30)
    wait_for(lambda: len(bench.stored()) == 400)
    commits = bench.health.metrics.registry.get_sample_value("tinyfield_store_commits_total")
    assert commits is not None
    assert commits < 200
    wait_for(lambda: bench.downlinks[-1].seq == 399)


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
        stack.callback(node.stop)
        (tmp_path / "manifest.json").write_text(manifest().to_json())
        bridge = BridgeProcess(
            tmp_path, node.url, broker.url, f"--manifest={tmp_path}/manifest.json"
        )
        stack.callback(bridge.stop)
        wait_for(lambda: len(node.outbox) < 80)
        hurt(gateway)
        wait_for(lambda: not gateway.get("/healthz")["store"]["ok"])
        held = len(node.outbox)
        said = gateway.get("/healthz")["store"]["text"]
        time.sleep(1)
        assert held > 0
        assert len(node.outbox) == held, "acknowledged although nothing could be stored"
        heal(gateway)
        wait_for(node.done, 30, why=gateway.log.read_text())
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
            wait_for(lambda: not gateway.get("/healthz")["store"]["ok"])
            assert "make its folder and file writable" in wait_for(
                lambda: gateway.get("/healthz")["store"]["text"].removeprefix("starting")
            )
            assert gateway.get("/api/nodes")["error"].startswith("store sqlite:")
            turn("rw")
            wait_for(gateway.healthy)
            assert [one["seq"] for one in gateway.get("/api/decisions")] == [0]
        finally:
            assert gateway.stop() == 0
