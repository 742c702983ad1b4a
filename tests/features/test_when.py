"""The time of day and of the year: the C against datetime and NumPy."""

from __future__ import annotations

import ctypes
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from tests.features.apps import app, channel, cyclic
from tests.features.clockless import without_clock
from tinyfield import hostcc
from tinyfield.data.dataset import Series
from tinyfield.features.bind import FeatureLibrary, feature_files
from tinyfield.features.scale import MISSING
from tinyfield.features.table import times
from tinyfield.paths import firmware_dir
from tinyfield.spec import load_app

YEAR_D = 365.2425

_CLOCK = """
#include "clock.h"
#include "features/when.h"
int32_t sine(int32_t turn) { return tiny_when_sine((uint16_t)turn); }
/* The clock is set at `heard`, asked at t. */
void now(uint32_t planted, int32_t date, uint32_t epoch, uint32_t heard, uint32_t t, int32_t *out)
{
    tiny_clock_t clock;
    tiny_clock_begin(&clock, 3);
    if (epoch != 0) {
        tiny_clock_set(&clock, heard, epoch, planted);
    }
    const tiny_when_t when = tiny_clock_when(&clock, t, date);
    out[0] = when.day;
    out[1] = when.date;
    out[2] = when.second;
    out[3] = tiny_when_hour(&when);
}
"""


@cache
def clock() -> ctypes.CDLL:
    core = firmware_dir() / "core"
    path = hostcc.compile_shared([_CLOCK, *feature_files()], include=[core], name="when")
    return ctypes.CDLL(str(path))


def now(planted: int, date: int, epoch: int, heard: int, t: int) -> list[int]:
    out = (ctypes.c_int32 * 4)()
    clock().now(ctypes.c_uint32(planted), date, ctypes.c_uint32(epoch), heard, t, out)
    return list(out)


def series(t0: datetime, n: int, period_s: int) -> Series:
    day = (np.arange(n) * period_s // 86400).astype(np.int32)
    labels = np.zeros(n, np.int16)
    return Series("g", {}, period_s, t0, {}, day, labels, "measured")


def test_sine_of_every_turn() -> None:
    turns = np.arange(65536)
    mine = np.array([clock().sine(int(turn)) for turn in turns])
    assert np.abs(mine - 1000 * np.sin(turns * 2 * np.pi / 65536)).max() < 1
    assert mine[[0, 16384, 32768, 49152]].tolist() == [0, 1000, 0, -1000]


@pytest.mark.parametrize("t0", [datetime(2013, 3, 1), datetime(1999, 12, 30, 17, 20, 7)])
def test_cyclic_features_of_a_dated_series(t0: datetime) -> None:
    """Six years of every 997 min, leap days and the turn of the century among them."""
    n, period_s = 3200, 997 * 60
    library = FeatureLibrary(
        app([channel("a.x")], {"m": [cyclic("time.hour"), cyclic("time.year")]})
    )
    when = times(series(t0, n, period_s))
    out, valid = library.run("m", np.zeros((n, 1), np.int32), when, None)
    assert valid.all()
    at = [t0 + timedelta(seconds=i * period_s) for i in range(n)]
    hour = np.array([(a - datetime(a.year, a.month, a.day)) / timedelta(days=1) for a in at])
    year = np.array([(a - datetime(2000, 1, 1)) / timedelta(days=YEAR_D) for a in at])
    expected = [f(2 * np.pi * turn) for turn in (hour, year) for f in (np.sin, np.cos)]
    assert np.abs(out - 1000 * np.stack(expected, 1)).max() < 1.1
    assert when[:, 1].tolist() == [(a - datetime(2000, 1, 1)).days for a in at]


def test_without_a_clock_there_is_no_time() -> None:
    library = FeatureLibrary(app([channel("a.x")], {"m": [cyclic("time.hour")]}))
    out, valid = library.run("m", np.zeros((2, 1), np.int32), without_clock(np.arange(2)), None)
    assert not valid.any()
    assert (out == MISSING).all()


@pytest.mark.parametrize("offset_h", [-9.5, 0, 5.75, 8])
def test_the_nodes_clock_is_local(offset_h: float) -> None:
    offset = timedelta(hours=offset_h)
    zero = datetime(2026, 4, 20)  # local
    planted = int((zero - offset - datetime(1970, 1, 1)).total_seconds())
    date = (zero - datetime(2000, 1, 1)).days
    for heard, t in ((0, 0), (50, 50), (7, 200_000), (86_400, 86_399 * 300)):
        utc = datetime(2026, 4, 21, 14, 35, 12)
        epoch = int((utc - datetime(1970, 1, 1)).total_seconds())
        local = utc + offset + timedelta(seconds=t - heard)
        midnight = datetime(local.year, local.month, local.day)
        second = int((local - midnight).total_seconds())
        assert now(planted, date, epoch, heard, t) == [
            (midnight - zero).days,
            (midnight - datetime(2000, 1, 1)).days,
            second,
            second // 36,
        ]


def test_an_unset_clock_knows_the_day_alone() -> None:
    assert now(1_776_643_200, 9606, 0, 0, 90_000) == [4, MISSING, MISSING, MISSING]


APP = """\
app: lamp
board: native
site: {{utc_offset: {offset}}}
sensors:
  air: {{driver: bme280}}
sample: every 10 min
decisions:
  morning: {{when: time.hour >= 7 and time.hour < 8.5, severity: info}}
"""


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("8 h", 28800), ("-5 h", -18000), ("5 h 45 min", 20700), ("-3.5 h", -12600), ("0 h", 0)],
)
def test_offsets(tmp_path: Path, text: str, seconds: int) -> None:
    path = tmp_path / "app.yaml"
    path.write_text(APP.format(offset=text))
    loaded = load_app(path)
    assert loaded.site is not None
    assert loaded.site.utc_offset_s == seconds
    assert loaded.reads_time
    clauses = loaded.decisions["morning"].clauses
    assert [clause.text for clause in clauses] == ["time.hour >= 7", "time.hour < 8.5"]
