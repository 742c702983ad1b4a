"""A gated recurrent unit (Cho et al., 2014) over the history, unrolled.

Every step of the unrolled network has scales, and so tables, of its own: flash grows with the
history.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tinyfield.learn.networks.last import last_layer

if TYPE_CHECKING:
    import keras


def build(options: Mapping[str, Any], shape: tuple[int, ...], classes: int) -> keras.Model:
    """``units`` of the state."""
    import keras

    layers: list[Any] = [
        keras.Input(shape, name="features"),
        keras.layers.GRU(options["units"], unroll=True, name="gru"),
        last_layer(classes),
    ]
    return keras.Sequential(layers, name="gru")
