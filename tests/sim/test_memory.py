"""A scenario that begins with what the node kept, on every virtual board."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sim.conftest import BOARDS, Bench
from tinyfield import project
from tinyfield.errors import UserError
from tinyfield.scenarios import compared

HOUR = 3600
APP = """
app: bed
board: uno
site: {utc_offset: -7 h}  # at 6 in a trace it is an hour to midnight
sensors:
  soil: {driver: capacitive_soil, pin: A0, calibrate: {dry: 2300 mV, wet: 1050 mV}}
  tank: {driver: hcsr04, trigger: 5, echo: 6, calibrate: {empty: 80 cm, full: 10 cm}}
sample: every 10 min
totals:
  dry: {time: soil.moisture < 20 %, usual: 3 days, after: 2 days}
  drunk: {sum: 100 % / 1 h - tank.level / 1 h, usual: 2 days}
  wet: {time: soil.moisture > 40 %}
decisions:
  drier: {when: dry.today > 1.5 * dry.usual}
  parched: {when: dry.yesterday >= 6 h}
  thirsty: {when: drunk.usual == 600 %}
  drank: {when: drunk.today == 50.3 %}  # 42 %, and 10 min of 50 %/h
  plenty: {when: dry.today > 3 h}
  habit: {when: dry.usual >= 5 h and dry.usual <= 5 h}
boards:
  esp32dev: {pins: {soil: 34, tank.trigger: 18, tank.echo: 19}}
"""
USUAL = "remembers: {dry.usual: 2 h, dry.yesterday: 7 h, drunk.usual: 600 %}"
TESTS = f"""
tests:
  a fresh node: {{trace: day.csv, expect: {{drier: never, parched: never, thirsty: never, habit: never, plenty: once}}}}
  usual: {{trace: day.csv, {USUAL}, expect: {{drier: [once, after 2 h 50 min before 3 h 10 min], parched: once within 1 s, thirsty: once within 1 s, plenty: once after 2 h}}}}
  before its first sample: {{trace: day.csv, {USUAL}, faults: [power cut at 0 s], expect: {{drier: once after 2 h 50 min, parched: once, thirsty: once}}}}
  it starts anew: {{trace: day.csv, {USUAL}, faults: [power cut at 95 min], expect: {{drier: [once, after 3 h], parched: 2, thirsty: 2}}}}
  today: {{trace: day.csv, remembers: {{dry.today: 2 h 30 min, drunk.today: 42 %}}, expect: {{plenty: [once, within 40 min], drank: once within 1 s, parched: never}}}}
  today without a clock: {{trace: day.csv, remembers: {{dry.today: 2 h 30 min}}, faults: [clock never set], expect: {{plenty: [once, within 40 min]}}}}
  today without a link: {{trace: day.csv, remembers: {{dry.today: 2 h 30 min}}, faults: [link down for 1 h], expect: {{plenty: [once, within 40 min]}}}}
  today is over: {{trace: night.csv, remembers: {{dry.today: 10 h, dry.usual: 2 h}}, expect: {{parched: [once, after 1 h], habit: [once, after 1 h], plenty: [once, within 1 s]}}}}
  so little is no day: {{trace: night.csv, remembers: {{dry.usual: 2 h}}, expect: {{parched: never, habit: never}}}}
  no date: {{trace: undated.csv, remembers: {{dry.yesterday: 7 h}}, expect: {{parched: once within 1 s}}}}
  no date and today: {{trace: undated.csv, remembers: {{dry.today: 1 h}}, expect: {{parched: never}}}}
"""  # noqa: E501


def rows(hours: int, minute: int, dated: bool) -> str:
    """A dry bed and a tank at 50 % from that minute of the day on, UTC, a row each 10 min."""
    lines = ["t,soil.moisture,tank.level"]
    for at in range(minute, minute + 60 * hours, 10):
        day, rest = divmod(at, 24 * 60)
        said = f"2026-06-{1 + day:02}T{rest // 60:02}:{rest % 60:02}:00"
        lines.append(f"{said if dated else 60 * (at - minute)},10,50")
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder = project.ensure_project(tmp_path_factory.mktemp("memory"))
    made = Bench(folder)
    made.app_file.write_text(APP + TESTS, encoding="utf-8")
    (folder / "day.csv").write_text(rows(4, 10 * 60, True), encoding="utf-8")
    (folder / "night.csv").write_text(rows(2, 6 * 60, True), encoding="utf-8")
    (folder / "undated.csv").write_text(rows(2, 0, False), encoding="utf-8")
    return made.generate(*BOARDS)


NAMES = [line.split(":")[0].strip() for line in TESTS.splitlines() if "trace" in line]


@pytest.mark.parametrize("name", NAMES[:-1])
def test_what_was_kept_is_what_it_goes_by_on_every_board(kept: Bench, name: str) -> None:
    results = compared([kept.ran(name, board) for board in BOARDS])
    for result in results:
        assert result.passed, (result.board, result.misses, result.decisions)


def test_today_needs_a_time_of_day(kept: Bench) -> None:
    with pytest.raises(UserError, match=r"app.yaml:\d+:\d+: when today began is not known"):
        kept.ran(NAMES[-1])


def test_a_frame_that_is_none_of_its_totals_is_passed_over(kept: Bench) -> None:
    """Cut short, or of a total that the app does not have."""
    from tinyfield import sim
    from tinyfield.boards import load_boards
    from tinyfield.wire import FrameType, encode_frame

    app = kept.app()
    scenario = app.tests["usual"]
    source = sim.source_of(app, scenario)
    good = sim.memory_of(app, scenario, source, clock_set=True)
    assert len(good) == 2, "a frame for each total"
    bad = [encode_frame(FrameType.KEPT, said) for said in (bytes([3]) + bytes(20), bytes(20))]
    run = sim.SimRun(app, load_boards()["native"], kept.image("native"), source, memory=bad)
    fresh = kept.ran("a fresh node").decisions
    assert tuple(run) == fresh and fresh


def test_what_it_was_told_it_has_written_down(kept: Bench, tmp_path: Path) -> None:
    """In its persist.bin, which a second life reads."""
    from tinyfield import sim
    from tinyfield.boards import load_boards

    app = kept.app()
    scenario = app.tests["usual"]
    source = sim.source_of(app, scenario)
    first = sim.SimRun(
        app, load_boards()["native"], kept.image("native"), source, state=tmp_path,
        memory=sim.memory_of(app, scenario, source, clock_set=True),
    )  # fmt: skip
    assert "parched" in {d.decision for d in first}
    again = sim.SimRun(
        app, load_boards()["native"], kept.image("native"), sim.source_of(app, scenario),
        state=tmp_path,
    )  # fmt: skip
    assert {"parched", "thirsty"} <= {d.decision for d in again}
