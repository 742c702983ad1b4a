"""An int8 ``.tflite`` model as a float network that can be trained, and back, integer by integer.

Quantization-aware training usually wraps the layers of a Keras model and hopes that a converter
will arrive at the same numbers. Here it starts from the converted file: batch norms are folded,
activations fused and ranges known there, and the integers that training ends with are written
into that very file (``patch``). Values are rounded as the integers will be (straight-through
estimator, Bengio et al. 2013; Jacob et al., CVPR 2018), so the twin says what the file will say
but for ties of rounding.

It is long because each operator stands here twice, as read and as trained, and the two must agree.

Weights are either fake-quantized, or shared: at most N int8 levels a layer (``share``), whose
gradient is the sum over the weights that have it (Han et al., ICLR 2016).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tinyfield.compiler.graph import Graph, Op, Tensor
from tinyfield.compiler.tflite import read
from tinyfield.learn.patch import Patch, patched
from tinyfield.learn.share import TOP, best_levels, sparse

if TYPE_CHECKING:
    import tensorflow as tf

Value = Any  # a tf.Tensor
Floats = NDArray[np.float32]

WEIGHTED = ("FULLY_CONNECTED", "CONV_2D", "DEPTHWISE_CONV_2D")
#: Output and inputs have one scale and zero point.
_SAME_SCALE = ("RESHAPE", "EXPAND_DIMS", "SQUEEZE", "MAX_POOL_2D", "AVERAGE_POOL_2D",
               "CONCATENATION", "PAD", "TRANSPOSE", "STRIDED_SLICE", "SPLIT", "UNPACK")  # fmt: skip
_PARTING = ("SPLIT", "UNPACK")
_FIXED = ("SOFTMAX", "LOGISTIC", "TANH")
_OTHERS = ("MEAN", "ADD", "SUB", "MUL")
KNOWN = (*WEIGHTED, *_SAME_SCALE, *_FIXED, *_OTHERS)

SHARED_LEAST = 512
"""Layers of fewer weights are not shared: a level table and a decoder's call cost as much."""
_SCALE_LEAST = 1e-6
MOMENTUM = 0.98
"""Of the moving averages of the activations' ranges, a step."""


def unsupported(tflite: bytes) -> list[str]:
    """Kinds of operators in the file that the twin does not have; empty if it can be trained."""
    graph = read(tflite)
    kinds = {op.kind for op in graph.ops if op.kind not in KNOWN}
    types = {t.dtype for t in graph.tensors.values() if t.dtype == "int16"}
    return sorted(kinds | types)


@dataclass
class Bias:
    """What is added behind the weights, in one operator or more of one input scale."""

    op: Op
    tensor: Tensor
    offset: Any  # tf.Variable, float


@dataclass
class Layer:
    """One layer's trainable part. Names as in the module's docstring; scales are of the file. The
    steps of an unrolled recurrent network share their weights, and have biases of their own."""

    op: Op
    weights: Tensor
    axis: int
    latent: Any  # tf.Variable, float weights as if never rounded
    biases: list[Bias] = field(default_factory=list)
    levels: Any = None  # tf.Variable [N], levels / 127
    zero: int = 0  # the place of the level that is zero
    stretch: Any = None  # tf.Variable [channels], log of scale against `scales`
    scales: Any = None  # tf.constant, of the weights when sharing began
    mask: Any = None  # tf.Variable of the weights' shape, 0 or 1

    @property
    def shape_of_scales(self) -> list[int]:
        shape = [1] * len(self.weights.shape)
        shape[self.axis] = -1 if self.weights.q.per_channel else 1
        return shape


class Twin:
    """The trainable model; ``file()`` is the int8 model that it stands for."""

    def __init__(self, tflite: bytes) -> None:
        import tensorflow as tf

        self._tf = tf
        self._tflite = tflite
        self._graph: Graph = read(tflite)
        self.layers: dict[int, Layer] = {}  # weights → their layer
        self._biases: dict[int, Bias] = {}
        for op in self._graph.ops:
            if op.kind in WEIGHTED:
                self._add_layer(op)
        self._group = _groups(self._graph)
        self._low: dict[int, Any] = {}
        self._high: dict[int, Any] = {}
        self._fixed = self._fixed_groups()
        self.tracking = True
        for index, tensor in self._graph.tensors.items():
            group = self._group.get(index)
            if tensor.dtype != "int8" or tensor.data is not None or group in self._low:
                continue
            if group is None or tensor.quant is None:
                continue
            scale, zero = tensor.quant.scale, tensor.quant.zero_point
            self._low[group] = tf.Variable((-128 - zero) * scale, dtype=tf.float32)
            self._high[group] = tf.Variable((127 - zero) * scale, dtype=tf.float32)

    # -- what is trained ---------------------------------------------------------------------

    @property
    def variables(self) -> list[tf.Variable]:
        """What a gradient step changes."""
        found: list[tf.Variable] = []
        for layer in self.layers.values():
            found += [layer.latent, layer.levels, layer.stretch]
        found += [bias.offset for bias in self._biases.values()]
        return [v for v in found if v is not None]

    def share(self, levels: int, least: int = SHARED_LEAST) -> int:
        """From here on every large layer but the depthwise ones, which have few weights and lose
        most by it, has that many different weights. Returns how many layers that is."""
        tf = self._tf
        for layer in self._large(least):
            w = layer.latent.numpy()
            scales = self._scales(layer)
            ratio = (w / scales).astype(np.float64)
            found = best_levels(ratio, np.broadcast_to(scales**2, w.shape), levels)
            layer.scales = tf.constant(scales)
            layer.levels = tf.Variable((found / TOP).astype(np.float32))
            layer.zero = int(np.flatnonzero(found == 0)[0])
            layer.stretch = tf.Variable(np.zeros_like(scales))
        return len(self._large(least))

    def prune(self, share: float, least: int = SHARED_LEAST) -> None:
        """That share of every large layer's weights, the smallest, becomes zero and stays so."""
        for layer in self._large(least):
            w = layer.latent.numpy()
            size = np.abs(w) if layer.mask is None else np.abs(w * layer.mask.numpy())
            stay = sparse(size, share).astype(np.float32)
            if layer.mask is None:
                layer.mask = self._tf.Variable(stay, trainable=False)
            else:
                layer.mask.assign(stay)

    def _large(self, least: int) -> list[Layer]:
        return [
            layer
            for layer in self.layers.values()
            if layer.op.kind != "DEPTHWISE_CONV_2D" and layer.weights.elements >= least
        ]

    # -- forward -----------------------------------------------------------------------------

    def logits(self, x: Value, *, training: bool = False) -> Value:
        """[n, …] float inputs to what goes into the last softmax, or to the output without one."""
        values = {self._graph.inputs[0]: self._rounded(x, self._graph.inputs[0])}
        for op in self._graph.ops:
            last = op.outputs[0] in self._graph.outputs
            if last and op.kind == "SOFTMAX":
                return values[op.inputs[0]]
            if op.kind in _PARTING:
                for index, part in zip(op.outputs, self._parted(op, values), strict=True):
                    values[index] = part
                continue
            out = self._run(op, values)
            if training and self.tracking:
                self._track(op, out)
            values[op.outputs[0]] = self._rounded(out, op.outputs[0])
        return values[self._graph.outputs[0]]

    def _parted(self, op: Op, values: dict[int, Value]) -> list[Value]:
        """The outputs of an operator that has several: parts of what is rounded already."""
        tf = self._tf
        if op.kind == "UNPACK":
            return list(tf.unstack(values[op.inputs[0]], axis=int(op.attributes["axis"])))
        axis = int(np.ravel(_data(self._graph, op.inputs[0]))[0])
        return list(tf.split(values[op.inputs[1]], len(op.outputs), axis=axis))

    def _run(self, op: Op, values: dict[int, Value]) -> Value:
        tf, graph = self._tf, self._graph
        x = values.get(op.inputs[0])
        options = op.attributes
        if op.kind in WEIGHTED:
            y = self._multiply(op, self.layers[op.inputs[1]], x)
            bias = self._biases.get(_bias_of(op))
            y = y if bias is None else y + bias.offset
        elif op.kind == "SOFTMAX":
            y = tf.nn.softmax(x)
        elif op.kind == "LOGISTIC":
            y = tf.sigmoid(x)
        elif op.kind == "TANH":
            y = tf.tanh(x)
        elif op.kind in ("RESHAPE", "EXPAND_DIMS", "SQUEEZE"):
            before, after = graph.tensors[op.inputs[0]].shape, graph.output(op).shape
            if len(before) == 3 and after == (before[1], 1, before[2]) and after[0] != 1:
                # Of one sample the same bytes; of several, time comes before them.
                y = tf.transpose(x, (1, 0, 2))
            else:
                y = tf.reshape(x, [-1, *after[1:]])
        elif op.kind in ("MAX_POOL_2D", "AVERAGE_POOL_2D"):
            pool = tf.nn.max_pool2d if op.kind == "MAX_POOL_2D" else tf.nn.avg_pool2d
            y = pool(
                x,
                (options["filter_h"], options["filter_w"]),
                (options["stride_h"], options["stride_w"]),
                options["padding"],
            )
        elif op.kind == "MEAN":
            axes = [int(a) for a in np.ravel(_data(graph, op.inputs[1]))]
            y = tf.reduce_mean(x, axis=axes, keepdims=bool(options["keep_dims"]))
        elif op.kind == "PAD":
            y = tf.pad(x, _data(graph, op.inputs[1]))
        elif op.kind == "STRIDED_SLICE":
            y = self._slice(op, x)
        elif op.kind == "TRANSPOSE":
            y = tf.transpose(x, _data(graph, op.inputs[1]))
        else:
            both = [self._operand(i, values) for i in op.inputs]
            if op.kind == "CONCATENATION":
                y = tf.concat(both, axis=int(options["axis"]))
            else:
                sums = {"ADD": both[0] + both[1], "SUB": both[0] - both[1]}
                y = sums.get(op.kind, both[0] * both[1])
        return _activated(tf, y, str(options.get("activation", "NONE")))

    def _slice(self, op: Op, x: Value) -> Value:
        begin, end, steps = (np.array(_data(self._graph, i)) for i in op.inputs[1:4])
        steps[0] = 1  # all rows of the batch, of which the file has one
        masks = {key: int(op.attributes[key]) for key in op.attributes if key.endswith("_mask")}
        masks |= {key: masks.get(key, 0) | 1 for key in ("begin_mask", "end_mask")}
        return self._tf.strided_slice(x, begin, end, steps, **masks)

    def _operand(self, index: int, values: dict[int, Value]) -> Value:
        if index in values:
            return values[index]
        tensor = self._graph.tensors[index]
        real = (_data(self._graph, index).astype(np.float32) - tensor.q.zero_point) * tensor.q.scale
        return self._tf.constant(real.astype(np.float32))

    def _multiply(self, op: Op, layer: Layer, x: Value) -> Value:
        tf, options = self._tf, op.attributes
        w = self._weights(layer)
        if op.kind == "FULLY_CONNECTED":
            if not options.get("keep_num_dims"):
                x = tf.reshape(x, [-1, layer.weights.shape[1]])
            return tf.linalg.matvec(w, x) if len(x.shape) == 1 else tf.matmul(
                x, w, transpose_b=True
            )  # fmt: skip
        strides = (options["stride_h"], options["stride_w"])
        dilations = (options["dilation_h"], options["dilation_w"])
        if op.kind == "CONV_2D":
            kernel = tf.transpose(w, [1, 2, 3, 0])
            return tf.nn.conv2d(x, kernel, strides, options["padding"], dilations=dilations)
        _, high, wide, out = layer.weights.shape
        channels = x.shape[-1]
        kernel = tf.reshape(w[0], [high, wide, channels, out // channels])
        return tf.nn.depthwise_conv2d(
            x, kernel, (1, *strides, 1), options["padding"], dilations=dilations
        )

    # -- rounding ----------------------------------------------------------------------------

    def _weights(self, layer: Layer) -> Value:
        """The weights as the integers will have them; gradients pass to all that made them."""
        tf = self._tf
        latent = layer.latent if layer.mask is None else layer.latent * layer.mask
        if layer.levels is None:
            scales = tf.stop_gradient(self._scales_now(latent, layer))
            q = tf.clip_by_value(tf.round(latent / scales), -TOP, TOP)
            return latent + tf.stop_gradient(q * scales - latent)
        levels, which = self._sharing(layer, latent)
        shared = layer.scales * tf.exp(layer.stretch) * tf.gather(levels, which)
        return shared + (latent - tf.stop_gradient(latent))

    def _sharing(self, layer: Layer, latent: Value) -> tuple[Value, Value]:
        """Rounded levels (straight through) and the place of each weight's."""
        tf = self._tf
        integer = tf.clip_by_value(tf.round(layer.levels * TOP), -TOP, TOP)
        pinned = integer * tf.constant(
            (np.arange(layer.levels.shape[0]) != layer.zero).astype(np.float32)
        )
        levels = layer.levels * TOP + tf.stop_gradient(pinned - layer.levels * TOP)
        ordered = tf.stop_gradient(pinned)
        order = tf.argsort(ordered)
        ascending = tf.gather(ordered, order)
        middles = (ascending[1:] + ascending[:-1]) / 2
        ratio = tf.stop_gradient(latent / (layer.scales * tf.exp(layer.stretch)))
        place = tf.searchsorted(middles, tf.reshape(ratio, [-1]), side="left")
        which = tf.reshape(tf.gather(order, place), tf.shape(latent))
        if layer.mask is not None:
            which = tf.where(layer.mask > 0, which, layer.zero)
        return levels, which

    def _scales_now(self, latent: Value, layer: Layer) -> Value:
        tf = self._tf
        axes = [a for a in range(len(layer.weights.shape)) if a != layer.axis]
        whole = None if not layer.weights.q.per_channel else axes
        top = tf.reduce_max(tf.abs(latent), axis=whole, keepdims=True)
        floor = _SCALE_LEAST
        for one in layer.biases:
            # A bias must fit 30 bits in units of input scale times weight scale.
            bias = tf.abs(one.offset) if whole else tf.reduce_max(tf.abs(one.offset))
            most = self._step(one.op.inputs[0]) * 2**30
            floor = tf.maximum(tf.reshape(bias, layer.shape_of_scales) / most, floor)
        return tf.maximum(top / TOP, floor)

    def _scales(self, layer: Layer) -> Floats:
        latent = layer.latent if layer.mask is None else layer.latent * layer.mask
        found: Floats = self._scales_now(latent, layer).numpy()
        return found

    def _step(self, index: int) -> Value:
        return self._range(self._group[index])[1]

    def _range(self, group: int) -> tuple[Value, Value, Value]:
        """Lowest value, scale and zero point of a group of tensors, zero being representable."""
        tf = self._tf
        low, high = tf.minimum(self._low[group], 0.0), tf.maximum(self._high[group], 0.0)
        scale = tf.maximum(high - low, 1e-6) / 255.0
        zero = tf.clip_by_value(tf.round(-128.0 - low / scale), -128.0, 127.0)
        return (-128.0 - zero) * scale, scale, zero

    def _rounded(self, x: Value, index: int) -> Value:
        tf = self._tf
        group = self._group.get(index)
        if group is None or group not in self._low:
            return x
        low, scale, _ = self._range(group)
        inside = tf.clip_by_value(x, low, low + 255.0 * scale)
        q = tf.round((inside - low) / scale) * scale + low
        return inside + tf.stop_gradient(q - inside)

    def _track(self, op: Op, out: Value) -> None:
        """Ranges follow what is seen, slowly; those that the file fixes do not."""
        tf = self._tf
        group = self._group.get(op.outputs[0])
        if group in self._fixed or group not in self._low or op.kind in _SAME_SCALE:
            return
        for bound, seen in (
            (self._low[group], tf.minimum(tf.reduce_min(out), 0.0)),
            (self._high[group], tf.maximum(tf.reduce_max(out), 0.0)),
        ):
            bound.assign(bound * MOMENTUM + tf.stop_gradient(seen) * (1 - MOMENTUM))

    def _fixed_groups(self) -> set[int]:
        fixed = {self._group[i] for i in self._graph.inputs if i in self._group}
        for op in self._graph.ops:
            if op.kind in _FIXED:
                fixed.add(self._group[op.outputs[0]])
        for tensor in self._graph.tensors.values():
            if tensor.data is not None and tensor.index in self._group:
                fixed.add(self._group[tensor.index])
        return fixed

    def last_dense(self) -> tuple[int, int, int | None] | None:
        """Tensors of the last layer if it is dense and a softmax follows: output, weights, bias."""
        end = self._graph.ops[-1]
        if end.kind != "SOFTMAX" or len(self._graph.ops) < 2:
            return None
        op = self._graph.ops[-2]
        if op.kind != "FULLY_CONNECTED" or op.outputs[0] != end.inputs[0]:
            return None
        bias = op.inputs[2] if len(op.inputs) > 2 and op.inputs[2] >= 0 else None
        return op.outputs[0], op.inputs[1], bias

    # -- back --------------------------------------------------------------------------------

    def state(self) -> list[Floats]:
        """A copy of everything that training changes, for ``restore``."""
        ranges = [*self._low.values(), *self._high.values()]
        masks = [layer.mask for layer in self.layers.values() if layer.mask is not None]
        return [v.numpy() for v in (*self.variables, *ranges, *masks)]

    def restore(self, state: list[Floats]) -> None:
        """Back to a ``state`` of the same twin, with as many levels and masks."""
        ranges = [*self._low.values(), *self._high.values()]
        masks = [layer.mask for layer in self.layers.values() if layer.mask is not None]
        for variable, value in zip((*self.variables, *ranges, *masks), state, strict=True):
            variable.assign(value)

    def file(self) -> bytes:
        """The int8 model with the integers that the twin rounds to."""
        patches: dict[int, Patch] = {}
        exact = {g: tuple(float(v) for v in self._range(g)) for g in self._low}
        for index, tensor in self._graph.tensors.items():
            group = self._group.get(index)
            moving = tensor.dtype == "int8" and tensor.data is None and tensor.quant is not None
            if moving and group in exact and group not in self._fixed:
                patches[index] = Patch(
                    scales=np.array([exact[group][1]], np.float32),
                    zero_points=np.array([round(exact[group][2])], np.int64),
                )
        for layer in self.layers.values():
            self._patch_layer(layer, patches)
        return patched(self._tflite, patches)

    def _patch_layer(self, layer: Layer, patches: dict[int, Patch]) -> None:
        latent = layer.latent if layer.mask is None else layer.latent * layer.mask
        if layer.levels is None:
            scales = self._scales(layer)
            q = np.clip(np.rint((latent / scales).numpy()), -TOP, TOP)
        else:
            scales = (layer.scales * self._tf.exp(layer.stretch)).numpy()
            levels, which = self._sharing(layer, latent)
            q = np.rint(self._tf.gather(levels, which).numpy())
        flat = scales.ravel().astype(np.float32)
        zeros = np.zeros(flat.size, np.int64)
        patches[layer.weights.index] = Patch(q.astype(np.int8), flat, zeros)
        for one in layer.biases:
            step = np.float32(self._step(one.op.inputs[0]).numpy())
            if self._group[one.op.inputs[0]] in self._fixed:
                step = np.float32(self._graph.tensors[one.op.inputs[0]].q.scale)
            units = (step * flat).astype(np.float32)
            bias = np.rint(one.offset.numpy().astype(np.float64) / units.astype(np.float64))
            integers = np.clip(bias, -(2**31) + 1, 2**31 - 1).astype(np.int32)
            shaped = integers.reshape(one.tensor.shape)
            patches[one.tensor.index] = Patch(shaped, units, zeros)

    def _add_layer(self, op: Op) -> None:
        if op.inputs[1] not in self.layers:
            self.layers[op.inputs[1]] = self._layer(op)
        index = _bias_of(op)
        if index >= 0 and index not in self._biases:
            tensor = self._graph.tensors[index]
            units = np.array(tensor.q.scales, np.float64)
            offset = self._tf.Variable((_data(self._graph, index) * units).astype(np.float32))
            self._biases[index] = Bias(op, tensor, offset)
            self.layers[op.inputs[1]].biases.append(self._biases[index])

    def _layer(self, op: Op) -> Layer:
        tf = self._tf
        weights = self._graph.tensors[op.inputs[1]]
        axis = 3 if op.kind == "DEPTHWISE_CONV_2D" else 0
        shape = [1] * len(weights.shape)
        shape[axis] = -1 if weights.q.per_channel else 1
        scales = np.array(weights.q.scales, np.float32).reshape(shape)
        latent = tf.Variable(_data(self._graph, weights.index).astype(np.float32) * scales)
        return Layer(op, weights, axis, latent)


def _bias_of(op: Op) -> int:
    """The bias's tensor; -1 for none."""
    return op.inputs[2] if len(op.inputs) > 2 else -1


def _data(graph: Graph, index: int) -> NDArray[Any]:
    data = graph.tensors[index].data
    assert data is not None
    return data


def _activated(tf: Any, y: Value, name: str) -> Value:
    known: dict[str, Callable[[Value], Value]] = {
        "NONE": lambda v: v,
        "RELU": tf.nn.relu,
        "RELU6": tf.nn.relu6,
        "RELU_N1_TO_1": lambda v: tf.clip_by_value(v, -1.0, 1.0),
        "TANH": tf.tanh,
    }
    return known[name](y)


def _groups(graph: Graph) -> dict[int, int]:
    """int8 tensor → the least of the tensors that must have its scale and zero point."""
    parent = {i: i for i, t in graph.tensors.items() if t.dtype == "int8" and t.quant is not None}

    def top(i: int) -> int:
        while parent[i] != i:
            i = parent[i]
        return i

    for op in graph.ops:
        if op.kind in _SAME_SCALE:
            given = op.inputs if op.kind == "CONCATENATION" else op.inputs[:1]
            given = op.inputs[1:] if op.kind == "SPLIT" else given
            for index in given:
                for out in op.outputs:
                    a, b = top(index), top(out)
                    parent[max(a, b)] = min(a, b)
    weights = {op.inputs[1] for op in graph.ops if op.kind in WEIGHTED}
    return {i: top(i) for i in parent if i not in weights}
