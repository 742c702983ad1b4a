"""``prune: auto`` under a flash budget: the network is pruned as far as accuracy allows; where that
is still too large, on until it fits, and then it is asked whether it has lost too much."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tinyfield.errors import BudgetError
from tinyfield.learn.compress import DROP, DROP_VALUES

if TYPE_CHECKING:
    from tinyfield.learn.gate import Cost
    from tinyfield.learn.result import Network
    from tinyfield.learn.stages import Stage
    from tinyfield.spec import Model

TRIES = 4
"""Networks that are made to come below a budget. Each goes by what the last was over, and then by
twice as much: a parameter takes a byte, or half of one where weights are shared."""

Made = tuple[str, "Network", bool]
"""A training's key, its network, and whether the cache had it."""


def prunes_to_fit(model: Model) -> bool:
    """Whether its size is to be found by its budget, too."""
    return model.compress.prune == "auto" and model.budget.flash_bytes is not None


def within_flash(
    model: Model, made: Made, again: Callable[[int], Made], cost_of: Callable[[Network], Cost]
) -> Made:
    """The network itself if it fits, else the first that does on the way down.

    Args:
        model: with ``prune: auto`` and a flash budget.
        made: pruned as far as accuracy allows.
        again: makes it with so many parameters at most, whatever that costs.
        cost_of: what a network takes of the board.

    Raises:
        BudgetError: none that fits is within ``max_drop`` of the float network on the validation
            rows, or none fits; it says which of the two could not be met.
    """
    most = model.budget.flash_bytes
    assert most is not None
    first = cost_of(made[1]).flash_bytes
    flash, key = first, f"`models.{model.name}.budget.flash`"
    for tried in range(TRIES):
        if flash <= most:
            break
        left = _last(made[1].stages).parameters
        smaller = again(max(1, left - ((flash - most) << tried)))
        if _last(smaller[1].stages).parameters >= left:
            break
        made = smaller
        flash = cost_of(made[1]).flash_bytes
    if flash > most:
        raise BudgetError(
            f"model {model.name}: `prune: auto` cannot meet {key}: pruned as far as it goes it "
            f"takes {flash:,} B, {flash - most:,} B over {most:,} B",
            hint=f"raise {key}, or make the network smaller",
        )
    lost, may = _lost(made[1].stages, model), _may_lose(made[1].stages, model)
    if flash != first and lost > may:
        what = "macro F1" if model.target is None else f"{model.target.unit} of mean error"
        raise BudgetError(
            f"model {model.name}: `prune: auto` cannot meet both {key} and "
            f"`models.{model.name}.accept.max_drop`: within {may:.4g} {what} the smallest takes "
            f"{first:,} B, {first - most:,} B over {most:,} B; that of {flash:,} B loses "
            f"{lost:.4g} on the validation rows",
            hint=f"raise one of them: flash to {first:,} B, or max_drop to {lost:.4g}",
        )
    return made


def _last(stages: tuple[Stage, ...]) -> Stage:
    return next(stage for stage in reversed(stages) if stage.kept)


def _lost(stages: tuple[Stage, ...], model: Model) -> float:
    """Between the float network and its last step, on the validation rows."""
    last = _last(stages)
    if model.target is None:
        return stages[0].valid["macro_f1"] - last.valid["macro_f1"]
    return last.valid["mae"] - stages[0].valid["mae"]


def _may_lose(stages: tuple[Stage, ...], model: Model) -> float:
    if model.accept.max_drop is not None:
        return float(model.accept.max_drop)
    return DROP if model.target is None else DROP_VALUES * stages[0].valid["mae"]
