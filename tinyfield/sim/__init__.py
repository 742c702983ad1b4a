"""Runs the real firmware on a virtual board, in virtual time.

::

    CSV ─ TraceSource ─┐                                    ┌─→ SimDecision ─→ JSON lines
    World ─ WorldSource ┴─ rows ─→ SimRun ⇄ frames ⇄ node ──┤
                             ⇅                              └─→ ACT ─→ World
                            Link (a gateway's bridge, over TCP)

The node is the very image that PlatformIO built, in a process of its own; it asks for a row at
each sample, and everything it says passes through its one stream as frames.
"""

from __future__ import annotations

from tinyfield.sim.decision import SimDecision
from tinyfield.sim.faults import Faults
from tinyfield.sim.judge import Verdict, judge
from tinyfield.sim.memory import memory_of
from tinyfield.sim.node import NodeProcess, command_for
from tinyfield.sim.run import SimRun, run
from tinyfield.sim.scenario import FaultySource, default_source, edge_of, faults_of, source_of
from tinyfield.sim.source import RowSource, WorldSource, to_scaled
from tinyfield.sim.trace import TraceSource

__all__ = [
    "Faults",
    "FaultySource",
    "NodeProcess",
    "RowSource",
    "SimDecision",
    "SimRun",
    "TraceSource",
    "Verdict",
    "WorldSource",
    "command_for",
    "default_source",
    "edge_of",
    "faults_of",
    "judge",
    "memory_of",
    "run",
    "source_of",
    "to_scaled",
]
