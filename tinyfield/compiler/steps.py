"""A step of a compiled model: one kernel call, or a chain of calls that runs row by row."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from tinyfield.compiler.calls import Call, Scratch
from tinyfield.compiler.chains import Chain


@dataclass(frozen=True)
class Step:
    """What the memory planner sees as one: a value is whole before it or after it.

    Attributes:
        calls: in running order.
        chain: how they take turns, if there are several.
    """

    calls: tuple[Call, ...]
    chain: Chain | None = None

    @property
    def label(self) -> str:
        """For comments and tables."""
        return " → ".join(call.label for call in self.calls)

    def reads(self) -> tuple[int, ...]:
        """The tensors read that were there before."""
        return self._reads

    @cached_property
    def _reads(self) -> tuple[int, ...]:
        inner = set() if self.chain is None else set(self.chain.rings)
        return tuple(
            dict.fromkeys(i for call in self.calls for i in call.reads() if i not in inner)
        )

    def writes(self) -> tuple[int, ...]:
        """The tensors written that are there afterwards."""
        return self.calls[-1].writes()

    def in_place(self) -> tuple[int, ...]:
        """Inputs that the output may take the place of."""
        return self.calls[0].in_place if self.chain is None else ()

    def overlap(self) -> dict[int, int]:
        """Inputs that the output may partly lie over, and how far below them it must start."""
        return self.calls[0].overlap if self.chain is None else self.chain.overlap

    def scratch(self) -> dict[tuple[int, int], int]:
        """(call, argument) → bytes of working memory."""
        return {
            (number, place): argument.bytes
            for number, call in enumerate(self.calls)
            for place, argument in enumerate(call.arguments)
            if isinstance(argument, Scratch)
        }
