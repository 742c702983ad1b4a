"""The fan: runs by state and speed, labels, splits by speed and in time, the stand-in."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import welch

from tests.data.test_air import app_of
from tinyfield import data
from tinyfield.data import fan
from tinyfield.data.fit.rotor import fit_run
from tinyfield.data.generators import rotor
from tinyfield.data.generators.scene import Scene, world
from tinyfield.data.importers.fan import RATE_HZ, STATES, Run, read_runs
from tinyfield.errors import DataError
from tinyfield.spec import App, Play
from tinyfield.spec.app import Channel

STATE = ", ".join(STATES)


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TINYFIELD_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("TINYFIELD_DATA", raising=False)


def fan_app(
    folder: Path, *, label: str = "state", split: str = "by time", classes: str = STATE
) -> App:
    app = app_of(folder, dataset="anomaly_fan", stand_in="rotor", label=label, split=split,
                 classes=classes)  # fmt: skip
    axes = tuple(
        Channel(name=f"imu.accel_{a}", sensor="imu", quantity=f"accel_{a}", unit="g", scale=-3,
                minimum=-8000, maximum=8000) for a in "xyz"
    )  # fmt: skip
    return app.model_copy(update={"channels": axes})


def lay(folder: Path, rows: list[tuple[int, int, int, int]]) -> Path:
    """Runs of (state, speed, first frame, frames); x says which frame it is."""
    folder.mkdir(exist_ok=True)
    lines = ["wconfid,pctid,i,x,y,z"]
    for state, speed, first, n in rows:
        z = speed / 1000
        lines += [f"{state},{speed},{i},{i / 1000},{-state},{z}" for i in range(first, first + n)]
    (folder / "any.csv").write_text("\n".join(lines) + "\n")
    return folder


def everything(frames: int = 600) -> list[tuple[int, int, int, int]]:
    return [(w, p, 0, frames) for w in (1, 2, 3) for p in (20, 30, 40, 50, 60, 70, 80)]


def test_a_run_ends_where_state_speed_or_count_breaks(tmp_path: Path) -> None:
    lay(tmp_path, [(1, 20, 0, 5), (1, 20, 9, 3), (1, 30, 12, 4), (3, 30, 16, 2)])
    assert [(r.state, r.speed, r.first, len(r.axes["x"])) for r in read_runs(tmp_path)] == [
        ("normal", 20, 0, 5), ("normal", 20, 9, 3), ("normal", 30, 12, 4), ("opposite", 30, 16, 2),
    ]  # fmt: skip


def test_a_strange_state_is_named_with_its_line(tmp_path: Path) -> None:
    lay(tmp_path, [(1, 20, 0, 2), (4, 20, 0, 2)])
    with pytest.raises(DataError, match=r"any\.csv:4: column wconfid: 4 is no state"):
        read_runs(tmp_path)


def test_a_split_in_time_keeps_a_gap(tmp_path: Path) -> None:
    made = data.load(fan_app(tmp_path), "m", data_dir=lay(tmp_path / "d", everything()))
    parts = {r.group: r for r in made.recordings if r.group.endswith("/40-perpendicular")}
    x = {g.split("/")[0]: np.rint(r.channels["imu.accel_x"] * 1000) for g, r in parts.items()}
    assert (x["train"][0], x["valid"][0] - x["train"][-1]) == (0, fan.GAP + 1)
    assert (x["test"][0] - x["valid"][-1], x["test"][-1]) == (fan.GAP + 1, 599)
    assert len(x["valid"]) == 132
    assert len(x["test"]) == 132
    assert {int(v) for r in parts.values() for v in r.labels} == {1}
    assert {made.split[g] for g in parts} == {"train", "valid", "test"}


def test_a_split_by_speed_keeps_all_states_of_a_speed_together(tmp_path: Path) -> None:
    made = data.load(fan_app(tmp_path, split="by speed"), "m",
                     data_dir=lay(tmp_path / "d", everything()))  # fmt: skip
    by: dict[int, set[str]] = {}
    for r in made.recordings:
        by.setdefault(r.site["speed"], set()).add(made.split[r.group])
    assert by == {20: {"train"}, 30: {"test"}, 40: {"train"}, 50: {"valid"}, 60: {"train"},
                  70: {"test"}, 80: {"train"}}  # fmt: skip
    with pytest.raises(DataError, match="3 speeds are too few"):
        fan.by_speed([10, 20, 30], seed=0)


def test_a_fault_is_whatever_is_not_normal(tmp_path: Path) -> None:
    made = data.load(fan_app(tmp_path, label="fault", classes="normal, fault"), "m",
                     data_dir=lay(tmp_path / "d", everything()))  # fmt: skip
    labels = {r.group.split("-")[1]: set(r.labels.tolist()) for r in made.recordings}
    assert labels == {"normal": {0}, "perpendicular": {1}, "opposite": {1}}


def test_what_was_kept_apart_is_all_tested_on_and_later_runs_have_other_names(
    tmp_path: Path,
) -> None:
    folder = lay(tmp_path / "d", [(1, 20, 2250, 400), (1, 35, 0, 400), (1, 35, 900, 400)])
    made = data.load(fan_app(tmp_path), "m", data_dir=folder, held_out=True)
    assert made.split == {
        "later/20-normal": "test", "35-normal": "test", "later/35-normal": "test",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"label": "speed"}, "no label 'speed'"),
        ({"classes": "low, high"}, "the states are normal"),
        ({"label": "fault"}, "two classes, the model has 3"),
        ({"split": "by station"}, "cannot be split by station"),
    ],
)
def test_mistakes(tmp_path: Path, change: dict[str, str], match: str) -> None:
    with pytest.raises(DataError, match=match):
        data.load(fan_app(tmp_path, **change), "m", data_dir=lay(tmp_path / "d", everything()))


def test_an_app_without_an_accelerometer_is_told(tmp_path: Path) -> None:
    app = app_of(tmp_path, dataset="anomaly_fan", stand_in="rotor", label="state", classes=STATE)
    with pytest.raises(DataError, match="measures none of them"):
        data.load(app, "m", data_dir=lay(tmp_path / "d", everything()))


def test_the_stand_in_says_so_and_is_the_same_each_time(tmp_path: Path) -> None:
    made = data.load(fan_app(tmp_path), "m")
    assert {r.origin for r in made.recordings} == {"generated"}
    assert made.provenance[0].startswith("NO REAL DATA")
    assert made.key() == data.load(fan_app(tmp_path), "m").key()
    assert min(made.shares("train").values()) == pytest.approx(1 / 3)


def test_the_stand_in_has_the_lines_of_its_table() -> None:
    """Rotation of the normal fan at 65 % is at 10 Hz, by SciPy's spectrum."""
    made = rotor.frames(rotor.vibration("normal", 65), 0, 3000, 1)
    f, power = welch(made[:, 2], RATE_HZ, nperseg=512)
    assert f[power.argmax()] == pytest.approx(10.0, abs=0.2)
    strongest = max(rotor.vibration("normal", 65).lines, key=lambda line: line[3])
    assert np.sqrt(power[abs(f - 10) < 0.5].sum() * f[1]) == pytest.approx(strongest[3], rel=0.1)


def test_frames_may_be_asked_for_piece_by_piece() -> None:
    made = rotor.vibration("opposite", 87)
    whole = rotor.frames(made, 30, 200, 5)
    pieces = [rotor.frames(made, 30, 77, 5), rotor.frames(made, 107, 123, 5)]
    assert np.array_equal(whole, np.concatenate(pieces))


def test_a_fit_finds_the_lines_that_were_put_in() -> None:
    rng = np.random.default_rng(1)
    t = np.arange(3000) / RATE_HZ
    tone = np.sqrt(2) * np.sin(2 * np.pi * 8.3 * t)
    axes = {
        "x": 1 + rng.normal(0, 0.02, 3000),
        "y": 0.1 * tone + rng.normal(0, 0.02, 3000),
        "z": 0.3 * tone + rng.normal(0, 0.02, 3000),
    }
    found = fit_run(Run("normal", 40, 0, axes))
    strongest = max(found["lines"], key=lambda line: line[3])  # type: ignore[index]
    assert strongest[0] == pytest.approx(8.3, abs=0.05)  # type: ignore[index]
    assert strongest[2:] == pytest.approx([0.1, 0.3], rel=0.1)  # type: ignore[index]
    assert found["noise"] == pytest.approx([0.02, 0.02, 0.02], rel=0.35)


def test_a_standstill_is_generated_and_says_so(tmp_path: Path) -> None:
    app = fan_app(tmp_path, label="running", classes="off, running")
    made = data.load(app, "m", data_dir=lay(tmp_path / "d", everything()))
    off = [r for r in made.recordings if set(r.labels.tolist()) == {0}]
    assert {r.origin for r in off} == {"generated"}
    assert {made.split[r.group] for r in off} == {"train", "valid", "test"}
    assert any("stands still" in said for said in made.provenance)
    assert all(np.std(r.channels["imu.accel_y"]) < 0.01 for r in off)
    app = fan_app(tmp_path, label="running", classes="off, running", split="by speed")
    made = data.load(app, "m", data_dir=lay(tmp_path / "d", everything()))
    assert {made.split[r.group] for r in made.recordings if r.labels[0] == 0} == {
        "train", "valid", "test",
    }  # fmt: skip
    held = data.load(app, "m", data_dir=lay(tmp_path / "d", everything()), held_out=True)
    assert {r.origin for r in held.recordings} == {"measured"}


def scene(app: App, *script: tuple[str, int]) -> Scene:
    plays = [Play(state, seconds) for state, seconds in script]
    return world("fan", app, plays, seed=0, start=datetime(2026, 6, 1))


def test_a_burst_is_the_same_whichever_way_it_is_cut(tmp_path: Path) -> None:
    made = scene(fan_app(tmp_path), ("normal", 20), ("rubbing", 20), ("off", 20))
    whole = made.burst(50, 2500, RATE_HZ)["imu.accel_z"]
    pieces = [made.burst(t, 50, RATE_HZ)["imu.accel_z"] for t in range(1, 51)]
    assert np.array_equal(whole, np.concatenate(pieces))
    assert made.burst(0, 250, RATE_HZ)["imu.accel_z"].std() > 0.1  # it ran before, too


def test_states_of_the_world_are_felt(tmp_path: Path) -> None:
    app = fan_app(tmp_path)

    def spread(state: str) -> np.ndarray:
        frames = scene(app, (state, 60)).burst(55, 512, RATE_HZ)
        return np.array([frames[f"imu.accel_{a}"].std() for a in "xyz"])

    usual = spread("normal")
    assert (spread("off") < 0.01).all()
    assert (spread("rubbing")[:2] > 1.5 * usual[:2]).all()
    assert (spread("loose") > 1.2 * usual).all()
    assert (spread("opposite") < 0.2 * usual).all()
    assert (spread("fast") > 1.5 * usual).all() and (spread("slow") < 0.5 * usual).all()
    knocked = scene(app, ("knocked", 60))
    peak = [np.abs(knocked.burst(t, 50, RATE_HZ)["imu.accel_y"]).max() for t in (4, 6, 20)]
    assert peak[1] > peak[0] + 1 and peak[1] > peak[2] + 1
