"""Who hears whom, and what there is to hear, in a few statements over the small tables."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from tinyfield.wire import Manifest
from tinyfield_gateway.store import said, schema
from tinyfield_gateway.store.parts import manifests
from tinyfield_gateway.store.records import SEASON_S, Hearing

_LISTENER, _SPEAKER = schema.node.alias("listener").c, schema.node.alias("speaker").c
_W, _S = schema.neighbour.c, schema.rule_state.c


def concerning(speakers: Collection[str], listeners: Collection[str]) -> ColumnElement[bool]:
    """The hearings in which one of these is heard, or one of those hears."""
    return or_(_W.node.in_(sorted(speakers)), _LISTENER.name.in_(sorted(listeners)))


def find(connection: Connection, which: ColumnElement[bool] | None = None) -> list[Hearing]:
    """All of them, or some, by listener and place.

    A node that asks for itself is no neighbour of its own and is left out.
    """
    query = (
        select(
            _LISTENER.name.label("listener"),
            _LISTENER.online,
            _LISTENER.manifest,
            _W.place,
            _SPEAKER.id,
            _SPEAKER.manifest.label("speaks"),
            _SPEAKER.active_mask,
            _SPEAKER.active_said,
            _LISTENER.season.label("hears_at"),
            _LISTENER.last_heard.label("hears_real"),
            _SPEAKER.season.label("speaks_at"),
            _SPEAKER.last_heard.label("speaks_real"),
        )
        .join_from(schema.neighbour, _LISTENER.id.table, _LISTENER.manifest == _W.manifest)
        .outerjoin(_SPEAKER.id.table, _SPEAKER.name == _W.node)
        .where(_LISTENER.name != _W.node)
        .order_by(_LISTENER.name, _W.place)
    )
    rows: Sequence[Any] = connection.execute(query if which is None else query.where(which)).all()
    if not rows:
        return []
    hashes = {row.manifest for row in rows} | {row.speaks for row in rows}
    names = manifests(connection, hashes - {None})
    decided = _decided(connection, {row.id for row in rows} - {None})
    return [_hearing(row, names, decided) for row in rows if row.manifest in names]


def _decided(connection: Connection, speakers: set[int]) -> dict[tuple[int, int], said.Word]:
    """The newest decisions since their last start, by node and rule."""
    query = (
        select(_S.node, _S.rule, _S.settled, _S.said)
        .join(_SPEAKER.id.table, and_(_SPEAKER.id == _S.node, _SPEAKER.boot == _S.boot))
        .where(_S.node.in_(sorted(speakers)), _S.said.is_not(None))
    )
    return {(row.node, row.rule): (row.settled, row.said) for row in connection.execute(query)}


def _hearing(
    row: Any, names: Mapping[int, Manifest], decided: Mapping[tuple[int, int], said.Word]
) -> Hearing:
    wish = names[row.manifest].neighbours[row.place]
    speaks = names.get(row.speaks)
    rules = [rule.name for rule in speaks.rules] if speaks else []
    rule = rules.index(wish.decision) if wish.decision in rules else None
    word = None
    if rule is not None:
        beaten = said.beaten(row.active_mask, row.active_said, rule)
        word = said.latest(decided.get((row.id, rule)), beaten)
    return Hearing(
        listener=row.listener,
        online=row.online,
        manifest=row.manifest,
        place=row.place,
        wish=wish,
        known=row.id is not None,
        named=speaks is not None,
        rule=rule,
        active=word[0] if word else None,
        said=word[1] if word else None,
        simulated=abs(row.hears_at - row.hears_real) > SEASON_S
        or (row.id is not None and abs(row.speaks_at - row.speaks_real) > SEASON_S),
    )
