"""Stochastic seasons look like their place; a day's parts add up; sensors err as fitted."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from tinyfield.data.generators import et0, sensors
from tinyfield.data.generators.diurnal import refine
from tinyfield.data.generators.tank import Tank, TankPlan
from tinyfield.data.generators.weather import climates, generate, nearest
from tinyfield.data.importers import maricopa


def test_the_same_seed_gives_the_same_weather() -> None:
    place = climates()["maricopa"]
    one, two = (generate(place, 33.1, date(2026, 4, 20), 90, 4) for _ in range(2))
    assert one.tmax.tobytes() == two.tmax.tobytes()
    assert one.rain.tobytes() == two.rain.tobytes()
    other = generate(place, 33.1, date(2026, 4, 20), 90, 5)
    assert not np.array_equal(one.tmax, other.tmax)


def test_generated_summers_are_like_the_measured_ones(shared: Path) -> None:
    real = [
        w.between(date(w.start.year, 5, 1), 150)
        for w in maricopa.read_weather(shared / "data" / "irrigation_maricopa")
    ]
    place = climates()["maricopa"]
    made = [generate(place, place.latitude, date(2026, 5, 1), 150, k) for k in range(20)]

    def mean(name: str, ws: list) -> float:  # type: ignore[type-arg]
        return float(np.mean([getattr(w, name).mean() for w in ws]))

    for name, near in (
        ("tmax", 1.5), ("tmin", 1.5), ("tdew", 2.5), ("srad", 1.5), ("wind", 0.4), ("et0", 0.6),
    ):  # fmt: skip
        assert mean(name, made) == pytest.approx(mean(name, real), abs=near), name
    spread = np.mean([w.et0.std() for w in made])
    assert 0.7 < spread / np.mean([w.et0.std() for w in real]) < 1.3
    rain = np.mean([w.rain.sum() for w in made])
    assert 0.4 < rain / np.mean([w.rain.sum() for w in real]) < 2.5


def test_south_of_the_equator_december_is_summer() -> None:
    place = climates()["maricopa"]
    north = generate(place, 33.0, date(2026, 7, 1), 60, 1)
    south = generate(place, -33.0, date(2026, 12, 30), 60, 1)
    assert abs(float(north.tmax.mean() - south.tmax.mean())) < 2
    assert float(south.srad.mean()) > 20
    assert nearest(-33).name == "maricopa"


@pytest.mark.parametrize("period", [600, 1800, 3600])
def test_a_days_parts_make_the_day(period: int) -> None:
    w = generate(climates()["drummondville"], 45.9, date(2026, 6, 1), 40, 2)
    fine = refine(w, period, 1)
    per_day = 86400 // period
    assert np.allclose(fine.et0.reshape(-1, per_day).sum(axis=1), w.et0)
    assert np.allclose(fine.rain.reshape(-1, per_day).sum(axis=1), w.rain)
    warmest = fine.temperature.reshape(-1, per_day).max(axis=1)
    assert np.abs(warmest - w.tmax).max() < 0.6
    assert (fine.light >= 0).all()
    assert fine.light.reshape(-1, per_day)[:, 0].max() == 0, "midnight"
    joules = fine.light.reshape(-1, per_day).sum(axis=1) * period / 115 / 1e6
    assert np.abs(joules / w.srad - 1).mean() < 0.1
    assert fine.humidity.min() >= 3
    assert fine.humidity.max() <= 100


def test_noon_light_is_daylight() -> None:
    w = generate(climates()["maricopa"], 33.1, date(2026, 6, 1), 30, 2)
    noon = refine(w, 600, 0).light.reshape(-1, 144)[:, 72]
    assert 80_000 < float(np.median(noon)) < 135_000


def test_a_probe_errs_as_fitted() -> None:
    p = sensors.probe()
    rng = np.random.default_rng(0)
    error = np.stack([sensors.soil_error(rng, 144 * 60, 600, 13.0) for _ in range(60)])
    daily = np.diff(error[:, ::144], axis=1) / 100 * 13.0
    expected = np.sqrt(2) * np.hypot(p.noise_vwc, p.drift_vwc * np.sqrt(1 / p.drift_days))
    assert daily.std() == pytest.approx(expected, rel=0.1)
    assert sensors.adc(np.array([50.1])) == pytest.approx([50.0], abs=0.2)


def test_the_refit_gives_the_bundled_sensor(shared: Path) -> None:
    from tinyfield.data.fit.sensors import fit_sensors
    from tinyfield.data.importers.quebec import read_sensors

    got = fit_sensors(read_sensors(shared / "data" / "soil_quebec"))
    p = sensors.probe()
    assert got["noise_vwc"] == p.noise_vwc
    assert got["drift_vwc"] == p.drift_vwc
    assert got["drift_days"] == p.drift_days


def test_the_tank_keeps_its_books() -> None:
    tank = Tank(TankPlan(litres=100, roof_m2=10, runoff=0.8), share=0.5)
    assert tank.level == 50
    assert tank.take(30) == 30
    assert tank.take(30) == 20, "no more than there is"
    tank.rain(5)
    assert tank.litres == pytest.approx(40)
    tank.rain(100)
    assert tank.level == 100
    assert tank.overflow == pytest.approx(740)
    tank.truck()
    assert tank.litres == 100


def test_polar_nights_are_dark() -> None:
    assert et0.extraterrestrial(80.0, 355) == pytest.approx(0.0, abs=1e-9)
    assert et0.daylight_hours(80.0, 172) == pytest.approx(24.0)
