"""What `tinyfield test` says of scenarios that fail, to the letter."""

from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from tinyfield import tables
from tinyfield.scenarios import ScenarioResult, compared
from tinyfield.sim import SimDecision, judge
from tinyfield.spec import Play, Scenario
from tinyfield.spec.expectations import parse_expectation

SCRIPT = (Play("sit", 120), Play("walk", 300), Play("sit", 120))
LABELS = {"walks": ("seated", "walking"), "up": ("seated", "walking"), "low": (), "help": ()}
WHY = ("activity == walking",)


def expecting(**expected: str | list[str]) -> Scenario:
    """A scenario of a person who walks, with those expectations."""
    found = [
        parse_expectation(text, decision=name, labels=LABELS[name], script=SCRIPT)
        for name, texts in expected.items()
        for text in ([texts] if isinstance(texts, str) else texts)
    ]
    return Scenario(
        name="up and [about]", trace=None, world="person", script=SCRIPT, expect=tuple(found)
    )


def decided(t: int, name: str, label: str | None, **more: object) -> SimDecision:
    given = {
        "confidence": 0.91, "action": None, "outcome": None, "why": WHY, "active": True,
        "boot": 1, "seq": t, **more,
    }  # fmt: skip
    return SimDecision(t=t, decision=name, label=label, **given)  # type: ignore[arg-type]


MADE = (
    decided(130, "up", "seated", why=()),
    decided(131, "up", "walking", active=False, why=("confidence > 0.6",)),
    decided(150, "walks", "walking"),
    decided(200, "low", "off", active=False, confidence=1.0, why=()),
    decided(300, "help", "on", case="asked", confidence=1.0, why=("low",)),
    decided(330, "help", "on", case="edge", active=False, confidence=1.0, why=("low",)),
    decided(430, "walks", "seated", active=False),
    decided(500, "walks", None, action="bell on for 3 s", outcome="blocked"),
)


def result(scenario: Scenario, made: tuple[SimDecision, ...] = MADE) -> ScenarioResult:
    return ScenarioResult(
        name=scenario.name, board="native", start=1780343700, first=0, last=539, decisions=made,
        verdicts=judge(scenario, made, 0), figures={},
        states=((0, 120, "sit"), (120, 420, "walk"), (420, 540, "sit")),
    )  # fmt: skip


def said(*results: ScenarioResult) -> str:
    """Without the table, which shows each expectation."""
    text = io.StringIO()
    tables.scenarios(results, Console(file=text, width=100))
    return text.getvalue().partition("┘\n")[2]


WRONG = """
up and [about] failed on native and qemu_m4:
  walks: 2 times, expected once
  walks: never, expected within 15 s of walk; fired at 2 min 30 s, 8 min 20 s
  walks: once, expected never before 5 min; else fired at 8 min 20 s
  low: never, expected at least 1
  what was decided (> by a rule that was not as expected):
    2 min 10 s  19:57  walk  up fired: seated (0.91)
    2 min 11 s  19:57  walk  up ended: walking (0.91)
  > 2 min 30 s  19:57  walk  walks fired: walking (0.91)   because activity == walking
  > 3 min 20 s  19:58  walk  low ended
    5 min       20:00  walk  help fired  [asks the edge]   because low
    5 min 30 s  20:00  walk  help settled  [by the edge, dismissed]   because low
  > 7 min 10 s  20:02  sit   walks ended: seated (0.91)
  > 8 min 20 s  20:03  sit   walks fired: unknown (0.91) → bell on for 3 s: blocked   because activity == walking
0 passed, 2 failed
"""  # noqa: E501


def test_an_end_is_no_second_firing() -> None:
    scenario = expecting(
        walks=["once", "within 15 s of walk", "never before 5 min"], low="at least 1", up="once",
        help=["once", "once dismissed"],
    )  # fmt: skip
    one = result(scenario)
    assert said(*compared([one, replace(one, board="qemu_m4")])) == WRONG


APART = """
up and [about] failed on qemu_m4:
  decides otherwise than on native: 'up ended: walking (0.91)' at 2 min 11 s there, 'up ended: walking (0.92)' at 2 min 11 s here
  what was decided:
    2 min 10 s  19:57  walk  up fired: seated (0.91)
    2 min 11 s  19:57  walk  up ended: walking (0.92)
1 passed, 1 failed
"""  # noqa: E501


def test_boards_that_disagree_are_told_apart() -> None:
    one = result(expecting(up="once"), MADE[:2])
    other = replace(one, board="qemu_m4", decisions=(MADE[0], replace(MADE[1], confidence=0.92)))
    assert said(*compared([one, other])) == APART
    less, none = replace(other, decisions=MADE[:1]), replace(other, decisions=())
    assert said(*compared([one, less])).splitlines()[2] == (
        "  decides otherwise than on native: 'up ended: walking (0.91)' at 2 min 11 s there, "
        "nothing more here"
    )
    assert said(*compared([one, none])).splitlines()[3] == "  nothing was decided"


def test_of_many_decisions_those_in_question_are_told() -> None:
    """A season's trace, without a date or a script."""
    made = [decided(600 * n, "up" if n % 3 else "walks", "walking") for n in range(300)]
    scenario = expecting(walks="at most 3")
    one = replace(result(scenario, tuple(made)), start=None, states=())
    lines = said(one).splitlines()
    assert lines[2] == "  walks: 100 times, expected at most 3"
    assert lines[4] == "  > 0 s          walks fired: walking (0.91)   because activity == walking"
    assert len(lines) == 4 + 40 + 2 and all(line.startswith("  > ") for line in lines[4:44])
    assert lines[44] == "    and 60 of walks, 200 of up"
