"""Traces that cannot be used say where and what to do; those that can are exact."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.codegen.apps import SMALL, app_of
from tinyfield.errors import DataError
from tinyfield.features.scale import MISSING
from tinyfield.sim import TraceSource, to_scaled
from tinyfield.spec import App

Trace = Callable[..., TraceSource]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> App:
    return app_of(SMALL, tmp_path_factory.mktemp("app"), "native")


@pytest.fixture
def trace(app: App, tmp_path: Path) -> Trace:
    def read(text: str | bytes, **more: int) -> TraceSource:
        path = tmp_path / "x.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return TraceSource(path, app, **more)

    return read


# file, line, words of the message, words of the cure
BAD = {
    "empty": ("", 1, "empty", "t,soil.moisture [%],tank.level [%]"),
    "blank lines": ("\n\n\n", 1, "empty", "header"),
    "header alone": ("t,soil.moisture,tank.level\n", 1, "no rows", "at least one"),
    "no time": ("soil.moisture,tank.level\n1,2\n", 1, "no column t", "begin with a header"),
    "missing column": ("t,soil.moisture\n0,1\n", 1, "no column tank.level", "add the column"),
    "misspelt column": (
        "t,soil.moistrue,tank.level\n0,1,2\n", 1, "no column soil.moisture", "'soil.moistrue'",
    ),
    "column twice": ("t,tank.level,tank.level,soil.moisture\n", 1, "two columns", "keep one"),
    "NaN": ("t,soil.moisture,tank.level\n0,NaN,1\n", 2, "soil.moisture: 'NaN'", "empty"),
    "infinity": ("t,soil.moisture,tank.level\n0,1,-inf\n", 2, "tank.level: '-inf'", "empty"),
    "text": ("t,soil.moisture,tank.level\n0,1,2\n600,dry,2\n", 3, "'dry' is no number", "empty"),
    "comma as point": ("t,soil.moisture,tank.level\n0,1,5,2\n", 2, "4 cells", "header has 3"),
    "short row": ("t,soil.moisture,tank.level\n0,1\n", 2, "2 cells", "one cell for each"),
    "wrong unit": (
        "t,soil.moisture [degC],tank.level\n0,1,2\n", 1, "[degC] does not fit %", "convert",
    ),
    "unknown unit": ("t,soil.moisture [foo],tank.level\n", 1, "unknown unit 'foo'", "in %"),
    "time in minutes": ("t [min],soil.moisture,tank.level\n0,1,2\n", 1, "'min'", "in s"),
    "time goes back": (
        "t,soil.moisture,tank.level\n600,1,2\n0,1,2\n", 3, "does not come after", "sort",
    ),
    "time stands still": (
        "t,soil.moisture,tank.level\n0,1,2\n0,1,2\n", 3, "that of the row before", "leave one",
    ),
    "negative time": ("t,soil.moisture,tank.level\n-1,1,2\n", 2, "t -1", "whole seconds"),
    "part of a second": ("t,soil.moisture,tank.level\n0.5,1,2\n", 2, "t 0.5", "whole seconds"),
    "NaN as time": ("t,soil.moisture,tank.level\nNaN,1,2\n", 2, "t NaN", "whole seconds"),
    "no time in a cell": ("t,soil.moisture,tank.level\n,1,2\n", 2, "'' is no time", "ISO 8601"),
    "endless time": (
        "t,soil.moisture,tank.level\n0,1,2\n9999999999,1,2\n", 3, "136 years", "seconds",
    ),
    "mixed times": (
        "t,soil.moisture,tank.level\n0,1,2\n2026-04-20,1,2\n", 3, "after seconds", "one form",
    ),
    "ISO goes back": (
        "t,soil.moisture,tank.level\n2026-04-20,1,2\n2026-04-19,1,2\n", 3, "come after", "sort",
    ),
    "semicolons": ("t;soil.moisture;tank.level\n0;1;2\n", 1, "semicolons", "commas"),
    "semicolons and decimal commas": (
        "t;soil.moisture;tank.level\n0;1,5;2,5\n", 1, "semicolons", "with a point",
    ),
    "tabs": ("t\tsoil.moisture\ttank.level\n0\t1\t2\n", 1, "tabs", "commas"),
    "decimal comma": ('t,soil.moisture,tank.level\n0,"1,5",2\n', 2, "'1,5' is no", "point: 1.5"),
    "another unit": (
        "t,soil.moisture,tank.level\n0,1,2\n" + "".join(f"{60 * i},1,300\n" for i in range(1, 9)),
        3, "tank.level: 300 % is beyond what it can be, as are 8 of 9", "tank.level [unit]",
    ),
    "NUL": ("t,soil.moisture,tank.level\n0,1,\0\n", 2, "NUL", "UTF-8"),
    "open quote": ('t,soil.moisture,tank.level\n0,"1,2\n', 2, "CSV", "quotes"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_trace_gives_line_cause_and_cure(trace: Trace, name: str) -> None:
    text, line, cause, cure = BAD[name]
    with pytest.raises(DataError) as caught:
        trace(text)
    error = caught.value
    assert f"x.csv:{line}: " in error.message
    assert cause in error.message
    assert cure in f"{error.hint} {error.message}"


def test_bytes_that_are_no_text(trace: Trace) -> None:
    with pytest.raises(DataError, match=r"x\.csv:2: not UTF-8"):
        trace(b"t,soil.moisture,tank.level\n0,\xff\xfe,1\n")


def test_no_such_file_and_a_folder(app: App, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No such file"):
        TraceSource(tmp_path / "none.csv", app)
    with pytest.raises(DataError, match="directory"):
        TraceSource(tmp_path, app)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(
    app: App, tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    for head in (b"", b"t,soil.moisture,tank.level\n"):
        path.write_bytes(head + data)
        try:
            source = TraceSource(path, app)
        except DataError as error:
            assert error.hint
        else:
            assert len(source.row(source.first) or ()) == 2


def test_values_are_exact_and_gaps_are_missing(trace: Trace) -> None:
    source = trace(
        "\ufefftank.level (%) ,note,t, soil.moisture\r\n"
        "# a comment\r\n"
        "50.05,x,0,23.45\r\n"
        "50.15,x,600,-0.04\r\n"
        "\r\n"
        ",x,1200,9999\r\n"
        "1e2,x,1800,1e-300\r\n"
        "1e300,x,2400,0\r\n"
    )
    assert (source.first, source.last) == (0, 2400)
    rows = [source.row(t) for t in range(0, 3000, 600)]
    # soil.moisture and tank.level both have scale -1 and 0 to 100 %; half goes away from zero.
    assert rows == [(235, 501), (0, 502), (MISSING, MISSING), (0, 1000), (0, MISSING)]
    assert source.row(3000) is None


def test_units_are_converted(trace: Trace) -> None:
    source = trace("t,soil.moisture [1],tank.level [ppm]\n0,0.2345,501500\n")
    assert source.row(0) == (235, 502)


def test_iso_times_tell_the_date(trace: Trace) -> None:
    source = trace(
        "time,soil.moisture,tank.level\n2026-05-01T00:00:00Z,1,2\n2026-05-01T02:10:00+02:00,3,4\n"
    )
    assert source.start == 1_777_593_600
    assert (source.first, source.last) == (0, 600)
    assert source.row(600) == (30, 40)


def test_unix_seconds_tell_the_date(trace: Trace) -> None:
    source = trace("t,soil.moisture,tank.level\n1777593600,1,2\n1777594200,3,4\n")
    assert source.start == 1_777_593_600
    assert (source.first, source.last) == (0, 600)


def test_a_trace_may_start_late_and_skip(trace: Trace) -> None:
    source = trace("t,soil.moisture,tank.level\n1200,1,2\n1790,3,4\n1800,5,6\n2400,5,7\n6000,7,8\n")
    assert source.first == 1200
    assert source.row(1800) == (50, 60)
    assert source.row(2400) == (50, 70)
    assert source.row(3600) == (MISSING, MISSING)
    assert source.row(6000) == (70, 80)


def test_a_coarser_trace_is_held_for_one_step(trace: Trace) -> None:
    source = trace("t,soil.moisture,tank.level\n0,1,2\n3600,3,4\n7200,5,6\n")
    assert [source.row(t) for t in (0, 600, 3000, 3600)] == [(10, 20)] * 3 + [(30, 40)]


def test_a_limit_ends_it_early(trace: Trace) -> None:
    source = trace("t,soil.moisture,tank.level\n0,1,2\n600,3,4\n1200,5,6\n", limit=2)
    assert source.row(600) == (30, 40)
    assert source.row(1200) is None


@given(st.decimals(-1000, 1000, places=4).filter(lambda d: not d.is_nan()), st.integers(-3, 1))
def test_rounding_is_half_away_from_zero(value: Decimal, scale: int) -> None:
    exact = int((value / Decimal(1).scaleb(scale)).to_integral_value(ROUND_HALF_UP))
    ours = to_scaled(float(value), scale, -(10**9), 10**9)
    # A float may lie on the other side of a half that the decimal hits exactly.
    tie = abs(value / Decimal(1).scaleb(scale)) % 1 == Decimal("0.5")
    assert ours == exact or (tie and abs(ours - exact) == 1)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 100.06, -0.06])
def test_what_a_sensor_cannot_give_is_missing(value: float) -> None:
    assert to_scaled(value, -1, 0, 1000) == MISSING
    assert to_scaled(100.04, -1, 0, 1000) == 1000
