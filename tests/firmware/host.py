"""The host of a native node: gives it rows, hears what it says, answers as a gateway would."""

from __future__ import annotations

import os
import struct
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tinyfield.wire import (
    Downlink,
    Frame,
    FrameReader,
    FrameType,
    Kind,
    Message,
    decode_message,
    encode_downlink,
    encode_frame,
)

MISSING = -(2**31)
SEASON_START = 1_776_643_200  # 2026-04-20, the day the test's app was planted

Row = Sequence[int | None]


def gateway(message: Message, t: int) -> bytes:
    """Stores everything at once and tells the time."""
    if message.kind == Kind.DECISION:
        return encode_downlink(Downlink(message.boot, message.seq, SEASON_START + t))
    return encode_downlink(Downlink(epoch=SEASON_START + t))


@dataclass
class Host:
    """A running node.

    Attributes:
        t: virtual time of the last row asked for.
        decisions: every distinct decision, in order of arrival, with the t it was taken at.
        acts: what the actuators did: t, actuator, on.
    """

    process: subprocess.Popen[bytes]
    answer: Callable[[Message, int], bytes | None] = gateway
    t: int = 0
    births: list[Message] = field(default_factory=list)
    heartbeats: list[Message] = field(default_factory=list)
    decisions: list[tuple[int, Message]] = field(default_factory=list)
    acts: list[tuple[int, int, bool]] = field(default_factory=list)
    uplinks: list[bytes] = field(default_factory=list)
    requests: list[int] = field(default_factory=list)
    reader: FrameReader = field(default_factory=FrameReader)
    frames: list[Frame] = field(default_factory=list)
    exit: bytes | None = None

    def send(self, data: bytes) -> None:
        assert self.process.stdin
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def receive(self) -> Frame | None:
        """The next frame, None when the node is gone."""
        assert self.process.stdout
        while not self.frames:
            data = os.read(self.process.stdout.fileno(), 65536)
            if not data:
                return None
            self.frames = self.reader.feed(data)
        return self.frames.pop(0)

    def next_request(self) -> int | None:
        """Serves the node until it asks for a row; its t, or None when it is gone."""
        while (frame := self.receive()) is not None:
            if frame.type == FrameType.ROW_REQUEST:
                (self.t,) = struct.unpack("<I", frame.payload)
                self.requests.append(self.t)
                return self.t
            self._hear(frame)
        return None

    def _hear(self, frame: Frame) -> None:
        if frame.type == FrameType.ACT:
            t, actuator, on = struct.unpack("<IBB", frame.payload)
            self.acts.append((t, actuator, bool(on)))
        elif frame.type == FrameType.EXIT:
            self.exit = frame.payload
        elif frame.type == FrameType.UPLINK:
            self.uplinks.append(frame.payload)
            message = decode_message(frame.payload)
            if message.kind == Kind.BIRTH:
                self.births.append(message)
            elif message.kind == Kind.HEARTBEAT:
                self.heartbeats.append(message)
            elif not any((m.boot, m.seq) == (message.boot, message.seq) for _, m in self.decisions):
                self.decisions.append((self.t - (message.age or 0), message))
            down = self.answer(message, self.t)
            if down is not None:
                self.send(encode_frame(FrameType.DOWNLINK, down))

    def give(self, t: int, row: Row) -> None:
        """A row, as an answer to a request."""
        values = [MISSING if value is None else value for value in row]
        self.send(encode_frame(FrameType.ROW, struct.pack(f"<I{len(values)}i", t, *values)))

    def season(self, rows: Sequence[Row], *, end: bool = True) -> Host:
        """Answers one request after the other with ``rows``, then ends the run."""
        for row in rows:
            t = self.next_request()
            assert t is not None, "the node ended early"
            self.give(t, row)
        assert self.next_request() is not None
        if end:
            self.send(encode_frame(FrameType.EXIT))
            assert self.next_request() is None
            assert self.process.wait(timeout=120) == 0
            assert self.exit == b"\0\0\0\0\0"
        return self


@contextmanager
def running(
    program: Path, folder: Path, answer: Callable[[Message, int], bytes | None] = gateway
) -> Iterator[Host]:
    """A node in ``folder``, where its memory (persist.bin) outlives it."""
    process = subprocess.Popen([program], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        yield Host(process, answer)
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()
