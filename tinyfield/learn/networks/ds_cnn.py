"""Depthwise separable convolutions over time (after Zhang et al., *Hello Edge*, 2017): a channel by
itself along time, then all channels at one time, at a fraction of a convolution's weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tinyfield.learn.networks.last import last_layer

if TYPE_CHECKING:
    import keras


def build(options: Mapping[str, Any], shape: tuple[int, ...], classes: int) -> keras.Model:
    """``filters`` throughout, ``kernel`` in samples, ``blocks`` behind the first convolution."""
    import keras

    def normal(name: str) -> list[Any]:
        return [
            keras.layers.BatchNormalization(name=f"{name}_norm", momentum=0.9),
            keras.layers.ReLU(name=f"{name}_relu"),
        ]

    filters, kernel = options["filters"], options["kernel"]
    layers: list[Any] = [
        keras.Input(shape, name="features"),
        keras.layers.Conv1D(filters, kernel, padding="same", use_bias=False, name="first"),
        *normal("first"),
    ]
    for i in range(options["blocks"]):
        layers += [
            keras.layers.DepthwiseConv1D(kernel, padding="same", use_bias=False, name=f"along{i}"),
            *normal(f"along{i}"),
            keras.layers.Conv1D(filters, 1, use_bias=False, name=f"across{i}"),
            *normal(f"across{i}"),
        ]
    layers.append(keras.layers.GlobalAveragePooling1D(name="mean"))
    layers.append(last_layer(classes))
    return keras.Sequential(layers, name="ds_cnn")
