"""Cases that a rule passes up to the edge: asked, answered, settled alone, over before."""

from __future__ import annotations

import json

import pytest

from tests.codegen.apps import SMALL
from tests.sim.conftest import Bench
from tinyfield import project
from tinyfield.scenarios import compared

BOARDS = ("native", "qemu_m4", "simavr_uno")
HOUR = 3600

RULES = """
  worn:
    when: soil.moisture < 25 %
    escalate: {when: soil.moisture > 20 %, wait: 35 min}
    do: valve on for 5 min
  leak:
    when: tank.level < 50 %
    escalate: {when: tank.level > 30 %, wait: 20 min, else: nothing}
    repeat: 2 h
"""
TESTS = """
tests:
  confirmed:
    trace: two.csv
    edge: {worn: yes after 10 min}
    expect: {worn: [twice, twice asked, twice confirmed, twice done, never alone, twice ended, never dismissed]}
  at once:
    trace: two.csv
    edge: {worn: yes}
    expect: {worn: [twice confirmed, confirmed within 1 h 10 min, done within 1 h 10 min]}
  dismissed:
    trace: two.csv
    edge: {worn: no after 5 min}
    expect: {worn: [twice asked, twice dismissed, never done, never alone, never ended, never confirmed]}
  silent:
    trace: two.csv
    expect: {worn: [twice asked, twice alone, alone within 1 h 40 min, never done before 1 h 40 min, twice done]}
  too late:
    trace: two.csv
    edge: {worn: no after 50 min}
    expect: {worn: [twice alone, twice done, never dismissed]}
  no link:
    trace: two.csv
    faults: [link down from 30 min for 3 h]
    edge: {worn: no after 1 min}
    expect: {worn: [twice asked, once alone, once done, once dismissed after 5 h]}
  sure of it:
    trace: two.csv
    faults: [soil reads 10 % from 1 h for 2 h]
    edge: {worn: yes after 10 min}
    expect: {worn: [done within 1 h, once asked after 5 h]}
  over before:
    trace: two.csv
    faults: [soil reads 80 % from 1 h 20 min for 2 h]
    expect: {worn: [once asked before 2 h, once ended before 2 h, never done before 2 h, never alone before 2 h]}
  nothing:
    trace: leak.csv
    expect: {leak: [asked within 1 h, dismissed within 1 h 20 min, at least 2 asked, never confirmed]}
  power cut:
    trace: two.csv
    faults: [power cut at 1 h 15 min]
    edge: {worn: yes after 12 min}
    expect: {worn: [2 asked before 2 h, once confirmed before 2 h, once blocked before 2 h]}
"""  # fmt: skip  # noqa: E501


def trace(soil: dict[int, int], tank: int) -> str:
    """Ten-minute rows of eight hours; soil moisture changes at those hours."""
    lines = ["t,soil.moisture,tank.level"]
    for t in range(0, 8 * HOUR, 600):
        moisture = soil[max(h for h in soil if h * HOUR <= t)]
        lines.append(f"{t},{moisture},{tank if t >= HOUR else 80}")
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """An app whose rules ask; dry twice, from one to three hours and from five to seven."""
    folder = project.ensure_project(tmp_path_factory.mktemp("asking"))
    made = Bench(folder)
    head, _, tail = SMALL.partition("reporting:")
    text = head.rstrip() + RULES + "reporting:" + tail.rstrip() + "\n" + TESTS
    made.app_file.write_text(text, encoding="utf-8")
    two = trace({0: 40, 1: 22, 3: 40, 5: 22, 7: 40}, 80)
    (folder / "two.csv").write_text(two, encoding="utf-8")
    (folder / "leak.csv").write_text(trace({0: 40}, 40), encoding="utf-8")
    return made.generate(*BOARDS)


NAMES = [line.strip(" :") for line in TESTS.splitlines() if line[:3].strip() and line[:2] == "  "]


@pytest.mark.parametrize("name", [n for n in NAMES if not n.startswith(("trace", "edge"))])
def test_who_settles_a_case(asking: Bench, name: str) -> None:
    results = compared([asking.ran(name, board) for board in BOARDS])
    for result in results:
        assert result.passed, (result.board, result.misses, result.decisions)


def test_a_line_says_who_judges(asking: Bench) -> None:
    lines = [json.loads(d.as_json()) for d in asking.ran("confirmed").decisions]
    first, second = lines[:2]
    assert list(first)[-1] == "case"
    assert (first["case"], first["action"], first["outcome"]) == ("asked", None, None)
    assert (second["case"], second["action"], second["outcome"]) == (
        "edge", "valve on for 5 min", "done",
    )  # fmt: skip
    assert first["why"] == second["why"] == ["soil.moisture < 25 %"]
    ended = next(line for line in lines if line["label"] == "off")
    assert "case" not in ended
