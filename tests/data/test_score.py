"""The ways of watering side by side, and the physics beside real probes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.data.field import make_field
from tinyfield import data
from tinyfield.data import score, validate
from tinyfield.data.dataset import World
from tinyfield.errors import DataError
from tinyfield.spec import App


def test_perfect_knowledge_wins_and_the_node_is_run(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(score, "THRESHOLDS", (60.0, 75.0, 90.0))
    monkeypatch.setattr(score, "TUNING_SEASONS", 2)
    monkeypatch.setattr(score, "THRESHOLD_MIN", (8.0, 16.0))
    monkeypatch.setattr(score, "THRESHOLD_HOURS", (12, 24))
    monkeypatch.setattr(score, "TIMER_MM_DAY", (8.0, 10.0, 12.0))
    seen: list[World] = []

    def nothing(world: World) -> None:
        seen.append(world)
        for t in range(0, world.days * 86400, 600):
            world.sample(t)

    table = score.irrigation_table(app, nothing, seasons=1)
    rows = {r.name: r for r in table.rows}
    timer, threshold, hindsight, perfect, node = table.rows
    assert len(seen) == 1
    assert perfect.stress_days == 0
    assert perfect.litres < timer.litres
    assert perfect.litres < threshold.litres
    assert perfect.litres < hindsight.litres
    assert perfect.drained_litres <= timer.drained_litres
    assert node.litres == 0
    assert node.stress_days > 40
    assert "SIMULATED" in table.text()
    assert table.to_json()["simulated"] is True
    assert len(table.records()) == len(rows) == 5


def test_the_world_and_the_batch_are_the_same_bed(app: App) -> None:
    """The node's world and the others' batch must not differ but in who waters."""
    bed = data.bed_world.bed_of(app)
    weather, seed = data.bed_world.unseen(bed, 1)
    world = data.bed_world.BedWorld(app, weather, seed, bed=bed)
    for t in range(0, world.days * 86400 + 600, 600):
        world.sample(t)
    field = score._field(bed, [(weather, seed)], app.sample_s)
    record = score._run(field, bed, lambda f, step: f.errors[0] * 0)
    stress, deficit = score._stress(field.batch, record)
    got = world.summary()
    assert got["stress_days"] == stress[0]
    assert got["deficit_days"] == pytest.approx(deficit[0])
    assert got["drained_litres"] == pytest.approx(float(record.drained.sum()) * bed.area_m2)


def test_physics_beats_persistence_on_plots_it_never_saw(shared: Path) -> None:
    """Guards of the published figures (see the docs): mm over 0–60 cm, mean absolute errors."""
    everything, early, late = validate.validation(shared / "data" / "irrigation_maricopa")
    assert (everything.plots, everything.intervals) == (16, 320)
    near, season = everything.next_mm, everything.season_mm
    assert near["physics"] < 0.85 * near["persistence"]
    assert near["physics + correction"] < near["physics"]
    assert near["physics"] < near["bucket"]
    assert season["physics"] < 0.65 * season["bucket"]
    assert season["physics"] < 0.5 * season["persistence"]
    assert late.next_mm["physics"] < 0.8 * late.next_mm["persistence"]
    assert early.intervals + late.intervals == everything.intervals


def test_other_fields_are_validated_too(tmp_path: Path, shared: Path) -> None:
    folder = make_field(tmp_path / "other", crop="maize")
    rows = data.validation_table(folder)
    assert rows[0]["plots"] == 4
    assert rows[0]["intervals"] == 4 * 6
    assert rows[0]["next: physics"] > 0
    only = tmp_path / "fitted"
    make_field(only, ("p09-1", "p10-2"))
    text = (only / "swc.csv").read_text().replace("2021-", "2018-")
    (only / "swc.csv").write_text(text)
    for name in ("weather.csv", "water.csv", "weeks.csv"):
        (only / name).write_text((only / name).read_text().replace("2021-", "2018-"))
    with pytest.raises(DataError, match="fitted to every plot"):
        data.validation_table(only)
