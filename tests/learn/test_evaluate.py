"""Scoring a built model on series: the same rows give the same figures as at the build."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from tests.features.apps import app, channel, feature
from tests.learn.conftest import CLASSES, model, table
from tinyfield import tables
from tinyfield.data.dataset import Dataset, Series
from tinyfield.errors import DataError
from tinyfield.learn import Cost, Trained, evaluate, held_out, train
from tinyfield.learn.examine import notes_on
from tinyfield.pipeline import Brain, Evaluation
from tinyfield.spec import load_app

NAMES = [f"s.{name}" for name in "abcde"]
APP = app(
    [channel(name, 0, -(10**7), 10**7) for name in NAMES],
    {"need": [feature(name, "last", channel=i) for i, name in enumerate(NAMES)]},
)


def dataset(prefix: str = "") -> Dataset:
    """The rows of ``table()`` as one series a group."""
    rows = table()
    series, split = [], {}
    for group in np.unique(rows.group):
        part = rows.rows(rows.group == group)
        series.append(
            Series(
                group=prefix + str(group),
                site={},
                period_s=600,
                t0=datetime(2026, 1, 1),
                channels={name: part.X[:, i].astype(float) for i, name in enumerate(NAMES)},
                day=np.zeros(len(part), np.int32),
                labels=part.y,
                origin=str(part.origin[0]),  # type: ignore[arg-type]
            )
        )
        split[prefix + str(group)] = str(part.split[0])
    return Dataset("made", CLASSES, tuple(series), split, ("GENERATED: numbers.",))  # type: ignore[arg-type]


def other_numbers(one: Dataset) -> Dataset:
    """The same but for noise in every channel."""
    rng = np.random.default_rng(1)
    series = tuple(
        replace(s, channels={n: v + rng.integers(-3, 4, len(v)) for n, v in s.channels.items()})
        for s in one.series
    )
    return replace(one, series=series)


OTHERS = other_numbers(dataset())
NOTHING = {"rows": 0, "groups": {}, "value": None, "tested": 0}


def scored(trained: Trained, offered: Dataset, learned: Dataset | None = None) -> dict[str, Any]:
    return evaluate(APP, held_out(APP, trained, offered, learned))


def test_test_split_gives_the_builds_figures(trained: Trained, cached: Path) -> None:
    got = scored(trained, dataset())
    device = trained.report.device
    assert got["metric"] == "macro_f1"
    assert (got["value"], got["n"], got["groups"]) == (device.macro_f1, 1200, 4)
    assert got["confusion"] == device.confusion and got["per_class"] == device.per_class
    assert got["baseline"] == trained.report.baseline.macro_f1
    assert got["by_origin"]["driven"]["n"] + got["by_origin"]["generated"]["n"] == 1200
    assert got["seen"] == NOTHING and got["missing"] == 0
    # The contract of `evaluate --json`.
    assert list(got)[:6] == ["metric", "value", "baseline", "n", "per_class", "confusion"]
    assert sum(map(sum, got["confusion"])) == got["n"]
    for i, name in enumerate(CLASSES):
        row, one = got["confusion"][i], got["per_class"][name]
        assert one["n"] == sum(row) and one["recall"] == pytest.approx(row[i] / sum(row), abs=1e-6)
    assert got["interval"][0] <= got["value"] <= got["interval"][1]
    columns = got["columns"]
    assert columns["int8"] == columns["device"] == device.to_json()
    assert columns["float"] == trained.report.float.to_json()
    assert json.loads(json.dumps(got)) == json.loads(json.dumps(scored(trained, dataset())))


def test_the_tables_say_it_all(trained: Trained, cached: Path) -> None:
    scores = scored(trained, dataset())
    told = io.StringIO()
    out = Console(file=told, width=140)
    tables.evaluation(Evaluation({"need": scores}, (), {}), out)
    tables.accuracy({"need": trained}, out)
    text = told.getvalue()
    assert text.count("need: truth down, answer across") == 1
    assert text.count("need on device: truth down, answer across") == 1
    for name in CLASSES:
        one = scores["per_class"][name]
        cells = [f"{one['recall']:.2f}", f"{one['precision']:.2f}", f"{one['n']:,}"]
        rows = [line for line in text.splitlines() if line.startswith(f"│ {name} ")]
        assert len(rows) == 2
        assert all([c.strip() for c in row.split("│")[-4:-1]] == cells for row in rows), rows
    low, high = scores["interval"]
    assert f"macro_f1 {scores['value']:.3f} [{low:.3f}–{high:.3f}]" in text
    assert f"majority class {scores['baseline']:.3f}" in text and "int reference" in text
    assert "takes" not in text and "note:" not in text


def test_what_it_takes_and_that_it_was_refitted_is_said(trained: Trained, cached: Path) -> None:
    note = notes_on(replace(table(), refit=True))[0]
    report = replace(trained.report, notes=("of other things", note))
    scores = scored(replace(trained, report=report), dataset())
    told = io.StringIO()
    costs = {"need": Cost("cortex-m4", 3210, 98)}
    result = Evaluation({"need": scores}, (), {}, costs=costs)
    tables.evaluation(result, Console(file=told, width=400))
    assert f"note: {note}" in told.getvalue() and "25% of them" in note
    assert "takes 3,210 B of flash (code and constants) and 98 B of RAM" in told.getvalue()
    assert result.as_json()["costs"]["need"]["flash_bytes"] == 3210
    assert result.as_json()["refitted"] == note
    assert "note: of other things" in told.getvalue() and result.as_json()["notes"] == [
        "of other things"
    ]
    other = scored(replace(trained, report=report), OTHERS, dataset())
    assert other["notes"] == []  # they are of the build's test rows


def test_test_rows_of_the_moments_of_training_rows_are_told() -> None:
    """Of rows with dates alone, and of more than half of them."""
    rows = table()
    test = np.flatnonzero(rows.split == "test")
    when = np.arange(len(rows), dtype=np.int64)
    when[test[: len(test) * 3 // 4]] = when[rows.split == "train"][: len(test) * 3 // 4]
    told = notes_on(replace(rows, when=when, dated=True))[-1]
    assert told.startswith("75% of the test rows are of the same moments as training rows")
    assert not any("same moments" in note for note in notes_on(replace(rows, when=when)))
    apart = replace(rows, when=np.arange(len(rows), dtype=np.int64), dated=True)
    assert not any("same moments" in note for note in notes_on(apart))


def test_weak_recordings_are_told_where_they_were_learned_from() -> None:
    the_app = load_app(Path(__file__).parents[2] / "apps" / "pet_tracker.yaml")
    rows = table()
    (told,) = Brain(the_app, tables={"behaviour": rows, "itch": rows}).weak
    assert told.startswith("WEAK DATA: of pet_dog, it is one dog with one recording")
    made = replace(rows, origin=np.full(len(rows), "generated"))
    assert Brain(the_app, tables={"behaviour": made}).weak == ()


def test_other_data_count_whole(trained: Trained, cached: Path) -> None:
    got = scored(trained, dataset(), OTHERS)
    assert got["n"] == 6000 and got["groups"] == 20 and got["seen"] == NOTHING
    assert got["columns"]["float"] is None and got["columns"]["int8"]["n"] == 6000


def test_known_places_in_other_years_are_told_apart(trained: Trained, cached: Path) -> None:
    got = scored(trained, dataset("later/"), OTHERS)
    known, new = got["by_place"]["known"], got["by_place"]["new"]
    assert (known["groups"], new["groups"], got["n"]) == (16, 4, 6000)
    # What was never trained on is the test split of the build.
    assert new["macro_f1"] == trained.report.device.macro_f1
    assert got["auc"] is None and known["auc"] is None
    told = io.StringIO()
    tables.evaluation(Evaluation({"need": got}, (), {}), Console(file=told, width=140))
    assert f"elsewhere: macro F1 {new['macro_f1']:.3f} [" in told.getvalue()
    assert "left out" not in told.getvalue() and "own test" not in told.getvalue()


def test_what_training_saw_is_left_out_whatever_it_is_called(
    trained: Trained, cached: Path
) -> None:
    got = scored(trained, dataset("new-"), dataset())
    assert got["n"] == 1200 and got["value"] == trained.report.device.macro_f1
    seen = got["seen"]
    assert seen["groups"] == {f"new-g{i}": 300 for i in range(16)} and seen["rows"] == 4800
    assert seen["tested"] == 1200 and 0 < seen["value"] <= 1
    told = io.StringIO()
    tables.evaluation(Evaluation({"need": got}, (), {}), Console(file=told, width=300))
    said = "left out: 4,800 rows that training saw, or that lie between such, of new-g0, new-g1,"
    assert said in told.getvalue()
    assert f"macro_f1 on them {seen['value']:.3f}, which says nothing" in told.getvalue()
    assert "of the rows scored, all are of the build's own test split" in told.getvalue()


def test_a_group_that_is_called_as_a_trained_one_counts(trained: Trained, cached: Path) -> None:
    """By what it holds, not by its name."""
    got = scored(trained, other_numbers(dataset()), dataset())
    assert got["n"] == 6000 and got["seen"] == NOTHING


def test_what_ships_is_scored_on_what_the_build_never_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fitted to all rows it may not be scored on any of them: there it is what it was before."""
    pytest.importorskip("sklearn")
    monkeypatch.setenv("TINYFIELD_CACHE", str(tmp_path))
    rows = replace(table(), refit="all")
    asked = model().model_copy(update={"architecture": "tree", "depth": 5, "min_leaf": 9})
    made = train(rows, asked)
    assert made.model != made.judged and set(made.also) == set(rows.part("test").group)
    for own in (scored(made, dataset()), scored(made, dataset("new-"), dataset())):
        assert own["value"] == made.report.device.macro_f1 and own["n"] == 1200
        assert "no row is left that could say" in own["refitted"]
        assert "what ships that was scored" not in own["refitted"]
    other = other_numbers(dataset())
    for offered in (other, replace(other, series=(*other.series, *dataset("new-").series),
                                   split={**other.split, **dataset("new-").split})):  # fmt: skip
        got = scored(made, offered, dataset())
        assert got["n"] == 6000 and got["seen"]["tested"] == 0
        assert got["seen"]["rows"] == (0 if offered is other else 6000)
        assert got["value"] == scored(replace(made, judged=b"", also=()), other, dataset())["value"]
        assert got["refitted"].endswith("on rows that the build never had")
        assert got["by_place"].keys() == {"known"}


def test_nothing_that_training_did_not_see(trained: Trained, cached: Path) -> None:
    same = dataset()
    train_only = replace(same, series=tuple(s for s in same.series if s.group in trained.groups))
    with pytest.raises(DataError, match=r"training saw 4800 rows \(of g0, g1, g10 …\)"):
        scored(trained, train_only, same)


def test_other_classes_are_refused(trained: Trained, cached: Path) -> None:
    with pytest.raises(DataError, match="has the classes"):
        scored(trained, replace(dataset(), classes=("dry", "wet", "soaked")))
