"""What each step from the float network to the node's integers cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinyfield.learn.metrics import macro_f1


@dataclass(frozen=True)
class Stage:
    """One step on the way.

    Attributes:
        name: ``float``, ``pruned``, ``retrained``, ``int8``, ``QAT``, ``shared``, ``coded``,
            ``16x8``.
        what: its setting in words, such as ``16 levels, 60 % zeros``; may be empty.
        valid_accuracy, valid_f1: on the validation rows, by which steps are chosen.
        accuracy, macro_f1: on the test rows, which choose nothing.
        parameters: weights, biases and what else is learned; zeros count.
        weights_bytes: the parameters in the model file: 4 B each as float, 1 B and 4 B a bias as
            integers.
        device_bytes: constants of the compiled model in a Cortex-M4's flash; None before there
            are integers.
        kept: whether the model that is built went on from here.
    """

    name: str
    what: str
    valid_accuracy: float
    valid_f1: float
    accuracy: float
    macro_f1: float
    parameters: int
    weights_bytes: int
    device_bytes: int | None = None
    kept: bool = True

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Stage:
        return cls(**value)


def scores(truth: NDArray[np.integer[Any]], answers: NDArray[Any]) -> tuple[float, float]:
    """Accuracy and macro F1 of scores [n, classes] against class indices [n]."""
    classes, said = answers.shape[1], answers.argmax(axis=1)
    cells = np.bincount(truth * classes + said, minlength=classes * classes)
    table = cells.reshape(classes, classes)
    right = float(np.trace(table) / max(1, table.sum()))
    return round(right, 6), round(macro_f1(table), 6)
