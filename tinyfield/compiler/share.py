"""Which calls of one kernel become one C function.

A kernel that is called once is inlined where it is called, and every number in it is literal.
Calls that agree in their *fixed* numbers share one function: what all of them agree in stays
literal inside, the rest are its parameters. Thirteen depthwise layers so cost the flash of one,
and still have their 3×3 unrolled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tinyfield.compiler.prototype import parameters


@dataclass(frozen=True)
class Text:
    """One argument as C.

    Attributes:
        text: the expression.
        note: a comment before it; empty for pointers.
        constant: it means the same everywhere in the file.
        fixed: it has to stay a literal.
    """

    text: str
    note: str = ""
    constant: bool = False
    fixed: bool = False

    def __str__(self) -> str:
        return f"/* {self.note} */ {self.text}" if self.note else self.text


@dataclass(frozen=True)
class Step:
    """One call with its arguments as C."""

    kernel: str
    header: str
    arguments: tuple[Text, ...]


@dataclass(frozen=True)
class Shared:
    """A C function that some calls share.

    Attributes:
        name: its name.
        parameters: their declarations.
        body: the arguments of the kernel's call in it.
        kernel: the kernel.
    """

    name: str
    parameters: tuple[str, ...]
    kernel: str
    body: tuple[str, ...]


@dataclass(frozen=True)
class Invocation:
    """What stands in place of a call: a function's name and arguments."""

    function: str
    arguments: tuple[str, ...]


def share(
    steps: Sequence[Step], prefix: str, *, everything: bool
) -> tuple[list[Shared], list[Invocation]]:
    """The functions to define, and for each step what to call.

    Args:
        prefix: what the functions' names start with.
        everything: also calls that differ in fixed numbers share one function (smallest code).
    """
    groups: dict[tuple[object, ...], list[int]] = {}
    for number, step in enumerate(steps):
        fixed = () if everything else tuple(t.text if t.fixed else None for t in step.arguments)
        groups.setdefault((step.kernel, step.header, len(step.arguments), fixed), []).append(number)
    functions: list[Shared] = []
    calls: dict[int, Invocation] = {}
    counts: dict[str, int] = {}
    for members in groups.values():
        step = steps[members[0]]
        if len(members) == 1:
            texts = tuple(str(text) for text in step.arguments)
            calls[members[0]] = Invocation(step.kernel, texts)
            continue
        short = step.kernel.removeprefix("tiny_")
        number = counts[short] = counts.get(short, 0) + 1
        name = f"{prefix}_{short}" + (f"_{number}" if number > 1 else "")
        functions.append(_function(name, [steps[n] for n in members]))
        free = _free([steps[n] for n in members])
        for n in members:
            calls[n] = Invocation(name, tuple(str(steps[n].arguments[place]) for place in free))
    return functions, [calls[number] for number in range(len(steps))]


def _free(steps: Sequence[Step]) -> list[int]:
    """The places of the arguments that have to be parameters."""
    places = range(len(steps[0].arguments))
    return [
        place
        for place in places
        if not steps[0].arguments[place].constant
        or len({step.arguments[place].text for step in steps}) > 1
    ]


def _function(name: str, steps: Sequence[Step]) -> Shared:
    first = steps[0]
    declared = parameters(first.header, first.kernel)
    if len(declared) != len(first.arguments):
        raise AssertionError(
            f"{first.kernel} takes {len(declared)} arguments, not {len(first.arguments)}"
        )
    free = _free(steps)
    return Shared(
        name,
        tuple(declared[place].declared for place in free),
        first.kernel,
        tuple(
            declared[place].name if place in free else str(text)
            for place, text in enumerate(first.arguments)
        ),
    )
