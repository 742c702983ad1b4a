"""What neighbours say to a node in a scenario, as readings that become words on its link."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tinyfield.features.scale import MISSING
from tinyfield.sim.source import RowSource, WrappedSource

if TYPE_CHECKING:
    from tinyfield.spec.app import Channel
    from tinyfield.spec.scenario import Said


class NeighbourSource(WrappedSource):
    """Readings with what neighbours say in their channels: a :class:`RowSource`.

    Of two lines about the same time the later counts.

    Args:
        source: the other readings.
        channels: of the app.
        said: at least one line of each neighbour that says something.
    """

    def __init__(
        self, source: RowSource, channels: Sequence[Channel], said: Sequence[Said]
    ) -> None:
        super().__init__(source)
        self._said: dict[int, list[Said]] = {}
        sensors = [c.sensor for c in channels]
        for line in said:
            self._said.setdefault(sensors.index(line.sensor), []).append(line)

    def row(self, t: int) -> Sequence[int] | None:
        """The row of ``t``, in hundredths: 100 active, 0 not, missing where nothing is said."""
        values = self._source.row(t)
        if values is None:
            return None
        row = list(values)
        past = t - self.first
        for channel, lines in self._said.items():
            said = _at(lines, past - late_s(lines, past))
            state = next((line.kind for line in said if line.kind != "late"), "quiet")
            row[channel] = MISSING if state == "silent" else 100 * (state == "active")
        return row


def late_s(lines: Sequence[Said], past: int) -> int:
    """How long a neighbour's word was on its way that comes so many seconds into the scenario."""
    return next((line.value for line in _at(lines, past) if line.kind == "late"), 0)


def _at(lines: Sequence[Said], past: int) -> list[Said]:
    """The lines about that second of the scenario, the one that counts first."""
    past = max(past, 0)
    return [
        line
        for line in reversed(lines)
        if line.begin_s <= past and (line.end_s is None or past < line.end_s)
    ]
