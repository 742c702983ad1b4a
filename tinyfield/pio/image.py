"""What was linked: an ELF file's sizes."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tinyfield.errors import EnvironmentFault


@dataclass(frozen=True)
class Image:
    """A linked firmware image; sizes in bytes.

    Attributes:
        env: the PlatformIO environment.
        project: the PlatformIO project.
        elf: the image.
        text: code and constants.
        data: variables with an initial value: they take flash and RAM.
        bss: variables that start as zero: RAM alone.
    """

    env: str
    project: Path
    elf: Path
    text: int
    data: int
    bss: int

    @property
    def manifest(self) -> Path:
        """The manifest that was generated with the image's sources."""
        return self.project / "firmware" / "generated" / self.env / "manifest.json"

    @property
    def flash(self) -> int:
        """Bytes of flash."""
        return self.text + self.data

    @property
    def ram(self) -> int:
        """Bytes of RAM without stack and heap."""
        return self.data + self.bss


def image(env_name: str, project: Path, elf: Path) -> Image:
    """Sizes of an ELF file, by its sections.

    Raises:
        EnvironmentFault: the file is not there, or is no ELF file.
    """
    text = data = bss = 0
    for name, kind, flags, address, size in _sections(elf):
        writable, allocated, empty = flags & 1, flags & 2, kind == 8
        reserved = name in (".heap", ".stack") or 0x810000 <= address < 0x820000  # AVR's EEPROM
        if not allocated or reserved:
            continue
        if writable and empty:
            bss += size
        elif writable:
            data += size
        elif not empty:
            text += size
    return Image(env_name, project, elf, text, data, bss)


def _sections(elf: Path) -> Iterator[tuple[str, int, int, int, int]]:
    """(name, type, flags, address, size) of each section. Source: System V ABI, chapter 4."""
    try:
        raw = elf.read_bytes()
    except OSError as error:
        raise EnvironmentFault(f"{elf}: {error.strerror}") from None
    if raw[:4] != b"\x7fELF" or len(raw) < 52:
        raise EnvironmentFault(f"{elf} is no ELF file")
    wide = raw[4] == 2
    order = "<" if raw[5] == 1 else ">"
    try:
        if wide:
            (table,) = struct.unpack_from(order + "Q", raw, 40)
            entry, count, names = struct.unpack_from(order + "3H", raw, 58)
            layout = order + "IIQQQQ"
        else:
            (table,) = struct.unpack_from(order + "I", raw, 32)
            entry, count, names = struct.unpack_from(order + "3H", raw, 46)
            layout = order + "IIIIII"
        rows = [struct.unpack_from(layout, raw, table + i * entry) for i in range(count)]
        strings = rows[names][4] if rows else 0
    except (struct.error, IndexError):
        raise EnvironmentFault(f"{elf} is cut short") from None
    for row in rows:
        end = raw.find(b"\0", strings + row[0])
        yield raw[strings + row[0] : end].decode(errors="replace"), row[1], row[2], row[3], row[5]
