"""Features: the firmware's C, generated for one app and called from Python; never computed twice.

::

    App ── emit ──→ app_features.{h,c} ──→ the node
                         └── bind ──→ compute(app, model, dataset) → FeatureTable → learn
"""

from __future__ import annotations

from tinyfield.features.emit import FeatureSource, emit_features
from tinyfield.features.scale import MISSING, to_physical, to_scaled, to_scaled_one
from tinyfield.features.table import FeatureTable, compute

__all__ = [
    "MISSING",
    "FeatureSource",
    "FeatureTable",
    "compute",
    "emit_features",
    "to_physical",
    "to_scaled",
    "to_scaled_one",
]
