"""The memory planner: live tensors never overlap, the arena is exact, sharing is legal."""

from __future__ import annotations

import itertools
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.compiler.operators import FAMILIES
from tinyfield.compiler import compile_model
from tinyfield.compiler.calls import Buffer, Call, Scratch
from tinyfield.compiler.draw import draw
from tinyfield.compiler.graph import Graph, Tensor
from tinyfield.compiler.memory import Plan, plan


def graph_of(sizes: list[int], outputs: tuple[int, ...]) -> Graph:
    tensors = {n: Tensor(n, f"x{n}", (size,), "int8") for n, size in enumerate(sizes)}
    return Graph(tensors, [], (0,), outputs)


@st.composite
def programs(draw_: st.DrawFn) -> tuple[Graph, list[Call]]:
    """Random straight-line programs; each call reads earlier tensors and writes a new one."""
    count = draw_(st.integers(1, 12))
    sizes = draw_(st.lists(st.integers(1, 300), min_size=count + 1, max_size=count + 1))
    calls = []
    for step in range(1, count + 1):
        reads = draw_(st.lists(st.integers(0, step - 1), min_size=1, max_size=3, unique=True))
        scratch = draw_(st.sampled_from([0, 0, 0, 40]))
        view = draw_(st.booleans()) and draw_(st.booleans())
        if view:
            sizes[step] = sizes[reads[0]]
            reads = reads[:1]
        in_place = tuple(index for index in reads if sizes[index] == sizes[step])
        arguments = (
            *(Buffer(index) for index in reads),
            Buffer(step, write=True),
            *((Scratch(scratch),) if scratch and not view else ()),
        )
        name = "tiny_copy" if view else "work"
        over = in_place if draw_(st.booleans()) else ()
        calls.append(Call(name, "", arguments, f"step {step}", in_place=over))
    outputs = draw_(st.lists(st.integers(1, count), min_size=1, max_size=2, unique=True).map(tuple))
    # A pass has dropped what nobody reads.
    wanted = set(outputs)
    alive = []
    for call in reversed(calls):
        if wanted & set(call.writes()):
            wanted |= set(call.reads())
            alive.insert(0, call)
    return graph_of(sizes, outputs), alive


def simulate(graph: Graph, calls: tuple[Call, ...], layout: Plan) -> dict[int, int]:
    """Runs a plan symbolically: every byte holds the tensor it belongs to; a read checks it.

    A view's content is that of its origin. Returns each output's origin.
    """
    memory: dict[tuple[str, int], int] = {}
    origin: dict[int, int] = {}

    def store(tensor: int, value: int) -> None:
        place = layout.places[tensor]
        for byte in range(graph.tensors[tensor].bytes):
            memory[place.region, place.offset + byte] = value
        origin[tensor] = value

    def load(tensor: int) -> int:
        place = layout.places[tensor]
        found = {
            memory.get((place.region, place.offset + byte))
            for byte in range(graph.tensors[tensor].bytes)
        }
        assert found == {origin[tensor]}, f"x{tensor} was written over"
        return origin[tensor]

    store(0, 0)
    dropped = [call for call in all_calls(graph) if call not in calls]
    for call in all_calls(graph):
        value = [load(index) for index in call.reads()]
        target = call.writes()[0]
        if call in dropped:
            assert layout.places[call.reads()[0]] == layout.places[target]
            origin[target] = value[0]
        else:
            for number, argument in enumerate(call.arguments):
                if isinstance(argument, Scratch):
                    start = layout.scratch[calls.index(call), number]
                    for byte in range(argument.bytes):
                        memory["arena", start + byte] = -1
            store(target, value[0] if call.kernel == "tiny_copy" else target)
    return {index: load(index) for index in graph.outputs}


ALL_CALLS: dict[int, list[Call]] = {}


def all_calls(graph: Graph) -> list[Call]:
    return ALL_CALLS[id(graph)]


@settings(max_examples=200, deadline=None)
@given(programs(), st.sampled_from([1, 4, 16]))
def test_a_plan_keeps_every_value(program: tuple[Graph, list[Call]], align: int) -> None:
    graph, calls = program
    layout = plan(graph, calls, align=align)
    layout.verify()
    assert layout.arena_bytes >= layout.least_bytes
    assert all(slot.offset % align == 0 for slot in layout.slots)
    ends = [slot.offset + slot.bytes for slot in layout.slots]
    assert layout.arena_bytes == max(ends, default=0)
    ALL_CALLS[id(graph)] = calls
    simulate(graph, layout.calls, layout)
    for one, other in itertools.combinations(layout.slots, 2):
        assert not (one.meets(other) and one.overlaps(other))


def test_verify_finds_an_overlap() -> None:
    graph = graph_of([4, 8, 8, 8], (3,))
    calls = [
        Call("work", "", (Buffer(0), Buffer(1, write=True)), "a"),
        Call("work", "", (Buffer(0), Buffer(2, write=True)), "b"),
        Call("work", "", (Buffer(1), Buffer(2), Buffer(3, write=True)), "c"),
    ]
    layout = plan(graph, calls)
    layout.slots[0].offset = layout.slots[1].offset = 0
    with pytest.raises(AssertionError, match="overlap"):
        layout.verify()


def test_an_elementwise_output_takes_its_inputs_place() -> None:
    graph = graph_of([100, 100, 100, 4], (3,))
    calls = [
        Call("work", "", (Buffer(0), Buffer(1, write=True)), "a"),
        Call("lut", "", (Buffer(1), Buffer(2, write=True)), "b", in_place=(1,)),
        Call("work", "", (Buffer(2), Buffer(3, write=True)), "c"),
    ]
    assert plan(graph, calls).arena_bytes == 100


def test_what_is_still_read_is_not_written_over() -> None:
    graph = graph_of([100, 100, 100, 100], (3,))
    calls = [
        Call("work", "", (Buffer(0), Buffer(1, write=True)), "a"),
        Call("lut", "", (Buffer(1), Buffer(2, write=True)), "b", in_place=(1,)),
        Call("work", "", (Buffer(1), Buffer(2), Buffer(3, write=True)), "c"),
    ]
    assert plan(graph, calls).arena_bytes == 200


def test_the_callers_input_is_never_written() -> None:
    graph = graph_of([100, 100, 4], (2,))
    calls = [
        Call("lut", "", (Buffer(0), Buffer(1, write=True)), "a", in_place=(0,)),
        Call("work", "", (Buffer(1), Buffer(2, write=True)), "b"),
    ]
    assert plan(graph, calls).places[1].region == "arena"


def test_the_picture_is_an_svg_with_a_box_for_each_slot() -> None:
    program = compile_model(FAMILIES["block"](np.random.default_rng(0)))
    root = ElementTree.fromstring(draw(program.plan))
    space = "{http://www.w3.org/2000/svg}"
    boxes = [one for one in root.iter(f"{space}rect") if one.find(f"{space}title") is not None]
    assert len(boxes) == len(program.plan.slots)
