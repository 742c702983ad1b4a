"""What is not as usual: models of the normal rows alone, with an alarm at a chosen rate.

Both kinds end in the same head, of layers that every converter and kernel knows: deviations d are
clipped on both sides (two ReLU6 each, so that int8 has a range whatever comes in), squared and
added up, and a softmax says whether the sum D is beyond the threshold:
``softmax(0, gain · (D - threshold))``.

* ``mahalanobis``: d are the inputs whitened by the covariance of the normal rows, D their squared
  Mahalanobis distance; an axis counts at most ``CLIP`` standard deviations.
* ``autoencoder``: d are inputs less what a narrow network makes of them, in standard deviations
  of the normal rows' own deviations.

The threshold is the quantile of D over the normal validation rows that leaves the asked share of
false alarms. No anomaly is learned from; those in the data only score.

Of a refit the threshold is as many times the quantile of its own rows' D as the first fit's was:
how much farther rows are that nobody learned from, the first fit knows, and they are, if anything,
nearer to what was fitted to more of their kind, so the rate is kept. The validation rows, once
learned from, would be too near to say; quantiles by cross-fitting would know the future of what
drifts; and D itself is no fixed unit, for what int8 rounds off counts in it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tinyfield.learn.scaler import STEPS

if TYPE_CHECKING:
    import keras

Progress = Callable[[str, int, int, str], None]
Floats = NDArray[np.float32]

CLIP = 5.0
"""Standard deviations that one axis counts at most."""
_TOP = 6.0  # of a ReLU6
_EDGE = 4.0  # the logit of a row without any deviation is -4: 2 % sure of an anomaly
_RIDGE = 1e-3  # of the mean variance: a direction in which nothing varies stays finite
_BATCH = 32
_ROUNDS = 3
_RATE = 1e-2


def mahalanobis(x: Floats) -> keras.Model:
    """From the covariance of the normal rows.

    Args:
        x: normal rows [n, k].
    """
    import keras

    mean = x.mean(axis=0, dtype=np.float64)
    covariance = np.cov(x, rowvar=False, dtype=np.float64).reshape(x.shape[1], x.shape[1])
    variance, axes = np.linalg.eigh(covariance)
    white = axes / np.sqrt(np.maximum(variance, 0) + _RIDGE * max(variance.mean(), 1e-6))
    given = keras.Input((x.shape[1],), name="features")
    return _head(given, given, white, -mean @ white)


def autoencoder(
    x: Floats,
    valid: Floats,
    hidden: tuple[int, ...],
    *,
    seed: int,
    epochs: int,
    progress: Progress,
) -> keras.Model:
    """A network that gives normal rows back through its narrowest layer.

    Args:
        x, valid: normal rows [n, k]; the latter's error is told.
        hidden: units of the layers to the narrowest one; back they go in reverse.
    """
    import keras

    from tinyfield.learn.fit import start

    keras.utils.clear_session(free_memory=False)
    start(seed)
    k = x.shape[1]
    given = y = keras.Input((k,), name="features")
    for i, units in enumerate([*hidden, *hidden[-2::-1]]):
        narrowest = i == len(hidden) - 1  # where a ReLU would halve what passes
        y = keras.layers.Dense(units, None if narrowest else "relu", name=f"hidden{i}")(y)
    back = keras.layers.Dense(k, name="back")(y)
    network = keras.Model(given, back)
    steps = -(-len(x) // _BATCH)
    rate = keras.optimizers.schedules.CosineDecay(_RATE, epochs * steps, alpha=0.05)
    network.compile(keras.optimizers.Adam(rate), "mse")
    order = np.random.default_rng(seed)
    for epoch in range(epochs):
        rows = x[order.permutation(len(x))]
        network.fit(rows, rows, batch_size=_BATCH, shuffle=False, verbose=0)
        error = float(((network.predict(valid, verbose=0) - valid) ** 2).mean())
        progress("train", epoch + 1, epochs, f"valid error {error:.5f}")
    # What int8 rounds off x and its copy deviates too.
    spread = np.hypot((x - network.predict(x, verbose=0)).std(axis=0), 1 / STEPS)
    both = keras.layers.Concatenate(name="both")([given, back])
    weights = np.concatenate([np.diag(1 / spread), -np.diag(1 / spread)])
    return _head(given, both, weights, np.zeros(k))


def _head(
    given: Any,
    last: Any,
    weights: NDArray[np.floating[Any]],
    bias: NDArray[np.floating[Any]],
) -> keras.Model:
    """The alarm on ``last @ weights + bias``, deviations in standard deviations; without its
    threshold."""
    import keras

    k, unit = weights.shape[1], _TOP / CLIP
    clip = keras.layers.Dense(2 * k, activation="relu6", name="deviations")
    sides = clip(last)
    squares = keras.layers.Multiply(name="squares")([sides, sides])
    alarm = keras.layers.Dense(2, activation="softmax", name="classes")
    model = keras.Model(given, alarm(squares), name="anomaly")
    clip.set_weights([unit * np.concatenate([weights, -weights], axis=1),
                      unit * np.concatenate([bias, -bias])])  # fmt: skip
    return model


def settle(model: keras.Model, valid: Floats, false_alarms: float) -> float:
    """Sets and returns the threshold.

    Args:
        valid: normal rows of the validation split, which the model was not fitted to.
        false_alarms: share of the normal rows that may be called anomalies.
    """
    import keras

    squares = model.get_layer("squares").output
    parts = keras.Model(model.inputs, squares).predict(valid, verbose=0)
    threshold = float(np.quantile(parts.sum(axis=1), 1 - false_alarms))
    set_threshold(model, threshold)
    return threshold


def set_threshold(model: keras.Model, threshold: float) -> None:
    """Of D."""
    alarm = model.layers[-1]
    gain = _EDGE / max(threshold, 1e-3)
    sides = alarm.get_weights()[0].shape[0]
    column = np.stack([np.zeros(sides), np.full(sides, gain)], axis=1)
    alarm.set_weights([column, np.array([0.0, -gain * threshold])])


def quantized(model: keras.Model, x: Floats) -> bytes:
    """The model as int8.

    Args:
        x: the normal rows that it was fitted to.
    """
    from tinyfield.learn import convert

    return convert.to_int8(model, convert.representative(x, np.zeros(len(x), np.int64), 0))


def settle_quantized(
    model: keras.Model, x: Floats, valid: Floats, false_alarms: float, threshold: float
) -> tuple[bytes, float]:
    """The model as int8, with the threshold where the integers too keep to the rate: what they
    round off is a deviation of its own.

    Args:
        x: as of :func:`quantized`.
        valid, false_alarms: as of :func:`settle`.
        threshold: of the model as it is.

    Returns:
        The file, and its threshold.
    """
    file = quantized(model, x)
    for _ in range(_ROUNDS):
        if (_shares(file, valid) > 0.5).mean() <= false_alarms:
            break
        threshold = quantile(model, file, valid, false_alarms)
        set_threshold(model, threshold)
        file = quantized(model, x)
    return file, threshold


def quantized_again(model: keras.Model, x: Floats, false_alarms: float, times: float) -> bytes:
    """A refitted model as int8, its threshold so many times its own rows' quantile.

    Args:
        x: the normal rows that it was fitted to.
        false_alarms: the share of them that the quantile leaves beyond it.
        times: the same of the first fit.
    """
    set_threshold(model, times * settle(model, x, false_alarms))
    for _ in range(_ROUNDS - 1):
        file = quantized(model, x)
        set_threshold(model, times * quantile(model, file, x, false_alarms))
    return quantized(model, x)


def quantile(model: keras.Model, file: bytes, x: Floats, share: float) -> float:
    """The D, by the model's integers, that a share of the rows are beyond."""
    weights, bias = model.layers[-1].get_weights()
    said = _shares(file, x)
    beyond = float(np.quantile(np.log(said / (1 - said)), 1 - share))
    return max(1e-3, (beyond - float(bias[1])) / float(weights[0, 1]))


def _shares(file: bytes, x: Floats) -> NDArray[np.float64]:
    """How sure of an anomaly the integers are, between 0 and 1."""
    from tinyfield.learn.runner import run_device

    q = np.clip(np.rint(x * STEPS), -STEPS - 1, STEPS).astype(np.int8)
    return np.asarray((run_device(file, q)[:, 1] + 128.5) / 257, np.float64)
