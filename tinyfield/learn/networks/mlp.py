"""Dense layers with ReLU: sees all inputs at once, whatever their order in time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tinyfield.learn.networks.last import last_layer

if TYPE_CHECKING:
    import keras


def build(options: Mapping[str, Any], shape: tuple[int, ...], classes: int) -> keras.Model:
    """``hidden``: units of each hidden layer; ``l2``: what the squares of their weights cost."""
    import keras

    cost = keras.regularizers.L2(share) if (share := options.get("l2")) else None
    layers: list[Any] = [keras.Input(shape, name="features")]
    if len(shape) > 1:
        layers.append(keras.layers.Flatten(name="flat"))
    layers += [
        keras.layers.Dense(n, activation="relu", kernel_regularizer=cost, name=f"hidden{i}")
        for i, n in enumerate(options["hidden"])
    ]
    layers.append(last_layer(classes))
    return keras.Sequential(layers, name="mlp")
