"""Ids into words, sinks, addresses of the page, and what comes with the package."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.gateway.making import NOW, batch, decision, manifest
from tests.gateway.processes import PATIENCE_S, free_port, need, wait_for
from tinyfield.errors import EnvironmentFault, UsageError
from tinyfield.wire import LABEL_UNKNOWN
from tinyfield_gateway.names import show
from tinyfield_gateway.sinks import Follower, JsonLines
from tinyfield_gateway.store import Batch, open_store
from tinyfield_gateway.web.server import listen
from tinyfield_gateway.web.words import ago


def shown(tmp_path: Path, **change: int) -> dict[str, object]:
    store = open_store(str(tmp_path / "gateway.db"))
    store.commit(Batch(births=[("bed-3", manifest())], heard=batch(decision(0, **change)).heard))
    (one,) = store.decisions()
    answer = show(one, store.manifests()).as_dict()
    store.close()
    return answer


def test_a_decision_in_words(tmp_path: Path) -> None:
    assert shown(tmp_path, why=0b101) == {
        "id": 1, "node": "bed-3", "app": "irrigation", "boot": 1, "seq": 0, "t": NOW,
        "at": "2026-04-20T00:00:00Z", "decision": "water", "label": "heavy",
        "confidence": 0.863, "action": "valve on for 8 min", "outcome": "done", "active": True,
        "repeated": False, "case": None, "severity": "info",
        "why": ["need == heavy", "tank.level > 15 %"], "battery_mv": 3312,
    }  # fmt: skip


@pytest.mark.parametrize(
    "change, expected",
    [
        ({"label": LABEL_UNKNOWN}, {"label": "unknown"}),
        ({"label": 9}, {"label": "label 9"}),
        ({"rule": 9}, {"decision": "rule 9", "why": ["clause 0", "clause 1", "clause 2"]}),
        ({"why": 2**32 - 1}, {"why": list(manifest().rules[0].clauses)}),
        ({"flags": 0, "why": 0}, {"active": False, "action": None, "outcome": None, "why": []}),
        ({"flags": 0b101}, {"action": "valve on for 8 min", "outcome": "blocked"}),
        ({"flags": 0b10001}, {"repeated": True}),
        ({"flags": 0b0100001}, {"case": "asked", "active": True, "action": None}),
        ({"flags": 0b1000011}, {"case": "edge", "active": True, "outcome": "done"}),
        ({"flags": 0b1100000}, {"case": "alone", "active": False}),
    ],
)
def test_ids_that_have_no_name(
    tmp_path: Path, change: dict[str, int], expected: dict[str, object]
) -> None:
    assert expected.items() <= shown(tmp_path, **change).items()


def test_lines_of_json_go_on_where_they_stopped(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "gateway.db"))
    path = tmp_path / "out" / "decisions.jsonl"
    for seqs in (range(3), range(3, 5)):
        store.commit(batch(*(decision(seq) for seq in seqs)))
        follower = Follower(store, JsonLines(path))
        follower.start()
        follower.stop()
        follower.join(PATIENCE_S)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["seq"] for line in lines] == [0, 1, 2, 3, 4]
    store.close()


def test_lines_of_json_wait_for_room(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "gateway.db"))
    store.commit(batch(decision(0)))
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    follower = Follower(store, JsonLines(blocked / "decisions.jsonl"))
    follower.start()
    follower.stop()
    follower.join(PATIENCE_S)
    assert not follower.is_alive()
    assert store.cursor(JsonLines(blocked / "decisions.jsonl").name) == 0
    store.close()


def test_the_address_of_the_page() -> None:
    with listen("127.0.0.1:0") as sock:
        port = sock.getsockname()[1]
        with pytest.raises(EnvironmentFault) as caught:
            listen(f"127.0.0.1:{port}")
        assert "--http" in str(caught.value.hint)
    for bad in ("8080", "host", "127.0.0.1:x", "127.0.0.1:99999"):
        with pytest.raises(UsageError):
            listen(bad)


@pytest.mark.parametrize(
    "seconds, words",
    [(0, "just now"), (59, "59 s ago"), (150, "2 min ago"), (7200, "2 h ago"), (2e6, "23 d ago")],
)
def test_how_long_ago(seconds: int, words: str) -> None:
    assert ago(int(seconds)) == words.replace(" ", "\N{NO-BREAK SPACE}")


def test_the_brokers_configuration_is_accepted(root: Path, tmp_path: Path) -> None:
    text = (root / "gateway" / "config" / "mosquitto.conf").read_text()
    (tmp_path / "passwd").write_text("")
    port = free_port()
    for old, new in (
        ("listener 1883", f"listener {port} 127.0.0.1"),
        ("/etc/mosquitto/tinyfield.passwd", str(tmp_path / "passwd")),
        ("/var/lib/mosquitto/", f"{tmp_path}/"),
    ):
        assert old in text
        text = text.replace(old, new)
    if os.geteuid() == 0:  # or it becomes a user who may not look into our folder
        text += "user root\n"
    (tmp_path / "mosquitto.conf").write_text(text)
    log = tmp_path / "log"
    with log.open("wb") as out:
        child = subprocess.Popen(
            [need("mosquitto"), "-c", str(tmp_path / "mosquitto.conf")], stdout=out, stderr=out
        )
    try:
        wait_for(lambda: "running" in log.read_text() or child.poll() is not None)
        assert "running" in log.read_text()
    finally:
        child.kill()
        child.wait()


def test_help_and_version_are_quick_to_import() -> None:
    code = (
        "import sys, tinyfield_gateway.cli\n"
        "print([m for m in ('nicegui', 'sqlalchemy', 'amqtt', 'tensorflow') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
