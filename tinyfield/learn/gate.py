"""What an app accepts and what its board can pay; past either, the build stops with the figures."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tinyfield.errors import BudgetError
from tinyfield.spec.architectures import OWN

if TYPE_CHECKING:
    from tinyfield.learn.result import Metrics
    from tinyfield.spec import Model


@dataclass(frozen=True)
class Cost:
    """What a compiled model takes on a target, as ``measure`` gives it.

    Attributes:
        target: where it was measured, such as ``avr``.
        flash_bytes: code and constants.
        ram_bytes: arena, static data and stack.
        latency_us: one inference; None if not known.
        count: what one inference takes, in ``unit`` (instructions, or cycles); None if not known.
    """

    target: str
    flash_bytes: int
    ram_bytes: int
    latency_us: int | None = None
    count: int | None = None
    unit: str = "instructions"


Measure = Callable[[bytes], Cost]
"""From a model file to what it costs on the app's board."""

_MORE = {
    "mlp": ("hidden",),
    "cnn": ("filters", "history"),
    "ds_cnn": ("filters", "history"),
    "tcn": ("filters", "blocks"),
    "gru": ("units", "history"),
    "keras": ("keras",),
    "tflite": ("tflite",),
    "tree": ("depth",),
    "forest": ("trees", "depth"),
    "gbt": ("trees", "depth"),
    "bonsai": ("projection", "depth"),
}
_LESS = {**_MORE, "bonsai": ("projection", "depth", "density")}


def check_accept(model: Model, metrics: Metrics) -> None:
    """Raises BudgetError unless the device's scores reach ``accept:``; names each miss."""
    accept, misses = model.accept, []
    for name in ("accuracy", "macro_f1"):
        least = getattr(accept, name)
        value = getattr(metrics.device, name)
        if least is not None and value < least:
            misses.append(f"{name} {value:.3f} is {least - value:.3f} below {least:g}")
    drop = metrics.drop
    if accept.max_drop is not None and drop > accept.max_drop:
        misses.append(
            f"the integers lose {drop:.3f} of macro F1 ({metrics.float.macro_f1:.3f} → "
            f"{metrics.device.macro_f1:.3f}), {drop - accept.max_drop:.3f} more than "
            f"max_drop {accept.max_drop:g}"
        )
    if not misses:
        return
    weakest = min(
        (c for c, s in metrics.device.per_class.items() if s["recall"] is not None),
        key=lambda c: metrics.device.per_class[c]["recall"] or 0.0,
        default=None,
    )
    recall = metrics.device.per_class[weakest]["recall"] if weakest else None
    lossy = _costliest(metrics)
    own = model.architecture in OWN
    more = " or ".join(f"`{key}`" for key in _MORE[model.architecture])
    more = f"improve {more}" if own else f"raise {more}"
    raise BudgetError(
        f"model {model.name} is not good enough: " + "; ".join(misses),
        hint=f"weakest class: {weakest} (recall {recall:.2f}); majority baseline macro F1 "
        f"{metrics.baseline.macro_f1:.3f}. {lossy}Add inputs or data, {more}, or lower "
        f"`models.{model.name}.accept`",
    )


def _costliest(metrics: Metrics) -> str:
    """Which step of the way to integers lost most on the test rows, if any did."""
    kept = [stage for stage in metrics.stages if stage.kept]
    losses = [(a.macro_f1 - b.macro_f1, b) for a, b in itertools.pairwise(kept)]
    loss, stage = max(losses, key=lambda pair: pair[0], default=(0.0, None))
    if stage is None or loss < 0.0005:
        return ""
    what = f" ({stage.what})" if stage.what else ""
    return f"Most was lost by the step '{stage.name}'{what}: {loss:.3f}. "


def check_budget(model: Model, cost: Cost) -> None:
    """Raises BudgetError unless the model fits ``budget:``; says by how much it does not, and what
    would: of an mlp the hidden layers."""
    limits = [
        ("flash", cost.flash_bytes, model.budget.flash_bytes, "B"),
        ("ram", cost.ram_bytes, model.budget.ram_bytes, "B"),
        ("latency", cost.latency_us, model.budget.latency_us, "µs"),
    ]
    over = [
        (name, value, most, unit)
        for name, value, most, unit in limits
        if value is not None and most is not None and value > most
    ]
    if not over:
        return
    text = "; ".join(
        f"{name} {value:,} {unit} is {value - most:,} {unit} over {most:,} {unit}"
        for name, value, most, unit in over
    )
    raise BudgetError(
        f"model {model.name} does not fit its budget on {cost.target}: {text}",
        hint=_smaller(model, cost),
    )


def _smaller(model: Model, cost: Cost) -> str:
    if model.architecture != "mlp" or model.history > 1:
        keys = " or ".join(f"`{key}`" for key in _LESS[model.architecture])
        verb = "make a smaller" if model.architecture in OWN else "lower"
        return f"{verb} {keys}, or raise `models.{model.name}.budget`"
    fits = _that_fits(model, cost)
    if fits:
        return f"about `hidden: {list(fits)}` would fit"
    return f"no dense network fits; raise `models.{model.name}.budget`"


def dense_bytes(inputs: int, hidden: tuple[int, ...], classes: int) -> int:
    """Flash of a dense network's constants: int8 weights; bias, multiplier and shift a row."""
    widths = (inputs, *hidden, classes)
    return sum(a * b + 9 * b for a, b in itertools.pairwise(widths))


def _that_fits(model: Model, cost: Cost) -> tuple[int, ...] | None:
    """The widest hidden layers of the same proportions whose estimated cost is in the budget."""
    k, classes = model.width, len(model.classes)
    code = cost.flash_bytes - dense_bytes(k, model.hidden, classes)
    widest = max(model.hidden, default=0)
    for tenth in range(19, 0, -1):
        hidden = tuple(max(2, n * tenth // 20) for n in model.hidden)
        flash = code + dense_bytes(k, hidden, classes)
        ram = cost.ram_bytes - 2 * (widest - max(hidden, default=0))
        ratio = dense_bytes(k, hidden, classes) / max(1, dense_bytes(k, model.hidden, classes))
        latency = None if cost.latency_us is None else round(cost.latency_us * ratio)
        asked = (
            (flash, model.budget.flash_bytes),
            (ram, model.budget.ram_bytes),
            (latency, model.budget.latency_us),
        )
        if all(value is None or most is None or value <= most for value, most in asked):
            return hidden
    return None
