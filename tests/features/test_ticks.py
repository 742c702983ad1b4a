"""Recordings through the node's own C: cutting, resampling, labels, gaps, copies."""

from __future__ import annotations

import textwrap
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tinyfield.data import Dataset, Recording
from tinyfield.data.generators.mounting import random_rotation, slight_rotation
from tinyfield.errors import DataError
from tinyfield.features import compute
from tinyfield.features.bind import FeatureLibrary
from tinyfield.features.scale import MISSING
from tinyfield.features.ticks import NO_FRAME, cut, majority
from tinyfield.spec import App, load_app

MOVE = """
    app: move
    board: qemu_m4
    sensors:
      imu: {driver: mpu6050, rate: 50 Hz}
    sample: every 1 s
    models:
      activity:
        inputs:
          - imu.accel_{x,y} {mean,max} 2.4 s
          - imu.accel norm std 0.4 s
          - imu.accel_z last
        classes: [still, walking]
        train: {dataset: gas_mq, label: activity, split: by group}
        architecture: forest
    decisions:
      moving: {when: activity == walking}
    reporting: {link: serial, heartbeat: 1 h}
"""
RATE = 50


def app(folder: Path, text: str = MOVE) -> App:
    path = folder / "move.yaml"
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return load_app(path)


def recording(group: str, seconds: float, rate: float = RATE, **change: Any) -> Recording:
    n = round(seconds * rate)
    t = np.arange(n) / rate
    rng = np.random.default_rng(len(group) + n)
    wave = {"x": 1.0 * t / 100, "y": np.sin(2 * np.pi * 1.5 * t), "z": 1 + 0.1 * rng.normal(size=n)}
    made = Recording(
        group=group,
        site={},
        rate_hz=rate,
        t0=datetime(2026, 3, 1),
        channels={f"imu.accel_{axis}": v.astype(np.float32) for axis, v in wave.items()},
        labels=(t > seconds / 2).astype(np.int16),
        origin="measured",
    )
    return replace(made, **change)


def dataset(**recordings: Recording) -> Dataset:
    split: dict[str, Any] = {"a": "train", "b": "valid", "c": "test"}
    return Dataset("moves", ("still", "walking"), (), split, (), tuple(recordings.values()))


def milli(values: NDArray[np.float32]) -> NDArray[np.int64]:
    exact = values.astype(np.float64) * 1000
    return np.copysign(np.floor(np.abs(exact) + 0.5 + 1e-9), exact).astype(np.int64)


def test_rows_are_what_numpy_finds_in_the_windows(tmp_path: Path) -> None:
    move, one = app(tmp_path), recording("a", 20)
    table = compute(move, "activity", dataset(a=one))
    assert table.names == (
        "imu.accel_x mean 2.4 s", "imu.accel_x max 2.4 s", "imu.accel_y mean 2.4 s",
        "imu.accel_y max 2.4 s", "imu.accel norm std 0.4 s", "imu.accel_z last",
    )  # fmt: skip
    assert table.t.tolist() == [2 + i for i in range(18)], "a window of 2.4 s is full at the third"
    assert table.dropped == 2
    x, y, z = (milli(one.channels[f"imu.accel_{axis}"]) for axis in "xyz")
    norm = np.rint(np.sqrt((x**2 + y**2 + z**2).astype(np.float64)))
    for row, t in zip(table.X, table.t, strict=True):
        end = (int(t) + 1) * RATE
        window = slice(end - 120, end)
        assert abs(row[0] - 100 * x[window].mean()) <= 0.51
        assert abs(row[2] - 100 * y[window].mean()) <= 0.51
        assert (row[1], row[3]) == (x[window].max(), y[window].max())
        assert abs(row[4] - 100 * norm[end - 20 : end].std()) <= 1
        assert abs(row[5] - z[end - RATE : end].mean()) <= 0.51


def test_pieces_of_a_burst_are_as_good_as_the_whole(tmp_path: Path) -> None:
    """Whatever the pieces, and with sanitizers on."""
    from tests.features.pieces import in_pieces

    move = app(tmp_path)
    bursts = np.random.default_rng(3).integers(-16000, 16001, (9, 50, 6)).astype(np.int16)
    bursts[4, 17, 0] = NO_FRAME
    when, rows = np.zeros((9, 3), dtype=np.int32), np.full((9, 6), MISSING, dtype=np.int32)
    want, valid = FeatureLibrary(move).run("activity", rows, when, None, [bursts])
    assert valid.tolist() == [False, False, True, True, False, False, False, True, True]
    for size in (1, 7, 49, 50):
        assert (in_pieces(move, "activity", bursts, size)[valid] == want[valid]).all()


def test_a_gap_begins_the_windows_anew(tmp_path: Path) -> None:
    gap = recording("a", 20)
    gap.channels["imu.accel_x"][9 * RATE + 7] = np.nan
    table = compute(app(tmp_path), "activity", dataset(a=gap))
    assert table.t.tolist() == [*range(2, 9), *range(12, 20)], "three samples to fill 2.4 s"


def test_another_rate_is_resampled_and_a_sensors_own_clock_is_not(tmp_path: Path) -> None:
    move = app(tmp_path)
    inputs = move.models["activity"].inputs
    fine = cut(move, inputs, recording("a", 20, rate=100), "")
    same = cut(move, inputs, recording("a", 20), "")
    assert fine.frames[0].shape == same.frames[0].shape == (20, 50, 6)
    inner = slice(2, 18)
    assert np.abs(fine.frames[0][inner, :, 1] - same.frames[0][inner, :, 1].astype(int)).max() < 8
    assert (fine.labels == same.labels).all()
    clock = recording("a", 20, rate=49.6)
    slow = cut(move, inputs, clock, "")
    assert len(slow) == 19, "992 frames are 19 samples of 50"
    assert (slow.frames[0][0, :, 1] == milli(clock.channels["imu.accel_y"])[:50]).all()


def test_what_was_not_recorded_stays_unknown_when_resampled(tmp_path: Path) -> None:
    move = app(tmp_path)
    gap = recording("a", 10, rate=100)
    gap.channels["imu.accel_x"][400:404] = np.nan
    found = cut(move, move.models["activity"].inputs, gap, "").frames[0]
    gone = np.argwhere(found[:, :, 0] == NO_FRAME)
    assert {int(tick) for tick, _ in gone} == {4} and 2 <= len(gone) <= 3
    assert (found[:, :, 3:] == NO_FRAME).all(), "no gyroscope in the data"


def test_frames_are_held_where_the_sensor_would_hold_them(tmp_path: Path) -> None:
    move, hard = app(tmp_path), recording("a", 3)
    hard.channels["imu.accel_x"][:] = 40
    assert (cut(move, move.models["activity"].inputs, hard, "").frames[0][:, :, 0] == 16000).all()


def test_bursts_are_cut_at_each_sample(tmp_path: Path) -> None:
    text = MOVE.replace("rate: 50 Hz", "rate: 50 Hz, burst: 2.4 s").replace(
        "every 1 s", "every 5 s"
    )
    move, one = app(tmp_path, text), recording("a", 20)
    ticks = cut(move, move.models["activity"].inputs, one, "")
    assert ticks.frames[0].shape == (4, 120, 6)
    x = milli(one.channels["imu.accel_x"])
    assert (ticks.frames[0][2, :, 0] == x[500:620]).all()
    assert ticks.labels.tolist() == [0, 0, 1, 1]


def test_where_samples_do_not_hang_together_bursts_follow_each_other(tmp_path: Path) -> None:
    """A burst of 2 s each minute: 20 s of a recording are ten samples, not one."""
    text = MOVE.replace("rate: 50 Hz", "rate: 50 Hz, burst: 2 s").replace(
        "every 1 s", "every 1 min"
    )
    text = text.replace("2.4 s", "2 s")
    slow = app(tmp_path, text)
    alone = app(tmp_path, text.replace("          - imu.accel_z last\n", ""))
    made = Dataset("d", ("still", "walking"), (), {"a": "test"}, (), (recording("a", 20),))
    assert len(compute(slow, "activity", made)) == 1, "`last` is held from sample to sample"
    assert len(compute(alone, "activity", made)) == 10


def test_a_label_is_what_most_of_the_window_says() -> None:
    labels = np.array([0] * 10 + [1] * 10 + [-1] * 10, dtype=np.int16)
    ends = np.array([5.0, 14.0, 15.0, 16.0, 24.0, 25.0, 26.0, 30.0])
    found, clear = majority(labels, ends, 10)
    assert found.tolist() == [0, 0, 0, 1, 1, -1, -1, -1]
    shares = [
        (labels[max(0, e - 10) : e] == f).mean()
        for e, f in zip(ends.astype(int), found, strict=True)
    ]
    np.testing.assert_allclose(clear, shares, atol=1e-6)


def test_copies_are_of_the_training_split_alone(tmp_path: Path) -> None:
    parts = {name: recording(name, 20) for name in "abc"}
    plain = compute(app(tmp_path), "activity", dataset(**parts))
    augment = "split: by group, augment: {rotate: random, shift: true, copies: 2}"
    move = app(tmp_path, MOVE.replace("split: by group", augment))
    table = compute(move, "activity", dataset(**parts))
    assert (table.split == "train").sum() >= 3 * 18 - 4
    assert [(table.split == part).sum() for part in ("valid", "test")] == [18, 18]
    assert (table.X[:18] == plain.X[:18]).all(), "the recording itself comes first"
    assert table.key() == compute(move, "activity", dataset(**parts)).key()
    assert table.key() != plain.key()
    first, second = table.X[18:34], table.X[36:52]
    assert np.abs(first[:, 0] - second[:16, 0]).max() > 100, "each copy is turned in its own way"
    turned = app(tmp_path, MOVE.replace("split: by group", augment.replace("shift: true, ", "")))
    table = compute(turned, "activity", dataset(a=parts["a"]))
    assert np.abs(table.X[18:36, 4] - plain.X[:18, 4]).max() < 60, "a length does not turn"


def test_a_refit_gets_copies_of_the_validation_recordings_for_itself_alone(tmp_path: Path) -> None:
    parts = {name: recording(name, 20) for name in "abc"}
    augment = "split: by group, augment: {rotate: random, copies: 2}"
    plain, again = (
        compute(app(tmp_path, MOVE.replace("split: by group", text)), "activity", dataset(**parts))
        for text in (augment, f"{augment}, refit: true")
    )
    assert (again.split == "refit").sum() == 2 * 18 and not (plain.split == "refit").any()
    for split in ("train", "valid", "test"):
        rows = [table.rows(table.split == split).X for table in (plain, again)]
        assert np.array_equal(*rows)
    extra = again.rows(again.split == "refit")
    assert set(extra.group) == {"b"} and len(again.learned) == 3 * 18 + 18 + 2 * 18
    assert len(plain.learned) == 3 * 18 and plain.key() != again.key()
    again.verify()


def test_rotations_are_rotations_and_uniform() -> None:
    rng = np.random.default_rng(5)
    turns = np.array([random_rotation(rng) for _ in range(4000)])
    assert np.allclose(turns @ turns.transpose(0, 2, 1), np.eye(3))
    assert np.allclose(np.linalg.det(turns), 1)
    where = turns @ np.array([0, 0, 1.0])
    assert np.abs(where.mean(0)).max() < 0.04
    assert np.abs((where**2).mean(0) - 1 / 3).max() < 0.02, "every direction is as likely"


def test_what_does_not_fit_is_said(tmp_path: Path) -> None:
    move = app(tmp_path)
    whole = recording("a", 5)
    two = {name: values for name, values in whole.channels.items() if "_z" not in name}
    with pytest.raises(DataError, match=r"needs imu\.accel_z"):
        compute(move, "activity", dataset(a=replace(whole, channels=two)))
    slow = MOVE.replace("imu: {driver: mpu6050, rate: 50 Hz}", "imu: {driver: bme280}").split(
        "inputs"
    )[0]
    slow += "inputs: [imu.humidity]" + MOVE.split("- imu.accel_z last")[1]
    with pytest.raises(DataError, match="no sensor of the app is sampled fast"):
        compute(app(tmp_path, slow), "activity", dataset(a=whole))


def test_windows_longer_than_any_recording_of_a_split(tmp_path: Path) -> None:
    """Said as that, not as inputs without a value; a sensor's own clock may make one shorter."""
    move = app(tmp_path)
    sets = {"a": recording("a", 20), "b": recording("b", 2.3), "c": recording("c", 20)}
    with pytest.raises(DataError, match=r"longest valid recording lasts 2\.3 s, and .* 2\.4 s"):
        compute(move, "activity", dataset(**sets))
    sets["b"] = recording("b", 2.39)
    compute(move, "activity", dataset(**sets))


def test_a_slight_rotation_is_one_and_slight() -> None:
    turned = [slight_rotation(np.random.default_rng(i)) for i in range(300)]
    for turn in turned:
        np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)
        assert np.linalg.det(turn) == pytest.approx(1)
    angles = np.degrees([np.arccos((np.trace(turn) - 1) / 2) for turn in turned])
    assert 18 < angles.mean() < 27
    assert angles.max() < 70
