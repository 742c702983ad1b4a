"""What an app accepts and what its board can pay; past either, the build stops with the figures."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from tinyfield.errors import BudgetError
from tinyfield.learn.result import Metrics
from tinyfield.spec.architectures import OWN

if TYPE_CHECKING:
    from tinyfield.learn.result import Fitted
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

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


Measure = Callable[[bytes], Cost]
"""From a model file to what it costs on the app's board."""

_MORE = {
    "mlp": ("hidden",),
    "cnn": ("filters", "history"),
    "ds_cnn": ("filters", "history"),
    "tcn": ("filters", "blocks"),
    "gru": ("units", "history"),
    "mahalanobis": ("false_alarms",),
    "autoencoder": ("hidden",),
    "gmm": ("components",),
    "keras": ("keras",),
    "tflite": ("tflite",),
    "tree": ("depth",),
    "forest": ("trees", "depth"),
    "gbt": ("trees", "depth"),
    "bonsai": ("projection", "depth"),
}
_LESS = {**_MORE, "bonsai": ("projection", "depth", "density")}


def check_accept(
    model: Model,
    metrics: Metrics | Fitted,
    nearest: Callable[[dict[str, float]], str] | None = None,
) -> None:
    """Raises BudgetError unless the device's scores reach ``accept:``; names each miss.

    Args:
        nearest: finds out what would do better, given by how much which score is too low; called
            only where one is.
    """
    if not isinstance(metrics, Metrics):
        _check_errors(model, metrics, nearest)
        return
    accept, misses = model.accept, []
    short: dict[str, float] = {}
    for name in ("accuracy", "macro_f1"):
        least = getattr(accept, name)
        value = getattr(metrics.device, name)
        if least is not None and value < least:
            short[name] = least - value
            misses.append(f"{name} {value:.3f} is {least - value:.3f} below {least:g}")
    if accept.auc is not None and metrics.auc is not None and metrics.auc < accept.auc:
        below = accept.auc - metrics.auc
        misses.append(f"AUC {metrics.auc:.3f} is {below:.3f} below {accept.auc:g}")
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
    found = nearest(short) if nearest and short else ""
    more = " or ".join(f"`{key}`" for key in _MORE[model.architecture])
    more = f"improve {more}" if own else f"raise {more}"
    raise BudgetError(
        f"model {model.name} is not good enough: " + "; ".join(misses),
        hint=f"weakest class: {weakest} (recall {recall:.2f}); majority baseline macro F1 "
        f"{metrics.baseline.macro_f1:.3f}. {lossy}{found}Add inputs or data, {more}, "
        f"or lower `models.{model.name}.accept`",
    )


def _check_errors(
    model: Model, fitted: Fitted, nearest: Callable[[dict[str, float]], str] | None
) -> None:
    """The same of a regression's errors."""
    accept, unit, device = model.accept, fitted.unit, fitted.device
    misses, short = [], {}
    for name in ("mae", "rmse"):
        most, value = getattr(accept, name), getattr(device, name)
        if most is not None and value > most:
            short[name] = value - most
            misses.append(f"{name} {value:.4g} {unit} is {value - most:.3g} above {most:g}")
    drop = fitted.drop
    if accept.max_drop is not None and drop > accept.max_drop:
        misses.append(
            f"the integers add {drop:.3g} {unit} of mean error ({fitted.float.mae:.4g} → "
            f"{device.mae:.4g}), {drop - accept.max_drop:.2g} more than max_drop "
            f"{accept.max_drop:g}"
        )
    if not misses:
        return
    last = fitted.persistence
    known = f"always the mean: {fitted.mean.mae:.4g} {unit}"
    known += f", the last known: {last.mae:.4g} {unit}" if last else ""
    own = model.architecture in OWN
    more = " or ".join(f"`{key}`" for key in _MORE[model.architecture])
    found = nearest(short) if nearest else ""
    raise BudgetError(
        f"model {model.name} is not good enough: " + "; ".join(misses),
        hint=f"mean error of those that learned nothing: {known}. {_costliest(fitted)}{found}"
        f"Add inputs or data, {'improve' if own else 'raise'} {more}, or raise "
        f"`models.{model.name}.accept`",
    )


def _costliest(metrics: Metrics | Fitted) -> str:
    """Which step of the way to integers lost most on the test rows, if any did."""
    kept = [stage for stage in metrics.stages if stage.kept]
    name, sign, least = ("macro_f1", 1, 0.0005)
    if not isinstance(metrics, Metrics):
        name, sign, least = ("mae", -1, metrics.device.mae / 1000)
    losses = [(sign * (a.test[name] - b.test[name]), b) for a, b in itertools.pairwise(kept)]
    loss, stage = max(losses, key=lambda pair: pair[0], default=(0.0, None))
    if stage is None or loss < least:
        return ""
    what = f" ({stage.what})" if stage.what else ""
    figure = f"{loss:.3f}" if name == "macro_f1" else f"{loss:.3g}"
    return f"Most was lost by the step '{stage.name}'{what}: {figure}. "


HOST = "host"
"""The target of a PC."""


def check_budget(model: Model, cost: Cost, nearest: Callable[[], str] | None = None) -> None:
    """Raises BudgetError unless the model fits ``budget:``; says by how much it does not. A PC has
    no budget: of its code nothing is counted, and trees that are code there are none to it.

    Args:
        nearest: finds out what would fit; called only where this does not.
    """
    over = over_budget(model, cost)
    if not over or cost.target == HOST:
        return
    keys = " or ".join(f"`{key}`" for key in _LESS[model.architecture])
    verb = "make a smaller" if model.architecture in OWN else "lower"
    hint = nearest() if nearest else f"{verb} {keys}, or raise `models.{model.name}.budget`"
    raise BudgetError(
        f"model {model.name} does not fit its budget on {cost.target}: {'; '.join(over)}",
        hint=hint,
    )


def over_budget(model: Model, cost: Cost) -> list[str]:
    """Each limit of ``budget:`` that the cost is past, and by how much."""
    limits = [
        ("flash", cost.flash_bytes, model.budget.flash_bytes, "B"),
        ("ram", cost.ram_bytes, model.budget.ram_bytes, "B"),
        ("latency", cost.latency_us, model.budget.latency_us, "µs"),
    ]
    return [
        f"{name} {value:,} {unit} is {value - most:,} {unit} over {most:,} {unit}"
        for name, value, most, unit in limits
        if value is not None and most is not None and value > most
    ]


def sizes_of(architecture: str) -> tuple[str, ...]:
    """The options that make one larger or smaller, the first to change first."""
    if architecture in OWN:
        return ()
    # Fewer rows of the past, or more false alarms, are another question, not another size.
    other = ("history", "false_alarms")
    return tuple(key for key in _MORE.get(architecture, ()) if key not in other)
