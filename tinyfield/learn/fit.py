"""Trains any Keras classifier, the same way every time.

Only this folder's files that the worker runs touch TensorFlow, and only inside functions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tinyfield.learn.goal import Goal, goal_of

if TYPE_CHECKING:
    import keras

Progress = Callable[[str, int, int, str], None]
"""(stage, done, of, text): ``("train", 7, 60, "valid macro F1 0.91")``."""

BATCHES = (32, 512)
EPOCHS = 30
PATIENCE = 6
RATE = 4e-3
DECAY = 1e-4
ROWS_MOST = 60_000
"""Training rows an epoch; of more, an even stride is kept: neighbours in time are alike."""


@dataclass(frozen=True)
class Examples:
    """What a network is fitted to: float32 inputs [n, …] and class indices [n], or numbers in the
    target's unit."""

    x_train: NDArray[np.float32]
    y_train: NDArray[Any]
    x_valid: NDArray[np.float32]
    y_valid: NDArray[Any]


@dataclass(frozen=True)
class Settled:
    """What the validation rows settle of a training.

    Attributes:
        epochs: after how many of them macro F1 was best.
        temperature: what goes into the softmax is divided by it; 1 where nothing is.
    """

    epochs: int
    temperature: float = 1.0


def start(seed: int) -> None:
    """One thread, deterministic operations, every generator seeded. Call before :func:`fit`."""
    import tensorflow as tf

    try:
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    except RuntimeError:  # already running: set when it started
        pass
    tf.config.experimental.enable_op_determinism()
    tf.keras.utils.set_random_seed(seed)


def fit(
    examples: Examples,
    build: Callable[[], keras.Model],
    *,
    classes: int,
    seed: int,
    epochs: int = EPOCHS,
    settled: Settled | None = None,
    to_the_end: bool = False,
    progress: Progress | None = None,
) -> tuple[keras.Model, Settled]:
    """Trains until macro F1 on the validation groups stops rising, and calibrates.

    The weights kept are the best epoch's. The last layer is then divided by the temperature that
    makes the validation labels likeliest (Guo et al., ICML 2017), so that ``confidence`` means
    something; the winning class stays the same.

    Where ``classes`` is 0, the network gives a number: until its mean error stops falling. It is
    trained on numbers of mean 0 and standard deviation 1, which its last layer then brings to the
    target's unit.

    Args:
        settled: of an earlier training; this one ends after as many epochs of the same schedule,
            with the same temperature, and asks the validation rows nothing.
        to_the_end: every epoch is trained and the last one's weights are kept: of a network whose
            large weights cost something, which by itself keeps it from learning rows by heart.
    """
    import keras

    keras.utils.clear_session(free_memory=False)
    start(seed)
    goal = goal_of(classes, examples.y_train)
    model = build()
    step = -(-len(examples.y_train) // ROWS_MOST)
    x, y = examples.x_train[::step], examples.y_train[::step]
    batch = int(np.clip(len(y) // 100, *BATCHES))  # a hundred steps an epoch, also on few rows
    steps = -(-len(y) // batch)
    rate = keras.optimizers.schedules.CosineDecay(RATE, epochs * steps, alpha=0.05)
    model.compile(
        optimizer=keras.optimizers.AdamW(rate, weight_decay=DECAY),
        loss=goal.loss(),
    )
    weight = goal.weights(y)
    if goal.values:
        y = ((y - goal.centre) / goal.spread).astype(np.float32)
    order = np.random.default_rng(seed)
    best, best_at, kept = -np.inf, 0, model.get_weights()
    for epoch in range(epochs if settled is None else settled.epochs):
        shuffled = order.permutation(len(y))
        model.fit(
            x[shuffled],
            y[shuffled],
            sample_weight=weight[shuffled],
            batch_size=batch,
            shuffle=False,
            verbose=0,
        )
        if settled is not None:
            if progress is not None:
                progress("refit", epoch + 1, settled.epochs, f"{len(y):,} rows")
            continue
        value = _merit(model, examples, goal)
        if value > best or to_the_end:
            best, best_at, kept = value, epoch, model.get_weights()
        if progress is not None:
            said = f"valid {goal.said(value)}, best {goal.said(best).rsplit(' ', 1)[1]}"
            progress("train", epoch + 1, epochs, said)
        if epoch - best_at >= PATIENCE:
            break
    if settled is None:
        model.set_weights(kept)
    found = settled or Settled(best_at + 1)
    if goal.values:
        return _in_units(model, goal), found
    last = _before_softmax(model)
    if last is None:
        return model, found
    if settled is None:
        found = replace(found, temperature=_temperature(model, examples))
    scaled = np.float32(1 / found.temperature)
    last.set_weights([weight * scaled for weight in last.get_weights()])
    return model, found


def _merit(model: keras.Model, examples: Examples, goal: Goal) -> float:
    answer = predict(model, examples.x_valid)
    if goal.values:
        answer = answer * goal.spread + goal.centre
    return goal.merit(goal.scores(examples.y_valid, answer))


def _in_units(model: keras.Model, goal: Goal) -> keras.Model:
    """The network with its last layer's weights in the target's unit; one that does not end in a
    dense layer gets one that multiplies."""
    import keras

    last = model.layers[-1]
    linear = getattr(last, "activation", None) is keras.activations.linear
    if not (isinstance(last, keras.layers.Dense) and linear and last.use_bias):
        last = keras.layers.Dense(1, name="unit")
        model = keras.Model(model.inputs, last(model.outputs[0]), name=model.name)
        last.set_weights([np.ones((1, 1)), np.zeros(1)])
    weights, bias = last.get_weights()
    last.set_weights([weights * goal.spread, bias * goal.spread + goal.centre])
    return model


def predict(model: keras.Model, x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Class probabilities [n, classes], or numbers [n, 1]."""
    return np.asarray(model.predict(x, batch_size=8192, verbose=0), dtype=np.float32)


def _before_softmax(model: keras.Model) -> keras.layers.Layer | None:
    """The layer in which what goes into the softmax can be divided; None of a network that does
    not end in a dense layer and its softmax."""
    import keras

    last = model.layers[-1]
    if isinstance(last, keras.layers.Softmax) and len(model.layers) > 1:
        last, softmax = model.layers[-2], True
    else:
        softmax = getattr(last, "activation", None) is keras.activations.softmax
    dense = isinstance(last, keras.layers.Dense)
    if not (softmax and dense) or (
        last is not model.layers[-1] and last.activation is not keras.activations.linear
    ):
        return None
    return last


def _temperature(model: keras.Model, examples: Examples) -> float:
    """The one that makes the validation labels likeliest."""
    logs = np.log(np.maximum(predict(model, examples.x_valid), 1e-12)).astype(np.float64)
    rows = np.arange(len(logs))

    def surprise(temperature: float) -> float:
        z = logs / temperature
        top = z.max(axis=1, keepdims=True)
        norm = top[:, 0] + np.log(np.exp(z - top).sum(axis=1))
        return float(np.mean(norm - z[rows, examples.y_valid]))

    return float(min(np.geomspace(0.5, 4.0, 61), key=surprise))
