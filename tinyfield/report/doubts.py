"""What a reader must know before believing a report's figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tinyfield.data import registry
from tinyfield.learn.examine import weakening
from tinyfield.report import words

if TYPE_CHECKING:
    from tinyfield.estimate import BoardCost
    from tinyfield.learn import Fitted
    from tinyfield.report.facts import ModelFacts, Play
    from tinyfield.spec.app import App

FEW_GROUPS = 5
"""Fewer independent groups in the test split say little of the next one."""
FEW_ROWS = 30
"""Fewer test rows of a class give a recall that may be chance."""
WIDE = 0.2
"""An interval wider than this is hardly a figure."""
APART = 0.1
"""Scores of two origins farther apart than this must not be averaged in one's head."""


def every(
    app: App, models: Sequence[ModelFacts], boards: Sequence[BoardCost], plays: Sequence[Play]
) -> tuple[str, ...]:
    """All warnings, in the order a reader needs them."""
    found = _merged(models)
    if any(play.simulated for play in plays):
        found.append(
            "What is marked simulated below is SIMULATED: what the sensors read comes from a model "
            "of the world; only the firmware is real."
        )
    found += [
        f"The trace of {play.title} is generated, not recorded"
        for play in plays
        if play.note.lower().startswith(("generated", "simulated"))
    ]
    found += [f"{row.board}: {row.note}" for row in boards if row.measured_on is None]
    found += [
        f"{play.title} FAILS: not as its author expects" for play in plays if not play.as_expected
    ]
    decided = {d.decision for play in plays for d in play.decisions if d.active}
    silent = [name for name in app.decisions if name not in decided]
    if plays and silent:
        found.append(f"Never fired in the runs below, so not seen at work: {words.listing(silent)}")
    found += [f"`{warning.path}`: {warning.message}" for warning in app.warnings]
    return tuple(dict.fromkeys(text.rstrip(".") for text in found))


def of_model(model: ModelFacts) -> list[str]:
    """What weakens one model's figures."""
    return [*_data(model), *_figures(model)]


def _merged(models: Sequence[ModelFacts]) -> list[str]:
    """What weakens the models' figures; what is said of several is said once."""
    of: dict[str, list[str]] = {}
    for model in models:
        for text in of_model(model):
            of.setdefault(text, []).append(model.name)
    return [f"{words.listing(names)}: {text}" for text, names in of.items()]


def _data(model: ModelFacts) -> list[str]:
    found = []
    weakness = registry.info(model.dataset).weakness
    if weakness:
        found.append(f"WEAK DATA: of {model.dataset}, {weakness}")
    test = [part for part in model.parts if part.split == "test"]
    rows = sum(part.rows for part in test)
    if model.made == 1:
        found.append(
            f"NO REAL DATA in the test split: all of its {rows:,} rows are generated, so its "
            "figures tell how well the generator was learned, not how well the world is known"
        )
    elif model.made:
        found.append(f"{model.made:.0%} of the {rows:,} test rows are generated")
    driven = sum(part.rows for part in test if part.origin == "driven")
    if driven and not any(part.origin == "measured" for part in test):
        found.append(
            f"no test row is a measurement by the app's own sensors; {driven:,} are physics "
            "driven by real records"
        )
    few = []
    for index, name in enumerate(model.classes):
        seen = sum(part.by_class[index] for part in test)
        if seen == 0 and not any("no test row is" in note for note in model.report.notes):
            found.append(f"the class “{name}” has no test row: nothing is known of it")
        elif 0 < seen < FEW_ROWS:
            few.append(f"{seen} of “{name}”")
    if few:
        found.append(f"few test rows: only {words.listing(few)}")
    notes = weakening(model.report.notes)
    if model.dropped and not any("left out" in note for note in notes):
        notes.append(f"{model.dropped:,} labelled rows left out: an input had no value")
    return found + notes


def _figures(model: ModelFacts) -> list[str]:
    if model.fitted is not None:
        return _errors(model.fitted)
    found = []
    score, base = model.metrics.device, model.metrics.baseline
    if score.groups < FEW_GROUPS:
        found.append(f"the test split has only {words.counted(score.groups, 'group')}")
    if score.interval is None:
        found.append("no interval can be given with fewer than two test groups")
    elif score.interval[1] - score.interval[0] > WIDE:
        found.append(
            f"the interval of macro F1 is wide ({score.interval[0]:.2f} to {score.interval[1]:.2f})"
        )
    low = score.interval[0] if score.interval else score.macro_f1
    high = base.interval[1] if base.interval else base.macro_f1
    if low <= high:
        found.append("not clearly better than always saying the most frequent class")
    found += model.metrics.unbeaten()
    values = {name: part.macro_f1 for name, part in model.metrics.by_origin.items()}
    if len(values) > 1 and max(values.values()) - min(values.values()) > APART:
        told = words.listing([f"{value:.2f} on {name} rows" for name, value in values.items()])
        found.append(f"macro F1 is not the same everywhere: {told}")
    return found


def _errors(fitted: Fitted) -> list[str]:
    """What weakens a regression's figures."""
    found = []
    device, last = fitted.device, fitted.persistence
    if device.groups < FEW_GROUPS:
        found.append(f"the test split has only {words.counted(device.groups, 'group')}")
    if device.interval is None:
        found.append("no interval can be given with fewer than two test groups")
    high = device.interval[1] if device.interval else device.mae
    for other, name in ((fitted.mean, "always saying the mean"), (last, "the last known value")):
        if other is not None and high >= (other.interval[0] if other.interval else other.mae):
            found.append(f"not clearly better than {name}")
    return found + fitted.unbeaten()
