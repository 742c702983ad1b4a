"""A bounds-checked reader of flatbuffers: as much of the format as TFLite models use.

Every offset is checked against the file before it is followed, and the number of objects one
file may yield is capped, so that a truncated, bit-flipped or hostile file ends in a
:class:`~tinyfield.errors.ModelError` and never in a crash, a hang or gigabytes of memory.

Source: flatbuffers.dev, "FlatBuffers internals". All numbers are little-endian; a table starts
with the distance back to its vtable, which holds one 16-bit field offset a slot (0 = absent).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tinyfield.compiler.formats import recognise
from tinyfield.errors import ModelError

_SCALARS = {
    "u8": struct.Struct("<B"),
    "i8": struct.Struct("<b"),
    "i16": struct.Struct("<h"),
    "u16": struct.Struct("<H"),
    "i32": struct.Struct("<i"),
    "u32": struct.Struct("<I"),
    "i64": struct.Struct("<q"),
    "u64": struct.Struct("<Q"),
    "f32": struct.Struct("<f"),
}
_LONGEST_TEXT = 300
_MAX_OBJECTS = 2_000_000


class Reader:
    """One file; counts the tables handed out, since vectors may name the same table often."""

    def __init__(self, data: bytes, identifier: bytes) -> None:
        if len(data) < 8 or data[4:8] != identifier:
            what, cure = recognise(data)
            raise ModelError(f"not a TFLite model: this is {what}", hint=cure)
        self.data = data
        self._objects = 0

    def root(self) -> Table:
        """The file's root table."""
        return Table(self, self.offset(0))

    def scalar(self, kind: str, position: int) -> int | float:
        """One number at ``position``."""
        unpack = _SCALARS[kind]
        self.need(position, unpack.size)
        value: int | float = unpack.unpack_from(self.data, position)[0]
        return value

    def u32(self, position: int) -> int:
        """An unsigned 32-bit number."""
        return int(self.scalar("u32", position))

    def offset(self, position: int) -> int:
        """The place that the forward offset at ``position`` points to."""
        target = position + self.u32(position)
        self.need(target, 4)
        return target

    def need(self, position: int, size: int) -> None:
        """Refuses to look outside the file."""
        if position < 0 or size < 0 or position + size > len(self.data):
            raise ModelError(
                f"damaged model: something at byte {position} reaches past the end "
                f"({len(self.data)} bytes)",
                hint="copy or convert the model again; this file is truncated or corrupt",
            )

    def count(self, objects: int = 1) -> None:
        """Counts tables and numbers handed out; refuses a file that yields too many."""
        self._objects += objects
        if self._objects > _MAX_OBJECTS:
            raise ModelError(
                "damaged model: its tables refer to each other without end",
                hint="convert the model again; this file is corrupt",
            )


class Table:
    """One table of a file; slots are numbered as in the schema."""

    def __init__(self, reader: Reader, position: int) -> None:
        reader.count()
        self._reader = reader
        self._position = position
        self._vtable = position - int(reader.scalar("i32", position))
        reader.need(self._vtable, 4)
        self._vtable_size = int(reader.scalar("u16", self._vtable))
        reader.need(self._vtable, self._vtable_size)

    def _field(self, slot: int) -> int | None:
        entry = 4 + 2 * slot
        if entry + 2 > self._vtable_size:
            return None
        relative = int(self._reader.scalar("u16", self._vtable + entry))
        return self._position + relative if relative else None

    def number(self, slot: int, kind: str, default: int | float = 0) -> int | float:
        """A scalar field."""
        place = self._field(slot)
        return default if place is None else self._reader.scalar(kind, place)

    def integer(self, slot: int, kind: str = "i32", default: int = 0) -> int:
        """A scalar field of an integer kind."""
        return int(self.number(slot, kind, default))

    def table(self, slot: int) -> Table | None:
        """A nested table, or None."""
        place = self._field(slot)
        return None if place is None else Table(self._reader, self._reader.offset(place))

    def text(self, slot: int) -> str:
        """A string, cut to a length that can be shown; damaged UTF-8 is replaced."""
        return bytes(self.raw(slot)[:_LONGEST_TEXT]).decode("utf-8", errors="replace")

    def raw(self, slot: int) -> memoryview:
        """The bytes of a byte vector or a string, not copied; empty if absent."""
        start, length = self.span(slot, 1) or (0, 0)
        return memoryview(self._reader.data)[start : start + length]

    def array(self, slot: int, dtype: str) -> NDArray[np.generic]:
        """A vector of numbers of a little-endian numpy ``dtype`` such as ``<i4``."""
        kind = np.dtype(dtype)
        found = self.span(slot, kind.itemsize)
        if found is None:
            return np.zeros(0, kind)
        self._reader.count(found[1])
        return np.frombuffer(self._reader.data, kind, count=found[1], offset=found[0])

    def tables(self, slot: int) -> Iterator[Table]:
        """The tables of a vector of tables."""
        found = self.span(slot, 4)
        if found is not None:
            start, length = found
            for index in range(length):
                yield Table(self._reader, self._reader.offset(start + 4 * index))

    def span(self, slot: int, item: int) -> tuple[int, int] | None:
        """Where a vector's first element stands in the file, and how many there are."""
        place = self._field(slot)
        if place is None:
            return None
        start = self._reader.offset(place)
        length = self._reader.u32(start)
        self._reader.need(start + 4, length * item)
        return start + 4, length
