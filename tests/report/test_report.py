"""What stands on the page, that it stands alone, and that it is the same each time."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from tests.report.making import COSTS, app, facts, metrics, plays, programs, table, trained
from tinyfield import pipeline
from tinyfield.errors import EnvironmentFault, MissingToolError, UserError
from tinyfield.learn import Cost, Fitted, Kept, Trained
from tinyfield.learn.metrics import errors, score
from tinyfield.learn.regression import by_origin, idle_errors
from tinyfield.learn.stages import Stage
from tinyfield.report import check_place, doubts, gather, plots, render, write
from tinyfield.report.gather import about
from tinyfield.report.page import _when
from tinyfield.report.plots import spans
from tinyfield.spec.app import Target

pytest.importorskip("matplotlib")


class Page(HTMLParser):
    """The page's elements, its text, and whether every element is closed."""

    VOID = frozenset({"meta", "br", "hr", "img", "input", "link"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def html(root: Path) -> str:
    return render(facts(root))


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


@pytest.mark.parametrize(
    "words",
    [
        "reads 4 sensors (soil, air, light and tank) every 10 min",
        "never on for longer than 20 min",
        "valve on for 16 min, where the label is “heavy”",
        "No raw reading leaves it",
        "Thorp, K. R. (2022)",
        "CC0-1.0",
        "soil_quebec MIT",
        "7 labelled rows left out",
        "2 pruned 5 of 28 units gone",
        "16 levels (given up)",
        "27,000 B (84%)",
        "450 B",
        "2.12 ms",
        "esp32dev: not measured: no virtual board has its core",
        "at least 3",
        "Kept from before: dry.usual 3 h; dry.today 20 min.",
        "(refused)",
        "litres 1,234.6, z 0.",
        "Energy and battery life Not estimated yet",
    ],
)
def test_the_page_says(page: Page, words: str) -> None:
    assert words in page.text


def test_every_figure_of_the_scores_is_there(root: Path, page: Page) -> None:
    report = metrics(table())
    for one in (report.float, report.baseline, *report.by_origin.values()):
        assert one.interval is not None
        low, high = one.interval
        assert f"{one.macro_f1:.3f} [{low:.2f}–{high:.2f}]" in page.text
    for row in report.device.confusion:
        assert " ".join(map(str, row)) in page.text
    for name in ("none", "light", "heavy"):
        row = report.device.per_class[name]
        shown = f"{name} {row['recall']:.2f} {row['precision']:.2f} {row['f1']:.2f} {row['n']}"
        assert shown in page.text


def test_names_are_never_markup(html: str, page: Page) -> None:
    assert 'a<b>&"c"' in page.text
    assert "a<b>" not in html
    assert "<code>fao56</code>" in html


def test_it_loads_nothing(html: str, page: Page) -> None:
    for tag, attributes in page.elements:
        assert tag not in {"script", "link", "img", "iframe", "object", "embed", "image", "base"}
        assert "src" not in attributes
        if tag != "a":  # a link is followed, not loaded
            assert not re.match(r"(?!#)", attributes.get("href") or "#"), attributes
    assert re.findall(r"@import|url\((?!#)", html) == []
    assert "default-src 'none'" in html


def test_ids_are_one_of_a_kind_and_what_is_pointed_at_is_there(html: str, page: Page) -> None:
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))
    pointed = set(re.findall(r"url\(#([^)]+)\)", html))
    pointed |= {
        (a.get("href") or "")[1:] for _, a in page.elements if (a.get("href") or "")[:1] == "#"
    }
    assert pointed <= set(ids)


def test_those_who_cannot_see_it_are_told(page: Page) -> None:
    pictures = page.all("svg")
    assert len(pictures) == 11
    assert all(a.get("role") == "img" and a.get("aria-label") for a in pictures)
    headers = page.all("th")
    assert headers and all(a.get("scope") in {"col", "row"} for a in headers)
    assert len(page.all("table")) == len(page.all("caption"))
    labels = " ".join(str(a["aria-label"]) for a in pictures)
    assert "water fired 3 times" in labels and "pruned 0.770 at 1,480 bytes" in labels


def test_the_same_facts_give_the_same_bytes(root: Path, html: str) -> None:
    assert render(facts(root)) == html
    assert render(facts(root, right=0.5)) != html


def test_no_path_of_this_machine_is_told(root: Path, html: str) -> None:
    for place in (root, Path.home(), Path("/tmp")):
        assert f"{place}/" not in html


def test_warnings(root: Path) -> None:
    told = " | ".join(facts(root).warnings)
    for words in (
        "50% of the 200 test rows are generated",
        "no test row is a measurement",
        "7 labelled rows left out",
        "only 4 groups",
        "SIMULATED",
        "The trace of test “dry week” is generated, not recorded",
    ):
        assert words in told
    assert "has no test row" not in told
    assert "not clearly better" not in told


def test_warnings_of_data_that_cannot_carry_a_figure(root: Path) -> None:
    rows = replace(table(last=False), origin=np.full(600, "generated"))
    report = metrics(rows, right=0.34)
    the = app(root)
    models = {"need": trained(the, rows, report)}
    made = gather(the, models, {"need": rows}, programs(models), (), COSTS, plays()[:1])
    told = " | ".join(made.warnings)
    assert "NO REAL DATA in the test split: all of its 200 rows are generated" in told
    assert "the class “heavy” has no test row" in told
    assert "not clearly better" in told
    assert "SIMULATED" not in told
    assert "Never fired in the runs below, so not seen at work: tank_low" in told


def test_a_model_made_in_one_step_has_no_chart_of_steps(root: Path) -> None:
    page = Page(render(facts(root, stages=())))
    assert len(page.all("svg")) == 10
    assert "What each step" not in page.text


def test_spans_of_a_rule() -> None:
    day = 86400
    week = plays()[0]
    assert spans(week.decisions, "water", week.last) == [
        (day, 2 * day, "light"),
        (2 * day, 3 * day, "heavy"),
    ]
    assert spans(week.decisions, "heat", week.last) == [(3 * day, 7 * day, "on")]
    assert spans(week.decisions, "tank_low", week.last) == []


def test_without_matplotlib_it_says_what_to_install(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    with pytest.raises(MissingToolError, match="matplotlib is not installed") as caught:
        pipeline.report(root / "apps/irrigation.yaml", out=tmp_path / "r.html")
    assert caught.value.hint == plots.INSTALL
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_told_before_the_work(root: Path, tmp_path: Path) -> None:
    for place, words in (
        (tmp_path, "is a folder"),
        (tmp_path / "no" / "r.html", "no such folder"),
    ):
        with pytest.raises(UserError, match=words):
            pipeline.report(root / "apps/irrigation.yaml", out=place)
    with pytest.raises((EnvironmentFault, UserError)):
        write(Path("/proc/no-such-file.html"), "x")
    check_place(tmp_path / "fine.html")


def test_what_was_there_is_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "r.html"
    write(file, "old")
    write(file, "nëw")
    assert file.read_text(encoding="utf-8") == "nëw"
    assert list(tmp_path.iterdir()) == [file]


def test_a_number_has_errors_and_a_scatter_instead_of_classes(root: Path) -> None:
    """Hand-made answers: what is told of them is what NumPy makes of them."""
    the, target = app(root), Target(name="need", unit="mm", scale=-1, minimum=-999, maximum=999)
    rows, rng = table(), np.random.default_rng(2)
    y = rng.integers(-300, 300, len(rows)).astype(np.int32)
    rows = replace(rows, y=y, classes=(), target=target, before=np.roll(y, 1))
    test = rows.part("test")
    said = (test.y + rng.integers(-20, 20, len(test))).astype(np.int32)
    one = errors(test.y, said, test.group, step=0.1)
    report = Fitted(
        target="need", unit="mm", float=one, int8=one, device=one,
        mean=errors(test.y, np.zeros(len(test)), test.group, step=0.1),
        persistence=idle_errors(rows, test, 0.1)["persistence"],
        by_origin=by_origin(test, said, target),
        compared=len(test), apart=0.04, points=tuple((float(a), float(b)) for a, b in
                                                     zip(test.y / 10, said / 10, strict=True)),
        stages=(Stage("float", "", {"rmse": 2.0, "mae": 1.5}, {"rmse": 2.1, "mae": 1.6}, 9, 36),
                Stage("int8", "", {"rmse": 2.0, "mae": 1.5}, {"rmse": 2.1, "mae": 1.6}, 9, 9, 40)),
    )  # fmt: skip
    asked = the.models["need"].model_copy(update={"classes": (), "target": target})
    rules = {name: d for name, d in the.decisions.items() if d.model is None}
    the = the.model_copy(update={"models": {"need": asked}, "decisions": rules})
    made = {"need": Trained("need", trained(the, table(), metrics(table())).model, (), (), report)}
    found = gather(the, made, {"need": rows}, programs(made), ("MEASURED: it.",), COSTS, ())
    page = Page(render(found))
    assert f"{one.mae:.3g}" in page.text and "mean absolute error" in page.text
    assert "need: mean error" in page.text and "gives need in mm" in page.text
    assert "macro F1" not in page.text and "class" not in page.text.lower().split("licences")[0]
    labels = " ".join(a.get("aria-label") or "" for a in page.all("svg"))
    assert "as the node gives it against the truth" in labels and "Mean error: " in labels
    far = replace(report, mean=one)
    doubted = gather(
        the, {"need": replace(made["need"], report=far)}, {"need": rows}, programs(made), (),
        COSTS, (),
    )  # fmt: skip
    assert any("not clearly better than always saying the mean" in w for w in doubted.warnings)


def test_trees_are_drawn_against_bytes_and_the_budget(root: Path) -> None:
    """Hand-made scores of fewer trees: all are on the page, and where more bytes are fewer trees
    the page says why."""
    plain = facts(root)
    assert plots.growth(plain.models[0]) == ""
    one = plain.models[0].metrics.device
    kept = [
        Kept(n, size, replace(one, macro_f1=f1))
        for n, size, f1 in ((5, 2000, 0.61), (10, 4100, 0.72), (20, 3900, 0.78))
    ]
    model = replace(plain.models[0], growth=tuple(kept), budget=6000, steps=1,
                    cost=Cost("cortex-m4", 3900, 80))  # fmt: skip
    page = Page(render(replace(plain, models=(model,))))
    labels = [a.get("aria-label") or "" for a in page.all("svg")]
    drawn = next(label for label in labels if "against bytes of flash" in label)
    assert "5 trees 0.610 at 2,000 bytes" in drawn and "20 trees 0.780 at 3,900 bytes" in drawn
    assert "20 (as it ships) 0.780" in page.text and "measured as cortex-m4" in page.text
    assert "Dashed: the budget." in page.text and "a table, which is shorter" in page.text
    assert "3,900 B of flash with its code" in page.text
    rising = replace(model, growth=(kept[0], kept[1]), budget=None)
    page = Page(render(replace(plain, models=(rising,))))
    assert "filled: as it ships" in page.text
    assert "Dashed: the budget." not in page.text and "which is shorter" not in page.text


def test_a_forecast_stands_beside_who_learned_nothing(root: Path) -> None:
    rows = table()
    test = rows.part("test")
    y = test.y.astype(np.int64)
    better = score(y, np.where(np.arange(len(y)) % 9 == 0, 0, y), test.group, rows.classes)
    worse = score(y, np.full_like(y, 1), test.group, rows.classes)
    own = metrics(rows)
    note = "fitted once more to the 400 rows of the training and validation splits"
    ahead = replace(own, persistence=better, climatology=worse, notes=(*own.notes, note))
    found = facts(root, told=ahead)
    page = Page(render(found))
    assert better.macro_f1 > own.device.macro_f1 > worse.macro_f1
    assert "nothing changes" in page.text and "hour and month" in page.text
    assert f"{better.macro_f1:.3f}" in page.text and f"{worse.macro_f1:.3f}" in page.text
    assert any("DOES NOT BEAT PERSISTENCE" in told for told in found.warnings)
    assert not any("CLIMATOLOGY" in told for told in found.warnings)
    assert f"The model on the node was {note}" in page.text
    assert not any(note in told for told in found.warnings)
    plain = facts(root)
    assert "nothing changes" not in Page(render(plain)).text
    assert not any("DOES NOT BEAT" in told for told in plain.warnings)


def test_what_is_settled_and_what_is_passed_up(root: Path) -> None:
    told = facts(root)
    assert "Settled on the node" not in Page(render(told)).text
    rows = ({"": "settled: acts", "rows": "55", "share": "32.7%", "right": "98.2%"},)
    text = Page(render(replace(told, settled=(("halt: which rows", rows),)))).text
    assert "Settled on the node, or passed up" in text
    assert "Halt: which rows" in text
    assert "settled: acts 55 32.7% 98.2%" in text


def test_what_weakens_two_models_alike_is_said_once(root: Path) -> None:
    made = facts(root)
    one = made.models[0]
    said = doubts.every(app(root), (one, replace(one, name="other")), (), ())
    assert any(text.startswith("need and other: ") for text in said)
    assert not any(text.startswith("other: ") for text in said)


def test_the_card_tells_that_test_rows_are_generated_and_weak(root: Path) -> None:
    made = facts(root)
    one = made.models[0]
    for origin, told in (("generated", True), ("measured", False)):
        parts = tuple(replace(part, origin=origin) for part in one.parts)
        page = Page(render(replace(made, models=(replace(one, parts=parts, dataset="pet_dog"),))))
        assert ("100 % of the test rows generated" in page.text) == told
        assert "weak data" in page.text


def test_trees_have_no_empty_memory_plan(root: Path) -> None:
    made = facts(root)
    page = Page(render(replace(made, models=(replace(made.models[0], steps=1),))))
    assert "works in one step" in page.text
    assert not any(
        (one.get("aria-label") or "").startswith("Memory plan") for one in page.all("svg")
    )


def test_decisions_are_told_by_the_local_clock() -> None:
    play = replace(plays()[0], start=86400 + 6 * 3600, first=0)
    assert _when(3600, play) == "2 Jan 07:00"
    assert _when(3600, replace(play, start=None)) == "day 0, 01:00"


def test_the_comment_at_the_head_of_the_app_says_what_it_is_for(root: Path, tmp_path: Path) -> None:
    assert Page(render(facts(root))).text.count("A bed of tomatoes that waters itself") == 1
    file = tmp_path / "app.yaml"
    file.write_text("# Rings <once>.\n#\n# Try it: tinyfield test app.yaml\napp: bell\n# no more\n")
    assert about(file) == "Rings <once>."
