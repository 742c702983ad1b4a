"""Human activity: executions, devices, labels, splits by person, the stand-in and its worlds."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.data.test_air import app_of
from tinyfield import data
from tinyfield.data.generators import person, person_scene, pocket_scene
from tinyfield.data.generators.scene import Play
from tinyfield.data.har import later, parse_label
from tinyfield.data.importers.har import ACTIVITIES, AXES, CLOCKS, read_executions
from tinyfield.errors import DataError
from tinyfield.spec import App
from tinyfield.spec.app import Channel

FIVE = ", ".join(ACTIVITIES)


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TINYFIELD_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("TINYFIELD_DATA", raising=False)


def har_app(folder: Path, *, label: str = "activity", split: str = "by subject",
            classes: str = FIVE) -> App:  # fmt: skip
    app = app_of(folder, dataset="har_geotec", stand_in="person", label=label, split=split,
                 classes=classes)  # fmt: skip
    units = {"accel": ("g", -3), "gyro": ("dps", -1)}
    found = [
        Channel(name=f"imu.{q}", sensor="imu", quantity=q, unit=units[q[:-2]][0],
                scale=units[q[:-2]][1], minimum=-32767, maximum=32767) for q in AXES
    ]  # fmt: skip
    return app.model_copy(update={"channels": tuple(found)})


def lay(folder: Path, name: str, rate: float = CLOCKS["phone"], subjects: int = 4,
        **other: Any) -> Path:  # fmt: skip
    """Two executions of 250 frames each subject; half seated, half walking; x is 1 g, 90 dps."""
    folder.mkdir(exist_ok=True)
    n = 250
    one = np.tile([1961, 0, 0, 1571, 0, 0], (n, 1))
    stamps = np.round(np.arange(n) * 1000 / rate)
    arrays = {
        "x": np.tile(one, (2 * subjects, 1)).astype(np.int16),
        "t_ms": np.tile(stamps, 2 * subjects).astype(np.uint32),
        "label": np.tile(np.repeat([0, 1], n // 2), 2 * subjects).astype(np.uint8),
        "labels": np.array(["SEATED", "WALKING"]),
        "subject": np.repeat(np.arange(1, subjects + 1), 2 * n).astype(np.uint8),
        "execution": np.tile(np.repeat([1, 2], n), subjects).astype(np.uint8),
        "scale": np.array([0.005] * 3 + [0.001] * 3),
    }
    arrays |= other
    np.savez(folder / name, **{k: v for k, v in arrays.items() if v is not None})
    return folder


def test_executions_in_g_and_degrees_by_the_devices_clocks(tmp_path: Path) -> None:
    lay(tmp_path, "any.npz")
    lay(tmp_path, "b.npz", CLOCKS["watch"], subjects=2)
    np.savez(tmp_path / "other.npz", weights=np.zeros(3))
    found = read_executions(tmp_path)
    assert [(e.device, e.subject, e.number) for e in found[:3]] == [
        ("phone", "s01", 1), ("phone", "s01", 2), ("phone", "s02", 1),
    ]  # fmt: skip
    assert [e.device for e in found].count("watch") == 4
    assert found[0].rate_hz == pytest.approx(102.4)
    assert found[-1].rate_hz == pytest.approx(104.3)
    assert found[0].axes["accel_x"][0] == pytest.approx(1.0, abs=1e-3)
    assert found[0].axes["gyro_x"][0] == pytest.approx(90.0, abs=0.1)
    assert [ACTIVITIES[i] for i in found[0].labels[[0, -1]]] == ["seated", "walking"]


@pytest.mark.parametrize(
    ("other", "says"),
    [
        ({"labels": np.array(["SEATED", "JUMPING"])}, "'jumping' is none of seated"),
        ({"labels": np.array(["SEATED"])}, "a label outside 0..0"),
        ({"scale": np.ones(3)}, r"scale \[6\]"),
        ({"t_ms": np.zeros(3, np.uint32)}, r"t_ms is \(3,\)"),
        ({"t_ms": None}, r"a.npz: no array t_ms \(needed are x, t_ms"),
        ({"scale": np.full(6, np.nan)}, "values that are no numbers"),
        ({"scale": np.ones(6) * 50}, "at rest it is 1 g"),
        ({"device": np.array("ring")}, "device 'ring'"),
    ],
    ids=lambda v: None if isinstance(v, dict) else v[:20],
)
def test_what_is_wrong_is_said(tmp_path: Path, other: dict[str, Any], says: str) -> None:
    with pytest.raises(DataError, match=says) as e:
        read_executions(lay(tmp_path, "a.npz", **other))
    assert str(tmp_path) in e.value.message


def test_an_unknown_clock_needs_the_devices_name(tmp_path: Path) -> None:
    lay(tmp_path / "a", "a.npz", 50.0)
    with pytest.raises(DataError, match="50 frames a second") as e:
        read_executions(tmp_path / "a")
    assert e.value.hint is not None and "device" in e.value.hint
    lay(tmp_path / "b", "b.npz", 50.0, device=np.array("watch"))
    assert {e.device for e in read_executions(tmp_path / "b")} == {"watch"}


def test_labels_of_a_device_and_of_a_while_ago() -> None:
    assert (parse_label("activity").device, parse_label("activity").lag_s) == (None, 0)
    assert parse_label("activity on watch").device == "watch"
    found = parse_label("activity on phone 0.5 s ago")
    assert (found.device, found.lag_s) == ("phone", 0.5)
    for wrong in ("gait", "activity on ring", "activity 1 h ago", "activity ago", "activity 3 ago"):
        with pytest.raises(DataError) as e:
            parse_label(wrong)
        assert e.value.hint
    assert later(np.array([0, 1, 2], np.int16), 1).tolist() == [-1, 0, 1]


def test_a_person_is_in_one_part_with_both_devices(tmp_path: Path) -> None:
    folder = lay(tmp_path / "d", "a.npz", subjects=10)
    lay(folder, "b.npz", CLOCKS["watch"], subjects=10)
    found = data.load(har_app(tmp_path, label="activity 1 s ago"), "m", data_dir=folder)
    parts: dict[str, set[str]] = {}
    for recording in found.recordings:
        subject = recording.group.split("/")[1]
        parts.setdefault(subject, set()).add(found.split[recording.group])
    assert len(parts) == 10
    assert all(len(p) == 1 for p in parts.values())
    first = found.recordings[0]
    assert (first.labels[:102] == -1).all() and first.labels[102] == 0
    only = data.load(har_app(tmp_path, label="activity on watch"), "m", data_dir=folder)
    assert {r.site["device"] for r in only.recordings} == {"watch"}
    held = data.load(har_app(tmp_path), "m", data_dir=folder, held_out=True)
    assert set(held.split.values()) == {"test"}


def test_another_split_or_other_classes_are_refused(tmp_path: Path) -> None:
    folder = lay(tmp_path / "d", "a.npz", subjects=10)
    with pytest.raises(DataError, match="cannot be split by time"):
        data.load(har_app(tmp_path, split="by time"), "m", data_dir=folder)
    with pytest.raises(DataError, match="the activities are seated"):
        data.load(har_app(tmp_path, classes="seated, walking"), "m", data_dir=folder)


def test_the_stand_in_says_that_nothing_of_it_is_measured(tmp_path: Path) -> None:
    found = data.load(har_app(tmp_path), "m")
    assert any("NO REAL DATA" in s for s in found.provenance)
    assert {r.origin for r in found.recordings} == {"generated"}
    assert min(found.shares("test").values()) > 0.05


def test_frames_hang_on_time_alone() -> None:
    who = person.wearers("watch")[0]
    parts = [person.Part("seated", 0, 2), person.Part("standing_up", 2, 3.3),
             person.Part("walking", 3.3, 8), person.Part("turning", 8, 9.2, True)]  # fmt: skip
    whole = person.motion(who, parts, 0, 900, 100, 5)
    for first in (0, 137, 512):
        piece = person.motion(who, parts, first, 200, 100, 5)
        for axis in AXES:
            np.testing.assert_allclose(piece[axis], whole[axis][first : first + 200], atol=1e-9)


def test_turning_gravity_and_turn_rate_agree() -> None:
    """d/dt of gravity in the device's frame is gravity x turn rate."""
    who = person.wearers("phone")[1]
    still = person.Wearer(who.seated / np.linalg.norm(who.seated),
                          who.upright / np.linalg.norm(who.upright), who.stride_hz, 0.0,
                          np.zeros((4, 6)), who.last_s, np.zeros((5, 6)))  # fmt: skip
    push, person.PUSH_G = person.PUSH_G, 0.0
    try:
        made = person.motion(still, [person.Part("standing_up", 0, 1.3)], 0, 1300, 1000, 1)
    finally:
        person.PUSH_G = push
    g = np.stack([made[a] for a in AXES[:3]], axis=1)
    w = np.radians(np.stack([made[a] for a in AXES[3:]], axis=1))
    slope = np.gradient(g, 1 / 1000, axis=0)
    np.testing.assert_allclose(slope[5:-5], np.cross(g, w)[5:-5], atol=5e-3)


@pytest.mark.parametrize("module", [person_scene, pocket_scene])
def test_a_person_plays_a_script(tmp_path: Path, module: Any) -> None:
    app = har_app(tmp_path)
    script = [Play("sit", 60), Play("walk", 60), Play("sit", 30), Play("struggle", 40),
              Play("pace", 30), Play("lost", 30), Play("off", 20)]  # fmt: skip
    world = module.World(app, script, seed=3, start=datetime(2026, 6, 1, 9))
    assert world.truth(30) == "seated"
    assert world.truth(60.3) == "standing_up"
    seen = {world.truth(t / 4) for t in range(240, 480)}
    assert seen == {"standing_up", "walking", "turning", "sitting_down"}
    assert {world.truth(t / 4) for t in range(604, 756)} == {
        "seated", "standing_up", "sitting_down"}  # fmt: skip
    a, b = world.burst(100, 200, 100), world.burst(101, 200, 100)
    np.testing.assert_allclose(a["imu.gyro_x"][100:], b["imu.gyro_x"][:100])
    size = np.linalg.norm([world.burst(30, 100, 100)[f"imu.accel_{k}"] for k in "xyz"], axis=0)
    assert size.mean() == pytest.approx(1.0, abs=0.1)
    assert {world.truth(t / 4) for t in range(884, 988)} == {"turning"}
    assert world.burst(270, 100, 100)["imu.gyro_z"].std() < 0.2
    total = sum(world.summary().values())
    assert total == pytest.approx(4.5, abs=0.05)
    early = world.burst(1, 256, 100)
    assert all(len(v) == 256 and np.isfinite(v).all() for v in early.values())


@pytest.mark.parametrize("raw", [b"", b"hello", b"PK\x03\x04", b"array"])
def test_what_is_no_archive_is_no_advice_to_trust_it(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "a.npz").write_bytes(raw)
    if raw == b"array":
        with (tmp_path / "a.npz").open("wb") as file:
            np.save(file, np.zeros(3))
    with pytest.raises(DataError, match=r"a\.npz: no archive of plain arrays") as caught:
        read_executions(tmp_path)
    assert caught.value.hint
    assert "pickle" not in str(caught.value)
