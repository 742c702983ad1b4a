"""Small ``.tflite`` models made without TensorFlow, and the reference that runs them.

A model is put together through the schema that ships with LiteRT, so that any shape, scale and
zero point can be had in a millisecond; the oracle is LiteRT's BUILTIN_REF resolver.
"""

from __future__ import annotations

import itertools
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from numpy.typing import NDArray

Array = NDArray[Any]
TYPES = {
    "int8": schema.TensorType.INT8,
    "uint8": schema.TensorType.UINT8,
    "int16": schema.TensorType.INT16,
    "int32": schema.TensorType.INT32,
    "int64": schema.TensorType.INT64,
    "bool": schema.TensorType.BOOL,
    "float32": schema.TensorType.FLOAT32,
    "resource": schema.TensorType.RESOURCE,
}


class ModelBuilder:
    """Collects tensors and operators; ``build`` gives the file's bytes."""

    def __init__(self, parent: ModelBuilder | None = None) -> None:
        self._tensors: list[Any] = []
        self._ops: list[Any] = []
        # One list each for all graphs of a file.
        self._buffers: list[Any] = parent._buffers if parent else [schema.BufferT()]
        self._codes: list[int] = parent._codes if parent else []
        self._graphs: list[tuple[ModelBuilder, list[int], list[int]]] = []

    def subgraph(self, inner: ModelBuilder, inputs: list[int], outputs: list[int]) -> int:
        """Adds a graph made with ``ModelBuilder(self)``; returns its number."""
        self._graphs.append((inner, inputs, outputs))
        return len(self._graphs)

    def tensor(
        self,
        shape: tuple[int, ...],
        dtype: str = "int8",
        *,
        scale: float | list[float] | None = 0.05,
        zero: int | list[int] = 0,
        axis: int = 0,
        data: Array | None = None,
        name: str = "",
        variable: bool = False,
        signature: tuple[int, ...] = (),
    ) -> int:
        """Adds a tensor; returns its index. Dimensions that are open stand as −1 in signature."""
        one = schema.TensorT()
        if signature:
            one.shapeSignature = list(signature)
        one.shape = list(shape)
        one.type = TYPES[dtype]
        one.name = name or f"tensor{len(self._tensors)}"
        one.buffer = 0
        one.isVariable = variable
        if scale is not None:
            quant = schema.QuantizationParametersT()
            quant.scale = list(np.atleast_1d(np.asarray(scale, np.float32)))
            zeros = np.broadcast_to(np.atleast_1d(np.asarray(zero, np.int64)), (len(quant.scale),))
            quant.zeroPoint = [int(z) for z in zeros]
            quant.quantizedDimension = axis
            one.quantization = quant
        if data is not None:
            buffer = schema.BufferT()
            raw = np.ascontiguousarray(data, np.dtype(dtype)).tobytes()
            buffer.data = np.frombuffer(raw, np.uint8)
            self._buffers.append(buffer)
            one.buffer = len(self._buffers) - 1
        self._tensors.append(one)
        return len(self._tensors) - 1

    def op(
        self,
        kind: str,
        inputs: list[int],
        outputs: list[int],
        *,
        intermediates: list[int] | None = None,
        **options: Any,
    ) -> None:
        """Adds an operator; options by the schema's own names (``strideW=2``)."""
        code = getattr(schema.BuiltinOperator, kind)
        if code not in self._codes:
            self._codes.append(code)
        one = schema.OperatorT()
        one.opcodeIndex = self._codes.index(code)
        one.inputs, one.outputs = inputs, outputs
        one.intermediates = intermediates
        name = OPTION_TABLES.get(kind)
        if name is not None:
            table = getattr(schema, f"{name}T")()
            for key, value in options.items():
                if not hasattr(table, key):
                    raise KeyError(f"{name} has no {key}")
                setattr(table, key, value)
            one.builtinOptions = table
            one.builtinOptionsType = getattr(schema.BuiltinOptions, name)
        self._ops.append(one)

    def build(self, inputs: list[int], outputs: list[int]) -> bytes:
        """The file."""
        model = schema.ModelT()
        model.version = 3
        model.description = "made by a test"
        model.subgraphs = [
            one._graph(*ends) for one, *ends in [(self, inputs, outputs), *self._graphs]
        ]
        model.buffers = self._buffers
        model.operatorCodes = []
        for code in self._codes:
            entry = schema.OperatorCodeT()
            entry.builtinCode = code
            entry.deprecatedBuiltinCode = min(code, 127)
            entry.version = VERSIONS.get(code, 1)
            model.operatorCodes.append(entry)
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    def _graph(self, inputs: list[int], outputs: list[int]) -> Any:
        graph = schema.SubGraphT()
        graph.tensors, graph.operators = self._tensors, self._ops
        graph.inputs, graph.outputs = inputs, outputs
        graph.name = "main"
        return graph


OPTION_TABLES = {
    "ARG_MAX": "ArgMaxOptions",
    "ARG_MIN": "ArgMinOptions",
    "BATCH_MATMUL": "BatchMatMulOptions",
    "CAST": "CastOptions",
    "CUMSUM": "CumsumOptions",
    "DEPTH_TO_SPACE": "DepthToSpaceOptions",
    "GATHER": "GatherOptions",
    "GELU": "GeluOptions",
    "L2_NORMALIZATION": "L2NormOptions",
    "MIRROR_PAD": "MirrorPadOptions",
    "PACK": "PackOptions",
    "REDUCE_MAX": "ReducerOptions",
    "REDUCE_MIN": "ReducerOptions",
    "REDUCE_PROD": "ReducerOptions",
    "RESIZE_BILINEAR": "ResizeBilinearOptions",
    "RESIZE_NEAREST_NEIGHBOR": "ResizeNearestNeighborOptions",
    "SHAPE": "ShapeOptions",
    "SPACE_TO_DEPTH": "SpaceToDepthOptions",
    "SPLIT": "SplitOptions",
    "SPLIT_V": "SplitVOptions",
    "STRIDED_SLICE": "StridedSliceOptions",
    "SUM": "ReducerOptions",
    "TRANSPOSE_CONV": "TransposeConvOptions",
    "UNPACK": "UnpackOptions",
    "CALL_ONCE": "CallOnceOptions",
    "IF": "IfOptions",
    "SVDF": "SVDFOptions",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "UnidirectionalSequenceLSTMOptions",
    "VAR_HANDLE": "VarHandleOptions",
    "WHILE": "WhileOptions",
    "ADD": "AddOptions",
    "AVERAGE_POOL_2D": "Pool2DOptions",
    "CONCATENATION": "ConcatenationOptions",
    "CONV_2D": "Conv2DOptions",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
    "FULLY_CONNECTED": "FullyConnectedOptions",
    "LEAKY_RELU": "LeakyReluOptions",
    "MAX_POOL_2D": "Pool2DOptions",
    "MEAN": "ReducerOptions",
    "MUL": "MulOptions",
    "SOFTMAX": "SoftmaxOptions",
    "SUB": "SubOptions",
}
#: The operator versions that say "int8" to the interpreter.
VERSIONS = {
    schema.BuiltinOperator.TRANSPOSE_CONV: 3,
    schema.BuiltinOperator.BROADCAST_TO: 3,
    schema.BuiltinOperator.ADD: 2,
    schema.BuiltinOperator.AVERAGE_POOL_2D: 2,
    schema.BuiltinOperator.CONCATENATION: 2,
    schema.BuiltinOperator.CONV_2D: 3,
    schema.BuiltinOperator.DEPTHWISE_CONV_2D: 3,
    schema.BuiltinOperator.FULLY_CONNECTED: 4,
    schema.BuiltinOperator.LEAKY_RELU: 2,
    schema.BuiltinOperator.LOGISTIC: 2,
    schema.BuiltinOperator.MAX_POOL_2D: 2,
    schema.BuiltinOperator.MEAN: 2,
    schema.BuiltinOperator.PAD: 2,
    schema.BuiltinOperator.QUANTIZE: 2,
    schema.BuiltinOperator.RELU: 2,
    schema.BuiltinOperator.RELU6: 2,
    schema.BuiltinOperator.SOFTMAX: 2,
    schema.BuiltinOperator.SVDF: 4,
    schema.BuiltinOperator.DEQUANTIZE: 2,
    schema.BuiltinOperator.TANH: 2,
}


def reference(model: bytes, inputs: list[Array]) -> list[Array]:
    """Successive calls of LiteRT's reference kernels; arrays [n, …] in, [n, …] out."""
    interpreter = Interpreter(
        model_content=model, experimental_op_resolver_type=OpResolverType.BUILTIN_REF
    )
    interpreter.allocate_tensors()
    places = [entry["index"] for entry in interpreter.get_input_details()]
    wanted = [entry["index"] for entry in interpreter.get_output_details()]
    results: list[list[Array]] = [[] for _ in wanted]
    for call in zip(*inputs, strict=True):
        for place, array in zip(places, call, strict=True):
            interpreter.set_tensor(place, array)
        interpreter.invoke()
        for result, place in zip(results, wanted, strict=True):
            result.append(interpreter.get_tensor(place))
    return [np.array(result) for result in results]


def inputs_for(shape: tuple[int, ...], calls: int, seed: int, dtype: str = "int8") -> Array:
    """Random inputs [calls, …] whose first calls are the extremes: all lowest, all highest,
    the two alternating."""
    limits = np.iinfo(dtype)
    random = np.random.default_rng(seed)
    data = random.integers(limits.min, limits.max + 1, (calls, *shape)).astype(dtype)
    data[0], data[1] = limits.min, limits.max
    flat = data[2].reshape(-1)
    flat[0::2], flat[1::2] = limits.min, limits.max
    return data


def perceptron(
    random: np.random.Generator,
    widths: list[int],
    *,
    activation: str = "RELU",
    last: str | None = "SOFTMAX",
    power_of_two: bool = False,
    per_channel: bool = False,
    bias: bool = True,
) -> bytes:
    """A fully-connected network; scales are such that outputs use their range and saturate."""
    build = ModelBuilder()

    def scale() -> float:
        exponent = random.uniform(-9, -4)
        return float(2.0 ** round(exponent)) if power_of_two else float(2.0**exponent)

    zero = int(random.integers(-128, 128))
    source = scale()
    current = first = build.tensor((1, widths[0]), scale=source, zero=zero, name="input")
    for layer, (before, after) in enumerate(itertools.pairwise(widths)):
        many = after if per_channel and after > 1 else 1
        weight = [scale() for _ in range(many)]
        matrix = random.integers(-127, 128, (after, before))
        spread = source * max(weight) * 73 * 73 * np.sqrt(before)
        target = float(spread / random.uniform(40, 160))
        if power_of_two:
            target = float(2.0 ** np.round(np.log2(target)))
        operands = [current, build.tensor((after, before), scale=weight, data=matrix)]
        if bias:
            reach = int(73 * 73 * np.sqrt(before))
            values = random.integers(-reach, reach + 1, after)
            kept = [source * w for w in weight]
            operands.append(build.tensor((after,), "int32", scale=kept, data=values))
        else:
            operands.append(-1)
        zero = int(random.integers(-128, 128))
        current = build.tensor((1, after), scale=target, zero=zero, name=f"layer{layer}")
        code = getattr(schema.ActivationFunctionType, activation)
        build.op("FULLY_CONNECTED", operands, [current], fusedActivationFunction=code)
        source = target
    if last == "SOFTMAX":
        out = build.tensor((1, widths[-1]), scale=1 / 256, zero=-128, name="share")
        build.op("SOFTMAX", [current], [out], beta=1.0)
        current = out
    elif last == "LOGISTIC":
        out = build.tensor((1, widths[-1]), scale=1 / 256, zero=-128, name="share")
        build.op("LOGISTIC", [current], [out])
        current = out
    return build.build([first], [current])
