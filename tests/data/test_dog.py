"""The dog: bouts, labels, splits in time, generated dogs, and the world that plays its days."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import welch

from tests.data.test_air import app_of
from tinyfield import data
from tinyfield.data.generators.dog import AXES, BEHAVIOURS, Dog, dog, motion
from tinyfield.data.generators.dog_scene import World
from tinyfield.data.generators.scene import Play
from tinyfield.data.importers.dog import read_bouts
from tinyfield.errors import DataError
from tinyfield.spec import App
from tinyfield.spec.app import Channel
from tinyfield.spec.worlds import worlds

FIVE = "lying, sitting, walking, running, climbing"


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TINYFIELD_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("TINYFIELD_DATA", raising=False)


def dog_app(folder: Path, *, label: str = "behaviour",
            split: str = "by time", classes: str = FIVE) -> App:  # fmt: skip
    app = app_of(folder, dataset="pet_dog", stand_in="dog", label=label, split=split,
                 classes=classes)  # fmt: skip
    units = {"accel": ("g", -3), "gyro": ("dps", -1)}
    found = [
        Channel(name=f"imu.{q}", sensor="imu", quantity=q, unit=units[q[:-2]][0],
                scale=units[q[:-2]][1], minimum=-32767, maximum=32767) for q in AXES
    ]  # fmt: skip
    vitals = [
        Channel(name=f"vitals.{q}", sensor="vitals", quantity=q, unit=u, scale=0, minimum=0,
                maximum=2000) for q, u in (("rate", "bpm"), ("temperature", "degC"),
                                           ("beyond", "m"))
    ]  # fmt: skip
    return app.model_copy(update={"channels": (*found, *vitals)})


def lay(folder: Path, bouts: list[tuple[str, int, int]]) -> Path:
    """Bouts of (label, first frame, frames); ax says which frame it is."""
    folder.mkdir(exist_ok=True)
    lines = ["label,i,ax,ay,az,gx,gy,gz"]
    for k, (label, first, n) in enumerate(bouts):
        lines += [f"{label},{i},{i / 1000},0,1,2,3,{k}" for i in range(first, first + n)]
    (folder / "any.csv").write_text("\n".join(lines) + "\n")
    return folder


def test_a_bout_ends_where_label_or_count_breaks(tmp_path: Path) -> None:
    lay(tmp_path, [("lying", 0, 5), ("lying", 9, 3), ("Walking ", 12, 4)])
    assert [(b.label, b.first, len(b.axes["accel_x"])) for b in read_bouts(tmp_path)] == [
        ("lying", 0, 5), ("lying", 9, 3), ("walking", 12, 4),
    ]  # fmt: skip


def test_measured_bouts_are_cut_in_time_and_generated_dogs_join(tmp_path: Path) -> None:
    folder = lay(tmp_path / "dog", [(b, 0, 6000) for b in BEHAVIOURS[:5]])
    found = data.load(dog_app(tmp_path), "m", data_dir=folder)
    for name in BEHAVIOURS[:5]:
        parts = {
            found.split[r.group]: r.channels["imu.accel_x"]
            for r in found.recordings
            if r.origin == "measured" and found.classes[r.labels[0]] == name
        }
        assert set(parts) == {"train", "valid", "test"}
        assert parts["train"].max() + 0.5 < parts["valid"].min()
        assert parts["valid"].max() + 0.5 < parts["test"].min(), "a gap of 5 s, i being in ax"
    made = {r.group.split("/")[0]: found.split[r.group] for r in found.recordings
            if r.origin == "generated"}  # fmt: skip
    assert list(made.values()) == ["train"] * 12, "tests are of what was measured alone"
    assert "GENERATED" in " ".join(found.provenance)


def test_held_out_data_are_all_test_and_nothing_is_added(tmp_path: Path) -> None:
    folder = lay(tmp_path / "dog", [("walking", 500, 400), ("barking", 0, 400)])
    found = data.load(dog_app(tmp_path), "m", data_dir=folder, held_out=True)
    assert [(r.origin, found.split[r.group], len(r)) for r in found.recordings] == [
        ("measured", "test", 400)
    ]


def test_without_data_it_says_so(tmp_path: Path) -> None:
    found = data.load(dog_app(tmp_path), "m")
    assert {r.origin for r in found.recordings} == {"generated"}
    assert len({r.group.split("/")[0] for r in found.part("test")}) == 4, "dogs of their own"
    assert "NO REAL DATA" in found.provenance[0]


def test_what_is_not_named_is_other_or_left_out(tmp_path: Path) -> None:
    app = dog_app(tmp_path, classes="other, scratching, shaking")
    found = data.load(app, "m")
    shares = found.shares()
    assert shares["other"] == pytest.approx(7 / 9)
    assert len(data.load(dog_app(tmp_path), "m").recordings) == 20 * 2 * 5
    folder = lay(tmp_path / "dog", [(b, 0, 6000) for b in BEHAVIOURS[:5]])
    both = data.load(app, "m", data_dir=folder)
    assert {r.labels[0] for r in both.recordings if r.origin == "measured"} == {0}
    assert {(r.labels[0], r.origin) for r in both.part("test")} == {
        (0, "measured"), (0, "generated"), (1, "generated"), (2, "generated"),
    }, "what was not measured is tested on generated dogs"  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"label": "mood"}, "no label 'mood'"),
        ({"split": "by group"}, "cannot be split by group"),
        ({"classes": "lying, barking"}, "has no barking"),
    ],
)
def test_refusals(tmp_path: Path, changes: dict[str, str], says: str) -> None:
    folder = lay(tmp_path / "dog", [("lying", 0, 6000), ("walking", 0, 6000)])
    with pytest.raises(DataError) as caught:
        data.load(dog_app(tmp_path, **changes), "m", data_dir=folder)
    assert says in caught.value.message


def test_rhythms_are_where_they_are_said_to_be() -> None:
    """The peak of the acceleration's spectrum, by SciPy's Welch."""
    for behaviour, low, high in (("running", 4.1, 5.0), ("shaking", 4.0, 6.0)):
        values = motion(behaviour, Dog(1.0, 1.0, np.eye(3)), 6000, 100.0, np.random.default_rng(2))
        f, p = welch(values["accel_z"], 100.0, nperseg=1024)
        assert low - 0.3 < f[p.argmax()] < high + 0.3


def test_simulated_rest_and_gaits_are_as_large_as_the_measured_ones(shared: Path) -> None:
    """The norm's deviation in 2.56 s; the same order for each of the five behaviours."""
    measured = {b.label: b.axes for b in read_bouts(shared / "data" / "pet_dog")}
    rng = np.random.default_rng(3)

    def size(axes: dict[str, np.ndarray]) -> float:
        norm = np.sqrt(sum(axes[name] ** 2 for name in AXES[:3]))
        return float(np.median([norm[i : i + 256].std() for i in range(0, len(norm) - 256, 256)]))

    for name in BEHAVIOURS[:5]:
        made = size(motion(name, dog(rng), 20_000, 100.0, rng))
        assert 0.5 < made / size(measured[name]) < 2, name


def world(
    app: App, *script: tuple[str, float], start: int = 0, seed: int = 1, day: int = 1
) -> World:
    plays = [Play(state, round(hours * 3600)) for state, hours in script]
    return World(app, plays, seed=seed, start=datetime(2026, 6, day, start))


def minutes(found: World) -> dict[str, int]:
    each = [found.behaviour(t) for t in range(0, found.seconds, 60)]
    return {name: each.count(name) for name in set(each)}


def test_days_differ_as_their_states_say(tmp_path: Path) -> None:
    app = dog_app(tmp_path)
    dogs = [minutes(world(app, ("day", 24), seed=seed)) for seed in range(12)]
    usual = {name: np.mean([d.get(name, 0) for d in dogs]) for name in BEHAVIOURS}
    assert 900 < usual["lying"] < 1050 and 150 < usual["walking"] < 240
    assert np.std([d["walking"] for d in dogs]) > 30, "each dog has habits of its own"
    assert minutes(world(app, ("lazy", 24)))["lying"] > 1300
    hike, day = (minutes(world(app, (state, 24))) for state in ("hike", "day"))
    assert hike["walking"] > day["walking"] + 180
    itchy = minutes(world(app, ("itchy", 24)))
    assert itchy["scratching"] > 2.5 * day["scratching"] > 0
    night = minutes(world(app, ("restless", 8), start=22))
    assert night["lying"] < 300 < minutes(world(app, ("day", 8), start=22))["lying"]


def test_a_dog_keeps_its_habits_and_no_two_days_are_alike(tmp_path: Path) -> None:
    app = dog_app(tmp_path)
    walks = [
        [minutes(world(app, ("day", 24), seed=s, start=0, day=d))["walking"] for d in range(1, 9)]
        for s in range(6)
    ]
    within = np.mean([np.std(w) for w in walks])
    assert 8 < within < np.std([np.mean(w) for w in walks])


def test_vitals_and_fence(tmp_path: Path) -> None:
    app = dog_app(tmp_path)
    found = world(app, ("sleep", 1), ("away", 1), ("fever", 1), ("bare", 1), ("chilled", 1),
                  ("racing_heart", 1), ("slow_heart", 1))  # fmt: skip
    asleep, away, ill, bare, cold, fast, slow = (
        found.sample(t) for t in range(600, 7 * 3600, 3600)
    )
    assert cold["vitals.temperature"] < 37
    assert fast["vitals.rate"] > 120 and slow["vitals.rate"] < 45
    assert 50 < asleep["vitals.rate"] < 85 and asleep["vitals.beyond"] == 0
    assert away["vitals.beyond"] == 1200 and away["vitals.rate"] > 150
    assert ill["vitals.temperature"] > 40 and ill["vitals.rate"] > 95
    assert np.isnan(bare["vitals.rate"]) and bare["vitals.temperature"] == 22


def test_the_same_burst_whenever_it_is_asked_for(tmp_path: Path) -> None:
    app = dog_app(tmp_path)
    a, b = (world(app, ("walk", 1)) for _ in range(2))
    b.burst(60, 256, 100.0)
    one, two = a.burst(120, 256, 100.0), b.burst(120, 256, 100.0)
    assert list(one) == [f"imu.{name}" for name in AXES]
    assert all(np.array_equal(one[name], two[name]) for name in one)


def test_every_state_plays(tmp_path: Path) -> None:
    app = dog_app(tmp_path)
    for state in worlds()["dog"].states:
        found = world(app, (state, 0.2))
        assert np.isfinite(found.burst(300, 64, 100.0)["imu.accel_x"]).all()
        assert set(found.sample(300)) == {"vitals.rate", "vitals.temperature", "vitals.beyond"}
