"""The closed loop: the valve wets the soil, the books balance, the same seed repeats."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tinyfield import data
from tinyfield.data.bed_world import BedWorld
from tinyfield.errors import DataError
from tinyfield.spec import App

DAY = 86400


def run(world: BedWorld, days: int, minutes: int = 0, every: int = 1) -> list[dict[str, float]]:
    """Waters ``minutes`` at six in the morning of every so many days."""
    out = []
    for t in range(0, days * DAY, 600):
        out.append(world.sample(t))
        if minutes and t % (every * DAY) == 6 * 3600:
            world.actuate(t, "valve", True)
            world.actuate(t + 60 * minutes, "valve", False)
    return out


def test_it_gives_every_channel_within_its_range(app: App) -> None:
    rows = run(data.world(app), 20)
    for c in app.channels:
        values = np.array([r[c.name] for r in rows])
        seen = values[np.isfinite(values)]
        assert len(seen) > 0.99 * len(values)
        assert seen.min() >= c.minimum * 10.0**c.scale
        assert seen.max() <= c.maximum * 10.0**c.scale
        assert np.unique(seen).size > 3


def test_the_books_balance_and_water_counts(app: App) -> None:
    world = data.world(app)
    run(world, 30, minutes=10, every=2)
    got = world.summary()
    assert abs(got["balance_mm"]) < 1e-9
    assert got["litres"] == pytest.approx(15 * 60)
    assert got["days"] == pytest.approx(30, abs=0.01)


def test_water_keeps_stress_away(app: App) -> None:
    dry, wet = data.world(app), data.world(app)
    dry_rows, wet_rows = run(dry, 60), run(wet, 60, minutes=8)
    assert dry.summary()["stress_days"] > 10
    assert wet.summary()["stress_days"] < 3
    assert wet.summary()["transpiration"] > dry.summary()["transpiration"]
    assert wet_rows[-1]["soil.moisture"] > dry_rows[-1]["soil.moisture"] + 20
    assert dry.summary()["litres"] == 0


def test_the_same_seed_gives_the_same_season(app: App) -> None:
    rows = [run(data.world(app, seed=3), 5, minutes=5) for _ in range(2)]
    assert repr(rows[0]) == repr(rows[1])
    assert repr(run(data.world(app, seed=4), 5, minutes=5)) != repr(rows[0])
    assert repr(run(data.world(app, season="generated-1", seed=3), 5, minutes=5)) != repr(rows[0])


def test_an_empty_tank_gives_nothing(app: App) -> None:
    world = data.world(app)
    world.tank.litres = 12.0
    world._trucks[:] = False
    world.sample(0)
    world.actuate(0, "valve", True)
    rows = [world.sample(t) for t in range(600, 3 * 3600, 600)]
    assert world.litres == pytest.approx(12.0)
    assert rows[-1]["tank.level"] < 3


def test_only_the_valve_wets(app: App) -> None:
    world = data.world(app)
    world.actuate(0, "lamp", True)
    run(world, 1)
    assert world.litres == 0


def test_unknown_seasons_are_said(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINYFIELD_CACHE", str(tmp_path))
    monkeypatch.delenv("TINYFIELD_DATA", raising=False)
    for season in ("last", "generated-x", "18"):
        with pytest.raises(DataError, match="no season"):
            data.world(app, season=season)
    with pytest.raises(DataError, match="is not here"):
        data.world(app, season="2018")


def test_a_real_season(app: App, shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINYFIELD_DATA", str(shared / "data"))
    world = data.world(app, season="2018")
    assert world.days == 120
    rows = run(world, 10)
    assert 5 < np.nanmean([r["air.temperature"] for r in rows]) < 40
    with pytest.raises(DataError, match=r"Seasons there|no weather for"):
        data.world(app, season="2001")
