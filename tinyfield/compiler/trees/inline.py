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


def branches(ensemble: Ensemble, trees: range, tail: Callable[[int, int], str]) -> str:
    """The statements of some trees, one after the other.

    Args:
        tail: from tree and leaf row to the statement that counts it.
    """
    sizes = _sizes(ensemble)
    text = "".join(_tree(ensemble, tree, sizes, tail) + "    TINY_APART();\n" for tree in trees)
    return text if "x[" in text else f"    (void)x;\n{text}"


def _sizes(ensemble: Ensemble) -> list[int]:
    sizes = np.ones(len(ensemble.feature), np.int64)
    for node in range(len(sizes) - 1, -1, -1):
        if ensemble.feature[node] >= 0:
            sizes[node] += sizes[ensemble.left[node]] + sizes[ensemble.right[node]]
    return [int(size) for size in sizes]


def _tree(ensemble: Ensemble, tree: int, sizes: list[int], tail: Callable[[int, int], str]) -> str:
    lines: list[str] = []
    used: dict[int, None] = {}

    def visit(node: int, depth: int) -> None:
        pad = "    " * min(depth, _INDENT_MOST)
        if ensemble.feature[node] < 0:
            row = int(ensemble.leaf[node])
            used.setdefault(row)
            lines.append(f"{pad}goto t{tree}_{row};")
            return
        near, far, sign = int(ensemble.left[node]), int(ensemble.right[node]), "<="
        if sizes[far] < sizes[near]:
            near, far, sign = far, near, ">"
        test = f"x[{ensemble.feature[node]}] {sign} {_literal(int(ensemble.threshold[node]))}"
        lines.append(f"{pad}if ({test}) {{")
        visit(near, depth + 1)
        lines.append(f"{pad}}}")
        visit(far, depth)

    root = int(ensemble.roots[tree])
    if ensemble.feature[root] < 0:
        return f"    {tail(tree, int(ensemble.leaf[root]))}\n"
    visit(root, 1)
    for number, row in enumerate(used):
        lines.append(f"t{tree}_{row}:")
        lines.append(f"    {tail(tree, row)}")
        if number + 1 < len(used):
            lines.append(f"    goto t{tree}_end;")
    end = f"t{tree}_end:;\n" if len(used) > 1 else ""
    return "\n".join(lines) + f"\n{end}"


def _literal(value: int) -> str:
    return "INT32_MIN" if value == -(1 << 31) else str(value)
