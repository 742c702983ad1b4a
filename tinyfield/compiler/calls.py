"""What an operator is lowered to: a call of one kernel with its arguments.

The emitter and the memory planner know only these; neither knows any operator.
"""

from __future__ import annotations

from dataclasses import dataclass

from tinyfield.compiler.graph import Array


@dataclass(frozen=True)
class Buffer:
    """A pointer to a tensor's place, or ``offset`` bytes into it, written or read."""

    tensor: int
    write: bool = False
    offset: int = 0


@dataclass(frozen=True)
class Rom:
    """A constant array; ``hint`` names it in the generated C.

    With ``in_flash`` it never leaves flash, also on AVR, and the kernel must take it so; without,
    it may stand where a kernel expects a tensor.
    """

    hint: str
    data: Array
    in_flash: bool = True


@dataclass(frozen=True)
class Scratch:
    """A pointer to working memory that lives during this call only."""

    bytes: int


@dataclass(frozen=True)
class Literal:
    """A number, with the parameter's name for the reader of the generated C."""

    name: str
    value: int


Argument = Buffer | Rom | Scratch | Literal


@dataclass(frozen=True)
class Call:
    """One kernel call.

    Attributes:
        kernel: the C function.
        header: where it is declared, below ``nn/``.
        arguments: in the kernel's order.
        macs: multiply-accumulates of one run.
        in_place: input tensors whose memory the output may take over, the best first: the kernel
            reads each element before, or when, it writes that place.
        label: for comments and tables, e.g. ``node 3 FULLY_CONNECTED 'dense'``.
    """

    kernel: str
    header: str
    arguments: tuple[Argument, ...]
    label: str
    macs: int = 0
    in_place: tuple[int, ...] = ()

    def reads(self) -> tuple[int, ...]:
        """The tensors read."""
        return tuple(a.tensor for a in self.arguments if isinstance(a, Buffer) and not a.write)

    def writes(self) -> tuple[int, ...]:
        """The tensors written."""
        return tuple(a.tensor for a in self.arguments if isinstance(a, Buffer) and a.write)
