"""How much flash and RAM an image takes, read from its ELF file.

Only what is needed: 32-bit little-endian files, their sections and symbols (System V ABI,
"Object Files").
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from tinyfield.errors import EnvironmentFault

_SECTION = struct.Struct("<10I")
_SYMBOL = struct.Struct("<IIIBBH")
_NOBITS, _SYMTAB = 8, 2
_WRITE, _ALLOC, _EXECUTE = 1, 2, 4
_OBJECT = 1


@dataclass(frozen=True)
class Sizes:
    """Bytes of an image.

    Attributes:
        code: instructions in flash.
        data: constants in flash, and what static variables start with.
        static: RAM for static variables.
    """

    code: int
    data: int
    static: int

    def less(self, other: Sizes) -> Sizes:
        """What this image takes beyond another."""
        return Sizes(self.code - other.code, self.data - other.data, self.static - other.static)


def sizes(path: Path) -> Sizes:
    """The sizes of an image.

    Raises:
        EnvironmentFault: the file is no 32-bit little-endian ELF file.
    """
    raw = path.read_bytes()
    if raw[:6] != b"\x7fELF\x01\x01":
        raise EnvironmentFault(f"{path} is no 32-bit little-endian ELF file")
    offset = struct.unpack_from("<I", raw, 0x20)[0]
    size, count = struct.unpack_from("<HH", raw, 0x2E)
    sections = [_SECTION.unpack_from(raw, offset + size * n) for n in range(count)]
    code = data = static = 0
    executable = set()
    for number, (_, kind, flags, _, _, length, *_) in enumerate(sections):
        if not flags & _ALLOC:
            continue
        if flags & _WRITE:
            static += length
            data += 0 if kind == _NOBITS else length
        elif flags & _EXECUTE:
            executable.add(number)
            code += length
        else:
            data += length
    constants = _constants(raw, sections, executable)
    return Sizes(code - constants, data + constants, static)


def _constants(raw: bytes, sections: list[tuple[int, ...]], executable: set[int]) -> int:
    """Bytes of data objects among the code: AVR's __flash constants lie there."""
    places = {}
    for _, kind, _, _, start, length, _, _, _, _ in sections:
        if kind != _SYMTAB:
            continue
        for at in range(start, start + length, _SYMBOL.size):
            _, value, size, info, _, section = _SYMBOL.unpack_from(raw, at)
            if info & 15 == _OBJECT and section in executable:
                places[value] = size
    return sum(places.values())
