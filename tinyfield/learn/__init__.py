"""Learning: feature table → int8 model, judged and gated.

::

    FeatureTable ─ scaler ─→ worker (TensorFlow, its own process): mlp → convert ─→ .tflite
                                │ cache                                               │
                                └─────────────→ runner: LiteRT = generated C ──→ metrics → gate

Nothing here imports TensorFlow into the calling process.
"""

from __future__ import annotations

from tinyfield.learn.evaluate import evaluate
from tinyfield.learn.gate import Cost, Measure
from tinyfield.learn.metrics import Score
from tinyfield.learn.mlp import Progress
from tinyfield.learn.result import Metrics, Trained
from tinyfield.learn.scaler import InputScale
from tinyfield.learn.train import train

__all__ = [
    "Cost",
    "InputScale",
    "Measure",
    "Metrics",
    "Progress",
    "Score",
    "Trained",
    "evaluate",
    "train",
]
