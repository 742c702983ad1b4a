"""Model files of tinyfield's own, beside ``.tflite``: trees, Bonsai, mixtures.

Each is JSON that begins with its kind, and a class that reads it; from it C is written, and NumPy
computes the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from tinyfield.compiler import bonsai, gmm, trees
from tinyfield.compiler.standalone import Standalone

OwnModel = trees.Ensemble | bonsai.Bonsai | gmm.Gmm


def own_model(data: bytes) -> OwnModel | None:
    """The model in a file of tinyfield's own; None for any other file.

    Raises:
        ModelError: it is one, and damaged.
    """
    if data.startswith(trees.MAGIC):
        return trees.Ensemble.from_bytes(data)
    if data.startswith(bonsai.MAGIC):
        return bonsai.Bonsai.from_bytes(data)
    if data.startswith(gmm.MAGIC):
        return gmm.Gmm.from_bytes(data)
    return None


def lower_own(model: OwnModel, prefix: str, target: str, optimize: str) -> Standalone:
    """The model as C.

    Raises:
        ModelError: it cannot be compiled.
        UsageError: the prefix cannot start a C name.
    """
    if isinstance(model, trees.Ensemble):
        return trees.lower(model, prefix, target, optimize)
    if isinstance(model, gmm.Gmm):
        return gmm.lower(model, prefix)
    return bonsai.lower(model, prefix)


def own_outputs(model: OwnModel, inputs: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
    """What the model answers, by NumPy: ``in0`` [n, …] to [n, 1, classes], of a regression 1."""
    X = inputs["in0"].reshape(len(inputs["in0"]), -1)
    if isinstance(model, trees.Ensemble):
        return trees.outputs(model, X)[:, None, :]
    if isinstance(model, gmm.Gmm):
        return gmm.outputs(model, X)[:, None, :]
    return bonsai.outputs(model, X)[:, None, :]
