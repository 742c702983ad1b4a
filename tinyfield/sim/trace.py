"""A trace from a CSV file: a time column and one column a channel.

The time column is called ``t``, ``time`` or ``timestamp`` and holds rising whole seconds (from the
start of the season; unix seconds if the first is over a hundred million) or ISO 8601 times. A
channel's column is called as in the app, with the unit in brackets if it is not the channel's own
(``air.temperature [degF]``). An empty cell is a missing reading; other columns are left alone. At
each sample the node gets the latest row that is no older than one sample period (or one step of
the trace, where that is longer).

The trace of an app with a fast sensor has one row a frame and fractions of a second in its time; a
channel that is sampled less often may leave cells empty. A sample at second t gets the frames that
end there.
"""

from __future__ import annotations

import csv
import io
import math
import re
from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime, timezone
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation, localcontext
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from tinyfield.errors import DataError
from tinyfield.features.scale import MISSING
from tinyfield.sim.source import start_of
from tinyfield.spelling import nearest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tinyfield.sim.frames import TraceFrames
    from tinyfield.spec.app import App, Channel

_TIMES = ("t", "time", "timestamp")
_HEAD = re.compile(r"\s*([^\[\]()]*?)\s*(?:[\[(]\s*([^\])]*?)\s*[\])])?\s*")
_U32 = 0xFFFF_FFFF
_UNIX = 100_000_000
_MOST_DIGITS = 40
_FEW = 6
"""Fewer values say nothing of the unit that they are in."""


class TraceSource:
    """Rows of a CSV file.

    Args:
        path: the file.
        app: gives the channels and the sample period.
        limit: end after so many samples; None: at the trace's last row.

    Raises:
        DataError: with the file, the line and the cure.
    """

    def __init__(self, path: Path, app: App, *, limit: int | None = None) -> None:
        self._times: list[float] = []
        self._rows: list[tuple[int, ...]] = []
        self.start: int | None = start_of(app)
        _Reader(path, app.channels).read(self)
        self._fast: TraceFrames | None = None
        self.first, self.last = math.ceil(self._times[0]), math.floor(self._times[-1])
        if any(channel.frames for channel in app.channels):
            from tinyfield.sim.frames import TraceFrames  # NumPy

            self._fast = TraceFrames(app, str(path), self._times, self._rows)
            self.first, self.last = self._fast.first, self._fast.last
        if limit is not None:
            self.last = min(self.last, self.first + (limit - 1) * app.sample_s)
        steps = sorted(b - a for a, b in zip(self._times, self._times[1:], strict=False))
        usual = steps[len(steps) // 2] if steps else app.sample_s
        self._oldest = max(app.sample_s, usual)
        self._slow = [i for i, channel in enumerate(app.channels) if not channel.frames]
        self._nothing = (MISSING,) * len(app.channels)

    def row(self, t: int) -> Sequence[int] | None:
        """The latest row at ``t``."""
        if t > self.last:
            return None
        if self._fast is not None:
            row = list(self._nothing)
            for i in self._slow:
                row[i] = self._fast.reading(i, t, self._oldest)
            return row
        at = bisect_right(self._times, t) - 1
        if at < 0 or t - self._times[at] >= self._oldest:
            return self._nothing
        return self._rows[at]

    def burst(self, t: int, fast: int) -> NDArray[np.int16]:
        """The rows of the frames that end at ``t``."""
        assert self._fast is not None
        return self._fast.burst(t, fast)

    def act(self, t: int, actuator: str, on: bool) -> None:
        """A recording feels nothing."""

    def summary(self) -> dict[str, float]:
        """A recording has no figures of its own."""
        return {}

    def _add(self, t: float, row: tuple[int, ...]) -> None:
        self._times.append(t)
        self._rows.append(row)


class _Reader:
    def __init__(self, path: Path, channels: Sequence[Channel]) -> None:
        self._path, self._channels = path, channels
        self._converters: list[_Converter] = []

    def read(self, into: TraceSource) -> None:
        lines = csv.reader(io.StringIO(self._text(), newline=""), strict=True)
        header: list[str] | None = None
        time_at = 0
        columns: list[int | None] = []
        clock = _Clock(self, fractions=any(c.frames for c in self._channels))
        number = 0
        try:
            for cells in lines:
                number = lines.line_num
                if not any(cell.strip() for cell in cells) or cells[0].lstrip().startswith("#"):
                    continue
                if header is None:
                    header = cells
                    time_at, columns = self._header(number, cells)
                    continue
                if len(cells) != len(header):
                    raise self.wrong(
                        number,
                        f"{len(cells)} cells, the header has {len(header)}",
                        "give every row one cell for each column; leave it empty where there is "
                        "no reading",
                    )
                t = clock.seconds(number, cells[time_at].strip())
                into._add(
                    t,
                    tuple(
                        MISSING if at is None else converter.scaled(self, number, cells[at])
                        for converter, at in zip(self._converters, columns, strict=True)
                    ),
                )
        except csv.Error as error:
            raise self.wrong(
                number + 1, f"not readable as CSV ({error})", "write it with commas, text in quotes"
            ) from None
        if header is None:
            raise self.wrong(1, "the file is empty", f"begin with a header: {self._example()}")
        if not into._times:
            raise self.wrong(number, "a header and no rows", "add at least one row of readings")
        for converter in self._converters:
            converter.check(self)
        if clock.start is not None:
            into.start = clock.start

    def _text(self) -> str:
        try:
            raw = self._path.read_bytes()
        except OSError as error:
            raise DataError(
                f"{self._path}: {error.strerror}", hint="--trace takes a CSV file"
            ) from None
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = raw[: error.start].count(b"\n") + 1
            raise self.wrong(line, "not UTF-8 text", "save it as CSV, UTF-8") from None
        if "\0" in text:
            line = text[: text.index("\0")].count("\n") + 1
            raise self.wrong(line, "a NUL byte", "save it as CSV, UTF-8")
        return text

    def _header(self, number: int, cells: list[str]) -> tuple[int, list[int | None]]:
        names: dict[str, int] = {}
        units: dict[str, str | None] = {}
        for at, cell in enumerate(cells):
            match = _HEAD.fullmatch(cell)
            name, unit = (match[1], match[2]) if match else (cell.strip(), None)
            name = name.lower() if name.lower() in _TIMES else name
            if name in names:
                raise self.wrong(number, f"two columns {name!r}", "keep one of them")
            names[name] = at
            units[name] = unit or None
        time = next((name for name in _TIMES if name in names), None)
        if time is None:
            for sign, name in ((";", "semicolons"), ("\t", "tabs")):
                if len(cells) == 1 and sign in cells[0]:
                    cure = "separate with commas, and write numbers with a point"
                    raise self.wrong(number, f"separated by {name}", cure)
            raise self.wrong(number, "no column t", f"begin with a header: {self._example()}")
        if units[time] not in (None, "s"):
            raise self.wrong(
                number, f"{time} in {units[time]!r}", "give it in s, or as ISO 8601 times"
            )
        # A neighbour without a column says nothing.
        missing = [c.name for c in self._channels if c.name not in names and not c.told]
        if missing:
            near = nearest(missing[0], [n for n in names if n not in _TIMES])
            hint = f"rename the column {near!r}" if near else "add the columns; cells may be empty"
            raise self.wrong(number, f"no column {', '.join(missing)}", hint)
        for channel in self._channels:
            unit = units.get(channel.name)
            self._converters.append(_Converter(self, number, channel, unit))
        return names[time], [names.get(c.name) for c in self._channels]

    def _example(self) -> str:
        return ",".join(["t", *(f"{c.name} [{c.unit}]" for c in self._channels)])

    def wrong(self, line: int, what: str, cure: str) -> DataError:
        return DataError(f"{self._path}:{line}: {what}", hint=cure)


class _Clock:
    """The time column: seconds as they stand, or ISO times as seconds since the first."""

    def __init__(self, reader: _Reader, *, fractions: bool) -> None:
        self._reader = reader
        self._fractions = fractions
        self._last: float | None = None
        self._iso: bool | None = None
        self.start: int | None = None

    def seconds(self, line: int, text: str) -> float:
        t = self._parse(line, text)
        if t == self._last:
            raise self._reader.wrong(
                line, f"t {text} is that of the row before", "leave one of the two out"
            )
        if self._last is not None and t < self._last:
            raise self._reader.wrong(
                line, f"t {text} does not come after the row before", "sort the rows by time"
            )
        if t > _U32:
            raise self._reader.wrong(line, f"t {text} is over 136 years", "t is in seconds")
        self._last = t
        return t

    def _parse(self, line: int, text: str) -> float:
        try:
            number = Decimal(text)
        except InvalidOperation:
            return self._parse_iso(line, text)
        whole = number.is_finite() and (self._fractions or number == number.to_integral_value())
        if not whole or number < 0:
            raise self._reader.wrong(
                line,
                f"t {text}",
                f"{'' if self._fractions else 'whole '}seconds from 0, or ISO 8601 times",
            )
        if self._iso:
            raise self._reader.wrong(line, f"t {text} after ISO times", "keep to one form")
        if self._iso is None and number >= _UNIX:
            self.start = int(number)
        self._iso = False
        past = number - (self.start or 0)
        return float(past) if self._fractions else int(past)

    def _parse_iso(self, line: int, text: str) -> float:
        try:
            when = datetime.fromisoformat(text.replace("Z", "+00:00"))
        except ValueError:
            raise self._reader.wrong(
                line, f"t {text!r} is no time", "whole seconds, or ISO 8601: 2026-04-20T06:00:00Z"
            ) from None
        if self._iso is False:
            raise self._reader.wrong(line, f"t {text} after seconds", "keep to one form")
        self._iso = True
        when = when if when.tzinfo else when.replace(tzinfo=timezone.utc)
        unix = when.timestamp() if self._fractions else int(when.timestamp())
        if self.start is None:
            self.start = int(unix)
        if unix < self.start:
            raise self._reader.wrong(
                line, f"t {text} does not come after the row before", "sort the rows by time"
            )
        return unix - self.start


class _Converter:
    """A column's text to the channel's scaled integer, exactly; half away from zero."""

    def __init__(self, reader: _Reader, line: int, channel: Channel, unit: str | None) -> None:
        self._channel = channel
        self._factor: Fraction | None = None
        self._offset = Fraction(0)
        self._step = Decimal(1).scaleb(channel.scale)
        self._given = self._beyond = 0
        self._first: tuple[int, str] | None = None
        self._unit = unit or channel.unit
        if unit is None or unit == channel.unit:
            return
        from tinyfield.spec.mistake import Mistake
        from tinyfield.spec.units import find_unit

        try:
            theirs, ours = find_unit(unit), find_unit(channel.unit)
        except Mistake:
            raise reader.wrong(
                line, f"{channel.name}: unknown unit {unit!r}", f"give it in {channel.unit}"
            ) from None
        if theirs.dimension != ours.dimension:
            raise reader.wrong(
                line,
                f"{channel.name}: [{unit}] does not fit {channel.unit}",
                f"convert the column to {channel.unit}",
            )
        self._factor = theirs.factor / ours.factor
        self._offset = (theirs.offset - ours.offset) / ours.factor

    def scaled(self, reader: _Reader, line: int, cell: str) -> int:
        text = cell.strip()
        if not text:
            return MISSING
        channel = self._channel
        try:
            value = Decimal(text)
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite():
            cure = "leave the cell empty where there is no reading"
            if re.fullmatch(r"[+-]?\d+,\d+", text):
                cure = f"write a point: {text.replace(',', '.')}"
            raise reader.wrong(line, f"{channel.name}: {text!r} is no number", cure)
        if value and not -_MOST_DIGITS < value.adjusted() < _MOST_DIGITS:
            value = Decimal(0) if value.adjusted() < 0 else Decimal(10) ** _MOST_DIGITS
        with localcontext() as exact:
            exact.prec = 3 * _MOST_DIGITS
            if self._factor is not None:
                fraction = Fraction(value) * self._factor + self._offset
                value = Decimal(fraction.numerator) / Decimal(fraction.denominator)
            scaled = int((value / self._step).to_integral_value(ROUND_HALF_UP))
        self._given += 1
        if not channel.minimum <= scaled <= channel.maximum:
            self._beyond += 1
            self._first = self._first or (line, text)
        if channel.frames:  # a fast sensor gives the end of its range for what is beyond
            return min(max(scaled, channel.minimum), channel.maximum)
        return scaled if channel.minimum <= scaled <= channel.maximum else MISSING

    def check(self, reader: _Reader) -> None:
        """Raises DataError where most of the column is beyond what the sensor can give: one such
        reading is a failed one, many are in another unit."""
        if self._first is None or self._given < _FEW or 2 * self._beyond <= self._given:
            return
        channel, (line, text) = self._channel, self._first
        least, most = (limit * self._step for limit in (channel.minimum, channel.maximum))
        raise reader.wrong(
            line,
            f"{channel.name}: {text} {self._unit} is beyond what it can be, as are "
            f"{self._beyond:,} of {self._given:,} values",
            f"it goes from {least:f} to {most:f} {channel.unit}; name another unit in the header: "
            f"{channel.name} [unit]",
        )
