"""Which tensors lie in one place: views, pieces of a concatenation, outputs over their inputs.

Tensors are gathered into *blocks*, each with a fixed offset. Two blocks become one where that
saves a copy or memory, and only if every value is still whole whenever it is read: that is tried
by running through the steps and following which bytes hold which value. So no rule about views or
overwriting has to be trusted; the trial decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tinyfield.compiler.calls import Buffer, Literal
from tinyfield.compiler.graph import Graph
from tinyfield.compiler.steps import Step

_COPY = "tiny_copy"
#: A block with more steps than this is not merged further: the trial would take too long.
_MOST_STEPS = 400


@dataclass(frozen=True)
class Copy:
    """A plain copy: ``bytes`` from ``source`` + ``start`` to ``target`` + ``end``."""

    source: int
    start: int
    target: int
    end: int
    bytes: int


def copy_of(step: Step) -> Copy | None:
    """The copy that a step is, if it is nothing else."""
    if len(step.calls) != 1 or step.calls[0].kernel != _COPY:
        return None
    source, target, size = step.calls[0].arguments
    if isinstance(source, Buffer) and isinstance(target, Buffer) and isinstance(size, Literal):
        return Copy(source.tensor, source.offset, target.tensor, target.offset, int(size.value))
    return None


class Sharing:
    """Blocks of tensors; ``places`` gives each tensor's block and offset in it."""

    def __init__(self, graph: Graph, steps: Sequence[Step], *, own_inputs: bool = False) -> None:
        self._graph = graph
        self._steps = steps
        self._copies = [copy_of(step) for step in steps]
        self._places: dict[int, tuple[int, int]] = {}
        self._members: dict[int, dict[int, int]] = {}
        self._touching: dict[int, list[int]] = {}
        self.region: dict[int, str] = {}
        for number, index in enumerate(() if own_inputs else graph.inputs):
            self.region[index] = f"in{number}"
        for number, index in enumerate(graph.outputs):
            self.region.setdefault(index, f"out{number}")
        for number, step in enumerate(steps):
            for index in {*step.reads(), *step.writes()}:
                self._touching.setdefault(index, []).append(number)
        for index in {*self._touching, *self.region, *graph.inputs}:
            self._places[index] = (index, 0)
            self._members[index] = {index: 0}
        for number in range(len(steps)):
            self._merge_at(number)

    def blocks(self) -> list[dict[int, int]]:
        """Each block: tensor → offset, the lowest 0."""
        return [self._members[root] for root in sorted(self._members)]

    def is_no_op(self, step: Step) -> bool:
        """A copy from a place to itself."""
        copy = copy_of(step)
        return copy is not None and self._same_place(copy)

    def _same_place(self, copy: Copy) -> bool:
        source, target = self._places[copy.source], self._places[copy.target]
        return source[0] == target[0] and source[1] + copy.start == target[1] + copy.end

    def _merge_at(self, number: int) -> None:
        copy = self._copies[number]
        if copy is not None:
            self._try(copy.source, copy.start, copy.target, copy.end)
            return
        step = self._steps[number]
        if len(step.writes()) != 1:
            return
        target = step.writes()[0]
        tensors = self._graph.tensors
        exact = [index for index, distance in step.overlap().items() if distance == 0]
        for source in (*step.in_place(), *exact):
            same = tensors[source].bytes == tensors[target].bytes
            into_output = target in self.region and tensors[source].bytes <= tensors[target].bytes
            if (same or (into_output and source in step.in_place())) and self._try(
                source, 0, target, 0
            ):
                return

    def _try(self, one: int, start: int, other: int, end: int) -> bool:
        """Lays byte ``start`` of one on byte ``end`` of the other, if nothing is lost by it."""
        (root, offset), (second, shift) = self._places[one], self._places[other]
        if root == second:
            return offset + start == shift + end
        moved = offset + start - end - shift
        both = dict(self._members[root])
        both.update({index: place + moved for index, place in self._members[second].items()})
        lowest = min(both.values())
        both = {index: place - lowest for index, place in both.items()}
        if not (self._fits_region(both) and self._all_whole(both)):
            return False
        del self._members[second]
        self._members[root] = both
        for index, place in both.items():
            self._places[index] = root, place
        return True

    def _fits_region(self, members: dict[int, int]) -> bool:
        """At most one of the caller's buffers, and everything within it."""
        owners = [index for index in members if index in self.region]
        if len(owners) != 1:
            return not owners
        tensors = self._graph.tensors
        base, size = members[owners[0]], tensors[owners[0]].bytes
        if any(tensors[index].persistent for index in members):
            return False
        if any(index in self._graph.inputs for index in members if index not in self.region):
            return False  # an input that is to lie in the arena
        return all(
            base <= place and place + tensors[index].bytes <= base + size
            for index, place in members.items()
        )

    def _all_whole(self, members: dict[int, int]) -> bool:
        """Runs through the steps: is every value whole when it is read, and at the end?"""
        touched = sorted({n for index in members for n in self._touching.get(index, ())})
        if len(touched) > _MOST_STEPS:
            return False
        held = _Held(self._graph, members)
        # Between two calls the caller fills the inputs: what is kept has to survive that.
        for index in sorted(members, key=self._keeps, reverse=True):
            if index in self._graph.inputs or self._keeps(index):
                held.write(index, 0, self._bytes(index))
        for number in touched:
            if not self._runs(number, members, held):
                return False
        return all(
            held.whole(index, 0, self._bytes(index))
            for index in members
            if index in self._graph.outputs or self._keeps(index)
        )

    def _runs(self, number: int, members: dict[int, int], held: _Held) -> bool:
        step, copy = self._steps[number], self._copies[number]
        if copy is not None and copy.source in members and copy.target in members:
            if not held.whole(copy.source, copy.start, copy.bytes):
                return False
            if members[copy.source] + copy.start == members[copy.target] + copy.end:
                held.also(copy.target, copy.end, copy.bytes)
                return True
            return self._write(copy.target, copy.end, copy.bytes, held)
        reads = [index for index in step.reads() if index in members]
        if copy is not None:
            if reads and not held.whole(copy.source, copy.start, copy.bytes):
                return False
            wanted = [(copy.target, copy.end, copy.bytes)] if copy.target in members else []
        else:
            if any(not held.whole(index, 0, self._bytes(index)) for index in reads):
                return False
            wanted = [(i, 0, self._bytes(i)) for i in step.writes() if i in members]
            for target, _, _ in wanted:
                if not all(self._may_overwrite(step, members, v, target) for v in reads):
                    return False
        return all(self._write(*one, held) for one in wanted)

    def _write(self, index: int, start: int, size: int, held: _Held) -> bool:
        if held.touches_input(index, start, size, self.region):
            return False
        held.write(index, start, size)
        return True

    def _may_overwrite(self, step: Step, members: dict[int, int], source: int, target: int) -> bool:
        """May a step write ``target`` while it still reads ``source`` of the same block?"""
        if source == target:
            return True
        below = members[source] - members[target]
        sizes = self._bytes(source), self._bytes(target)
        if below >= sizes[1] or -below >= sizes[0]:
            return True  # they do not meet
        if source in step.in_place() and below == 0 and sizes[1] <= sizes[0]:
            return True
        distance = step.overlap().get(source)
        return distance is not None and below >= distance

    def _keeps(self, index: int) -> bool:
        return self._graph.tensors[index].persistent

    def _bytes(self, index: int) -> int:
        return self._graph.tensors[index].bytes


class _Held:
    """Which bytes of each tensor still hold its value."""

    def __init__(self, graph: Graph, members: dict[int, int]) -> None:
        self._graph = graph
        self._members = members
        self._valid: dict[int, list[tuple[int, int]]] = {index: [] for index in members}

    def whole(self, index: int, start: int, size: int) -> bool:
        end = start + size
        for first, last in sorted(self._valid[index]):
            if first > start:
                return False
            start = max(start, last)
            if start >= end:
                return True
        return size == 0

    def also(self, index: int, start: int, size: int) -> None:
        """These bytes hold this value too; nothing is written."""
        self._valid[index] = _joined([*self._valid[index], (start, start + size)])

    def write(self, index: int, start: int, size: int) -> None:
        """These bytes now hold this value, and no other's."""
        low = self._members[index] + start
        for other, place in self._members.items():
            if other != index and place < low + size and low < place + self._size(other):
                self._valid[other] = _without(self._valid[other], low - place, low - place + size)
        self.also(index, start, size)

    def touches_input(self, index: int, start: int, size: int, regions: dict[int, str]) -> bool:
        """Would the caller's input be written?"""
        low = self._members[index] + start
        return any(
            place < low + size and low < place + self._size(other)
            for other, place in self._members.items()
            if regions.get(other, "").startswith("in")
        )

    def _size(self, index: int) -> int:
        return self._graph.tensors[index].bytes


def _joined(pieces: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    result: list[tuple[int, int]] = []
    for first, last in sorted(pieces):
        if result and first <= result[-1][1]:
            result[-1] = result[-1][0], max(result[-1][1], last)
        else:
            result.append((first, last))
    return result


def _without(pieces: Iterable[tuple[int, int]], low: int, high: int) -> list[tuple[int, int]]:
    result = []
    for first, last in pieces:
        if first < min(last, low):
            result.append((first, min(last, low)))
        if max(first, high) < last:
            result.append((max(first, high), last))
    return result
