"""A node's byte stream as frames: a serial port, or whatever pyserial has a URL for."""

from __future__ import annotations

import contextlib
import os
import threading

import serial

from tinyfield.wire import Frame, FrameReader, FrameType, encode_frame


class Port:
    """An open port. OSError (pyserial's errors are) when it goes away."""

    def __init__(self, name: str, baud: int) -> None:
        self.name = name
        self._reader = FrameReader()
        self._writing = threading.Lock()
        self._serial = serial.serial_for_url(name, baudrate=baud, timeout=0.2, write_timeout=2)

    @property
    def errors(self) -> int:
        """Pieces that were no frames."""
        return self._reader.errors

    def read(self) -> list[Frame]:
        """The frames that have come; waits at most 0.2 s."""
        data = self._serial.read(1)
        if data:
            data += self._serial.read(min(self._serial.in_waiting, 4096))
        return self._reader.feed(data)

    def write(self, kind: FrameType, payload: bytes) -> None:
        """Send one frame."""
        with self._writing:
            self._serial.write(encode_frame(kind, payload))

    def close(self) -> None:
        """Close; never fails."""
        with contextlib.suppress(OSError):
            self._serial.close()


def missing(name: str) -> str | None:
    """Why a port that cannot be opened probably cannot, for the operator."""
    if "://" in name:
        return "is the sim running, with --link?"
    if not os.path.exists(name):  # noqa: PTH110 - a device name, not a path of ours
        return "plug the board in; python -m serial.tools.list_ports shows what is there"
    if not os.access(name, os.R_OK | os.W_OK):
        return "not allowed: add yourself to the group dialout"
    return None
