"""Conditions that together say nothing: ``time.hour >= 22 and time.hour < 6`` is never true, and
``behaviour != lying or behaviour != sitting`` always is. Whoever writes one means the other word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations

from tinyfield.spec.expr import (
    And,
    Compare,
    Confidence,
    Expr,
    LabelIs,
    Missing,
    Not,
    Num,
    Or,
    dump,
    walk,
)
from tinyfield.spec.mistake import Mistake

Said = Callable[[Expr], str]
"""A condition as its user wrote it."""
INF = float("inf")


def half(expr: Expr) -> tuple[str, float, float] | None:
    """What is compared, and the least and greatest whole number that make it true."""
    if not isinstance(expr, Compare) or not isinstance(expr.b, Num):
        return None
    key, limit = dump(expr.a), expr.b.value
    spans = {
        "<": (-INF, limit - 1),
        "<=": (-INF, limit),
        ">": (limit + 1, INF),
        ">=": (limit, INF),
        "==": (limit, limit),
    }
    span = spans.get(expr.op)
    return (key, *span) if span else None


def makes_sense(items: Sequence[Expr], said: Said, *, all_of: bool) -> Mistake | None:
    """The mistake of two conditions among ``items`` that can never be true together, or, where one
    of them suffices (``all_of`` is false), of which one always is; None if there are none."""
    test = _apart if all_of else _cover
    for a, b in combinations(_flat(items, And if all_of else Or), 2):
        if not test(a, b):
            continue
        one, two = said(a), said(b)
        word, other = ("and", "or") if all_of else ("or", "and")
        what = "is never true" if all_of else "is always true"
        hint = f"write '{other}' instead of '{word}', or correct one of the two"
        if _opposite(a, b):
            hint = "correct one of the two"
        if all_of and one.startswith("time.hour"):
            hint = f"over midnight write '{other}' instead of '{word}'"
        return Mistake(f"'{one} {word} {two}' {what}", hint=hint, code="range")
    return None


def _flat(items: Sequence[Expr], kind: type[And] | type[Or]) -> Iterator[Expr]:
    for item in items:
        if isinstance(item, kind):
            yield from _flat(item.items, kind)
        else:
            yield item


def _apart(a: Expr, b: Expr) -> bool:
    """Whether the two can never be true together."""
    one, two = half(a), half(b)
    if one and two:
        return one[0] == two[0] and max(one[1], two[1]) > min(one[2], two[2])
    if isinstance(a, LabelIs) and isinstance(b, LabelIs):
        return a.model == b.model and a.class_index != b.class_index
    return _opposite(a, b) or _lacks(a, b) or _lacks(b, a)


def _lacks(a: Expr, b: Expr) -> bool:
    """Whether ``b`` is unknown where ``a`` holds, for it asks of what is missing then."""
    if not isinstance(a, Missing):
        return False
    if isinstance(b, Not):
        b = b.x
    if isinstance(b, LabelIs):
        return isinstance(a.x, Confidence) and a.x.model == b.model
    return isinstance(b, Compare) and a.x in walk(b)


def _cover(a: Expr, b: Expr) -> bool:
    """Whether one of the two is true whatever is read."""
    one, two = half(a), half(b)
    if one and two:
        low, high = sorted((one, two), key=lambda span: span[1])
        return one[0] == two[0] and low[1] == -INF and high[2] == INF and high[1] <= low[2] + 1
    if isinstance(a, Not) and isinstance(b, Not):
        x, y = a.x, b.x
        if isinstance(x, LabelIs) and isinstance(y, LabelIs):
            return x.model == y.model and x.class_index != y.class_index
    return _opposite(a, b)


def _opposite(a: Expr, b: Expr) -> bool:
    """Whether one is the other's ``not``."""
    return (isinstance(a, Not) and a.x == b) or (isinstance(b, Not) and b.x == a)
