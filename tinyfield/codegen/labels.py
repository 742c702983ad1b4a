"""The labels that a decision can have, in the order of their ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tinyfield.spec.app import App, Decision

SWITCH_LABELS = ("off", "on")
"""Labels of a rule on readings alone: id 0 when it clears, 1 when it fires."""


def labels_of(app: App, decision: Decision) -> tuple[str, ...]:
    """Steps of a number, labels of a model, or off and on."""
    if decision.level is not None:
        return decision.level.labels
    return SWITCH_LABELS if decision.model is None else app.models[decision.model].labels


def gate_of(model: str) -> str:
    """The key of the program, and of the scales, that tell what is unknown to a model."""
    return f"gate {model}"
