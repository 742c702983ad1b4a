"""Structured pruning: neurons and channels that matter least are taken out of a Keras model.

The network shrinks for real: a channel goes with its filter, its batch norm, its depthwise filter
behind, and its rows in every layer that reads it. What matters is found by a first-order Taylor
expansion (Molchanov et al., ICLR 2017): how much the loss would change if a unit said zero, which
is |mean of activation · gradient over its positions|, averaged over the training rows and made
comparable between layers by each layer's norm.

Which units a layer sees is followed through the graph as one number a channel ("unit"), so that
flattening, concatenation, residual sums and depthwise filters need no rules of their own.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import keras

Units = NDArray[np.int64]

#: Layers that hand each channel on as it is.
_PASSING = (
    "Activation", "ReLU", "LeakyReLU", "ELU", "Softmax", "Dropout", "SpatialDropout1D",
    "SpatialDropout2D", "GaussianNoise", "MaxPooling1D", "MaxPooling2D", "AveragePooling1D",
    "AveragePooling2D", "GlobalAveragePooling1D", "GlobalAveragePooling2D",
    "GlobalMaxPooling1D", "GlobalMaxPooling2D", "ZeroPadding1D", "ZeroPadding2D",
    "Cropping1D", "Cropping2D", "UpSampling1D", "UpSampling2D", "BatchNormalization",
)  # fmt: skip
_ACTIVATING = ("BatchNormalization", "Activation", "ReLU", "LeakyReLU", "ELU")
_MAKING = ("Dense", "Conv1D", "Conv2D")
_DEPTHWISE = ("DepthwiseConv1D", "DepthwiseConv2D")
_SUMS = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")
KEPT_LEAST = 2
"""Units of a layer that always stay."""
GRAIN = 4
"""Layers of so many units, or a multiple, lose units by so many."""
_ROWS_MOST = 4096


@dataclass
class Flow:
    """What the graph of a model says about its units.

    Attributes:
        given: layer name → unit of each input channel.
        made: layer name → unit of each output channel.
        tap: layer name → where its units have their final values, behind norm and activation.
        fixed: units that must stay: inputs, outputs, and what an unknown layer reads.
    """

    given: dict[str, Units] = field(default_factory=dict)
    made: dict[str, Units] = field(default_factory=dict)
    tap: dict[str, Any] = field(default_factory=dict)
    fixed: set[int] = field(default_factory=set)


def flow(model: keras.Model) -> Flow:
    """Follows every channel through the model's graph."""
    found = Flow()
    parent: dict[int, int] = {}
    numbers = itertools.count()

    def fresh(n: int, *, fixed: bool) -> Units:
        units = np.array([next(numbers) for _ in range(n)], np.int64)
        for unit in units.tolist():
            parent[unit] = unit
            if fixed:
                found.fixed.add(unit)
        return units

    def top(unit: int) -> int:
        while parent[unit] != unit:
            unit = parent[unit]
        return unit

    seen: dict[int, Units] = {}
    for layer, sources, target in _steps(model):
        kind = type(layer).__name__
        ins = [seen[id(t)] for t in sources]
        if kind == "InputLayer":
            seen[id(target)] = out = fresh(int(target.shape[-1]), fixed=True)
            found.given[layer.name] = found.made[layer.name] = out
            continue
        n = int(target.shape[-1])
        if kind in _PASSING and len(ins) == 1 and len(ins[0]) == n and _channels_last(layer):
            out = ins[0]
        elif kind in _MAKING and getattr(layer, "groups", 1) == 1 and _channels_last(layer):
            out = fresh(n, fixed=False)
        elif kind in _DEPTHWISE and _channels_last(layer):
            out = np.repeat(ins[0], layer.depth_multiplier)
        elif kind == "Flatten" and _channels_last(layer):
            out = np.tile(ins[0], n // len(ins[0]))
        elif kind == "Reshape" and len(ins[0]) == n:
            out = ins[0]
        elif kind == "Concatenate" and sum(map(len, ins)) == n:
            out = np.concatenate(ins)
        elif kind in _SUMS and all(len(units) == n for units in ins):
            for other in ins[1:]:
                for a, b in zip(ins[0].tolist(), other.tolist(), strict=True):
                    parent[top(b)] = top(a)
            out = ins[0]
        else:
            for units in ins:
                found.fixed.update(units.tolist())
            out = fresh(n, fixed=True)
        if kind in _MAKING:
            found.tap[layer.name] = target
        elif kind in _ACTIVATING and out is ins[0]:
            for name, tensor in found.tap.items():
                if tensor is sources[0]:
                    found.tap[name] = target
        if layer.weights and layer.name in found.made:
            # Called twice: one set of weights, two sets of units.
            for units in (*ins, out, found.given[layer.name], found.made[layer.name]):
                found.fixed.update(units.tolist())
        found.given[layer.name], found.made[layer.name] = ins[0], out
        seen[id(target)] = out
    for tensor in model.outputs:
        found.fixed.update(seen[id(tensor)].tolist())
    found.fixed = {top(unit) for unit in found.fixed}
    as_top = np.vectorize(top, otypes=[np.int64])
    found.given = {name: as_top(units) for name, units in found.given.items()}
    found.made = {name: as_top(units) for name, units in found.made.items()}
    return found


def _channels_last(layer: Any) -> bool:
    if type(layer).__name__ == "BatchNormalization":
        axis = layer.axis if isinstance(layer.axis, int) else layer.axis[0]
        return axis in (-1, len(layer.input.shape) - 1)
    return getattr(layer, "data_format", "channels_last") in (None, "channels_last")


def _steps(model: keras.Model) -> list[tuple[Any, list[Any], Any]]:
    """(layer, inputs, output) of each call in the model, in an order in which they can run."""
    import keras

    operations = model._functional if isinstance(model, keras.Sequential) else model
    steps = []
    for depth in sorted(operations._nodes_by_depth, reverse=True):
        for node in operations._nodes_by_depth[depth]:
            steps.append((node.operation, list(node.input_tensors), node.output_tensors[0]))
    return steps


def saliency(
    model: keras.Model,
    found: Flow,
    x: NDArray[np.float32],
    y: NDArray[Any],
    loss_of: Callable[[Any, Any], Any],
) -> dict[int, float]:
    """unit → how much the loss, a mean over rows, depends on it; of units that may go only."""
    import keras
    import tensorflow as tf

    names = [name for name in found.tap if not found.fixed >= set(found.made[name].tolist())]
    if not names:
        return {}
    taps = keras.Model(model.inputs, [*(found.tap[n] for n in names), *model.outputs])
    sums: list[Any] = [0.0] * len(names)
    step = -(-len(y) // _ROWS_MOST)
    x, y = x[::step], y[::step]
    for start in range(0, len(y), 256):
        rows = slice(start, start + 256)
        with tf.GradientTape() as tape:
            *values, said = taps(tf.constant(x[rows]), training=False)
            loss = loss_of(y[rows], said) * len(said)
        for k, (a, g) in enumerate(zip(values, tape.gradient(loss, values), strict=True)):
            axes = list(range(1, len(a.shape) - 1))
            effect = tf.reduce_mean(a * g, axis=axes) if axes else a * g
            sums[k] = sums[k] + tf.reduce_sum(tf.abs(effect), axis=0).numpy()
    out: dict[int, float] = {}
    for name, total in zip(names, sums, strict=True):
        norm = float(np.linalg.norm(total)) or 1.0
        for unit, value in zip(found.made[name].tolist(), total / norm, strict=True):
            if unit not in found.fixed:
                out[unit] = out.get(unit, 0.0) + float(value)
    return out


def shrink(model: keras.Model, share: float, ranks: dict[int, float], found: Flow) -> set[int]:
    """The least salient units whose going leaves at most 1 − ``share`` of the parameters.

    They go by fours where a layer's are fours. Fewer go where every layer is down to
    ``KEPT_LEAST`` of the units that may.
    """
    left = {name: set(found.made[name].tolist()) - found.fixed for name in found.tap}
    of_unit: dict[int, list[str]] = {}
    for name, units in left.items():
        for unit in units:
            of_unit.setdefault(unit, []).append(name)
    most = (1 - share) * model.count_params()
    gone: set[int] = set()
    going: set[int] = set()
    for unit in sorted(ranks, key=lambda u: (ranks[u], u)):
        if parameters(model, found, going) <= most:
            break
        if all(len(left[name] - gone) > KEPT_LEAST for name in of_unit[unit]):
            gone.add(unit)
            going = _by_fours(gone, left, ranks, found)
    return going


def _by_fours(
    gone: set[int], left: dict[str, set[int]], ranks: dict[int, float], found: Flow
) -> set[int]:
    """Those of ``gone`` that leave layers of whole fours so: kernels take four channels at once,
    and a layer of 57 is slower than one of 60."""
    going = set(gone)
    for name, units in left.items():
        if len(found.made[name]) % GRAIN == 0:
            here = sorted(units & going, key=lambda u: (ranks[u], u))
            going -= set(here[len(here) - len(here) % GRAIN :])
    return going


def parameters(model: keras.Model, found: Flow, gone: set[int]) -> int:
    """How many parameters are left without those units."""
    total = 0
    for layer in model.layers:
        for weight, kept in zip(layer.weights, _kept(layer, found, gone), strict=True):
            shape = list(weight.shape)
            for axis, index in kept.items():
                shape[axis] = len(index)
            total += int(np.prod(shape))
    return total


def without(model: keras.Model, found: Flow, gone: set[int]) -> keras.Model:
    """The same model without those units: fewer weights, the same values."""
    import keras

    def smaller(layer: Any) -> Any:
        config = layer.get_config()
        kind = type(layer).__name__
        stay = len(_stay(found.made[layer.name], gone))
        if kind in _MAKING:
            config["units" if kind == "Dense" else "filters"] = stay
        elif kind == "Reshape":
            config["target_shape"] = (*layer.output.shape[1:-1], stay)
        return type(layer).from_config(config)

    made = keras.models.clone_model(model, clone_function=smaller)
    for old, new in zip(model.layers, made.layers, strict=True):
        weights = []
        for weight, kept in zip(old.get_weights(), _kept(old, found, gone), strict=True):
            left = weight
            for axis, index in kept.items():
                left = np.take(left, index, axis)
            weights.append(left)
        new.set_weights(weights)
    return made


def _stay(units: Units, gone: set[int]) -> NDArray[np.int64]:
    return np.flatnonzero(~np.isin(units, list(gone)))


def _kept(layer: Any, found: Flow, gone: set[int]) -> list[dict[int, NDArray[np.int64]]]:
    """For each weight of a layer: axis → what stays along it, where not all does."""
    if not layer.weights:
        return []
    kind = type(layer).__name__
    given, made = (_stay(units[layer.name], gone) for units in (found.given, found.made))
    if kind in _MAKING:
        return [{len(w.shape) - 2: given, len(w.shape) - 1: made} if len(w.shape) > 1 else {0: made}
                for w in layer.weights]  # fmt: skip
    if kind in _DEPTHWISE:
        return [{len(w.shape) - 2: given} if len(w.shape) > 1 else {0: made} for w in layer.weights]
    if kind == "BatchNormalization":
        return [{0: made} for _ in layer.weights]
    return [{} for _ in layer.weights]
