"""Scenarios from their words: scripts with repetitions, and text of any kind."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinyfield.spec import App, Play, load_app
from tinyfield.spec.expectations import parse_expectation
from tinyfield.spec.faults import parse_fault
from tinyfield.spec.mistake import Mistake

EXAMPLE = Path(__file__).parent / "apps" / "irrigation.yaml"
SCRIPT = (Play("sunny", 3 * 86400), Play("rain", 6 * 3600))

SAID = """
    never once twice at least most exactly 3 12 to within before after during done blocked ended
    asked label heavy light rain sunny 2 h 10min of the start from for stuck missing reads noise
    battery 3.1 V 42 degC % power cut link down clock set soil air air.temperature - – , ( ' ½
"""
WORDS = st.sampled_from([*SAID.split(), "\n", " "])
TEXT = st.one_of(st.lists(WORDS, max_size=9).map(" ".join), st.text(max_size=40))


@pytest.fixture(scope="module")
def app() -> App:
    return load_app(EXAMPLE)


def loaded(tmp_path: Path, tests: str) -> App:
    text = EXAMPLE.read_text(encoding="utf-8")
    path = tmp_path / "app.yaml"
    path.write_text(text[: text.index("\ntests:")] + "\ntests:\n" + tests, encoding="utf-8")
    return load_app(path)


@settings(max_examples=400, deadline=None)
@given(text=TEXT, labels=st.sampled_from([None, (), ("light", "heavy")]))
def test_any_expectation_is_read_or_refused(text: str, labels: tuple[str, ...] | None) -> None:
    try:
        one = parse_expectation(text, decision="water", labels=labels, script=SCRIPT)
    except Mistake as mistake:
        assert mistake.message and mistake.hint
        assert mistake.offset is None or 0 <= mistake.offset <= len(text)
    else:
        assert one.least >= 0 and (one.most is None or one.most >= one.least)
        assert one.text == " ".join(text.split())


@settings(max_examples=400, deadline=None)
@given(text=TEXT, total=st.sampled_from([0, 86400]))
def test_any_fault_is_read_or_refused(app: App, text: str, total: int) -> None:
    try:
        one = parse_fault(text, channels=app.channels, total=total)
    except Mistake as mistake:
        assert mistake.message and mistake.hint
        assert mistake.offset is None or 0 <= mistake.offset <= len(text)
    else:
        assert one.end_s is None or one.end_s >= one.begin_s
        assert set(one.channels) <= {c.name for c in app.channels}


def test_scripts_are_written_out(tmp_path: Path) -> None:
    app = loaded(
        tmp_path,
        "  a: {world: {bed: [3 times: [sunny 2 d, 2 times: [rain 1 h, cloudy 30 min]],\n"
        "      heat 1 d]},\n"
        "      seed: 4, start: 2026-06-01 06:30, expect: {water: 2 to 5}}\n"
        "  b: {world: {bed: sunny 1 h 30 min}, expect: {water: [never, once ended within 1 h]}}\n",
    )
    a, b = app.tests.values()
    day = ["sunny 2 d", "rain 1 h", "cloudy 30 min", "rain 1 h", "cloudy 30 min"]
    assert [str(play) for play in a.script] == [*day * 3, "heat 1 d"]
    assert (a.world, a.seed, a.trace, a.seconds) == ("bed", 4, None, 3 * (51 * 3600) + 86400)
    assert a.start is not None and a.start.isoformat() == "2026-06-01T06:30:00"
    assert b.script == (Play("sunny", 5400),) and (b.seed, b.start, b.faults) == (0, None, ())
    assert [(e.text, e.outcome) for e in b.expect] == [
        ("never", None), ("once ended within 1 h", "ended"),
    ]  # fmt: skip


def test_a_label_is_any_that_the_rule_can_have(tmp_path: Path) -> None:
    path = tmp_path / "app.yaml"
    text = EXAMPLE.read_text(encoding="utf-8")
    head = text[: text.index("\ntests:")]
    sure = "  odd: {when: need == unknown}\n  water:"
    head = head.replace("    classes: [", "    unknown: 1 %\n    classes: [").replace(
        "  water:", sure, 1
    )
    path.write_text(
        head + "\ntests:\n  a: {world: {bed: sunny 1 d}, expect: {odd: unknown at most 2}}\n",
        encoding="utf-8",
    )
    (one,) = load_app(path).tests["a"].expect
    assert (one.label, one.most) == ("unknown", 2)


def test_a_fault_in_the_channels_own_steps(app: App) -> None:
    def of(text: str) -> tuple[str, tuple[str, ...], int, int, int | None]:
        fault = parse_fault(text, channels=app.channels, total=0)
        return fault.kind, fault.channels, fault.value, fault.begin_s, fault.end_s

    air = ("air.temperature", "air.humidity", "air.pressure")
    assert of("air stuck from 2 h for 30 min") == ("stuck", air, 0, 7200, 9000)
    assert of("soil missing") == ("missing", ("soil.moisture",), 0, 0, None)
    assert of("air.temperature reads 104 degF") == ("reads", ("air.temperature",), 4000, 0, None)
    assert of("air.temperature noise 1.8 degF for 1 d")[2:] == (100, 0, 86400)
    assert of("tank reads 6 % at 90 s") == ("reads", ("tank.level",), 60, 90, None)
    assert of("battery 3100 mV from 1 d") == ("battery", (), 3100, 86400, None)
    assert of("power cut at 1 h") == ("power", (), 0, 3600, 3600)
    assert of("power  cut from 1 h for 10 min") == ("power", (), 0, 3600, 4200)
    assert of("link down from 2 h for 1 h") == ("link", (), 0, 7200, 10800)
    assert of("clock never set") == ("clock", (), 0, 0, None)
