"""What stands in a report: a type for each part of it, as plain values that ``gather`` fills."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Protocol

from tinyfield.data import registry
from tinyfield.learn.result import Fitted

if TYPE_CHECKING:
    from tinyfield.data.registry import Entry
    from tinyfield.estimate import BoardCost
    from tinyfield.learn import Cost, Errors, Kept, Metrics, Score

ORIGINS = {
    "measured": "real sensors",
    "driven": "physics driven by real weather and real records, tied to real measurements",
    "generated": "a generator's; no measurement in it",
    "simulated": "a simulator's; no measurement in it",
}


class Decided(Protocol):
    """A decision of a node, as the sim gives it."""

    @property
    def t(self) -> int: ...
    @property
    def decision(self) -> str: ...
    @property
    def label(self) -> str | None: ...
    @property
    def confidence(self) -> float: ...
    @property
    def action(self) -> str | None: ...
    @property
    def outcome(self) -> str | None: ...
    @property
    def why(self) -> tuple[str, ...]: ...
    @property
    def active(self) -> bool: ...
    @property
    def case(self) -> str | None: ...


class Judged(Protocol):
    """An expectation of a test, and what came."""

    @property
    def decision(self) -> str: ...
    @property
    def expected(self) -> str: ...
    @property
    def times(self) -> tuple[int, ...]: ...
    @property
    def met(self) -> bool: ...


@dataclass(frozen=True)
class Play:
    """What the node decided over one stretch of time.

    Attributes:
        title: the test's name, or what season it was.
        simulated: the readings answered the node's own actions, from a simulated world.
        start: unix seconds of virtual second 0 by the local clock; None if there is no date.
        first, last: virtual seconds of the first and the last sample.
        decisions: in the order they were taken.
        figures: of the run, by name.
        verdicts: what the test expects and what came; empty for a season.
        script: what a world played, in words.
        remembers: what the node kept from the days before, in words.
        faults: what went wrong on purpose, in words.
        states, wrong: the same as stretches of time, in seconds from the first sample.
        note: where the readings come from.
    """

    title: str
    simulated: bool
    start: int | None
    first: int
    last: int
    decisions: tuple[Decided, ...]
    figures: Mapping[str, float]
    verdicts: tuple[Judged, ...] = ()
    script: tuple[str, ...] = ()
    remembers: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    states: tuple[tuple[int, int, str], ...] = ()
    wrong: tuple[tuple[int, int, str], ...] = ()
    note: str = ""

    @property
    def as_expected(self) -> bool:
        """Everything that its test expects came so; True of a season."""
        return all(verdict.met for verdict in self.verdicts)


@dataclass(frozen=True)
class Part:
    """Labelled rows of one split and origin: how many groups, rows, and rows of each class."""

    split: str
    origin: str
    groups: int
    rows: int
    by_class: tuple[int, ...]


@dataclass(frozen=True)
class SensorFacts:
    """Sensors of one kind: their names, what they are, and what each reads (quantity and unit)."""

    names: tuple[str, ...]
    what: str
    driver: str
    reads: tuple[str, ...]


@dataclass(frozen=True)
class RuleFacts:
    """A decision in words."""

    name: str
    severity: str
    sentence: str
    clauses: tuple[str, ...]
    actions: tuple[str, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True)
class TotalFacts:
    """What is counted in a day, in words."""

    name: str
    sentence: str


@dataclass(frozen=True)
class ActuatorFacts:
    """An actuator and its interlocks in words."""

    name: str
    what: str
    driver: str
    interlocks: tuple[str, ...]


@dataclass(frozen=True)
class ModelFacts:
    """A model: what it is made of, what it learned from, how good it is and what it takes.

    Attributes:
        parts: the labelled rows by split and origin.
        dropped: labelled rows left out because an input was missing.
        slices: of a classifier the scores of each device's test rows and of the clear ones, where
            there are several devices or mixed rows, by name.
        cost: what it takes of the app's board; None where nobody measured.
        growth: of several trees what the first of them alone would give and take.
        budget: bytes of flash that the app gives it; None where it does not say.
        file_bytes, constants, arena: of the model file, of its constants in flash, of its
            working memory.
        steps: of the memory plan; trees and their like have one at most.
        plan: the memory plan as an SVG document.
    """

    name: str
    what: str
    inputs: tuple[str, ...]
    width: int
    classes: tuple[str, ...]
    dataset: str
    label: str
    split: str
    stand_in: str | None
    accept_f1: float | None
    accept_mae: float | None
    parts: tuple[Part, ...]
    dropped: int
    slices: tuple[tuple[str, Score], ...]
    report: Metrics | Fitted
    cost: Cost | None
    growth: tuple[Kept, ...]
    budget: int | None
    file_bytes: int
    constants: int
    arena: int
    macs: int
    steps: int
    plan: str

    @property
    def metrics(self) -> Metrics:
        """Of a classifier."""
        assert not isinstance(self.report, Fitted)
        return self.report

    @property
    def fitted(self) -> Fitted | None:
        """Of a regression; None of a classifier."""
        return self.report if isinstance(self.report, Fitted) else None

    @property
    def forms(self) -> bool:
        """Fewer of its trees may take more bytes, for they are compiled in another form."""
        return any(a.flash_bytes > b.flash_bytes for a, b in pairwise(self.growth))

    @property
    def made(self) -> float:
        """Share of the test rows that no sensor measured."""
        test = [part for part in self.parts if part.split == "test"]
        rows = sum(part.rows for part in test)
        made = sum(part.rows for part in test if part.origin in ("generated", "simulated"))
        return made / rows if rows else 0.0

    @property
    def weak(self) -> bool:
        """Its data set says itself that little follows from it."""
        return bool(registry.info(self.dataset).weakness)

    @property
    def origins(self) -> tuple[str, ...]:
        """Where its rows come from."""
        return tuple(dict.fromkeys(part.origin for part in self.parts))

    @property
    def by_origin(self) -> dict[str, Score] | dict[str, Errors]:
        """Scores of each origin, in an order that does not hang on how they were stored."""
        known: dict[str, Any] = dict(self.report.by_origin)
        return {
            name: known[name] for name in dict.fromkeys([*ORIGINS, *sorted(known)]) if name in known
        }


@dataclass(frozen=True)
class Facts:
    """The whole report, before it is a page. ``about``: what the app's author says of it."""

    name: str
    about: str
    board: str
    sentences: tuple[str, ...]
    sensors: tuple[SensorFacts, ...]
    models: tuple[ModelFacts, ...]
    totals: tuple[TotalFacts, ...]
    rules: tuple[RuleFacts, ...]
    actuators: tuple[ActuatorFacts, ...]
    leaves: tuple[str, ...]
    provenance: tuple[str, ...]
    entries: tuple[Entry, ...]
    boards: tuple[BoardCost, ...]
    plays: tuple[Play, ...]
    warnings: tuple[str, ...]
    settled: tuple[tuple[str, tuple[Mapping[str, str], ...]], ...] = ()

    @property
    def measured(self) -> tuple[BoardCost, ...]:
        """Boards whose cost is known; microcontrollers, whose stack was measured, before a PC."""
        known = [row for row in self.boards if row.flash is not None]
        return tuple(sorted(known, key=lambda row: row.stack is None))
