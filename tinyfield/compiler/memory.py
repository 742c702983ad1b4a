"""The static memory plan: where in the arena each tensor lies, and when.

Three things make it small. Tensors share one place where that loses nothing (``sharing``: views,
pieces of a concatenation, outputs over their inputs). An output may lie over part of an input that
its kernel has read by then (``Call.overlap``). And layers whose maps are large run row by row over
rings (``chains``). Offsets are found by ``packing``.

The model's outputs lie in the caller's buffers and cost no arena, and so do its inputs unless it is
asked to keep them. Persistent tensors lie in the arena at all times.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tinyfield.compiler.calls import Buffer, Call, Literal
from tinyfield.compiler.chains import chainable, make_chain
from tinyfield.compiler.ctext import brief
from tinyfield.compiler.graph import Graph, Tensor
from tinyfield.compiler.packing import Rules, Slot, lower_bound, pack
from tinyfield.compiler.sharing import Sharing
from tinyfield.compiler.steps import Step

#: A chain must save this share of the arena, and a shifted input too.
_WORTH = 0.03
_LONGEST_CHAIN = 12
#: Rows at a turn, tried in this order until the arena is this share of what it is without chains.
_TURNS = (8, 4, 2, 1)
_ENOUGH = 0.6


@dataclass(frozen=True)
class Place:
    """Where a tensor lies: ``region`` is ``arena``, ``in0``, ``out1``, …; offset in bytes."""

    region: str
    offset: int = 0


@dataclass
class Plan:
    """The finished plan.

    Attributes:
        steps: what runs, in order; copies within one place are gone.
        places: each tensor's place; a ring's is that of its first row.
        slots: the arena's stretches; their steps are numbers in ``steps``.
        scratch: (step, call in it, argument's place) → arena offset of working memory.
        arena_bytes: the arena's exact size.
        least_bytes: what no plan of these slots can go below (most bytes alive at one step).
        persistent: tensors that keep their value from call to call.
        rules: pairs of slots that may overlap in part; see ``packing``.
    """

    steps: tuple[Step, ...]
    places: dict[int, Place]
    slots: tuple[Slot, ...]
    scratch: dict[tuple[int, int, int], int]
    arena_bytes: int
    least_bytes: int
    persistent: tuple[int, ...] = ()
    rules: Rules = field(default_factory=dict)
    tensors: dict[int, Tensor] = field(default_factory=dict)

    @property
    def calls(self) -> tuple[Call, ...]:
        """Every call in running order; the emitted marks count them."""
        return tuple(call for step in self.steps for call in step.calls)

    def verify(self) -> None:
        """Checks that no two slots alive together overlap more than they may, and that all lie
        within the arena."""
        for slot in self.slots:
            if slot.offset < 0 or slot.offset + slot.bytes > self.arena_bytes:
                raise AssertionError(f"slot {slot.name} lies outside the arena")
        for one, other in itertools.combinations(range(len(self.slots)), 2):
            first, second = self.slots[one], self.slots[other]
            apart = first.offset - second.offset
            allowed = apart <= self.rules.get((one, other), -(1 << 60)) or (
                -apart <= self.rules.get((other, one), -(1 << 60))
            )
            if first.meets(second) and first.overlaps(second) and not allowed:
                raise AssertionError(
                    f"slots {first.name} and {second.name} overlap while both live"
                )

    def dump(self) -> str:
        """The plan as text: one line a slot, with the steps at which it is alive."""
        lines = [
            f"arena {self.arena_bytes} bytes (no plan of these tensors is below "
            f"{self.least_bytes}), {len(self.steps)} steps"
        ]
        for slot in sorted(self.slots, key=lambda s: (s.first, s.offset)):
            life = "".join(
                "█" if slot.first <= step <= slot.last else "·" for step in range(len(self.steps))
            )
            lines.append(
                f"  {slot.offset:>7} … {slot.offset + slot.bytes - 1:<7} {slot.bytes:>7} B  "
                f"{life}  {brief(slot.name)}"
            )
        for index, place in sorted(self.places.items()):
            if place.region != "arena":
                lines.append(f"  {place.region:>7}  {brief(self.tensors[index].name)}")
        for number, step in enumerate(self.steps):
            if step.chain is not None:
                rows = ", ".join(f"t{t} {n} rows" for t, n in step.chain.rings.items())
                turn = f"{step.chain.rows} row{'s' * (step.chain.rows > 1)}"
                label = brief(step.label)
                lines.append(f"  step {number} runs {turn} at a time: {label}; rings: {rows}")
        return "\n".join(lines) + "\n"


def plan(
    graph: Graph,
    calls: Sequence[Call],
    *,
    align: int = 4,
    chain_pixels: int | None = None,
    rows_at_once: bool = False,
    own_inputs: bool = False,
) -> Plan:
    """The memory plan of calls that run one after another.

    Args:
        align: every slot starts at a multiple of this.
        chain_pixels: layers may run row by row where a row has at least this many pixels; None for
            no chains.
        rows_at_once: chains make several rows at a turn where they still save much memory.
        own_inputs: the model's inputs lie in the arena too, and are written over once read.
    """
    start = _plan(graph, tuple(Step((call,)) for call in calls), _Rule(align, own_inputs))
    best = _shifted(start)
    if chain_pixels is not None:
        whole = best.size
        for rows in _TURNS if rows_at_once else (1,):
            chained = _shifted(_chained(start, chain_pixels, rows))
            if chained.size < (1 - _WORTH) * best.size:
                best = chained
            if chained.size < _ENOUGH * whole:
                break
    result = _plan(best.graph, best.steps, start.rule, search=True).plan
    result.verify()
    return result


@dataclass(frozen=True)
class _Rule:
    """What every trial of a plan holds to."""

    align: int
    own_inputs: bool


@dataclass(frozen=True)
class _Trial:
    """A plan of some steps; ``crowd`` tells near-peak plans of one size apart."""

    graph: Graph
    steps: tuple[Step, ...]
    rule: _Rule
    plan: Plan

    @property
    def size(self) -> int:
        return self.plan.arena_bytes

    @property
    def crowd(self) -> int:
        """Bytes alive over all steps, beyond three quarters of the arena."""
        alive = [0] * max(len(self.plan.steps), 1)
        for slot in self.plan.slots:
            for step in range(slot.first, slot.last + 1):
                alive[step] += slot.bytes
        return sum(max(0, one - self.size * 3 // 4) for one in alive)


def _chained(best: _Trial, pixels: int, rows: int) -> _Trial:
    """Turns runs of layers into chains, as long as that makes the arena smaller."""
    while True:
        found: _Trial | None = None
        for first, last in _runs(best, pixels):
            trial = _with_chain(best, first, last, rows)
            if trial is not None and (
                found is None or (trial.size, trial.crowd) < (found.size, found.crowd)
            ):
                found = trial
        if found is None or (found.size, found.crowd) >= (best.size, best.crowd):
            return best
        best = found


def _with_chain(trial: _Trial, first: int, last: int, rows: int) -> _Trial | None:
    steps = trial.steps
    calls = tuple(call for step in steps[first:last] for call in step.calls)
    outside = (*steps[:first], *steps[last:])
    kept = {index for step in outside for index in step.reads()} | set(trial.graph.outputs)
    chain = make_chain(calls, kept, rows)
    if chain is None:
        return None
    return _plan(trial.graph, (*steps[:first], Step(calls, chain), *steps[last:]), trial.rule)


def _runs(trial: _Trial, pixels: int) -> list[tuple[int, int]]:
    """Neighbouring steps that may become one chain, as (first, one past the last)."""

    def fits(step: Step) -> bool:
        shapes = [trial.graph.tensors[call.writes()[0]].shape for call in step.calls]
        wide = all(len(shape) == 4 and shape[2] >= pixels for shape in shapes)
        return wide and all(chainable(call) for call in step.calls)

    good = [fits(step) for step in trial.steps]
    return [
        (first, last)
        for first in range(len(good))
        for last in range(first + 2, min(first + _LONGEST_CHAIN, len(good)) + 1)
        if all(good[first:last])
    ]


def _shifted(best: _Trial) -> _Trial:
    """Moves an input up before a layer whose output lies a few rows below it, where that saves
    memory: otherwise each such layer would sink deeper, and the arena with it."""
    number = 0
    while number < len(best.steps):
        step = best.steps[number]
        trial = None
        if len(step.calls) == 1 and step.calls[0].overlap:
            source, distance = next(iter(step.calls[0].overlap.items()))
            size = best.graph.tensors[source].bytes
            movable = best.rule.own_inputs or source not in best.graph.inputs
            if 0 < distance < size // 4 and movable:
                trial = _with_shift(best, number, source)
        if trial is not None and trial.size < (1 - _WORTH) * best.size:
            best = trial
            number += 1
        number += 1
    return best


def _with_shift(trial: _Trial, number: int, source: int) -> _Trial:
    graph = trial.graph.copy()
    call = trial.steps[number].calls[0]
    old = graph.tensors[source]
    moved = max(graph.tensors) + 1
    graph.tensors[moved] = replace(old, index=moved, name=f"{old.name} (moved)")
    move = Call(
        "tiny_relocate",
        "copy.h",
        (Buffer(source), Buffer(moved, write=True), Literal("bytes", old.bytes, fixed=False)),
        f"{call.label}: its input moves up",
        overlap={source: -old.bytes},  # wherever it moves to
    )

    def renamed(index: int) -> int:
        return moved if index == source else index

    reads = replace(
        call,
        arguments=tuple(
            replace(a, tensor=renamed(a.tensor)) if isinstance(a, Buffer) else a
            for a in call.arguments
        ),
        in_place=tuple(renamed(index) for index in call.in_place),
        overlap={renamed(index): far for index, far in call.overlap.items()},
        windows={renamed(index): window for index, window in call.windows.items()},
    )
    steps = (*trial.steps[:number], Step((move,)), Step((reads,)), *trial.steps[number + 1 :])
    return _plan(graph, steps, trial.rule)


def _plan(graph: Graph, steps: tuple[Step, ...], rule: _Rule, *, search: bool = False) -> _Trial:
    sharing = Sharing(graph, steps, own_inputs=rule.own_inputs)
    kept = tuple(step for step in steps if not sharing.is_no_op(step))
    places: dict[int, Place] = {}
    slots: list[Slot] = []
    homes: dict[int, tuple[int, int]] = {}
    touched: dict[int, list[int]] = {}
    for number, step in enumerate(kept):
        for index in (*step.reads(), *step.writes()):
            touched.setdefault(index, []).append(number)
    for members in sharing.blocks():
        region = next((sharing.region[i] for i in members if i in sharing.region), None)
        if region is not None:
            base = min(place for i, place in members.items() if i in sharing.region)
            places.update({i: Place(region, place - base) for i, place in members.items()})
            continue
        steps_of = [number for index in members for number in touched.get(index, ())]
        slot = _slot(graph, members, steps_of, len(kept))
        if slot is not None:
            homes.update({i: (len(slots), place) for i, place in members.items()})
            slots.append(slot)
    rules = _rules(slots, homes, kept)
    scratch, rings = _working(graph, kept, slots)
    size = pack(slots, rules, rule.align, search=search)
    for index, (number, place) in (homes | rings).items():
        places[index] = Place("arena", slots[number].offset + place)
    result = Plan(
        kept,
        places,
        tuple(slots),
        {key: slots[number].offset for key, number in scratch.items()},
        size,
        lower_bound(slots, rules),
        tuple(index for index in places if graph.tensors[index].persistent),
        rules,
        graph.tensors,
    )
    return _Trial(graph, steps, rule, result)


def _slot(graph: Graph, members: dict[int, int], touched: list[int], steps: int) -> Slot | None:
    if any(graph.tensors[index].persistent for index in members):
        touched = [0, max(steps - 1, 0)]
    if any(index in graph.inputs for index in members):
        touched = [0, *touched]
    if not touched:
        return None
    size = max(place + graph.tensors[index].bytes for index, place in members.items())
    names = " = ".join(f"t{index} {graph.tensors[index].name}" for index in members)
    return Slot(names, size, min(touched), max(touched), tuple(members))


def _rules(
    slots: Sequence[Slot], homes: dict[int, tuple[int, int]], steps: tuple[Step, ...]
) -> Rules:
    """Which output may lie over part of which input that its step reads last."""
    rules: Rules = {}
    for number, step in enumerate(steps):
        targets = [homes[index] for index in step.writes() if index in homes]
        if len(targets) != 1 or slots[targets[0][0]].first != number:
            continue
        upper, up = targets[0]
        overlap = step.overlap()
        near: dict[int, int] = {}
        for index in step.reads():
            if index not in homes or homes[index][0] == upper:
                continue
            lower, down = homes[index]
            far = down - up - overlap[index] if index in overlap else -(1 << 60)
            near[lower] = min(near.get(lower, far), far)
        for lower, far in near.items():
            if slots[lower].last == number and far > -slots[upper].bytes:
                rules[upper, lower] = far
    return rules


def _working(
    graph: Graph, steps: tuple[Step, ...], slots: list[Slot]
) -> tuple[dict[tuple[int, int, int], int], dict[int, tuple[int, int]]]:
    """Adds slots for working memory and rings.

    Returns:
        (step, call, argument) → slot of that scratch; tensor → slot of its ring, offset.
    """
    found: dict[tuple[int, int, int], int] = {}
    rings: dict[int, tuple[int, int]] = {}
    for number, step in enumerate(steps):
        # The calls of a chain take turns: one stretch serves the first scratch of each, and so on.
        rounds: dict[int, int] = {}
        for (call, place), size in step.scratch().items():
            turn = sum(1 for key in step.scratch() if key[0] == call and key[1] < place)
            if turn not in rounds:
                rounds[turn] = len(slots)
                slots.append(Slot(f"scratch of {step.label}", 0, number, number))
            slot = slots[rounds[turn]]
            slot.bytes = max(slot.bytes, size)
            found[number, call, place] = rounds[turn]
        for index, rows in ({} if step.chain is None else step.chain.rings).items():
            tensor = graph.tensors[index]
            size = rows * tensor.bytes // tensor.shape[1]
            rings[index] = len(slots), 0
            name = f"{rows} rows of t{index} {tensor.name}"
            slots.append(Slot(name, size, number, number, (index,)))
    return found, rings
