"""Keras to a fully integer TFLite file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tinyfield.learn.scaler import STEPS

if TYPE_CHECKING:
    import keras

REPRESENTATIVE = 600
"""Training rows that the converter sees, to find the range of every activation."""


def representative(x: NDArray[np.float32], y: NDArray[np.int64], seed: int) -> NDArray[np.float32]:
    """Rows for the converter: as many of each class as there are, up to an equal share, and the
    two corners of the input range, so that the input tensor is exactly (1/127, 0)."""
    rng = np.random.default_rng(seed)
    classes = np.unique(y)
    share = REPRESENTATIVE // len(classes)
    picks = [rng.permutation(np.flatnonzero(y == c))[:share] for c in classes]
    corners = np.array([[-(STEPS + 1) / STEPS], [1.0]], dtype=np.float32)
    return np.concatenate([x[np.sort(np.concatenate(picks))], np.tile(corners, (1, x.shape[1]))])


def to_int8(model: keras.Model, rows: NDArray[np.float32]) -> bytes:
    """A TFLite flatbuffer with int8 input, weights (per channel), activations and output.

    Args:
        model: a Keras model of one input [1, k].
        rows: representative inputs [n, k].
    """
    import keras
    import tensorflow as tf

    def samples() -> Iterator[list[NDArray[np.float32]]]:
        for row in rows:
            yield [row[None]]

    # One call is one sample: a batch of fixed size 1 leaves no shape arithmetic in the file.
    one = keras.Input(batch_shape=(1, rows.shape[1]), name="features")
    single = keras.models.clone_model(model, input_tensors=one)
    single.set_weights(model.get_weights())
    converter = tf.lite.TFLiteConverter.from_keras_model(single)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = samples
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8
    return bytes(converter.convert())
