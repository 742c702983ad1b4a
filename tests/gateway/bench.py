"""An ingest between a real broker and a store, in this process."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.gateway.processes import PATIENCE_S, Mosquitto, wait_for
from tinyfield.wire import (
    TOPIC_GATEWAY_STATE,
    Downlink,
    Kind,
    Message,
    decode_downlink,
    encode_message,
    parse_topic,
    topic,
    topic_filter,
)
from tinyfield_gateway.bus import BrokerAddress, Bus, EmbeddedBroker, parse_broker
from tinyfield_gateway.health import Health
from tinyfield_gateway.ingest import Ingest
from tinyfield_gateway.store import Store, open_store


class Bench:
    """An ingest between a broker and a store, and a client that plays the nodes.

    Its clock stands still unless a test moves it, so that no age depends on how long a commit
    takes.
    """

    def __init__(self, address: BrokerAddress, store: Store) -> None:
        self.address, self.store = address, store
        self._began = int(time.time())
        self._passed = 0.0
        self.states: list[bytes] = []
        self.downlinks: list[Downlink] = []
        """All that came, to whichever node."""
        self.by_node: dict[str, list[Downlink]] = defaultdict(list)
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="nodes")
        self.client.on_message = self._on_message
        self._subscribed = threading.Event()
        self.client.on_subscribe = lambda *_: self._subscribed.set()
        self.client.connect(address.host, address.port)
        self.client.loop_start()
        self._subscribe(TOPIC_GATEWAY_STATE)
        self._subscribe(topic_filter("down"))
        self.start()

    def start(self) -> None:
        """A gateway that knows what the store does."""
        self.health = Health()
        self._ingest = self.ingest("gateway", self.store, self.health)

    def ingest(self, name: str, store: Store, health: Health) -> Ingest:
        """A running ingest at the bench's broker."""
        made = Ingest(
            Bus(self.address, name), store, health,
            clock=lambda: self.now, rising=lambda: self._passed,
        )  # fmt: skip
        made.start()
        wait_for(lambda: health.ok, why="for the ingest")
        return made

    def restart(self) -> None:
        """Another one in its place."""
        self._end()
        self.start()

    def stop(self) -> None:
        self._end()
        self.client.disconnect()
        self.client.loop_stop()

    def _subscribe(self, name: str) -> None:
        self._subscribed.clear()
        self.client.subscribe(name, 1)
        assert self._subscribed.wait(PATIENCE_S)

    def _end(self) -> None:
        self._ingest.stop()
        self._ingest.join(PATIENCE_S)
        assert not self._ingest.is_alive()

    @property
    def now(self) -> float:
        """By the gateway's clock."""
        return self._began + self._passed

    def publish(self, name: str, payload: bytes, *, retain: bool = False) -> None:
        sent = self.client.publish(name, payload, qos=1, retain=retain)
        sent.wait_for_publish(PATIENCE_S)
        assert sent.is_published()

    def watch(self, name: str) -> list[bytes]:
        """What comes to a topic from now on, as long as the bench stands."""
        seen: list[bytes] = []
        self.client.message_callback_add(name, lambda *args: seen.append(bytes(args[2].payload)))
        self._subscribe(name)
        return seen

    def say(self, node: str, message: Message) -> None:
        self.publish(topic(node, "up"), encode_message(message))

    def settle(self) -> None:
        """Until everything that was published has been answered, and passed on.

        Answers of one commit go out before its words to others, so the second one is waited for.
        """
        for _ in range(2):
            seen = len(self.by_node["settle"])
            self.say("settle", Message(kind=Kind.HEARTBEAT, boot=1, node="settle"))
            wait_for(lambda seen=seen: len(self.by_node["settle"]) > seen, why="for the answer")

    def later(self, seconds: float) -> None:
        """Time passes after all that was published."""
        self.settle()
        self._passed += seconds

    def stored(self) -> list[int]:
        return sorted(one.seq for one in self.store.decisions(limit=10_000))

    def counted(self, name: str) -> float:
        """A counter of /metrics."""
        found = self.health.metrics.registry.get_sample_value(f"tinyfield_{name}_total")
        assert found is not None
        return found

    def _on_message(self, _client: object, _data: object, message: mqtt.MQTTMessage) -> None:
        if message.topic == TOPIC_GATEWAY_STATE:
            self.states.append(bytes(message.payload))
        else:
            down = decode_downlink(bytes(message.payload))
            self.downlinks.append(down)
            self.by_node[parse_topic(message.topic)[0]].append(down)


@pytest.fixture(params=["amqtt", "mosquitto"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    """The same tests over both brokers."""
    with ExitStack() as stack:
        if request.param == "amqtt":
            own = EmbeddedBroker(BrokerAddress(port=0))
            address = own.start()
            stack.callback(own.stop)
        else:
            real = Mosquitto(tmp_path)
            stack.callback(real.stop)
            address = parse_broker(real.url)
        store = open_store(str(tmp_path / "gateway.db"))
        stack.callback(store.close)
        made = Bench(address, store)
        stack.callback(made.stop)
        yield made
