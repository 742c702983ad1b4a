"""The C of a chain: nested loops in which each layer asks for the rows that its next row sees."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from tinyfield.compiler.calls import Buffer, Call, Window
from tinyfield.compiler.chains import Chain, output_rows


@dataclass(frozen=True)
class Row:
    """A turn of a call in a chain: a C variable says which row it begins with."""

    turn: int
    call: Call
    chain: Chain

    @property
    def variable(self) -> str:
        """The C variable that counts this call's rows."""
        return _variable(self.turn)

    def count(self, per_row: int) -> str:
        """How many rows this turn makes, times ``per_row``."""
        rows, whole = self.chain.rows, output_rows(self.call)
        if whole % rows == 0:
            return str(rows * per_row)
        left = f"tiny_least({rows}, {whole} - {self.variable})"
        return left if per_row == 1 else f"{left} * {per_row}"

    def held(self) -> int:
        """Rows that the buffer of the input holds."""
        tensor, window = next(iter(self.call.windows.items()))
        return self.chain.rings.get(tensor, window.in_rows)

    def offset(self, buffer: Buffer) -> str:
        """What to add, in bytes, to a tensor's start: the row that is computed, or that it is
        computed from; nothing where the kernel finds its rows itself."""
        if buffer.write:
            window = next(iter(self.call.windows.values()))
            rows, size = window.out_rows, window.out_bytes
        else:
            if self.call.finds_rows:
                return ""
            window = self.call.windows[buffer.tensor]
            rows, size = window.in_rows, window.in_bytes
        held = self.chain.rings.get(buffer.tensor, rows)
        if held == 1:
            return ""
        row = self.variable if held >= rows else f"({self.variable} % {held})"
        return f" + (int32_t){row} * {size}"


def loops(calls: Sequence[Call], chain: Chain, lines: Sequence[str]) -> str:
    """The loops around the calls.

    Args:
        lines: the C of each call, for the row that its variable names.
    """
    last = len(calls) - 1
    made = {call.writes()[0]: number for number, call in enumerate(calls)}

    def row(number: int) -> str:
        parts = []
        for child in chain.children[number]:
            window = next(w for t, w in calls[number].windows.items() if made.get(t) == child)
            name = _variable(child)
            parts.append(
                f"for (; {name} < {_end(_variable(number), chain.rows, window)}; "
                f"{_next(name, chain.rows)}) {{\n" + textwrap.indent(row(child), "    ") + "\n}"
            )
        return "\n".join([*parts, lines[number]])

    counters = ", ".join(f"{_variable(number)} = 0" for number in range(last))
    name = _variable(last)
    return (
        f"{{\n    int16_t {counters};\n"
        f"    for (int16_t {name} = 0; {name} < {output_rows(calls[last])}; "
        f"{_next(name, chain.rows)}) {{\n" + textwrap.indent(row(last), "        ") + "\n    }\n}"
    )


def _variable(number: int) -> str:
    return f"row{number}"


def _next(variable: str, rows: int) -> str:
    return f"{variable}++" if rows == 1 else f"{variable} = (int16_t)({variable} + {rows})"


def _end(variable: str, rows: int, window: Window) -> str:
    """One past the last input row that a turn sees."""
    step = variable if window.stride == 1 else f"{variable} * {window.stride}"
    more = (rows - 1) * window.stride + window.seen - window.before
    return f"tiny_least({step} + {more}, {window.in_rows})"
