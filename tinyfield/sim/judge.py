"""Whether a scenario's decisions came as it expects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tinyfield.sim.decision import SimDecision
from tinyfield.spec.durations import duration_text
from tinyfield.spelling import listing

if TYPE_CHECKING:
    from tinyfield.spec.scenario import Expectation, Scenario, Window


@dataclass(frozen=True)
class Verdict:
    """One expectation and what came.

    Attributes:
        expected: what was expected, in the user's words.
        times: seconds from the scenario's start of each decision that counts.
        met: it came as expected.
        others: seconds from the start of each firing that does not count.
    """

    decision: str
    expected: str
    times: tuple[int, ...]
    met: bool
    others: tuple[int, ...] = ()

    @property
    def words(self) -> str:
        """``walks: never, expected within 15 s of walk; fired at 6 min, 9 min``."""
        came = {0: "never", 1: "once"}.get(len(self.times), f"{len(self.times)} times")
        text = f"{self.decision}: {came}, expected {self.expected}"
        if self.others:
            text += f"; {'else ' if self.times else ''}fired at {moments(self.others)}"
        return text

    def as_json(self) -> dict[str, object]:
        """Plain values."""
        return {
            "decision": self.decision,
            "expected": self.expected,
            "count": len(self.times),
            "at": list(self.times),
            "met": self.met,
        }


def moments(times: Sequence[int]) -> str:
    """``10 min, 2 h, 1 d and 5 more``: so long after the start."""
    return listing([duration_text(t) for t in times], 3)


def judge(scenario: Scenario, made: Sequence[SimDecision], first: int) -> tuple[Verdict, ...]:
    """Each expectation against the decisions of a run that began at virtual second ``first``."""
    verdicts = []
    for one in scenario.expect:
        mine = [d for d in made if d.decision == one.decision]
        counted = [
            d
            for d in mine
            if _counts(one, d) and all(_inside(w, d.t - first, scenario) for w in one.windows)
        ]
        times = tuple(d.t - first for d in counted)
        others = tuple(d.t - first for d in mine if d.fired and d not in counted)
        met = len(times) >= one.least and (one.most is None or len(times) <= one.most)
        verdicts.append(Verdict(one.decision, one.text, times, met, others))
    return tuple(verdicts)


def _counts(one: Expectation, d: SimDecision) -> bool:
    if one.label not in (None, d.label):
        return False
    kinds = {
        None: d.fired,
        "ended": d.ended,
        "asked": d.case == "asked",
        "confirmed": d.case == "edge" and d.active,
        "dismissed": d.settles and not d.active,
        "alone": d.case == "alone",
    }
    return kinds.get(one.outcome, d.active and d.outcome == one.outcome)


def _inside(window: Window, t: int, scenario: Scenario) -> bool:
    """Whether ``t`` seconds from the start lie in a window."""
    spans = []
    began = 0
    for play in scenario.script:
        if play.state == window.state:
            spans.append((began, began + play.seconds))
        began += play.seconds
    if window.kind == "during":
        return any(a <= t < b for a, b in spans)
    if window.kind == "within":
        start = spans[0][0] if spans else 0
        return start <= t <= start + (window.seconds or 0)
    if window.kind == "before":
        return t < (spans[0][0] if spans else window.seconds or 0)
    return t >= (spans[-1][1] if spans else window.seconds or 0)
