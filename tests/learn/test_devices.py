"""Figures of each device apart, and of the rows that hold one label."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tinyfield.features.table import FeatureTable
from tinyfield.learn.evaluate import clear_rows, devices
from tinyfield.tables import _cleared


def rows() -> FeatureTable:
    """Four test rows of two devices."""
    return FeatureTable("m", ("x",), ("a", "b"), np.zeros((4, 1), np.int32),
                        np.zeros(4, np.int16), np.array(["s1", "s2", "s2", "s1"]),
                        np.full(4, "test"), np.full(4, "measured"), np.arange(4),
                        device=np.array(["watch", "phone", "watch", "watch"]))  # fmt: skip


def test_rows_of_each_device() -> None:
    assert {name: where.tolist() for name, where in devices(rows()).items()} == {
        "phone": [False, True, False, False], "watch": [True, False, True, True],
    }  # fmt: skip
    assert devices(rows().rows(np.array([0, 2]))) == {}
    assert devices(replace(rows(), device=None)) == {}


def test_clear_rows_are_those_of_one_label() -> None:
    mixed = replace(rows(), clear=np.array([1, 0.5, 0.7, 0.69], np.float32))
    found = clear_rows(mixed)
    assert found is not None and found.tolist() == [True, False, True, False]
    assert clear_rows(rows()) is None
    assert clear_rows(replace(rows(), clear=np.ones(4, np.float32))) is None


def test_the_clear_rows_are_said_with_their_share() -> None:
    assert _cleared({"n": 10, "clear": None}) == ""
    said = _cleared({"n": 10, "clear": {"n": 7, "macro_f1": 0.9512}})
    assert "70%" in said and said.endswith("0.951")
