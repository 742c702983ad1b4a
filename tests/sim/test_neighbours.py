"""Neighbours in the sim: the same words, and the same decisions, on every virtual board."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.sim.conftest import BOARDS, Bench
from tests.sim.test_faults import KINDS, now_and_then
from tinyfield import project
from tinyfield.boards import load_boards
from tinyfield.scenarios import compared, prepare
from tinyfield.sim import Faults, SimRun, source_of
from tinyfield.wire import FrameReader, FrameType, decode_downlink, encode_downlink, encode_frame

MINUTE = 60

APP = """
app: landing
board: uno
sensors:
  hall: {driver: neighbour, node: hall-1, decision: smoke, expires: 5 min}
  soil: {driver: capacitive_soil, pin: A0, calibrate: {dry: 2300 mV, wet: 1050 mV}}
  attic: {driver: neighbour, node: attic-1, decision: smoke, expires: 2 min}
  cellar: {driver: neighbour, node: cellar-1, decision: damp, expires: 1 h}
  stairs: {driver: neighbour, node: stairs-1, decision: smoke, expires: 1 h}
sample: every 1 min
actuators:
  siren: {driver: relay, pin: 7, max_on: 15 min, safe: off}
decisions:
  near: {when: hall.active == 1, do: siren on for 1 min}
  calm: {when: hall.active == 0}
  both: {when: hall.active == 1 and attic.active == 1}
  either: {when: hall.active == 1 or attic.active == 1}
  wet: {when: cellar.active == 1 and soil.moisture > 30 %}
  down: {when: stairs.active == 1}
  deaf: {when: hall.active is missing, for: 2 samples}
  hears: {when: hall.active is not missing and soil.moisture is not missing}
reporting: {link: serial, heartbeat: 10 min}
tests:
  they come and go:
    trace: wet.csv
    neighbours: {hall: [active from 10 min for 20 min, silent from 40 min], attic: active from 15 min for 5 min}
    expect:
      near: [once, within 10 min, never before 10 min, ended within 30 min, once done]
      calm: [twice, once ended, never ended after 11 min]
      both: [once, within 15 min, ended within 20 min]
      either: [once, within 10 min, ended within 30 min]
      deaf: [once, within 47 min, never before 45 min, never ended]
      hears: [once, within 1 min, ended within 46 min, never ended before 44 min]
  silence ends nothing:
    trace: wet.csv
    neighbours: {hall: [active from 10 min, silent from 12 min]}
    expect: {near: [once, never ended], calm: [once, once ended], either: [once, never ended], both: never}
  and fires nothing:
    trace: wet.csv
    neighbours: {hall: silent, attic: silent}
    expect: {near: never, calm: never, both: never, either: never, deaf: [once, within 1 min], hears: never}
  the last word counts as long as it may:
    trace: wet.csv
    neighbours: {hall: [active, silent from 10 min], attic: active from 14 min for 1 min}
    expect: {both: never}
  and a minute less:
    trace: wet.csv
    neighbours: {hall: [active, silent from 10 min], attic: active from 13 min for 1 min}
    expect: {both: [once, within 13 min]}
  late words tell of then:
    trace: wet.csv
    neighbours: {hall: [active from 10 min for 5 min, late 3 min]}
    expect: {near: [once, never before 13 min, within 13 min, ended within 18 min, never ended before 18 min]}
  too late:
    trace: wet.csv
    neighbours: {hall: [active, late 5 min]}
    expect: {near: never}
  a word that is later than the next:
    trace: wet.csv
    neighbours: {hall: [active from 10 min for 1 min, late 4 min from 14 min for 2 min]}
    expect: {near: [once, ended within 11 min]}
  in a trace:
    trace: said.csv
    expect: {near: [once, within 20 min, ended within 30 min], wet: once}
  a fault of a channel is a fault of what is said:
    trace: said.csv
    faults: [hall missing, cellar.active reads 0]
    expect: {near: never, calm: never, wet: never, deaf: [once, within 1 min, never ended]}
  no link:
    trace: wet.csv
    neighbours: {hall: active from 10 min for 20 min}
    faults: [link down from 5 min for 10 min]
    expect: {near: [once, within 15 min, never before 15 min]}
  the power is cut:
    trace: wet.csv
    neighbours: {hall: [active, silent from 10 min]}
    faults: [power cut at 11 min]
    expect: {near: [once, never after 1 min], either: once}
  the clock is never set:
    trace: wet.csv
    neighbours: {hall: active from 10 min for 20 min}
    faults: [clock never set]
    expect: {near: [once, within 10 min, ended within 30 min]}
  all at once:
    trace: wet.csv
    neighbours: {hall: active, attic: active, cellar: active, stairs: active}
    expect: {near: once, both: once, either: once, wet: once, down: once}
"""  # noqa: E501
NAMES = re.findall(r"^  (\w.*):$", APP[APP.index("tests:") :], re.M)


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """An app with four neighbours, an hour in which the soil is wet, another that they speak in."""
    folder = project.ensure_project(tmp_path_factory.mktemp("landing"))
    made = Bench(folder)
    made.app_file.write_text(APP, encoding="utf-8")
    wet = ["t,soil.moisture", *(f"{t * MINUTE},50" for t in range(60))]
    (folder / "wet.csv").write_text("\n".join(wet) + "\n", encoding="utf-8")
    said = ["t,cellar.active,soil.moisture,hall.active"]
    said += [f"{t * MINUTE},1,50,{'' if t < 10 else int(20 <= t < 30)}" for t in range(60)]
    (folder / "said.csv").write_text("\n".join(said) + "\n", encoding="utf-8")
    return made.generate(*BOARDS)


@pytest.mark.parametrize("name", NAMES)
def test_every_board_decides_the_same(landing: Bench, name: str) -> None:
    for result in compared([landing.ran(name, board) for board in BOARDS]):
        assert result.passed, (result.board, result.misses, result.decisions)


def log(run: SimRun) -> list[str]:
    return [decision.as_json() for decision in run]


def with_line(landing: Bench, board: str, change: Callable[[bytes, int], bytes]) -> SimRun:
    """The first scenario, with what goes to the node changed on the way."""
    app = landing.app(board)
    scenario = app.tests[NAMES[0]]
    return SimRun(
        app,
        load_boards()[board],
        landing.image(board),
        source_of(app, scenario),
        faults=Faults(to_node=change),
    )


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("board", ["native", "simavr_uno"])
def test_a_bad_line_makes_no_words_of_its_own(
    landing: Bench, board: str, kind: Callable[..., bytes]
) -> None:
    """One that is lost is said again at the next sample; nothing else happens."""
    app = landing.app("native")
    good = prepare(app, load_boards()["native"], landing.image("native"), app.tests[NAMES[0]])
    said = by_rule(good)
    found = by_rule(with_line(landing, board, now_and_then(kind, 0.05, 3)))
    assert found.keys() == said.keys()
    for rule, expected in said.items():
        assert [active for _, active in found[rule]] == [active for _, active in expected]
        late = [a - b for (a, _), (b, _) in zip(found[rule], expected, strict=True)]
        assert all(0 <= seconds <= 3 * MINUTE for seconds in late), (rule, late)


def by_rule(run: SimRun) -> dict[str, list[tuple[int, bool]]]:
    found: dict[str, list[tuple[int, bool]]] = {}
    for one in run:
        found.setdefault(one.decision, []).append((one.t, one.active))
    return found


def _changed(data: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """The frames of a piece, with its words changed."""
    frames = FrameReader().feed(data)
    out = b""
    for frame in frames:
        payload = frame.payload
        if frame.type is FrameType.DOWNLINK and decode_downlink(payload).neighbour is not None:
            payload = change(payload)
        out += encode_frame(frame.type, payload)
    return out


@pytest.mark.parametrize("board", BOARDS)
def test_words_for_another_manifest_do_nothing(landing: Bench, board: str) -> None:
    def other(payload: bytes) -> bytes:
        down = decode_downlink(payload)
        return encode_downlink(replace(down, manifest=(down.manifest or 0) ^ 1))

    found = by_rule(with_line(landing, board, lambda data, _: _changed(data, other)))
    assert found == {"deaf": [(MINUTE, True)]}


@pytest.mark.parametrize("board", BOARDS)
def test_a_word_played_back_for_ever_lives_no_longer(landing: Bench, board: str) -> None:
    """The first word of the fire again and again, byte for byte, instead of each later one."""
    kept: dict[int, bytes] = {}

    def back(payload: bytes) -> bytes:
        down = decode_downlink(payload)
        number = down.neighbour or 0
        if down.active:
            kept.setdefault(number, payload)
        return kept.get(number, payload)

    run = log(with_line(landing, board, lambda data, _: _changed(data, back)))
    said = [line for line in run if '"near"' in line or '"both"' in line or '"calm"' in line]
    assert [line[: line.index(", \"label\"")] for line in said] == [
        '{"t": 0, "decision": "calm"', '{"t": 600, "decision": "near"',
        '{"t": 600, "decision": "calm"',
    ]  # fmt: skip


def test_the_trace_of_an_app_with_neighbours_need_not_name_them(
    landing: Bench, tmp_path: Path
) -> None:
    trace = tmp_path / "soil.csv"
    trace.write_text("t,soil.moisture\n0,50\n60,50\n", encoding="utf-8")
    assert [(d.decision, d.t) for d in landing.decisions("native", trace)] == [("deaf", 60)]
