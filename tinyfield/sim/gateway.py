"""Who answers a node's messages: the sim itself at once, or a real gateway behind a bridge."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable
from typing import Protocol

from tinyfield.errors import WireError
from tinyfield.sim.link import Link
from tinyfield.wire import Downlink, FrameType, Kind, Message, decode_downlink, encode_downlink

OnEvent = Callable[[str, int, int, str], None]
"""Told how far a run is: ``("day", 12, 120, "")``, ``("link", 0, 0, "waiting …")``."""

_RESEND_S = 2.0  # a bridge without a broker lets messages go


class Gateway(Protocol):
    """Answers messages. ``epoch`` is the unix time of virtual ``now``, None if unknown."""

    def answer(self, payload: bytes, message: Message, now: int, epoch: int | None) -> bytes:
        """The downlink for one message."""
        ...

    def unasked(self) -> list[bytes]:
        """Downlinks that came by themselves since the last look."""
        ...

    def log(self, payload: bytes) -> None:
        """The node's own words."""
        ...

    def close(self) -> None:
        """The season is over."""
        ...


class Immediate:
    """Has stored everything the moment it is said."""

    def answer(self, payload: bytes, message: Message, now: int, epoch: int | None) -> bytes:
        """The message's own number as the watermark, and the time."""
        del payload, now
        if message.kind is Kind.DECISION:
            down = Downlink(boot=message.boot, seq=message.seq, epoch=epoch)
        else:
            down = Downlink(epoch=epoch)
        return encode_downlink(down)

    def unasked(self) -> list[bytes]:
        """None ever."""
        return []

    def log(self, payload: bytes) -> None:
        """Nobody reads it."""

    def close(self) -> None:
        """Nothing to end."""


class Linked:
    """A gateway's bridge at the sim's link. Virtual time stands still until it has answered.

    Args:
        link: where the bridge connects.
        wait_s: real seconds to wait for the gateway; then the node has to keep the message.
        on_event: told when nobody is there.
    """

    def __init__(self, link: Link, wait_s: float, on_event: OnEvent | None) -> None:
        self._link, self._wait_s, self._on_event = link, wait_s, on_event
        self._late: list[bytes] = []

    def answer(self, payload: bytes, message: Message, now: int, epoch: int | None) -> bytes:
        """The gateway's downlink whose watermark covers the message; an empty one if none came."""
        until = time.monotonic() + self._wait_s
        sent = float("-inf")
        while (left := until - time.monotonic()) > 0:
            if time.monotonic() - sent > _RESEND_S:
                sent = time.monotonic()
                self._send(payload, now, epoch)
            frames = self._link.receive(min(left, _RESEND_S))
            if frames is None:
                sent = float("-inf")  # a bridge has just come: say it again
                continue
            answers = [f.payload for f in frames if f.type is FrameType.DOWNLINK]
            good = next((a for a in answers if _covers(a, message)), None)
            if good is not None:
                answers.remove(good)
            self._late += answers
            if good is not None:
                return good
        return encode_downlink(Downlink())

    def _send(self, payload: bytes, now: int, epoch: int | None) -> None:
        self._link.send(FrameType.TIME, struct.pack("<II", epoch or 0, now))  # 0: no date known
        if not self._link.send(FrameType.UPLINK, payload) and self._on_event is not None:
            host, port = self._link.address
            self._on_event("link", 0, 0, f"waiting for a bridge at tcp://{host}:{port}")

    def unasked(self) -> list[bytes]:
        """Commands, and acknowledgements that came late."""
        frames = self._link.receive(0) or []
        late = self._late + [f.payload for f in frames if f.type is FrameType.DOWNLINK]
        self._late = []
        return late

    def log(self, payload: bytes) -> None:
        """Passed on."""
        self._link.send(FrameType.LOG, payload)

    def close(self) -> None:
        """Hang up."""
        self._link.close()


def _covers(payload: bytes, message: Message) -> bool:
    """Whether a downlink says that the gateway has the message."""
    try:
        down = decode_downlink(payload)
    except WireError:
        return False
    if message.kind is not Kind.DECISION:
        return True
    return down.boot == message.boot and down.seq is not None and down.seq >= (message.seq or 0)
