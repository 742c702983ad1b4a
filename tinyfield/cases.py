"""Which cases of a rule a node settles and which it passes up, on rows whose truth is known.

A rule with ``escalate:`` looks at a model's label and confidence, perhaps at those of others by way
of another rule, and perhaps at more (a reading). Of that only what models say is known of a row, so
the rule is cut down to it: another rule counts as what it asks of this row, what else stands beside
an ``and`` or an ``or`` is left out, ``for:`` too. Then the rule's own C, as codegen writes it for
the node, says of each row whether it would act, ask, or let be; and of models that were always
right and sure whether it should.
"""

from __future__ import annotations

import ctypes
from collections.abc import Container, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tinyfield import hostcc
from tinyfield.codegen.expression import ExpressionWriter
from tinyfield.learn.metrics import share_interval
from tinyfield.learn.runner import answers
from tinyfield.paths import firmware_dir
from tinyfield.spec.expr import (
    And,
    Confidence,
    DecisionRef,
    Expr,
    LabelIs,
    Not,
    Num,
    Numeric,
    Or,
    walk,
)

if TYPE_CHECKING:
    from tinyfield.features import FeatureTable
    from tinyfield.learn import Trained
    from tinyfield.spec.app import App, Decision

_SHIM = """
#include "verdict.h"
#include <stdbool.h>
typedef struct {{
    tiny_verdict_t verdict[{models}];
}} view_t;
void judge(const uint8_t *label, const uint8_t *score, int64_t n, uint8_t *fires, uint8_t *asks)
{{
    for (int64_t i = 0; i < n; i++) {{
        view_t view;
        for (int k = 0; k < {models}; k++) {{
            view.verdict[k] = (tiny_verdict_t){{label[k * n + i], score[k * n + i]}};
        }}
        const view_t *const v = &view;
        fires[i] = ({when}) == TINY_TRUE;
        asks[i] = ({asks}) == TINY_TRUE;
    }}
}}
"""
SURE = 255
"""The greatest score."""


@dataclass(frozen=True)
class Share:
    """Some of the rows.

    Attributes:
        rows: how many.
        share: of all rows, 0 to 1.
        right: of these, where what the node does is what it should do; None without any. Of rows
            that are passed up: where acting would be right.
        interval: 95 % of ``right`` when whole groups are drawn again; None with fewer than two.
    """

    rows: int
    share: float
    right: float | None
    interval: tuple[float, float] | None


@dataclass(frozen=True)
class Cases:
    """What becomes of the rows under one rule.

    Attributes:
        decision, model: their names.
        lets_be: the node does nothing.
        acts: it acts without asking.
        settled: both together.
        passed_up: it asks the edge.
        alone: all rows, if the edge never answered: ``else:`` says what becomes of those passed up.
        if_answered: all rows, if the edge were always right.
    """

    decision: str
    model: str
    lets_be: Share
    acts: Share
    settled: Share
    passed_up: Share
    alone: Share
    if_answered: Share

    def to_json(self) -> dict[str, Any]:
        """Everything as plain values."""
        return asdict(self)

    @property
    def title(self) -> str:
        """What the table says."""
        return f"{self.decision}: which rows of {self.model} the node settles, each row for itself"

    def records(self) -> list[dict[str, str]]:
        """The rows of a table for people."""
        said = (
            ("settled: let be", self.lets_be),
            ("settled: acts", self.acts),
            ("settled on the node, both", self.settled),
            ("passed up to the edge (right: to act)", self.passed_up),
            ("all, if nobody answers", self.alone),
            ("all, if the edge is always right", self.if_answered),
        )
        return [{"": name, **_cells(part)} for name, part in said]


def _cells(part: Share) -> dict[str, str]:
    right = "–" if part.right is None else f"{part.right:.1%}"
    if part.interval is not None:
        right += f" [{part.interval[0]:.1%}–{part.interval[1]:.1%}]"
    return {"rows": f"{part.rows:,}", "share": f"{part.share:.1%}", "right": right}


@dataclass(frozen=True)
class Told:
    """What a model says of rows, and what is true of them.

    Attributes:
        truth: class indices, [n].
        out: its int8 scores, [n, classes].
        unknown: the rows that its gate calls unknown, [n]; None without a gate.
    """

    truth: NDArray[np.integer[Any]]
    out: NDArray[np.integer[Any]]
    unknown: NDArray[np.bool_] | None = None


def asking(app: App) -> Iterator[tuple[Decision, str]]:
    """The rules that may ask the edge by what a model says, each with that model."""
    for decision in app.decisions.values():
        if decision.escalate is not None and decision.model is not None:
            ways = (decision.when, decision.escalate.when)
            if all(_reduced(app, way, {decision.model}) is not None for way in ways):
                yield decision, decision.model


def cases(
    app: App, trained: Mapping[str, Trained], tables: Mapping[str, FeatureTable]
) -> list[Cases]:
    """What becomes of rows under each rule that asks by what a model says.

    Args:
        trained: every model of the app.
        tables: the rows of each; those of a rule's model count, and of the other models the rows
            of the same group and time. A model that has none of some is left out of the rule.
    """
    found = []
    for rule, model in asking(app):
        rows = tables[model]
        told = {}
        for name, table in tables.items():
            if app.models[name].target is None and (at := _same(rows, table)) is not None:
                told[name] = _told(trained[name], table.rows(at))
        found.append(cases_of(app, rule, told, rows.group))
    return found


def _told(trained: Trained, rows: FeatureTable) -> Told:
    newest = rows.X[:, -len(rows.names) :]
    unknown = trained.gate.unknown(newest) if trained.gate is not None else None
    return Told(rows.y, answers(trained.model, rows.X, trained.scaler), unknown)


def _same(rows: FeatureTable, others: FeatureTable) -> NDArray[np.int64] | None:
    """Which of the other rows are of the same group and time as each of these; None if some is
    not there."""
    place = {
        key: i for i, key in enumerate(zip(others.group.tolist(), others.t.tolist(), strict=True))
    }
    keys = zip(rows.group.tolist(), rows.t.tolist(), strict=True)
    at = np.array([place.get(key, -1) for key in keys], np.int64)
    return at if len(at) and at.min() >= 0 else None


def cases_of(
    app: App, decision: Decision, told: Mapping[str, Told], group: NDArray[np.str_]
) -> Cases:
    """What becomes of rows under a rule that :func:`asking` names.

    Args:
        told: what the rule's model says of the rows, and any other that the rule may look at.
        group: of each row, [n].

    Raises:
        ValueError: no such rule.
    """
    if decision.name not in {rule.name for rule, _ in asking(app)}:
        raise ValueError(f"{decision.name} asks nobody by what a model says")
    assert decision.escalate is not None
    assert decision.model is not None
    when = _reduced(app, decision.when, told)
    asks = _reduced(app, decision.escalate.when, told)
    assert when is not None
    assert asks is not None
    said, true = {}, {}
    for name, one in told.items():
        label = one.out.argmax(axis=1).astype(np.uint8)
        score = (one.out.max(axis=1).astype(np.int16) + 128).astype(np.uint8)
        if one.unknown is not None:
            label[one.unknown] = len(app.models[name].classes)
        said[name] = (label, score)
        true[name] = (one.truth.astype(np.uint8), np.full(len(label), SURE, np.uint8))
    fires, doubts = _judge(app, when, asks, said, len(group))
    should, _ = _judge(app, when, asks, true, len(group))
    up = fires & doubts
    done = np.where(up, decision.escalate.act, fires)

    def part(where: NDArray[np.bool_], right: NDArray[np.bool_]) -> Share:
        n = int(where.sum())
        return Share(
            rows=n,
            share=round(n / max(1, len(where)), 4),
            right=round(float(right[where].mean()), 4) if n else None,
            interval=share_interval(right[where], group[where]),
        )

    every = np.ones(len(group), bool)
    return Cases(
        decision=decision.name,
        model=decision.model,
        lets_be=part(~fires, ~should),
        acts=part(fires & ~up, should),
        settled=part(~up, fires == should),
        passed_up=part(up, should),
        alone=part(every, done == should),
        if_answered=part(every, up | (fires == should)),
    )


def _judge(
    app: App,
    when: Expr,
    asks: Expr,
    said: Mapping[str, tuple[NDArray[np.uint8], NDArray[np.uint8]]],
    n: int,
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether the rule's C holds, and whether it asks, for each model's labels and scores [n]."""
    names = list(app.models)
    gates = {one: len(m.classes) for one, m in app.models.items() if m.unknown is not None}
    writer = ExpressionWriter(names, unknown=gates)
    text = _SHIM.format(models=len(names), when=writer.truth(when), asks=writer.truth(asks))
    path = hostcc.compile_shared([text], include=[firmware_dir() / "core"], name="cases")
    given = np.zeros((2, len(names), n), np.uint8)
    for name, (label, score) in said.items():
        given[:, names.index(name)] = label, score
    found = np.zeros((2, n), np.uint8)
    ctypes.CDLL(str(path)).judge(
        *(a.ctypes.data_as(ctypes.c_void_p) for a in given),
        ctypes.c_int64(n),
        *(a.ctypes.data_as(ctypes.c_void_p) for a in found),
    )
    return found[0].astype(bool), found[1].astype(bool)


def _reduced(app: App, expr: Expr, models: Container[str]) -> Expr | None:
    """The condition without what hangs on something else than these models; None if all does."""
    if isinstance(expr, (And, Or)):
        kept = [part for one in expr.items if (part := _reduced(app, one, models)) is not None]
        return None if not kept else kept[0] if len(kept) == 1 else type(expr)(tuple(kept))
    if isinstance(expr, Not):
        inner = _reduced(app, expr.x, models)
        return None if inner is None else Not(inner)
    if isinstance(expr, DecisionRef):
        other = list(app.decisions.values())[expr.rule_id]
        if any(isinstance(node, DecisionRef) and node.rule_id >= expr.rule_id
               for node in walk(other.when)):  # fmt: skip
            return None  # of the sample before
        return _reduced(app, other.when, models)
    own = all(
        node.model in models
        if isinstance(node, (LabelIs, Confidence))
        else isinstance(node, Num) or not isinstance(node, Numeric) or bool(node.children())
        for node in walk(expr)
    )
    said = any(isinstance(node, (LabelIs, Confidence)) for node in walk(expr))
    return expr if own and said else None
