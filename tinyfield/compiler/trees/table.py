"""Trees as a stream of bytes that ``nn/trees.h`` walks: the smallest form.

The layout is what these trees need at least: thresholds of one byte if all fit one, short skips
if the smaller child can come first, and so on. Every form is tried and the shortest taken, where
bits in the head count for what they take to test at every node.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

from tinyfield.compiler.trees.ensemble import Ensemble
from tinyfield.errors import ModelError

_SWAP_COSTS = 0.3
_DTYPES = {"int8": 1, "uint8": 17, "int16": 2, "int32": 4}


@dataclass(frozen=True)
class Layout:
    """The literals of ``tiny_tree_layout_t``."""

    dtype: int
    threshold: int
    skip: int
    leaf: int
    wide: int
    swap: int

    def c(self) -> str:
        """As a C compound literal."""
        values = (self.dtype, self.threshold, self.skip, self.leaf, self.wide, self.swap)
        return "(tiny_tree_layout_t){" + ", ".join(map(str, values)) + "}"


@dataclass(frozen=True)
class Table:
    """The stream of all trees, and where each begins."""

    layout: Layout
    stream: bytes
    starts: tuple[int, ...]

    @property
    def bytes(self) -> int:
        """Flash of the constants."""
        return len(self.stream) + 2 * len(self.starts)


def pack(ensemble: Ensemble, *, dense: bool = False) -> Table:
    """The best stream.

    Args:
        dense: no byte may be spent for speed.

    Raises:
        ModelError: more features than a node can name.
    """
    inside = ensemble.feature >= 0
    thresholds = ensemble.threshold[inside]
    features = int(ensemble.feature.max(initial=0)) + 1
    sizes = np.array([_width(int(t)) for t in thresholds], np.int8)
    widest = int(sizes.max(initial=1))
    leaf = 1 if len(ensemble.votes) <= 1 << 7 else 2
    best: Table | None = None
    least = math.inf
    for narrow, swap, skip in itertools.product((1, 2, 4), (False, True), (1, 2)):
        if narrow > widest or (narrow < widest == 2):
            continue
        wide = narrow < widest
        bits = iter((0x40, 0x20))
        layout = Layout(
            _DTYPES[ensemble.dtype],
            narrow,
            skip,
            leaf,
            next(bits) if wide else 0,
            next(bits) if swap else 0,
        )
        if features > 0x80 >> (wide + swap) or len(ensemble.votes) > 1 << 15:
            continue
        table = _stream(ensemble, layout)
        if table is None:
            continue
        slow = 0.0 if dense else _SWAP_COSTS * swap
        if table.bytes * (1 + slow) < least:
            best, least = table, table.bytes * (1 + slow)
    if best is None:
        raise ModelError(
            "the trees are too large for a table",
            hint="fewer inputs (at most 64), fewer trees or less depth",
        )
    return best


def _width(value: int) -> int:
    if -(1 << 7) <= value < 1 << 7:
        return 1
    return 2 if -(1 << 15) <= value < 1 << 15 else 4


def _stream(ensemble: Ensemble, layout: Layout) -> Table | None:
    """None where a skip or a start is out of its bytes' reach."""
    done: dict[int, bytes] = {}
    for node in range(len(ensemble.feature) - 1, -1, -1):
        if ensemble.feature[node] < 0:
            row = int(ensemble.leaf[node])
            done[node] = bytes([0x80 | row] if layout.leaf == 1 else [0x80 | row >> 8, row & 255])
            continue
        near, far = done.pop(int(ensemble.left[node])), done.pop(int(ensemble.right[node]))
        head, threshold = int(ensemble.feature[node]), int(ensemble.threshold[node])
        if layout.swap and len(far) < len(near):
            near, far = far, near
            head |= layout.swap
        count = layout.threshold
        if layout.wide and _width(threshold) > count:
            head, count = head | layout.wide, 4
        if len(near) >= 1 << 8 * layout.skip:
            return None
        done[node] = (
            bytes([head])
            + threshold.to_bytes(count, "little", signed=True)
            + len(near).to_bytes(layout.skip, "little")
            + near
            + far
        )
    stream = b""
    starts = []
    for root in ensemble.roots:
        starts.append(len(stream))
        stream += done[int(root)]
    return Table(layout, stream, tuple(starts)) if starts[-1] < 1 << 16 else None
