"""An app's own tests on virtual boards: what each scenario brought, held to what it expects."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import TYPE_CHECKING

from tinyfield.boards import Board, board, load_boards
from tinyfield.errors import UserError
from tinyfield.spec.durations import duration_text
from tinyfield.spelling import listing, nearest

if TYPE_CHECKING:
    from tinyfield.pio import Image
    from tinyfield.sim import SimDecision, SimRun
    from tinyfield.sim.gateway import OnEvent
    from tinyfield.sim.judge import Verdict
    from tinyfield.spec.app import App
    from tinyfield.spec.scenario import Scenario

BOARDS = ("native", "qemu_m4")
"""Where tests run unless a user says otherwise: this PC, and a microcontroller's core."""


@dataclass(frozen=True)
class ScenarioResult:
    """One scenario on one board.

    Attributes:
        start: local time of virtual second 0, in s since 1970; None if there is no date.
        first, last: virtual seconds of the first and the last sample.
        decisions: everything that was decided.
        verdicts: each expectation, and what came.
        figures: of the run, by name.
        states: what was played: begin, end and name, in s from the first sample.
        differs: how its decisions are not those of the first board; empty if they are.
    """

    name: str
    board: str
    start: int | None
    first: int
    last: int
    decisions: tuple[SimDecision, ...]
    verdicts: tuple[Verdict, ...]
    figures: Mapping[str, float]
    states: tuple[tuple[int, int, str], ...] = ()
    differs: str = ""

    @property
    def misses(self) -> tuple[str, ...]:
        """What was not as expected, in words."""
        said = [verdict.words for verdict in self.verdicts if not verdict.met]
        return (*said, self.differs) if self.differs else tuple(said)

    @property
    def passed(self) -> bool:
        """Everything was as expected."""
        return not self.misses

    @property
    def fired(self) -> Mapping[str, int]:
        """How often each rule fired that did: not its ends, nor what became of a case."""
        return Counter(d.decision for d in self.decisions if d.fired)

    def as_json(self) -> dict[str, object]:
        """The result as plain values."""
        return {
            "test": self.name,
            "board": self.board,
            "passed": self.passed,
            "misses": list(self.misses),
            "expected": [v.as_json() for v in self.verdicts],
            "decisions": len(self.decisions),
            "fired": dict(self.fired),
        }


@dataclass(frozen=True)
class ScenarioRun:
    """All of an app's scenarios; ``left_out``: board and why nothing was run on it."""

    results: tuple[ScenarioResult, ...]
    left_out: tuple[tuple[str, str], ...]

    @property
    def passed(self) -> bool:
        """Every scenario on every board."""
        return all(result.passed for result in self.results)


def chosen(app: App, names: Sequence[str]) -> tuple[Scenario, ...]:
    """The app's scenarios of those names; all without any.

    Raises:
        UserError: the app has none, or none of that name.
    """
    if not app.tests:
        raise UserError(f"{app.path} has no tests", hint="add a `tests:` section")
    for name in names:
        if name not in app.tests:
            near = nearest(name, app.tests)
            raise UserError(
                f"{app.path} has no test {name!r}",
                hint=f"did you mean {near!r}?" if near else f"tests: {listing(app.tests)}",
            )
    return tuple(app.tests[name] for name in names or app.tests)


def boards_for(asked: Sequence[str]) -> tuple[tuple[Board, ...], tuple[tuple[str, str], ...]]:
    """The virtual boards to run on, and those left out with the reason.

    A board asked for is never left out: its missing tool is an error when it is built.
    """
    every = load_boards()
    if asked:
        given = [board(name) for name in asked]
        twins = [every[b.twin] if b.twin else b for b in given]
        return tuple({b.name: b for b in twins}.values()), ()
    found, out = [], []
    for name in BOARDS:
        tools = every[name].toolchain
        gone = [t for t in (tools.tool, tools.runner) if t and shutil.which(t) is None]
        if gone:
            out.append((name, f"{listing(gone)} not installed; {tools.install}"))
        else:
            found.append(every[name])
    return tuple(found), tuple(out)


def prepare(
    app: App,
    entry: Board,
    image: Image,
    scenario: Scenario,
    on_event: OnEvent | None = None,
    *,
    link: str | None = None,
    link_wait: float = 60,
) -> SimRun:
    """The run of a scenario, not yet begun; ``link`` as :class:`tinyfield.sim.SimRun` takes it."""
    from tinyfield import sim

    source = sim.source_of(app, scenario)
    faults = sim.faults_of(scenario, source)
    return sim.SimRun(
        app, entry, image, source, faults=faults, edge=sim.edge_of(scenario),
        memory=sim.memory_of(app, scenario, source, clock_set=faults.clock_set),
        link=link, link_wait=link_wait, on_event=on_event,
    )  # fmt: skip


def play(
    app: App, entry: Board, image: Image, scenario: Scenario, on_event: OnEvent | None = None
) -> ScenarioResult:
    """Run a scenario and judge it."""
    from tinyfield import sim

    run = prepare(app, entry, image, scenario, on_event)
    made = tuple(run)
    source, offset = run.source, app.site.utc_offset_s if app.site is not None else 0
    return ScenarioResult(
        name=scenario.name,
        board=entry.name,
        start=None if source.start is None else source.start + offset,
        first=source.first,
        last=source.last,
        decisions=made,
        verdicts=sim.judge(scenario, made, source.first),
        states=states_of(scenario),
        # How long it took is this machine's, and no figure of the app's.
        figures={k: v for k, v in run.summary.items() if k != "seconds"},
    )


def states_of(scenario: Scenario) -> tuple[tuple[int, int, str], ...]:
    """Begin, end and name of each state that is played, in s; equal neighbours are one."""
    found: list[tuple[int, int, str]] = []
    at = 0
    for line in scenario.script:
        begin = at
        if found and found[-1][2] == line.state:
            begin = found.pop()[0]
        at += line.seconds
        found.append((begin, at, line.state))
    return tuple(found)


def wrong_in(scenario: Scenario, seconds: int) -> tuple[tuple[int, int, str], ...]:
    """Begin, end and words, in s, of each fault of a scenario of that length, and of each time that
    a neighbour says something."""
    lines = [(fault.begin_s, fault.end_s, fault.text) for fault in scenario.faults]
    lines += [(s.begin_s, s.end_s, f"{s.sensor}: {s.text}") for s in scenario.neighbours]
    return tuple(
        (begin, min(seconds if end is None else end, seconds), text) for begin, end, text in lines
    )


def difference(one: ScenarioResult, other: ScenarioResult) -> str:
    """The first decision that the first does not share with the other; empty if it shares all."""
    pairs = zip_longest(one.decisions, other.decisions)
    apart = (p for p in pairs if p[0] is None or p[1] is None or p[0].as_json() != p[1].as_json())
    here, there = next(apart, (None, None))
    if here is there:
        return ""
    return (
        f"decides otherwise than on {other.board}: {_told(there, other)} there, "
        f"{_told(here, one)} here"
    )


def _told(decision: SimDecision | None, result: ScenarioResult) -> str:
    if decision is None:
        return "nothing more"
    return f"'{decision.words}' at {duration_text(decision.t - result.first)}"


def compared(results: Sequence[ScenarioResult]) -> tuple[ScenarioResult, ...]:
    """The same, with those marked that decided otherwise than the first board did."""
    first: dict[str, ScenarioResult] = {}
    return tuple(
        replace(result, differs=difference(result, first.setdefault(result.name, result)))
        for result in results
    )
