"""Reads ``firmware/drivers/<name>/driver.toml``: what a sensor or actuator is and needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from tinyfield.errors import SpecError
from tinyfield.paths import firmware_dir
from tinyfield.spelling import listing, nearest
from tinyfield.tomlfile import read_toml


@dataclass(frozen=True)
class DriverChannel:
    """A quantity the driver measures; ``minimum`` and ``maximum`` in scaled integers."""

    name: str
    unit: str
    scale: int
    minimum: int
    maximum: int
    summary: str


@dataclass(frozen=True)
class Param:
    """Something the app sets for a driver.

    Attributes:
        name: dotted key, such as ``calibrate.dry``.
        kind: ``pin``, ``quantity``, ``bool``, ``int`` or ``choice``; ``node`` (a node's id) or
            ``name`` (one in its app) of what comes over the link.
        function: for pins: ``adc``, ``in`` or ``out``.
        unit, least, most: for quantities and ints; the limits are in ``unit``.
        default: for optional ones, as the app would write it.
        example: a value to show in hints.
        differs: the name of a parameter whose value must not be the same.
    """

    name: str
    kind: str
    required: bool
    summary: str
    function: str = ""
    unit: str = ""
    least: int | None = None
    most: int | None = None
    default: int | bool | str | None = None
    example: str = ""
    choices: tuple[str, ...] = ()
    differs: str | None = None


@dataclass(frozen=True)
class Fast:
    """What a sensor that is sampled many times a second can do.

    Attributes:
        rates: the rates it can be set to, in mHz, rising.
        fifo: how many frames it keeps by itself while nobody reads them.
    """

    rates: tuple[int, ...]
    fifo: int


@dataclass(frozen=True)
class CSource:
    """The driver's C: header, config struct with its fields in order, and its functions: read or
    write; of a fast sensor begin, frames and rest instead; compensate takes the influence of other
    readings out of its own."""

    header: str
    config: str
    fields: tuple[str, ...]
    read: str | None
    write: str | None
    begin: str | None = None
    frames: str | None = None
    rest: str | None = None
    compensate: str | None = None


@dataclass(frozen=True)
class Driver:
    """One driver.

    Attributes:
        kind: ``sensor`` or ``actuator``.
        bus: ``adc``, ``gpio``, ``i2c`` or ``virtual``; ``link`` if its reading is told by others.
        addresses, address: what the I2C part can be strapped to, and its default.
        fast: of a sensor whose channels are frames of int16, its rates; else None.
        c: its C; None of what comes over the link.
        compensate: what can be taken out of its readings: name → unit, in the order of the C.
    """

    name: str
    kind: str
    summary: str
    datasheet: str
    bus: str
    addresses: tuple[int, ...]
    address: int | None
    channels: tuple[DriverChannel, ...]
    params: dict[str, Param]
    c: CSource | None
    fast: Fast | None = None
    compensate: dict[str, str] = field(default_factory=dict)


@cache
def driver_names() -> tuple[str, ...]:
    """Every driver's name, sorted, without reading the files."""
    return tuple(sorted(p.parent.name for p in (firmware_dir() / "drivers").glob("*/driver.toml")))


@cache
def driver(name: str) -> Driver:
    """The driver of that name; SpecError with the nearest name if there is none."""
    if name not in driver_names():
        near = nearest(name, driver_names())
        hint = f"did you mean {near!r}?" if near else f"drivers: {listing(driver_names())}"
        raise SpecError(f"there is no driver {name!r}", hint=hint)
    return _driver(name, read_toml(firmware_dir() / "drivers" / name / "driver.toml"))


@cache
def load_drivers() -> dict[str, Driver]:
    """Every driver by name."""
    return {name: driver(name) for name in driver_names()}


def _driver(name: str, row: dict[str, Any]) -> Driver:
    bus = row["bus"]
    params = {
        key: Param(
            name=key,
            kind=value["kind"],
            required=value.get("required", False),
            summary=value.get("summary", ""),
            function=value.get("function", ""),
            unit=value.get("unit", ""),
            least=value.get("min"),
            most=value.get("max"),
            default=value.get("default"),
            example=value.get("example", ""),
            choices=tuple(value.get("choices", ())),
            differs=value.get("differs"),
        )
        for key, value in row.get("params", {}).items()
    }
    channels = tuple(
        DriverChannel(ch["name"], ch["unit"], ch["scale"], ch["min"], ch["max"], ch["summary"])
        for ch in row.get("channels", ())
    )
    return Driver(
        name=name,
        kind=row["kind"],
        summary=row["summary"],
        datasheet=row["datasheet"],
        bus=bus["type"],
        addresses=tuple(bus.get("addresses", ())),
        address=bus.get("default"),
        channels=channels,
        params=params,
        c=_c_source(row["c"]) if "c" in row else None,
        fast=_fast(row["fast"]) if "fast" in row else None,
        compensate=dict(row.get("compensate", {})),
    )


def _c_source(row: dict[str, Any]) -> CSource:
    return CSource(
        row["header"],
        row["config"],
        tuple(row["fields"]),
        *(row.get(key) for key in ("read", "write", "begin", "frames", "rest", "compensate")),
    )


def _fast(row: dict[str, Any]) -> Fast:
    return Fast(tuple(sorted(round(rate * 1000) for rate in row["rates"])), row["fifo"])
