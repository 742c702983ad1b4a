"""The host of a virtual board: gives it rows, answers for the gateway, keeps virtual time.

Protocol (the frames are in :mod:`tinyfield.wire`): the node asks for the row of its time t and
waits; the same t asked again gets the same row again. Every uplink gets exactly one downlink. A
frame that came broken from the node is answered with a broken one, so that it repeats itself.

It is a little over 400 lines because it answers every kind of frame.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tinyfield.errors import EnvironmentFault, WireError
from tinyfield.features.scale import MISSING
from tinyfield.sim.decision import SimDecision, decision_of
from tinyfield.sim.edge import Edge, Says
from tinyfield.sim.faults import Faults
from tinyfield.sim.gateway import Gateway, Immediate, Linked, OnEvent
from tinyfield.sim.link import Link
from tinyfield.sim.node import NodeProcess, command_for, home
from tinyfield.sim.source import RowSource, day_zero
from tinyfield.wire import (
    Downlink,
    Frame,
    FrameReader,
    FrameType,
    Kind,
    Manifest,
    decode_message,
    encode_downlink,
    encode_frame,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tinyfield.boards import Board
    from tinyfield.pio import Image
    from tinyfield.spec.app import App

_BROKEN = b"\x02\x01\x00"  # one byte cannot be a frame
_NUDGE_S = 5.0  # a node that says nothing for so long may have lost its question on the way
_SILENT_S = 60.0


class SimRun:
    """One run of an image. Iterate over it once: time passes as decisions are asked for.

    Args:
        app: the app, for its names and its sample period.
        board: the virtual board.
        image: what was built for it.
        source: its readings.
        link: ``tcp://HOST:PORT`` to listen on for a gateway's bridge: then each message waits
            until the gateway has it. None: the sim acknowledges at once.
        link_wait: seconds to wait for the gateway before the node must keep a message.
        on_event: told of progress.
        state: folder whose persist.bin the node starts with and leaves behind. None: a fresh
            node; with a link, the one of that node's id in the cache, since a gateway takes a
            boot that it has seen for a repetition.
        faults: for tests.
        edge: what the edge says to decisions that ask it.
        memory: frames that tell a fresh node what it kept (:mod:`tinyfield.sim.memory`).

    Attributes:
        summary: figures of the run, complete when the iteration has ended.

    Raises:
        EnvironmentFault: the node cannot be started, crashes, hangs, or is another app's.
    """

    def __init__(
        self,
        app: App,
        board: Board,
        image: Image,
        source: RowSource,
        *,
        link: str | None = None,
        link_wait: float = 60,
        on_event: OnEvent | None = None,
        state: Path | None = None,
        faults: Faults | None = None,
        edge: Says | None = None,
        memory: Sequence[bytes] = (),
    ) -> None:
        self._app, self._source, self._faults = app, source, faults or Faults()
        self._names = _manifest(image)
        self._command = command_for(board, image)
        self._on_event, self._state = on_event, state
        self._link = Link(link) if link else None
        self._gateway: Gateway = (
            Linked(self._link, link_wait, on_event) if self._link else Immediate()
        )
        self.summary: dict[str, float] = {}
        self._samples = self._acts = self._errors = self._starts = self._pieces = 0
        self._stack = 0
        self._offset = source.first  # virtual second of the node's t = 0
        self._asked: int | None = None  # the node's t of its last request
        self._row = b""
        self._fast = sum(sensor.frames > 0 for sensor in app.sensors.values())
        self._burst_of: tuple[int, int] | None = None  # the node's t and the sensor's number
        self._burst: NDArray[np.int16]
        self._one_by_one = board.target == "avr"  # its line is faster than it takes words in
        self._waiting: list[bytes] = []  # frames that it has not asked for yet
        self._memory = list(memory)
        self._told_at = {i: c.sensor for i, c in enumerate(app.channels) if c.told}
        self._begin = source.start if source.start is not None else day_zero(app)
        self._seen: set[tuple[int, int]] = set()
        self._on: set[str] = set()  # actuators
        self._edge = Edge(edge)
        self._kept = False  # the last message found the link down
        self._over = False  # no more rows
        self._told = False  # the date
        self._cycles: int | None = None

    @property
    def source(self) -> RowSource:
        """Its readings."""
        return self._source

    @property
    def link_address(self) -> tuple[str, int] | None:
        """Where it listens, with the port that was free."""
        return self._link.address if self._link else None

    def __iter__(self) -> Iterator[SimDecision]:
        started = time.monotonic()
        try:
            with home(self._state, self._app.node if self._link else None) as folder:
                cuts = sorted(self._faults.cuts)
                again = True
                while again:
                    again = False
                    for event in self._life(folder, cuts):
                        if event is None:
                            again = True
                        else:
                            yield event
                if self._kept:
                    yield from self._come_home(folder)
        finally:
            self._gateway.close()
            self._sum_up(time.monotonic() - started)

    # --- one life of the node ----------------------------------------------------------------

    def _life(self, folder: Path, cuts: list[tuple[int, int]]) -> Iterator[SimDecision | None]:
        """Decisions until the season ends; a None at the end if the power was cut."""
        node = NodeProcess(self._command, folder)
        self._starts += 1
        reader = FrameReader()
        self._asked = None
        self._waiting.clear()
        try:
            while True:
                data = self._hear(node)
                broken = reader.errors
                frames = reader.feed(data)
                if reader.errors > broken:
                    self._errors += reader.errors - broken
                    if not frames:
                        node.write(_BROKEN)
                for frame in frames:
                    if cuts and self._reaches(frame, cuts[0][0]):
                        self._cut(*cuts.pop(0))
                        yield None
                        return
                    if frame.type is FrameType.EXIT:
                        self._ended(node, frame)
                        return
                    if frame.type is FrameType.ROW_REQUEST:
                        self._answer_row(node, frame)
                    elif frame.type is FrameType.BURST_REQUEST:
                        self._answer_burst(node, frame)
                    elif frame.type is FrameType.UPLINK:
                        decision = self._answer_uplink(node, frame)
                        if decision is not None:
                            yield decision
                    elif frame.type is FrameType.ACT:
                        self._act(frame)
                    elif frame.type is FrameType.LOG:
                        self._log(frame)
        finally:
            node.kill()

    def _reaches(self, frame: Frame, t: int) -> bool:
        """Whether the node says by this frame what it does at ``t`` or later."""
        timed = frame.type in (FrameType.ROW_REQUEST, FrameType.ACT) and len(frame.payload) >= 4
        return timed and self._offset + int(struct.unpack_from("<I", frame.payload)[0]) >= t

    def _cut(self, t: int, seconds: int) -> None:
        """The power goes at ``t`` for so many seconds; what it held on falls off."""
        for actuator in sorted(self._on):
            self._source.act(t, actuator, False)
        self._on.clear()
        self._offset = t + seconds

    def _come_home(self, folder: Path) -> Iterator[SimDecision]:
        """The link was down to the end: the node starts once more where it is up, and tells what
        its outbox kept. It gets no row."""
        self._offset, self._over = self._now, True
        yield from (event for event in self._life(folder, []) if event is not None)

    def _hear(self, node: NodeProcess) -> bytes:
        """The next bytes from the node."""
        until = time.monotonic() + _SILENT_S
        expected = self._faults.from_node is not None or self._faults.to_node is not None
        patience = 0.2 if expected else _NUDGE_S
        while True:
            data = node.read(patience)
            if data == b"":
                code = node.wait()
                said = node.said()
                raise EnvironmentFault(
                    f"the node ended with exit code {code} in mid-season (virtual second "
                    f"{self._now}){': ' + said if said else ''}"
                )
            if data is not None and self._faults.from_node is not None:
                self._pieces += 1
                data = self._faults.from_node(data, self._pieces)
            if data:
                return data
            if time.monotonic() > until:
                raise EnvironmentFault(
                    f"the node has said nothing for {_SILENT_S:.0f} s (virtual second {self._now})"
                )
            # A node that was only held up finds every nudge, and gives up after so many: fewer.
            patience *= 2
            node.write(_BROKEN)

    def _tell(self, node: NodeProcess, kind: FrameType, payload: bytes) -> None:
        self._tell_raw(node, encode_frame(kind, payload))

    def _tell_raw(self, node: NodeProcess, data: bytes) -> None:
        if self._faults.to_node is not None:
            self._pieces += 1
            changed = self._faults.to_node(data, self._pieces)
            if changed is None:
                return
            data = changed
        node.write(data)

    # --- rows --------------------------------------------------------------------------------

    @property
    def _now(self) -> int:
        return self._offset + (self._asked or 0)

    def _is_new(self, frame: Frame) -> bool:
        return len(frame.payload) == 4 and struct.unpack("<I", frame.payload)[0] != self._asked

    def _answer_row(self, node: NodeProcess, frame: Frame) -> None:
        if len(frame.payload) != 4:
            node.write(_BROKEN)
            return
        if self._is_new(frame):
            (self._asked,) = struct.unpack("<I", frame.payload)
            values = None if self._over else self._source.row(self._now)
            if values is None:
                self._row = encode_frame(FrameType.EXIT)
            else:
                own = [MISSING if i in self._told_at else v for i, v in enumerate(values)]
                row = struct.pack(f"<I{len(own)}i", self._asked, *own)
                self._row = self._battery() + encode_frame(FrameType.ROW, row)
                self._waiting += self._words(values)
                self._samples += 1
                self._progress()
        judged = [] if self._link_down() else self._edge.due(self._now)
        self._waiting += self._memory
        self._memory.clear()
        unasked = (*self._gateway.unasked(), *judged)
        self._waiting += (encode_frame(FrameType.DOWNLINK, payload) for payload in unasked)
        if self._one_by_one and self._waiting:  # and then it asks again
            self._tell_raw(node, self._waiting.pop(0))
            return
        for one in self._waiting:
            self._tell_raw(node, one)
        self._waiting.clear()
        self._tell_raw(node, self._row)

    def _link_down(self) -> bool:
        down = self._faults.link_down
        return down is not None and not self._over and down(self._now)

    def _words(self, values: Sequence[int]) -> list[bytes]:
        """What neighbours say, as frames with the gateway's downlinks; a real gateway says it
        itself."""
        if self._link is not None or self._link_down():
            return []
        epoch = self._begin + self._now
        late = self._faults.late_s
        said = []
        for number, (channel, sensor) in enumerate(self._told_at.items()):
            if values[channel] != MISSING:
                down = Downlink(
                    epoch=epoch,
                    neighbour=number,
                    active=values[channel] > 0,
                    heard=epoch - (late(sensor, self._now) if late is not None else 0),
                    manifest=self._names.hash,
                )
                said.append(encode_frame(FrameType.DOWNLINK, encode_downlink(down)))
        return said

    def _battery(self) -> bytes:
        """The frame that tells a virtual board its voltage, ahead of the row; empty without one."""
        known = self._faults.battery_mv
        volts = known(self._now) if known is not None else None
        return b"" if volts is None else encode_frame(FrameType.BATTERY, struct.pack("<H", volts))

    def _answer_burst(self, node: NodeProcess, frame: Frame) -> None:
        """Some frames of the sample that the node is at, in pieces; the burst is made once."""
        if len(frame.payload) != 9:
            node.write(_BROKEN)
            return
        t, fast, at, n, pieces = struct.unpack("<IBHBB", frame.payload)
        if t != self._asked or fast >= self._fast:
            return  # a question of an earlier sample
        if (t, fast) != self._burst_of:
            self._burst_of = (t, fast)
            self._burst = self._source.burst(self._now, fast)
        width = self._burst.shape[1]
        data, count = self._burst.astype("<i2").tobytes(), max(1, n // width)
        said = []
        for first in range(at, min(len(self._burst), at + pieces * count), count):
            piece = data[2 * first * width : 2 * (first + count) * width]
            head = struct.pack("<IBHB", t, fast, first, len(piece) // 2)
            said.append(encode_frame(FrameType.BURST, head + piece))
        if self._faults.to_node is None:
            node.write(b"".join(said))
        else:
            for one in said:
                self._tell_raw(node, one)

    def _progress(self) -> None:
        if self._on_event is not None and self._now % 86400 < self._app.sample_s:
            first, last = self._source.first, self._source.last
            days = (last - first) // 86400 + 1
            self._on_event("day", (self._now - first) // 86400 + 1, days, "")

    def _act(self, frame: Frame) -> None:
        actuators = list(self._app.actuators)
        if len(frame.payload) != 6:
            return
        t, actuator, on = struct.unpack("<IBB", frame.payload)
        if actuator < len(actuators):
            self._acts += bool(on)
            (self._on.add if on else self._on.discard)(actuators[actuator])
            self._source.act(self._offset + t, actuators[actuator], bool(on))

    # --- uplinks -----------------------------------------------------------------------------

    def _answer_uplink(self, node: NodeProcess, frame: Frame) -> SimDecision | None:
        try:
            message = decode_message(frame.payload)
        except WireError:
            self._errors += 1
            self._tell(node, FrameType.DOWNLINK, encode_downlink(Downlink()))
            return None
        self._kept = self._link_down()
        if self._kept:
            node.write(_BROKEN)  # the node takes it as silence
        else:
            answer = self._gateway.answer(frame.payload, message, self._now, self._epoch())
            self._tell(node, FrameType.DOWNLINK, answer)
        if message.kind is not Kind.DECISION:
            return None
        decision = decision_of(message, self._names, max(0, self._now - (message.age or 0)))
        if not self._kept:
            self._edge.hear(decision, self._now)
        number = (message.boot, message.seq or 0)
        if number in self._seen:
            return None
        self._seen.add(number)
        return decision

    def _epoch(self) -> int | None:
        if self._over and not self._told:
            # The calendar that its decisions were taken by, so that it knows how old they are.
            return day_zero(self._app) + self._now - self._source.first
        if self._source.start is None or not self._faults.clock_set:
            return None
        self._told = True
        return self._source.start + self._now

    def _log(self, frame: Frame) -> None:
        self._gateway.log(frame.payload)
        if self._on_event is not None:
            self._on_event("log", 0, 0, frame.payload.decode(errors="replace"))

    # --- the end -----------------------------------------------------------------------------

    def _ended(self, node: NodeProcess, frame: Frame) -> None:
        code, self._stack = (
            struct.unpack("<BI", frame.payload) if len(frame.payload) == 5 else (0, 0)
        )
        returned = node.wait()
        self._cycles = node.active_cycles()
        if code or returned:
            raise EnvironmentFault(
                f"the node gave up with code {code or returned} at virtual second {self._now}",
                hint=node.said() or None,
            )

    def _sum_up(self, seconds: float) -> None:
        self.summary = {
            "samples": self._samples,
            "days": round((self._now - self._source.first) / 86400, 5),
            "decisions": len(self._seen),
            "switched_on": self._acts,
            "boots": self._starts,
            "frame_errors": self._errors,
            "seconds": round(seconds, 1),
        }
        if self._stack:
            self.summary["stack_bytes"] = self._stack
        if self._cycles is not None and self._samples:
            self.summary["cycles_per_sample"] = self._cycles // self._samples
        self.summary.update(self._source.summary())


def run(
    app: App,
    board: Board,
    image: Image,
    source: RowSource,
    *,
    link: str | None = None,
    link_wait: float = 60,
    on_event: OnEvent | None = None,
) -> Iterator[SimDecision]:
    """The decisions of one run, as they are taken; see :class:`SimRun`."""
    return iter(
        SimRun(app, board, image, source, link=link, link_wait=link_wait, on_event=on_event)
    )


# --- inside ----------------------------------------------------------------------------------


def _manifest(image: Image) -> Manifest:
    try:
        return Manifest.from_json(image.manifest.read_bytes())
    except (OSError, WireError) as error:
        raise EnvironmentFault(
            f"{image.manifest}: {error}", hint="tinyfield build writes it"
        ) from None
