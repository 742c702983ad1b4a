"""The store: once each, in one transaction, and the watermark that lets a node forget."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, text

from tests.gateway.making import NOW, batch, birth, decision, heartbeat, manifest
from tinyfield.errors import EnvironmentFault, MissingToolError, UsageError
from tinyfield.wire import Kind, Message
from tinyfield_gateway.store import (
    Batch,
    Rejected,
    Store,
    StoreUnavailableError,
    engine,
    open_store,
    parts,
)
from tinyfield_gateway.store.schema import metadata


def test_a_decision_comes_back_as_it_went_in(store: Store) -> None:
    done = store.commit(batch(decision(0, age=60)))
    assert (done.new, done.duplicates, done.collisions) == (1, 0, ())
    (got,) = store.decisions()
    assert (got.node, got.boot, got.seq, got.at) == ("bed-3", 1, 0, NOW - 60)
    assert (got.rule, got.label, got.score, got.flags, got.why) == (0, 2, 220, 3, 7)
    assert got.manifest == manifest().hash


def test_time_is_the_bridges_where_it_gives_one(store: Store) -> None:
    store.commit(batch(decision(0, age=60, heard=1_000_000)))
    assert store.decisions()[0].at == 1_000_000 - 60
    (node,) = store.nodes()
    assert (node.last_heard, node.season) == (NOW, 1_000_000)


def test_the_largest_values_fit(store: Store) -> None:
    top = 2**32 - 1
    largest = decision(
        top, boot=top, age=top, rule=255, label=255, score=255, flags=0xFD, battery=65535,
        manifest=top, why=top, backlog=65535, heard=top,
    )  # fmt: skip
    store.commit(batch(largest))
    assert store.decisions()[0].seq == top


@pytest.mark.parametrize("together", [True, False])
def test_a_repeat_is_stored_once(store: Store, together: bool) -> None:
    first, again = decision(0), decision(0, age=30)
    if together:
        done = store.commit(batch(first, again))
        assert (done.new, done.duplicates) == (1, 1)
    else:
        store.commit(batch(first))
        done = store.commit(batch(again, received=NOW + 30))
        assert (done.new, done.duplicates) == (0, 1)
    assert done.watermarks == {("bed-3", 1): 0}
    assert len(store.decisions()) == 1
    assert store.nodes()[0].decisions == 1


@pytest.mark.parametrize(
    "change, received",
    [({"rule": 1}, NOW), ({"label": 1}, NOW), ({"why": 1}, NOW), ({}, NOW + 90_000)],
)
def test_a_number_used_for_another_decision_is_not_swallowed(
    store: Store, change: dict[str, int], received: int
) -> None:
    store.commit(batch(decision(0)))
    done = store.commit(batch(decision(0, **change), received=received))
    assert (done.new, done.duplicates, done.collisions) == (0, 0, ("bed-3",))
    assert "already used" in store.rejected()[0].reason
    assert store.nodes()[0].collisions == 1
    # Answered all the same, or the node would repeat it for ever.
    assert done.watermarks == {("bed-3", 1): 0}


def test_boots_and_nodes_count_apart(store: Store) -> None:
    store.commit(batch(decision(0), decision(0, boot=2)))
    store.commit(batch(decision(0), node="bed-4"))
    assert len(store.decisions()) == 3
    assert [one.boot for one in store.decisions(node="bed-3")] == [2, 1]


def test_watermark_waits_for_what_the_node_still_holds(store: Store) -> None:
    mark = ("bed-3", 1)
    assert store.commit(batch(decision(2, backlog=2))).watermarks == {mark: -1}
    assert store.commit(batch(decision(1, backlog=1))).watermarks == {mark: -1}
    assert store.commit(batch(decision(0))).watermarks == {mark: 2}
    # What the node gave up is not waited for: seq 3 was dropped, 4 is its oldest.
    assert store.commit(batch(decision(4))).watermarks == {mark: 4}
    assert store.commit(batch(decision(6, backlog=1))).watermarks == {mark: 4}


@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_watermark_as_the_contract_says(store: Store, data: st.DataObject) -> None:
    """Against the definition: highest w with all of [seq − backlog, w] stored."""
    node = f"n{len(store.nodes())}"
    stored: set[int] = set()
    for _ in range(data.draw(st.integers(1, 6))):
        seq = data.draw(st.integers(0, 12))
        backlog = data.draw(st.integers(0, seq))
        marks = store.commit(batch(decision(seq, backlog=backlog), node=node)).watermarks
        stored.add(seq)
        expected = seq - backlog - 1
        while expected + 1 in stored:
            expected += 1
        assert marks == {(node, 1): expected}


def test_a_batch_answers_with_its_highest(store: Store) -> None:
    done = store.commit(batch(decision(1, backlog=1), decision(0), decision(2, backlog=2)))
    assert done.watermarks == {("bed-3", 1): 2}


def test_what_is_active(store: Store) -> None:
    def active() -> list[int]:
        return [rule.rule for rule in store.nodes()[0].active]

    store.commit(batch(birth(), decision(0), decision(1, rule=1)))
    assert active() == [0, 1]
    store.commit(batch(decision(3, flags=0)))
    assert active() == [1]
    store.commit(batch(decision(2)))  # late, older than what is known
    assert active() == [1]
    store.commit(batch(birth(boot=2)))  # a restarted node starts with nothing active
    assert active() == []


def test_heartbeats_tell_what_is_active_too(store: Store) -> None:
    """Of a decision that its node had to give up, or of a store that was emptied."""

    def active() -> list[tuple[int, int | None]]:
        return [(rule.rule, rule.label) for rule in store.nodes()[0].active]

    store.commit(batch(birth(), heartbeat(0b101)))
    assert active() == [(0, None), (2, None)]
    store.commit(batch(decision(0), received=NOW + 20))
    assert active() == [(0, 2), (2, None)]
    store.commit(batch(heartbeat(0b010), received=NOW + 60))
    assert active() == [(1, None)]
    store.commit(batch(decision(1, rule=2, flags=0b0100001), received=NOW + 70))
    store.commit(batch(heartbeat(0b010), received=NOW + 90))  # the edge is still asked about 2
    assert active() == [(1, None), (2, 2)]
    store.commit(batch(heartbeat(None), received=NOW + 99))
    assert active() == [(1, None), (2, 2)]
    store.commit(batch(birth(boot=2), received=NOW + 100))
    assert active() == []


def test_node_state(store: Store) -> None:
    beat = Message(
        kind=Kind.HEARTBEAT, boot=1, node="bed-3", battery=2900, counters=(9, 1, 3), fault_mask=2
    )
    store.commit(batch(birth(), beat))
    (node,) = store.nodes()
    assert (node.battery, node.dropped, node.fault_mask, node.online) == (2900, 3, 2, True)
    store.commit(Batch(online={"bed-3": False}))
    assert store.nodes()[0].online is False
    store.commit(batch(birth(boot=2), received=NOW + 5))
    (node,) = store.nodes()
    assert (node.boot, node.dropped, node.fault_mask, node.last_heard) == (2, 0, 0, NOW + 5)


def test_rows_survive_a_restart(tmp_path: Path) -> None:
    path = str(tmp_path / "deep" / "gateway.db")
    first = open_store(path)
    first.commit(Batch(births=[("bed-3", manifest())], heard=batch(decision(0)).heard))
    first.close()
    second = open_store(f"sqlite:///{path}")
    assert len(second.decisions()) == 1
    assert second.manifests() == {manifest().hash: manifest()}
    assert second.commit(batch(decision(0))).duplicates == 1
    second.close()


def test_quarantine_keeps_the_newest_only(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "QUARANTINE_KEPT", 10)
    bad = [Rejected(topic="t", payload=b"x" * 999, reason=str(i), received=NOW) for i in range(30)]
    store.commit(Batch(rejected=bad))
    kept = store.rejected(100)
    assert [one.reason for one in kept] == [str(i) for i in range(29, 19, -1)]
    assert len(kept[0].payload) == 256


def test_a_strangers_words_go_into_any_database(store: Store) -> None:
    """A store that refused them would be offered the same message for ever."""
    odd = manifest(app="a\0\N{SNOWMAN}", board="b\0")
    bad = Rejected(topic="t\0", payload=b"\0\xff", reason="no \0", received=NOW)
    store.commit(Batch(births=[("bed-3", odd)], rejected=[bad]))
    assert store.manifests() == {odd.hash: odd}
    assert store.nodes()[0].board == "b\N{REPLACEMENT CHARACTER}"
    (kept,) = store.rejected()
    assert (kept.payload, kept.reason) == (b"\0\xff", "no \N{REPLACEMENT CHARACTER}")


def test_one_app_on_two_boards(store: Store) -> None:
    uno, esp = manifest(), manifest(node="bed-4", board="esp32dev")
    assert uno.hash == esp.hash
    store.commit(Batch(births=[("bed-3", uno), ("bed-4", esp)]))
    assert [(one.name, one.board) for one in store.nodes()] == [
        ("bed-3", "uno"),
        ("bed-4", "esp32dev"),
    ]


def test_migrations_make_what_the_code_expects(store: Store) -> None:
    with store._engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


@pytest.mark.parametrize("earlier", ["0001", "0002"])
def test_a_store_of_an_earlier_gateway_is_brought_up(store: Store, earlier: str) -> None:
    store.commit(batch(decision(0)))
    config = Config()
    migrations = Path(engine.__file__).parent / "migrations"
    config.set_main_option("script_location", str(migrations))
    with store._engine.connect() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, earlier)
        connection.commit()
    store.prepare()
    assert store.commit(Batch(births=[("bed-3", manifest())])).new == 0
    assert (store.nodes()[0].board, store.nodes()[0].decisions) == ("uno", 1)
    with store._engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_a_store_of_a_later_gateway_is_refused(tmp_path: Path) -> None:
    path = str(tmp_path / "gateway.db")
    kept = open_store(path)
    with kept._engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    kept.close()
    with pytest.raises(EnvironmentFault) as caught:
        open_store(path)
    assert not isinstance(caught.value, StoreUnavailableError)  # waiting would not help
    assert "newer gateway" in str(caught.value.hint)


def test_durable_as_promised(tmp_path: Path) -> None:
    kept = open_store(str(tmp_path / "gateway.db"))
    with kept._engine.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2  # FULL
    kept.close()


def test_a_full_disk_stores_nothing_of_the_batch_and_passes(tmp_path: Path) -> None:
    kept = open_store(str(tmp_path / "gateway.db"))
    kept.commit(batch(decision(0)))
    limit = [0]

    # SQLITE_FULL, as of a disk without room; the real disk is in test_trouble.py.
    @event.listens_for(kept._engine, "begin")
    def narrow(connection: object) -> None:
        pages = limit[0] or 1_000_000
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")  # type: ignore[attr-defined]

    limit[0] = 1
    many = [decision(seq, backlog=seq) for seq in range(1, 900)]
    with pytest.raises(StoreUnavailableError) as caught:
        kept.commit(batch(*many))
    assert "full" in caught.value.message
    assert "free some space" in str(caught.value.hint)
    assert len(kept.decisions(limit=1000)) == 1
    limit[0] = 0
    kept.probe()
    assert kept.commit(batch(*many)).watermarks == {("bed-3", 1): 899}
    kept.close()


def test_a_file_that_is_deleted_under_it_takes_nothing_in_silence(tmp_path: Path) -> None:
    path = tmp_path / "gateway.db"
    kept = open_store(str(path))
    kept.commit(batch(decision(0)))
    for one in tmp_path.iterdir():
        one.unlink()
    with pytest.raises(StoreUnavailableError):
        kept.commit(batch(decision(1)))
    kept.probe()
    kept.commit(batch(decision(1)))
    kept.close()
    again = open_store(str(path))
    assert [one.seq for one in again.decisions()] == [1]
    again.close()


def test_addresses() -> None:
    for bad in ("mysql://host/db", "sqlite://", "://", "postgresql://u@h:port/d"):
        with pytest.raises(UsageError):
            engine.parse_url(bad)
    for good in ("postgresql://u:secret@h/d", "postgres://u:secret@h/d"):
        assert engine.parse_url(good).drivername == "postgresql+psycopg"
    assert Store("postgresql://u:secret@h/d").url == "postgresql://u:***@h/d"
    assert Store("sqlite:///d.db").url == "sqlite:///d.db"


def test_postgresql_without_its_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingToolError) as caught:
        engine.parse_url("postgresql://u@h/d")
    assert "psycopg[binary]" in str(caught.value.hint)


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreUnavailableError):
        open_store(str(tmp_path / "file" / "gateway.db"))
