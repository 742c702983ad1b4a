"""Turn what was measured under emulation into what it means on a board.

Energy, battery life and carbon come later; they will read the same ``Measured``.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from tinyfield.boards import Board
from tinyfield.errors import BudgetError


@dataclass(frozen=True)
class Measured:
    """Figures of one firmware image on one virtual board; ``None`` = not measurable there.

    Attributes:
        flash: bytes of the image in flash (code, constants, initial data).
        ram: bytes of static data (data + bss), the model's arena included.
        stack: deepest stack in bytes, from a painted canary.
        count: instructions (AVR: cycles) of one inference.
        unit: ``instructions`` or ``cycles``.
        cycles: of one inference; estimated where instructions were counted.
        features: of an app with a fast sensor, ``unit`` of what is made of one sample's frames.
        features_cycles: of the same.
        frames_ram: bytes of ``ram`` that windows of frames and their scratch take.
    """

    flash: int
    ram: int
    stack: int | None
    count: int | None
    unit: str
    cycles: int | None
    features: int | None = None
    features_cycles: int | None = None
    frames_ram: int = 0


@dataclass(frozen=True)
class BoardCost:
    """One row of the build's table. Sizes in bytes, ``latency_ms`` of one inference,
    ``features_ms`` of what is made of one sample's frames."""

    board: str
    measured_on: str | None
    flash: int | None = None
    flash_total: int | None = None
    ram: int | None = None
    ram_total: int | None = None
    stack: int | None = None
    count: int | None = None
    unit: str | None = None
    latency_ms: float | None = None
    features: int | None = None
    features_ms: float | None = None
    frames_ram: int = 0
    note: str = ""

    def as_json(self) -> dict[str, object]:
        """The row as plain values."""
        return asdict(self)


def estimate(board: Board, measured_on: str, measured: Measured) -> BoardCost:
    """The cost of an image measured on ``measured_on``, on ``board``.

    Raises:
        BudgetError: static data and the deepest stack do not fit the board's RAM, or the image
            does not fit its flash.
    """
    latency, features_ms = (
        round(1000 * cycles / board.clock_hz, 3) if cycles is not None and board.clock_hz else None
        for cycles in (measured.cycles, measured.features_cycles)
    )
    flash_total, ram_total = board.flash_bytes or None, board.ram_bytes or None
    if flash_total and measured.flash > flash_total:
        raise BudgetError(
            f"{board.name}: the firmware takes {measured.flash:,} B of flash,"
            f" {measured.flash - flash_total:,} B more than the board has",
            hint="drop a sensor or a model, or choose a larger board",
        )
    needed = measured.ram + (measured.stack or 0)
    if ram_total and needed > ram_total:
        raise BudgetError(
            f"{board.name}: static data and stack take {needed:,} B of RAM,"
            f" {needed - ram_total:,} B more than the board has",
            hint="shorten a window, use fewer inputs or a smaller model, or choose a larger board",
        )
    return BoardCost(
        board=board.name,
        measured_on=measured_on,
        flash=measured.flash,
        flash_total=flash_total,
        ram=measured.ram,
        ram_total=ram_total,
        stack=measured.stack,
        count=measured.count,
        unit=measured.unit,
        latency_ms=latency,
        features=measured.features,
        features_ms=features_ms,
        frames_ram=measured.frames_ram,
    )
