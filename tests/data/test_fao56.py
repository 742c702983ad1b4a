"""The equations against worked examples of FAO-56 (Allen et al. 1998); numbers are the paper's."""

from __future__ import annotations

import numpy as np
import pytest

from tinyfield.data.generators import et0, fao56


def test_example_8_extraterrestrial_radiation() -> None:
    assert et0.extraterrestrial(-20.0, 246) == pytest.approx(32.2, abs=0.05)


def test_example_9_daylight_hours() -> None:
    assert et0.daylight_hours(-20.0, 246) == pytest.approx(11.7, abs=0.05)


def test_example_2_pressure() -> None:
    assert et0.pressure(1800) == pytest.approx(81.8, abs=0.05)


def test_example_3_vapour_pressure() -> None:
    assert et0.svp(24.5) == pytest.approx(3.075, abs=0.002)
    assert et0.svp(15.0) == pytest.approx(1.705, abs=0.001)


def test_example_14_wind_at_2m() -> None:
    assert et0.wind_at_2m(3.2, 10) == pytest.approx(2.4, abs=0.05)


def test_example_17_et0_of_a_month() -> None:
    """Bangkok, April: tmax 34.8, tmin 25.6 °C, ea 2.85 kPa, 2 m/s, 8.5 h of sun: 5.7 mm/d."""
    ra = et0.extraterrestrial(13 + 44 / 60, 105)
    hours = et0.daylight_hours(13 + 44 / 60, 105)
    assert ra == pytest.approx(38.06, abs=0.02)
    assert hours == pytest.approx(12.31, abs=0.01)
    rs = (0.25 + 0.5 * 8.5 / hours) * ra
    rn = et0.net_radiation(rs, 34.8, 25.6, 2.85, et0.clear_sky(ra, 2))
    assert rs == pytest.approx(22.65, abs=0.02)
    assert rn == pytest.approx(14.33, abs=0.03)
    es = (et0.svp(34.8) + et0.svp(25.6)) / 2
    value = et0.penman_monteith(rn, 0.14, t_mean=30.2, es=es, ea=2.85, u2=2.0, altitude_m=2)
    assert value == pytest.approx(5.72, abs=0.02)


def test_example_18_et0_of_a_day() -> None:
    """Uccle, 6 July: 21.5/12.3 °C, RH 84/63 %, 2.78 m/s at 10 m, 9.25 h of sun: 3.9 mm/d."""
    latitude = 50 + 48 / 60
    ea = (et0.svp(12.3) * 0.84 + et0.svp(21.5) * 0.63) / 2
    assert ea == pytest.approx(1.409, abs=0.002)
    ra = et0.extraterrestrial(latitude, 187)
    rs = (0.25 + 0.5 * 9.25 / et0.daylight_hours(latitude, 187)) * ra
    assert rs == pytest.approx(22.07, abs=0.03)
    rn = et0.net_radiation(rs, 21.5, 12.3, ea, et0.clear_sky(ra, 100))
    assert rn == pytest.approx(13.28, abs=0.05)
    es = (et0.svp(21.5) + et0.svp(12.3)) / 2
    u2 = et0.wind_at_2m(10 / 3.6, 10)
    value = et0.penman_monteith(rn, 0.0, t_mean=16.9, es=es, ea=ea, u2=u2, altitude_m=100)
    assert value == pytest.approx(3.88, abs=0.02)


def test_example_20_hargreaves() -> None:
    """Lyon, 15 July: 26.6/14.8 °C; from temperatures alone 5.0 mm/d."""
    ra = et0.extraterrestrial(45 + 43 / 60, 196)
    assert ra == pytest.approx(40.6, abs=0.1)
    assert et0.hargreaves(26.6, 14.8, ra) == pytest.approx(5.0, abs=0.06)


def test_example_35_evaporation_after_wetting() -> None:
    """Sandy loam, 0.23/0.10, Ze 0.1 m, u2 1.6, RHmin 35, h 0.3, Kcb 0.30, ET0 4.5, fw 0.8."""
    assert fao56.evaporable(0.23, 0.10, 0.1) == pytest.approx(18.0)
    top = fao56.kc_max(0.30, 1.6, 35.0, 0.30)
    assert top == pytest.approx(1.21, abs=0.005)
    few = fao56.exposed(0.08, 0.8)
    assert few == pytest.approx(0.8)
    first = fao56.ke(fao56.kr(0.0, 18.0, 8.0), top, 0.30, few)
    assert first == pytest.approx(0.91, abs=0.005)
    assert first * 4.5 == pytest.approx(4.1, abs=0.05)
    # What evaporated came from the wetted bare part alone: 4.1/0.8 = 5.1 mm; still stage one.
    assert fao56.kr(first * 4.5 / few, 18.0, 8.0) == 1.0


@pytest.mark.parametrize(
    ("fc", "wp", "expected"),
    [(0.15, 0.06, (11, 29, 59)), (0.32, 0.15, (20, 54, 112)), (0.35, 0.23, (14, 38, 79))],
    ids=["loamy sand", "silt", "silty clay"],
)
def test_example_36_readily_available_water(
    fc: float, wp: float, expected: tuple[int, int, int]
) -> None:
    """Onion (0.4 m, p 0.30), tomato (0.8 m, 0.40), maize (1.2 m, 0.55)."""
    crops = [(0.4, 0.30), (0.8, 0.40), (1.2, 0.55)]
    for (root, p), raw in zip(crops, expected, strict=True):
        assert p * fao56.taw(fc, wp, root) == pytest.approx(raw, abs=0.51)


def test_table_22_note_2_p_follows_demand() -> None:
    assert fao56.p_adjusted(0.4, 5.0) == pytest.approx(0.40)
    assert fao56.p_adjusted(0.4, 10.0) == pytest.approx(0.20)
    assert fao56.p_adjusted(0.4, 0.0) == pytest.approx(0.60)
    assert fao56.p_adjusted(0.7, 0.0) == 0.8


def test_equation_84_stress() -> None:
    assert fao56.ks(40.0, 100.0, 0.4) == 1.0
    assert fao56.ks(70.0, 100.0, 0.4) == pytest.approx(0.5)
    assert fao56.ks(100.0, 100.0, 0.4) == 0.0


def test_growth_is_straight_between_the_stages() -> None:
    g = fao56.Growth((30, 40, 45, 30), (0.15, 1.10, 0.70), 0.4, (0.25, 0.7), 0.6)
    days = np.array([0, 30, 50, 70, 115, 130, 145, 400])
    assert g.kcb_at(days) == pytest.approx([0.15, 0.15, 0.625, 1.1, 1.1, 0.9, 0.7, 0.7])
    assert g.root_at(np.array([0, 35, 70, 200])) == pytest.approx([0.25, 0.475, 0.7, 0.7])
