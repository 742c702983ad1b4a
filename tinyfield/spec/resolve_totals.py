"""Totals of a day: what is counted, its unit and scale, and the days that are usual."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from tinyfield.spec.app import Total
from tinyfield.spec.durations import duration_text
from tinyfield.spec.expr import LabelTable, Numeric
from tinyfield.spec.frozen import build
from tinyfield.spec.mistake import Mistake
from tinyfield.spec.nodes import Map, Node, Scalar
from tinyfield.spec.problems import Problems
from tinyfield.spec.rule_numbers import Const, interval, product
from tinyfield.spec.rule_types import Scope, compile_condition, compile_number
from tinyfield.spec.sections.base import ok, spelled
from tinyfield.spec.sections.totals import TotalSection
from tinyfield.spec.units import find_unit, nearest_int, same_dimension
from tinyfield.spelling import listing, nearest

DAY_S = 86400
MOST_DAYS = 60
MOST_DIGITS = 3
"""Decimal places that a rate of a class keeps."""
_PER = {"s": 1, "min": 60, "h": 3600, "d": DAY_S}
_INT32_MAX = 2**31 - 1


def resolve_total(
    name: str, section: TotalSection, node: Map, scope: Scope, problems: Problems
) -> Total | None:
    """The total, or None with its mistakes reported."""
    before = len(problems.found)
    held, rate = node.items.get("time"), node.items.get("sum")
    if (held is None) == (rate is None):
        problems.at(
            node,
            "a total is either a time or a sum" if held else "nothing to count is named",
            hint="remove one of them" if held else "add 'time: activity == lying', or 'sum: …'",
            key=True,
            code="missing" if held is None else "total",
        )
    if "times" in node.items and rate is None:
        problems.at(
            node.items["times"],
            "'times' is for the rates of a sum",
            hint="remove it",
            key=True,
            code="total",
        )
    over, after = _days(section, node, problems)
    total: Total | None = None
    if held is not None and rate is None:
        total = _time(name, held, scope, problems)
    elif rate is not None and held is None:
        try:
            total = _sum(name, rate, node.items.get("times"), scope, problems)
        except Mistake as mistake:
            problems.mistake(rate, mistake)
    if total is None or any(d.kind == "error" for d in problems.found[before:]):
        return None
    return total.model_copy(update={"over_days": over, "after_days": after})


def _days(section: TotalSection, node: Map, problems: Problems) -> tuple[int, int]:
    """The days that are averaged, and those before the average is known."""
    found: dict[str, int | None] = {}
    for key, most in (("usual", MOST_DAYS), ("after", MOST_DAYS)):
        seconds = getattr(section, key)
        if not ok(seconds) or seconds is None:
            found[key] = None
            continue
        if seconds % DAY_S or seconds > most * DAY_S:
            problems.at(
                node.items[key],
                f"{duration_text(seconds)} is not 1 to {most} whole days",
                hint=f"write {min(max(1, -(-seconds // DAY_S)), most)} days",
                code="range",
            )
        found[key] = seconds // DAY_S
    over = found["usual"] or 0
    after = found["after"]
    if after is not None and "usual" not in node.items:
        problems.at(
            node.items["after"],
            "'after' says when what is usual is known, but 'usual' is not set",
            hint="add 'usual: 14 days', or remove it",
            key=True,
            code="total",
        )
    elif after is not None and after > over > 0:
        problems.at(
            node.items["after"],
            f"it is known at the latest after the {over} days that it averages",
            hint=f"write at most {over} days",
            code="range",
        )
    return over, over if after is None else after


def _time(name: str, node: Node, scope: Scope, problems: Problems) -> Total | None:
    if not isinstance(node, Scalar) or not isinstance(node.data, str):
        problems.at(
            node,
            f"expected a condition, got {spelled(node)}",
            hint="write one, such as 'activity == lying'",
            code="expression",
        )
        return None
    typed = compile_condition(node.text, replace(scope, several=True))
    for mistake in typed.mistakes:
        problems.mistake(node, mistake)
    if typed.expr is None:
        return None
    return build(Total)(
        name=name,
        text=f"time of {' '.join(node.text.split())}",
        held=typed.expr,
        rate=None,
        unit="s",
        scale=0,
        per_s=1,
        over_days=0,
        after_days=0,
        minimum=0,
        maximum=DAY_S,
    )


def _sum(
    name: str, node: Node, times: Node | None, scope: Scope, problems: Problems
) -> Total | None:
    made: Numeric | None
    if isinstance(node, Map):
        made = _table(node, scope, problems)
        said = f"sum of rates by {next(iter(node.items), '')}"
    elif isinstance(node, Scalar) and isinstance(node.data, str):
        typed = compile_number(node.text, scope)
        for mistake in typed.mistakes:
            problems.mistake(node, mistake)
        made = typed.number if isinstance(typed.number, Numeric) else None
        said = f"sum of {' '.join(node.text.split())}"
        if isinstance(typed.number, Const):
            raise Mistake(
                "a constant: its sum says nothing",
                hint="name a channel, or write {activity: {walking: 95 kcal/h, …}}",
                code="total",
            )
    else:
        raise Mistake(
            f"expected a rate, got {spelled(node)}",
            hint="write {activity: {walking: 95 kcal/h, …}}",
            code="type",
        )
    if made is None:
        return None
    if times is not None:
        factor = _factor(times, scope, problems)
        if factor is None:
            return None
        made = product(made, factor)
        said = f"{said} times {' '.join(times.text.split()) if isinstance(times, Scalar) else ''}"
    unit, per_s = _integral(made.unit)
    low, high = interval(made)
    ends = [nearest_int(Fraction(end * DAY_S, per_s)) for end in (low, high)]
    if max(abs(low), abs(high), *map(abs, ends)) > _INT32_MAX:
        raise Mistake(
            "a day of it can pass what 32 bits hold",
            hint="divide it, as in 'sum: light.illuminance / 100'",
            code="overflow",
        )
    return build(Total)(
        name=name,
        text=said,
        held=None,
        rate=made,
        unit=unit,
        scale=made.scale,
        per_s=per_s,
        over_days=0,
        after_days=0,
        minimum=min(0, ends[0]),
        maximum=max(0, ends[1]),
    )


def _factor(node: Node, scope: Scope, problems: Problems) -> Numeric | None:
    """What the rates are multiplied by."""
    if not isinstance(node, Scalar) or not isinstance(node.data, str):
        problems.at(
            node, f"expected a number, got {spelled(node)}", hint="write 'pet.rer'", code="type"
        )
        return None
    typed = compile_number(node.text, scope)
    for mistake in typed.mistakes:
        problems.mistake(node, mistake)
    if isinstance(typed.number, Const):
        problems.at(
            node, "a constant", hint="multiply the rates with it, and remove it", code="total"
        )
        return None
    return typed.number


def _integral(unit: str) -> tuple[str, int]:
    """The unit of a rate's sum over time, and the seconds in the rate's unit of time.

    ``kcal/h`` gives kcal, ``1/min`` a plain number, ``lux`` lux*h.
    """
    match = re.fullmatch(r"(.*)/(s|min|h|d)", unit)
    if match:
        return re.sub(r"(^|\*)1$", "", match[1]), _PER[match[2]]  # %*1/h is that of %/h
    if unit in ("Hz", "bpm"):
        return "", 1 if unit == "Hz" else 60
    return (f"{unit}*h" if unit else "h"), _PER["h"]


@dataclass(frozen=True)
class _Rates:
    """What each class of a model counts: a rate, or what another model's classes count."""

    model: str
    node: Map
    of: dict[str, Const | _Rates]

    def all(self) -> Iterator[tuple[Node, Const]]:
        """Every rate, and where it stands."""
        for label, rate in self.of.items():
            if isinstance(rate, _Rates):
                yield from rate.all()
            else:
                yield self.node.items[label], rate


def _table(node: Map, scope: Scope, problems: Problems) -> LabelTable | None:
    """``{activity: {lying: 40 kcal/h, …}}``: every class has its rate, or a table of its own."""
    rates = _rates(node, scope, problems, ())
    return None if rates is None else _in_one_unit(rates, scope, problems)


def _rates(node: Map, scope: Scope, problems: Problems, above: tuple[str, ...]) -> _Rates | None:
    """``above``: models that have told something apart already."""
    if len(node.items) != 1:
        raise Mistake(
            "a sum goes by the classes of one model",
            hint="write {activity: {walking: 95 kcal/h, …}}; a class may go by another model's: "
            "{itch: {scratching: 60 kcal/h, other: {activity: {…}}}}",
            code="total",
        )
    model, rates = next(iter(node.items.items()))
    if model not in scope.models:
        near = nearest(model, scope.models)
        if not scope.unsure.excuses(model, near):
            known = listing(scope.models) or "none"
            hint = f"did you mean {near!r}?" if near else f"models: {known}"
            problems.at(rates, f"there is no model {model!r}", hint=hint, key=True, code="unknown")
        return None
    if model in above:
        problems.at(
            rates,
            f"{model!r} has been told apart already",
            hint="write the rate of this class",
            key=True,
            code="total",
        )
        return None
    classes = scope.models[model]
    if not isinstance(rates, Map):
        raise Mistake(
            f"{model!r} has classes, and each needs its rate",
            hint=f"write {{{model}: {{{classes[0]}: 40 kcal/h, …}}}}",
            code="type",
        )
    found: dict[str, Const | _Rates] = {}
    good = True
    for label, item in rates.items.items():
        if label not in classes:
            near = nearest(label, classes)
            hint = f"did you mean {near!r}?" if near else f"its classes: {listing(classes)}"
            problems.at(
                item, f"{model!r} has no class {label!r}", hint=hint, key=True, code="unknown"
            )
            good = False
            continue
        rate = (
            _rates(item, scope, problems, (*above, model))
            if isinstance(item, Map)
            else _rate(item, scope, problems)
        )
        good = good and rate is not None
        if rate is not None:
            found[label] = rate
    absent = [label for label in classes if label not in rates.items]
    if absent and good:
        problems.at(
            rates,
            f"no rate for {listing(absent)}",
            hint=f"add '{absent[0]}: 0', or what it is",
            key=True,
            code="missing",
        )
        return None
    return _Rates(model, rates, found) if good else None


def _rate(node: Node, scope: Scope, problems: Problems) -> Const | None:
    if not isinstance(node, Scalar) or not isinstance(node.data, (str, int, float)):
        problems.at(
            node, f"expected a rate, got {spelled(node)}", hint="write '40 kcal/h'", code="type"
        )
        return None
    typed = compile_number(node.text, replace(scope, channels=(), models={}, decisions={}))
    for mistake in typed.mistakes:
        problems.mistake(node, mistake)
    return typed.number if isinstance(typed.number, Const) else None


def _in_one_unit(rates: _Rates, scope: Scope, problems: Problems) -> LabelTable | None:
    """The table in the first rate's unit; a plain 0 has any unit."""
    unit = next((c.unit for _, c in rates.all() if c.value != 0), "")

    def anything(rate: Const) -> bool:
        return rate.value == 0 and rate.unit == ""

    def value(rate: Const) -> Fraction:
        if anything(rate):
            return Fraction(0)
        return Fraction(rate.value * find_unit(rate.unit).factor / find_unit(unit).factor)

    for node, rate in rates.all():
        if not anything(rate) and not same_dimension(rate.unit, unit):
            problems.at(
                node,
                f"{rate.unit or 'a plain number'} and {unit or 'a plain number'} are of two kinds",
                hint=f"write it in {unit}" if unit else "write plain numbers",
                code="unit",
            )
            return None
    values = [value(rate) for _, rate in rates.all()]
    digits = next(
        (d for d in range(MOST_DIGITS) if all((v * 10**d).denominator == 1 for v in values)),
        MOST_DIGITS,
    )

    def table(of: _Rates) -> LabelTable:
        each = [of.of[label] for label in scope.models[of.model]]
        own = (0 if isinstance(r, _Rates) else nearest_int(value(r) * 10**digits) for r in each)
        inner = ((k, table(r)) for k, r in enumerate(each) if isinstance(r, _Rates))
        return LabelTable(unit, -digits, of.model, tuple(own), tuple(inner))

    return table(rates)
