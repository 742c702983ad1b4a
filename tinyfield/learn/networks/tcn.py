"""A temporal convolutional network (Bai et al., 2018): causal convolutions, each twice as far apart
as the one before, around which the input is passed on; the last moment decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tinyfield.learn.networks.last import last_layer

if TYPE_CHECKING:
    import keras


def build(options: Mapping[str, Any], shape: tuple[int, ...], classes: int) -> keras.Model:
    """``filters`` throughout, ``kernel`` in samples, ``blocks``: sees ``1 + (kernel - 1) ·
    (2^blocks - 1)`` samples back."""
    import keras

    given = x = keras.Input(shape, name="features")
    for i in range(options["blocks"]):
        y = keras.layers.Conv1D(
            options["filters"],
            options["kernel"],
            padding="causal",
            dilation_rate=1 << i,
            activation="relu",
            name=f"conv{i}",
        )(x)
        x = y if i == 0 else keras.layers.Add(name=f"add{i}")([x, y])
    x = keras.layers.Cropping1D((shape[0] - 1, 0), name="now")(x)
    x = keras.layers.Flatten(name="flat")(x)
    said = last_layer(classes)(x)
    return keras.Model(given, said, name="tcn")
