"""Scenarios: what is expected of decisions, faults of sensors and of the node, on real firmware."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.codegen.apps import SMALL
from tests.sim.conftest import Bench
from tinyfield import project
from tinyfield.boards import load_boards
from tinyfield.errors import UserError
from tinyfield.features.scale import MISSING
from tinyfield.scenarios import boards_for, compared
from tinyfield.sim import Faults, SimDecision, SimRun, WorldSource, judge
from tinyfield.sim.scenario import FaultySource, default_source, faults_of, source_of
from tinyfield.spec import Fault, Play, Scenario, load_app
from tinyfield.spec.app import App
from tinyfield.spec.expectations import parse_expectation

HOUR, DAY = 3600, 86400
SCRIPT = (Play("calm", HOUR), Play("rub", HOUR), Play("calm", HOUR), Play("rub", HOUR))

RULES = """
  dry:
    when: soil.moisture < 25 % and tank.level > 15 %
    repeat: 20 min
    do: valve on for 5 min
  weak: {when: battery < 3.4 V, clear: battery > 3.6 V}
  deaf: {when: soil.moisture > 90 %}
"""
TESTS = """
tests:
  flat: {trace: t.csv, faults: [battery 3.7 V, battery 3.2 V from 2 h for 1 h], expect: {weak: [once within 2 h, once ended after 3 h before 3 h 1 min]}}
  board: {trace: t.csv, expect: {weak: never}}
  missing: {trace: t.csv, faults: [soil missing], expect: {dry: never}}
  part: {trace: t.csv, faults: [soil.moisture missing from 4 h], expect: {dry: [at least 1 before 4 h, never after 4 h]}}
  reads: {trace: t.csv, faults: [soil reads 95 % from 2 h for 1 h], expect: {deaf: once within 2 h, dry: never after 2 h before 3 h}}
  cut: {trace: t.csv, faults: [power cut at 2 h 2 min for 3 h], expect: {dry: never after 2 h 2 min before 5 h}}
  no link: {trace: t.csv, faults: [link down from 2 h for 3 h], expect: {dry: at least 3 after 2 h before 5 h}}
  no link any more: {trace: t.csv, faults: [link down from 2 h], expect: {dry: at least 3 after 2 h}}
  dated: {trace: dated.csv, expect: {dry: at least 3}}
  never a link: {trace: dated.csv, faults: [link down], expect: {dry: at least 3}}
  no date: {trace: t.csv, faults: [clock never set], expect: {dry: at least 1}}
  wrong: {trace: t.csv, expect: {dry: never}}
"""  # fmt: skip  # noqa: E501


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """An app with a battery rule and tests of its own; dry, with a full tank, for eight hours."""
    folder = project.ensure_project(tmp_path_factory.mktemp("scenes"))
    made = Bench(folder)
    head, _, tail = SMALL.partition("reporting:")
    text = head.rstrip() + RULES + "reporting:" + tail.rstrip() + "\n" + TESTS
    made.app_file.write_text(text, encoding="utf-8")
    rows = [f"{t},{15 + t / 36000:.2f},80" for t in range(0, 8 * HOUR, 600)]
    trace = "\n".join(["t,soil.moisture,tank.level", *rows]) + "\n"
    (folder / "t.csv").write_text(trace, encoding="utf-8")
    cells = [row.partition(",") for row in rows]
    dated = [f"2026-08-01T{int(t) // 3600:02}:{int(t) // 60 % 60:02}:00,{c}" for t, _, c in cells]
    text = "\n".join(["t,soil.moisture,tank.level", *dated]) + "\n"
    (folder / "dated.csv").write_text(text, encoding="utf-8")
    return made.generate("native", "qemu_m4")


SCENARIOS = [line.split(":")[0].strip() for line in TESTS.splitlines() if "trace" in line]


@pytest.mark.parametrize("name", SCENARIOS)
def test_each_fault_does_what_it_says_on_both_boards(small: Bench, name: str) -> None:
    results = compared([small.ran(name, board) for board in ("native", "qemu_m4")])
    for result in results:
        assert result.passed == (name != "wrong"), (result.misses, result.decisions)
        assert not result.differs
    assert bool(results[0].decisions) == (name != "missing")


@pytest.mark.parametrize("pair", [("board", "no link any more"), ("dated", "never a link")])
def test_what_the_outbox_kept_is_told_in_the_end_with_its_time(
    small: Bench, pair: tuple[str, str]
) -> None:
    free, deaf = (small.ran(name) for name in pair)
    times = [d.t for d in free.decisions if d.decision == "dry"]
    told = [d.t for d in deaf.decisions if d.decision == "dry"]
    assert told == times
    assert deaf.figures["boots"] == 2 and free.figures["boots"] == 1
    assert free.figures["samples"] == deaf.figures["samples"]


def test_what_a_failing_scenario_says(small: Bench) -> None:
    result = small.ran("wrong")
    assert not result.passed
    (miss,) = result.misses
    assert miss.startswith("dry: ") and miss.endswith("times, expected never")
    told = result.as_json()
    assert told["test"] == "wrong" and told["passed"] is False
    (one,) = told["expected"]  # type: ignore[misc]
    assert one["count"] == len(one["at"]) > 3 and one["met"] is False


class Felt:
    """A world of dry soil that notes what is switched."""

    days = 0.25

    def __init__(self) -> None:
        self.acts: list[tuple[int, str, bool]] = []

    def sample(self, t: int) -> dict[str, float]:
        return {"soil.moisture": 10.0, "tank.level": 80.0}

    def actuate(self, t: int, actuator: str, on: bool) -> None:
        self.acts.append((t, actuator, on))

    def summary(self) -> dict[str, float]:
        return {}


def test_a_power_cut_closes_the_valve_at_its_second(small: Bench) -> None:
    """The rule opens it for five minutes; the power goes two minutes later, for an hour."""

    def acts(*cuts: tuple[int, int]) -> list[tuple[int, str, bool]]:
        world, app = Felt(), small.app()
        native, source = load_boards()["native"], WorldSource(app, world)
        list(SimRun(app, native, small.image("native"), source, faults=Faults(cuts=cuts)))
        return world.acts

    free = acts()
    opened = next(t for t, _, on in free if on)
    assert (opened + 300, "valve", False) in free
    cut = opened + 120
    made = acts((cut, HOUR))
    assert (cut, "valve", False) in made
    assert not [t for t, _, _ in made if cut < t < cut + HOUR]
    assert any(on for t, _, on in made if t >= cut + HOUR)
    assert [t for t, _, _ in made] == sorted(t for t, _, _ in made)


# --- faults of readings ----------------------------------------------------------------------


class Counting:
    """Readings that count up from 100; the second channel has none at 600."""

    start = None
    first, last = 300, 300 + 20 * 300

    def row(self, t: int) -> Sequence[int] | None:
        n = (t - self.first) // 300
        return None if t > self.last else [100 + n, MISSING if n == 2 else 200 + n]

    def act(self, t: int, actuator: str, on: bool) -> None:
        raise AssertionError

    def summary(self) -> dict[str, float]:
        return {"kept": 1.0}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> App:
    path = tmp_path_factory.mktemp("faults") / "app.yaml"
    path.write_text(SMALL, encoding="utf-8")
    return load_app(path, board="native")


def rows_with(app: App, *faults: Fault, seed: int = 0) -> list[list[int]]:
    source = FaultySource(Counting(), app.channels, faults, seed)
    found = []
    for n in range(21):
        row = source.row(300 + n * 300)
        assert row is not None
        found.append(list(row))
    assert source.row(100_000) is None
    assert source.summary() == {"kept": 1.0} and source.first == 300
    return found


def fault(kind: str, channels: tuple[str, ...], **more: int) -> Fault:
    return Fault(kind=kind, channels=channels, text=kind, **more)  # type: ignore[arg-type]


def test_stuck_says_what_it_said_before(app: App) -> None:
    soil = app.channels[0].name
    got = rows_with(app, fault("stuck", (soil,), begin_s=900, end_s=1500))
    assert [row[0] for row in got[:7]] == [100, 101, 102, 102, 102, 105, 106]
    assert [row[1] for row in got] == [MISSING if n == 2 else 200 + n for n in range(21)]


def test_stuck_from_the_first_sample_and_over_a_gap(app: App) -> None:
    soil, tank = app.channels[0].name, app.channels[1].name
    got = rows_with(app, fault("stuck", (soil,)), fault("stuck", (tank,), begin_s=900))
    assert {row[0] for row in got} == {100}
    assert [row[1] for row in got[:5]] == [200, 201, MISSING, 201, 201]


def test_missing_and_reads_and_the_later_one_wins(app: App) -> None:
    soil = app.channels[0].name
    got = rows_with(
        app, fault("reads", (soil,), value=7), fault("missing", (soil,), begin_s=600, end_s=900)
    )
    assert [row[0] for row in got[:5]] == [7, 7, MISSING, 7, 7]


def test_noise_is_as_large_as_said_and_the_same_again(app: App) -> None:
    soil, tank = app.channels[0].name, app.channels[1].name
    noisy = (fault("noise", (soil,), value=40), fault("noise", (tank,), value=1))
    got = rows_with(app, *noisy)
    assert got == rows_with(app, *noisy)
    assert got != rows_with(app, *noisy, seed=1)
    off = [row[0] - 100 - n for n, row in enumerate(got)]
    assert 20 < math.sqrt(sum(x * x for x in off) / len(off)) < 70
    assert got[2][1] == MISSING
    channel = app.channels[0]
    wild = rows_with(app, fault("noise", (soil,), value=10_000))
    assert all(channel.minimum <= row[0] <= channel.maximum for row in wild)


def test_faults_of_the_node_stand_on_the_traces_clock() -> None:
    scenario = Scenario(
        name="x", trace=Path("x.csv"), expect=(),
        faults=(
            fault("battery", (), value=3700),
            fault("battery", (), value=3200, begin_s=60, end_s=120),
            fault("link", (), begin_s=10, end_s=20), fault("link", (), begin_s=50),
            fault("power", (), begin_s=30, end_s=90), fault("clock", ()),
        ),
    )  # fmt: skip
    made = faults_of(scenario, Counting())
    assert made.battery_mv is not None and made.link_down is not None
    assert [made.battery_mv(300 + t) for t in (0, 59, 60, 119, 120)] == [
        3700,
        3700,
        3200,
        3200,
        3700,
    ]
    assert [made.link_down(300 + t) for t in (0, 10, 19, 20, 49, 50, 9999)] == [
        False, True, True, False, False, True, True,
    ]  # fmt: skip
    assert made.cuts == [(330, 60)] and made.clock_set is False
    clean = faults_of(Scenario(name="x", trace=None, expect=()), Counting())
    assert (clean.battery_mv, clean.link_down, clean.cuts, clean.clock_set) == (
        None,
        None,
        [],
        True,
    )


def test_a_fault_after_the_trace_is_a_mistake(small: Bench) -> None:
    app = small.app()
    late = app.tests["part"].model_copy(
        update={"faults": (fault("missing", ("soil.moisture",), begin_s=9 * HOUR),)}
    )
    with pytest.raises(UserError, match="begins after the last sample"):
        source_of(app, late)


# --- expectations ----------------------------------------------------------------------------


def decided(
    t: int, label: str = "on", *, outcome: str | None = None, active: bool = True
) -> SimDecision:
    return SimDecision(t, "worn", label, 1.0, None, outcome, (), active, 1, t)


MADE = (
    decided(600), decided(HOUR), decided(HOUR + 600, "heavy", outcome="done"),
    decided(2 * HOUR, active=False), decided(2 * HOUR + 60, "heavy", outcome="blocked"),
    decided(4 * HOUR - 60),
)  # fmt: skip

EXPECTED = {
    "5": 5, "never": 5, "at least 1": 5, "once ended": 1, "once blocked": 1, "done": 1,
    "heavy twice": 2, "label heavy at least 1": 2, "once heavy done": 1, "2 to 3 times heavy": 2,
    "within 10 min": 1, "within 9 min": 0, "within 10 min of rub": 2,
    "within 5 min of the start of rub": 1,
    "before rub": 1, "after rub": 0, "during rub": 3, "during calm": 2, "before 1 h": 1,
    "after 1 h": 4, "after 1 h before 2 h": 2, "heavy during calm": 1, "exactly 2 during calm": 2,
}  # fmt: skip


@pytest.mark.parametrize("text", EXPECTED)
def test_what_counts(text: str) -> None:
    one = parse_expectation(text, decision="worn", labels=("heavy",), script=SCRIPT)
    scenario = Scenario(name="x", trace=None, world="fan", script=SCRIPT, expect=(one,))
    shifted = [SimDecision(**{**d.__dict__, "t": d.t + 77}) for d in MADE]
    for made, first in ((MADE, 0), (shifted, 77)):
        (verdict,) = judge(scenario, made, first)
        assert len(verdict.times) == EXPECTED[text]
        least, most = one.least, one.most
        fits = least <= EXPECTED[text] and (most is None or EXPECTED[text] <= most)
        assert verdict.met == fits and verdict.expected == text


def test_other_decisions_do_not_count() -> None:
    one = parse_expectation("once", decision="other", labels=(), script=SCRIPT)
    (verdict,) = judge(Scenario(name="x", trace=None, expect=(one,)), MADE, 0)
    assert verdict.times == () and not verdict.met


# --- boards ----------------------------------------------------------------------------------


def test_a_board_without_its_tools_is_left_out_with_the_cure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None if "qemu" in name else f"/bin/{name}")
    boards, out = boards_for(())
    assert [b.name for b in boards] == ["native"]
    ((name, why),) = out
    assert name == "qemu_m4" and "qemu-system-arm" in why and "apt install" in why
    asked, none = boards_for(["uno", "simavr_uno", "qemu_m4"])
    assert [b.name for b in asked] == ["simavr_uno", "qemu_m4"] and none == ()


def test_boards_that_disagree_are_told(small: Bench) -> None:
    one = small.ran("board")
    other = replace(one, board="qemu_m4", decisions=one.decisions[:-1])
    first, second = compared([one, other])
    assert first.passed and not second.passed
    (miss,) = second.misses
    assert miss.startswith("decides otherwise than on native: ") and miss.endswith("more here")


def test_without_a_season_the_first_scenarios_world_is_played(tmp_path: Path) -> None:
    """Of an app that is no bed's: with its start, and nothing going wrong."""
    text = """
app: shade
board: native
sensors:
  light: {driver: bh1750}
sample: every 10 min
decisions:
  dark: {when: light.illuminance < 10 lux}
tests:
  rain: {world: {bed: [rain 1 d, sunny 1 d]}, start: 2026-06-02 12:00, faults: [light missing], expect: {dark: never}}
"""  # noqa: E501
    path = tmp_path / "app.yaml"
    path.write_text(text, encoding="utf-8")
    app = load_app(path)
    source = default_source(app, limit=10)
    row = source.row(0)
    assert (source.start % DAY, source.last) == (12 * HOUR, 5400)
    assert row is not None and row[0] > 1000, "noon, and no fault"
    season = default_source(app, season="generated", limit=10)
    assert season.row(0) != row
