"""Each broken app with what is said of it; the messages are read as they will be: at six in the
morning, by someone who wants water on the field."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.spec.broken_files import FOLDER, copied, diagnostics, names
from tinyfield.errors import NotBuiltYetError, SpecError
from tinyfield.spec import Diagnostic, load_app, render_all

LINES = 5
TWELVE = {
    "01_indentation": (6, "like 'soil' in line 5"),
    "02_unknown_key": (15, "did you mean 'min_off'"),
    "03_driver_misspelt": (6, "did you mean 'bme280'"),
    "04_unit": (5, "2300 mV"),
    "05_missing_key": (1, "sample: every 10 min"),
    "06_type": (12, "[none, light, heavy]"),
    "07_duplicate_id": (6, "line 5"),
    "08_unknown_id": (19, "did you mean 'valve'"),
    "09_impossible_pin": (15, "output pins: 2, 3"),
    "10_two_parts_one_pin": (15, "take another"),
    "11_broken_expression": (18, "remove '>'"),
    "12_range": (18, "'70 %' or 0.7"),
}
"""The twelve kinds that peers were measured on: line and a piece of the cure."""


@pytest.fixture(scope="module")
def said() -> dict[str, tuple[Diagnostic, ...]]:
    with copied():
        return {name: diagnostics(name) for name in names()}


@pytest.fixture
def place() -> Iterator[Path]:
    with copied() as folder:
        yield folder


@pytest.mark.parametrize("name", names())
def test_messages_are_as_reviewed(name: str, said: dict[str, tuple[Diagnostic, ...]]) -> None:
    expected = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    assert render_all(said[name]) + "\n" == expected


@pytest.mark.parametrize("name", names())
def test_each_mistake_is_short_and_complete(
    name: str, said: dict[str, tuple[Diagnostic, ...]]
) -> None:
    assert said[name]
    for diagnostic in said[name]:
        lines = diagnostic.render().splitlines()
        assert len(lines) <= LINES
        assert all(len(line) <= 100 for line in lines[1:-1])
        assert diagnostic.hint, "a cause without a cure"
        assert re.match(r"[^:]+:\d+:\d+: (error|warning|not built yet): ", lines[0])


@pytest.mark.parametrize("name", TWELVE)
def test_the_twelve_kinds(name: str, said: dict[str, tuple[Diagnostic, ...]]) -> None:
    (only,) = said[name]
    line, cure = TWELVE[name]
    assert only.mark.line == line
    assert only.hint is not None and cure in only.hint


@pytest.mark.parametrize("name", ["66_eight_at_once", "67_eight_with_syntax"])
def test_eight_mistakes_show_in_one_run(name: str, said: dict[str, tuple[Diagnostic, ...]]) -> None:
    assert len(said[name]) >= 8
    places = [(d.mark.line, d.mark.column) for d in said[name]]
    assert places == sorted(places)


def test_carets_point_at_the_users_own_text(said: dict[str, tuple[Diagnostic, ...]]) -> None:
    for name, found in said.items():
        for diagnostic in found:
            if diagnostic.source is None:
                continue
            mark = diagnostic.mark
            text = (FOLDER / mark.file).read_text(encoding="utf-8").splitlines()[mark.line - 1]
            assert diagnostic.source == text, name
            assert mark.column + mark.width - 1 <= max(1, len(text)) + 1, name


def test_a_file_that_only_waits_for_us_is_told_apart(place: Path) -> None:
    with pytest.raises(NotBuiltYetError) as caught:
        load_app(Path("65_not_built_yet.yaml"))
    assert isinstance(caught.value, SpecError)
    with pytest.raises(SpecError) as other:
        load_app(Path("66_eight_at_once.yaml"))
    assert not isinstance(other.value, NotBuiltYetError)


def test_secrets_never_show(place: Path) -> None:
    shown = ""
    for name in names():
        try:
            app = load_app(Path(f"{name}.yaml"))
        except SpecError as error:
            shown += str(error) + repr(error.diagnostics)
            shown += repr([d.as_json() for d in error.diagnostics if isinstance(d, Diagnostic)])
        else:
            shown += repr(app) + app.dump()
    assert "hunter2" not in shown
    assert "correct-horse" not in shown
    assert "allotment" not in shown


def test_the_json_form_says_the_same(said: dict[str, tuple[Diagnostic, ...]]) -> None:
    (only,) = said["02_unknown_key"]
    assert only.as_json() == {
        "file": "02_unknown_key.yaml",
        "line": 15,
        "column": 50,
        "end_column": 56,
        "kind": "error",
        "code": "unknown key",
        "path": "actuators.valve.minoff",
        "message": "unknown key 'minoff'",
        "hint": "did you mean 'min_off'?",
    }
