"""The data set of the app's model: with data, without, held out, and the same each time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.data.field import make_field
from tinyfield import data
from tinyfield.data.generators.label import RESERVE, classify
from tinyfield.data.splits import by_block
from tinyfield.errors import DataError
from tinyfield.spec import App


def test_without_data_it_is_generated_and_says_so(small: Path, app: App) -> None:
    made = data.load(app, "need")
    assert {s.origin for s in made.series} == {"generated"}
    assert any("NO REAL DATA" in line for line in made.provenance)
    assert any(line.startswith("GENERATED") for line in made.provenance)
    assert made.classes == ("none", "light", "heavy")
    assert all(share > 0.01 for share in made.shares().values()), made.shares()


def test_real_plots_are_driven_and_never_torn(small: Path, app: App) -> None:
    folder = make_field(small / "field", tuple(f"p{k:02}-{m}" for k in range(1, 7) for m in (1, 2)))
    made = data.load(app, "need", data_dir=folder)
    driven = [s for s in made.series if s.origin == "driven"]
    assert len(driven) == 12
    parts = {}
    for s in driven:
        parts.setdefault(s.group.split("-")[0], set()).add(made.split[s.group])
    assert all(len(p) == 1 for p in parts.values())
    assert {made.split[s.group] for s in driven} == {"train", "valid", "test"}
    groups = {p: {s.group for s in made.part(p)} for p in ("train", "valid", "test")}
    assert not groups["train"] & groups["test"]
    assert not groups["train"] & groups["valid"]
    assert not groups["valid"] & groups["test"]
    one = driven[0]
    assert set(one.channels) == {c.name for c in app.channels}
    labelled = one.labels >= 0
    assert 7 < labelled.sum() / ((len(one) - 14 * 144) / 144) < 9, "one each three hours"
    assert not labelled[: 14 * 144].any(), "none before the first probe"


def test_the_same_seed_gives_the_same_bytes(small: Path, app: App) -> None:
    folder = make_field(small / "field", ("p01-1", "p02-1", "p03-1"))
    first = data.load(app, "need", data_dir=folder).key()
    again = data.load(app, "need", data_dir=folder).key()
    assert first == again, "read from the cache"
    for kept in (small / "cache" / "datasets").iterdir():
        kept.unlink()
    assert data.load(app, "need", data_dir=folder).key() == first, "made again"
    assert data.load(app, "need", data_dir=folder, seed=1).key() != first


def test_a_damaged_cache_is_made_again(small: Path, app: App) -> None:
    first = data.load(app, "need").key()
    (kept,) = (small / "cache" / "datasets").iterdir()
    kept.write_bytes(kept.read_bytes()[:1000])
    assert data.load(app, "need").key() == first


def test_held_out_needs_no_training_plot(small: Path, app: App) -> None:
    folder = make_field(small / "other", ("e42",), crop="maize")
    made = data.load(app, "need", data_dir=folder, held_out=True)
    assert set(made.split.values()) == {"test"}
    assert [s.site["plant"] for s in made.series] == ["maize"]
    assert not any("GENERATED" in line for line in made.provenance)


def test_a_folder_of_folders_is_searched(
    small: Path, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_field(small / "sets" / "irrigation_maricopa", ("p01-1", "p02-1", "p03-1"))
    monkeypatch.setenv("TINYFIELD_DATA", str(small / "sets"))
    assert any(s.origin == "driven" for s in data.load(app, "need").series)


def test_too_few_plots_and_unknown_crops_are_said(small: Path, app: App) -> None:
    with pytest.raises(DataError, match="too few to split"):
        data.load(app, "need", data_dir=make_field(small / "a", ("p01-1",)))
    with pytest.raises(DataError, match="no crop 'triffid'"):
        data.load(app, "need", data_dir=make_field(small / "b", crop="triffid"), held_out=True)


def test_one_class_only_is_said(small: Path, app: App) -> None:
    made = data.load(app, "need")
    series = tuple(
        data.Series(**{**s.__dict__, "labels": np.minimum(s.labels, 0)}) for s in made.series
    )
    with pytest.raises(DataError, match="all 'none'"):
        data.Dataset(made.name, made.classes, series, made.split, ()).require_classes()


def test_verify_finds_broken_series(small: Path, app: App) -> None:
    made = data.load(app, "need")
    s = made.series[0]
    for change, says in (
        ({"labels": s.labels[:-1]}, "labels"),
        ({"labels": np.full_like(s.labels, 7)}, "outside"),
        ({"channels": {k: v[:-1] for k, v in s.channels.items()}}, "values"),
        ({"group": "elsewhere"}, "in no split"),
    ):
        series = (data.Series(**{**s.__dict__, **change}), *made.series[1:])
        with pytest.raises(DataError, match=says):
            data.Dataset(made.name, made.classes, series, made.split, ()).verify()


def test_labels_are_the_least_dose_that_is_enough() -> None:
    raw = np.full(6, 30.0)
    limit = 30.0 * (1 - RESERVE)
    projected = limit + np.array([-20.0, 0.0, 0.1, 6.0, 6.1, 60.0])
    assert classify(projected, raw, (0.0, 6.0, 12.0)).tolist() == [0, 0, 1, 1, 2, 2]


def test_splits_are_blocks_in_a_row_and_seeded() -> None:
    groups = [f"2018/p{k:02}-{m}" for k in range(1, 13) for m in range(1, 5)]
    seen = set()
    for seed in range(6):
        split = by_block(groups, seed=seed)
        assert split == by_block(list(reversed(groups)), seed=seed)
        test = sorted({int(g[6:8]) for g in groups if split[g] == "test"})
        assert len(test) == 2
        assert test[1] - test[0] in (1, 11)
        seen.add(tuple(test))
        assert sum(v == "train" for v in split.values()) == 32
    assert len(seen) > 2


def test_dry_soil_needs_water_and_wet_soil_does_not(small: Path, app: App) -> None:
    """Labels follow the readings: the driest tenth mostly needs water, the wettest does not."""
    rows = [
        (s.channels["soil.moisture"][s.labels >= 0], s.labels[s.labels >= 0])
        for s in data.load(app, "need").series
    ]
    moisture = np.concatenate([m for m, _ in rows])
    labels = np.concatenate([n for _, n in rows])
    low, high = np.nanquantile(moisture, [0.1, 0.9])
    assert (labels[moisture <= low] > 0).mean() > 0.8
    assert (labels[moisture >= high] > 0).mean() < 0.2


def test_the_shared_field(
    shared: Path, app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINYFIELD_CACHE", str(tmp_path))
    made = data.load(app, "need", data_dir=shared / "data", held_out=True)
    assert len(made.series) == 48
    assert all(share > 0.03 for share in made.shares().values()), made.shares()
