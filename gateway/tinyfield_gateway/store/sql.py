"""The store in SQL: one writer, many readers, everything of a batch in one transaction."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    and_,
    bindparam,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from tinyfield.errors import WireError
from tinyfield.wire import Kind, Manifest, encode_message, topic
from tinyfield_gateway.store import schema
from tinyfield_gateway.store.engine import (
    IMMEDIATE,
    StoreUnavailableError,
    make_engine,
    parse_url,
    prepare,
    unavailable,
)
from tinyfield_gateway.store.records import (
    ActiveRule,
    Batch,
    Committed,
    Decision,
    Heard,
    Node,
    Rejected,
)

__all__ = ["Store", "StoreUnavailableError", "open_store"]

QUARANTINE_KEPT = 10_000
"""Rows of quarantine; the oldest leave first, so that a mad node cannot fill the disk."""

_PAYLOAD_KEPT = 256
_AT_SLACK_S = 3600

_D, _N = schema.decision.c, schema.node.c


def open_store(url: str | None) -> Store:
    """The store at ``url``, on the newest schema; None: SQLite in the data folder."""
    store = Store(make_engine(parse_url(url)))
    store.prepare()
    return store


class Store:
    """Nodes, decisions, manifests. Every method raises StoreUnavailableError when it cannot."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert: Any = sqlite.insert if engine.dialect.name == "sqlite" else postgresql.insert
        self._writing = threading.Lock()
        self._ids: dict[str, int] = {}
        self.generation = 0
        """Rises with every commit: a reader that has seen it needs not read again."""

    @property
    def url(self) -> str:
        """Its address, without a password."""
        return self._engine.url.render_as_string()

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    def prepare(self) -> None:
        """Make the tables, if they are not there; to be done before anything else."""
        prepare(self._engine)

    # --- writing

    def commit(self, batch: Batch) -> Committed:
        """Write the batch; when this returns, it is on the disk."""
        with self._write() as connection:
            ids = self._node_ids(connection, batch)
            self._add_manifests(connection, batch.manifests)
            fresh, collisions = self._add_decisions(connection, ids, batch.heard)
            self._set_states(connection, ids, fresh)
            self._update_nodes(connection, ids, batch, fresh, collisions)
            rejected = [*batch.rejected, *(_rejected(heard) for heard in collisions)]
            self._add_rejected(connection, rejected)
            watermarks = self._watermarks(connection, ids, batch.heard)
        self._ids.update(ids)
        self.generation += 1
        decisions = sum(heard.message.kind is Kind.DECISION for heard in batch.heard)
        return Committed(
            new=len(fresh),
            duplicates=decisions - len(fresh) - len(collisions),
            collisions=len(collisions),
            watermarks=watermarks,
        )

    def probe(self) -> None:
        """Write something small; returns if the store can write again."""
        self._engine.dispose()  # a handle from before the trouble may stay read-only
        self._ids.clear()  # and the file may be another one now
        self.prepare()
        with self._write() as connection:
            self._put_cursor(connection, "probe", self.generation)

    def move_cursor(self, sink: str, last: int) -> None:
        """Remember that ``sink`` has passed on everything up to id ``last``."""
        with self._write() as connection:
            self._put_cursor(connection, sink, last)

    # --- reading

    def nodes(self) -> list[Node]:
        """Every node ever heard, by name."""
        states = schema.rule_state.c
        with self._read() as connection:
            rows = connection.execute(select(schema.node).order_by(_N.name)).all()
            active = connection.execute(
                select(states.node, states.rule, states.label, states.at)
                .join(schema.node, and_(_N.id == states.node, _N.boot == states.boot))
                .where(states.active)
                .order_by(states.node, states.rule)
            ).all()
        # A rule is active only within one boot: a restarted node starts with none.
        by_node: dict[int, list[ActiveRule]] = defaultdict(list)
        for node, rule, label, at in active:
            by_node[node].append(ActiveRule(rule=rule, label=label, since=at))
        return [Node(**row._mapping, active=tuple(by_node[row.id])) for row in rows]

    def decisions(
        self, *, node: str | None = None, limit: int = 50, after: int | None = None
    ) -> list[Decision]:
        """The newest first; with ``after`` those of a higher id, oldest first."""
        query = select(
            _D.id,
            _N.name.label("node"),
            *(column for column in _D if column.name not in ("id", "node")),
        ).join(schema.node, _N.id == _D.node)
        if after is not None:
            query = query.where(_D.id > after).order_by(_D.id)
        elif node is not None:
            # The unique key gives this order within one node without another index.
            query = query.order_by(_D.boot.desc(), _D.seq.desc())
        else:
            query = query.order_by(_D.id.desc())
        if node is not None:
            query = query.where(_N.name == node)
        with self._read() as connection:
            return [Decision(**row._mapping) for row in connection.execute(query.limit(limit))]

    def manifests(self) -> dict[int, Manifest]:
        """Every manifest ever published here, by hash."""
        with self._read() as connection:
            rows = connection.execute(select(schema.manifest.c.hash, schema.manifest.c.json)).all()
        found = {}
        for number, text in rows:
            try:
                found[number] = Manifest.from_json(text)
            except WireError:  # of a later wire version; its names stay unknown here
                continue
        return found

    def rejected(self, limit: int = 50) -> list[Rejected]:
        """What could not be read, the newest first."""
        c = schema.quarantine.c
        query = select(c.topic, c.payload, c.reason, c.received).order_by(c.id.desc()).limit(limit)
        with self._read() as connection:
            return [Rejected(**row._mapping) for row in connection.execute(query)]

    def cursor(self, sink: str) -> int:
        """The highest id that ``sink`` has passed on; 0 at first."""
        c = schema.sink_cursor.c
        with self._read() as connection:
            return connection.execute(select(c.last).where(c.sink == sink)).scalar() or 0

    # --- the parts of a commit

    def _node_ids(self, connection: Connection, batch: Batch) -> dict[str, int]:
        names = {heard.node for heard in batch.heard} | set(batch.online)
        unknown = sorted(names - self._ids.keys())
        ids = {name: self._ids[name] for name in names & self._ids.keys()}
        if unknown:
            blank = {
                "boot": 0,
                "last_heard": 0,
                "season": 0,
                "dropped": 0,
                "fault_mask": 0,
                "collisions": 0,
                "decisions": 0,
            }
            insert = self._insert(schema.node).on_conflict_do_nothing()
            connection.execute(insert, [{"name": name, **blank} for name in unknown])
            found = select(_N.name, _N.id).where(_N.name.in_(unknown))
            ids |= {row.name: row.id for row in connection.execute(found)}
        return ids

    def _add_manifests(self, connection: Connection, manifests: Sequence[Manifest]) -> None:
        rows = [{"hash": m.hash, "app": m.app, "json": m.to_json()} for m in manifests]
        if rows:
            connection.execute(self._insert(schema.manifest).on_conflict_do_nothing(), rows)

    def _add_decisions(
        self, connection: Connection, ids: dict[str, int], heard: Sequence[Heard]
    ) -> tuple[list[Heard], list[Heard]]:
        """Which were new, and which carry a number that another decision has."""
        said = [one for one in heard if one.message.kind is Kind.DECISION]
        if not said:
            return [], []
        insert = (
            self._insert(schema.decision)
            .on_conflict_do_nothing()
            .returning(_D.node, _D.boot, _D.seq)
        )
        rows = [_row(ids[one.node], one) for one in said]
        added = {tuple(key) for key in connection.execute(insert, rows)}
        fresh, collisions = [], []
        for one, row in zip(said, rows, strict=True):
            key = (row["node"], row["boot"], row["seq"])
            if key in added:
                added.discard(key)  # a second copy in the same batch is a duplicate
                fresh.append(one)
            elif self._differs(connection, one, row):
                collisions.append(one)
        return fresh, collisions

    @staticmethod
    def _differs(connection: Connection, one: Heard, row: dict[str, Any]) -> bool:
        stored = connection.execute(
            select(_D.rule, _D.label, _D.score, _D.why, _D.at).where(
                _D.node == row["node"], _D.boot == row["boot"], _D.seq == row["seq"]
            )
        ).one()
        # The age of a repeat is by the node's own oscillator, so its date moves a little.
        slack = max(_AT_SLACK_S, (one.message.age or 0) // 10)
        same = all(getattr(stored, name) == row[name] for name in ("rule", "label", "score", "why"))
        return not same or abs(stored.at - row["at"]) > slack

    def _set_states(
        self, connection: Connection, ids: dict[str, int], fresh: Sequence[Heard]
    ) -> None:
        newest: dict[tuple[int, int], dict[str, Any]] = {}
        for one in fresh:
            message = one.message
            row = _row(ids[one.node], one)
            key = (row["node"], row["rule"])
            if key in newest and (newest[key]["boot"], newest[key]["seq"]) > (
                row["boot"],
                row["seq"],
            ):
                continue
            kept = {name: row[name] for name in ("node", "rule", "boot", "seq", "at", "label")}
            newest[key] = {**kept, "active": message.active}
        if not newest:
            return
        insert = self._insert(schema.rule_state)
        old, new = schema.rule_state.c, insert.excluded
        connection.execute(
            insert.on_conflict_do_update(
                index_elements=["node", "rule"],
                set_={name: new[name] for name in ("boot", "seq", "at", "label", "active")},
                where=or_(new.boot > old.boot, and_(new.boot == old.boot, new.seq > old.seq)),
            ),
            list(newest.values()),
        )

    @staticmethod
    def _update_nodes(
        connection: Connection,
        ids: dict[str, int],
        batch: Batch,
        fresh: Sequence[Heard],
        collisions: Sequence[Heard],
    ) -> None:
        if not ids:
            return
        query = select(schema.node).where(_N.id.in_(ids.values()))
        rows = {row.name: dict(row._mapping) for row in connection.execute(query)}
        for one in batch.heard:
            row, message = rows[one.node], one.message
            if message.boot > row["boot"]:
                row |= {"boot": message.boot, "dropped": 0, "fault_mask": 0}
            row["last_heard"] = one.received
            row["season"] = one.received if message.heard is None else message.heard
            row["online"] = True
            if message.manifest is not None:
                row["manifest"] = message.manifest
            if message.battery is not None:
                row["battery"] = message.battery
            if message.kind is Kind.HEARTBEAT:
                row["fault_mask"] = message.fault_mask or 0
                if message.counters is not None:
                    row["dropped"] = message.counters[2]
        for name, online in batch.online.items():
            rows[name]["online"] = online
        for one in fresh:
            rows[one.node]["decisions"] += 1
        for one in collisions:
            rows[one.node]["collisions"] += 1
        names = [column.name for column in _N if column.name not in ("id", "name")]
        change = update(schema.node).where(_N.id == bindparam("key"))
        connection.execute(
            change.values({name: bindparam(f"new_{name}") for name in names}),
            [
                {"key": row["id"], **{f"new_{name}": row[name] for name in names}}
                for row in rows.values()
            ],
        )

    @staticmethod
    def _add_rejected(connection: Connection, rejected: Sequence[Rejected]) -> None:
        if not rejected:
            return
        rows = [
            {
                "received": one.received,
                "topic": one.topic[:200],
                "payload": one.payload[:_PAYLOAD_KEPT],
                "reason": one.reason[:200],
            }
            for one in rejected
        ]
        connection.execute(schema.quarantine.insert(), rows)
        c = schema.quarantine.c
        newest = connection.execute(select(func.max(c.id))).scalar_one()
        connection.execute(delete(schema.quarantine).where(c.id <= newest - QUARANTINE_KEPT))

    @staticmethod
    def _watermarks(
        connection: Connection, ids: dict[str, int], heard: Sequence[Heard]
    ) -> dict[tuple[str, int], int]:
        """Highest w such that every seq in [seq − backlog, w] of that boot is stored."""
        last: dict[tuple[str, int], Heard] = {}
        for one in heard:
            if one.message.kind is Kind.DECISION:
                key = (one.node, one.message.boot)
                if key not in last or _seq(one) >= _seq(last[key]):
                    last[key] = one
        marks = {}
        later = schema.decision.alias()
        for (name, boot), one in last.items():
            first = _seq(one) - one.message.backlog
            mine = and_(_D.node == ids[name], _D.boot == boot)
            has_next = exists().where(
                later.c.node == _D.node, later.c.boot == _D.boot, later.c.seq == _D.seq + 1
            )
            known = connection.execute(select(_D.id).where(mine, _D.seq == first)).first()
            ends = select(_D.seq).where(mine, _D.seq >= first, ~has_next).order_by(_D.seq).limit(1)
            marks[name, boot] = connection.execute(ends).scalar_one() if known else first - 1
        return marks

    def _put_cursor(self, connection: Connection, sink: str, last: int) -> None:
        insert = self._insert(schema.sink_cursor).values(sink=sink, last=last)
        connection.execute(
            insert.on_conflict_do_update(index_elements=["sink"], set_={"last": last})
        )

    # --- connections

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        with self._writing, self._translated():
            options = self._engine.connect().execution_options(**{IMMEDIATE: True})
            with options as connection, connection.begin():
                yield connection

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        with self._translated(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (OSError, SQLAlchemyError) as error:
            raise unavailable(self._engine.url, error) from error


def _seq(heard: Heard) -> int:
    return heard.message.seq or 0


def _row(node: int, heard: Heard) -> dict[str, Any]:
    message = heard.message
    return {
        "node": node,
        "boot": message.boot,
        "seq": message.seq,
        "at": heard.at,
        "received": heard.received,
        "rule": message.rule,
        "label": message.label,
        "score": message.score,
        "flags": message.flags,
        "battery": message.battery,
        "manifest": message.manifest,
        "why": message.why,
    }


def _rejected(heard: Heard) -> Rejected:
    message = heard.message
    return Rejected(
        topic=topic(heard.node, "up"),
        payload=encode_message(message),
        reason=f"number {message.boot}/{message.seq} was already used for another decision",
        received=heard.received,
    )
