"""What each step from the float network to the node's integers cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Stage:
    """One step on the way.

    Attributes:
        name: ``float``, ``pruned``, ``retrained``, ``int8``, ``QAT``, ``shared``, ``coded``,
            ``16x8``.
        what: its setting in words, such as ``16 levels, 60 % zeros``; may be empty.
        valid: scores on the validation rows, by which steps are chosen: ``accuracy`` and
            ``macro_f1``, or a regression's ``rmse`` and ``mae`` in the target's unit.
        test: the same on the test rows, which choose nothing.
        parameters: weights, biases and what else is learned; zeros count.
        weights_bytes: the parameters in the model file: 4 B each as float, 1 B and 4 B a bias as
            integers.
        device_bytes: constants of the compiled model in a Cortex-M4's flash; None before there
            are integers.
        kept: whether the model that is built went on from here.
    """

    name: str
    what: str
    valid: dict[str, float]
    test: dict[str, float]
    parameters: int
    weights_bytes: int
    device_bytes: int | None = None
    kept: bool = True

    @property
    def macro_f1(self) -> float:
        """Of a classifier, on the test rows."""
        return self.test["macro_f1"]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Stage:
        return cls(**value)
