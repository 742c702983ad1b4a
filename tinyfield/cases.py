"""Which cases of a rule a node settles and which it passes up, on rows whose truth is known.

A rule with ``escalate:`` looks at a model's label and confidence, and perhaps at more (a reading,
another rule). Of that only what the model says is known of a row, so the rule is cut down to it:
what else stands beside an ``and`` or an ``or`` is left out, ``for:`` too. Then the rule's own C, as
codegen writes it for the node, says of each row whether it would act, ask, or let be; and of a
model that was always right and sure whether it should.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tinyfield import hostcc
from tinyfield.codegen.expression import ExpressionWriter
from tinyfield.learn.metrics import share_interval
from tinyfield.learn.runner import answers
from tinyfield.paths import firmware_dir
from tinyfield.spec.expr import And, Confidence, Expr, LabelIs, Not, Num, Numeric, Or, walk

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
            view.verdict[k] = tiny_verdict_none();
        }}
        view.verdict[{model}] = (tiny_verdict_t){{label[i], score[i]}};
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


def asking(app: App) -> Iterator[tuple[Decision, str, Expr, Expr]]:
    """The rules that may ask the edge by what a model says: each with its model, and both
    conditions cut down to that."""
    for decision in app.decisions.values():
        if decision.escalate is None or decision.model is None:
            continue
        when = _reduced(decision.when, decision.model)
        asks = _reduced(decision.escalate.when, decision.model)
        if when is not None and asks is not None:
            yield decision, decision.model, when, asks


def cases(app: App, trained: Trained, rows: FeatureTable) -> list[Cases]:
    """What becomes of rows under each rule that asks by what this model says."""
    rules = [decision for decision, model, _, _ in asking(app) if model == trained.name]
    if not rules:
        return []
    out = answers(trained.model, rows.X, trained.scaler)
    newest = rows.X[:, -len(rows.names) :]
    unknown = trained.gate.unknown(newest) if trained.gate is not None else None
    return [cases_of(app, rule, rows.y, out, rows.group, unknown) for rule in rules]


def cases_of(
    app: App,
    decision: Decision,
    truth: NDArray[np.integer[Any]],
    out: NDArray[np.integer[Any]],
    group: NDArray[np.str_],
    unknown: NDArray[np.bool_] | None = None,
) -> Cases:
    """What becomes of rows under a rule that :func:`asking` names.

    Args:
        truth: class indices, [n].
        out: the model's int8 scores, [n, classes].
        group: of each row, [n].
        unknown: the rows that the model's gate calls unknown, [n]; None without a gate.

    Raises:
        ValueError: no such rule.
    """
    known = {rule.name: (model, when, asks) for rule, model, when, asks in asking(app)}
    if decision.name not in known or decision.escalate is None:
        raise ValueError(f"{decision.name} asks nobody by what a model says")
    model, when, asks = known[decision.name]
    label = out.argmax(axis=1).astype(np.uint8)
    score = (out.max(axis=1).astype(np.int16) + 128).astype(np.uint8)
    if unknown is not None:
        label[unknown] = len(app.models[model].classes)
    fires, doubts = _judge(app, model, when, asks, label, score)
    should, _ = _judge(app, model, when, asks, truth.astype(np.uint8), np.full(len(truth), SURE))
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

    every = np.ones(len(truth), bool)
    return Cases(
        decision=decision.name,
        model=model,
        lets_be=part(~fires, ~should),
        acts=part(fires & ~up, should),
        settled=part(~up, fires == should),
        passed_up=part(up, should),
        alone=part(every, done == should),
        if_answered=part(every, up | (fires == should)),
    )


def _judge(
    app: App,
    model: str,
    when: Expr,
    asks: Expr,
    label: NDArray[np.uint8],
    score: NDArray[Any],
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether the rule's C holds, and whether it asks, for each label and score."""
    names = list(app.models)
    gates = {n: len(m.classes) for n, m in app.models.items() if m.unknown is not None}
    writer = ExpressionWriter(names, unknown=gates)
    text = _SHIM.format(
        models=len(names),
        model=names.index(model),
        when=writer.truth(when),
        asks=writer.truth(asks),
    )
    path = hostcc.compile_shared([text], include=[firmware_dir() / "core"], name="cases")
    label, score = (np.ascontiguousarray(a, dtype=np.uint8) for a in (label, score))
    found = [np.zeros(len(label), np.uint8) for _ in range(2)]
    ctypes.CDLL(str(path)).judge(
        *(a.ctypes.data_as(ctypes.c_void_p) for a in (label, score)),
        ctypes.c_int64(len(label)),
        *(a.ctypes.data_as(ctypes.c_void_p) for a in found),
    )
    return found[0].astype(bool), found[1].astype(bool)


def _reduced(expr: Expr, model: str) -> Expr | None:
    """The condition without what hangs on something else than the model; None if all does."""
    if isinstance(expr, (And, Or)):
        kept = [part for item in expr.items if (part := _reduced(item, model)) is not None]
        return None if not kept else kept[0] if len(kept) == 1 else type(expr)(tuple(kept))
    if isinstance(expr, Not):
        inner = _reduced(expr.x, model)
        return None if inner is None else Not(inner)
    own = all(
        node.model == model
        if isinstance(node, (LabelIs, Confidence))
        else isinstance(node, Num) or not isinstance(node, Numeric) or bool(node.children())
        for node in walk(expr)
    )
    said = any(isinstance(node, (LabelIs, Confidence)) for node in walk(expr))
    return expr if own and said else None
