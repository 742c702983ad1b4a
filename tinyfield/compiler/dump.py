"""The compiler's stages as text: the graph as read and after each pass, the calls, the plan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import TYPE_CHECKING

from tinyfield.compiler.calls import Argument, Buffer, Call, Rom, Scratch
from tinyfield.compiler.ctext import brief
from tinyfield.compiler.memory import Plan
from tinyfield.compiler.ops import refuse_unsupported
from tinyfield.compiler.own import own_model
from tinyfield.compiler.passes import PASSES
from tinyfield.compiler.tflite import read

if TYPE_CHECKING:
    from tinyfield.compiler import Program


def stages(
    tflite: bytes, program: Program, *, each_pass: bool = False
) -> Iterator[tuple[str, str]]:
    """Every stage's title and text, in order.

    Args:
        program: what ``tflite`` was compiled to.
        each_pass: show the graph after each pass that changed it, not after the last one only.

    Raises:
        ModelError: as in ``compile_model``.
    """
    if own_model(tflite) is not None:
        yield "the model", program.graph_dump
        return
    graph = read(tflite)
    text = graph.dump()
    yield "as read", text
    if each_pass:
        refuse_unsupported(graph)
        for number, one in enumerate(PASSES, 1):
            graph = one(graph)
            graph.verify()
            before, text = text, graph.dump()
            name = getattr(one, "__name__", "pass")
            yield f"after pass {number}, {name}", text if text != before else "(unchanged)\n"
    yield "after the passes", program.graph_dump
    yield "calls", calls_text(program.plan)
    yield "memory plan", program.plan_dump


def calls_text(plan: Plan) -> str:
    """The lowered calls that remain, one line each, with where their tensors lie."""
    lines = [f"{len(plan.calls)} calls"]
    places = [(n, turn) for n, step in enumerate(plan.steps) for turn in range(len(step.calls))]
    for number, call in enumerate(plan.calls):
        lines.append(f"  {number:>3}  {brief(call.label)}")
        lines.append(f"       {_call(plan, places[number], call)}")
    return "\n".join(lines) + "\n"


def _call(plan: Plan, place: tuple[int, int], call: Call) -> str:
    arguments = ", ".join(
        _argument(plan, (*place, number), argument)
        for number, argument in enumerate(call.arguments)
    )
    macs = f"  [{call.macs:,} MACs]" if call.macs else ""
    return f"{call.kernel}({arguments}){macs}"


def _argument(plan: Plan, key: tuple[int, int, int], argument: Argument) -> str:
    if isinstance(argument, Buffer):
        place = plan.places.get(argument.tensor)
        where = "?" if place is None else f"{place.region}+{place.offset + argument.offset}"
        return f"{'→' if argument.write else ''}t{argument.tensor}@{where}"
    if isinstance(argument, Rom):
        return f"{argument.hint}:{argument.data.dtype}{list(argument.data.shape)}"
    if isinstance(argument, Scratch):
        return f"scratch({argument.bytes} B)@arena+{plan.scratch[key]}"
    # Numbers by their parameter's name.
    values = {one.name: getattr(argument, one.name) for one in fields(argument)}
    if "name" in values and "value" in values:
        return f"{values['name']}={values['value']}"
    shown = " ".join(f"{key}={value}" for key, value in values.items())
    return f"{type(argument).__name__.lower()}({shown})"
