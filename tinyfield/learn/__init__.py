"""Learning: feature table → integer model, judged and gated.

::

    FeatureTable ─ scaler ─→ worker (its own process) mlp → convert ────────────→ .tflite
          └──────────────────→        "               trees, bonsai → convert ──→ JSON
                                │ cache                                               │
                                └──────────→ runner: reference = generated C ──→ metrics → gate

Nothing here imports TensorFlow or scikit-learn into the calling process.
"""

from __future__ import annotations

from tinyfield.learn.cache import code_key
from tinyfield.learn.evaluate import evaluate
from tinyfield.learn.fit import EPOCHS, Progress
from tinyfield.learn.gate import Cost, Measure
from tinyfield.learn.growth import Kept, growth
from tinyfield.learn.held import Held, held_out
from tinyfield.learn.metrics import Errors, Score
from tinyfield.learn.result import Fitted, Metrics, Trained
from tinyfield.learn.scaler import InputScale
from tinyfield.learn.train import obtain, test_scores, train, valid_scores, whole_cost

__all__ = [
    "EPOCHS",
    "Cost",
    "Errors",
    "Fitted",
    "Held",
    "InputScale",
    "Kept",
    "Measure",
    "Metrics",
    "Progress",
    "Score",
    "Trained",
    "code_key",
    "evaluate",
    "growth",
    "held_out",
    "obtain",
    "test_scores",
    "train",
    "valid_scores",
    "whole_cost",
]
