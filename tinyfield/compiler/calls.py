"""What an operator is lowered to: a call of one kernel with its arguments.

The emitter and the memory planner know only these; neither knows any operator.

Rows. A kernel whose output is an image can be run for some of its rows, so that a chain of layers
runs row by row over ring buffers instead of whole maps. Such a call says with :class:`Rows` how
many it computes, with :class:`First` which is the first, and with :class:`Ring` how many rows its
input's buffer holds. ``out`` always points at the first row that is computed, and those rows lie
one after another. A kernel that takes a ``Ring`` has one image for input; it gets the base of that
image's buffer and finds row r at ``r % ring``. Any other makes an output row of the same row of
each input, and its inputs already point there.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from tinyfield.compiler.graph import Array, Graph


@dataclass(frozen=True)
class Buffer:
    """A pointer to a tensor's place, or ``offset`` bytes into it, written or read.

    ``updates`` marks a persistent tensor that the call reads and writes.
    """

    tensor: int
    write: bool = False
    offset: int = 0
    updates: bool = False


@dataclass(frozen=True)
class Stripes:
    """Where in a layer's constants its weights are, in bytes, again and again to the end.

    Attributes:
        head: bytes before them: biases, say.
        body: weights.
        tail: bytes behind them.
        carried: weights lie in pairs a, b as one number 256·b + a.
    """

    head: int
    body: int
    tail: int
    carried: bool = False


@dataclass(frozen=True)
class Rom:
    """A constant array; ``hint`` names it in the generated C.

    With ``in_flash`` it never leaves flash, also on AVR, and the kernel must take it so; without,
    it may stand where a kernel expects a tensor. ``align`` is for kernels that read words.
    ``stripes`` says where the weights are among other numbers, so that they can be coded.
    """

    hint: str
    data: Array
    in_flash: bool = True
    align: int = 1
    stripes: Stripes | None = None


@dataclass(frozen=True)
class Scratch:
    """A pointer to working memory that lives during this call only."""

    bytes: int


@dataclass(frozen=True)
class Literal:
    """A number, with the parameter's name for the reader of the generated C.

    ``fixed`` literals must stay literal where calls share a function (see ``share.py``); the
    others may become parameters, at little cost to the kernel.
    """

    name: str
    value: int | float
    fixed: bool = True


@dataclass(frozen=True)
class Rows:
    """How many output rows a call computes, times ``per_row`` (elements or pixels of one)."""

    name: str
    whole: int
    per_row: int = 1


@dataclass(frozen=True)
class First:
    """The first output row that a call computes."""

    name: str = "first"


@dataclass(frozen=True)
class Ring:
    """How many rows an input's buffer holds: all of them, unless it is a ring in a chain."""

    name: str
    whole: int


Argument = Buffer | Rom | Scratch | Literal | Rows | First | Ring


@dataclass(frozen=True)
class Window:
    """Which input rows an image's output row is made of.

    Output row y sees input rows y·stride − before … y·stride − before + seen − 1, as far as they
    exist.

    Attributes:
        in_rows, out_rows: heights of both images.
        in_bytes, out_bytes: bytes of one row.
    """

    in_rows: int
    in_bytes: int
    out_rows: int
    out_bytes: int
    stride: int = 1
    before: int = 0
    seen: int = 1

    @property
    def windowless(self) -> bool:
        """Is output row y made of input row y alone?"""
        return self.stride == 1 and self.seen == 1 and self.before == 0

    def first(self, y: int) -> int:
        """The first input row that output row ``y`` sees."""
        return min(max(y * self.stride - self.before, 0), self.in_rows)

    def end(self, y: int) -> int:
        """One past the last input row that output row ``y`` sees."""
        return min(max(y * self.stride - self.before + self.seen, 0), self.in_rows)


def overlap_rows(window: Window, lag: int = 0) -> int:
    """How far below its input an output may start that is computed row by row, ascending.

    Returns:
        The distance in bytes for :attr:`Call.overlap`: while output row y is written, the rows
        that it sees and all later ones are still untouched.

    Args:
        lag: input rows that a kernel reads again after the row that saw them last, for kernels
            which compute several output rows at once (rows at once − 1, times the stride).
    """
    distance = 0
    for y in range(window.out_rows):
        written = (y + 1) * window.out_bytes
        needed = max(window.first(y) - lag, 0) * window.in_bytes
        distance = max(distance, written - needed)
    return distance


def overlap_pixels(pixels: int, in_bytes: int, out_bytes: int) -> int:
    """The distance for a kernel that reads a block of pixels before it writes any of theirs.

    Args:
        pixels: of the whole map.
        in_bytes, out_bytes: of one pixel.
    """
    return max(0, pixels * (out_bytes - in_bytes))


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
        overlap: input tensor → distance in bytes: the output may lie over it if it starts at
            least that far below it (see :func:`overlap_rows`).
        windows: input tensor → rows that it is made of; absent where it is not an image. A call
            with ``Rows`` among its arguments has one for every input that is chained.
        label: for comments and tables, e.g. ``node 3 FULLY_CONNECTED 'dense'``.
    """

    kernel: str
    header: str
    arguments: tuple[Argument, ...]
    label: str
    macs: int = 0
    in_place: tuple[int, ...] = ()
    overlap: dict[int, int] = field(default_factory=dict)
    windows: dict[int, Window] = field(default_factory=dict)

    @property
    def finds_rows(self) -> bool:
        """Does the kernel find its input's rows itself?"""
        return any(isinstance(a, Ring) for a in self.arguments)

    def reads(self) -> tuple[int, ...]:
        """The tensors read."""
        return self._reads

    @cached_property
    def _reads(self) -> tuple[int, ...]:
        return tuple(
            a.tensor for a in self.arguments if isinstance(a, Buffer) and (a.updates or not a.write)
        )

    def writes(self) -> tuple[int, ...]:
        """The tensors written."""
        return self._writes

    @cached_property
    def _writes(self) -> tuple[int, ...]:
        return tuple(
            a.tensor for a in self.arguments if isinstance(a, Buffer) and (a.updates or a.write)
        )


def constants_in_place(graph: Graph, call: Call) -> Call:
    """The call with constants where it reads tensors that have become constant."""

    def constant(argument: Argument) -> Argument:
        if not isinstance(argument, Buffer) or argument.write or argument.updates:
            return argument
        data = graph.tensors[argument.tensor].data
        if data is None:
            return argument
        raw = np.ascontiguousarray(data)
        if argument.offset:
            raw = np.frombuffer(raw.tobytes(), np.int8)[argument.offset :]
        return Rom("constant", raw, in_flash=False)

    arguments = tuple(constant(argument) for argument in call.arguments)
    if all(one is other for one, other in zip(arguments, call.arguments, strict=True)):
        return call

    def changes(tensor: int) -> bool:
        return graph.tensors[tensor].data is None

    return replace(
        call,
        arguments=arguments,
        in_place=tuple(tensor for tensor in call.in_place if changes(tensor)),
        overlap={tensor: far for tensor, far in call.overlap.items() if changes(tensor)},
        windows={tensor: rows for tensor, rows in call.windows.items() if changes(tensor)},
    )
