"""Persistence and climatology against loops over the rows, and who beats them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np

from tests.learn.conftest import table
from tinyfield.features.scale import MISSING
from tinyfield.features.table import FeatureTable
from tinyfield.learn import baselines
from tinyfield.learn.regression import idle_errors

LEAD_S = 6 * 3600
START = datetime(2025, 3, 1)


def hourly(days: int = 400) -> FeatureTable:
    """Hours of a year and more, in every group: the first part of it trains. Afternoons of summer
    are 'heavy', else the class of six hours ago stays with some luck."""
    n = 24 * days
    rng = np.random.default_rng(7)
    when = [START + timedelta(hours=i) for i in range(n)]
    then = [one + timedelta(seconds=LEAD_S) for one in when]
    summer = np.array([t.month in (6, 7, 8) and 12 <= t.hour < 18 for t in then])
    y = np.where(summer, 2, rng.random(n) < 0.3).astype(np.int16)
    part = np.where(np.arange(n) < 0.6 * n, "train", "valid")
    part[int(0.8 * n) :] = "test"
    before = np.full(n, MISSING, np.int32)
    before[6:] = y[:-6]
    few = table(n)
    return replace(
        few,
        y=y,
        split=part,
        group=np.array([f"{p}/{i % 3}" for i, p in enumerate(part)]),
        before=before,
        when=np.array([(t - datetime(2000, 1, 1)).total_seconds() for t in when], np.int64),
        lead_s=LEAD_S,
    )


def test_climatology_is_the_most_frequent_class_of_the_hour_and_the_month() -> None:
    rows = hourly()
    learned, test = rows.learned, rows.part("test")
    seen: dict[tuple[int, int], Counter[int]] = {}
    by_hour: dict[int, Counter[int]] = {}
    for t, y in zip(learned.when, learned.y, strict=True):
        then = datetime(2000, 1, 1) + timedelta(seconds=int(t) + LEAD_S)
        seen.setdefault((then.month, then.hour), Counter())[int(y)] += 1
        by_hour.setdefault(then.hour, Counter())[int(y)] += 1

    def most(counter: Counter[int]) -> int:
        return min(counter, key=lambda c: (-counter[c], c))

    wanted = []
    for t in test.when:
        then = datetime(2000, 1, 1) + timedelta(seconds=int(t) + LEAD_S)
        cell = seen.get((then.month, then.hour)) or by_hour[then.hour]
        wanted.append(most(cell))
    said = baselines.climatology(learned, test)
    assert said is not None and said.tolist() == wanted
    assert any(
        (t.month, t.hour) not in seen
        for t in (datetime(2000, 1, 1) + timedelta(seconds=int(s) + LEAD_S) for s in test.when)
    )


def test_a_numbers_climatology_is_the_mean() -> None:
    rows = replace(hourly(), classes=())
    learned, test = rows.learned, rows.part("test")
    said = baselines.climatology(learned, test)
    assert said is not None
    then = (learned.when + LEAD_S).astype("datetime64[s]") + (
        np.datetime64("2000-01-01", "s") - np.datetime64(0, "s")
    )
    month, hour = then.astype("datetime64[M]").astype(int) % 12 + 1, then.astype(int) // 3600 % 24
    at = np.flatnonzero(np.isin(np.arange(len(test)), [0, 500, 1500]))
    for i in at:
        t = datetime(2000, 1, 1) + timedelta(seconds=int(test.when[i]) + LEAD_S)
        cell = (month == t.month) & (hour == t.hour)
        cell = cell if cell.any() else hour == t.hour
        assert np.isclose(said[i], learned.y[cell].mean())
    found = idle_errors(learned, test, 0.5)
    off = np.abs(test.y - said).mean() * 0.5
    assert found["climatology"] is not None and abs(found["climatology"].mae - off) < 1e-6
    assert found["persistence"] is not None and found["persistence"].n == len(test)


def test_persistence_is_on_the_same_rows() -> None:
    """Where nothing is known yet it says the most frequent class."""
    rows = hourly()
    first = rows.rows(np.arange(200))
    said = baselines.persistence(rows.learned, first)
    assert said is not None and said[6:].tolist() == rows.y[:194].tolist()
    assert said[:6].tolist() == [0] * 6
    found = baselines.scores(rows.learned, rows.part("test"))
    assert all(one is not None and one.n == len(rows.part("test")) for one in found.values())
    assert all(one is not None and one.interval is not None for one in found.values())
    now = replace(rows, before=None, lead_s=0)
    found = baselines.scores(now.learned, now.part("test"))
    assert found["majority"] is not None
    assert found["persistence"] is None and found["climatology"] is None


def test_who_is_not_beaten_is_told() -> None:
    said = baselines.not_beaten(0.61, {"majority": 0.2, "persistence": 0.695}, "macro F1")
    words = "macro F1 0.610, and who says that nothing changes has 0.695"
    assert said == [f"DOES NOT BEAT PERSISTENCE: {words}"]
    assert baselines.not_beaten(0.7, {"majority": 0.2, "persistence": 0.695}, "macro F1") == []
    said = baselines.not_beaten(-3.5, {"mean": -9, "climatology": -3.5}, "mean error", "mm")
    words = "mean error 3.500 mm, and who says what is usual at that hour and month has 3.500 mm"
    assert said == [f"DOES NOT BEAT CLIMATOLOGY: {words}"]
