"""What time it is for a node behind a bridge: now, or the virtual now of a sim."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable
from datetime import datetime, timezone

from tinyfield.errors import UsageError

_U32 = 0xFFFF_FFFF


def parse_epoch(text: str) -> int:
    """Unix seconds of an ISO 8601 date or time; UTC unless it says otherwise.

    Raises:
        UsageError: not a date, or not within 1970–2106.
    """
    try:
        when = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise UsageError(
            f"--epoch {text}: not a date", hint="use 2026-04-20 or 2026-04-20T06:00:00Z"
        ) from None
    seconds = (when if when.tzinfo else when.replace(tzinfo=timezone.utc)).timestamp()
    if not 0 <= seconds <= _U32:
        raise UsageError(f"--epoch {text}: only 1970 to 2106 can be sent")
    return int(seconds)


class NodeClock:
    """UTC, until a sim says otherwise in TIME frames.

    A TIME frame carries the sim's virtual now and how far into its season that is. With
    ``epoch``, the season begins then instead; without TIME frames it begins at the first look.
    """

    def __init__(self, epoch: int | None, real: Callable[[], float] = time.time) -> None:
        self._epoch, self._real = epoch, real
        self._began: float | None = None
        self._virtual: int | None = None

    def heard(self, payload: bytes) -> bool:
        """Take a TIME frame's payload; False if it is none."""
        if len(payload) != 8:
            return False
        now, into = struct.unpack("<II", payload)
        if self._epoch is not None:
            self._virtual = min(self._epoch + into, _U32)
        elif now:  # 0: the sim does not know its season's date
            self._virtual = now
        return True

    @property
    def simulated(self) -> bool:
        """It is a sim's season that is dated, not today."""
        return self._virtual is not None or self._epoch is not None

    def now(self) -> int:
        """Unix seconds for this node."""
        if self._virtual is not None:
            return self._virtual
        if self._epoch is None:
            return int(self._real())
        if self._began is None:
            self._began = self._real()
        return self._epoch + int(self._real() - self._began)
