"""Bonsai (Kumar, Goyal and Varma, ICML 2017), trained in NumPy: one shallow tree on a sparse
projection, every node of which predicts.

With ẑ = Z x the margins are y = Σ over the nodes of a path of (W_k ẑ) ∘ tanh(V_k ẑ); from node k
the path goes to child 2k + 1 if θ_k·ẑ > 0, else to 2k + 2. All is learned at once by gradients:
the branching is relaxed to ½ (1 ± tanh(σ_I θ·ẑ)) and σ_I grows until it is a branch. Training
has the paper's three parts: dense; then Z's small weights are zeroed after every step (iterative
hard thresholding); then what is left is trained with its places fixed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tinyfield.compiler.bonsai import TANH_STEPS, Bonsai
from tinyfield.learn.balance import class_weights
from tinyfield.learn.metrics import macro_f1

Floats = NDArray[np.float64]
Progress = Callable[[str, int, int, str], None]

EPOCHS = 90
ROWS_MOST = 60_000
"""Training rows an epoch; of more, an even stride is kept."""

_BATCHES = (32, 512)
_RATE = 2e-2
_DECAY = 1e-4
_BRANCHING = (1.0, 60.0)  # σ_I at the start and at the end
_BETA1, _BETA2 = 0.9, 0.999
_WEIGHT = 127
_SATURATED = 99.9  # percent of the training rows within the range of a projected value


@dataclass(frozen=True)
class Shape:
    """How large: ``depth`` of the tree (0: a node alone), dimensions of ẑ, share of Z that is not
    zero, classes."""

    depth: int
    projection: int
    density: float
    classes: int

    @property
    def inner(self) -> int:
        """Nodes that branch."""
        return (1 << self.depth) - 1

    @property
    def nodes(self) -> int:
        """All nodes."""
        return (2 << self.depth) - 1


@dataclass
class Trained:
    """The float model.

    Attributes:
        Z: [projection, inputs + 1]; the last column meets a constant 1.
        W, V: [nodes, classes, projection].
        T: [inner, projection].
        temperature: margins are divided by it for probabilities.
        epochs: after which it was taken.
    """

    shape: Shape
    Z: Floats
    W: Floats
    V: Floats
    T: Floats
    temperature: float = 1.0
    epochs: int = 0

    def margins(self, x: NDArray[np.floating]) -> Floats:
        """y [n, classes] along the one path of each row of inputs [n, k]."""
        z = _with_one(x) @ self.Z.T
        y = np.zeros((len(z), self.shape.classes))
        at = np.zeros(len(z), np.int64)
        for level in range(self.shape.depth + 1):
            y += np.einsum("blp,bp->bl", self.W[at], z) * np.tanh(
                np.einsum("blp,bp->bl", self.V[at], z)
            )
            if level < self.shape.depth:
                at = 2 * at + 2 - ((self.T[at] * z).sum(axis=1) > 0)
        return y

    def probabilities(self, x: NDArray[np.floating]) -> Floats:
        """Calibrated class probabilities [n, classes]."""
        return _softmax(self.margins(x) / self.temperature)


def fit(
    x: NDArray[np.floating],
    y: NDArray[np.int64],
    x_valid: NDArray[np.floating],
    y_valid: NDArray[np.int64],
    shape: Shape,
    *,
    seed: int,
    epochs: int = EPOCHS,
    settled: Trained | None = None,
    progress: Progress | None = None,
) -> Trained:
    """Trains on inputs of about ±1; of the last part's epochs the best on the validation rows is
    kept, and its temperature set on them (Guo et al., ICML 2017).

    Args:
        settled: of an earlier training; this one ends after as many epochs of the same schedule,
            with the same temperature, and asks the validation rows nothing.
    """
    step = -(-len(y) // ROWS_MOST)
    rows, labels = _with_one(x[::step]), y[::step]
    rng = np.random.default_rng(seed)
    model = _start(shape, rows, rng)
    weight = class_weights(labels, shape.classes)[labels].astype(np.float64)
    batch = int(np.clip(len(labels) // 100, *_BATCHES))
    steps = epochs * -(-len(labels) // batch)
    optimizer = _Adam([model.Z, model.W, model.V, model.T])
    keep = max(shape.projection, round(shape.density * model.Z[:, :-1].size))
    support = np.ones_like(model.Z)
    best, best_at, kept, done = -1.0, 0, [p.copy() for p in optimizer.parameters], 0
    for epoch in range(epochs if settled is None else settled.epochs):
        third = min(2, 3 * epoch // epochs)
        for chosen in _batches(rng.permutation(len(labels)), batch):
            share = done / max(1, steps - 1)
            branching = _BRANCHING[0] * (_BRANCHING[1] / _BRANCHING[0]) ** share
            gradients = _gradients(model, rows[chosen], labels[chosen], weight[chosen], branching)
            optimizer.step(gradients, _RATE * (0.02 + 0.98 * (1 + math.cos(math.pi * share)) / 2))
            if third == 1:
                support = _largest(model.Z, keep)
            model.Z *= support
            done += 1
        if settled is not None:
            if progress is not None:
                progress("refit", epoch + 1, settled.epochs, f"{len(labels):,} rows")
            continue
        value = _valid_f1(model, x_valid, y_valid)
        if third == 2 and value > best:
            best, best_at, kept = value, epoch + 1, [p.copy() for p in optimizer.parameters]
        if progress is not None:
            part = ("dense", "thresholding", "retraining")[third]
            progress("train", epoch + 1, epochs, f"{part}, valid macro F1 {value:.3f}")
    if settled is not None:
        model.temperature, model.epochs = settled.temperature, settled.epochs
        return model
    found = Trained(shape, *kept)
    found.epochs = best_at
    found.temperature = _temperature(found.margins(x_valid), y_valid)
    return found


def _start(shape: Shape, rows: Floats, rng: np.random.Generator) -> Trained:
    size = np.sqrt((rows**2).mean() * rows.shape[1])
    spread = 1 / math.sqrt(shape.projection)
    return Trained(
        shape,
        rng.normal(size=(shape.projection, rows.shape[1])) / size,
        rng.normal(size=(shape.nodes, shape.classes, shape.projection)) * spread,
        rng.normal(size=(shape.nodes, shape.classes, shape.projection)) * spread,
        rng.normal(size=(shape.inner, shape.projection)) * spread,
    )


def _gradients(
    model: Trained, x: Floats, labels: NDArray[np.int64], weight: Floats, branching: float
) -> list[Floats]:
    """Of the weighted cross-entropy, for Z, W, V and T, with every branch relaxed."""
    shape = model.shape
    n, nodes, classes, inner = len(x), shape.nodes, shape.classes, shape.inner
    flat = (nodes * classes, shape.projection)
    W, V = model.W.reshape(flat), model.V.reshape(flat)
    z = x @ model.Z.T
    a = (z @ W.T).reshape(n, nodes, classes)
    b = np.tanh(z @ V.T).reshape(n, nodes, classes)
    g = np.tanh(branching * (z @ model.T.T))
    reached = np.ones((n, nodes))
    for k in range(inner):
        reached[:, 2 * k + 1] = reached[:, k] * (1 + g[:, k]) / 2
        reached[:, 2 * k + 2] = reached[:, k] * (1 - g[:, k]) / 2
    y = (reached[:, :, None] * a * b).sum(axis=1)
    dy = _softmax(y)
    dy[np.arange(n), labels] -= 1
    dy *= (weight / n)[:, None]
    through = dy[:, None, :] * reached[:, :, None]
    da = (through * b).reshape(n, -1)
    db = (through * a * (1 - b * b)).reshape(n, -1)
    dr = (dy[:, None, :] * a * b).sum(axis=2)
    dg = np.zeros((n, inner))
    for k in range(inner - 1, -1, -1):
        left, right = dr[:, 2 * k + 1], dr[:, 2 * k + 2]
        dg[:, k] = reached[:, k] * (left - right) / 2
        dr[:, k] += left * (1 + g[:, k]) / 2 + right * (1 - g[:, k]) / 2
    dt = dg * (1 - g * g) * branching
    dz = da @ W + db @ V + dt @ model.T
    found = [dz.T @ x, (da.T @ z).reshape(model.W.shape), (db.T @ z).reshape(model.V.shape),
             dt.T @ z]  # fmt: skip
    parameters = (model.Z, model.W, model.V, model.T)
    return [d + _DECAY * p for d, p in zip(found, parameters, strict=True)]


class _Adam:
    """Adam (Kingma and Ba, 2015), in place."""

    def __init__(self, parameters: list[Floats]) -> None:
        self.parameters = parameters
        self._first = [np.zeros_like(p) for p in parameters]
        self._second = [np.zeros_like(p) for p in parameters]
        self._steps = 0

    def step(self, gradients: list[Floats], rate: float) -> None:
        self._steps += 1
        scale = math.sqrt(1 - _BETA2**self._steps) / (1 - _BETA1**self._steps)
        for i, slope in enumerate(gradients):
            self._first[i] += (1 - _BETA1) * (slope - self._first[i])
            self._second[i] += (1 - _BETA2) * (slope * slope - self._second[i])
            self.parameters[i] -= rate * scale * self._first[i] / (np.sqrt(self._second[i]) + 1e-8)


def _batches(order: NDArray[np.int64], size: int) -> Iterator[NDArray[np.int64]]:
    for start in range(0, len(order), size):
        yield order[start : start + size]


def _largest(Z: Floats, keep: int) -> Floats:
    """1 where Z's ``keep`` largest weights are, and in its last column, which costs nothing."""
    size = np.abs(Z[:, :-1])
    limit = np.partition(size, size.size - keep, axis=None)[size.size - keep]
    return np.concatenate([size >= limit, np.ones((len(Z), 1))], axis=1).astype(np.float64)


def _with_one(x: NDArray[np.floating]) -> Floats:
    return np.concatenate([x.astype(np.float64), np.ones((len(x), 1))], axis=1)


def _softmax(y: Floats) -> Floats:
    e = np.exp(y - y.max(axis=1, keepdims=True))
    return np.asarray(e / e.sum(axis=1, keepdims=True))


def _valid_f1(model: Trained, x: NDArray[np.floating], y: NDArray[np.int64]) -> float:
    k = model.shape.classes
    cells = np.bincount(y * k + model.margins(x).argmax(axis=1), minlength=k * k)
    return macro_f1(cells.reshape(k, k))


def _temperature(margins: Floats, y: NDArray[np.int64]) -> float:
    from tinyfield.learn.trees import best_temperature

    return best_temperature(margins, y)


def convert(trained: Trained, x: NDArray[np.floating]) -> Bonsai:
    """The integers: 8-bit weights whose scales are chosen on the training rows.

    A value of ẑ is Z's row times the int8 inputs, shifted right until the training rows fit 8
    bits; what the shift leaves over goes into Z's scale, and what scale ẑ then has into W, V and
    θ. So no value is multiplied only to be rescaled.

    Args:
        x: training inputs [n, k], of about ±1; the device's inputs are 127 times as large.
    """
    shape, Z = trained.shape, trained.Z
    q = np.clip(np.round(x.astype(np.float64) * _WEIGHT), -128, 127)
    weights = np.zeros((shape.projection, x.shape[1]), np.int32)
    bias = np.zeros(shape.projection, np.int32)
    shifts = np.zeros(shape.projection, np.int32)
    unit = np.ones(shape.projection)  # of ẑ, a step of the integer
    for p, row in enumerate(Z):
        reach = np.percentile(np.abs(q @ row[:-1] + _WEIGHT * row[-1]), _SATURATED)
        large = np.abs(row[:-1]).max()
        if reach == 0:
            continue
        shift = 0 if large == 0 else max(0, math.floor(math.log2(max(1.0, reach / large))))
        scale = _WEIGHT * 2**shift / reach
        if large > 0:
            scale = min(scale, _WEIGHT / large)
        weights[p] = np.round(row[:-1] * scale)
        # Half a step more, so that the shift rounds.
        bias[p] = round(row[-1] * _WEIGHT * scale) + ((1 << shift) >> 1)
        shifts[p] = shift
        unit[p] = 2**shift / (scale * _WEIGHT)
    W, V, T = trained.W * unit, trained.V * unit, trained.T * unit
    w_scale = _WEIGHT / max(float(np.abs(W).max()), 1e-12)
    v_shift = max(0, math.floor(math.log2(_WEIGHT / (max(float(np.abs(V).max()), 1e-12)
                                                      * TANH_STEPS))))  # fmt: skip
    v_scale = TANH_STEPS * 2**v_shift
    t_scale = _WEIGHT / np.maximum(np.abs(T).max(axis=1, keepdims=True), 1e-12)
    # A node's W ẑ is shifted into 16 bits before tanh weighs it.
    most = shape.projection * 127 * 128
    w_shift = max(0, most.bit_length() - 15)
    return Bonsai(
        depth=shape.depth,
        Z=weights,
        bias=bias,
        shifts=shifts,
        W=np.round(W * w_scale).astype(np.int32),
        V=np.clip(np.round(V * v_scale), -127, 127).astype(np.int32),
        T=np.round(T * t_scale).astype(np.int32),
        w_shift=w_shift,
        v_shift=v_shift,
        octave=math.log(2) * trained.temperature * w_scale * _WEIGHT / 2**w_shift,
        example=q[len(q) // 2].astype(np.int32),
    ).verify()
