"""The operators that the compiler takes, one small file a family."""

from __future__ import annotations

from tinyfield.compiler.graph import Graph
from tinyfield.compiler.ops import fully_connected, reshape, softmax, unary
from tinyfield.compiler.ops.base import Kind, Options
from tinyfield.errors import ModelError

__all__ = ["KINDS", "Kind", "Options", "refuse_unsupported"]

KINDS: dict[str, Kind] = {
    kind.name: kind for kind in (fully_connected.KIND, softmax.KIND, *unary.KINDS, *reshape.KINDS)
}

_SHOWN = 40


def refuse_unsupported(graph: Graph) -> None:
    """Raises one error that lists every operator the compiler cannot take, and what to do.

    Raises:
        ModelError: with one line for each offending node.
    """
    complaints = []
    for op in graph.ops:
        kind = KINDS.get(op.kind)
        if kind is None:
            complaints.append(f"{graph.label(op)}: this operator is not supported")
            continue
        complaints += [f"{graph.label(op)}: {text}" for text in kind.check(graph, op)]
    if not complaints:
        return
    shown = complaints[:_SHOWN]
    if len(complaints) > _SHOWN:
        shown.append(f"… {len(complaints) - _SHOWN} more")
    known = ", ".join(sorted(KINDS))
    raise ModelError(
        "the model cannot be compiled:\n" + "\n".join(f"  {line}" for line in shown),
        hint=f"supported are int8 models of: {known}",
    )
