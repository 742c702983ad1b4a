"""What a node kept before a scenario begins, as frames: the firmware itself keeps what they say."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from tinyfield.errors import UserError
from tinyfield.features.scale import MISSING
from tinyfield.wire import FrameType, encode_frame

if TYPE_CHECKING:
    from tinyfield.sim.source import RowSource
    from tinyfield.spec.app import App
    from tinyfield.spec.scenario import Scenario

_PARTS = ("today", "yesterday", "usual")


def memory_of(
    app: App, scenario: Scenario, source: RowSource, *, clock_set: bool
) -> tuple[bytes, ...]:
    """A frame for each total of which something is kept, for a fresh node ahead of its first row.

    Args:
        clock_set: somebody tells the node the date.

    Raises:
        UserError: something of today is kept, and the readings have no time of day.
    """
    kept: dict[str, dict[str, int]] = {}
    for one in scenario.remembers:
        kept.setdefault(one.total, {})[one.part] = one.value
        if one.part == "today" and source.start is None:
            raise UserError(
                f"{app.where(f'tests.{scenario.name}.remembers.{one.total}.today')}: when today "
                "began is not known: the trace has no dates",
                hint="write its times as 2026-06-01T19:50:00, or remove what is of today",
            )
    now = (source.start or 0) + source.first
    past = (now + (app.site.utc_offset_s if app.site is not None else 0)) % 86400
    epoch = now if clock_set and source.start is not None else 0
    return tuple(
        encode_frame(
            FrameType.KEPT,
            struct.pack(
                "<BII3i", list(app.totals).index(name), epoch, past,
                *(parts.get(part, MISSING) for part in _PARTS),
            ),
        )
        for name, parts in kept.items()
    )  # fmt: skip
