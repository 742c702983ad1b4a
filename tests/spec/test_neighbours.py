"""Neighbours in the app file: what is resolved, what is warned of, what scenarios let them say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from tests.spec.broken_files import FOLDER
from tinyfield.errors import SpecError
from tinyfield.spec import App, json_schema, load_app
from tinyfield.spec.app import Neighbour
from tinyfield.spec.mistake import Mistake
from tinyfield.spec.said import parse_said
from tinyfield.spec.scenario import Said

APP = """
app: alarm
board: uno
sensors:
  gas: {driver: mq_gas, pin: A0, calibrate: {air: 1800 mV}}
  hall: {driver: neighbour, node: hall-1, decision: smoke, expires: 10 min}
sample: every 1 min
decisions:
  smoke: {when: gas.ratio < 0.5}
  near: {when: hall.active == 1}
reporting: {heartbeat: 4 min}
tests:
  one:
    world: {room: [clean 1 h]}
    neighbours: {hall: [quiet, active from 10 min for 20 min, late 2 min from 1 min]}
    expect: {near: once}
"""


def load(folder: Path, text: str = APP, **more: Any) -> App:
    path = folder / "app.yaml"
    path.write_text(text, encoding="utf-8")
    return load_app(path, **more)


def test_a_neighbour_is_a_sensor_of_one_channel(tmp_path: Path) -> None:
    app = load(tmp_path)
    sensor = app.sensors["hall"]
    assert sensor.neighbour == Neighbour(node="hall-1", decision="smoke", expires_s=600)
    assert app.sensors["gas"].neighbour is None
    channel = app.channels[app.channel_id("hall.active")]
    assert channel.told and (channel.minimum, channel.maximum, channel.scale) == (0, 100, -2)
    assert not app.channels[0].told
    assert app.warnings == ()


def test_what_it_says_in_a_scenario(tmp_path: Path) -> None:
    said = load(tmp_path).tests["one"].neighbours
    assert [(s.sensor, s.kind, s.value, s.begin_s, s.end_s) for s in said] == [
        ("hall", "quiet", 0, 0, None),
        ("hall", "active", 0, 600, 1800),
        ("hall", "late", 120, 60, None),
    ]


def test_a_node_is_no_neighbour_of_its_own(tmp_path: Path) -> None:
    load(tmp_path, node="hall-2")
    with pytest.raises(SpecError, match="is this node itself"):
        load(tmp_path, node="hall-1")
    with pytest.raises(SpecError, match="is this node itself"):
        load(tmp_path, APP.replace("board: uno", "board: uno\nnode: hall-1"))


@pytest.mark.parametrize(
    "expires, heartbeat, decision, warned",
    [
        ("10 min", "4 min", "smoke", False),
        ("10 min", "10 min", "smoke", True),
        ("10 min", "6 h", "smoke", True),
        ("10 min", "6 h", "fire", False),  # of another app, whose heartbeat nobody knows here
    ],
)
def test_words_that_expire_between_two_heartbeats(
    tmp_path: Path, expires: str, heartbeat: str, decision: str, warned: bool
) -> None:
    text = APP.replace("heartbeat: 4 min", f"heartbeat: {heartbeat}")
    text = text.replace("expires: 10 min", f"expires: {expires}")
    app = load(tmp_path, text.replace("decision: smoke", f"decision: {decision}"))
    assert [w.code for w in app.warnings] == ["window"] * warned


def test_the_schema_knows_it() -> None:
    schema: Any = json_schema()
    validator = jsonschema.Draft202012Validator(schema)
    good = YAML(typ="safe", pure=True).load(APP)
    assert [e.message for e in validator.iter_errors(good)] == []
    for name in ("110_neighbours", "112_neighbours_say"):
        broken = YAML(typ="safe", pure=True).load(FOLDER / f"{name}.yaml")
        assert list(validator.iter_errors(broken)), name
    for key, value in (("node", "Hall"), ("decision", "a-b"), ("expire", "1 h")):
        wrong = YAML(typ="safe", pure=True).load(APP)
        wrong["sensors"]["hall"][key] = value
        assert list(validator.iter_errors(wrong)), key


WORDS = [
    "active",
    "quiet",
    "silent",
    "late",
    "from",
    "at",
    "for",
    "5 min",
    "1 h",
    "2 d",
    ",",
    "é",
]


@settings(max_examples=300, deadline=None)
@given(
    text=st.one_of(
        st.lists(st.sampled_from(WORDS), max_size=7).map(" ".join), st.text(max_size=30)
    ),
    total=st.sampled_from([0, 3600]),
)
def test_any_text_is_said_or_refused(text: str, total: int) -> None:
    try:
        one = parse_said(text, sensor="hall", total=total)
    except Mistake as mistake:
        assert mistake.message and mistake.hint
        assert mistake.offset is None or 0 <= mistake.offset <= len(text)
    else:
        assert isinstance(one, Said)
        assert (one.kind == "late") == (one.value > 0)
