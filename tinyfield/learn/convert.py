"""Keras to a fully integer TFLite file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

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
    corners = np.array([-(STEPS + 1) / STEPS, 1.0], dtype=np.float32)
    ends = np.broadcast_to(corners.reshape(2, *[1] * (x.ndim - 1)), (2, *x.shape[1:]))
    return np.concatenate([x[np.sort(np.concatenate(picks))], ends])


def to_int8(model: keras.Model, rows: NDArray[np.float32]) -> bytes:
    """A TFLite flatbuffer with int8 input, weights (per channel), activations and output.

    Args:
        model: a Keras model of one input [1, …].
        rows: representative inputs [n, …].
    """
    import tensorflow as tf

    converter = _converter(model, rows)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8
    return bytes(converter.convert())


def to_16x8(model: keras.Model, rows: NDArray[np.float32], *, values: bool = False) -> bytes:
    """The same with int16 activations, for networks that eight bits are too few for.

    Input and output stay int8, as every node gives and takes them: the float tensors at the ends
    become int8 ones, and what quantized them rescales instead.

    Args:
        model, rows: as of :func:`to_int8`.
        values: its output is a number: it stays int16.
    """
    import flatbuffers  # type: ignore[import-untyped]
    import tensorflow as tf
    from tensorflow.lite.python import schema_py_generated as schema

    converter = _converter(model, rows)
    converter.target_spec.supported_ops = [
        tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
    ]
    made = schema.ModelT.InitFromPackedBuf(converter.convert(), 0)
    graph = made.subgraphs[0]
    last = made.operatorCodes[graph.operators[-1].opcodeIndex]
    if last.builtinCode != schema.BuiltinOperator.DEQUANTIZE:
        raise AssertionError("the converter made a 16x8 model that does not end in floats")
    ends = [(graph.inputs[0], 1 / STEPS, 0), (graph.outputs[0], 1 / 256, -128)]
    if values:
        whole = graph.operators.pop().inputs[0]
        graph.outputs = np.array([whole], np.int32)
        for signature in made.signatureDefs or ():
            for output in signature.outputs or ():
                output.tensorIndex = whole
        ends.pop()
    for index, scale, zero in ends:
        tensor = graph.tensors[index]
        tensor.type = schema.TensorType.INT8
        tensor.quantization = schema.QuantizationParametersT()
        tensor.quantization.scale = np.array([scale], np.float32)
        tensor.quantization.zeroPoint = np.array([zero], np.int64)
    if not values:
        quantize = schema.BuiltinOperator.QUANTIZE
        last.builtinCode = last.deprecatedBuiltinCode = quantize
        graph.operators[-1].builtinOptionsType = schema.BuiltinOptions.NONE
        graph.operators[-1].builtinOptions = None
    builder = flatbuffers.Builder(1024)
    builder.Finish(made.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _converter(model: keras.Model, rows: NDArray[np.float32]) -> Any:
    import keras
    import tensorflow as tf

    def samples() -> Iterator[list[NDArray[np.float32]]]:
        for row in rows:
            yield [row[None]]

    # One call is one sample: a batch of fixed size 1 leaves no shape arithmetic in the file.
    one = keras.Input(batch_shape=(1, *rows.shape[1:]), name="features")
    single = keras.models.clone_model(model, input_tensors=one)
    single.set_weights(model.get_weights())
    converter = tf.lite.TFLiteConverter.from_keras_model(single)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = samples
    return converter
