"""Convolutions over time, each block half as long and twice as wide as the one before; or over time
and the inputs, where neighbours are of one kind, as the bands of a spectrum or levels of a soil."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tinyfield.learn.networks.last import last_layer

if TYPE_CHECKING:
    import keras

_HALVED_LEAST = 4
"""Of a shorter side nothing would be left."""


def build(options: Mapping[str, Any], shape: tuple[int, ...], classes: int) -> keras.Model:
    """``filters`` of the first block, ``kernel`` in samples, or samples and inputs, ``blocks``."""
    import keras

    if not isinstance(options["kernel"], int):
        return _over_both(options, shape, classes)
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
        if length >= _HALVED_LEAST:
            layers.append(keras.layers.MaxPooling1D(2, name=f"pool{i}"))
            length //= 2
    layers.append(keras.layers.GlobalAveragePooling1D(name="mean"))
    layers.append(last_layer(classes))
    return keras.Sequential(layers, name="cnn")


def _over_both(options: Mapping[str, Any], shape: tuple[int, ...], classes: int) -> keras.Model:
    """Over history x inputs. The mean at the end is over time alone: which input it was counts."""
    import keras

    layers: list[Any] = [
        keras.Input(shape, name="features"),
        keras.layers.Reshape((*shape, 1), name="picture"),
    ]
    sides = list(shape)
    for i in range(options["blocks"]):
        layers.append(
            keras.layers.Conv2D(
                options["filters"] << i,
                tuple(options["kernel"]),
                padding="same",
                activation="relu",
                name=f"conv{i}",
            )
        )
        step = tuple(2 if side >= _HALVED_LEAST else 1 for side in sides)
        if max(step) > 1:
            layers.append(keras.layers.MaxPooling2D(step, name=f"pool{i}"))
            sides = [side // part for side, part in zip(sides, step, strict=True)]
    layers += [
        keras.layers.AveragePooling2D((sides[0], 1), name="mean"),
        keras.layers.Flatten(name="flat"),
        last_layer(classes),
    ]
    return keras.Sequential(layers, name="cnn")
