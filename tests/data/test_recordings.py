"""Recordings: fast-sampled channels in a data set."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import pytest

from tinyfield.data import Dataset, Recording, cache
from tinyfield.errors import DataError
from tinyfield.spec import App


def recording(group: str, labels: list[int], **change: Any) -> Recording:
    n = len(labels)
    made = Recording(
        group=group,
        site={},
        rate_hz=50.0,
        t0=datetime(2026, 3, 1, 12),
        channels={f"imu.accel_{a}": np.linspace(0, 1, n, dtype=np.float32) for a in "xyz"},
        labels=np.array(labels, dtype=np.int16),
        origin="measured",
    )
    return replace(made, **change)


def dataset(*recordings: Recording) -> Dataset:
    return Dataset(
        "har", ("still", "walking"), (), {"a": "train", "b": "test"}, ("MEASURED: two.",),
        recordings,
    )  # fmt: skip


TWO = (recording("a", [0] * 100 + [1] * 300 + [-1] * 50), recording("b", [1] * 3000))


def test_shares_count_time_not_frames() -> None:
    slow = replace(TWO[0], rate_hz=25.0, labels=np.zeros(450, dtype=np.int16))
    assert dataset(*TWO).shares("train") == {"still": 0.25, "walking": 0.75}
    assert dataset(replace(slow, group="b"), TWO[0]).shares() == pytest.approx(
        {"still": (18 + 2) / 26, "walking": 6 / 26}
    )


def test_part_and_dump() -> None:
    made = dataset(*TWO)
    made.verify()
    assert made.part("test") == TWO[1:]
    assert made.dump() == (
        "dataset har: 2 recordings, classes ['still', 'walking']\n"
        "  MEASURED: two.\n"
        "  train: 1 recordings, 0.1 min labelled (still 25% walking 75%)\n"
        "    measured: a\n"
        "  valid: 0 series, 0 labelled (still 0% walking 0%)\n"
        "  test: 1 recordings, 1.0 min labelled (still 0% walking 100%)\n"
        "    measured: b"
    )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"rate_hz": 0.0}, "rate_hz must be positive"),
        ({"rate_hz": float("nan")}, "rate_hz must be positive"),
        ({"labels": np.ones(2999, dtype=np.int16)}, "imu.accel_x has 3000 values, the labels 2999"),
        ({"labels": np.full(3000, 2, dtype=np.int16)}, r"outside 0\.\.1"),
        ({"channels": {}}, "other channels than the recording before"),
        ({"channels": dict.fromkeys(TWO[1].channels, np.full(3000, np.inf))}, "infinite"),
        ({"group": "c"}, "in no split"),
    ],
)
def test_verify_finds_broken_recordings(change: dict[str, Any], says: str) -> None:
    with pytest.raises(DataError, match=says):
        dataset(TWO[0], replace(TWO[1], **change)).verify()


def test_the_key_holds_every_part() -> None:
    keys = {dataset(*TWO).key(), dataset(TWO[0]).key()}
    for change in ({"rate_hz": 51.0}, {"site": {"at": "wrist"}}, {"origin": "generated"}):
        keys.add(dataset(TWO[0], replace(TWO[1], **change)).key())
    other = {**TWO[1].channels, "imu.accel_z": np.zeros(3000, dtype=np.float32)}
    keys.add(dataset(TWO[0], replace(TWO[1], channels=other)).key())
    assert len(keys) == 6


def test_the_cache_gives_back_what_it_got(
    app: App, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setenv("TINYFIELD_CACHE", str(tmp_path))
    gone = {**TWO[1].channels, "imu.accel_y": np.full(3000, np.nan, dtype=np.float32)}
    made = dataset(TWO[0], replace(TWO[1], channels=gone, site={"at": "wrist"}))
    cache.write("some", made, app)
    kept = cache.read("some", app)
    assert kept is not None
    assert kept.key() == made.key()
