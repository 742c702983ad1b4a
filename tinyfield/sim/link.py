"""The sim as a device that a gateway's bridge opens: a TCP listener with a serial port's manners.

One bridge at a time; a new one takes over from the old. What is sent while none is there is lost,
as on a serial line without a reader: the sender repeats.
"""

from __future__ import annotations

import select
import socket
import time
from contextlib import suppress
from urllib.parse import urlsplit

from tinyfield.errors import EnvironmentFault, UsageError
from tinyfield.wire import Frame, FrameReader, FrameType, encode_frame


class Link:
    """Listens at ``tcp://HOST:PORT`` (port 0: any free one).

    Raises:
        UsageError: not such an address.
        EnvironmentFault: it is taken.
    """

    def __init__(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            host, port = None, None
        if parts.scheme != "tcp" or not host or port is None:
            raise UsageError(f"--link {url}: not tcp://HOST:PORT", hint="tcp://127.0.0.1:7001")
        try:
            self._listener = socket.create_server((host, port), backlog=1)
        except OSError as error:
            raise EnvironmentFault(
                f"--link {url}: {error.strerror or error}", hint="another port may be free"
            ) from None
        self._peer: socket.socket | None = None
        self._reader = FrameReader()
        self.address: tuple[str, int] = self._listener.getsockname()[:2]

    def send(self, kind: FrameType, payload: bytes) -> bool:
        """Send a frame; False if nobody is there."""
        if self._peer is None:
            return False
        try:
            self._peer.sendall(encode_frame(kind, payload))
        except OSError:
            self._drop()
            return False
        return True

    def receive(self, timeout_s: float) -> list[Frame] | None:
        """Frames from the bridge.

        Returns:
            At once what has come, else what comes within ``timeout_s`` (perhaps nothing); None
            when a bridge has just come, so that what was sent must be sent again.
        """
        until = time.monotonic() + timeout_s
        while True:
            watched = [self._listener] if self._peer is None else [self._listener, self._peer]
            ready, _, _ = select.select(watched, [], [], max(0.0, until - time.monotonic()))
            if self._listener in ready:
                self._accept()
                return None
            if not ready:
                return []
            frames = self._read()
            if frames:
                return frames

    def _read(self) -> list[Frame]:
        assert self._peer is not None
        try:
            data = self._peer.recv(4096)
        except OSError:
            data = b""
        if not data:
            self._drop()
            return []
        return self._reader.feed(data)

    def _accept(self) -> None:
        peer, _ = self._listener.accept()
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer.settimeout(5)  # a bridge that reads nothing for so long is none
        self._drop()
        self._peer = peer
        self._reader = FrameReader()

    def _drop(self) -> None:
        if self._peer is not None:
            with suppress(OSError):
                self._peer.close()
        self._peer = None

    def close(self) -> None:
        """Hang up."""
        self._drop()
        self._listener.close()
