"""The parts of one commit: each a few statements in the transaction that the store has begun."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import (
    Connection,
    Table,
    and_,
    bindparam,
    case,
    delete,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from tinyfield.errors import WireError
from tinyfield.wire import Case, Kind, Manifest, encode_message, topic
from tinyfield_gateway.store import schema
from tinyfield_gateway.store.records import Batch, Heard, Rejected
from tinyfield_gateway.store.said import AHEAD_S, SLACK_S

QUARANTINE_KEPT = 10_000
"""Rows of quarantine; the oldest leave first, so that a mad node cannot fill the disk."""

_PAYLOAD_KEPT = 256
_TEXT_KEPT = 200
_AT_SLACK_S = 3600

# For each (node, boot, first): the end of the run of stored seqs that begins at `first`. One
# statement for a whole batch: one for each node took nine tenths of a commit.
_RUNS = """
WITH asked (node, boot, first) AS (VALUES {asked})
SELECT asked.node, asked.boot, CASE
    WHEN NOT EXISTS (
        SELECT 1 FROM decision d
        WHERE d.node = asked.node AND d.boot = asked.boot AND d.seq = asked.first
    ) THEN asked.first - 1
    ELSE (
        SELECT d.seq FROM decision d
        WHERE d.node = asked.node AND d.boot = asked.boot AND d.seq >= asked.first
        AND NOT EXISTS (
            SELECT 1 FROM decision n
            WHERE n.node = d.node AND n.boot = d.boot AND n.seq = d.seq + 1
        )
        ORDER BY d.seq LIMIT 1
    )
END AS mark
FROM asked
"""

_D, _N = schema.decision.c, schema.node.c

_COUNTERS = ("boot", "last_heard", "season", "dropped", "fault_mask", "collisions", "decisions")


def insert_into(connection: Connection, table: Table) -> Any:
    """An INSERT that can say ON CONFLICT; both databases do, in the same words."""
    kind = sqlite if connection.dialect.name == "sqlite" else postgresql
    return kind.insert(table)


def node_ids(connection: Connection, batch: Batch) -> dict[str, int]:
    """The row of each node that the batch names; made for those never heard."""
    names = {heard.node for heard in batch.heard} | set(batch.online)
    names |= {node for node, _ in batch.births}
    find = select(_N.name, _N.id).where(_N.name.in_(bindparam("names", expanding=True)))
    ids = {row.name: row.id for row in connection.execute(find, {"names": sorted(names)})}
    unknown = sorted(names - ids.keys())
    if unknown:
        blank = dict.fromkeys(_COUNTERS, 0)
        insert = insert_into(connection, schema.node).on_conflict_do_nothing()
        connection.execute(insert, [{"name": name, **blank} for name in unknown])
        ids |= {row.name: row.id for row in connection.execute(find, {"names": unknown})}
    return ids


def add_manifests(connection: Connection, births: Sequence[tuple[str, Manifest]]) -> None:
    """Keep the names; a manifest is its hash, so one that is there stays."""
    rows = [{"hash": m.hash, "app": _text(m.app), "json": m.to_json()} for _, m in births]
    if rows:
        connection.execute(insert_into(connection, schema.manifest).on_conflict_do_nothing(), rows)
    asked = [
        {"manifest": m.hash, "place": place, "node": one.node}
        for _, m in births
        for place, one in enumerate(m.neighbours)
    ]
    if asked:
        connection.execute(
            insert_into(connection, schema.neighbour).on_conflict_do_nothing(), asked
        )


def manifests(connection: Connection, hashes: Collection[int] | None = None) -> dict[int, Manifest]:
    """The names that are here, by hash: all of them, or those asked for."""
    c = schema.manifest.c
    query = select(c.hash, c.json)
    if hashes is not None:
        query = query.where(c.hash.in_(sorted(hashes)))
    found = {}
    for number, body in connection.execute(query):
        try:
            found[number] = Manifest.from_json(body)
        except WireError:  # of a later wire version; its names stay unknown here
            continue
    return found


def add_decisions(
    connection: Connection, ids: dict[str, int], heard: Sequence[Heard]
) -> tuple[list[Heard], list[Heard]]:
    """Which were new, and which carry a number that another decision has."""
    said = [one for one in heard if one.message.kind is Kind.DECISION]
    if not said:
        return [], []
    insert = (
        insert_into(connection, schema.decision)
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
        elif _differs(connection, one, row):
            collisions.append(one)
    return fresh, collisions


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


def set_states(connection: Connection, ids: dict[str, int], decided: Sequence[Heard]) -> None:
    """Move each rule of each node on to its newest decision; repeats tell at most its time."""
    newest: dict[tuple[int, int], dict[str, Any]] = {}
    for one in decided:
        row = _row(ids[one.node], one)
        key = (row["node"], row["rule"])
        kept = {name: row[name] for name in ("node", "rule", "boot", "seq", "at", "label")}
        settled = one.message.active and one.message.case is not Case.ASKED
        kept |= {"active": one.message.active, "settled": settled, "said": one.said}
        if key not in newest or _order(kept) > _order(newest[key]):
            newest[key] = kept
    if not newest:
        return
    insert = insert_into(connection, schema.rule_state)
    old, new = schema.rule_state.c, insert.excluded
    newer = or_(new.boot > old.boot, and_(new.boot == old.boot, new.seq > old.seq))
    # What held a message back makes it look later than it was, so the earliest copy is right.
    truer = and_(
        new.boot == old.boot,
        new.seq == old.seq,
        or_(old.said.is_(None), new.said < old.said - SLACK_S),
    )
    # Of two words of one second a node would take the first alone.
    crowded = and_(newer, new.said <= old.said, old.said < new.said + AHEAD_S)
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=["node", "rule"],
            set_={
                **{name: new[name] for name in ("boot", "seq", "at", "label", "active", "settled")},
                "said": case((crowded, old.said + 1), else_=new.said),
            },
            where=or_(newer, truer),
        ),
        list(newest.values()),
    )


def _order(state: dict[str, Any]) -> tuple[int, int, int]:
    return state["boot"], state["seq"], -state["said"]


def update_nodes(
    connection: Connection,
    ids: dict[str, int],
    batch: Batch,
    fresh: Sequence[Heard],
    collisions: Sequence[Heard],
) -> None:
    """What the batch tells of the nodes themselves."""
    if not ids:
        return
    query = select(schema.node).where(_N.id.in_(ids.values()))
    rows = {row.name: dict(row._mapping) for row in connection.execute(query)}
    for one in batch.heard:
        row, message = rows[one.node], one.message
        if message.boot > row["boot"]:
            row |= {"boot": message.boot, "dropped": 0, "fault_mask": 0}
            row |= {"active_mask": None, "active_said": None}
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
            newest = message.boot == row["boot"] and one.said > (row["active_said"] or 0)
            if message.active_mask is not None and newest:
                row |= {"active_mask": message.active_mask, "active_said": one.said}
    for name, online in batch.online.items():
        rows[name]["online"] = online
    for name, manifest in batch.births:
        rows[name]["board"] = _text(manifest.board)
        if rows[name]["manifest"] is None:  # until the node says itself which it is
            rows[name]["manifest"] = manifest.hash
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


def add_rejected(connection: Connection, rejected: Sequence[Rejected]) -> None:
    """Put aside what could not be read, and let the oldest of it go."""
    if not rejected:
        return
    rows = [
        {
            "received": one.received,
            "topic": _text(one.topic),
            "payload": one.payload[:_PAYLOAD_KEPT],
            "reason": _text(one.reason),
        }
        for one in rejected
    ]
    connection.execute(schema.quarantine.insert(), rows)
    c = schema.quarantine.c
    newest = connection.execute(select(func.max(c.id))).scalar_one()
    connection.execute(delete(schema.quarantine).where(c.id <= newest - QUARANTINE_KEPT))


def watermarks(
    connection: Connection, ids: dict[str, int], heard: Sequence[Heard]
) -> dict[tuple[str, int], int]:
    """Highest w such that every seq in [seq − backlog, w] of that boot is stored."""
    last: dict[tuple[str, int], Heard] = {}
    for one in heard:
        if one.message.kind is Kind.DECISION:
            key = (one.node, one.message.boot)
            if key not in last or _seq(one) >= _seq(last[key]):
                last[key] = one
    if not last:
        return {}
    names = {number: name for name, number in ids.items()}
    asked = ", ".join(
        f"({ids[name]:d}, {boot:d}, {_seq(one) - one.message.backlog:d})"
        for (name, boot), one in last.items()
    )
    found = connection.execute(text(_RUNS.format(asked=asked)))
    return {(names[row.node], row.boot): row.mark for row in found}


def _text(text: str) -> str:
    """A stranger's words, as any database takes them: PostgreSQL's text knows no NUL."""
    return text.replace("\0", "\ufffd")[:_TEXT_KEPT]


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


def taken(heard: Heard) -> Rejected:
    """A decision whose number another one has, for the quarantine."""
    message = heard.message
    return Rejected(
        topic=topic(heard.node, "up"),
        payload=encode_message(message),
        reason=f"number {message.boot}/{message.seq} was already used for another decision",
        received=heard.received,
    )
