"""pet.c against the cited formula, and the labels and feeding that come of it on a node."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.codegen.apps import app_of, generated, native
from tests.firmware.harness import Harness
from tests.firmware.host import SEASON_START, Host, Row, running
from tinyfield.wire import Downlink, Kind, Message, Outcome, encode_downlink

MISSING = -(2**31)
HOUR, DAY = 3600, 86400
DOG, CAT = 0, 1


@given(weight=st.integers(100, 200_000))
def test_the_need_at_rest_is_the_formulas(pet: Harness, weight: int) -> None:
    exact = 70 * (weight / 1000) ** 0.75
    assert abs(pet.numbers(weight, 0, 3600, 1, DOG, 5000, 0)[0] - exact) <= 0.502


@pytest.mark.parametrize(
    ("species", "neutered", "age", "active", "factor"),
    [
        (DOG, 1, 2000, MISSING, 1.6),
        (DOG, 0, 2000, 2 * HOUR, 1.8),
        (DOG, 0, 2000, HOUR - 1, 1.4),
        (DOG, 1, 2000, 3 * HOUR + 1, 2.0),
        (DOG, 1, 119, 0, 3.0),
        (DOG, 1, 120, 0, 2.0),
        (DOG, 1, 360, HOUR, 1.6),
        (DOG, 1, -5, MISSING, 1.6),
        (CAT, 1, 2000, MISSING, 1.2),
        (CAT, 0, 2000, HOUR, 1.4),
        (CAT, 1, 2000, 600, 1.0),
        (CAT, 1, 2000, 4 * HOUR, 1.6),
        (CAT, 1, 200, 0, 2.5),
    ],
)
def test_factors(
    pet: Harness, species: int, neutered: int, age: int, active: int, factor: float
) -> None:
    """24 kg need 759 kcal at rest; of a food of 3500 kcal/kg."""
    rer, need, ration = pet.numbers(24_000, 100, 3500, neutered, species, 100 + age, active)
    assert rer == 759
    assert need == int(759 * factor + 0.5)
    assert ration == int(need / 3.5 + 0.5)


APP = """
app: dog
board: uno
pet: {species: dog, weight: 24 kg, born: 2022-03-01, neutered: true, food: 3500 kcal/kg,
      active: moving}
sensors:
  soil: {driver: capacitive_soil, pin: A0, calibrate: {dry: 2300 mV, wet: 1050 mV}}
sample: every 1 h
totals:
  moving: {time: soil.moisture > 50 %, usual: 3 days, after: 1 d}
  burned: {sum: soil.moisture / 100 % * pet.rer}
actuators:
  feeder: {driver: relay, pin: 7, max_on: 10 s, min_off: 30 min, max_starts: 2}
decisions:
  feed:
    when: soil.moisture < 20 %
    level: {of: pet.ration, steps: {small: 0, usual: 320 gram/d, large: 400 gram/d}}
    do: {feeder: {small: 3 s, usual: 4 s, large: 5 s}}
  spent: {when: burned.today > 1.25 * pet.need * 1 d}
"""
FEED, SPENT = 0, 1
STILL: Row = (300,)
MOVES: Row = (800,)
HUNGRY: Row = (100,)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dog")
    generated(app_of(APP, folder, "native"), folder / "native")
    return native(folder / "native")


@pytest.fixture
def node(program: Path, tmp_path: Path) -> Iterator[Host]:
    with running(program, tmp_path) as host:
        yield host


def fed(host: Host) -> list[tuple[int, int | None, Outcome]]:
    return [
        (t // HOUR, m.label, m.outcome) for t, m in host.decisions if m.rule == FEED and m.active
    ]


def test_the_step_follows_the_days_before(node: Host) -> None:
    """Nothing known: 1.6 x 759 = 1214 kcal, 347 g. No hour of moving: 304 g. Then 9 h a day:
    on average 4.5 h, more than three: 434 g."""
    day = [STILL] * 11 + [HUNGRY] + [STILL] * 12
    busy = [HUNGRY] + [STILL] * 2 + [MOVES] * 9 + [STILL] * 12
    node.season(day + busy + [HUNGRY])
    assert fed(node) == [(11, 1, Outcome.DONE), (24, 0, Outcome.DONE), (48, 2, Outcome.DONE)]
    assert [t for t, _, on in node.acts if on] == [11 * HOUR, 24 * HOUR, 48 * HOUR]
    assert [t for t, _, on in node.acts if not on][1:] == [
        11 * HOUR + 4, 24 * HOUR + 3, 48 * HOUR + 5,
    ]  # fmt: skip


def test_what_it_burned_against_what_it_needs(node: Host) -> None:
    """80 % of 759 kcal/d, hour for hour, stay below 1.25 x 1214 kcal in any day."""
    node.season([MOVES] * 30)
    assert [m.rule for _, m in node.decisions] == []


def test_no_third_portion_on_a_day_even_after_a_reset(program: Path, tmp_path: Path) -> None:
    def at(start: int) -> Callable[[Message, int], bytes]:
        def answer(message: Message, t: int) -> bytes:
            epoch = SEASON_START + start + t
            if message.kind == Kind.DECISION:
                return encode_downlink(Downlink(message.boot, message.seq, epoch))
            return encode_downlink(Downlink(epoch=epoch))

        return answer

    with running(program, tmp_path, at(0)) as node:
        node.season([STILL, HUNGRY, STILL, HUNGRY, STILL, HUNGRY, STILL], end=False)
        assert [outcome for _, _, outcome in fed(node)] == [
            Outcome.DONE, Outcome.DONE, Outcome.BLOCKED,
        ]  # fmt: skip
        node.process.kill()
    with running(program, tmp_path, at(9 * HOUR)) as node:
        node.season([STILL, HUNGRY, STILL] + [STILL] * 12 + [HUNGRY, STILL])
        assert fed(node) == [(1, 1, Outcome.BLOCKED), (15, 0, Outcome.DONE)]


@pytest.mark.parametrize("kind", ["to and fro", "a day on each time", "back to the beginning"])
def test_no_date_that_is_sent_buys_a_portion(program: Path, tmp_path: Path, kind: str) -> None:
    """Wrong, replayed or forged: whoever speaks on the link moves the day, not the portions."""
    sent = 0

    def answer(message: Message, t: int) -> bytes:
        nonlocal sent
        sent += 1
        days = {"to and fro": sent % 2, "a day on each time": sent, "back to the beginning": 0}[
            kind
        ]
        epoch = SEASON_START + days * 24 * HOUR + (t if kind != "back to the beginning" else 0)
        if message.kind == Kind.DECISION:
            return encode_downlink(Downlink(message.boot, message.seq, epoch))
        return encode_downlink(Downlink(epoch=epoch))

    with running(program, tmp_path, answer) as node:
        node.season([HUNGRY, STILL] * 36, end=False)
        node.process.kill()
    on = [t for t, _, on in node.acts if on]
    assert len(on) >= (2 if kind == "back to the beginning" else 4), "fed it is"
    windows = [sum(a <= t < a + 20 * HOUR for t in on) for a in on]
    # Two before starts are given anew and two after it, as around midnight.
    assert max(windows) <= 4
    assert len(on) <= 2 * (1 + 72 // 20 + 1)
    with running(program, tmp_path, answer) as node:
        node.season([HUNGRY, STILL] * 4)
        more = [t for t, _, on in node.acts if on]
        assert len(more) <= 2, "nor does a reset"


def test_a_portion_on_command_is_counted_though_a_reset_follows_at_once(
    program: Path, tmp_path: Path
) -> None:
    """A motor's current may bring its own node down: what it starts is written before it starts."""

    def answer(message: Message, t: int) -> bytes:
        epoch = SEASON_START + t
        if message.kind != Kind.DECISION:
            return encode_downlink(Downlink(epoch=epoch))
        if message.active:
            return encode_downlink(Downlink(message.boot, message.seq, epoch))
        return encode_downlink(
            Downlink(message.boot, message.seq, epoch, actuator=0, on=True, seconds=4)
        )

    with running(program, tmp_path, answer) as node:
        node.season([STILL, HUNGRY, STILL], end=False)
        assert [t for t, _, on in node.acts if on] == [HOUR, 2 * HOUR]
        node.process.kill()
    with running(program, tmp_path) as node:
        node.season([STILL, HUNGRY, STILL])
        assert [outcome for _, _, outcome in fed(node)] == [Outcome.BLOCKED]
