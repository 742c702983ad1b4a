"""A node as the gateway sees one: an outbox behind a socket that a bridge opens as its port."""

from __future__ import annotations

import select
import socket
import struct
import threading
import time
from dataclasses import replace

from tests.gateway.making import birth, decision
from tests.gateway.processes import PATIENCE_S
from tinyfield.wire import (
    Downlink,
    FrameReader,
    FrameType,
    Message,
    decode_downlink,
    encode_frame,
    encode_message,
)

WINDOW = 4
"""Decisions on their way at once."""


class FakeNode(threading.Thread):
    """Decides ``total`` times and repeats each decision until a watermark covers it."""

    def __init__(
        self,
        total: int = 0,
        *,
        node: str = "bed-3",
        boot: int = 1,
        retry_s: float = 0.3,
        clock: tuple[int, int] | None = None,
        pace_s: float = 0.0,
    ) -> None:
        super().__init__(daemon=True)
        self.node, self.boot, self.total = node, boot, total
        self.outbox: list[Message] = [decision(seq, boot=boot) for seq in range(total)]
        self.downlinks: list[Downlink] = []
        self.sent = 0
        self.decided = total
        """How many of them it has decided so far; the rest are still to come."""
        self._clock, self._retry_s, self._pace_s = clock, retry_s, pace_s
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.settimeout(0.1)
        self._peer: socket.socket | None = None
        self._writing = threading.Lock()
        self._stopping = threading.Event()
        self.start()

    @property
    def url(self) -> str:
        """What the bridge opens."""
        return f"socket://127.0.0.1:{self._server.getsockname()[1]}"

    def done(self) -> bool:
        """Everything was acknowledged."""
        return not self.outbox

    def acknowledged(self) -> set[int]:
        """The decisions that it was told to forget."""
        return set(range(self.total)) - {one.seq or 0 for one in self.outbox}

    def raw(self, data: bytes) -> None:
        """Put bytes on the link as they are, between two frames."""
        with self._writing:
            assert self._peer is not None
            self._peer.sendall(data)

    def say(self, message: Message) -> None:
        """One message on the link."""
        self.raw(encode_frame(FrameType.UPLINK, encode_message(message)))

    def stop(self) -> None:
        """Pull the plug."""
        self._stopping.set()
        self.join(PATIENCE_S)
        self._server.close()

    def run(self) -> None:
        """Serve one bridge after another."""
        while not self._stopping.is_set():
            try:
                peer, _ = self._server.accept()
            except TimeoutError:
                continue
            with peer:
                self._peer = peer
                peer.settimeout(PATIENCE_S)
                try:
                    self._talk(peer)
                except OSError:
                    continue
                finally:
                    self._peer = None

    def _talk(self, peer: socket.socket) -> None:
        reader, last = FrameReader(), 0.0
        self._send_time()
        self.say(birth(self.boot, self.node))
        while not self._stopping.is_set():
            data = b""
            if select.select([peer], [], [], 0.01)[0]:
                data = peer.recv(4096)
                if not data:
                    return
            before = len(self.outbox)
            for frame in reader.feed(data):
                if frame.type is FrameType.DOWNLINK:
                    self._heard(decode_downlink(frame.payload))
            if len(self.outbox) < before or time.monotonic() - last > self._retry_s:
                last = time.monotonic()
                self._send_outbox()

    def _heard(self, downlink: Downlink) -> None:
        self.downlinks.append(downlink)
        if downlink.seq is not None and downlink.boot == self.boot:
            mark = downlink.seq
            self.outbox = [one for one in self.outbox if (one.seq or 0) > mark]

    def _send_outbox(self) -> None:
        decided = [one for one in self.outbox if (one.seq or 0) < self.decided]
        for place, one in enumerate(decided[:WINDOW]):
            self._send_time()
            self.say(replace(one, backlog=place))
            self.sent += 1
            time.sleep(self._pace_s)

    def _send_time(self) -> None:
        if self._clock is not None:
            self.raw(encode_frame(FrameType.TIME, struct.pack("<II", *self._clock)))
