"""The bridge: frames from the port become messages at the broker, downlinks go back.

It keeps no decision and acknowledges none: only the gateway's watermark, passed on, lets a node
forget. So it may be killed at any moment.
"""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path

from tinyfield.errors import TinyfieldError, UsageError, WireError
from tinyfield.wire import (
    Frame,
    FrameType,
    Kind,
    Manifest,
    Message,
    decode_message,
    is_node_id,
    stamp_downlink,
    stamp_message,
)
from tinyfield_gateway import log
from tinyfield_gateway.bridge.clock import NodeClock, parse_epoch
from tinyfield_gateway.bridge.port import Port, missing
from tinyfield_gateway.bridge.uplink import Uplink
from tinyfield_gateway.bus import BrokerAddress, parse_broker

_REOPEN_S = (0.2, 0.5, 1.0, 2.0, 5.0)


def run(
    *,
    port: str,
    broker: str | None,
    manifest: Path | None,
    node: str | None,
    epoch: str | None,
    baud: int,
) -> None:
    """Bridge until SIGINT or SIGTERM."""
    if node is not None and not is_node_id(node):
        raise UsageError(
            f"--node {node}: not an id", hint="lower case, digits and dashes, at most 16"
        )
    bridge = Bridge(
        port=port,
        baud=baud,
        address=parse_broker(broker) if broker else BrokerAddress(),
        manifest=manifest,
        node=node,
        clock=NodeClock(parse_epoch(epoch) if epoch else None),
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: bridge.stop())
    bridge.run()


def read_manifest(path: Path) -> Manifest:
    """The manifest in a file.

    Raises:
        UsageError: no such file.
        WireError: not a manifest.
    """
    try:
        return Manifest.from_json(path.read_bytes())
    except OSError as error:
        raise UsageError(
            f"--manifest {path}: {error.strerror}",
            hint="tinyfield build writes it to firmware/generated/<board>/manifest.json",
        ) from None
    except WireError as error:
        raise WireError(f"{path}: {error.message}") from None


class Bridge:
    """One port, one node, one connection to the broker."""

    def __init__(
        self,
        *,
        port: str,
        baud: int,
        address: BrokerAddress,
        manifest: Path | None,
        node: str | None,
        clock: NodeClock,
    ) -> None:
        self._name, self._baud, self._address = port, baud, address
        self._file, self._given, self._clock = manifest, node, clock
        self._manifest = read_manifest(manifest) if manifest else None
        self._port: Port | None = None
        self._uplink: Uplink | None = None
        self._stop_asked = threading.Event()
        self._log = log.get("bridge")
        self._said: set[str] = set()

    def stop(self) -> None:
        """Ask :meth:`run` to return."""
        self._stop_asked.set()

    def run(self) -> None:
        """Bridge until stopped, through every loss of port or broker."""
        first = self._given or (self._manifest.node if self._manifest else None)
        if first is not None and is_node_id(first):
            self._be(first)
        failures, said = 0, None
        while not self._stop_asked.is_set():
            try:
                self._port = Port(self._name, self._baud)
                self._log.info("port open", port=self._name)
                failures, said = 0, None
                if self._uplink:
                    self._uplink.online(True)
                self._pump(self._port)
            except (OSError, ValueError) as error:
                if str(error) != said:
                    said = str(error)
                    self._log.warning(
                        "port not there; trying again",
                        port=self._name,
                        reason=said,
                        hint=missing(self._name),
                    )
            finally:
                if self._port is not None:
                    self._port.close()
                    self._port = None
                    if self._uplink:
                        self._uplink.online(False)
            self._stop_asked.wait(_REOPEN_S[min(failures, len(_REOPEN_S) - 1)])
            failures += 1
        if self._uplink:
            self._uplink.close()

    def _pump(self, port: Port) -> None:
        errors = 0
        while not self._stop_asked.is_set():
            for frame in port.read():
                self._take(frame)
            if port.errors != errors:
                errors = port.errors
                self._log.debug("bytes that are no frame", pieces=errors)

    def _take(self, frame: Frame) -> None:
        if frame.type is FrameType.UPLINK:
            self._up(frame.payload)
        elif frame.type is FrameType.TIME:
            self._clock.heard(frame.payload)
        elif frame.type is FrameType.LOG:
            self._log.info("node says", text=frame.payload.decode(errors="replace"))

    def _up(self, payload: bytes) -> None:
        try:
            message = decode_message(payload)
            clock = self._clock
            payload = stamp_message(payload, clock.now(), simulated=clock.simulated)
        except WireError as error:
            # Not ours to judge: the gateway keeps it where the operator can see it.
            self._log.warning("unreadable message", reason=error.message)
        else:
            self._learn(message)
        if self._uplink is None:
            self._once("waiting for the node's birth or heartbeat to learn its id; or give --node")
            return
        if not self._uplink.send(payload):
            self._log.debug("no broker: the node will repeat it")

    def _learn(self, message: Message) -> None:
        if message.kind is Kind.DECISION or message.node is None:
            return
        if self._given is None:
            self._be(message.node)
        elif self._given != message.node:
            self._once(f"the node calls itself {message.node}; called {self._given} as asked")
        if self._uplink and message.kind is Kind.BIRTH:
            self._refresh(message.manifest)
            self._uplink.manifest = self._manifest
            self._uplink.birth(message.boot, message.manifest)

    def _refresh(self, wanted: int | None) -> None:
        """A node that was flashed anew brings a new manifest, in the same file."""
        if self._file is None or (self._manifest and self._manifest.hash == wanted):
            return
        try:
            self._manifest = read_manifest(self._file)
        except TinyfieldError as error:
            self._log.warning("the manifest cannot be read again", reason=error.message)

    def _be(self, node: str) -> None:
        if self._uplink is not None:
            if self._uplink.node == node:
                return
            self._uplink.close()
        self._log.info("node", id=node)
        self._uplink = Uplink(self._address, node, self._manifest, self._down)
        self._await_broker()

    def _await_broker(self) -> None:
        """A moment for the connection, or the message that told the id would be let go."""
        until = time.monotonic() + 2
        while (
            self._uplink and not self._uplink.connected and time.monotonic() < until
        ) and not self._stop_asked.wait(0.02):
            pass

    def _down(self, payload: bytes) -> None:
        port = self._port
        if port is None:
            return
        try:
            port.write(FrameType.DOWNLINK, stamp_downlink(payload, self._clock.now()))
        except WireError as error:
            self._log.warning("downlink dropped", reason=error.message)
        except OSError as error:
            # The reading side meets the same trouble and opens the port anew.
            self._log.warning("downlink lost", reason=str(error))

    def _once(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            self._log.warning(text)
