"""Model files of tinyfield's own, beside ``.tflite``: trees, and Bonsai.

Each is JSON that begins with its kind, and a class that reads it, writes C from it, and computes
the same in NumPy.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinyfield.compiler import trees
from tinyfield.compiler.standalone import Standalone

OwnModel = trees.Ensemble


def own_model(data: bytes) -> OwnModel | None:
    """The model in a file of tinyfield's own; None for any other file.

    Raises:
        ModelError: it is one, and damaged.
    """
    if data.startswith(trees.MAGIC):
        return trees.Ensemble.from_bytes(data)
    return None


def lower_own(model: OwnModel, prefix: str, target: str, optimize: str) -> Standalone:
    """The model as C.

    Raises:
        ModelError: it cannot be compiled.
        UsageError: the prefix cannot start a C name.
    """
    return trees.lower(model, prefix, target, optimize)


def own_outputs(model: OwnModel, inputs: Mapping[str, NDArray[Any]]) -> NDArray[np.int8]:
    """What the model answers, by NumPy: ``in0`` [n, …] to [n, 1, classes]."""
    X = inputs["in0"].reshape(len(inputs["in0"]), -1)
    return trees.outputs(model, X)[:, None, :]
