"""What is PostgreSQL's own: a server that goes away, several who write. See also test_store.py."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.gateway.fake_node import FakeNode
from tests.gateway.making import batch, decision, manifest
from tests.gateway.postgres import Postgres
from tests.gateway.processes import BridgeProcess, Gateway, free_port, wait_for
from tinyfield_gateway.store import Batch, Decision, Store, StoreUnavailableError, open_store


def test_stopped_and_crashed_in_mid_stream_nothing_is_lost_and_nothing_twice(
    postgres: Postgres, tmp_path: Path
) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(manifest().to_json())
    url = postgres.database()
    with ExitStack() as stack:
        gateway = Gateway(tmp_path, f"--store={url}")
        stack.callback(gateway.stop)
        node = FakeNode(80, pace_s=0.005)
        node.decided = 0
        stack.callback(node.stop)
        bridge = BridgeProcess(tmp_path, node.url, gateway.broker, f"--manifest={path}")
        stack.callback(bridge.stop)
        for decided, number in ((30, signal.SIGINT), (60, signal.SIGQUIT)):
            node.decided = decided
            wait_for(lambda left=90 - decided: len(node.outbox) < left, why=bridge.log.read_text())
            postgres.stop(number)
            node.decided += 10  # while nothing can be stored
            store = wait_for(lambda: _trouble(gateway), why=gateway.log.read_text())
            assert "the gateway goes on by itself" in store
            # Acknowledgements of what was stored before may still be on their way: only a look
            # into the database, which the gateway does not find there, tells whether they are due.
            with postgres.elsewhere():
                look = open_store(postgres.url(url.rpartition("/")[2]))
                stored = {one.seq for one in look.decisions(limit=1000)}
                look.close()
            held = {one.seq for one in node.outbox}
            assert set(range(80)) - held <= stored, "acknowledged although it was not stored"
            assert held >= set(range(decided, 80))
            postgres.start()
        node.decided = 80
        wait_for(node.done, why=gateway.log.read_text())
        got = gateway.get("/api/decisions?node=bed-3&limit=1000")
        assert [one["seq"] for one in got] == list(range(79, -1, -1))
        assert {one["decision"] for one in got} == {"water"}
        assert gateway.get("/api/nodes")[0]["decisions"] == 80
        assert gateway.healthy()
        assert gateway.stop() == 0


def _trouble(gateway: Gateway) -> str:
    """What is said of the store once it is found to be away."""
    store = gateway.get("/healthz")["store"]
    return "" if store["ok"] else str(store["text"])


def test_two_gateways_share_a_database(postgres: Postgres) -> None:
    """Both hear every message, as at one broker; a sink follows by id while they write."""
    url = postgres.database()
    rounds, nodes = 25, ("bed-1", "bed-2", "bed-3")
    followed: list[Decision] = []

    def write(store: Store, order: tuple[str, ...]) -> None:
        for seq in range(rounds):
            heard = [one for node in order for one in batch(decision(seq), node=node).heard]
            marks = store.commit(Batch(heard=heard)).watermarks.values()
            assert len(marks) == len(nodes)
            assert min(marks) >= seq  # the other may be further on

    with ExitStack() as stack:
        stores = [open_store(url) for _ in range(3)]
        for store in stores:
            stack.callback(store.close)
        pool = stack.enter_context(ThreadPoolExecutor(2))
        writers = [
            pool.submit(write, store, order)
            for store, order in zip(stores, (nodes, nodes[::-1]), strict=False)
        ]
        over = False
        while not over:
            over = all(writer.done() for writer in writers)
            last = followed[-1].id if followed else 0
            followed += stores[2].decisions(after=last, limit=1000)
        for writer in writers:
            writer.result()
        counts = {one.name: one.decisions for one in stores[2].nodes()}
    expected = sorted((node, seq) for node in nodes for seq in range(rounds))
    assert sorted((one.node, one.seq) for one in followed) == expected
    assert counts == dict.fromkeys(nodes, rounds)


def test_a_server_that_confirms_too_soon_is_told_to_wait(postgres: Postgres) -> None:
    url = postgres.database()
    name = url.rpartition("/")[2]
    postgres.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    store = open_store(url)
    with store._engine.connect() as connection:
        assert connection.execute(text("SHOW synchronous_commit")).scalar() == "on"
    store.close()


def test_what_is_wrong_with_the_address(postgres: Postgres) -> None:
    def hint(url: str) -> str:
        with pytest.raises(StoreUnavailableError) as caught:
            open_store(url)
        assert "\n" not in caught.value.message
        return str(caught.value.hint)

    assert "running" in hint(f"postgresql://tinyfield@127.0.0.1:{free_port()}/tinyfield")
    assert "running" in hint(f"postgresql://tinyfield@localhost:{free_port()}/tinyfield")
    assert "createdb" in hint(postgres.url("missing"))
    assert "createuser" in hint(postgres.url().replace("tinyfield@", "nobody@"))
    postgres.execute("CREATE ROLE guest LOGIN")
    assert "OWNER" in hint(postgres.database().replace("tinyfield@", "guest@"))
