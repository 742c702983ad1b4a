"""Decision trees, forests and boosted trees to integer C: walked in a table, or as branches.

It knows neither YAML nor scikit-learn: an :class:`Ensemble` is all it takes. Every comparison is
of integers and decides as the trained tree does; a threshold that does not fit is refused.
"""

from __future__ import annotations

from tinyfield.compiler.trees.ensemble import MAGIC, Ensemble
from tinyfield.compiler.trees.lower import lower
from tinyfield.compiler.trees.reference import comparisons, leaves, outputs, sums
from tinyfield.compiler.trees.thresholds import exact_threshold

__all__ = [
    "MAGIC",
    "Ensemble",
    "comparisons",
    "exact_threshold",
    "leaves",
    "lower",
    "outputs",
    "sums",
]
