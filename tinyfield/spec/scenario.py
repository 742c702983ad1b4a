"""One of an app's own tests, resolved: what is played, what goes wrong, what must be decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import InstanceOf

from tinyfield.spec.durations import duration_text
from tinyfield.spec.frozen import Frozen


@dataclass(frozen=True)
class Play:
    """One line of a world's script: a state and how long it lasts, in whole seconds."""

    state: str
    seconds: int

    def __str__(self) -> str:
        return f"{self.state} {duration_text(self.seconds)}"


@dataclass(frozen=True)
class Window:
    """A stretch of the scenario, for an expectation.

    Attributes:
        kind: ``within`` so many seconds of the start (or of the state's first start); ``before``
            or ``after`` a time from the start (or the state's first start, or last end);
            ``during`` the state, each time.
        seconds: from the scenario's start; None where a state alone says it.
        state: a state of the script.
    """

    kind: Literal["within", "before", "after", "during"]
    seconds: int | None
    state: str | None


class Expectation(Frozen):
    """How often a decision must come in a scenario.

    Attributes:
        least, most: how often (None = no upper limit).
        label: only those with this label of the rule's model.
        outcome: only those whose action was ``done`` or ``blocked`` by an interlock; ``ended``
            are those that clear the rule. Of cases passed up to the edge those that ``asked``,
            that it ``confirmed`` or that were ``dismissed``, and those that the node settled
            ``alone``. None = every firing, passed up or not.
        windows: only those within all of them.
        text: as the user wrote it.
    """

    decision: str
    least: int
    most: int | None
    text: str
    label: str | None = None
    outcome: (
        Literal["done", "blocked", "ended", "asked", "confirmed", "dismissed", "alone"] | None
    ) = None
    windows: tuple[InstanceOf[Window], ...] = ()


class EdgeAnswer(Frozen):
    """What the edge says when a decision asks it, so many seconds after it has heard it."""

    decision: str
    yes: bool
    after_s: int


class Fault(Frozen):
    """What goes wrong in a scenario, and when.

    Attributes:
        kind: of channels ``stuck`` (says what it said before), ``missing``, ``reads`` (always
            ``value``) and ``noise`` (of standard deviation ``value`` is added); of the node
            ``battery`` (``value`` mV), ``power`` (cut: it starts anew afterwards), ``link`` (no
            answer comes) and ``clock`` (nobody tells the time).
        channels: names of the channels concerned.
        value: in the channel's scaled steps, or mV.
        begin_s, end_s: from the scenario's start; None = to its end.
        text: as the user wrote it.
    """

    kind: Literal["stuck", "missing", "reads", "noise", "battery", "power", "link", "clock"]
    channels: tuple[str, ...] = ()
    value: int = 0
    begin_s: int = 0
    end_s: int | None = None
    text: str


class Said(Frozen):
    """What a neighbour says in a scenario, and when.

    Attributes:
        kind: at every sample that its decision is ``active`` or that it is not (``quiet``); nothing
            (``silent``); or all that ``late``, by ``value`` seconds.
        begin_s, end_s: from the scenario's start; None = to its end.
        text: as the user wrote it.
    """

    sensor: str
    kind: Literal["active", "quiet", "silent", "late"]
    value: int = 0
    begin_s: int = 0
    end_s: int | None = None
    text: str


class Kept(Frozen):
    """What a node kept of a total before a scenario begins.

    Attributes:
        total: its name.
        part: of ``today``, which goes on; of ``yesterday``; or what is ``usual``, as known as
            after all the days that it is the average of.
        value: in the total's scaled steps.
        text: as the user wrote it.
    """

    total: str
    part: Literal["today", "yesterday", "usual"]
    value: int
    text: str


class Scenario(Frozen):
    """A trace or a world's script, and what must be decided on it.

    Attributes:
        trace: a CSV of readings; None where a world is played.
        world, script, seed: the world's name, what it plays, and of what its chance hangs on.
        start: local time of the first sample; None = the planting day's midnight, or a day in June.
        remembers: what the node kept from the days before; it is a fresh one otherwise.
        faults: what goes wrong on purpose.
        edge: what the edge says of cases that are passed up to it; it is silent on the others.
        neighbours: what they say; one that is not named says what the trace has of it, or nothing.
    """

    name: str
    trace: Path | None
    world: str | None = None
    script: tuple[InstanceOf[Play], ...] = ()
    seed: int = 0
    start: datetime | None = None
    remembers: tuple[Kept, ...] = ()
    faults: tuple[Fault, ...] = ()
    edge: tuple[EdgeAnswer, ...] = ()
    neighbours: tuple[Said, ...] = ()
    expect: tuple[Expectation, ...]

    @property
    def seconds(self) -> int:
        """How long the script is; 0 of a trace, whose rows say it."""
        return sum(play.seconds for play in self.script)
