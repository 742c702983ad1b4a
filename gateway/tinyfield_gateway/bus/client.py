"""The gateway's connection to the broker: messages come out one by one, acks go back by hand.

One thread owns it: it reads, the caller commits, then acks. While the caller commits nothing is
read, so what waits for the disk waits at the broker, not in our memory.
"""

from __future__ import annotations

import select
import socket
import time
from collections import deque
from dataclasses import dataclass
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from tinyfield.wire import TOPIC_GATEWAY_STATE, topic_filter
from tinyfield_gateway import log
from tinyfield_gateway.bus.address import BrokerAddress
from tinyfield_gateway.health import OFFLINE

LEAVES = ("up", "birth", "will")
"""What the gateway listens to, of every node."""

_KEEPALIVE_S = 30
_PATIENCE_S = 10.0


@dataclass(frozen=True)
class Delivery:
    """One message from the broker; it stays the broker's until it is acked."""

    topic: str
    payload: bytes
    handle: tuple[int, int, int]


class Bus:
    """A session with the broker that outlives connections.

    The session is persistent, so a broker that can keeps messages while the gateway is away.
    Nothing depends on it: nodes repeat what no watermark covers.
    """

    def __init__(self, address: BrokerAddress, client_id: str) -> None:
        self.address = address
        self._inbox: deque[Delivery] = deque()
        self._life = 0
        self._ready = False
        self._refused: str | None = None
        self._log = log.get("bus")
        self._client = client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=False,
            manual_ack=True,
            reconnect_on_failure=False,
        )
        # Answers under way; those that find no room are asked for again by their nodes.
        client.max_inflight_messages_set(100)
        client.max_queued_messages_set(10_000)
        client.will_set(TOPIC_GATEWAY_STATE, OFFLINE, qos=1, retain=True)
        if address.user:
            client.username_pw_set(address.user, address.password)
        if address.tls:
            client.tls_set()
        client.on_connect = self._on_connect
        client.on_message = self._on_message
        client.on_subscribe = self._on_subscribe

    @property
    def connected(self) -> bool:
        """The broker has accepted the session and the subscriptions."""
        return self._ready and self._client.is_connected()

    def connect(self) -> None:
        """Open a connection and subscribe.

        Raises:
            OSError: the broker cannot be reached or refuses; the text says why.
        """
        self._inbox.clear()
        self._ready, self._refused = False, None
        self._life += 1
        self._client.connect(self.address.host, self.address.port, _KEEPALIVE_S)
        deadline = time.monotonic() + _PATIENCE_S
        while not self._ready:
            failed = self._client.loop(timeout=0.1) != MQTTErrorCode.MQTT_ERR_SUCCESS
            if self._refused:
                raise ConnectionRefusedError(self._refused)
            if failed:
                raise ConnectionResetError("the broker closed the connection")
            if time.monotonic() > deadline:
                raise TimeoutError("the broker does not answer")

    def take(self, timeout: float) -> Delivery | None:
        """The next message, waiting at most ``timeout`` seconds.

        Raises:
            OSError: the connection is lost; un-acked deliveries are void.
        """
        if not self._inbox:
            result = self._client.loop(timeout=timeout)
            if result != MQTTErrorCode.MQTT_ERR_SUCCESS:
                raise ConnectionResetError(mqtt.error_string(result))
        return self._inbox.popleft() if self._inbox else None

    def pending(self) -> bool:
        """Whether more is there to read without waiting."""
        if self._inbox:
            return True
        sock = self._client.socket()
        if sock is None:
            return False
        buffered = getattr(sock, "pending", None)  # what TLS has decrypted already
        if buffered is not None and buffered():
            return True
        return bool(select.select([sock], [], [], 0)[0])

    def ack(self, delivery: Delivery) -> None:
        """Give the message up for good: it is on the disk."""
        life, mid, qos = delivery.handle
        if life == self._life:
            self._client.ack(mid, qos)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Send at QoS 1; what gets lost with the connection is asked for again by its node."""
        self._client.publish(topic, payload, qos=1, retain=retain)

    def drop(self) -> None:
        """Leave the broker without acking, so that it keeps what is not stored."""
        self._inbox.clear()
        self._ready = False
        self._client.disconnect()
        # The DISCONNECT goes out with the last of the outgoing bytes.
        for _ in range(10):
            if self._client.loop(timeout=0.05) != MQTTErrorCode.MQTT_ERR_SUCCESS:
                break

    def _on_connect(
        self, client: mqtt.Client, _data: object, _flags: object, reason: Any, _props: object
    ) -> None:
        if reason.is_failure:
            self._refused = f"the broker refused: {reason}"
            return
        # Small commands and acks: waiting for more of them to share a packet only costs time.
        sock = client.socket()
        if isinstance(sock, socket.socket) and sock.family != getattr(socket, "AF_UNIX", None):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.subscribe([(topic_filter(leaf), 1) for leaf in LEAVES])

    def _on_subscribe(
        self, _client: mqtt.Client, _data: object, _mid: int, reasons: list[Any], _props: object
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            self._refused = "the broker refused the subscription"
        else:
            self._ready = True

    def _on_message(self, client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        if not any(mqtt.topic_matches_sub(topic_filter(leaf), message.topic) for leaf in LEAVES):
            # amqtt offers a session that comes back its own last words too, as if it had asked.
            client.ack(message.mid, message.qos)
            return
        self._inbox.append(
            Delivery(
                topic=message.topic,
                payload=bytes(message.payload),
                handle=(self._life, message.mid, message.qos),
            )
        )
