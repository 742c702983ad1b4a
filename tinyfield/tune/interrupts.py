"""Interrupts that wait while Optuna begins a trial."""

from __future__ import annotations

import signal
import threading
from types import TracebackType
from typing import Any


class Held:
    """Ctrl-C, and the SIGTERM by which a worker is stopped, wait until :meth:`release`.

    Between the moment at which a new trial is written and the one at which it can be marked as
    failed, an interrupt would leave a trial that runs for ever: it has no heartbeat yet by which
    anybody could tell that it is dead. Outside of a main thread signals do not come, and nothing
    is done.
    """

    def __init__(self) -> None:
        self._before: dict[signal.Signals, Any] = {}
        self._came: int | None = None

    def __enter__(self) -> Held:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._note) or signal.SIG_DFL
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self.release()

    def release(self) -> None:
        """What waited takes its course now, and what comes later at once."""
        while self._before:
            signal.signal(*self._before.popitem())
        came, self._came = self._came, None
        if came is not None:
            signal.raise_signal(came)

    def _note(self, number: int, _frame: object) -> None:
        self._came = number
