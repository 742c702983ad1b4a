"""Offsets in the arena for slots that live for some steps: as little memory as can be found.

Dynamic storage allocation is NP-hard. Every order of placing the slots, each at the lowest free
place, gives a plan; several orders that are known to be good are tried, small problems are
searched whole, and the search ends where the plain lower bound is met.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass

_SEARCH_WHOLE = 6
_SEARCH_WORK = 400_000
_MOST_ORDERS = 400


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


#: (place of the output's slot, place of the input's slot) → the output's offset less the input's
#: may be this or less, although both live at one step.
Rules = dict[tuple[int, int], int]


def pack(slots: Sequence[Slot], rules: Rules, align: int, *, search: bool = True) -> int:
    """Gives each slot its offset; returns the arena's size.

    Args:
        slots: changed in place.
        rules: pairs that may overlap in part.
        align: every slot starts at a multiple of this.
        search: also try random orders.
    """
    conflicts = _conflicts(slots, rules)
    least = lower_bound(slots, rules)
    numbers = range(len(slots))
    orders: list[Sequence[int]] = [
        sorted(numbers, key=lambda n: (-slots[n].bytes, slots[n].first)),
        sorted(numbers, key=lambda n: (-slots[n].bytes, -slots[n].first)),
        sorted(numbers, key=lambda n: (slots[n].first, -slots[n].bytes)),
        sorted(numbers, key=lambda n: (-slots[n].last, -slots[n].bytes)),
        sorted(numbers, key=lambda n: (slots[n].first - slots[n].last, -slots[n].bytes)),
        sorted(numbers, key=lambda n: -slots[n].bytes * (slots[n].last - slots[n].first + 1)),
    ]
    if search and len(slots) <= _SEARCH_WHOLE:
        orders += list(itertools.permutations(numbers))
    elif search:
        work = len(slots) + sum(len(those) for those in conflicts)
        shuffled = random.Random(0)
        count = max(1, min(_MOST_ORDERS, _SEARCH_WORK // work))
        orders += [shuffled.sample(numbers, len(slots)) for _ in range(count)]
    best: tuple[int, list[int]] | None = None
    for order in orders:
        offsets = _place(slots, conflicts, order, align)
        size = max((o + slot.bytes for o, slot in zip(offsets, slots, strict=True)), default=0)
        if best is None or size < best[0]:
            best = size, offsets
        if best[0] <= least:
            break
    if best is None:
        return 0
    for slot, offset in zip(slots, best[1], strict=True):
        slot.offset = offset
    return best[0]


def lower_bound(slots: Sequence[Slot], rules: Rules) -> int:
    """Bytes that no plan can go below: the most that must lie side by side at one step."""
    free = set(rules)
    least = 0
    for step in {slot.first for slot in slots}:
        alive = [n for n, slot in enumerate(slots) if slot.first <= step <= slot.last]
        paired = {n for pair in free for n in pair if pair[0] in alive and pair[1] in alive}
        apart = sum(slots[n].bytes for n in alive if n not in paired)
        together = max((slots[n].bytes for n in paired if n in alive), default=0)
        least = max(least, apart + together)
    return least


def _conflicts(slots: Sequence[Slot], rules: Rules) -> list[list[tuple[int, int, int]]]:
    """For each slot: others it may not lie on, and the forbidden open range of the difference
    between its own offset and theirs."""
    found: list[list[tuple[int, int, int]]] = [[] for _ in slots]
    for one, other in itertools.combinations(range(len(slots)), 2):
        if not slots[one].meets(slots[other]):
            continue
        low, high = -slots[one].bytes, slots[other].bytes
        if (one, other) in rules:
            low = max(low, rules[one, other])
        if (other, one) in rules:
            high = min(high, -rules[other, one])
        if low < high:
            found[one].append((other, low, high))
            found[other].append((one, -high, -low))
    return found


def _place(
    slots: Sequence[Slot],
    conflicts: Sequence[Sequence[tuple[int, int, int]]],
    order: Sequence[int],
    align: int,
) -> list[int]:
    """Each slot in turn at the lowest free place."""
    offsets = [-1] * len(slots)
    for number in order:
        taken = sorted(
            (offsets[other] + low, offsets[other] + high)
            for other, low, high in conflicts[number]
            if offsets[other] >= 0
        )
        offset = 0
        for low, high in taken:
            if offset <= low:
                break
            if offset < high:
                offset = -(-high // align) * align
        offsets[number] = offset
    return offsets
