"""Gradient steps on the twin of an integer model: fake quantization, pruned and shared weights.

Labels are softened by what the float network says of the same rows (distillation, Hinton et al.
2015): it knows more of a row than its label, and it is the figure that the integers must reach.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tinyfield.learn.metrics import macro_f1

if TYPE_CHECKING:
    from tinyfield.learn.fit import Examples
    from tinyfield.learn.twin import Twin

RATE = 1e-3
EPOCHS = 12
BATCH = 64
_SOFT = 0.5
"""How much of a target is the teacher's answer, and not the label."""
_AT_ONCE = 4096


def refine(
    twin: Twin,
    examples: Examples,
    teacher: NDArray[np.floating[Any]],
    weight: NDArray[np.floating[Any]],
    *,
    seed: int,
    epochs: int = EPOCHS,
    rate: float = RATE,
    told: Callable[[int, float], None] | None = None,
) -> float:
    """Trains the twin and leaves it in its best epoch's state.

    Ranges of activations move in the first half of the epochs and stand still after it, so that
    what is learned last is learned with the scales that the file will have.

    Args:
        twin: changed in place.
        examples: as the float network was fitted to.
        teacher: its class probabilities on ``x_train``, [n, classes].
        weight: of each training row, [n].
        told: called with (epoch, macro F1 on the validation rows) after each.

    Returns:
        Macro F1 on the validation rows of the state that is kept.
    """
    import keras
    import tensorflow as tf

    x, y = examples.x_train, examples.y_train
    classes = teacher.shape[1]
    target = _SOFT * teacher + (1 - _SOFT) * np.eye(classes)[y]
    target = target.astype(np.float32)
    weight = weight.astype(np.float32)
    steps = max(1, len(y) // BATCH)
    optimizer = keras.optimizers.Adam(
        keras.optimizers.schedules.CosineDecay(rate, epochs * steps, alpha=0.05)
    )
    optimizer.build(twin.variables)

    def step(a: Any, b: Any, w: Any) -> None:
        with tf.GradientTape() as tape:
            each = tf.nn.softmax_cross_entropy_with_logits(b, twin.logits(a, training=True))
            loss = tf.reduce_mean(each * w)
        optimizer.apply_gradients(
            zip(tape.gradient(loss, twin.variables), twin.variables, strict=True)
        )

    compiled = tf.function(step)
    order = np.random.default_rng(seed)
    twin.tracking = True
    best, kept = valid_f1(twin, examples, classes), twin.state()
    for epoch in range(epochs):
        if twin.tracking and epoch >= epochs / 2:
            twin.tracking = False
            compiled = tf.function(step)
        shuffled = order.permutation(len(y))
        for k in range(steps):
            rows = shuffled[k * BATCH : (k + 1) * BATCH]
            compiled(tf.constant(x[rows]), tf.constant(target[rows]), tf.constant(weight[rows]))
        value = valid_f1(twin, examples, classes)
        if told is not None:
            told(epoch, value)
        # Of two as good the later: its scales are the more settled.
        if value >= best:
            best, kept = value, twin.state()
    twin.restore(kept)
    return best


def valid_f1(twin: Twin, examples: Examples, classes: int) -> float:
    """Macro F1 of the twin on the validation rows."""
    said = logits(twin, examples.x_valid).argmax(axis=1)
    cells = np.bincount(examples.y_valid * classes + said, minlength=classes * classes)
    return macro_f1(cells.reshape(classes, classes))


def logits(twin: Twin, x: NDArray[np.float32]) -> NDArray[np.float32]:
    """What goes into the softmax, [n, classes]."""
    parts = [
        np.asarray(twin.logits(x[k : k + _AT_ONCE])) for k in range(0, max(len(x), 1), _AT_ONCE)
    ]
    return np.concatenate(parts)
