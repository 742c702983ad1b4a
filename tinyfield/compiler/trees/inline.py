"""Trees as branches: the fastest form.

A tree is nested ``if``s whose leaves jump to one tail for each different leaf of that tree; the
smaller child comes first, so that most jumps are near. No tree calls anything, and none is woven
into its neighbour (``TINY_APART``).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tinyfield.compiler.trees.ensemble import Ensemble

_INDENT_MOST = 24
_NODES_A_FUNCTION = 3000
DEPTH_MOST = 200
"""Compilers nest blocks so deep; deeper trees are walked."""


def chunks(ensemble: Ensemble) -> list[range]:
    """Which trees share a function: a compiler takes its time over very long ones."""
    found: list[range] = []
    start = count = 0
    bounds = [*ensemble.roots.tolist(), len(ensemble.feature)]
    for tree in range(ensemble.trees):
        count += bounds[tree + 1] - bounds[tree]
        if count >= _NODES_A_FUNCTION or tree + 1 == ensemble.trees:
            found.append(range(start, tree + 1))
            start, count = tree + 1, 0
    return found


def branches(
    ensemble: Ensemble,
    trees: range,
    tail: Callable[[int, int], str],
    apart: str = "TINY_APART();",
) -> str:
    """The statements of some trees, one after the other.

    Args:
        tail: from tree and leaf row to the statement that counts it.
        apart: stands between two trees.
    """
    sizes = _sizes(ensemble)
    text = "".join(_tree(ensemble, tree, sizes, tail) + f"    {apart}\n" for tree in trees)
    return text if "x[" in text else f"    (void)x;\n{text}"


def _sizes(ensemble: Ensemble) -> list[int]:
    sizes = np.ones(len(ensemble.feature), np.int64)
    for node in range(len(sizes) - 1, -1, -1):
        if ensemble.feature[node] >= 0:
            sizes[node] += sizes[ensemble.left[node]] + sizes[ensemble.right[node]]
    return [int(size) for size in sizes]


def _tree(ensemble: Ensemble, tree: int, sizes: list[int], tail: Callable[[int, int], str]) -> str:
    used: dict[int, None] = {}

    def visit(node: int, depth: int) -> list[str]:
        pad = "    " * min(depth, _INDENT_MOST)
        lines: list[str] = []
        while ensemble.feature[node] >= 0:
            near, far, sign = int(ensemble.left[node]), int(ensemble.right[node]), "<="
            if sizes[far] < sizes[near]:
                near, far, sign = far, near, ">"
            test = f"x[{ensemble.feature[node]}] {sign} {_literal(int(ensemble.threshold[node]))}"
            lines += [f"{pad}if ({test}) {{", *visit(near, depth + 1), f"{pad}}}"]
            node = far
        row = int(ensemble.leaf[node])
        used.setdefault(row)
        return [*lines, f"{pad}goto t{tree}_{row};"]

    root = int(ensemble.roots[tree])
    if ensemble.feature[root] < 0:
        return f"    {tail(tree, int(ensemble.leaf[root]))}\n"
    lines = visit(root, 1)
    tails: list[str] = []
    for row in used:
        tails += [f"t{tree}_{row}:", f"    {tail(tree, row)}", f"    goto t{tree}_end;"]
    # In the middle, between two of the outermost branches: so most jumps to them are short.
    ends = [n + 1 for n, line in enumerate(lines) if line == "    }"]
    middle = min(ends, key=lambda n: abs(n - len(lines) / 2))
    text = "\n".join([*lines[:middle], "    if (false) {", *tails, "    }", *lines[middle:]])
    return f"{text}\nt{tree}_end:;\n"


def _literal(value: int) -> str:
    return "INT32_MIN" if value == -(1 << 31) else str(value)
