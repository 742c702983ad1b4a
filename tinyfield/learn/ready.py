"""A trained int8 model that the app brings itself: ``tflite: my_model.tflite``.

It takes the app's inputs in their own units (a moisture in %, a temperature in °C), quantized as
its input tensor says, and gives its classes' probabilities in the order of ``classes``, or the
``target:`` in its unit.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tinyfield.compiler import compile_model
from tinyfield.compiler.graph import Graph, Tensor
from tinyfield.compiler.tflite import read
from tinyfield.errors import ModelError
from tinyfield.learn.result import Network
from tinyfield.learn.runner import run_reference
from tinyfield.learn.scaler import InputScale, quantize

if TYPE_CHECKING:
    from tinyfield.spec import Model

_MULT_BITS = 15
_SHIFT_MOST = 62


def take(model: Model, X: NDArray[np.int32]) -> Network:
    """The file as a network, checked against the app.

    Args:
        model: the app's model; ``source`` is the file.
        X: int32 inputs of the test rows [n, history · k].

    Raises:
        ModelError: other inputs, types or classes than the app's.
    """
    path = Path(model.source)
    file = path.read_bytes()
    graph = read(file)
    given = _checked(graph, model, path.name)
    zero = int(given.q.zero_points[0])
    steps = 1 / float(given.q.scales[0])
    scaler = tuple(
        _scale(10.0**feature.scale * steps, zero, path.name)
        for feature in model.inputs
        for _ in range(feature.width)
    )
    out = run_reference(file, quantize(X, scaler))
    if model.target is not None:
        result = compile_model(file).outputs[0]
        real = (out.astype(np.float64) - result.zero_point) * result.scale
        return Network(file, scaler, real / model.target.step, resolution=math.inf)
    return Network(model=file, scaler=scaler, probabilities=(out.astype(np.float64) + 128) / 256)


def _checked(graph: Graph, model: Model, name: str) -> Tensor:
    """The input tensor of a file that fits the app."""
    if len(graph.inputs) != 1 or len(graph.outputs) != 1:
        raise ModelError(
            f"{name} has {len(graph.inputs)} inputs and {len(graph.outputs)} outputs",
            hint="a model of an app has one of each",
        )
    given, said = graph.tensors[graph.inputs[0]], graph.tensors[graph.outputs[0]]
    fine = ("int8", "int16") if model.target is not None else ("int8",)
    for what, tensor, dtypes in (("input", given, ("int8",)), ("output", said, fine)):
        if tensor.dtype not in dtypes or tensor.quant is None:
            raise ModelError(
                f"{name}: its {what} is {tensor.dtype}, a node's is int8",
                hint="convert with inference_input_type = inference_output_type = tf.int8",
            )
    wanted = model.width * model.history
    if math.prod(given.shape) != wanted:
        shape = f"{model.history} samples of {model.width}" if model.history > 1 else f"{wanted}"
        raise ModelError(
            f"{name} takes {list(given.shape)}, {math.prod(given.shape)} values; the app has "
            f"{shape} inputs",
            hint="change `inputs` or `history`, or the model",
        )
    if model.target is not None:
        if math.prod(said.shape) != 1:
            raise ModelError(
                f"{name} gives {math.prod(said.shape)} values, the app has one target",
                hint="its output must be one number, in the target's unit",
            )
        return given
    classes = len(model.classes)
    if math.prod(said.shape) != classes:
        raise ModelError(
            f"{name} gives {math.prod(said.shape)} values, the app has {classes} classes",
            hint="list the model's classes, in its order, under `classes`",
        )
    if abs(float(said.q.scales[0]) * 256 - 1) > 1e-6 or int(said.q.zero_points[0]) != -128:
        raise ModelError(
            f"{name} does not end in a softmax: its output has scale {float(said.q.scales[0]):g} "
            f"and zero point {int(said.q.zero_points[0])}",
            hint="give its last layer activation='softmax' and convert it again",
        )
    return given


def _scale(steps: float, zero: int, name: str) -> InputScale:
    """The constants that make ``steps`` quantization steps of one unit of the node's integer."""
    shift = _MULT_BITS - 1 - math.floor(math.log2(steps))
    if not 0 <= shift <= _SHIFT_MOST:
        raise ModelError(
            f"{name}: its input has {steps:g} steps for the least step of a sensor",
            hint="was it trained on the app's inputs, in their own units?",
        )
    return InputScale(0, round(steps * 2.0**shift), shift, zero)
