"""Integer arithmetic of rules: one unit and one scale on both sides, and never past 64 bits."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from tinyfield.spec.expr import (
    Arith,
    Battery,
    ChannelRef,
    Confidence,
    FeatureRef,
    LabelTable,
    Neg,
    Num,
    Numeric,
    PetRef,
    Rescale,
    SiteRef,
    TimeRef,
    TotalRef,
    ValueRef,
)
from tinyfield.spec.features import DIFFERENCES, SITE
from tinyfield.spec.mistake import Mistake
from tinyfield.spec.resolve_pet import PET
from tinyfield.spec.rule_parser import Tree
from tinyfield.spec.times import TIMES
from tinyfield.spec.units import (
    Quantity,
    dimension_name,
    find_unit,
    nearest_int,
    power_of_ten,
    same_dimension,
    units_like,
)

INT64_MAX = 2**63 - 1
MORE_DIGITS = 3
"""Decimal digits that a division adds, since the node divides whole numbers."""


@dataclass(frozen=True)
class Const:
    """A constant of the rule, exact, in the unit the user wrote."""

    value: Fraction
    unit: str


Side = Numeric | Const


def in_steps(const: Const, like: Numeric, tree: Tree, said: str, other: str) -> Fraction:
    """The constant in steps of ``like``; Mistake when the units do not fit.

    ``said`` and ``other`` are the constant and what it is compared with, as the user wrote them.
    """
    # V/mV is a plain number too, but a share is written with its %.
    plain = not any(find_unit(like.unit).dimension) and like.unit not in units_like("%")
    if const.unit == "" and not plain:
        raise _at(
            tree,
            f"{said} of what? {other!r} is in {like.unit}",
            f"write '{said} {like.unit}'",
            "unit",
        )
    if not same_dimension(const.unit, like.unit):
        number = said.split(" ", maxsplit=1)[0].rstrip(const.unit)
        hint = f"write '{number} {like.unit}'" if like.unit else f"write '{number}'"
        if isinstance(like, FeatureRef) and like.feature.op == "sum":
            hint = f"a sum is the mean times its hours: {hint}"
        want = f"is in {like.unit}" if like.unit else "is a plain number"
        raise _at(
            tree, f"{said!r} is {dimension_name(const.unit)}, but {other!r} {want}", hint, "unit"
        )
    mine, its = find_unit(const.unit), find_unit(like.unit)
    exact = const.value * mine.factor / its.factor
    if not is_difference(like):
        exact += (mine.offset - its.offset) / its.factor
    return exact / power_of_ten(like.scale)


def is_difference(node: Numeric) -> bool:
    """Whether its unit has no zero of its own: 5 K more are 5 °C more, and 9 °F."""
    if isinstance(node, FeatureRef):
        return node.feature.op in DIFFERENCES
    if isinstance(node, (Neg, Rescale)):
        return is_difference(node.x)
    if not isinstance(node, Arith):
        return False
    if node.op == "-" and not isinstance(node.b, Num):
        return not is_difference(node.b) or is_difference(node.a)
    return is_difference(node.a)


def step(op: str, value: Fraction) -> int | None:
    """The whole number that makes ``n op value`` the same for every whole n; None for == between
    steps."""
    floor = value.numerator // value.denominator
    if value.denominator == 1:
        return floor
    if op in (">", "<="):
        return floor
    if op in ("<", ">="):
        return floor + 1
    return None


def step_text(node: Numeric) -> str:
    """One step of a value, such as ``0.1 %``."""
    size = power_of_ten(node.scale)
    number = str(size.numerator) if size >= 1 else f"{float(size):.{-node.scale}f}"
    return f"{number} {node.unit}".strip()


def common(a: Numeric, b: Numeric, tree: Tree) -> tuple[Numeric, Numeric]:
    """Both in one unit and one scale."""
    if not same_dimension(a.unit, b.unit):
        raise _at(
            tree,
            f"{dimension_name(a.unit)} and {dimension_name(b.unit)} do not go together",
            "compare quantities of one kind",
            "unit",
        )
    mine, other = find_unit(a.unit), find_unit(b.unit)
    if mine.offset != other.offset:
        raise _at(tree, f"{a.unit} and {b.unit} have different zeros", "use one of them", "unit")
    ratio = (mine.factor * power_of_ten(a.scale)) / (other.factor * power_of_ten(b.scale))
    unit, scale = (a.unit, a.scale) if ratio.numerator == 1 else (b.unit, b.scale)
    first = a if ratio.numerator == 1 else Rescale(unit, scale, a, ratio.numerator)
    second = b if ratio.denominator == 1 else Rescale(unit, scale, b, ratio.denominator)
    return _checked(first, tree), _checked(second, tree)


def negate(x: Side) -> Side:
    """``-x``."""
    if isinstance(x, Const):
        return Const(-x.value, x.unit)
    return Neg(x.unit, x.scale, x)


def arithmetic(tree: Tree, a: Side, b: Side) -> Side:
    """``a op b``; constants are folded exactly."""
    op = tree.kind
    if op in ("+", "-"):
        return _sum(tree, op, a, b)
    if op == "*":
        return _product(tree, a, b)
    return _quotient(tree, a, b)


def _sum(tree: Tree, op: str, a: Side, b: Side) -> Side:
    if isinstance(a, Const) and isinstance(b, Const):
        if not same_dimension(a.unit, b.unit):
            raise _at(
                tree,
                f"{a.unit or 'a plain number'} and {b.unit or 'a plain number'} do not add up",
                "add quantities of one kind",
                "unit",
            )
        factor = find_unit(b.unit).factor / find_unit(a.unit).factor
        other = b.value * factor
        return Const(a.value + other if op == "+" else a.value - other, a.unit)
    first, second = _alike(tree, a, b)
    return _checked(Arith(first.unit, first.scale, op, first, second), tree)


def _alike(tree: Tree, a: Side, b: Side) -> tuple[Numeric, Numeric]:
    """Both sides of a sum with one unit and scale; a constant may refine the other's scale."""
    if isinstance(a, Const):
        assert isinstance(b, Numeric)
        second, first = _alike(tree, b, a)
        return first, second
    if isinstance(b, Const):
        if b.unit == "" and a.unit != "":
            raise _at(
                tree,
                f"a plain number cannot be added to {dimension_name(a.unit)}",
                f"give it a unit: {a.unit}",
                "unit",
            )
        if not same_dimension(a.unit, b.unit):
            raise _at(
                tree,
                f"{dimension_name(a.unit)} and {dimension_name(b.unit)} do not add up",
                "add quantities of one kind",
                "unit",
            )
        # A difference of temperatures has no offset, so factors alone.
        value = b.value * find_unit(b.unit).factor / find_unit(a.unit).factor
        value /= power_of_ten(a.scale)
        digits = _digits(value)
        if digits:
            a = Rescale(a.unit, a.scale - digits, a, 10**digits)
        number = nearest_int(value * 10**digits)
        return a, Num(a.unit, a.scale, number)
    return common(a, b, tree)


def _product(tree: Tree, a: Side, b: Side) -> Side:
    if isinstance(a, Const) and isinstance(b, Const):
        return Const(a.value * b.value, _joined(a.unit, b.unit, "*"))
    if isinstance(a, Const):
        a, b = b, a
    assert isinstance(a, Numeric)
    unit = _joined(a.unit, b.unit, "*")
    if isinstance(b, Const):
        digits = _digits(b.value)
        number = Num(b.unit, -digits, nearest_int(b.value * 10**digits))
        return _checked(Arith(unit, a.scale - digits, "*", a, number), tree)
    return _checked(Arith(unit, a.scale + b.scale, "*", a, b), tree)


def product(a: Numeric, b: Numeric) -> Numeric:
    """``a * b``; Mistake when it can pass 64 bits."""
    node = Arith(_joined(a.unit, b.unit, "*"), a.scale + b.scale, "*", a, b)
    low, high = interval(node)
    if max(abs(low), abs(high)) > INT64_MAX:
        raise Mistake("the product can pass what 64 bits hold", hint="divide it", code="overflow")
    return node


def _quotient(tree: Tree, a: Side, b: Side) -> Side:
    if isinstance(b, Const) and b.value == 0:
        raise _at(tree, "a division by zero", "divide by something else", "expression")
    if isinstance(b, Const):
        inverse = Const(1 / b.value, _joined("", b.unit, "/"))
        if isinstance(a, Const):
            return Const(a.value / b.value, _joined(a.unit, b.unit, "/"))
        if _exact(inverse.value):
            return _product(tree, a, inverse)
        times = Num("", -MORE_DIGITS, b.value.denominator * 10**MORE_DIGITS)
        grown = _checked(Arith(a.unit, a.scale - MORE_DIGITS, "*", a, times), tree)
        by = Num(b.unit, 0, b.value.numerator)
        unit = _joined(a.unit, b.unit, "/")
        return _checked(Arith(unit, grown.scale, "/", grown, by), tree)
    if isinstance(a, Const):
        digits = _digits(a.value)
        a = Num(a.unit, -digits, nearest_int(a.value * 10**digits))
    grown = Rescale(a.unit, a.scale - MORE_DIGITS, a, 10**MORE_DIGITS)
    unit = _joined(a.unit, b.unit, "/")
    node = Arith(unit, grown.scale - b.scale, "/", _checked(grown, tree), b)
    return _checked(node, tree)


def _digits(value: Fraction) -> int:
    """Decimal places the value needs, at most 6."""
    for digits in range(7):
        if (value * 10**digits).denominator == 1:
            return digits
    return 6


def _exact(value: Fraction) -> bool:
    return (value * 10**6).denominator == 1


def _joined(a: str, b: str, op: str) -> str:
    """The unit of a product or quotient."""
    if b == "":
        return a
    if op == "/":
        flipped = re.sub(r"[*/]", lambda m: "/" if m.group() == "*" else "*", b)
        joined = f"{a}/{flipped}" if a else f"1/{flipped}"
    else:
        joined = f"{a}*{b}" if a else b
    joined = _cancelled(joined)
    unit = find_unit(joined)
    return "" if not any(unit.dimension) and unit.factor == 1 else joined


def _cancelled(unit: str) -> str:
    """``ug/m3*h/h`` as ``ug/m3``."""
    above: list[str] = []
    below: list[str] = []
    for op, part in re.findall(r"(^|[*/])([^*/]+)", unit):
        mine, other = (below, above) if op == "/" else (above, below)
        if part in other:
            other.remove(part)
        elif part != "1":
            mine.append(part)
    if not above and not below:
        return ""
    return "/".join(["*".join(above) or "1", *below])


def interval(node: Numeric) -> tuple[int, int]:
    """The least and the greatest whole number the node can be."""
    if isinstance(node, Num):
        return node.value, node.value
    if isinstance(node, (ChannelRef, FeatureRef, TotalRef, ValueRef)):
        return node.minimum, node.maximum
    if isinstance(node, LabelTable):
        return min(node.leaves), max(node.leaves)
    if isinstance(node, SiteRef):
        return 0, SITE[node.name].maximum
    if isinstance(node, TimeRef):
        return 0, TIMES[node.name].maximum
    if isinstance(node, PetRef):
        return 0, PET[node.name].maximum
    if isinstance(node, Battery):
        return 0, 65535
    if isinstance(node, Confidence):
        return 0, 255
    if isinstance(node, Neg):
        low, high = interval(node.x)
        return -high, -low
    if isinstance(node, Rescale):
        low, high = interval(node.x)
        return low * node.factor, high * node.factor
    assert isinstance(node, Arith)
    (a, b), (c, d) = interval(node.a), interval(node.b)
    if node.op == "+":
        return a + c, b + d
    if node.op == "-":
        return a - d, b - c
    if node.op == "*":
        ends = (a * c, a * d, b * c, b * d)
        return min(ends), max(ends)
    most = max(abs(a), abs(b))
    return -most, most


def check_possible(tree: Tree, op: str, a: Numeric, limit: int, said: str) -> None:
    """Mistake when the comparison can never change over the range of readings."""
    low, high = interval(a)
    always, never = {
        "<": (high < limit, low >= limit),
        "<=": (high <= limit, low > limit),
        ">": (low > limit, high <= limit),
        ">=": (low >= limit, high < limit),
        "==": (low == high == limit, not low <= limit <= high),
        "!=": (not low <= limit <= high, low == high == limit),
    }[op]
    if always or never:
        raise _at(
            tree,
            f"{said!r} is {'always' if always else 'never'} true",
            f"compare with a value between {_physical(a, low)} and {_physical(a, high)}",
            "range",
        )


def _physical(node: Numeric, value: int) -> str:
    if isinstance(node, Confidence):
        return str(value // 255)
    exact = value * power_of_ten(node.scale)
    number = str(exact.numerator) if exact.denominator == 1 else f"{float(exact):g}"
    return f"{number} {node.unit}".strip()


def _checked(node: Numeric, tree: Tree) -> Numeric:
    low, high = interval(node)
    if max(abs(low), abs(high)) > INT64_MAX:
        raise _at(
            tree,
            "the numbers here can pass what 64 bits hold",
            "divide before multiplying, or drop a term",
            "overflow",
        )
    return node


def _at(tree: Tree, message: str, hint: str, code: str) -> Mistake:
    return Mistake(message, hint=hint, code=code, offset=tree.start, width=tree.end - tree.start)


__all__ = [
    "Const",
    "Quantity",
    "Side",
    "arithmetic",
    "check_possible",
    "common",
    "in_steps",
    "interval",
    "negate",
    "product",
    "step",
    "step_text",
]
