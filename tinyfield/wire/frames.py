"""Frames on a byte stream.

``COBS(type ‖ payload ‖ crc16 hi ‖ crc16 lo) ‖ 0x00``, payload at most 96 B. COBS is Cheshire &
Baker, "Consistent Overhead Byte Stuffing" (1999); the CRC is CRC-16/CCITT-FALSE (polynomial 1021,
init FFFF, no reflection) over type and payload.
"""

from __future__ import annotations

from binascii import crc_hqx
from dataclasses import dataclass
from enum import IntEnum

from tinyfield.errors import WireError

MAX_PAYLOAD = 96
"""Bytes of payload in one frame."""

# type, payload and CRC, plus COBS's one byte of overhead (one per 254); without the delimiter.
MAX_ENCODED = 1 + MAX_PAYLOAD + 2 + 1


class FrameType(IntEnum):
    """The type byte of a frame; integers in payloads are little-endian."""

    ROW_REQUEST = 1  # node → host: u32 t
    ROW = 2  # host → node: u32 t, i32 value[channels]
    UPLINK = 3  # node → host: a message
    DOWNLINK = 4  # host → node: a downlink
    LOG = 5  # node → host: UTF-8 text
    EXIT = 6  # host → node: empty, no more rows; node → host: u8 code, u32 stack bytes
    ACT = 7  # node → host, virtual boards only: u32 t, u8 actuator, u8 on
    TIME = 8  # sim → bridge, never a node: u32 unix s of virtual now, u32 s into the season
    BATTERY = 9  # host → virtual board, ahead of a row: u16 mV of its supply
    # virtual board → host: u32 t, u8 fast sensor, u16 first frame, u8 values a piece, u8 pieces
    BURST_REQUEST = 10
    # host → virtual board: u32 t, u8 fast sensor, u16 first frame, u8 values, i16 value[values]
    BURST = 11
    # host → virtual board, ahead of a fresh node's first row, what it kept of a total: u8 total,
    # u32 unix s (0: nobody tells the date), u32 s of today so far; i32 today, yesterday, usual
    KEPT = 12


@dataclass(frozen=True)
class Frame:
    """One unit of a byte stream."""

    type: FrameType
    payload: bytes


def crc16(data: bytes, start: int = 0xFFFF) -> int:
    """CRC-16/CCITT-FALSE of ``data``; that of ``b"123456789"`` is 29B1."""
    return crc_hqx(data, start)


def cobs_encode(data: bytes) -> bytes:
    """``data`` with no zero byte in it, one byte longer for each 254 begun; no delimiter."""
    parts = data.split(b"\0")
    if max(map(len, parts)) < 0xFE:
        # Every zero byte gives way to how far it is to the next: a sim makes 40 frames a sample.
        short, at = bytearray(b"\0" + data), 0
        for part in parts:
            short[at] = len(part) + 1
            at += len(part) + 1
        return bytes(short)
    out = bytearray(1)
    head, code, last = 0, 1, len(data) - 1
    for i, byte in enumerate(data):
        if byte:
            out.append(byte)
            code += 1
        if not byte or (code == 0xFF and i != last):
            out[head] = code
            head, code = len(out), 1
            out.append(0)
    out[head] = code
    return bytes(out)


def cobs_decode(data: bytes) -> bytes:
    """The inverse of :func:`cobs_encode`.

    Raises:
        WireError: a zero byte, or a block that is longer than what is left.
    """
    out = bytearray()
    at, end = 0, len(data)
    if not end:
        raise WireError("COBS: empty")
    while at < end:
        code = data[at]
        block = data[at + 1 : at + code]
        if not code or 0 in block:
            raise WireError("COBS: a zero byte inside")
        if len(block) != code - 1:
            raise WireError("COBS: ends inside a block")
        out += block
        at += code
        if code != 0xFF and at < end:
            out.append(0)
    return bytes(out)


def encode_frame(type: FrameType | int, payload: bytes = b"") -> bytes:
    """One frame with its closing zero.

    Raises:
        WireError: the payload is longer than 96 B, or the type is unknown.
    """
    if len(payload) > MAX_PAYLOAD:
        raise WireError(f"frame: payload of {len(payload)} B, at most {MAX_PAYLOAD} fit")
    try:
        body = bytes((FrameType(type),)) + payload
    except ValueError:
        raise WireError(f"frame: unknown type {type}") from None
    return cobs_encode(body + crc16(body).to_bytes(2, "big")) + b"\0"


def decode_frame(encoded: bytes) -> Frame:
    """One frame from what stands between two zeros.

    Raises:
        WireError: too short or long, not COBS, wrong CRC, unknown type.
    """
    if len(encoded) > MAX_ENCODED:
        raise WireError(f"frame: {len(encoded)} B between delimiters, at most {MAX_ENCODED}")
    body = cobs_decode(encoded)
    if len(body) < 3:
        raise WireError(f"frame: {len(body)} B cannot hold a type and a CRC")
    if crc16(body[:-2]) != int.from_bytes(body[-2:], "big"):
        raise WireError("frame: wrong CRC")
    try:
        return Frame(FrameType(body[0]), body[1:-2])
    except ValueError:
        raise WireError(f"frame: unknown type {body[0]}") from None


class FrameReader:
    """Cuts a byte stream into frames, whatever the pieces it arrives in.

    What is no frame is dropped up to the next zero and counted in ``errors``. Never holds more
    than one frame's bytes.
    """

    def __init__(self) -> None:
        self.errors = 0
        self._kept = bytearray()
        self._dropping = False

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that ``data`` completes, in order."""
        frames: list[Frame] = []
        *ended, rest = data.split(b"\0")
        for piece in ended:
            self._keep(piece)
            if self._dropping:
                self.errors += 1
            elif self._kept:
                try:
                    frames.append(decode_frame(bytes(self._kept)))
                except WireError:
                    self.errors += 1
            self._kept.clear()
            self._dropping = False
        self._keep(rest)
        return frames

    def _keep(self, piece: bytes) -> None:
        if self._dropping:
            return
        if len(self._kept) + len(piece) > MAX_ENCODED:
            self._kept.clear()
            self._dropping = True
        else:
            self._kept += piece
