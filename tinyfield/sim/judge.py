"""Whether a scenario's decisions came as it expects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tinyfield.sim.decision import SimDecision

if TYPE_CHECKING:
    from tinyfield.spec.scenario import Expectation, Scenario, Window


@dataclass(frozen=True)
class Verdict:
    """One expectation and what came.

    Attributes:
        expected: what was expected, in the user's words.
        times: seconds from the scenario's start of each decision that counts.
        met: it came as expected.
    """

    decision: str
    expected: str
    times: tuple[int, ...]
    met: bool

    def as_json(self) -> dict[str, object]:
        """Plain values."""
        return {
            "decision": self.decision,
            "expected": self.expected,
            "count": len(self.times),
            "at": list(self.times),
            "met": self.met,
        }


def judge(scenario: Scenario, made: Sequence[SimDecision], first: int) -> tuple[Verdict, ...]:
    """Each expectation against the decisions of a run that began at virtual second ``first``."""
    verdicts = []
    for one in scenario.expect:
        times = tuple(
            d.t - first
            for d in made
            if _counts(one, d) and all(_inside(w, d.t - first, scenario) for w in one.windows)
        )
        met = len(times) >= one.least and (one.most is None or len(times) <= one.most)
        verdicts.append(Verdict(one.decision, one.text, times, met))
    return tuple(verdicts)


def _counts(one: Expectation, d: SimDecision) -> bool:
    if d.decision != one.decision or one.label not in (None, d.label):
        return False
    settled = d.case in ("edge", "alone")
    kinds = {
        None: d.active and not settled,
        "ended": not d.active and not settled,
        "asked": d.case == "asked",
        "confirmed": d.case == "edge" and d.active,
        "dismissed": settled and not d.active,
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
