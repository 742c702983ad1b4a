"""What a model learned from is found by what it holds: renamed, in part, and beside other data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.data.field import make_field
from tests.data.test_air import app_of, mq_app, station
from tests.data.test_dog import dog_app
from tests.data.test_fan import fan_app
from tests.data.test_har import har_app
from tests.data.test_leakage import WALK, dataset, recording, series
from tinyfield import data
from tinyfield.data.dataset import NO_LABEL, Dataset, Source
from tinyfield.data.generators.dog import BEHAVIOURS
from tinyfield.data.importers.mq import SENSORS
from tinyfield.data.overlap import take_apart
from tinyfield.spec import App

Lay = Callable[[Path, int], Path]


def labelled(made: Dataset | None) -> int:
    return 0 if made is None else sum(int((s.labels != NO_LABEL).sum()) for s in made.sources)


def taken(app: App, model: str, offered: Path, learned: Path) -> tuple[Dataset, int, int, int]:
    """What was learned, and labelled samples of the offered folder: new, seen, tested."""
    kept = data.load(app, model, data_dir=learned)
    steps = {channel.name: 10.0**channel.scale for channel in app.channels}
    parts = take_apart(data.load(app, model, data_dir=offered, held_out=True), kept, steps)
    return kept, labelled(parts.fresh), labelled(parts.seen), labelled(parts.tested)


def rows(folder: Path, name: str, head: str, lines: list[str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("\n".join([head, *lines]) + "\n")
    return folder


def noise(seed: int, n: int, width: int, most: int = 1000) -> np.ndarray:
    return np.random.default_rng(seed).integers(1, most, (n, width))


def gases(folder: Path, seed: int) -> Path:
    lines = []
    for k, gas in enumerate(("NoGas", "Smoke")):
        values = noise(seed + k, 900, len(SENSORS))
        lines += [f"{gas},{i},{','.join(map(str, row))}" for i, row in enumerate(values)]
    return rows(folder, f"array-{seed}.csv", f"gas,idx,{','.join(SENSORS)}", lines)


def fans(folder: Path, seed: int) -> Path:
    lines = []
    for state in (1, 2, 3):
        values = noise(seed + state, 900, 3) / 1000
        lines += [f"{state},{20 + seed % 60},{i},{x},{y},{z}" for i, (x, y, z) in enumerate(values)]
    return rows(folder, f"fan-{seed}.csv", "wconfid,pctid,i,x,y,z", lines)


def dogs(folder: Path, seed: int) -> Path:
    lines = []
    for k, what in enumerate(BEHAVIOURS[:5]):
        values = noise(seed + k, 6000, 6) / 1000
        lines += [f"{what},{i},{','.join(map(str, row))}" for i, row in enumerate(values)]
    return rows(folder, f"dog-{seed}.csv", "label,i,ax,ay,az,gx,gy,gz", lines)


@pytest.mark.parametrize(
    ("lay", "make"), [(gases, mq_app), (fans, fan_app), (dogs, dog_app)], ids=["mq", "fan", "dog"]
)
def test_a_split_in_time_is_found_in_the_whole_recordings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lay: Lay, make: Callable[[Path], App]
) -> None:
    """A renamed copy beside a recording that nobody saw: what is left is the last part of what was
    learned from, without the gaps beside what was learned, and all of the other."""
    monkeypatch.setenv("TINYFIELD_CACHE", str(tmp_path / "cache"))
    app = make(tmp_path)
    learned = lay(tmp_path / "learned", 1)
    kept, new, seen, tested = taken(app, "m", learned, learned)
    test = sum(int((s.labels != NO_LABEL).sum()) for s in kept.part("test", "measured"))
    whole = labelled(data.load(app, "m", data_dir=learned, held_out=True))
    assert (new, seen, tested) == (test, whole - test, test)
    offered = lay(lay(tmp_path / "offered", 1), 50)
    for path in offered.iterdir():
        path.rename(path.with_name(f"other-{path.name}"))
    _, more, same, again = taken(app, "m", offered, learned)
    assert (more, same, again) == (test + whole, whole - test, test)


def test_stations_by_another_name_and_fewer_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINYFIELD_CACHE", str(tmp_path / "cache"))
    learned = tmp_path / "learned"
    for name in ("Anna", "Berta", "Clara", "Dora", "Emma"):
        station(learned, name)
    app = app_of(tmp_path)
    kept = data.load(app, "m", data_dir=learned)
    of = {s.group.split("/")[1]: kept.split[s.group] for s in kept.series}
    seen_one = next(name for name, part in of.items() if part == "train")
    test_one = next(name for name, part in of.items() if part == "test")
    offered = station(tmp_path / "offered", seen_one)
    (offered / f"{seen_one}_2015.csv.gz").rename(offered / "Zoe_2015.csv.gz")
    station(station(offered, test_one), "Frieda")
    one = labelled(data.load(app, "m", data_dir=offered, held_out=True)) // 3
    _, new, seen, tested = taken(app, "m", offered, learned)
    assert (new, seen, tested) == (2 * one, one, one)


def test_people_by_another_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINYFIELD_CACHE", str(tmp_path / "cache"))
    app, n = har_app(tmp_path), 250

    def people(folder: Path, who: list[int], called: list[int]) -> Path:
        folder.mkdir()
        x = [np.random.default_rng([person, 1]).integers(-2000, 2000, (n, 6)) for person in who]
        np.savez(
            folder / "any_name",
            x=np.concatenate(x).astype(np.int16),
            t_ms=np.tile(np.arange(n) * 10, len(who)).astype(np.uint32),
            label=np.tile(np.repeat([0, 1], n // 2), len(who)).astype(np.uint8),
            labels=np.array(["SEATED", "WALKING"]),
            subject=np.repeat(called, n).astype(np.uint8),
            execution=np.ones(n * len(who), np.uint8),
            scale=np.array([0.005] * 3 + [0.001] * 3),
            device=np.array("phone"),
        )
        return folder

    learned = people(tmp_path / "learned", [1, 2, 3, 4, 5], [1, 2, 3, 4, 5])
    kept = data.load(app, "m", data_dir=learned)
    part = {s.group: kept.split[s.group] for s in kept.recordings}
    seen_one = next(int(g[-2:]) for g, split in part.items() if split == "valid")
    test_one = next(int(g[-2:]) for g, split in part.items() if split == "test")
    # One who was learned from is called otherwise; another bears the name of one who was.
    offered = people(tmp_path / "offered", [seen_one, test_one, 9], [7, test_one, seen_one])
    _, new, seen, tested = taken(app, "m", offered, learned)
    assert (new, seen, tested) == (2 * n, n, n)


def test_driven_plots_hang_on_their_probes(small: Path, app: App) -> None:
    plots = tuple(f"p{k:02}-1" for k in range(1, 7))
    learned, offered = (make_field(small / name, plots) for name in ("learned", "offered"))
    for path in offered.iterdir():
        path.write_text(path.read_text().replace("p0", "q0"))
        path.rename(offered / f"x_{path.name}")
    kept, new, seen, tested = taken(app, "need", offered, learned)
    there = {p: sum(int((s.labels != NO_LABEL).sum()) for s in kept.part(p, "driven"))
             for p in ("train", "valid", "test")}  # fmt: skip
    # Labels are asked for at times that hang on the name: as many, give or take one a plot.
    assert abs(new - there["test"]) <= 2 and new == tested
    assert abs(seen - there["train"] - there["valid"]) <= 6
    other = make_field(small / "other", plots, weeks=9)
    for path in other.iterdir():
        path.write_text(path.read_text().replace("2021-", "2022-"))
    _, new, seen, tested = taken(app, "need", other, learned)
    assert new > 0 and seen == tested == 0, "the same plots in another year"


@pytest.mark.parametrize("kind", [recording, series])
def test_pieces(kind: Callable[..., Source]) -> None:
    """Cut otherwise, laid after something new, or noted with other decimals."""
    walk = WALK.round(3)
    learned = dataset(kind("a", walk[:, :2000]), kind("t", walk[:, 3000:]), a="train", t="test")
    steps = dict.fromkeys(learned.sources[0].channels, 0.001)
    fresh = np.random.default_rng(3).normal(size=(2, 500))
    offered = dataset(
        kind("x", np.hstack([fresh, walk[:, 417:900] + 1e-5, fresh[::-1]])),
        kind("y", walk[:, 1900:3100]), kind("z", walk[:, 1500:1520]), kind("w", fresh[:, :20]),
        x="test", y="test", z="test", w="test",
    )  # fmt: skip
    parts = take_apart(offered, learned, steps)
    assert parts.seen is not None and parts.tested is not None
    seen = {s.group: np.flatnonzero(s.labels != NO_LABEL) for s in parts.seen.sources}
    assert (seen["x"].min(), seen["x"].max(), len(seen["x"])) == (500, 982, 483)
    # 1900 to 2000 were learned from, up to 3000 lies between that and what is tested on.
    assert (seen["y"].min(), seen["y"].max()) == (0, 1099)
    assert len(seen["z"]) == 20 and len(seen["w"]) == 0
    assert [int((s.labels != NO_LABEL).sum()) for s in parts.tested.sources] == [0, 100, 0, 0]
    assert [int((s.labels != NO_LABEL).sum()) for s in parts.fresh.sources] == [1000, 100, 0, 20]


@pytest.mark.parametrize("kind", [recording, series])
def test_what_does_not_change_tells_nothing(kind: Callable[..., Source]) -> None:
    """A sensor at rest is like any other at rest; at rest between what was seen, it was seen."""
    rest = np.zeros((2, 300))
    moves = np.hstack([WALK[:, :500], rest, WALK[:, 500:1000]])
    learned = dataset(kind("a", moves), a="train")
    offered = dataset(kind("x", rest), kind("y", moves), x="test", y="test")
    parts = take_apart(offered, learned, {})
    assert [int((s.labels != NO_LABEL).sum()) for s in parts.fresh.sources] == [300, 0]
    nothing = take_apart(dataset(kind("x", rest), x="test"), learned, {})
    assert nothing.seen is None and nothing.tested is None


def test_time_before_the_first_label_was_not_learned_from() -> None:
    """A part may bring the hours before it along, to fill its windows."""
    one = series("a", WALK[:, :2000])
    labels = np.where(np.arange(2000) < 700, NO_LABEL, 0).astype(np.int16)
    learned = dataset(replace(one, labels=labels), a="train")
    parts = take_apart(dataset(one, a="test"), learned, {})
    assert labelled(parts.fresh) == 700 and labelled(parts.seen) == 1300
