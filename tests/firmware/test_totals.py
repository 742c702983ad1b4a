"""totals.c and keep.c: what a day brings, what is usual, and what outlives a reset."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.codegen.apps import app_of, generated, native
from tests.firmware.harness import Harness
from tests.firmware.host import SEASON_START, Host, Row, running
from tinyfield.wire import Downlink, Kind, Message, encode_downlink

MISSING = -(2**31)
HOUR, DAY = 3600, 86400
KNOWN = 64800


def rounded(x: Fraction) -> int:
    """Halves away from zero."""
    whole = (abs(x.numerator) * 2 + x.denominator) // (2 * x.denominator)
    return whole if x >= 0 else -whole


samples = st.lists(
    st.tuples(
        st.one_of(st.none(), st.integers(-(2**31) + 1, 2**31 - 1)),
        st.booleans(),
        st.integers(0, 3),
    ),
    min_size=1,
    max_size=60,
)


@settings(max_examples=150, deadline=None)
@given(
    samples=samples,
    seconds=st.sampled_from([3 * HOUR, 2 * HOUR, 6 * HOUR]),
    per_s=st.sampled_from([1, 60, 3600, DAY]),
    over=st.integers(0, 4),
)
def test_a_total_is_what_exact_arithmetic_says(
    totals: Harness,
    samples: list[tuple[int | None, bool, int]],
    seconds: int,
    per_s: int,
    over: int,
) -> None:
    """Against whole days kept as lists of fractions."""
    totals.ask("total", per_s, over, over)
    limit = 2**31 - 1

    def held(x: int) -> int:
        return max(-limit, min(limit, x))

    today: list[int | None] = []
    key: tuple[bool, int] | None = None
    yesterday, usual, days = MISSING, 0, 0
    number = 0
    for value, dated, step in samples:
        number += step if step == 1 else 0
        old, now = key, (dated, number)
        if old is None:
            ends, key = False, now
        elif dated:
            ends = old != now
        else:
            ends = len(today) * seconds >= DAY
        if ends:
            known = [v for v in today if v is not None]
            yesterday = MISSING
            if len(known) * seconds >= KNOWN:
                whole = Fraction(sum(known) * DAY, len(known))
                yesterday = held(rounded(Fraction(rounded(whole), per_s)))
                if over:
                    days = min(days + 1, over)
                    usual = held(usual + rounded(Fraction(yesterday - usual, days)))
            today, key = [], now
        today.append(value)
        known = [v for v in today if v is not None]
        so_far = held(rounded(Fraction(sum(known) * seconds, per_s))) if known else MISSING
        given_value = "none" if value is None else value
        answer = totals.numbers("sample", given_value, seconds, int(dated), number)
        is_usual = usual if days and days >= over else MISSING
        assert answer == [int(ends), so_far, yesterday, is_usual]


def test_a_day_with_little_known_is_no_day(totals: Harness) -> None:
    totals.ask("total", 1, 3, 1)
    for hour in range(24):
        totals.ask("sample", 1 if hour < 17 else "none", HOUR, 1, 5)
    assert totals.numbers("sample", 0, HOUR, 1, 6) == [1, 0, MISSING, MISSING]


def test_a_gap_is_filled_as_the_rest_of_the_day(totals: Harness) -> None:
    """18 of 24 hours known, half of them true: 12 hours of the day."""
    totals.ask("total", 1, 3, 1)
    for hour in range(24):
        totals.ask("sample", hour % 2 if hour < 18 else "none", HOUR, 1, 5)
    assert totals.numbers("sample", 0, HOUR, 1, 6) == [1, 0, 12 * HOUR, 12 * HOUR]


@settings(max_examples=60, deadline=None)
@given(blocks=st.lists(st.binary(min_size=20, max_size=20), min_size=2, max_size=6), data=st.data())
def test_a_cut_write_costs_at_most_that_write(
    totals: Harness, blocks: list[bytes], data: st.DataObject
) -> None:
    totals.ask("fill", 255)
    assert totals.ask("keep", 7, 20) == "-2 -"
    for block in blocks[:-1]:
        assert totals.ask("put", block.hex(), -1) == "0"
    cut = data.draw(st.integers(0, 24))
    whole = totals.ask("put", blocks[-1].hex(), cut) == "0"
    found = totals.ask("keep", 7, 20)
    assert found in {f"0 {blocks[-2].hex()}", f"0 {blocks[-1].hex()}"}
    assert whole == (cut == 24)
    if whole:
        assert found == f"0 {blocks[-1].hex()}"
    assert totals.ask("keep", 8, 20) == "-2 -", "of another layout"
    totals.ask("keep", 7, 20)
    assert totals.ask("put", blocks[0].hex(), -1) == "0"
    assert totals.ask("keep", 7, 20) == f"0 {blocks[0].hex()}"


APP = """
app: bed
board: uno
site: {plant: tomato, planted: 2026-04-20}
sensors:
  soil: {driver: capacitive_soil, pin: A0, calibrate: {dry: 2300 mV, wet: 1050 mV}}
  tank: {driver: hcsr04, trigger: 5, echo: 6, calibrate: {empty: 80 cm, full: 10 cm}}
sample: every 1 h
totals:
  dry: {time: soil.moisture < 20 %, usual: 3 days, after: 2 days}
  drunk: {sum: 100 % / 1 h - tank.level / 1 h, usual: 2 days}
decisions:
  drier: {when: dry.today > 1.5 * dry.usual}
  parched: {when: dry.yesterday >= 6 h}
  thirsty: {when: drunk.usual > 500 %}
"""
DRIER, PARCHED, THIRSTY = 0, 1, 2
WET: Row = (500, 900)
DRY: Row = (100, 900)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("totals")
    generated(app_of(APP, folder, "native"), folder / "native")
    return native(folder / "native")


@pytest.fixture
def node(program: Path, tmp_path: Path) -> Iterator[Host]:
    with running(program, tmp_path) as host:
        yield host


def told(host: Host) -> list[tuple[int, int | None, bool]]:
    return [(t // HOUR, m.rule, m.active) for t, m in host.decisions]


def a_day(dry: int, *, row: Row = DRY) -> list[Row]:
    return [row] * dry + [WET] * (24 - dry)


def test_more_than_usual(node: Host) -> None:
    """Usual is 4 h (of 4 and 4); the third day passes 6 h at its seventh dry hour."""
    node.season(a_day(4) + a_day(4) + a_day(8) + a_day(0))
    assert told(node) == [
        (48 + 6, DRIER, True),
        (72, DRIER, False),
        (72, PARCHED, True),
    ]


def test_a_sum_of_a_rate(node: Host) -> None:
    """10 % an hour is 240 % a day; then 24 %, 24 h long: (240 + 576) / 2 = 408; then 600."""
    half: Row = (500, 760)
    empty: Row = (500, 0)
    node.season([WET] * 24 + [half] * 24 + [empty] * 24 + [WET])
    assert told(node) == [(72, THIRSTY, True)]


def test_totals_outlive_a_reset(program: Path, tmp_path: Path) -> None:
    with running(program, tmp_path) as node:
        node.season(a_day(4) + a_day(4) + [DRY] * 5, end=False)
        node.process.kill()

    def later(message: Message, t: int) -> bytes:
        """The gateway's clock went on: the node restarts on the same, third day."""
        epoch = SEASON_START + 2 * DAY + 6 * HOUR + t
        if message.kind == Kind.DECISION:
            return encode_downlink(Downlink(message.boot, message.seq, epoch))
        return encode_downlink(Downlink(epoch=epoch))

    with running(program, tmp_path, later) as node:
        node.season([WET, DRY, DRY, DRY])
        # Written once an hour: at the last sample but none of this day, so 4 or 5 of its 5 hours.
        assert [(rule, active) for _, rule, active in told(node)] == [(DRIER, True)]


def test_without_a_date_a_day_is_24_hours_from_the_start(program: Path, tmp_path: Path) -> None:
    def no_date(message: Message, t: int) -> bytes:
        if message.kind == Kind.DECISION:
            return encode_downlink(Downlink(message.boot, message.seq))
        return encode_downlink(Downlink())

    with running(program, tmp_path, no_date) as node:
        node.season(a_day(7) + [WET] * 25)
        assert told(node) == [(24, PARCHED, True), (48, PARCHED, False)]
