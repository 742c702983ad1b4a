"""Figures of each device apart, and of the rows that hold one label."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np

from tinyfield.data.dataset import Dataset, Recording
from tinyfield.features.table import FeatureTable
from tinyfield.learn.evaluate import _devices
from tinyfield.tables import _cleared


def test_rows_of_each_device_by_the_recordings_sites() -> None:
    def recording(group: str, device: str) -> Recording:
        return Recording(group, {"device": device}, 100.0, datetime(2026, 1, 1), {},
                         np.zeros(3, np.int16), "measured")  # fmt: skip

    both = tuple(recording(f"{d}/s{i}", d) for d in ("watch", "phone") for i in (1, 2))
    dataset = Dataset("d", ("a", "b"), (), {r.group: "test" for r in both}, (), both)
    group = np.array(["watch/s1", "phone/s2", "watch/s2", "watch/s1"])
    rows = FeatureTable("m", ("x",), ("a", "b"), np.zeros((4, 1), np.int32),
                        np.zeros(4, np.int16), group, np.full(4, "test"),
                        np.full(4, "measured"), np.arange(4))  # fmt: skip
    found = _devices(dataset, rows)
    assert {name: where.tolist() for name, where in found.items()} == {
        "phone": [False, True, False, False], "watch": [True, False, True, True],
    }  # fmt: skip
    one = replace(dataset, recordings=both[:2])
    assert _devices(one, rows.rows(np.array([0, 2]))) == {}


def test_the_clear_rows_are_said_with_their_share() -> None:
    assert _cleared({"n": 10, "clear": None}) == ""
    said = _cleared({"n": 10, "clear": {"n": 7, "macro_f1": 0.9512}})
    assert "70%" in said and said.endswith("0.951")
