"""Rule expressions as C: three-valued logic over int32 readings, 64 bits for arithmetic.

A comparison of two plain readings (or a reading and a number) uses the int32 helpers of
``kleene.h``, which an AVR does in a few instructions; anything computed goes through the
``tiny_num_`` ones, which carry a missing reading along.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tinyfield.errors import NotBuiltYetError
from tinyfield.spec.expr import (
    Always,
    And,
    Arith,
    Battery,
    ChannelRef,
    Clause,
    Compare,
    Confidence,
    DecisionRef,
    Expr,
    FeatureRef,
    LabelIs,
    LabelTable,
    Missing,
    Neg,
    Not,
    Num,
    Numeric,
    Or,
    PetRef,
    Rescale,
    SiteRef,
    TimeRef,
    TotalRef,
    ValueRef,
)

_COMPARE = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
_ARITH = {"+": "add", "-": "sub", "*": "mul", "/": "div"}
_SITE = {
    "site.kc": "tiny_site_kc(&crop, v->when.day)",
    "site.p": "tiny_site_p(&crop)",
    "site.root_depth": "tiny_site_root_depth(&crop, v->when.day)",
    "site.stage": "tiny_site_stage(&crop, v->when.day)",
}
_TIME = {"time.hour": "tiny_when_hour(&v->when)"}
_PET = {
    "pet.rer": "tiny_pet_rer(pet.weight_g)",
    "pet.need": "tiny_pet_need(&pet, v->when.day, pet_active(v))",
    "pet.ration": "tiny_pet_ration(&pet, v->when.day, pet_active(v))",
}
_INT32_MAX = 2**31 - 1


@dataclass(frozen=True)
class RuleText:
    """One rule's condition in C.

    Attributes:
        clauses: per clause of ``when``: the user's text and the C that is its truth.
        when: C over ``c0``, ``c1``, … (the clauses' truths).
        words: the whole condition in the user's own spelling.
    """

    clauses: tuple[tuple[str, str], ...]
    when: str
    words: str


class ExpressionWriter:
    """Writes expressions of one app; ``v`` is the ``app_view_t`` in hand.

    Args:
        models: the app's model names; the index is the id.
        values: names of those that give a number, in the order of their places.
        unknown: of models that may say that an input is unknown to them, that label's id.
        past: what is read of the channels' past, in the order of their places.
    """

    def __init__(
        self,
        models: Sequence[str],
        values: Sequence[str] = (),
        unknown: Mapping[str, int] | None = None,
        past: Sequence[str] = (),
    ) -> None:
        self._past = {name: index for index, name in enumerate(past)}
        self._unknown = dict(unknown or {})
        self._models = {name: index for index, name in enumerate(models)}
        self._values = {name: index for index, name in enumerate(values)}

    def rule(self, when: Expr, clauses: Sequence[Clause]) -> RuleText:
        """A rule's ``when`` with its leaf clauses named."""
        numbering = _Numbering(clauses)
        text = self._logic(when, numbering)
        return RuleText(
            tuple((clause.text, self.truth(clause.expr)) for clause in clauses),
            text,
            _words(when, _Numbering(clauses)),
        )

    def truth(self, expr: Expr) -> str:
        """C of type ``tiny_kleene_t``."""
        return self._logic(expr, _Numbering(()))

    def value(self, expr: Numeric, table: str, at: int = 0) -> str:
        """C of type ``tiny_num_t``; ``table`` is the name of the C array in which a label table's
        numbers lie from ``at`` on, the inner ones' behind them; it may stand alone or be
        multiplied by something."""
        if isinstance(expr, LabelTable):
            label = f"tiny_verdict_label(v->verdict[{self._models[expr.model]}])"
            text = f"tiny_total_label({label}, {f'&{table}[{at}]' if at else table})"
            at += len(expr.values)
            for index, inner in expr.inner:
                text = f"({label} == {index} ? {self.value(inner, table, at)} : {text})"
                at += len(inner.flat)
            return text
        if isinstance(expr, Arith) and isinstance(expr.a, LabelTable):
            return f"tiny_mul({self.value(expr.a, table)}, {self._number(expr.b)})"
        return self._number(expr)

    def _logic(self, expr: Expr, numbering: _Numbering) -> str:
        named = numbering.take(expr)
        if named is not None:
            return f"c{named}"
        if isinstance(expr, (And, Or)):
            call = "tiny_and" if isinstance(expr, And) else "tiny_or"
            text = self._logic(expr.items[0], numbering)
            for item in expr.items[1:]:
                text = f"{call}({text}, {self._logic(item, numbering)})"
            return text
        if isinstance(expr, Not):
            if isinstance(expr.x, LabelIs):
                return f"tiny_ne({self._label(expr.x)})"
            return f"tiny_not({self._logic(expr.x, numbering)})"
        if isinstance(expr, Compare):
            return self._compare(expr)
        if isinstance(expr, Always):
            return "TINY_TRUE"
        if isinstance(expr, Missing):
            reading = self._reading(expr.x)
            if reading is not None:
                return f"tiny_missing({reading})"
            return f"tiny_num_missing({self._number(expr.x)})"
        if isinstance(expr, LabelIs):
            return f"tiny_eq({self._label(expr)})"
        if isinstance(expr, DecisionRef):
            return f"tiny_truth(v->rule[{expr.rule_id}].active)"
        raise NotBuiltYetError(f"no C is written for {type(expr).__name__} in a rule")

    def _label(self, expr: LabelIs) -> str:
        unknown = self._unknown.get(expr.model)
        if unknown is not None and expr.class_index != unknown:
            # What is unknown is neither of a class nor surely not of it.
            verdict = f"v->verdict[{self._models[expr.model]}]"
            return f"tiny_verdict_known({verdict}, {unknown}), {expr.class_index}"
        return f"tiny_verdict_label(v->verdict[{self._models[expr.model]}]), {expr.class_index}"

    def _compare(self, expr: Compare) -> str:
        op = _COMPARE[expr.op]
        a, b = self._reading(expr.a), self._reading(expr.b)
        if a is not None and b is not None:
            return f"tiny_{op}({a}, {b})"
        return f"tiny_num_{op}({self._number(expr.a)}, {self._number(expr.b)})"

    def _reading(self, expr: Expr) -> str | None:
        """C of type int32 (TINY_MISSING for none), or None for what must be computed."""
        if isinstance(expr, Num) and abs(expr.value) <= _INT32_MAX:
            return str(expr.value)
        if isinstance(expr, ChannelRef):
            return f"v->channel[{expr.index}]"
        if isinstance(expr, FeatureRef):
            return f"v->past[{self._past[expr.name]}]"
        if isinstance(expr, ValueRef):
            return f"v->value[{self._values[expr.name]}]"
        if isinstance(expr, SiteRef):
            return _SITE[expr.name]
        if isinstance(expr, PetRef):
            return _PET[expr.name]
        if isinstance(expr, TotalRef):
            if expr.part == "yesterday":
                return f"v->total[{expr.index}].yesterday"
            rule = f"&app_totals[{expr.index}]"
            return f"tiny_total_{expr.part}(&v->total[{expr.index}], {rule})"
        if isinstance(expr, TimeRef):
            return _TIME[expr.name]
        if isinstance(expr, Battery):
            return "v->battery_mv"
        if isinstance(expr, Confidence):
            return f"tiny_verdict_score(v->verdict[{self._models[expr.model]}])"
        return None

    def _number(self, expr: Expr) -> str:
        """C of type ``tiny_num_t``."""
        if isinstance(expr, Num):
            return f"INT64_C({expr.value})"
        reading = self._reading(expr)
        if reading is not None:
            return f"tiny_num({reading})"
        if isinstance(expr, Neg):
            return f"tiny_neg({self._number(expr.x)})"
        if isinstance(expr, Rescale):
            return f"tiny_mul({self._number(expr.x)}, INT64_C({expr.factor}))"
        if isinstance(expr, Arith):
            return f"tiny_{_ARITH[expr.op]}({self._number(expr.a)}, {self._number(expr.b)})"
        raise NotBuiltYetError(f"no C is written for {type(expr).__name__} in a number")


class _Numbering:
    """Which clause a node is: each clause once, in text order; equal ones share the last."""

    def __init__(self, clauses: Sequence[Clause]) -> None:
        self._left = list(enumerate(clauses))
        self._all = list(enumerate(clauses))

    def take(self, expr: Expr) -> int | None:
        for number, clause in self._left:
            if clause.expr == expr:
                self._left.remove((number, clause))
                return number
        for number, clause in self._all:
            if clause.expr == expr:
                return number
        return None

    def text(self, number: int) -> str:
        return self._all[number][1].text


def _words(expr: Expr, numbering: _Numbering, inside: str = "") -> str:
    named = numbering.take(expr)
    if named is not None:
        return numbering.text(named)
    if isinstance(expr, (And, Or)):
        word = "and" if isinstance(expr, And) else "or"
        text = f" {word} ".join(_words(item, numbering, word) for item in expr.items)
        return f"({text})" if inside and inside != word else text
    if isinstance(expr, Not):
        return f"not {_words(expr.x, numbering, 'not')}"
    return "…"
