"""The soil column: nothing is lost, nothing runs below its floor, water goes down in time."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tinyfield.data.generators.fao56 import Growth
from tinyfield.data.generators.soil import BOTTOMS_M, Column, Day, Params, Soil

CROP = Growth((30, 40, 45, 30), (0.15, 1.10, 0.70), 0.4, (0.25, 0.7), 0.6)


def day_of(column: Column, day: float, et0: float) -> Day:
    n = len(column.w)
    return Day(
        column,
        CROP,
        np.float64(day),  # type: ignore[arg-type]
        et0=np.full(n, et0),
        u2=np.full(n, 2.0),
        rh_min=np.full(n, 30.0),
        fw=0.6,
    )


@settings(max_examples=60, deadline=None)
@given(
    fc=st.floats(0.12, 0.40),
    share=st.floats(0.2, 0.7),
    start=st.floats(0.0, 1.4),
    day=st.floats(0, 150),
    hours=st.sampled_from([1 / 6, 1.0, 4.0]),
    steps=st.lists(st.tuples(st.floats(0, 2.0), st.floats(0, 60.0)), min_size=1, max_size=40),
    spread=st.floats(0, 0.3),
    drain=st.floats(1, 100),
)
def test_the_balance_closes(
    fc: float,
    share: float,
    start: float,
    day: float,
    hours: float,
    steps: list[tuple[float, float]],
    spread: float,
    drain: float,
) -> None:
    params = Params(spread=spread, drain_h=drain)
    column = Column(Soil.uniform(np.array([fc]), np.array([fc * share])), params)
    column.wet(np.array([start]))
    before = float(column.w.sum())
    moved = 0.0
    for et0, water in steps:
        flows = column.step(day_of(column, day, 8.0), np.array([et0]), np.array([water]), hours)
        out = float(flows.evaporation[0] + flows.transpiration[0] + flows.drained[0])
        assert flows.evaporation[0] >= 0
        assert flows.transpiration[0] >= 0
        assert flows.drained[0] >= 0
        moved += water - out
    assert abs(before + moved - float(column.w.sum())) < 1e-9
    assert np.isfinite(column.w).all()


def test_dry_soil_gives_nothing_more() -> None:
    column = Column(Soil.uniform(np.array([0.25]), np.array([0.12])))
    column.wet(np.array([0.4]))
    for _ in range(24 * 120):
        column.step(day_of(column, 90, 10.0), np.array([0.5]), np.array([0.0]), 1.0)
    assert (column.w >= column.floor - 1e-9).all()
    assert column.stress(day_of(column, 90, 10.0))[0] < 0.05


def test_water_reaches_the_probe_hours_after_the_surface() -> None:
    column = Column(Soil.uniform(np.array([0.25]), np.array([0.12])))
    column.wet(np.array([0.5]))
    day = day_of(column, 60, 0.0)
    before = column.available()[0]
    column.step(day, np.array([0.0]), np.array([15.0]), 1 / 6)
    soon = column.available()[0]
    for _ in range(6 * 24):
        column.step(day, np.array([0.0]), np.array([0.0]), 1 / 6)
    later = column.available()[0]
    assert later - before > 15
    assert soon - before < 0.3 * (later - before)


def test_a_flood_drains_below_the_roots() -> None:
    column = Column(Soil.uniform(np.array([0.25, 0.25]), np.array([0.12, 0.12])))
    drained = np.zeros(2)
    for hour in range(24 * 10):
        water = np.array([100.0, 0.0]) if hour == 0 else np.zeros(2)
        drained += column.step(day_of(column, 60, 0.0), np.zeros(2), water, 1.0).drained
    assert 60 < drained[0] < 100 + 1e-6
    assert drained[1] == 0


def test_stress_starts_where_the_readily_available_water_ends() -> None:
    column = Column(Soil.uniform(np.array([0.25]), np.array([0.12])))
    day = day_of(column, 80, 5 / 1.1)
    p = float(day.p[0])
    column.wet(np.array([1 - p + 0.005]))
    assert column.stress(day)[0] == 1.0
    column.wet(np.array([1 - p - 0.05]))
    assert column.stress(day)[0] < 1.0


def test_layers_end_where_probes_end() -> None:
    """The field's probes report to 20, 40, 60 … cm; the layers must add up to those."""
    assert {0.2, 0.4, 0.6, 0.8, 1.0} <= set(BOTTOMS_M.tolist())
