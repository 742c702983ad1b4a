"""The report in a real browser, at the size of a desk and of a pocket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver

from tests.browser import DESK, PHONE, chromium, picture, resize
from tests.report.making import CLASSES, MANY, facts
from tinyfield.report import render, write

pytestmark = pytest.mark.browser
pytest.importorskip("matplotlib")

OUTSIDE = """
const wide = document.documentElement.clientWidth;
const inside = one => one.closest('.scroll') !== null && !one.classList.contains('scroll');
return [...document.querySelectorAll('body *')]
  .filter(one => !inside(one) && one.getBoundingClientRect().width > 0
    && one.getBoundingClientRect().right > wide + 1)
  .map(one => one.tagName + ' ' + one.textContent.slice(0, 40));
"""
SPILT = """
return [...document.querySelectorAll('.card, .thing, section')]
  .filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.textContent.slice(0, 60));
"""
CUT = """
return [...document.querySelectorAll('figure svg text')].filter(one => {
  const svg = one.ownerSVGElement.getBoundingClientRect(), box = one.getBoundingClientRect();
  return box.width > 0 && (box.right > svg.right + 1 || box.left < svg.left - 1
    || box.bottom > svg.bottom + 1 || box.top < svg.top - 1);
}).map(one => one.textContent);
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    with chromium(tmp_path_factory.mktemp("chromium")) as driver:
        yield driver


@pytest.mark.parametrize("classes", [CLASSES, MANY], ids=["three", "eight"])
def test_nothing_overflows_and_nothing_is_loaded(
    browser: webdriver.Chrome, root: Path, tmp_path: Path, classes: tuple[str, ...]
) -> None:
    file = tmp_path / "report.html"
    write(file, render(facts(root, classes=classes)))
    for size, name in ((DESK, "report-desk"), (PHONE, "report-phone")):
        resize(browser, size)
        browser.get(file.as_uri())
        picture(browser, name)
        browser.execute_script("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert browser.execute_script("return document.documentElement.scrollWidth") <= size[0]
        assert browser.execute_script(OUTSIDE) == []
        assert browser.execute_script(SPILT) == []
        assert browser.execute_script(CUT) == []
        shown = browser.execute_script(
            "return [...document.querySelectorAll('#decided svg')]"
            ".filter(one => one.getBoundingClientRect().width > 0).length"
        )
        assert shown == 2  # of each run the wide picture or the narrow one
    loaded = browser.execute_script(
        "return performance.getEntriesByType('resource').map(one => one.name)"
    )
    assert loaded == []
    log = browser.get_log("browser")  # type: ignore[no-untyped-call]
    assert [one for one in log if one["level"] == "SEVERE"] == []


def test_it_goes_dark_with_the_reader(
    browser: webdriver.Chrome, root: Path, tmp_path: Path
) -> None:
    file = tmp_path / "report.html"
    write(file, render(facts(root)))
    inks = []
    for scheme in ("light", "dark"):
        browser.execute_cdp_cmd(
            "Emulation.setEmulatedMedia",
            {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
        )
        browser.get(file.as_uri())
        inks.append(
            browser.execute_script(
                "return ['body', '#good svg text'].map("
                "q => getComputedStyle(document.querySelector(q))[q === 'body' ? 'color' : 'fill'])"
            )
        )
    assert all(a != b for a, b in zip(*inks, strict=True))
