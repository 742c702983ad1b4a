"""The networks that an app can name: each a function from options, the input's shape and the number
of classes to an untrained Keras model that ends in a softmax, or for 0 classes in a number.

An input of one sample has the shape [k]; of a history of N samples [N, k], the oldest first.
Layers are named: Keras would count names up over the process, and they end up in the file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from tinyfield.learn.networks import cnn, ds_cnn, gru, mlp, own, tcn

if TYPE_CHECKING:
    import keras

Build = Callable[[Mapping[str, Any], tuple[int, ...], int], "keras.Model"]

NETWORKS: Mapping[str, Build] = {
    "mlp": mlp.build,
    "cnn": cnn.build,
    "ds_cnn": ds_cnn.build,
    "tcn": tcn.build,
    "gru": gru.build,
    "keras": own.build,
}
