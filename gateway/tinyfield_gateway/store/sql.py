"""The store in SQL: one writer, many readers, everything of a batch in one transaction."""

from __future__ import annotations

import errno
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, and_, select
from sqlalchemy.exc import SQLAlchemyError

from tinyfield.wire import ACTIVE_RULES, Kind, Manifest
from tinyfield_gateway.store import hearings, parts, said, schema
from tinyfield_gateway.store.engine import (
    WRITING,
    identity,
    make_engine,
    parse_url,
    prepare,
    shown,
    unavailable,
)
from tinyfield_gateway.store.records import (
    ActiveRule,
    Batch,
    Committed,
    Decision,
    Hearing,
    Node,
    Rejected,
)

_D, _N = schema.decision.c, schema.node.c


def open_store(url: str | None) -> Store:
    """The store at ``url``, on the newest schema; None: SQLite in the data folder."""
    store = Store(url)
    store.prepare()
    return store


class Store:
    """Nodes, decisions, manifests. Every method raises StoreUnavailableError when it cannot.

    Args:
        url: its address; None: SQLite in the data folder. Nothing is opened yet.

    Raises:
        UsageError: neither SQLite nor PostgreSQL.
        MissingToolError: PostgreSQL without a driver.
    """

    def __init__(self, url: str | None) -> None:
        self._engine = make_engine(parse_url(url))
        self._writing = threading.Lock()
        self._file: tuple[int, int] | None = None
        self.generation = 0
        """Rises with every commit: a reader that has seen it needs not read again."""

    @property
    def url(self) -> str:
        """Its address, without a password."""
        return shown(self._engine.url)

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    def prepare(self) -> None:
        """Make the tables, if they are not there; to be done before anything else."""
        prepare(self._engine)
        with self._translated():
            self._file = identity(self._engine)

    # --- writing

    def commit(self, batch: Batch) -> Committed:
        """Write the batch; when this returns, it is on the disk."""
        with self._write() as connection:
            ids = parts.node_ids(connection, batch)
            parts.add_manifests(connection, batch.births)
            fresh, collisions = parts.add_decisions(connection, ids, batch.heard)
            decided = [one for one in batch.heard if one.message.kind is Kind.DECISION]
            parts.set_states(connection, ids, [one for one in decided if one not in collisions])
            parts.update_nodes(connection, ids, batch, fresh, collisions)
            rejected = [*batch.rejected, *(parts.taken(heard) for heard in collisions)]
            parts.add_rejected(connection, rejected)
            watermarks = parts.watermarks(connection, ids, batch.heard)
            which = hearings.concerning(batch.spoke, batch.came)
            heard = hearings.find(connection, which)
        self.generation += 1
        return Committed(
            new=len(fresh),
            duplicates=len(decided) - len(fresh) - len(collisions),
            collisions=tuple(heard.node for heard in collisions),
            watermarks=watermarks,
            hearings=tuple(heard),
        )

    def probe(self) -> None:
        """Write something small; returns if the store can write again."""
        self._engine.dispose()  # a handle from before the trouble may stay read-only
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
            told = connection.execute(
                select(schema.rule_state)
                .join(schema.node, and_(_N.id == states.node, _N.boot == states.boot))
                .order_by(states.node, states.rule)
            ).all()
        # A rule is active only within one boot: a restarted node starts with none.
        by_node: dict[int, dict[int, Any]] = defaultdict(dict)
        for state in told:
            by_node[state.node][state.rule] = state
        return [_node(dict(row._mapping), by_node[row.id]) for row in rows]

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
            return parts.manifests(connection)

    def hearings(self, speakers: Iterable[str] | None = None) -> list[Hearing]:
        """Who hears whom, or one of those, and what was said last; by listener."""
        which = None if speakers is None else hearings.concerning(set(speakers), ())
        with self._read() as connection:
            return hearings.find(connection, which)

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

    def _put_cursor(self, connection: Connection, sink: str, last: int) -> None:
        insert = parts.insert_into(connection, schema.sink_cursor).values(sink=sink, last=last)
        connection.execute(
            insert.on_conflict_do_update(index_elements=["sink"], set_={"last": last})
        )

    # --- connections

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        with (
            self._writing,
            self._translated(),
            self._engine.connect().execution_options(**{WRITING: True}) as connection,
            connection.begin(),
        ):
            yield connection
            if identity(self._engine) != self._file:
                raise OSError(errno.ENOENT, "the file was removed or replaced")

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


def _node(row: dict[str, Any], states: Mapping[int, Any]) -> Node:
    """A node with the rules that are active by its decisions, or by a later heartbeat."""
    mask, at = row.pop("active_mask"), row.pop("active_said")
    beaten = {rule for rule in range(ACTIVE_RULES) if (mask or 0) >> rule & 1}
    found = [
        _active(rule, states.get(rule), said.beaten(mask, at, rule))
        for rule in sorted(beaten | states.keys())
    ]
    return Node(**row, active=tuple(one for one in found if one is not None))


def _active(rule: int, state: Any, beat: said.Word | None) -> ActiveRule | None:
    # A case that the edge is asked is active, yet not settled: no heartbeat has its bit.
    if state is not None and (
        beat is None
        or beat[0] == state.settled
        or (state.said is not None and said.latest((state.settled, state.said), beat) != beat)
    ):
        return ActiveRule(rule, state.label, state.at) if state.active else None
    return ActiveRule(rule, None, beat[1]) if beat is not None and beat[0] else None
