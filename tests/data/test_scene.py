"""Worlds that play a script: every state of every world, the same again, and the bed's own sky."""

from __future__ import annotations

import math
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from tinyfield.data.generators.scene import Scene, world
from tinyfield.errors import UserError
from tinyfield.spec import App, Play, load_app
from tinyfield.spec.worlds import worlds

DAY, HOUR = 86400, 3600
START = datetime(2026, 6, 1, 6)
EVERY = [(name, state) for name, kind in worlds().items() for state in kind.states]


def app_for(root: Path, name: str) -> App:
    """An app of ours whose every channel that world answers."""
    known = set(worlds()[name].quantities)
    for path in sorted((root / "apps").glob("*.yaml")):
        app = load_app(path)
        if {c.quantity for c in app.channels} <= known:
            return app
    pytest.skip(f"no app here reads what the world {name!r} answers")


@pytest.fixture(scope="module")
def bed(root: Path) -> App:
    return load_app(root / "apps/irrigation.yaml")


def rows(scene: Scene) -> list[dict[str, float]]:
    """What a node is told at each sample; of a fast sensor the last of its frames."""
    fast = {c.name: s for s in scene.app.sensors.values() if s.frames
            for c in scene.app.channels if c.sensor == s.name}  # fmt: skip
    found = []
    for t in range(0, scene.seconds, scene.app.sample_s):
        row = {name: v for name, v in scene.sample(t).items() if name not in fast}
        for sensor in {id(s): s for s in fast.values()}.values():
            frames = scene.burst(t, sensor.frames, sensor.rate_mhz / 1000)
            assert all(v.shape == (sensor.frames,) for v in frames.values())
            row |= {name: float(v[-1]) for name, v in frames.items() if name in sensor.channels}
        found.append(row)
    return found


@pytest.mark.parametrize(("name", "state"), EVERY)
def test_every_state_plays_and_plays_the_same_again(root: Path, name: str, state: str) -> None:
    app = app_for(root, name)
    first = next(iter(worlds()[name].states))
    script = [Play(first, 20 * app.sample_s), Play(state, 20 * app.sample_s)]
    made = [rows(world(name, app, script, seed=3, start=START)) for _ in range(2)]
    assert repr(made[0]) == repr(made[1])
    names = {c.name for c in app.channels}
    assert all(set(row) == names for row in made[0])
    assert all(any(math.isfinite(row[name]) for row in made[0]) for name in names)
    assert all(worlds()[name].states.values()) and worlds()[name].what


@pytest.mark.parametrize("name", worlds())
def test_another_seed_is_another_run(root: Path, name: str) -> None:
    app = app_for(root, name)
    script = [Play(next(iter(worlds()[name].states)), 40 * app.sample_s)]
    one, two = (rows(world(name, app, script, seed=seed, start=START)) for seed in (1, 2))
    assert repr(one) != repr(two)


def test_the_script_says_where_it_stands(bed: App) -> None:
    scene = world("bed", bed, [Play("sunny", 100), Play("rain", 50)], seed=0, start=START)
    assert scene.seconds == 150 and scene.days == 150 / DAY
    assert scene.spans() == [(0, 100, "sunny"), (100, 150, "rain")]
    assert (scene.at(0).state, scene.at(99).left, scene.at(100).since) == ("sunny", 1, 0)
    assert scene.at(100).state == scene.at(1e9).state == "rain"
    assert scene.clock(0) == 6 and scene.clock(19 * HOUR) == 1
    assert scene.name == "bed"


def test_what_a_world_does_not_know(bed: App) -> None:
    with pytest.raises(UserError, match="no world 'bad'") as caught:
        world("bad", bed, [Play("sunny", 60)], seed=0, start=START)
    assert caught.value.hint == "did you mean 'bed'?"
    with pytest.raises(UserError, match="no state 'sunnny'") as caught:
        world("bed", bed, [Play("sunnny", 60)], seed=0, start=START)
    assert caught.value.hint == "did you mean 'sunny'?"
    with pytest.raises(UserError, match="no fast channels"):
        world("bed", bed, [Play("sunny", 60)], seed=0, start=START).burst(0, 10, 100)


def test_the_beds_sky_is_the_scripts(bed: App) -> None:
    script = [
        Play("sunny", 5 * DAY),
        Play("rain", 6 * HOUR),
        Play("cloudy", DAY),
        Play("heat", 2 * DAY),
    ]
    scene = world("bed", bed, script, seed=0, start=START)
    made = rows(scene)

    def of(channel: str, begin: float, end: float) -> np.ndarray:
        return np.array([r[channel] for r in made[int(begin * 144) : int(end * 144)]])

    soil = "soil.moisture"
    assert np.nanmean(of(soil, 4.5, 5)) < np.nanmean(of(soil, 0, 0.5)) - 8  # the sun dries
    assert np.nanmean(of(soil, 5.4, 5.6)) > np.nanmean(of(soil, 4.9, 5)) + 20  # rain wets
    assert scene.summary()["rain_litres"] == pytest.approx(6 * 4 * bed.site.area_m2)  # type: ignore[union-attr]
    light = "light.illuminance"
    assert np.nanmean(of(light, 5.25, 6.25)) < 0.5 * np.nanmean(of(light, 0, 1))  # clouds
    heat = "air.temperature"
    assert np.nanmax(of(heat, 7, 8)) > np.nanmax(of(heat, 0, 1)) + 5
    assert abs(scene.summary()["balance_mm"]) < 1e-6


def test_the_bed_feels_its_valve_and_its_age(bed: App) -> None:
    dry, wet = (world("bed", bed, [Play("sunny", DAY)], seed=0, start=START) for _ in range(2))
    wet.actuate(HOUR, "valve", True)
    wet.actuate(2 * HOUR, "valve", False)
    last = [rows(scene)[-1] for scene in (dry, wet)]
    assert last[1]["soil.moisture"] > last[0]["soil.moisture"] + 5
    assert last[1]["tank.level"] < last[0]["tank.level"] - 30
    assert bed.site is not None and bed.site.planted is not None
    young = world("bed", bed, [Play("sunny", DAY)], seed=0, start=datetime(2026, 4, 20))
    rows(young)
    rows(old := world("bed", bed, [Play("sunny", DAY)], seed=0, start=datetime(2026, 7, 1)))
    assert old._bed.wanted_mm > 2 * young._bed.wanted_mm  # type: ignore[attr-defined]
