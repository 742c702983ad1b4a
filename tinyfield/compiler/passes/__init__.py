"""Rewrites of the graph, one small file each, in this order.

A pass takes a graph that holds to :meth:`~tinyfield.compiler.graph.Graph.verify` and gives back
another that does; none changes what any output byte will be.
"""

from __future__ import annotations

from collections.abc import Callable

from tinyfield.compiler.graph import Graph
from tinyfield.compiler.passes.absorb_zero_point import absorb_zero_point
from tinyfield.compiler.passes.clamps import clamps
from tinyfield.compiler.passes.constant_channels import constant_channels
from tinyfield.compiler.passes.constant_moves import constant_moves
from tinyfield.compiler.passes.dilations import dilations
from tinyfield.compiler.passes.drop_dead import drop_dead
from tinyfield.compiler.passes.fuse_activation import fuse_activation
from tinyfield.compiler.passes.join_depthwise import join_depthwise
from tinyfield.compiler.passes.join_tables import join_tables
from tinyfield.compiler.passes.late import late
from tinyfield.compiler.passes.lay_flat import lay_flat
from tinyfield.compiler.passes.padding import padding
from tinyfield.compiler.passes.rings import rings
from tinyfield.compiler.passes.shapes import shapes
from tinyfield.compiler.passes.tables import tables
from tinyfield.compiler.passes.variables import copied_out, variables
from tinyfield.compiler.passes.views import views

__all__ = ["BEFORE", "PASSES", "Pass", "copied_out", "prepare", "prune", "run_passes"]

Pass = Callable[[Graph], Graph]

#: Before the operators are checked: what makes a graph of the converter's dialect.
BEFORE: tuple[Pass, ...] = (shapes, constant_moves, dilations, tables)

PASSES: tuple[Pass, ...] = (
    variables,
    rings,
    views,
    drop_dead,
    join_depthwise,
    clamps,
    padding,
    fuse_activation,
    join_tables,
    absorb_zero_point,
    lay_flat,
    drop_dead,
    late,
)


def prepare(graph: Graph) -> Graph:
    """The passes before the check, with the verifier after each."""
    for one in BEFORE:
        graph = one(graph)
        graph.verify()
    return graph


def run_passes(graph: Graph) -> Graph:
    """All passes, with the verifier after each."""
    for one in PASSES:
        graph = one(graph)
        graph.verify()
    return graph


def prune(graph: Graph) -> Graph:
    """What only the outputs of the whole graph allow: nodes' outputs become smaller."""
    graph = drop_dead(constant_channels(graph))
    graph.verify()
    return graph
