"""Typed rule expressions: what the rule compiler hands to the code generator.

Every numeric node has a unit and a power-of-ten scale (physical = value · 10^scale) and is
evaluated with 64-bit intermediates; both sides of a comparison, a sum or a difference have one
unit and one scale. A missing reading makes a comparison *unknown* (Kleene's three values).
``raw`` says whether a node depends on a sensor reading: such a value must never reach a link.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tinyfield.spec.app import Feature


@dataclass(frozen=True)
class Expr:
    """Base of every node."""

    def children(self) -> tuple[Expr, ...]:
        """The nodes directly below."""
        return ()

    @property
    def raw(self) -> bool:
        """Depends on a raw channel value."""
        return any(child.raw for child in self.children())


@dataclass(frozen=True)
class Numeric(Expr):
    """Base of nodes with a number: ``value · 10^scale`` in ``unit`` ("" = no unit)."""

    unit: str
    scale: int


@dataclass(frozen=True)
class Num(Numeric):
    """A constant, already in the unit and scale of what it is compared with."""

    value: int


@dataclass(frozen=True)
class ChannelRef(Numeric):
    """The last reading of a channel; ``index`` is the channel id.

    ``minimum`` and ``maximum`` are the least and greatest scaled integer it can be.
    """

    name: str
    index: int
    minimum: int = -(2**31) + 1
    maximum: int = 2**31 - 1

    @property
    def raw(self) -> bool:
        """Always: this is the reading itself."""
        return True


@dataclass(frozen=True)
class FeatureRef(Numeric):
    """A channel's past as a model's input has it, such as ``soil.moisture mean 6 h``: ``name``.

    ``minimum`` and ``maximum`` are as of a channel.
    """

    name: str
    feature: Feature
    minimum: int
    maximum: int

    @property
    def raw(self) -> bool:
        """Always: many readings are no less raw than one."""
        return True


@dataclass(frozen=True)
class ValueRef(Numeric):
    """The number that a regression gives at this sample; missing when it could not run.

    ``minimum`` and ``maximum`` are as of a channel.
    """

    name: str
    minimum: int
    maximum: int

    @property
    def raw(self) -> bool:
        """Always: it says as much as the readings that it comes from."""
        return True


@dataclass(frozen=True)
class SiteRef(Numeric):
    """``site.kc``, ``site.p``, ``site.root_depth``, ``site.stage`` on the present day."""

    name: str


@dataclass(frozen=True)
class TimeRef(Numeric):
    """``time.hour`` at this sample; missing until the node's clock is set."""

    name: str


@dataclass(frozen=True)
class Battery(Numeric):
    """Battery voltage in mV, scale 0; missing when the board cannot tell."""


@dataclass(frozen=True)
class Confidence(Numeric):
    """The score of a model's label, 0 to 255 (unit "score", scale 0)."""

    model: str


@dataclass(frozen=True)
class TotalRef(Numeric):
    """``rest.today``, ``rest.yesterday``, ``rest.usual``; ``index`` is the total's id.

    It comes of many samples, so it says more than a decision does: it does not leave the node.
    ``minimum`` and ``maximum`` are the least and greatest scaled integer it can be.
    """

    name: str
    part: str
    index: int
    minimum: int
    maximum: int

    @property
    def raw(self) -> bool:
        """Always."""
        return True


@dataclass(frozen=True)
class PetRef(Numeric):
    """``pet.rer``, ``pet.need``, ``pet.ration``: what the animal of the app needs.

    The need hangs on how long it moves, which comes of readings: all but the need at rest stay on
    the node.
    """

    name: str

    @property
    def raw(self) -> bool:
        """All but what it needs at rest."""
        return self.name != "pet.rer"


@dataclass(frozen=True)
class LabelTable(Numeric):
    """A number for each class of a model; missing when the model could not run.

    ``inner``: classes (by index) whose number is that of another model's table, in the same unit
    and scale; their own entry in ``values`` is 0.
    """

    model: str
    values: tuple[int, ...]
    inner: tuple[tuple[int, LabelTable], ...] = ()

    @property
    def flat(self) -> tuple[int, ...]:
        """The values, followed by those of each inner table."""
        return (*self.values, *(value for _, table in self.inner for value in table.flat))

    @property
    def leaves(self) -> tuple[int, ...]:
        """Every number that it can be."""
        other = {index for index, _ in self.inner}
        own = [value for index, value in enumerate(self.values) if index not in other]
        return (*own, *(value for _, table in self.inner for value in table.leaves))


@dataclass(frozen=True)
class Rescale(Numeric):
    """``x · factor``: the same quantity in a finer scale or a smaller unit."""

    x: Numeric
    factor: int

    def children(self) -> tuple[Expr, ...]:
        return (self.x,)


@dataclass(frozen=True)
class Neg(Numeric):
    """``-x``."""

    x: Numeric

    def children(self) -> tuple[Expr, ...]:
        return (self.x,)


@dataclass(frozen=True)
class Arith(Numeric):
    """``a op b`` with op of ``+ - * /``; ``/`` truncates toward zero, by zero it is missing."""

    op: str
    a: Numeric
    b: Numeric

    def children(self) -> tuple[Expr, ...]:
        return (self.a, self.b)


@dataclass(frozen=True)
class Compare(Expr):
    """``a op b`` with op of ``== != < <= > >=``; unknown when either side is missing."""

    op: str
    a: Numeric
    b: Numeric

    def children(self) -> tuple[Expr, ...]:
        return (self.a, self.b)


@dataclass(frozen=True)
class Always(Expr):
    """True at every sample."""


@dataclass(frozen=True)
class Missing(Expr):
    """The number has no value at this sample: true or false, never unknown."""

    x: Numeric

    def children(self) -> tuple[Expr, ...]:
        return (self.x,)


@dataclass(frozen=True)
class LabelIs(Expr):
    """The model's label at this sample is that class; unknown when the model could not run."""

    model: str
    class_index: int


@dataclass(frozen=True)
class DecisionRef(Expr):
    """Whether another rule is active (an earlier rule at this sample, a later one before it)."""

    name: str
    rule_id: int


@dataclass(frozen=True)
class Not(Expr):
    """Kleene's not: unknown stays unknown."""

    x: Expr

    def children(self) -> tuple[Expr, ...]:
        return (self.x,)


@dataclass(frozen=True)
class And(Expr):
    """False if one is false, else unknown if one is unknown, else true."""

    items: tuple[Expr, ...]

    def children(self) -> tuple[Expr, ...]:
        return self.items


@dataclass(frozen=True)
class Or(Expr):
    """True if one is true, else unknown if one is unknown, else false."""

    items: tuple[Expr, ...]

    def children(self) -> tuple[Expr, ...]:
        return self.items


@dataclass(frozen=True)
class Clause:
    """One leaf condition of a rule.

    Attributes:
        text: as the user wrote it.
        expr: a Compare, LabelIs, Missing, the Not of these two, a DecisionRef or Always, as it
            stands inside ``when``.
    """

    text: str
    expr: Expr


def walk(expr: Expr) -> Iterator[Expr]:
    """The node and everything below it, in text order."""
    yield expr
    for child in expr.children():
        yield from walk(child)


def dump(expr: Expr) -> str:
    """One line of text for people and golden tests: ``(soil.moisture[0] %e-1 > 150)``."""
    if isinstance(expr, Num):
        return str(expr.value)
    if isinstance(expr, ChannelRef):
        return f"{expr.name}[{expr.index}] {expr.unit}e{expr.scale}"
    if isinstance(expr, (SiteRef, TimeRef, PetRef, ValueRef, FeatureRef)):
        return f"{expr.name} {expr.unit}e{expr.scale}"
    if isinstance(expr, Battery):
        return "battery mV"
    if isinstance(expr, Confidence):
        return f"score({expr.model})"
    if isinstance(expr, TotalRef):
        return f"{expr.name}.{expr.part} {expr.unit}e{expr.scale}"
    if isinstance(expr, LabelTable):
        inner = "".join(f" #{index}: {dump(table)}" for index, table in expr.inner)
        return f"{expr.model}{list(expr.values)} {expr.unit}e{expr.scale}{inner}"
    if isinstance(expr, Rescale):
        return f"({dump(expr.x)} x{expr.factor})"
    if isinstance(expr, Neg):
        return f"(-{dump(expr.x)})"
    if isinstance(expr, (Arith, Compare)):
        return f"({dump(expr.a)} {expr.op} {dump(expr.b)})"
    if isinstance(expr, LabelIs):
        return f"{expr.model} is #{expr.class_index}"
    if isinstance(expr, Always):
        return "always"
    if isinstance(expr, Missing):
        return f"{dump(expr.x)} is missing"
    if isinstance(expr, DecisionRef):
        return f"{expr.name}#{expr.rule_id}"
    if isinstance(expr, Not):
        return f"not {dump(expr.x)}"
    word = " and " if isinstance(expr, And) else " or "
    return "(" + word.join(dump(item) for item in expr.children()) + ")"
