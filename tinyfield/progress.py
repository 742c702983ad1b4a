"""Progress of long work on the terminal; silent when a script reads the output."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status


class Progress:
    """A spinner with what is being done, and a line for each step that is finished.

    Args:
        console: where to talk (stderr).
        quiet: print nothing at all.
    """

    def __init__(self, console: Console, *, quiet: bool = False) -> None:
        self._console = console
        self._quiet = quiet
        self._status: Status | None = None
        self._step: str | None = None
        self._started = 0.0

    def __enter__(self) -> Progress:
        if not self._quiet and self._console.is_terminal:
            self._status = self._console.status("")
            self._status.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._finish()
        if self._status is not None:
            self._status.stop()

    def step(self, text: str) -> None:
        """Begin a new step; the one before it is done."""
        self._finish()
        self._step, self._started = text, time.monotonic()
        if self._status is not None:
            self._status.update(text)

    def detail(self, text: str) -> None:
        """How far the step in hand is (a day, an epoch, a percentage)."""
        if self._status is not None and self._step:
            self._status.update(f"{self._step}: {text}")

    def say(self, text: str, *, style: str | None = None) -> None:
        """A sentence that the user should read now and find again later."""
        if not self._quiet:
            self._console.print(text, style=style)

    def _finish(self) -> None:
        if self._step is not None and not self._quiet:
            seconds = time.monotonic() - self._started
            self._console.print(f"  [green]✓[/] {self._step} [dim]{seconds:.1f} s[/]")
        self._step = None
