"""Canonical Huffman codes of bounded length, for weights of few different values.

A canonical code is told by how many codes of each length there are and by its symbols in order
(Schwartz and Kallick, 1964), so that its table is small and a decoder needs no tree. Lengths are
bounded by package-merge (Larmore and Hirschberg, 1990), which gives the best such code.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinyfield.compiler.graph import Array

#: A decoder compares this many bits at once.
LONGEST = 15


@dataclass(frozen=True)
class Code:
    """A canonical code.

    Attributes:
        symbols: int8 values, in the order of their codes.
        lengths: bits of each symbol's code, never falling.
    """

    symbols: tuple[int, ...]
    lengths: tuple[int, ...]

    @property
    def longest(self) -> int:
        """Bits of the longest code."""
        return self.lengths[-1]

    def codes(self) -> dict[int, tuple[int, int]]:
        """Symbol → (code, bits)."""
        found: dict[int, tuple[int, int]] = {}
        code, before = 0, self.lengths[0]
        for symbol, length in zip(self.symbols, self.lengths, strict=True):
            code <<= length - before
            found[symbol] = code, length
            code, before = code + 1, length
        return found

    def limits(self) -> Array:
        """For each length from 1 on: codes of this length or less are below it, as 15 bits aligned
        to the left (uint16)."""
        codes = list(self.codes().values())
        limits = []
        for length in range(1, self.longest + 1):
            ends = [(code + 1) << (LONGEST - bits) for code, bits in codes if bits <= length]
            limits.append(max(ends, default=0))
        return np.array(limits, np.uint16)

    def offsets(self) -> Array:
        """For each length from 1 on: what added to a code of that length is its symbol's place
        (int16)."""
        codes = list(self.codes().values())
        offsets = []
        for length in range(1, self.longest + 1):
            places = [n for n, (_, bits) in enumerate(codes) if bits == length]
            offsets.append(places[0] - codes[places[0]][0] if places else 0)
        return np.array(offsets, np.int16)

    def encode(self, values: Array) -> Array:
        """Values as a stream of bits, the first bit highest, filled up with zeros (uint8)."""
        table = self.codes()
        widest = self.longest
        bits = np.zeros((256, widest), np.uint8)
        lengths = np.zeros(256, np.int64)
        for symbol, (code, length) in table.items():
            lengths[symbol & 255] = length
            bits[symbol & 255, :length] = [code >> (length - 1 - n) & 1 for n in range(length)]
        places = values.ravel().astype(np.int64) & 255
        mask = np.arange(widest) < lengths[places][:, None]
        return np.packbits(bits[places][mask])


def huffman(values: Array) -> Code:
    """The best code for the values that occur."""
    symbols, counts = np.unique(values, return_counts=True)
    lengths = _lengths([int(n) for n in counts])
    order = sorted(range(len(symbols)), key=lambda n: (lengths[n], int(symbols[n])))
    return Code(tuple(int(symbols[n]) for n in order), tuple(lengths[n] for n in order))


def fixed(values: Array) -> Code:
    """A code in which all symbols have one length: plain indices."""
    symbols = np.unique(values)
    bits = max(int(len(symbols) - 1).bit_length(), 1)
    return Code(tuple(int(n) for n in symbols), (bits,) * len(symbols))


def _lengths(counts: list[int]) -> list[int]:
    """Code lengths of at most ``LONGEST`` bits that cost least: package-merge."""
    if len(counts) == 1:
        return [1]
    leaves = sorted((count, (n,)) for n, count in enumerate(counts))
    packages: list[tuple[int, tuple[int, ...]]] = []
    for _ in range(LONGEST):
        merged = sorted([*leaves, *packages])
        packages = [
            (merged[n][0] + merged[n + 1][0], merged[n][1] + merged[n + 1][1])
            for n in range(0, len(merged) - 1, 2)
        ]
    lengths = [0] * len(counts)
    for _, members in packages[: len(counts) - 1]:
        for n in members:
            lengths[n] += 1
    return lengths
