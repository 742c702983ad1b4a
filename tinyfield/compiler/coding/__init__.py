"""Weights of few different values stand coded in flash and are unpacked when they are needed.

The bytes that a kernel sees are the same as without, so results are too: coding is lossless. It
pays where weights are shared (k-means) or pruned; ``learn`` makes such models. Three ways:

- ``layer``: a layer's constants, in the very layout that its kernel wants, are unpacked into the
  arena right before it runs. Full speed, and RAM for the largest layer.
- ``once``: they are unpacked by ``<prefix>_reset`` and stay. No cost in time, RAM for all.
- ``row``: kernels of their own unpack one output channel at a time (``kernels/coded.py``). RAM for
  one row of weights, at the cost of time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tinyfield.compiler.calls import Argument, Buffer, Call, Literal, Rom, Stripes
from tinyfield.compiler.coding.huffman import Code, fixed, huffman
from tinyfield.compiler.graph import Array, Graph, Tensor

CODINGS = ("none", "auto", "huffman", "fixed")
UNPACKINGS = ("layer", "row", "once")
#: Flash of the decoder and of one call of it, about; what a coding must save to be worth it.
DECODER_BYTES, CALL_BYTES = 280, 48
#: Bytes past the last code that the decoder may look at.
_AHEAD = 3


@dataclass(frozen=True)
class Packed:
    """Constants of one layer, coded.

    Attributes:
        code: of its weights.
        codes: the stream (uint8).
        plain: what stands between the weights, as it is (uint8).
        stripes: where in the layout the weights are.
        groups: how often the stripes repeat.
        bytes: in flash, tables included.
    """

    code: Code
    codes: Array
    plain: Array
    stripes: Stripes
    groups: int
    bytes: int

    @property
    def fixed_bits(self) -> int:
        """Bits of each code; 0 if they differ."""
        return self.code.longest if self.code.lengths[0] == self.code.longest else 0

    def tables(self) -> tuple[Rom, Rom, Rom]:
        """Symbols, limits, offsets, as the decoder takes them."""
        few = np.zeros(1, np.uint16), np.zeros(1, np.int16)
        limits, offsets = few if self.fixed_bits else (self.code.limits(), self.code.offsets())
        return (
            Rom("symbols", np.array(self.code.symbols, np.int8)),
            Rom("limits", limits),
            Rom("offsets", offsets),
        )


def packed(rom: Rom, coding: str) -> Packed | None:
    """A layer's constants coded; None where nothing is known of their layout.

    Args:
        coding: ``huffman``, ``fixed``, or ``auto`` for the smaller of the two.
    """
    raw = np.frombuffer(np.ascontiguousarray(rom.data).tobytes(), np.uint8)
    stripes = rom.stripes
    if stripes is None:
        if rom.hint != "weights" or rom.data.dtype != np.int8 or not raw.size:
            return None
        stripes = Stripes(0, raw.size, 0)
    period = stripes.head + stripes.body + stripes.tail
    rows = raw.reshape(-1, period)
    body = rows[:, stripes.head : stripes.head + stripes.body].astype(np.uint8).view(np.int8)
    if stripes.carried:
        pairs = body.reshape(len(rows), -1, 2).copy()
        # The lower byte of 256·b + a borrows from the upper one where a is negative.
        pairs[:, :, 1] += (pairs[:, :, 0] < 0).astype(np.int8)
        body = pairs.reshape(len(rows), -1)
    plain = np.concatenate([rows[:, : stripes.head], rows[:, stripes.head + stripes.body :]], 1)
    found = []
    for name, make in (("fixed", fixed), ("huffman", huffman)):
        if coding in (name, "auto"):
            code = make(body)
            codes = np.concatenate([code.encode(body), np.zeros(_AHEAD, np.uint8)])
            tables = len(code.symbols) + (4 if name == "fixed" else 4 * code.longest)
            one = Packed(code, codes, plain.ravel(), stripes, len(rows), 0)
            found.append(replace(one, bytes=codes.size + plain.size + tables))
    return min(found, key=lambda one: one.bytes)


def coded(
    graph: Graph, calls: Sequence[Call], coding: str, unpacking: str
) -> tuple[list[Call], list[Call]]:
    """Unpacks coded constants before the calls that need them, where that saves flash.

    Args:
        graph: gets a tensor for each layer's unpacked constants.
        unpacking: ``layer`` or ``once``.

    Returns:
        The calls of an inference, and those that the reset makes.
    """
    found: dict[int, tuple[int, Rom, Packed]] = {}
    saved = 0
    for number, call in enumerate(calls):
        for place, argument in enumerate(call.arguments):
            if not isinstance(argument, Rom) or not argument.in_flash:
                continue
            one = packed(argument, coding)
            if one is not None and argument.data.nbytes - one.bytes > CALL_BYTES:
                found[number] = place, argument, one
                saved += argument.data.nbytes - one.bytes - CALL_BYTES
                break
    if not found or (saved <= DECODER_BYTES and coding == "auto"):
        return list(calls), []
    result: list[Call] = []
    starts: list[Call] = []
    once = unpacking == "once"
    for number, call in enumerate(calls):
        if number in found:
            place, rom, one = found[number]
            index = max(graph.tensors) + 1
            data = rom.data
            name = f"unpacked {rom.hint} of {call.label}"
            graph.tensors[index] = Tensor(index, name, data.shape, str(data.dtype), persistent=once)
            (starts if once else result).append(_unpack(one, index, call))
            arguments = list(call.arguments)
            arguments[place] = Buffer(index)
            call = replace(call, arguments=tuple(arguments))  # noqa: PLW2901
        result.append(call)
    return result, starts


def _unpack(one: Packed, target: int, call: Call) -> Call:
    stripes = one.stripes
    numbers: tuple[Argument, ...] = tuple(
        Literal(name, value, fixed=False)
        for name, value in (
            ("groups", one.groups),
            ("head", stripes.head),
            ("body", stripes.body),
            ("tail", stripes.tail),
            ("fixed", one.fixed_bits),
        )
    )
    return Call(
        "tiny_unpack",
        "unpack.h",
        (
            Rom("codes", one.codes),
            *one.tables(),
            Rom("plain", one.plain if one.plain.size else np.zeros(1, np.uint8)),
            Buffer(target, write=True),
            *numbers,
            Literal("carried", int(stripes.carried)),
        ),
        f"{call.label}: its constants are unpacked",
    )
