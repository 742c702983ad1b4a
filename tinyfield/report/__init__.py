"""One page on an app: what it does, what it learned from, how good it is, what it takes.

::

    App, Trained, FeatureTable, BoardCost, decisions ─gather→ Facts ─page (plots, template)→ HTML

The page stands alone: no script, no font and no picture is loaded. matplotlib is imported only
when a page is drawn.
"""

from __future__ import annotations

from tinyfield.report.facts import Decided, Facts, ModelFacts, Play
from tinyfield.report.gather import gather, note_of
from tinyfield.report.page import check_place, render, write
from tinyfield.report.plots import need_matplotlib

__all__ = [
    "Decided",
    "Facts",
    "ModelFacts",
    "Play",
    "check_place",
    "gather",
    "need_matplotlib",
    "note_of",
    "render",
    "write",
]
