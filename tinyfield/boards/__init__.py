"""One TOML file a board: memory, clock, currents, pins, PlatformIO environment, tools.

``board("uno")`` reads that board's file alone; ``load_boards()`` reads them all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from tinyfield.errors import SpecError
from tinyfield.spelling import listing, nearest
from tinyfield.tomlfile import read_toml

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Pin:
    """One pin as printed on the board.

    Attributes:
        name: what is printed beside it and what an app writes, such as ``A0`` or ``7``.
        number: what the firmware's HAL takes (the Arduino pin number, the GPIO number).
        functions: of ``in``, ``out``, ``adc``, ``pwm``, ``interrupt``, ``sda``, ``scl``,
            ``rx``, ``tx``, ``led``; empty when the board needs the pin itself.
        note: what to know before using it.
        strapping: read at reset; a wrong level there keeps the board from booting.
    """

    name: str
    number: int
    functions: tuple[str, ...]
    note: str = ""
    strapping: bool = False


@dataclass(frozen=True)
class Conflict:
    """Pins that lose a function while something else is in use.

    Attributes:
        pins: names of the pins.
        function: the function lost, such as ``adc``.
        when: ``radio`` (a wireless link) is the one condition so far.
        why: a sentence for the diagnostic.
    """

    pins: tuple[str, ...]
    function: str
    when: str
    why: str


@dataclass(frozen=True)
class Adc:
    """The analogue input: resolution in bits, full scale in mV."""

    bits: int
    vref_mv: int


@dataclass(frozen=True)
class Toolchain:
    """What compiles and runs for the board.

    Attributes:
        tool: the compiler's program name; empty when PlatformIO fetches it.
        runner: the program that runs the image; empty for hardware.
        apt: Debian packages that bring both; empty when PlatformIO fetches them.
    """

    tool: str = ""
    runner: str = ""
    apt: tuple[str, ...] = ()

    @property
    def install(self) -> str:
        """The command that installs the packages, or an empty string."""
        return "apt install " + " ".join(self.apt) if self.apt else ""


@dataclass(frozen=True)
class Current:
    """Supply current of the microcontroller alone (not of a board's LEDs and regulators).

    Attributes:
        voltage_mv: supply voltage the currents hold at.
        run_ua: awake at ``clock_hz``, radio off, in µA.
        sleep_ua: deepest sleep that keeps a wake-up timer, in µA.
    """

    voltage_mv: int
    run_ua: int
    sleep_ua: int


@dataclass(frozen=True, eq=False)
class Board:
    """A board an app can be built for; sizes in bytes.

    Attributes:
        virtual: runs on this PC, in virtual time.
        twin: the virtual board that stands for this one in ``sim``; None for itself.
        env: its PlatformIO environment.
        target: what the compiler and the bench call its core (``cortex-m4``); None if unknown.
        any_pin: takes any pin name (virtual boards without pins of their own).
        i2c: pin names of (SDA, SCL), or None.
        links: what it can report over.
        platform: the PlatformIO platform.
    """

    name: str
    title: str
    virtual: bool
    twin: str | None
    env: str
    mcu: str
    target: str | None
    flash_bytes: int
    ram_bytes: int
    eeprom_bytes: int
    clock_hz: int
    platform: str
    adc: Adc | None
    pins: dict[str, Pin]
    any_pin: bool
    i2c: tuple[str, str] | None
    links: tuple[str, ...]
    conflicts: tuple[Conflict, ...]
    toolchain: Toolchain
    current: Current | None = None
    datasheet: str = ""
    aliases: dict[str, str] = field(default_factory=dict)

    def pin(self, name: str | int) -> Pin | None:
        """The pin of that name (``D5`` and ``GPIO34`` are ``5`` and ``34``), or None."""
        text = str(name).strip().upper()
        if self.any_pin:
            digits = "".join(c for c in text if c.isdigit())
            return Pin(text, min(int(digits), 255) if digits else 0, ("in", "out", "adc"))
        if text not in self.pins:
            for prefix in ("GPIO", "IO", "D"):
                if text.startswith(prefix) and text[len(prefix) :] in self.pins:
                    text = text[len(prefix) :]
        return self.pins.get(text) or self.pins.get(self.aliases.get(text, ""))


@cache
def board_names() -> tuple[str, ...]:
    """Every board's name, sorted, without reading the files."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


@cache
def board(name: str) -> Board:
    """The board of that name; SpecError with the nearest name if there is none."""
    if name not in board_names():
        near = nearest(name, board_names())
        hint = f"did you mean {near!r}?" if near else f"boards: {listing(board_names())}"
        raise SpecError(f"there is no board {name!r}", hint=hint)
    return _board(name, read_toml(_FOLDER / f"{name}.toml"))


@cache
def load_boards() -> dict[str, Board]:
    """Every board by name."""
    return {name: board(name) for name in board_names()}


def _board(name: str, row: dict[str, Any]) -> Board:
    pins_from = row.get("pins_of")
    table = read_toml(_FOLDER / f"{pins_from}.toml") if pins_from else row
    pins = {
        key: Pin(
            key,
            value["number"],
            tuple(value["functions"]),
            value.get("note", ""),
            value.get("strapping", False),
        )
        for key, value in table.get("pins", {}).items()
    }
    i2c = table.get("i2c")
    adc = table.get("adc")
    current = row.get("current")
    toolchain = row.get("toolchain", {})
    return Board(
        name=name,
        title=row["title"],
        virtual=row["virtual"],
        twin=row.get("twin"),
        env=row.get("env", name),
        mcu=row["mcu"],
        target=row.get("target"),
        flash_bytes=row["flash_bytes"],
        ram_bytes=row["ram_bytes"],
        eeprom_bytes=row["eeprom_bytes"],
        clock_hz=row["clock_hz"],
        platform=row["platform"],
        adc=Adc(adc["bits"], adc["vref_mv"]) if adc else None,
        pins=pins,
        any_pin=not pins,
        i2c=(i2c["sda"], i2c["scl"]) if i2c else None,
        links=tuple(row.get("links", ("serial",))),
        conflicts=tuple(
            Conflict(tuple(c["pins"]), c["function"], c["when"], c["why"])
            for c in table.get("conflicts", ())
        ),
        toolchain=Toolchain(
            toolchain.get("tool", ""), toolchain.get("runner", ""), tuple(toolchain.get("apt", ()))
        ),
        current=Current(**current) if current else None,
        datasheet=row.get("datasheet", ""),
        aliases=dict(table.get("aliases", {})),
    )
