"""Chains: neighbouring layers that run row by row, with a few rows between them instead of maps.

The last layer asks the one before it for the rows that its next rows see, that one asks in turn,
and each keeps its newest rows in a ring. Several rows at a turn need larger rings, and spare
kernels the work of starting anew for each. What a ring must hold, and how far the last layer's
output may lie over an input that the chain eats up, is found by running the schedule on row
numbers alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tinyfield.compiler.calls import Buffer, Call, Rows, Window


@dataclass(frozen=True)
class Chain:
    """How the calls of a chain take turns.

    Attributes:
        children: for each call the calls (by number) that it asks for rows before its own.
        rows: how many each call makes at a turn (the last turn may be shorter).
        rings: tensor between two calls → rows that its ring holds: all, or a multiple of ``rows``,
            so that the rows of a turn lie one after another.
        overlap: input of the chain → see :attr:`Call.overlap`.
    """

    children: tuple[tuple[int, ...], ...]
    rows: int
    rings: dict[int, int]
    overlap: dict[int, int]


def output_rows(call: Call) -> int:
    """Rows of a call's output image."""
    return next(a.whole for a in call.arguments if isinstance(a, Rows))


def chainable(call: Call) -> bool:
    """Can a call run row by row, whatever it reads?"""
    reads = [a for a in call.arguments if isinstance(a, Buffer) and not a.write]
    return (
        any(isinstance(a, Rows) for a in call.arguments)
        and len(call.writes()) == 1
        and all(a.tensor in call.windows and a.offset == 0 for a in reads)
        and not any(a.updates or (a.write and a.offset) for a in _buffers(call))
        and (len(call.windows) == 1 if call.finds_rows else _windowless(call))
    )


def _windowless(call: Call) -> bool:
    return all(window.windowless for window in call.windows.values())


def _buffers(call: Call) -> Iterator[Buffer]:
    return (a for a in call.arguments if isinstance(a, Buffer))


def make_chain(calls: Sequence[Call], kept: set[int], rows: int = 1) -> Chain | None:
    """The chain of neighbouring calls, or None if they are none.

    Args:
        calls: in running order, each :func:`chainable`.
        kept: tensors that somebody outside reads: only the last call's output may be one.
        rows: how many each call makes at a turn.
    """
    made = {call.writes()[0]: number for number, call in enumerate(calls)}
    last = len(calls) - 1
    if len(calls) < 2 or any(t in kept for t, number in made.items() if number != last):
        return None
    children: list[list[int]] = [[] for _ in calls]
    asked: set[int] = set()
    for number, call in enumerate(calls):
        for tensor in dict.fromkeys(call.reads()):
            if tensor in made and made[tensor] not in asked:
                asked.add(made[tensor])
                children[number].append(made[tensor])
    if asked != set(range(last)):
        return None  # somebody's output is not used in here
    run = _Run(calls, made, children, rows)
    if not run.to_the_end():
        return None
    rings = {t: run.held[n] for t, n in made.items() if n != last}
    return Chain(tuple(tuple(those) for those in children), rows, rings, run.overlap)


class _Run:
    """Runs the schedule on row numbers."""

    def __init__(
        self,
        calls: Sequence[Call],
        made: dict[int, int],
        children: Sequence[Sequence[int]],
        rows: int,
    ) -> None:
        self._calls = calls
        self._made = made
        self._children = children
        self._rows = rows
        self._next = [0] * len(calls)
        self._heights = [output_rows(call) for call in calls]
        self._readers: dict[int, list[tuple[int, Window]]] = {}
        for number, call in enumerate(calls):
            for tensor, window in call.windows.items():
                self._readers.setdefault(tensor, []).append((number, window))
        self.held = [1] * len(calls)
        self.overlap: dict[int, int] = {tensor: 0 for tensor in self._readers if tensor not in made}

    def to_the_end(self) -> bool:
        """Makes every row of the last call; False if one is asked for that is gone or not made."""
        last = len(self._calls) - 1
        while self._next[last] < self._heights[last]:
            if not self._turn(last):
                return False
        return True

    def _turn(self, number: int) -> bool:
        y = self._next[number]
        end = min(y + self._rows, self._heights[number])
        call = self._calls[number]
        for child in self._children[number]:
            # The last row of a whole turn, also where the image ends before: as the C has it.
            wanted = call.windows[self._calls[child].writes()[0]].end(y + self._rows - 1)
            while self._next[child] < wanted:
                if not self._turn(child):
                    return False
        for tensor, window in call.windows.items():
            if tensor in self._made and window.end(end - 1) > self._next[self._made[tensor]]:
                return False
        if number == len(self._calls) - 1:
            self._last_writes(y, end)
        else:
            # New rows must not take the place of any that somebody still wants.
            tensor = call.writes()[0]
            held = end - min(w.first(self._next[n]) for n, w in self._readers[tensor])
            held = -(-held // self._rows) * self._rows
            self.held[number] = max(self.held[number], min(held, self._heights[number]))
        self._next[number] = end
        return True

    def _last_writes(self, y: int, end: int) -> None:
        """The last call writes rows y to end: how much of the chain's inputs is still wanted?"""
        last = len(self._calls) - 1
        for tensor in self.overlap:
            for number, window in self._readers[tensor]:
                own = number == last
                row = self._calls[last].windows[next(iter(self._calls[last].windows))].out_bytes
                written = end * row
                done = self._next[number] >= self._heights[number]
                wanted = window.in_rows if done else window.first(self._next[number])
                wanted *= window.in_bytes
                if own and tensor in self._calls[last].in_place and window.in_bytes >= row:
                    written = y * row  # it reads each element before it writes it
                self.overlap[tensor] = max(self.overlap[tensor], written - wanted)
