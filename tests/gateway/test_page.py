"""The page in a real browser, at the size of a desk and of a pocket."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cbor2
import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from selenium import webdriver

from tests.browser import DESK, PHONE, chromium, picture, resize
from tests.gateway.making import NOW, birth, decision, heartbeat, listener, manifest
from tests.gateway.processes import Gateway, wait_for
from tinyfield.wire import Kind, Manifest, Message, encode_message, topic
from tinyfield_gateway.bus import parse_broker
from tinyfield_gateway.store import Batch, Heard, open_store

pytestmark = pytest.mark.browser

SECRET = 987_654_321
"""Stands for a raw value that some firmware put into a message against the contract."""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    with chromium(tmp_path_factory.mktemp("chromium")) as driver:
        yield driver


def second_app() -> Manifest:
    """An app with words that would be markup if they were not escaped."""
    return Manifest.model_validate(
        {
            "app": "cold <i>store</i>",
            "node": "shed-1",
            "board": "esp32dev",
            "rules": [{"name": "door", "labels": ["off", "on"], "clauses": ["a < b and <b>c</b>"]}],
        }
    )


def fill(path: Path) -> None:
    """Two nodes and a few days of decisions."""
    store = open_store(str(path))
    other = second_app()
    heard = [Heard("bed-3", birth(), NOW)]
    story: list[dict[str, Any]] = [
        {"rule": 0, "label": 2, "score": 130, "flags": 0b0100001},
        {"rule": 0, "label": 2, "score": 130, "flags": 0b1000000},
        {"rule": 0, "label": 2, "score": 130, "flags": 0b1100011},
        {"rule": 1, "label": 1, "score": 255, "flags": 1, "why": 1},
        {"rule": 0, "label": 2, "score": 220},
        {"rule": 0, "label": 0, "score": 240, "flags": 0, "why": 0},
        {"rule": 0, "label": 1, "score": 199, "flags": 0b101, "why": 0b011},
        {"rule": 2, "label": 1, "score": 255, "flags": 1, "why": 1},
    ]
    for seq, change in enumerate(story):
        when = NOW + 43_200 * seq
        heard.append(Heard("bed-3", decision(seq, heard=when, **change), NOW + seq))
    shed = decision(0, manifest=other.hash, why=1, flags=1, rule=0, label=1, battery=None)
    heard.append(Heard("shed-1", shed, NOW))
    faulty = Message(
        kind=Kind.HEARTBEAT, boot=1, node="bed-3", battery=3180, counters=(900, 4, 2), fault_mask=8
    )
    heard.append(Heard("bed-3", faulty, NOW))
    births = [("bed-3", manifest()), ("shed-1", other)]
    heard.append(Heard("lost-7", decision(0, manifest=0x1A2B3C4D), NOW))
    store.commit(Batch(heard=heard, births=births, online={"shed-1": False}))
    store.commit(neighbourhood(int(time.time())))
    store.close()


def neighbourhood(now: int) -> Batch:
    """A node that listens to four, of which one has just spoken."""
    ears = listener(
        ("porch-1", "frost"), ("porch-1", "tank_low"), ("bed-3", "frost"), ("hall-1", "smoke"),
        ("lost-7", "frost"), expires=3600,
    )  # fmt: skip
    here = [
        Message(kind=Kind.BIRTH, boot=1, node="attic-1", manifest=ears.hash),
        Message(kind=Kind.BIRTH, boot=1, node="porch-1", manifest=manifest().hash),
    ]
    said = decision(0, rule=2, label=1, score=255, flags=1, why=1, age=180)
    return Batch(
        births=[("attic-1", ears), ("porch-1", manifest(node="porch-1"))],
        heard=[
            *(Heard(one.node or "", one, now) for one in here),
            Heard("porch-1", said, now),
            Heard("porch-1", heartbeat(1 << 2, "porch-1"), now - 20),
        ],
    )


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("gateway")
    fill(folder / "gateway.db")
    process = Gateway(folder)
    yield process
    assert process.stop() == 0  # also with a browser that keeps its connection open


def look(browser: webdriver.Chrome, url: str, size: tuple[int, int], name: str) -> None:
    """Open, and keep a picture where one is asked for."""
    resize(browser, size)
    browser.get(url)
    wait_for(lambda: texts(browser, ".tf-head"), why="for the page")
    picture(browser, name)


# Each question is one script: the page is drawn anew every few seconds, and what was found before
# that is gone.


def every(browser: webdriver.Chrome, selector: str, what: str) -> list[Any]:
    """An expression over each element, ``one``, that a selector finds."""
    found: list[Any] = browser.execute_script(
        f"return [...document.querySelectorAll(arguments[0])].map(one => {what})", selector
    )
    return found


def texts(browser: webdriver.Chrome, selector: str) -> list[str]:
    """What elements say."""
    return every(browser, selector, "one.innerText")


def cards(browser: webdriver.Chrome) -> list[tuple[str, list[str]]]:
    """What each decision's card says, and the clauses that it gives as reasons."""
    clauses = "[...one.querySelectorAll('.tf-clause')].map(chip => chip.innerText)"
    found = every(browser, ".tf-decision", f"[one.innerText, {clauses}]")
    return [(text, chips) for text, chips in found]


def is_shown(browser: webdriver.Chrome, selector: str) -> bool:
    """Whether the only such element takes any room."""
    (shown,) = every(browser, selector, "one.getClientRects().length > 0")
    return bool(shown)


def test_what_was_decided_and_why(browser: webdriver.Chrome, gateway: Gateway) -> None:
    look(browser, gateway.page, DESK, "page-desk")
    found = cards(browser)
    assert len(found) == 11
    water, chips = next(card for card in found if "86 %" in card[0])
    for word in ("water", "heavy", "bed-3", "valve on for 8 min", "done"):
        assert word in water
    assert chips == ["need == heavy", "confidence > 0.7", "tank.level > 15 %"]
    blocked, chips = next(card for card in found if "light" in card[0])
    assert "blocked by an interlock" in blocked
    # The clause that was not true is no reason.
    assert chips == ["need == heavy", "confidence > 0.7"]
    assert texts(browser, '.tf-node[data-node="bed-3"] .tf-active') == [
        "frost",
        "tank_low",
        "water: light",
    ]
    (card,) = texts(browser, '.tf-node[data-node="bed-3"]')
    for word in ("irrigation on uno", "3.18 V", "no reading from tank", "2 decisions lost"):
        assert word in card
    (lost,) = texts(browser, '.tf-node[data-node="lost-7"]')
    assert "manifest 1a2b3c4d is missing" in lost


def test_who_judges_a_case(browser: webdriver.Chrome, gateway: Gateway) -> None:
    look(browser, gateway.page, DESK, "page-cases")
    asks = every(browser, ".tf-case", "[one.innerText, one.title]")
    assert asks[0] == ["asks the edge: 1/0", "tinyfield-gateway answer bed-3 1/0 yes"]
    told = texts(browser, ".tf-decision")
    assert any("dismissed" in card and "by the edge" in card for card in told)
    assert any("no answer came: by the node alone" in card and "done" in card for card in told)


def test_who_hears_whom(browser: webdriver.Chrome, gateway: Gateway) -> None:
    look(browser, gateway.page, DESK, "page-neighbours")
    ears = '.tf-node[data-node="attic-1"] .tf-hears'
    heard, quiet, silent, waits, nameless = texts(browser, ears)
    assert heard.startswith("hears porch-1: frost is active, said ")
    assert quiet.startswith("hears porch-1: tank_low is not active, said ")
    assert silent.startswith("hears no more of frost from bed-3: silent for ")
    assert waits == "waits for hall-1, which has not been heard yet"
    assert nameless.startswith("cannot hear lost-7: its manifest is missing")
    classes = every(browser, ears, "one.classList[1]")
    assert classes == ["active", "quiet", "missing", "missing", "missing"]
    assert texts(browser, '.tf-node[data-node="porch-1"] .tf-hears') == [
        "frost, tank_low heard by attic-1"
    ]
    (known,) = [one for one in gateway.get("/api/nodes") if one["node"] == "attic-1"]
    assert [one["state"] for one in known["neighbours"]] == [
        "active", "inactive", "expired", "waits", "nameless",
    ]  # fmt: skip
    assert known["neighbours"][3] == {
        "name": "ear_3", "node": "hall-1", "decision": "smoke", "expires_s": 3600,
        "state": "waits", "active": None, "said": None,
    }  # fmt: skip


def test_names_are_never_markup(browser: webdriver.Chrome, gateway: Gateway) -> None:
    look(browser, f"{gateway.page}/?node=shed-1", DESK, "page-one-node")
    assert texts(browser, ".tf-clause") == ["a < b and <b>c</b>"]
    assert "cold <i>store</i>" in " ".join(texts(browser, ".tf-cols"))
    assert len(texts(browser, ".tf-decision")) == 1


def test_a_decision_appears_by_itself_and_no_raw_value(
    browser: webdriver.Chrome, gateway: Gateway
) -> None:
    wait_for(gateway.healthy, why=gateway.log.read_text)
    look(browser, gateway.page, DESK, "page-before")
    before = len(texts(browser, ".tf-decision"))
    data = encode_message(decision(8, score=230))
    told = {**cbor2.loads(data), 40: SECRET}
    address = parse_broker(gateway.broker)
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.connect(address.host, address.port)
    client.loop_start()
    client.publish(topic("bed-3", "up"), cbor2.dumps(told, canonical=True), qos=1)
    wait_for(lambda: "90 %" in " ".join(texts(browser, ".tf-decision")))
    client.disconnect()
    client.loop_stop()
    assert len(texts(browser, ".tf-decision")) == before + 1
    assert str(SECRET) not in browser.page_source
    assert str(SECRET) not in str(gateway.get("/api/decisions"))
    store = gateway.log.parent
    assert not any(cbor2.dumps(SECRET) in one.read_bytes() for one in store.glob("gateway.db*"))


def test_on_a_phone(browser: webdriver.Chrome, gateway: Gateway) -> None:
    look(browser, gateway.page, PHONE, "page-phone")
    wide = browser.execute_script("return document.documentElement.scrollWidth")
    assert wide <= PHONE[0]
    right = every(browser, ".tf-clause", "one.getBoundingClientRect().right")
    assert right and max(right) <= PHONE[0]


def test_nothing_from_elsewhere(browser: webdriver.Chrome, gateway: Gateway) -> None:
    browser.get("about:blank")  # what the page before has to say of being left is not meant
    browser.get_log("browser")  # type: ignore[no-untyped-call]
    look(browser, gateway.page, DESK, "page-last")
    entries = browser.get_log("browser")  # type: ignore[no-untyped-call]
    assert [one for one in entries if one["level"] == "SEVERE"] == []
    loaded = browser.execute_script(
        "return performance.getEntriesByType('resource').map(one => one.name)"
    )
    assert loaded
    assert [name for name in loaded if not name.startswith(gateway.page)] == []


def test_an_empty_page_says_what_to_do(browser: webdriver.Chrome, tmp_path: Path) -> None:
    fresh = Gateway(tmp_path)
    try:
        look(browser, fresh.page, DESK, "page-empty")
        (text,) = texts(browser, ".tf-empty")
        assert f"--broker {fresh.broker}" in text
        assert "tinyfield-gateway bridge" in text
        assert not is_shown(browser, ".tf-cols")
        look(browser, fresh.page, PHONE, "page-empty-phone")
        wide = browser.execute_script("return document.documentElement.scrollWidth")
        assert wide <= PHONE[0]
    finally:
        fresh.stop()


def test_a_store_that_cannot_be_read_is_no_silent_field(
    browser: webdriver.Chrome, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    gateway = Gateway(tmp_path, f"--store={tmp_path}/file/gateway.db")
    try:
        wait_for(lambda: "file" in gateway.get("/healthz")["store"]["text"])
        look(browser, gateway.page, PHONE, "page-trouble-phone")
        assert "Nodes keep their decisions" in wait_for(lambda: texts(browser, ".tf-banner"))[0]
        assert texts(browser, ".tf-part.bad") == ["broker", "store"]
        assert not is_shown(browser, ".tf-empty")
        (tmp_path / "file").unlink()
        wait_for(lambda: not texts(browser, ".tf-banner"))
        wait_for(lambda: is_shown(browser, ".tf-empty"))
    finally:
        assert gateway.stop() == 0
