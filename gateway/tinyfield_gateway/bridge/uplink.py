"""The bridge's connection to the broker, in the name of one node.

The node's id is in the will, so the connection is made once the id is known. Nothing waits here:
while the broker is away messages are let go, for the node keeps and repeats its decisions until
a watermark covers them.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from tinyfield.wire import Manifest, topic
from tinyfield_gateway import log
from tinyfield_gateway.bus import BrokerAddress

_KEEPALIVE_S = 30


class Uplink:
    """Publishes as one node; ``on_down`` gets what the gateway answers, on paho's thread."""

    def __init__(
        self,
        address: BrokerAddress,
        node: str,
        manifest: Manifest | None,
        on_down: Callable[[bytes], None],
    ) -> None:
        self.node = node
        self.manifest = manifest
        self._address, self._on_down = address, on_down
        self._log = log.get("bridge")
        self._was_up: bool | None = None
        self._subscribed = False
        self._client = client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=f"tinyfield-bridge-{node}", clean_session=True
        )
        client.will_set(topic(node, "will"), b"offline", qos=1, retain=True)
        client.reconnect_delay_set(min_delay=1, max_delay=15)
        if address.user:
            client.username_pw_set(address.user, address.password)
        if address.tls:
            client.tls_set()
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_connect_fail = self._on_connect_fail
        client.on_message = self._on_message
        client.on_subscribe = self._on_subscribe
        client.connect_async(address.host, address.port, _KEEPALIVE_S)
        client.loop_start()

    @property
    def connected(self) -> bool:
        """The broker is there and would pass a downlink on."""
        return self._subscribed and self._client.is_connected()

    def send(self, message: bytes) -> bool:
        """Publish an uplink; False if there is no broker now."""
        if not self.connected:
            return False
        self._client.publish(topic(self.node, "up"), message, qos=1)
        return True

    def birth(self, boot: int | None = None, manifest_hash: int | None = None) -> None:
        """Publish the retained birth, with the manifest if it explains this build."""
        said = self.manifest
        if said is not None and manifest_hash is not None and said.hash != manifest_hash:
            self._log.warning(
                "the manifest is another build's: give the one beside the flashed firmware",
                node=f"{manifest_hash:08x}",
                file=f"{said.hash:08x}",
            )
            said = None
        body: dict[str, object] = {
            "node": self.node,
            "manifest": None if said is None else json.loads(said.to_json()),
        }
        if boot is not None:
            body["boot"] = boot
        self._client.publish(topic(self.node, "birth"), json.dumps(body), qos=1, retain=True)

    def close(self) -> None:
        """Say goodbye; the node is told offline."""
        if self._client.is_connected():
            sent = self._client.publish(topic(self.node, "will"), b"offline", qos=1, retain=True)
            with contextlib.suppress(RuntimeError, ValueError):
                sent.wait_for_publish(2)
        self._client.disconnect()
        self._client.loop_stop()

    def online(self, online: bool) -> None:
        """Tell whether the node's port is there."""
        if self._client.is_connected():
            word = b"online" if online else b"offline"
            self._client.publish(topic(self.node, "will"), word, qos=1, retain=True)

    def _on_connect(
        self, client: mqtt.Client, _data: object, _flags: object, reason: Any, _props: object
    ) -> None:
        if reason.is_failure:
            self._say(False, str(reason))
            return
        self._subscribed = False
        self._say(True, "connected")
        client.subscribe(topic(self.node, "down"), qos=1)
        client.publish(topic(self.node, "will"), b"online", qos=1, retain=True)
        if self.manifest is not None:
            self.birth()

    def _on_subscribe(self, *_: object) -> None:
        self._subscribed = True

    def _on_disconnect(
        self, _client: mqtt.Client, _data: object, _flags: object, reason: Any, _props: object
    ) -> None:
        if reason.is_failure:
            self._say(False, str(reason))

    def _on_connect_fail(self, _client: mqtt.Client, _data: object) -> None:
        self._say(False, "cannot be reached")

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        if not message.retain:  # a downlink is for now; a kept one would set the clock back
            self._on_down(bytes(message.payload))

    def _say(self, up: bool, text: str) -> None:
        if up != self._was_up:
            (self._log.info if up else self._log.warning)(
                "broker", address=str(self._address), state=text, node=self.node
            )
        self._was_up = up
