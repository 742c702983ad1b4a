"""What a network is to give, classes or a number: its loss, its scores, what counts as better."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinyfield.learn.balance import class_weights
from tinyfield.learn.metrics import macro_f1

_STRATA = 10
_BEND = 1.0
"""Deviations beyond so many standard deviations count by their size, not its square (Huber 1964):
an episode of smog must not outweigh a month."""


@dataclass(frozen=True)
class Goal:
    """Classes, or a number.

    Attributes:
        classes: how many; 0 for a number.
        centre, spread: of a number's training rows, mean and standard deviation.
    """

    classes: int
    centre: float = 0.0
    spread: float = 1.0

    @property
    def values(self) -> bool:
        """A number."""
        return self.classes == 0

    def weights(self, y: NDArray[Any]) -> NDArray[np.float32]:
        """How much each training row counts, [n]."""
        if self.values:
            return np.ones(len(y), np.float32)
        return np.asarray(class_weights(y, self.classes)[y], np.float32)

    def strata(self, y: NDArray[Any]) -> NDArray[np.int64]:
        """Of which rows as many should be shown as of any other: the class, or the tenth of the
        target's range by frequency, [n]."""
        if not self.values:
            return np.asarray(y, np.int64)
        edges = np.quantile(y, np.arange(1, _STRATA) / _STRATA)
        return np.searchsorted(edges, y, side="right").astype(np.int64)

    def scores(self, truth: NDArray[Any], answers: NDArray[Any]) -> dict[str, float]:
        """Of answers [n, classes], or [n, 1], against the truth [n]."""
        if self.values:
            off = answers[:, 0].astype(np.float64) - truth
            return {
                "rmse": round(float(np.sqrt((off**2).mean())), 6),
                "mae": round(float(np.abs(off).mean()), 6),
            }
        said = answers.argmax(axis=1)
        k = self.classes
        table = np.bincount(truth * k + said, minlength=k * k).reshape(k, k)
        right = float(np.trace(table) / max(1, table.sum()))
        return {"accuracy": round(right, 6), "macro_f1": round(macro_f1(table), 6)}

    def merit(self, scores: dict[str, float]) -> float:
        """What steps are chosen by: the more the better."""
        return -scores["mae"] if self.values else scores["macro_f1"]

    def said(self, merit: float) -> str:
        """In words: ``macro F1 0.912``, ``mean error 2.31``."""
        return f"mean error {-merit:.4g}" if self.values else f"macro F1 {merit:.3f}"

    def loss(self, spread: float = 1.0) -> Callable[[Any, Any], Any]:
        """Keras: of a network that ends in a softmax, or in a number of that standard deviation."""
        import keras

        if not self.values:
            one: Callable[[Any, Any], Any] = keras.losses.SparseCategoricalCrossentropy()
            return one
        number: Callable[[Any, Any], Any] = keras.losses.Huber(delta=_BEND * spread)
        return number

    def step_loss(self) -> Callable[[Any, Any], Any]:
        """TensorFlow: of each row, of logits or numbers against soft labels or numbers."""
        import tensorflow as tf

        if not self.values:
            one: Callable[[Any, Any], Any] = tf.nn.softmax_cross_entropy_with_logits
            return one
        huber = tf.keras.losses.Huber(delta=_BEND, reduction="none")
        return lambda wanted, said: huber(wanted / self.spread, said / self.spread)


def goal_of(classes: int, y_train: NDArray[Any]) -> Goal:
    """The goal of so many classes (0: a number), given the training rows' truth."""
    if classes:
        return Goal(classes)
    spread = float(np.std(y_train, dtype=np.float64))
    return Goal(0, float(np.mean(y_train, dtype=np.float64)), max(spread, 1e-6))
