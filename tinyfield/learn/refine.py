"""Gradient steps on the twin of an integer model: fake quantization, pruned and shared weights.

Labels are softened by what the float network says of the same rows (distillation, Hinton et al.
2015): it knows more of a row than its label, and it is the figure that the integers must reach.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tinyfield.learn.goal import Goal

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
    goal: Goal,
    *,
    seed: int,
    epochs: int = EPOCHS,
    rate: float = RATE,
    until: int | None = None,
    told: Callable[[int, float], None] | None = None,
) -> int:
    """Trains the twin and leaves it in its best epoch's state.

    Ranges of activations move in the first half of the epochs and stand still after it, so that
    what is learned last is learned with the scales that the file will have.

    Args:
        twin: changed in place.
        examples: as the float network was fitted to.
        teacher: its answers on ``x_train``, [n, classes] or [n, 1].
        weight: of each training row, [n].
        goal: what is learned.
        until: end after so many of the epochs and stay there, whatever the validation rows say.
        told: called with (epoch, merit on the validation rows) after each.

    Returns:
        After how many epochs the state was that is kept.
    """
    import keras
    import tensorflow as tf

    x, y = examples.x_train, examples.y_train
    known = y[:, None] if goal.values else np.eye(goal.classes)[y]
    target = _SOFT * teacher + (1 - _SOFT) * known
    loss_of = goal.step_loss()
    target = target.astype(np.float32)
    weight = weight.astype(np.float32)
    steps = max(1, len(y) // BATCH)
    optimizer = keras.optimizers.Adam(
        keras.optimizers.schedules.CosineDecay(rate, epochs * steps, alpha=0.05)
    )
    optimizer.build(twin.variables)

    def step(a: Any, b: Any, w: Any) -> None:
        with tf.GradientTape() as tape:
            each = loss_of(b, twin.logits(a, training=True))
            loss = tf.reduce_mean(each * w)
        optimizer.apply_gradients(
            zip(tape.gradient(loss, twin.variables), twin.variables, strict=True)
        )

    compiled = tf.function(step)
    order = np.random.default_rng(seed)
    twin.tracking = True
    best, best_at, kept = valid_merit(twin, examples, goal), 0, twin.state()
    for epoch in range(epochs if until is None else until):
        if twin.tracking and epoch >= epochs / 2:
            twin.tracking = False
            compiled = tf.function(step)
        shuffled = order.permutation(len(y))
        for k in range(steps):
            rows = shuffled[k * BATCH : (k + 1) * BATCH]
            compiled(tf.constant(x[rows]), tf.constant(target[rows]), tf.constant(weight[rows]))
        value = valid_merit(twin, examples, goal)
        if told is not None:
            told(epoch, value)
        # Of two as good the later: its scales are the more settled.
        if value >= best or until is not None:
            best, best_at, kept = value, epoch + 1, twin.state()
    twin.restore(kept)
    return best_at


def valid_merit(twin: Twin, examples: Examples, goal: Goal) -> float:
    """Merit of the twin on the validation rows."""
    return goal.merit(goal.scores(examples.y_valid, logits(twin, examples.x_valid)))


def logits(twin: Twin, x: NDArray[np.float32]) -> NDArray[np.float32]:
    """What goes into the softmax, [n, classes]."""
    parts = [
        np.asarray(twin.logits(x[k : k + _AT_ONCE])) for k in range(0, max(len(x), 1), _AT_ONCE)
    ]
    return np.concatenate(parts)
