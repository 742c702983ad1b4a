"""Hours of stations and recordings of gases: labels by bands, splits by station and by time."""

from __future__ import annotations

import gzip
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from tinyfield import data
from tinyfield.data import air
from tinyfield.data.air import parse_label
from tinyfield.data.bands import BANDS
from tinyfield.data.generators import mq_array, smog
from tinyfield.data.importers import beijing, mq
from tinyfield.data.splits import by_time
from tinyfield.errors import DataError
from tinyfield.features import compute
from tinyfield.spec import App, load_app
from tinyfield.spec.app import Channel

HEAD = "time,pm2_5,no2,temp_c,dewp_c,pres_hpa,wind_dir"
APP = """
app: air
board: native
sensors:
  air: {driver: bme280}
sample: every %s
models:
  m:
    inputs: [air.temperature last, air.temperature change 2 h, air.pressure last]
    classes: [%s]
    train: {dataset: %s, stand_in: %s, label: %s, split: %s}
    architecture: mlp
decisions:
  always: {when: m != %s}
reporting: {link: serial, heartbeat: 6 h}
"""


def app_of(
    folder: Path,
    *,
    classes: str = "low, high",
    label: str = "pm2_5_alert in 6 h",
    split: str = "by station",
    sample: str = "1 h",
    dataset: str = "pollution_beijing",
    stand_in: str = "smog",
) -> App:
    path = folder / "air.yaml"
    first = classes.split(",", maxsplit=1)[0]
    text = APP.replace("air.temperature change 2 h, ", "") if sample.endswith(" s") else APP
    path.write_text(text % (sample, classes, dataset, stand_in, label, split, first))
    return load_app(path)


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TINYFIELD_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("TINYFIELD_DATA", raising=False)


def station(folder: Path, name: str, hours: int = 1200, start: datetime | None = None) -> Path:
    """PM2.5 is the hour's number modulo 200; every tenth line is not there; no two stations have
    the same air pressure."""
    folder.mkdir(exist_ok=True)
    begin = start or datetime(2015, 1, 1)
    hpa = np.random.default_rng(list(name.encode())).uniform(990, 1030, hours)
    lines = [HEAD]
    for i in range(hours):
        if i % 10 == 3:
            continue
        time = begin + timedelta(hours=i)
        no2 = "NA" if i == 5 else f"{i % 50}"
        lines.append(f"{time:%Y-%m-%d %H:%M},{i % 200},{no2},{10 + i % 7},5.0,{hpa[i]:.1f},SSW")
    path = folder / f"{name}_2015.csv.gz"
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    return folder


def test_bands_at_their_edges() -> None:
    def of(name: str, *values: float) -> list[int]:
        return BANDS[name].of(np.array(values)).tolist()

    assert of("pm2_5_us", 0, 9.0, 9.1, 35.4, 35.5, 55.5, 125.4, 125.5, 225.5) == [
        0, 0, 1, 1, 2, 3, 3, 4, 5,
    ]  # fmt: skip
    assert of("pm10_us", 54, 55, 154, 155, 254, 255, 354, 355, 424, 425) == [
        0, 1, 1, 2, 2, 3, 3, 4, 4, 5,
    ]  # fmt: skip
    # 53 and 54 ppb, 100 and 101, … of NO2, of which one is 1.88 µg/m³ at 25 °C.
    ppb = np.array([53, 54, 100, 101, 360, 361, 649, 650, 1249, 1250])
    assert of("no2_us", *(ppb * 1.8805)) == [0, 1, 1, 2, 2, 3, 3, 4, 4, 5]
    for name, limits in {
        "pm2_5_eu": (5, 15, 50, 90, 140),
        "pm10_eu": (15, 45, 120, 195, 270),
        "no2_eu": (10, 25, 60, 100, 150),
        "o3_eu": (60, 100, 120, 160, 180),
        "so2_eu": (20, 40, 125, 190, 275),
    }.items():
        assert of(name, 0, *limits) == [0, 0, 1, 2, 3, 4], name
        assert of(name, *(limit + 0.1 for limit in limits)) == [1, 2, 3, 4, 5], name
    assert of("pm2_5_level", 35, 36, 75, 150, 151, np.nan) == [0, 1, 1, 2, 3, -1]
    assert of("pm2_5_alert", 75, 75.1) == [0, 1]


def test_labels_that_cannot_be() -> None:
    assert parse_label("pm2_5_alert in 6 h", 2)[1] == 6
    for text, classes, said in (
        ("pm2_5_alert", 3, "has 2 classes"),
        ("pm2_5", 2, "no label"),
        ("pm2_5_alert in 90 min", 2, "not whole hours"),
        ("pm2_5_alert in 6", 2, "6"),
    ):
        with pytest.raises(DataError, match=said):
            parse_label(text, classes)


def test_hours_are_put_in_their_place(tmp_path: Path) -> None:
    folder = station(tmp_path / "beijing", "Here", 100)
    station(tmp_path / "later", "Here", 50, datetime(2015, 1, 6))
    later = tmp_path / "later" / "Here_2015.csv.gz"
    later.rename(folder / "Here_2016.csv.gz")
    (one,) = beijing.read_stations(folder)
    assert (one.name, one.start) == ("Here", datetime(2015, 1, 1))
    pm2_5 = one.quantities["pm2_5"]
    assert len(pm2_5) == 5 * 24 + 50
    assert pm2_5[[0, 4, 99, 120, 121]].tolist() == [0, 4, 99, 0, 1]
    assert np.isnan(pm2_5[[3, 93, 100, 119, 123]]).all()
    assert np.isnan(one.quantities["no2"][5])
    assert one.quantities["wind_direction"][0] == 202.5
    # FAO-56 table 2.3: 0.872 kPa at 5 °C, 1.228 kPa at 10 °C.
    assert one.quantities["humidity"][0] == pytest.approx(100 * 0.872 / 1.228, abs=0.1)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("2015-01-01 00:30,1,1,1,1,1,N", "not on the hour"),
        ("yesterday,1,1,1,1,1,N", "is no time"),
        ("2015-01-01 00:00,x,1,1,1,1,N", "is no number"),
        ("2015-01-01 01:00,1,1,1,1,1,N\n2015-01-01 01:00,1,1,1,1,1,N", "twice"),
    ],
)
def test_mistakes_name_file_and_line(tmp_path: Path, line: str, said: str) -> None:
    (tmp_path / "a.csv").write_text(f"{HEAD}\n{line}\n")
    with pytest.raises(DataError, match=said) as caught:
        beijing.read_stations(tmp_path)
    assert "a.csv:" in caught.value.message and caught.value.hint


def test_by_station_and_in_six_hours(tmp_path: Path) -> None:
    folder = tmp_path / "sets"
    for name in ("Ost", "West", "Nord", "Sued"):
        station(folder, name)
    made = data.load(app_of(tmp_path), "m", data_dir=folder)
    assert sorted(made.split.values()) == ["test", "train", "train", "valid"]
    one = made.series[0]
    assert one.origin == "measured" and one.period_s == 3600
    assert set(one.channels) == {"air.temperature", "air.humidity", "air.pressure"}
    # PM2.5 six hours on is (i + 6) % 200; lines of i % 10 == 3 do not exist.
    assert one.labels[:5].tolist() == [0, 0, 0, 0, 0]
    assert [one.labels[i] for i in (68, 69, 70, 7, 1194)] == [0, 0, 1, -1, -1]
    table = compute(app_of(tmp_path), "m", made)
    table.verify()
    assert table.X[:, 1].min() < 0 < table.X[:, 1].max()
    held = data.load(app_of(tmp_path), "m", data_dir=folder, held_out=True)
    assert set(held.split.values()) == {"test"}


def test_a_station_s_later_year_is_not_taken_for_the_one_before(tmp_path: Path) -> None:
    """What training saw is a station's year: the next one at that station is scored."""
    folder = tmp_path / "sets"
    for name in ("Ost", "West", "Nord", "Sued"):
        station(folder, name, 1200, datetime(2015, 2, 1, 5))
    made = data.load(app_of(tmp_path), "m", data_dir=folder)
    assert [s.group for s in made.series][:2] == ["2014/Nord", "2015/Nord"]
    parts = {name: {made.split[f"{y}/{name}"] for y in (2014, 2015)} for name in ("Nord", "Ost")}
    assert all(len(part) == 1 for part in parts.values()), "a station's years stay together"
    old, new = made.series[:2]
    assert old.t0 + timedelta(hours=len(old)) == datetime(2015, 3, 1)
    warm = int((datetime(2015, 3, 1) - new.t0) / timedelta(hours=1))
    assert warm == len(old) < air.WARM_H and (new.labels[:warm] == -1).all()
    whole = np.concatenate([old.labels, new.labels[warm:]])
    assert len(whole) == 1200 and whole[:5].tolist() == [0, 0, 0, 0, 0]
    assert (whole >= 0).sum() > 1000
    for name, values in new.channels.items():
        assert np.array_equal(values[:warm], old.channels[name], equal_nan=True)


def test_bands_of_what_the_data_do_not_have(tmp_path: Path) -> None:
    folder = tmp_path / "sets"
    for name in ("Ost", "West", "Nord"):
        station(folder, name)
    six = {"classes": "a, b, c, d, e, f"}
    made = data.load(app_of(tmp_path, label="no2_eu", **six), "m", data_dir=folder)
    # NO2 is the hour's number modulo 50: 10 is good, 11 fair, 26 moderate.
    assert made.series[0].labels[[10, 11, 25, 26]].tolist() == [0, 1, 1, 2]
    with pytest.raises(DataError, match="has no o3") as caught:
        data.load(app_of(tmp_path, label="o3_eu", **six), "m", data_dir=folder)
    assert "no2" in str(caught.value.hint)


def test_by_time_leaves_a_gap_and_tears_nothing(tmp_path: Path) -> None:
    folder = station(tmp_path / "sets", "Ost", 2000)
    station(folder, "West", 2000)
    made = data.load(app_of(tmp_path, split="by time"), "m", data_dir=folder)
    assert len(made.series) == 6
    compute(app_of(tmp_path, split="by time"), "m", made).verify()
    ends = {}
    for one in made.series:
        if one.group.endswith("Ost"):
            ends[made.split[one.group]] = (one.t0, one.t0 + timedelta(hours=len(one)))
    assert air.LONGEST_LEAD_S < air.GAP_H * 3600, "what a label looks ahead to lies in the gap"
    week = timedelta(hours=air.GAP_H)
    assert ends["valid"][0] - ends["train"][1] == week
    assert ends["test"][0] - ends["valid"][1] == week
    with pytest.raises(DataError, match="too few to split by time"):
        by_time(100, gap=50)


def test_what_does_not_fit_is_said(tmp_path: Path) -> None:
    folder = station(tmp_path / "sets", "Ost")
    for changes, said in (
        ({"sample": "30 min"}, "one value an hour"),
        ({"split": "by plot"}, "cannot be split by plot"),
        ({"classes": "a, b, c"}, "has 2 classes"),
        ({"stand_in": "fao56"}, "does not stand in"),
        ({"label": "need"}, "no label"),
    ):
        with pytest.raises(DataError, match=said) as caught:
            data.load(app_of(tmp_path, **changes), "m", data_dir=folder)
        assert caught.value.hint


def test_a_channel_of_another_unit_is_refused(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    ppb = Channel(name="no2.no2", sensor="no2", quantity="no2", unit="ppb", scale=0, minimum=0,
                  maximum=999)  # fmt: skip
    with pytest.raises(DataError, match=r"no2\.no2 is in ppb, the data in ug/m3"):
        data.load(app.model_copy(update={"channels": (*app.channels, ppb)}), "m",
                  data_dir=station(tmp_path / "sets", "Ost"))  # fmt: skip


def test_the_stand_in_says_so_and_is_the_same_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(air, "HOURS", 3000)
    made = data.load(app_of(tmp_path), "m")
    assert {s.origin for s in made.series} == {"generated"}
    assert "NO REAL DATA" in made.provenance[0]
    assert all(share > 0.1 for share in made.shares().values())
    again = data.load(app_of(tmp_path), "m")
    assert made.key() == again.key()


def test_generated_smog_moves_as_real_smog_does() -> None:
    """Wide bounds round the moments of pollution_beijing (its value in brackets)."""
    stations = smog.generate(3, 2 * 8760, seed=0)
    one = stations[0].quantities
    log = {name: np.log(np.maximum(one[name], 1)) for name in ("pm2_5", "no2", "co", "o3")}

    def together(a: str, b: str) -> float:
        return float(np.corrcoef(log.get(a, one[a]), log.get(b, one[b]))[0, 1])

    assert 40 < np.median(one["pm2_5"]) < 75  # 56
    assert 0.9 < log["pm2_5"].std() < 1.3  # 1.13
    assert 0.6 < together("pm2_5", "co") < 0.95  # 0.81
    assert 0.45 < together("pm2_5", "no2") < 0.9  # 0.66
    assert -0.8 < together("no2", "o3") < -0.3  # -0.54
    assert 0.3 < together("o3", "temperature") < 0.8  # 0.50
    assert -0.7 < together("pm2_5", "wind_speed") < -0.2  # -0.36
    assert together("pressure", "temperature") < -0.6  # -0.81
    other = np.log(stations[1].quantities["pm2_5"])
    assert 0.75 < np.corrcoef(log["pm2_5"], other)[0, 1] < 0.97  # 0.85
    for lag, low, high in ((1, 0.9, 0.99), (6, 0.65, 0.9), (72, -0.1, 0.3)):  # 0.96 0.75 -0.02
        assert low < np.corrcoef(log["pm2_5"][lag:], log["pm2_5"][:-lag])[0, 1] < high
    assert all(not np.isnan(values).any() for values in one.values())


ARRAY = """
app: nose
board: native
sensors:
  mq2: {driver: analog_voltage, pin: A0}
  mq135: {driver: analog_voltage, pin: A1}
sample: every 2 s
models:
  gas:
    inputs: [mq2.voltage last, mq135.voltage ewma 1 min, mq2.voltage minus mq135.voltage]
    classes: [no_gas, perfume, smoke, mixture]
    train: {dataset: gas_mq, stand_in: mq_array, label: gas, split: by time}
    architecture: gbt
decisions:
  alarm: {when: gas == smoke}
reporting: {link: serial, heartbeat: 6 h}
"""


def test_an_app_with_an_array_gets_rows_to_learn_from(tmp_path: Path) -> None:
    path = tmp_path / "nose.yaml"
    path.write_text(ARRAY)
    app = load_app(path)
    table = compute(app, "gas", data.load(app, "gas"))
    table.verify()
    assert len(table) > 4000
    assert len(np.unique(table.part("test").group)) == 4 * 4, "stretches of 150 s of each gas"
    late = table.group == "test/made-Smoke@3"
    assert set(table.split[late]) == {"test"} and (table.t[late] // 150 == 3).all()
    smoke, clean = (table.X[table.y == number].mean(0) for number in (2, 0))
    assert clean[1] - smoke[1] > 500, "the level of MQ-135 in mV"


def gases(app: App) -> App:
    """The same app with an array's channels, in counts and in mV."""
    kinds = (("mq2", "raw", ""), ("array", "mq135", ""), ("mq7", "voltage", "mV"))
    channels = tuple(
        Channel(name=f"{sensor}.{quantity}", sensor=sensor, quantity=quantity, unit=unit, scale=0,
                minimum=0, maximum=5000) for sensor, quantity, unit in kinds
    )  # fmt: skip
    return app.model_copy(update={"channels": channels})


def mq_app(folder: Path, split: str = "by time", classes: str = "no_gas, smoke") -> App:
    return gases(app_of(folder, dataset="gas_mq", stand_in="mq_array", label="gas", sample="2 s",
                        split=split, classes=classes))  # fmt: skip


def test_an_array_of_gas_sensors(tmp_path: Path) -> None:
    folder = tmp_path / "mq"
    folder.mkdir()
    lines = ["gas,idx," + ",".join(mq.SENSORS)]
    for k, (gas, first) in enumerate((("Smoke", 0), ("Smoke", 500), ("NoGas", 0))):
        lines += [f"{gas},{first + i},{i},1,2,3,1023,5,{900 + i % (9 + k)}" for i in range(400)]
    (folder / "any.csv").write_text("\n".join(lines) + "\n")
    made = data.load(mq_app(tmp_path), "m", data_dir=folder)
    assert len(made.series) == 9, "a jump in the count begins another recording"
    first = made.series[0]
    assert first.channels["mq2.raw"][:3].tolist() == [0, 1, 2]
    assert first.channels["array.mq135"][0] == 900
    assert first.channels["mq7.voltage"][0] == pytest.approx(5000)
    assert set(first.labels) == {1} and first.period_s == 2
    made.require_classes()
    again = data.load(mq_app(tmp_path), "m", data_dir=folder)  # from the cache
    assert {s.stretch_s for s in (*made.series, *again.series)} == {150}
    with pytest.raises(DataError, match="Smoke, which is no class"):
        data.load(mq_app(tmp_path, classes="no_gas, fire"), "m", data_dir=folder)
    with pytest.raises(DataError, match="cannot be split by group"):
        data.load(mq_app(tmp_path, split="by group"), "m", data_dir=folder)


def test_a_generated_array_drifts_and_tells_gases_apart(tmp_path: Path) -> None:
    app = mq_app(tmp_path, classes="no_gas, perfume, smoke, mixture")
    made = data.load(app, "m")
    assert {s.origin for s in made.series} == {"generated"}
    runs = {r.gas: r.readings for r in mq_array.generate(seed=0)}
    assert abs(runs["Smoke"]["mq3"].mean() - runs["NoGas"]["mq3"].mean()) > 100
    for one in runs.values():
        steps = np.abs(np.diff(one["mq2"])).mean()
        assert one["mq2"].std() > steps, "slow drift outweighs the noise"


def test_the_real_sets(tmp_path: Path, shared: Path) -> None:
    """Rows of each class, counted from the files by hand with the limits in the upper class."""
    (file,) = (shared / "data" / "pollution_beijing").glob("Dingling_*")
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / file.name).symlink_to(file)
    (one,) = beijing.read_stations(tmp_path / "one")
    assert one.name == "Dingling" and one.start == datetime(2013, 3, 1)
    assert {len(values) for values in one.quantities.values()} == {26304}
    pm2_5 = one.quantities["pm2_5"]
    level = BANDS["pm2_5_level"].of(pm2_5)
    for number, limit in enumerate((35, 75, 150)):
        assert (level[pm2_5 == limit] == number).all()
        level[pm2_5 == limit] += 1
    assert np.bincount(level[level >= 0]).tolist() == [11856, 5655, 5148, 3149]
    recordings = mq.read_recordings(shared / "data" / "gas_mq")
    assert [(r.gas, len(r.readings["mq2"])) for r in recordings] == [
        (gas, 1152) for gas in ("NoGas", "Perfume", "Smoke", "Mixture")
    ]


def test_a_number_some_hours_on(tmp_path: Path) -> None:
    """The quantity itself, shifted; what is known at an hour is what it was then."""
    folder = tmp_path / "beijing"
    for name in ("Here", "There", "Yonder"):
        station(folder, name, 400)
    path = tmp_path / "number.yaml"
    text = APP % ("1 h", "low, high", "pollution_beijing", "smog", "X", "by station", "low")
    text = text.replace("classes: [low, high]", "target: {name: pm2_5 in 6 h, unit: ug/m3}")
    text = text.replace("label: X, ", "").replace("when: m != low", "when: m > 75 ug/m3")
    path.write_text(text)
    app = load_app(path)
    found = data.load(app, "m", data_dir=folder)
    assert found.classes == () and found.lead_s == 6 * 3600
    one = found.series[0]
    assert one.values is not None and one.values[0] == 6 and one.values[100] == 106
    assert np.isnan(one.values[-6:]).all() and np.isnan(one.values[13 - 6])
    assert ((one.labels == 0) == ~np.isnan(one.values)).all()
    again = data.load(app, "m", data_dir=folder)  # from the cache
    assert again.key() == found.key()
    table = compute(app, "m", found)
    test = table.part("test")
    hours = test.t // 3600
    assert np.array_equal(test.y, (hours + 6) % 200 * 10)
    assert test.before is not None
    told = {s.group: s.values for s in found.series}

    def last(group: str, hour: int) -> float:
        """The last that was measured up to the hour."""
        values = told[group][: max(0, hour - 6 + 1)]
        return float([np.nan, *values[~np.isnan(values)]][-1])

    now = np.array([last(str(g), int(h)) for g, h in zip(test.group, hours, strict=True)])
    known = test.before != np.iinfo(np.int32).min
    assert np.array_equal(np.where(known, test.before / 10, np.nan), now, equal_nan=True)
    assert table.when is not None and table.lead_s == 6 * 3600
    when = np.datetime64("2000-01-01") + table.when.astype("timedelta64[s]")
    assert (np.unique(np.diff(when)) >= np.timedelta64(1, "h")).any()
    path.write_text(APP % ("1 h", "low, high", "pollution_beijing", "smog", "pm2_5_alert in 6 h",
                           "by station", "low"))  # fmt: skip
    app = load_app(path)
    test = compute(app, "m", data.load(app, "m", data_dir=folder)).part("test")
    hours = test.t // 3600
    now = np.array([last(str(g), int(h)) for g, h in zip(test.group, hours, strict=True)])
    assert test.before is not None
    known = ~np.isnan(now)
    assert np.array_equal(test.before[known], now[known] > 75) and (test.before[~known] < 0).all()
    assert np.array_equal(test.y, (hours + 6) % 200 > 75)


def test_the_app_s_bands_are_the_table_s() -> None:
    """The steps of both indices part what their decision knows as the table does: the European
    one whole micrograms of an hour, EPA's thousandths of a day's mean."""
    app = load_app(Path(__file__).parents[2] / "apps" / "air_quality.yaml")
    for rule, name, per, last in (
        ("band", "pm2_5_eu", 1, "extremely_poor"),
        ("day_band", "pm2_5_us", 1000, "hazardous"),
    ):
        level = app.decisions[rule].level
        assert level is not None and level.value.scale == -round(np.log10(per))
        steps = np.arange(400 * per)
        said = np.searchsorted(level.steps[1:], steps, side="right")
        assert said.tolist() == BANDS[name].of(steps / per).tolist(), name
        assert level.labels[0] == "good" and level.labels[-1] == last
    assert [feature.text for feature in app.past] == ["dust.pm2_5 sum 24 h"]


def test_what_an_app_asks_wrongly_is_told_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"air\.yaml:\d+:\d+: no label 'pm2_5_alarm' in these"):
        data.load(app_of(tmp_path, label="pm2_5_alarm in 6 h"), "m")
    with pytest.raises(DataError, match=r"air\.yaml:\d+:\d+: dog does not stand in for poll") as e:
        data.load(app_of(tmp_path, stand_in="dog"), "m")
    assert e.value.hint == "Write 'stand_in: smog'."
