"""The static memory plan: where in the arena each tensor lies, and when.

Tensors that may share one place (views; outputs that an operator writes over an input it no
longer needs) first become one *slot*. A slot lives from the step that first writes it to the step
that last reads it; slots that live at the same time must not overlap. Finding the smallest
arena is dynamic storage allocation (NP-hard); several greedy orders are tried, small plans are
searched whole, and the search ends early where the plain lower bound is met.

The model's inputs and outputs lie in the caller's buffers and cost no arena.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from tinyfield.compiler.calls import Call, Scratch
from tinyfield.compiler.graph import Graph

_SEARCH_WHOLE = 6
_SEARCH_ORDERS = 300


@dataclass(frozen=True)
class Place:
    """Where a tensor lies: ``region`` is ``arena``, ``in0``, ``out1``, …; offset in bytes."""

    region: str
    offset: int = 0


@dataclass
class Slot:
    """One stretch of the arena and the steps during which it is taken (both ends included)."""

    name: str
    bytes: int
    first: int
    last: int
    tensors: tuple[int, ...] = ()
    offset: int = -1

    def meets(self, other: Slot) -> bool:
        """Do both live at some step?"""
        return self.first <= other.last and other.first <= self.last

    def overlaps(self, other: Slot) -> bool:
        """Do both lie on some byte?"""
        return self.offset < other.offset + other.bytes and other.offset < self.offset + self.bytes


@dataclass
class Plan:
    """The finished plan.

    Attributes:
        calls: the calls that remain; copies within one place are gone.
        places: each tensor's place.
        slots: the arena's stretches.
        scratch: (step, argument's place) → arena offset of working memory.
        arena_bytes: the arena's exact size.
        least_bytes: what no plan of these slots can go below (most bytes alive at one step).
        persistent: tensors that keep their value from call to call.
    """

    calls: tuple[Call, ...]
    places: dict[int, Place]
    slots: tuple[Slot, ...]
    scratch: dict[tuple[int, int], int]
    arena_bytes: int
    least_bytes: int
    persistent: tuple[int, ...] = ()
    names: dict[int, str] = field(default_factory=dict)

    def verify(self) -> None:
        """Checks that no two slots alive together overlap, and that all lie within the arena."""
        for slot in self.slots:
            if slot.offset < 0 or slot.offset + slot.bytes > self.arena_bytes:
                raise AssertionError(f"slot {slot.name} lies outside the arena")
        for one, other in itertools.combinations(self.slots, 2):
            if one.meets(other) and one.overlaps(other):
                raise AssertionError(f"slots {one.name} and {other.name} overlap while both live")

    def dump(self) -> str:
        """The plan as text: one line a slot, with the steps at which it is alive."""
        lines = [
            f"arena {self.arena_bytes} bytes (no plan of these tensors is below "
            f"{self.least_bytes}), {len(self.calls)} steps"
        ]
        for slot in sorted(self.slots, key=lambda s: (s.first, s.offset)):
            life = "".join(
                "█" if slot.first <= step <= slot.last else "·" for step in range(len(self.calls))
            )
            lines.append(
                f"  {slot.offset:>7} … {slot.offset + slot.bytes - 1:<7} {slot.bytes:>7} B  "
                f"{life}  {slot.name}"
            )
        for index, place in sorted(self.places.items()):
            if place.region != "arena":
                lines.append(f"  {place.region:>7}  {self.names.get(index, '')}")
        return "\n".join(lines) + "\n"


def plan(graph: Graph, calls: Sequence[Call], *, align: int = 4) -> Plan:
    """The memory plan of calls that run one after another.

    Args:
        align: every slot starts at a multiple of this.
    """
    sharing = _Sharing(graph, calls)
    kept = tuple(call for call in calls if not sharing.is_no_op(call))
    groups = sharing.groups()
    slots = [
        slot
        for members, region in groups
        if region is None and (slot := _slot(graph, members, kept)) is not None
    ]
    scratch_slots: dict[tuple[int, int], Slot] = {}
    for step, call in enumerate(kept):
        for number, argument in enumerate(call.arguments):
            if isinstance(argument, Scratch):
                slot = Slot(f"scratch of {call.label}", argument.bytes, step, step)
                scratch_slots[step, number] = slot
    everything = slots + list(scratch_slots.values())
    least = max((_alive(everything, step, align) for step in range(len(kept))), default=0)
    arena = _pack(everything, align, least)
    places: dict[int, Place] = {}
    for members, region in groups:
        for index in members:
            if region is not None:
                places[index] = Place(region)
    for slot in slots:
        for index in slot.tensors:
            places[index] = Place("arena", slot.offset)
    result = Plan(
        kept,
        places,
        tuple(everything),
        {key: slot.offset for key, slot in scratch_slots.items()},
        arena,
        least,
        tuple(index for index in places if graph.tensors[index].persistent),
        {index: f"t{index} {graph.tensors[index].name}" for index in places},
    )
    result.verify()
    return result


class _Sharing:
    """Which tensors lie in one place: a union of tensors, each group with at most one region."""

    def __init__(self, graph: Graph, calls: Sequence[Call]) -> None:
        self._graph = graph
        self._parent: dict[int, int] = {}
        self._region: dict[int, str] = {}
        self._last_read: dict[int, int] = {}
        self._written: set[int] = set()
        for number, index in enumerate(graph.inputs):
            self._region[index] = f"in{number}"
        for number, index in enumerate(graph.outputs):
            self._region.setdefault(index, f"out{number}")
        for step, call in enumerate(calls):
            for index in call.reads():
                self._last_read[index] = step
            self._written |= set(call.writes())
        for step, call in enumerate(calls):
            self._try_share(step, call)

    def root(self, index: int) -> int:
        while index in self._parent:
            index = self._parent[index]
        return index

    def is_no_op(self, call: Call) -> bool:
        """A copy from a place to itself."""
        return call.kernel == "tiny_copy" and self.root(call.reads()[0]) == self.root(
            call.writes()[0]
        )

    def groups(self) -> list[tuple[tuple[int, ...], str | None]]:
        members: dict[int, list[int]] = {}
        for index in sorted(self._written | set(self._region)):
            members.setdefault(self.root(index), []).append(index)
        return [(tuple(group), self._region.get(root)) for root, group in members.items()]

    def _try_share(self, step: int, call: Call) -> None:
        for candidate in call.in_place:
            if self._shares(step, call, candidate):
                return

    def _shares(self, step: int, call: Call, candidate: int) -> bool:
        source, target = self.root(candidate), self.root(call.writes()[0])
        view = call.kernel == "tiny_copy"
        from_region, to_region = self._region.get(source), self._region.get(target)
        if self._keeps(candidate) or self._keeps(call.writes()[0]):
            return False
        if from_region is not None and (to_region is not None or not view):
            return False  # the caller's input is never written; an output keeps its own buffer
        tensors = self._graph.tensors
        if to_region is not None and tensors[candidate].bytes > tensors[target].bytes:
            return False
        if not view and self._read_after(source, step):
            return False
        self._parent[source] = target
        if from_region is not None:
            self._region[target] = from_region
        return True

    def _keeps(self, index: int) -> bool:
        return self._graph.tensors[index].persistent

    def _read_after(self, root: int, step: int) -> bool:
        """Does anybody read what lies at ``root`` after ``step``?"""
        return any(
            last > step and self.root(index) == root for index, last in self._last_read.items()
        )


def _slot(graph: Graph, members: tuple[int, ...], calls: tuple[Call, ...]) -> Slot | None:
    touched = [
        step
        for step, call in enumerate(calls)
        if set(members) & (set(call.reads()) | set(call.writes()))
    ]
    if not touched:
        return None
    if any(graph.tensors[index].persistent for index in members):
        touched = [0, len(calls) - 1]
    size = max(graph.tensors[index].bytes for index in members)
    names = " = ".join(f"t{index} {graph.tensors[index].name}" for index in members)
    return Slot(names, size, touched[0], touched[-1], members)


def _alive(slots: Sequence[Slot], step: int, align: int) -> int:
    taken = sorted(slot.bytes for slot in slots if slot.first <= step <= slot.last)
    # All but the one that lies highest are followed by padding up to the next start.
    return sum(-(-size // align) * align for size in taken[1:]) + (taken[0] if taken else 0)


def _pack(slots: list[Slot], align: int, least: int) -> int:
    """Gives each slot its offset; returns the arena's size."""
    shuffled = random.Random(0)
    orders: list[Sequence[Slot]] = [
        sorted(slots, key=lambda s: (-s.bytes, s.first)),
        sorted(slots, key=lambda s: (s.first, -s.bytes)),
        sorted(slots, key=lambda s: (-(s.last - s.first), -s.bytes)),
        sorted(slots, key=lambda s: (-s.bytes * (s.last - s.first + 1), s.first)),
    ]
    if len(slots) <= _SEARCH_WHOLE:
        orders += list(itertools.permutations(slots))
    else:
        orders += [shuffled.sample(slots, len(slots)) for _ in range(_SEARCH_ORDERS)]
    best: tuple[int, list[int]] | None = None
    for order in orders:
        size = _place(list(order), align)
        if best is None or size < best[0]:
            best = (size, [slot.offset for slot in slots])
        if best[0] <= least:
            break
    if best is None:
        return 0
    for slot, offset in zip(slots, best[1], strict=True):
        slot.offset = offset
    return best[0]


def _place(order: list[Slot], align: int) -> int:
    """Each in turn at the lowest free place; returns the end of the highest."""
    placed: list[Slot] = []
    for slot in order:
        offset = 0
        for other in sorted((o for o in placed if o.meets(slot)), key=lambda o: o.offset):
            if offset + slot.bytes <= other.offset:
                break
            offset = max(offset, -(-(other.offset + other.bytes) // align) * align)
        slot.offset = offset
        placed.append(slot)
    return max((slot.offset + slot.bytes for slot in order), default=0)
