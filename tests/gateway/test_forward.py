"""A neighbour's decisions on their way to those who asked for them, over both brokers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.gateway.bench import Bench
from tests.gateway.making import birth, decision, heartbeat, listener, manifest
from tests.gateway.processes import PATIENCE_S, Gateway, Mosquitto, wait_for
from tinyfield.wire import (
    Downlink,
    Manifest,
    Message,
    decode_downlink,
    encode_downlink,
    encode_message,
    stamp_downlink,
    topic,
)
from tinyfield_gateway.health import Health
from tinyfield_gateway.neighbours import QUIET_S
from tinyfield_gateway.store import open_store

FROST = 2


def frost(seq: int, on: bool, **change: Any) -> Message:
    return decision(seq, rule=FROST, label=1, flags=int(on), **change)


def birth_of(node: str, said: Manifest) -> bytes:
    return json.dumps({"node": node, "manifest": json.loads(said.to_json())}).encode()


def introduce(bench: Bench, node: str, said: Manifest, boot: int = 1) -> None:
    """As a bridge does it: the names, that it is there, and the node's own birth."""
    bench.publish(topic(node, "birth"), birth_of(node, said), retain=True)
    bench.publish(topic(node, "will"), b"online", retain=True)
    bench.say(node, birth(boot, node, said.hash))


def words(bench: Bench, node: str) -> list[Downlink]:
    """What a node was told of its neighbours so far."""
    bench.settle()
    return [one for one in bench.by_node[node] if one.neighbour is not None]


ATTIC = listener(("hall-1", "frost"), ("bed-3", "frost"))


@pytest.fixture
def field(bench: Bench) -> Bench:
    """attic-1 listens to hall-1, who is not there, and to bed-3."""
    introduce(bench, "bed-3", manifest())
    introduce(bench, "attic-1", ATTIC)
    assert words(bench, "attic-1") == []
    return bench


def test_a_decision_goes_to_who_asked_for_it(field: Bench) -> None:
    introduce(field, "shed-1", manifest(app="shed"))
    field.say("bed-3", frost(0, True, age=7))
    (told,) = words(field, "attic-1")
    # Whole: the neighbour's number, one bit, two times, whose list. Nothing else of it leaves.
    now = int(field.now)
    assert told == Downlink(epoch=now, neighbour=1, active=True, heard=now - 7, manifest=ATTIC.hash)
    field.say("bed-3", frost(1, False))
    assert [one.active for one in words(field, "attic-1")] == [True, False]
    assert words(field, "shed-1") == words(field, "bed-3") == []
    assert field.counted("neighbour_words_forwarded") == 2


def test_what_was_not_asked_for_is_not_told(field: Bench) -> None:
    field.say("bed-3", decision(0))  # water
    field.say("bed-3", decision(1, rule=1, label=1, flags=1))  # tank_low
    introduce(field, "bed-4", manifest(app="other"))
    field.say("bed-4", frost(0, True, manifest=manifest(app="other").hash))
    assert words(field, "attic-1") == []


def test_each_heartbeat_tells_it_again(field: Bench) -> None:
    for active in (1 << FROST, 0b011):
        field.say("bed-3", heartbeat(active))
        field.later(60)
    assert [one.active for one in words(field, "attic-1")] == [True, False]


def test_the_journal_tells_what_is_news(field: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(4):
        field.say("bed-3", heartbeat(1 << FROST))
        field.later(60)
    field.say("bed-3", frost(0, False))
    assert len(words(field, "attic-1")) == 5
    said = [line for line in capsys.readouterr().out.splitlines() if "passed on" in line]
    news = [line for line in said if "info" in line]
    assert ["active=True" in line for line in news] == [True, False]


def test_who_is_born_or_comes_back_is_told_what_stands(field: Bench) -> None:
    field.publish(topic("attic-1", "will"), b"offline", retain=True)
    field.settle()
    field.say("bed-3", frost(0, True))
    assert words(field, "attic-1") == []
    field.later(60)
    field.publish(topic("attic-1", "will"), b"online", retain=True)
    (told,) = words(field, "attic-1")
    assert (told.epoch or 0) - (told.heard or 0) == 60
    field.later(60)
    field.say("attic-1", birth(2, "attic-1", ATTIC.hash))
    assert [one.heard for one in words(field, "attic-1")] == [told.heard] * 2
    field.say("attic-1", heartbeat(0, node="attic-1", boot=2))
    assert len(words(field, "attic-1")) == 3
    field.say("attic-1", decision(0, boot=2, manifest=ATTIC.hash))
    assert [one.heard for one in words(field, "attic-1")] == [told.heard] * 4
    field.later(600)
    field.say("attic-1", birth(3, "attic-1", ATTIC.hash))
    assert len(words(field, "attic-1")) == 4, "a word that counts no more"


def test_a_sim_is_told_once(field: Bench) -> None:
    """Of a season that runs at a pace of its own nobody here knows how old a word grows."""
    season = {"heard": 1_776_643_200, "simulated": True}
    field.say("bed-3", frost(0, True, **season))
    assert len(words(field, "attic-1")) == 1
    field.say("attic-1", heartbeat(0, node="attic-1"))
    assert len(words(field, "attic-1")) == 1
    field.say("bed-3", heartbeat(1 << FROST, **season))
    assert len(words(field, "attic-1")) == 2


def test_what_is_old_wakes_nobody(field: Bench) -> None:
    """A backlog after a day without a link: only what still stands is told."""
    old = int(field.now) - 86_400
    backlog = [
        frost(0, True, age=900),
        frost(1, False, age=700),
        frost(2, True, heard=old),  # it waited at the broker
        heartbeat(1 << FROST, heard=old),
    ]
    for one in backlog:
        field.say("bed-3", one)
        assert words(field, "attic-1") == []
    assert field.counted("neighbour_words_expired") == 4
    field.say("bed-3", frost(3, True, age=580))
    assert words(field, "attic-1") == []
    field.later(QUIET_S)
    assert [one.active for one in words(field, "attic-1")] == [True]
    field.later(30)
    for _ in range(3):  # the same again, as if it were new
        field.say("bed-3", frost(0, True))
        field.say("bed-3", frost(3, True, age=610))
    field.later(QUIET_S * 2)
    assert len(words(field, "attic-1")) == 1


def test_what_the_next_of_a_backlog_takes_back_is_not_told(field: Bench) -> None:
    """After some minutes without a link: smoke, and the end of it."""
    field.say("bed-3", frost(0, True, age=300))
    field.say("bed-3", decision(1, age=250))
    field.say("attic-1", heartbeat(0, node="attic-1"))
    field.later(QUIET_S / 2)
    field.say("bed-3", frost(2, False, age=200))
    field.say("bed-3", frost(3, True, age=150))
    field.say("bed-3", frost(4, False, age=100))
    field.later(QUIET_S * 0.75)
    assert words(field, "attic-1") == []
    field.later(QUIET_S)
    (told,) = words(field, "attic-1")
    assert told.active is False
    age = (told.epoch or 0) - (told.heard or 0)
    assert 100 + QUIET_S <= age <= 100 + QUIET_S * 2
    field.later(QUIET_S)
    assert words(field, "attic-1") == [told]


def test_a_late_word_does_not_hold_up_a_live_one(field: Bench) -> None:
    field.say("bed-3", frost(0, True, age=300))
    field.say("bed-3", frost(1, False))
    assert [one.active for one in words(field, "attic-1")] == [False]
    field.later(QUIET_S * 2)
    assert {one.active for one in words(field, "attic-1")} == {False}


def test_births_that_are_replayed_lengthen_nothing(field: Bench) -> None:
    field.say("bed-3", frost(0, True, age=20))
    (told,) = words(field, "attic-1")
    for _ in range(5):
        field.publish(topic("attic-1", "birth"), birth_of("attic-1", ATTIC), retain=True)
        field.publish(topic("bed-3", "birth"), birth_of("bed-3", manifest()), retain=True)
        field.later(10)
    assert {one.heard for one in words(field, "attic-1")} == {told.heard}


def test_births_that_are_wrong_change_nothing(field: Bench) -> None:
    whole = json.loads(ATTIC.to_json())
    for wrong in ({"node": "hall 1"}, {"expires": -1}, {"decision": 7}, {"raw": True}, "hall-1"):
        wish = {**whole["neighbours"][0], **wrong} if isinstance(wrong, dict) else wrong
        said = {"node": "attic-1", "manifest": {**whole, "neighbours": [wish]}}
        field.publish(topic("attic-1", "birth"), json.dumps(said).encode())
    field.say("bed-3", frost(0, True))
    assert [one.neighbour for one in words(field, "attic-1")] == [1]
    assert len(field.store.rejected()) == 5
    assert "neighbours.0" in field.store.rejected()[0].reason


def test_another_build_of_the_listener(field: Bench) -> None:
    """Flashed anew it has another list; the gateway goes by what the node says it is."""
    fewer = listener(("bed-3", "frost"))
    introduce(field, "attic-1", fewer, boot=2)
    field.say("bed-3", frost(0, True))
    (told,) = words(field, "attic-1")
    assert (told.neighbour, told.manifest) == (0, fewer.hash)
    introduce(field, "attic-1", manifest(), boot=3)
    told_so_far = len(words(field, "attic-1"))
    field.say("bed-3", frost(1, False))
    assert len(words(field, "attic-1")) == told_so_far


def test_a_neighbour_that_comes_later(field: Bench) -> None:
    hall = manifest(app="hall")
    field.say("hall-1", frost(0, True, manifest=hall.hash))
    assert words(field, "attic-1") == []
    field.publish(topic("hall-1", "birth"), birth_of("hall-1", hall), retain=True)
    field.say("attic-1", heartbeat(0, node="attic-1"))
    assert [(one.neighbour, one.active) for one in words(field, "attic-1")] == [(0, True)]


def test_a_gateway_that_was_restarted_knows_who_asked_and_what_was_said(field: Bench) -> None:
    field.say("bed-3", frost(0, True))
    (told,) = words(field, "attic-1")
    field.restart()
    # The broker offers the births once more, so the listener is told once more.
    wait_for(lambda: len(words(field, "attic-1")) > 1)
    assert {one.heard for one in words(field, "attic-1")} == {told.heard}
    field.later(5)
    field.say("bed-3", frost(1, False))
    assert words(field, "attic-1")[-1].active is False


def test_two_gateways_say_the_same(field: Bench) -> None:
    """Whoever of them is first: the second copy is not later than what the node holds."""

    def told(active: bool) -> list[int | None]:
        return [one.heard for one in words(field, "attic-1") if one.active is active]

    second = open_store(field.store.url)
    other = field.ingest("gateway-2", second, Health())
    try:
        field.say("bed-3", frost(0, True))
        wait_for(lambda: len(told(True)) >= 2)
        field.later(5)
        field.say("bed-3", frost(1, False))
        wait_for(lambda: len(told(False)) >= 2)
    finally:
        other.stop()
        second.close()
    assert [len(set(told(active))) for active in (True, False)] == [1, 1]
    assert len(field.store.decisions()) == 2


def test_a_word_keeps_its_age_behind_a_bridge_with_another_clock(field: Bench) -> None:
    field.say("bed-3", frost(0, True, age=25))
    (told,) = words(field, "attic-1")
    assert told.epoch is not None and told.heard is not None
    moved = decode_downlink(stamp_downlink(encode_downlink(told), 1_000_000))
    assert (moved.epoch, moved.heard) == (1_000_000, 1_000_000 - (told.epoch - told.heard))


def test_a_broker_that_vanishes(tmp_path: Path) -> None:
    """Nothing of it is kept there: what was said meanwhile is told when the listener is back."""
    broker = Mosquitto(tmp_path)
    gateway = Gateway(tmp_path, broker=broker.url)
    node = _Client(broker.port)
    try:
        wait_for(gateway.healthy, why=gateway.log.read_text)
        for name, said in (("bed-3", manifest()), ("attic-1", ATTIC)):
            node.publish(topic(name, "birth"), birth_of(name, said))
            node.publish(topic(name, "up"), encode_message(birth(1, name, said.hash)))
        node.publish(topic("bed-3", "up"), encode_message(frost(0, True)))
        (first,) = wait_for(lambda: node.words, why=gateway.log.read_text)
        broker.kill()
        wait_for(lambda: not gateway.healthy())
        node.close()
        broker = Mosquitto(tmp_path, broker.port)
        node = _Client(broker.port)
        wait_for(gateway.healthy)
        # The gateway says the first word again if the old broker did not confirm it in time.
        node.publish(topic("bed-3", "up"), encode_message(frost(1, False, age=1)))
        wait_for(lambda: node.since(first), why=gateway.log.read_text)
        node.publish(topic("attic-1", "will"), b"online")
        wait_for(lambda: len(node.since(first)) == 2, why=gateway.log.read_text)
        assert [one.active for one in node.since(first)] == [False, False]
        (known,) = [one for one in gateway.get("/api/nodes") if one["node"] == "attic-1"]
        assert [(one["node"], one["state"]) for one in known["neighbours"]] == [
            ("hall-1", "waits"),
            ("bed-3", "inactive"),
        ]
        assert "waits for" not in gateway.log.read_text()
        assert 'event="a neighbour\'s word passed on"' in gateway.log.read_text()
    finally:
        node.close()
        assert gateway.stop() == 0
        broker.stop()


class _Client:
    """Plays all the nodes at a broker; keeps what attic-1 was told."""

    def __init__(self, port: int) -> None:
        self.words: list[Downlink] = []
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = self._heard
        self._client.connect("127.0.0.1", port)
        self._client.subscribe(topic("attic-1", "down"), 1)
        self._client.loop_start()

    def publish(self, name: str, payload: bytes) -> None:
        sent = self._client.publish(name, payload, qos=1)
        sent.wait_for_publish(PATIENCE_S)
        assert sent.is_published()

    def since(self, word: Downlink) -> list[Downlink]:
        """What was said later than that."""
        return [one for one in self.words if (one.heard or 0) > (word.heard or 0)]

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _heard(self, _client: object, _data: object, message: mqtt.MQTTMessage) -> None:
        down = decode_downlink(bytes(message.payload))
        if down.neighbour is not None:
            self.words.append(down)
