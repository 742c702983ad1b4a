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

Of a refit the threshold is the first fit's. D is in standard deviations of what is normal, so it
means the same of both; rows that nobody learned from are, if anything, nearer to what was fitted to
more rows, so the rate is kept. The validation rows, once learned from, would be too near to say,
and quantiles by cross-fitting would see the future of what drifts.
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

    parts = keras.Model(model.inputs, model.get_layer("squares").output).predict(valid, verbose=0)
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
    from tinyfield.learn.runner import run_device

    file = quantized(model, x)
    q = np.clip(np.rint(valid * STEPS), -STEPS - 1, STEPS).astype(np.int8)
    alarm = model.layers[-1]
    gain, bias = float(alarm.get_weights()[0][0, 1]), float(alarm.get_weights()[1][1])
    for _ in range(_ROUNDS):
        share = (run_device(file, q)[:, 1] + 128.5) / 257
        if (share > 0.5).mean() <= false_alarms:
            break
        beyond = np.quantile(np.log(share / (1 - share)), 1 - false_alarms)
        threshold = (float(beyond) - bias) / gain
        set_threshold(model, threshold)
        gain, bias = float(alarm.get_weights()[0][0, 1]), float(alarm.get_weights()[1][1])
        file = quantized(model, x)
    return file, threshold
