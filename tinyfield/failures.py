"""Why a scenario failed, in words: what did not come as expected, and what was decided instead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from tinyfield.spec.durations import duration_text
from tinyfield.spelling import listing

if TYPE_CHECKING:
    from tinyfield.scenarios import ScenarioResult
    from tinyfield.sim import SimDecision

MOST_LINES = 40
"""Decisions that are all told; of more, only those of rules that did not do as expected."""


def failures(results: Sequence[ScenarioResult]) -> Iterator[tuple[str, list[str]]]:
    """Each failed scenario: what failed and where; the reasons, and what was decided."""
    told: list[tuple[list[str], ScenarioResult]] = []
    for result in (result for result in results if not result.passed):
        for boards, same in told:
            if (same.name, same.misses, same.decisions) == (
                result.name, result.misses, result.decisions
            ):  # fmt: skip
                boards.append(result.board)
                break
        else:
            told.append(([result.board], result))
    for boards, result in told:
        lines = [f"  {line}" for line in result.misses]
        yield f"{result.name} failed on {' and '.join(boards)}:", lines + list(_decided(result))


def _decided(result: ScenarioResult) -> Iterator[str]:
    """What was decided, by the time from the scenario's start, the local time and the state."""
    if not result.decisions:
        yield "  nothing was decided"
        return
    missed = {v.decision for v in result.verdicts if not v.met}
    shown = list(result.decisions)
    if len(shown) > MOST_LINES:
        shown = [d for d in shown if d.decision in missed][:MOST_LINES]
    rows = [_row(decision, result) for decision in shown]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    yield f"  what was decided{' (> by a rule that was not as expected)' if missed else ''}:"
    for decision, (*cells, words) in zip(shown, rows, strict=True):
        mark = ">" if decision.decision in missed else " "
        padded = (cell.ljust(n) for cell, n in zip(cells, widths, strict=True) if n)
        yield f"  {mark} {'  '.join(padded)}  {words}"
    rest = Counter(d.decision for d in result.decisions)
    rest.subtract(d.decision for d in shown)
    more = [f"{count} of {name}" for name, count in rest.items() if count]
    if more:
        yield f"    and {listing(more)}"


def _row(decision: SimDecision, result: ScenarioResult) -> tuple[str, str, str, str]:
    past = decision.t - result.first
    local = ""
    if result.start is not None:
        minutes = (result.start + decision.t) % 86400 // 60
        local = f"{minutes // 60:02}:{minutes % 60:02}"
    state = next((name for begin, end, name in result.states if begin <= past < end), "")
    return duration_text(past), local, state, decision.words
