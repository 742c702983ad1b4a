"""Convolutions over time, each block half as long and twice as wide as the one before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tinyfield.learn.networks.last import last_layer

if TYPE_CHECKING:
    import keras


def build(options: Mapping[str, Any], shape: tuple[int, ...], classes: int) -> keras.Model:
    """``filters`` of the first block, ``kernel`` in samples, ``blocks``."""
    import keras

    layers: list[Any] = [keras.Input(shape, name="features")]
    length = shape[0]
    for i in range(options["blocks"]):
        layers.append(
            keras.layers.Conv1D(
                options["filters"] << i,
                options["kernel"],
                padding="same",
                activation="relu",
                name=f"conv{i}",
            )
        )
        if length >= 4:
            layers.append(keras.layers.MaxPooling1D(2, name=f"pool{i}"))
            length //= 2
    layers.append(keras.layers.GlobalAveragePooling1D(name="mean"))
    layers.append(last_layer(classes))
    return keras.Sequential(layers, name="cnn")
