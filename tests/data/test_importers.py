"""Reading folders: any file names, several seasons, and every broken file with its cure."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from tests.data.field import edit, make_field, write
from tinyfield.data.importers import fao56_tables, maricopa, quebec
from tinyfield.data.importers.tables import csv_files
from tinyfield.errors import DataError


def test_a_field_is_read(tmp_path: Path) -> None:
    plots = maricopa.read_plots(make_field(tmp_path))
    assert [p.group for p in plots] == [f"2021/p0{k}-1" for k in (1, 2, 3, 4)]
    p = plots[1]
    assert (p.crop, p.start) == ("cotton", date(2021, 4, 20))
    assert len(p.dates) == 7
    assert p.irrigation[date(2021, 5, 7)] == 15
    assert p.soil.fc.shape == (1, 8)
    assert p.weather.start == date(2021, 4, 20)


def test_names_do_not_matter_and_gz_is_read(tmp_path: Path) -> None:
    one = maricopa.read_plots(make_field(tmp_path / "a"))
    names = ("zz.csv.gz", "q1.csv.gz", "x.csv", "b.csv.gz", "0.csv")
    two = maricopa.read_plots(make_field(tmp_path / "b", names=names))
    assert [p.group for p in one] == [p.group for p in two]
    assert np.array_equal(one[0].theta, two[0].theta)
    assert one[0].irrigation == two[0].irrigation


def test_other_seasons_and_crops_beside_each_other(tmp_path: Path) -> None:
    make_field(tmp_path)
    later = [f"{kind}_2023.csv" for kind in ("swc", "soil", "water", "weather", "weeks")]
    make_field(tmp_path, ("p01-1", "e42"), start=date(2023, 5, 1), crop="maize", names=later)
    plots = {p.group: p for p in maricopa.read_plots(tmp_path)}
    assert len(plots) == 6
    assert plots["2023/e42"].crop == "maize"
    assert plots["2021/p01-1"].crop == "cotton"
    assert plots["2023/p01-1"].weather.start == date(2023, 5, 1)
    assert plots["2023/p01-1"].start == date(2023, 5, 1)
    assert max(plots["2021/p01-1"].irrigation) < date(2022, 1, 1)


def test_without_the_intervals_the_season_starts_with_the_water(tmp_path: Path) -> None:
    plots = maricopa.read_plots(make_field(tmp_path, crop=None))
    assert plots[0].crop == "cotton"
    assert plots[0].start == plots[0].dates[0] - (date(2021, 5, 15) - date(2021, 5, 1))


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        ("swc.csv", "depth_bottom_cm,vwc", "depth_bottom_cm,theta", "swc.csv: no column vwc"),
        ("swc.csv", ",20,0.2404", ",20,", "swc.csv:2: column vwc has no value"),
        ("swc.csv", ",20,0.2404", ",20,NaN", "swc.csv:2: column vwc has no value"),
        ("swc.csv", ",20,0.2", ",20,wet", "swc.csv:2: column vwc: 'wet"),
        ("swc.csv", ",20,0.2", ",20,20.2", "no water content in m3/m3"),
        ("swc.csv", "2021-05-04", "4 May", "swc.csv:2: column date: '4 May' is no date"),
        ("soil.csv", "p01-1,20,0.25,0.11", "p01-1,20,0.10,0.11", "soil.csv:2: theta_wp"),
        ("soil.csv", "theta_fc,theta_wp", "fc,wp", "soil.csv: no column theta_fc, theta_wp"),
        ("water.csv", "irrigation_mm", "mm", "water.csv: no column irrigation_mm"),
        ("water.csv", ",10", ",-3", "water.csv:2: column irrigation_mm: -3.0 is below zero"),
        ("weather.csv", "tmax_c", "heat", "weather.csv: no column tmax_c"),
        ("weather.csv", "2021-04-21,", "2021-04-21,,", "9 cells under 8 column names"),
    ],
    ids=lambda v: v[:24] if isinstance(v, str) else None,
)
def test_what_is_wrong_is_said_with_its_place(
    tmp_path: Path, name: str, old: str, new: str, says: str
) -> None:
    folder = make_field(tmp_path)
    edit(folder / name, old, new)
    with pytest.raises(DataError) as e:
        maricopa.read_plots(folder)
    assert says in e.value.message
    assert e.value.hint


def test_an_empty_folder_and_an_empty_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no file with the soil-water probes"):
        maricopa.read_plots(tmp_path)
    folder = make_field(tmp_path / "f")
    (folder / "swc.csv").write_text("plot,date,depth_bottom_cm,vwc\n")
    with pytest.raises(DataError, match="no rows") as e:
        maricopa.read_plots(folder)
    assert e.value.hint
    with pytest.raises(DataError, match="no such folder"):
        maricopa.read_plots(tmp_path / "nowhere")


def test_a_plot_without_soil_or_weather(tmp_path: Path) -> None:
    folder = make_field(tmp_path)
    rows = [r for r in (folder / "soil.csv").read_text().splitlines() if "p03" not in r]
    (folder / "soil.csv").write_text("\n".join(rows) + "\n")
    with pytest.raises(DataError, match="no soil for plot p03-1"):
        maricopa.read_plots(folder)
    folder = make_field(tmp_path / "g")
    head, *rows = (folder / "weather.csv").read_text().splitlines()
    (folder / "weather.csv").write_text("\n".join([head, *rows[:20]]) + "\n")
    with pytest.raises(DataError, match="no daily weather from 2021-05-04 to 2021-06-15"):
        maricopa.read_plots(folder)


def test_not_csv_at_all(tmp_path: Path) -> None:
    folder = make_field(tmp_path)
    (folder / "photo.csv.gz").write_bytes(b"\x1f\x8bnot really")
    with pytest.raises(DataError, match=r"photo\.csv\.gz: cannot be read"):
        maricopa.read_plots(folder)


def test_weather_without_the_extras_is_estimated(tmp_path: Path) -> None:
    folder = make_field(tmp_path)
    full = maricopa.read_plots(folder)[0].weather
    lines = (folder / "weather.csv").read_text().splitlines()
    keep = [",".join(cells[i] for i in (0, 1, 2, 3, 6)) for cells in (r.split(",") for r in lines)]
    (folder / "weather.csv").write_text("\n".join(keep) + "\n")
    poor = maricopa.read_plots(folder)[0].weather
    assert np.array_equal(poor.rain, full.rain)
    assert abs(float((poor.et0 - full.et0).mean())) < 0.25 * float(full.et0.mean())


def test_weather_from_temperatures_alone(tmp_path: Path) -> None:
    folder = make_field(tmp_path)
    full = maricopa.read_plots(folder)[0].weather
    lines = [row.split(",") for row in (folder / "weather.csv").read_text().splitlines()]
    keep = [",".join(cells[i] for i in (0, 2, 3, 6)) for cells in lines]
    (folder / "weather.csv").write_text("\n".join(keep) + "\n")
    poor = maricopa.read_plots(folder)[0].weather
    assert float(poor.srad.mean()) == pytest.approx(float(full.srad.mean()), rel=0.2)
    assert float(poor.et0.mean()) == pytest.approx(float(full.et0.mean()), rel=0.3)


def test_gaps_of_the_quebec_sensors_stay_gaps(tmp_path: Path) -> None:
    write(
        tmp_path / "s.csv",
        "date,sensor,soil_temp_c,vwc_pct",
        [["2020-06-01", "A", 15, 20.5], ["2020-06-03", "A", 15, ""], ["2020-06-03", "B", 1, 18]],
    )
    got = quebec.read_sensors(tmp_path)
    assert got.names == ("A", "B")
    assert np.isnan(got.vwc).sum() == 4
    assert got.vwc[0, 0] == 20.5


def test_the_shared_sets_are_read(shared: Path) -> None:
    plots = maricopa.read_plots(shared / "data" / "irrigation_maricopa")
    assert len(plots) == 48
    assert {p.crop for p in plots} == {"cotton"}
    assert plots[0].start == date(2018, 4, 18)
    # intervals_2018.csv: storage over 0–60 cm of p01-1 on the first date
    assert plots[0].storage()[0] == pytest.approx(132.0)
    days = quebec.read_weather(shared / "data" / "soil_quebec")[0]
    assert 1090 < days.days < 1100
    assert 700 < float(days.rain.sum()) / 3 < 1300
    assert csv_files(shared / "data" / "soil_quebec")


def test_fao56_tables_are_read(shared: Path) -> None:
    got = fao56_tables.read_tables(shared / "data" / "fao56_tables")
    assert got["Kcbini"]["tomato"] == [{"Kcbini": 0.15, "Kcbmid": 1.10, "Kcbend": 0.70}]
    assert {"Lini": 30.0, "Ldev": 40.0, "Lmid": 45.0, "Llate": 30.0, "Total": 145.0} in got["Lini"][
        "tomato"
    ]
    assert got["Zrmax1"]["cotton"] == [{"Zrmax1": 1.0, "Zrmax2": 1.7, "pbase": 0.65}]


def test_penman_monteith_agrees_with_the_station(shared: Path) -> None:
    """AZMET gives ASCE short reference ET: ours from its other columns must be the same."""
    from tinyfield.data.generators import et0
    from tinyfield.data.generators.weather import day_of_year

    for w in maricopa.read_weather(shared / "data" / "irrigation_maricopa"):
        mine = et0.daily_et0(
            rs=w.srad, tmax=w.tmax, tmin=w.tmin, tdew=w.tdew, u2=w.wind, latitude=w.latitude,
            altitude=w.altitude, doy=day_of_year(w.start, w.days),
        )  # fmt: skip
        assert np.abs(mine - w.et0).mean() < 0.06
