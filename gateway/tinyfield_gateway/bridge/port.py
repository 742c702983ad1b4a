"""A node's byte stream as frames: a serial port, or whatever pyserial has a URL for."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import threading
from urllib.parse import urlsplit

import serial

from tinyfield.errors import UsageError
from tinyfield.wire import Frame, FrameReader, FrameType, encode_frame

_WAIT_S = 0.2


class _Serial:
    """A serial port, or one of pyserial's URLs (``rfc2217://``, ``loop://``, …)."""

    def __init__(self, name: str, baud: int) -> None:
        self._serial = serial.serial_for_url(name, baudrate=baud, timeout=_WAIT_S, write_timeout=2)

    def read(self) -> bytes:
        data: bytes = self._serial.read(1)
        return data + self._serial.read(min(self._serial.in_waiting, 4096)) if data else data

    def write(self, data: bytes) -> None:
        self._serial.write(data)

    def close(self) -> None:
        self._serial.close()


class _Socket:
    """``socket://HOST:PORT``. Not pyserial's, which empties its input when it opens: a sim says
    its birth at once."""

    def __init__(self, name: str) -> None:
        parts = urlsplit(name)
        if not parts.hostname or not parts.port:
            raise UsageError(f"--port {name}: not socket://HOST:PORT")
        self._sock = socket.create_connection((parts.hostname, parts.port), timeout=5)
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def read(self) -> bytes:
        if not select.select([self._sock], [], [], _WAIT_S)[0]:
            return b""
        data = self._sock.recv(4096)
        if not data:
            raise ConnectionResetError("the other side closed the link")
        return data

    def write(self, data: bytes) -> None:
        self._sock.sendall(data)

    def close(self) -> None:
        self._sock.close()


class Port:
    """An open port. OSError (pyserial's errors are) when it goes away.

    Raises:
        OSError: it cannot be opened.
        UsageError: it is no port's name.
    """

    def __init__(self, name: str, baud: int) -> None:
        self.name = name
        self._reader = FrameReader()
        self._writing = threading.Lock()
        self._stream = _Socket(name) if name.startswith("socket://") else _Serial(name, baud)

    @property
    def errors(self) -> int:
        """Pieces that were no frames."""
        return self._reader.errors

    def read(self) -> list[Frame]:
        """The frames that have come; waits at most 0.2 s."""
        return self._reader.feed(self._stream.read())

    def write(self, kind: FrameType, payload: bytes) -> None:
        """Send one frame."""
        with self._writing:
            self._stream.write(encode_frame(kind, payload))

    def close(self) -> None:
        """Close; never fails."""
        with contextlib.suppress(OSError):
            self._stream.close()


def missing(name: str) -> str | None:
    """Why a port that cannot be opened probably cannot, for the operator."""
    if "://" in name:
        return "is the sim running, with --link?"
    if not os.path.exists(name):  # noqa: PTH110 - a device name, not a path of ours
        return "plug the board in; python -m serial.tools.list_ports shows what is there"
    if not os.access(name, os.R_OK | os.W_OK):
        return "not allowed: add yourself to the group dialout"
    return None
