"""The layer that every network here ends in."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras


def last_layer(classes: int) -> keras.layers.Layer:
    """A share of each class; for 0 classes a number."""
    import keras

    if classes == 0:
        return keras.layers.Dense(1, name="value")
    return keras.layers.Dense(classes, activation="softmax", name="classes")
