"""What another size of a model would give: a few smaller or larger ones, trained and measured.

Where a model misses its budget or what the app accepts, the user needs to know what would not:
not an estimate, but a model that was made. Scores are of the validation split; choosing by the
test split would spoil it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tinyfield.errors import DataError, ModelError
from tinyfield.learn.gate import Cost, over_budget
from tinyfield.learn.metrics import Errors, Score
from tinyfield.spec.architectures import DEPTH_MOST

if TYPE_CHECKING:
    from tinyfield.spec import Model

DOWN = (0.8, 0.65, 0.5, 0.35, 0.2, 0.1)
UP = (1.5, 2.0, 3.0)
"""Sizes that are tried, as parts of the model's own."""

_MOST = {"trees": 255, "projection": 64, "hidden": 1024}


@dataclass(frozen=True)
class Neighbour:
    """A model of another size: its scores on the validation split, and what it costs (None:
    nobody measures here)."""

    model: Model
    score: Score | Errors
    cost: Cost | None

    @property
    def merit(self) -> float:
        """The more the better: macro F1, or less the mean error."""
        return self.score.macro_f1 if isinstance(self.score, Score) else -self.score.mae

    @property
    def figure(self) -> str:
        """The score in words: ``macro F1 0.81``."""
        if isinstance(self.score, Score):
            return f"macro F1 {self.score.macro_f1:.2f}"
        unit = self.model.target.unit if self.model.target else ""
        return f"mean error {self.score.mae:.4g} {unit}"

    def gains(self, other: Neighbour, name: str) -> float:
        """By how much it is better than another in one score."""
        more = float(getattr(self.score, name) - getattr(other.score, name))
        return more if isinstance(self.score, Score) else -more


Try = Callable[["Model"], Neighbour]
"""Trains and measures a model."""


def smaller(model: Model, keys: Sequence[str]) -> list[Model]:
    """Smaller ones by the first of ``keys`` that can shrink, the largest first; at the end one
    that is small in all of them."""
    found: list[Model] = []
    for key in keys:
        found = _sized(model, key, DOWN)
        if found:
            break
    least = found[-1] if found else model
    for key in keys:
        less = _sized(least, key, DOWN)
        least = less[-1] if less else least
    if found and least.options != found[-1].options:
        found.append(least)
    return found


def larger(model: Model, keys: Sequence[str]) -> list[Model]:
    """Larger ones by the first of ``keys`` that can grow, the smallest first."""
    for key in keys:
        found = _sized(model, key, UP)
        if found:
            return found
    return []


def that_fits(model: Model, keys: Sequence[str], attempt: Try) -> str:
    """The largest smaller model within the budget, in words, found by halving."""
    rungs = smaller(model, keys)
    low, high = 0, len(rungs) - 1
    fits: Neighbour | None = None
    last: Neighbour | None = None
    while low <= high:
        middle = (low + high) // 2
        made = _attempt(attempt, rungs[middle])
        last = made or last
        if made is not None and made.cost is not None and not over_budget(model, made.cost):
            fits, high = made, middle - 1
        else:
            low = middle + 1
    raised = f"raise `models.{model.name}.budget`"
    if fits is not None:
        write = _said(fits, model)
        return f"nearest that fits, measured: {described(fits)}. Write {write}, or {raised}"
    if last is not None:
        return f"the smallest that was tried does not fit either: {described(last)}; {raised}"
    return f"it cannot be made smaller; {raised}"


def that_scores(model: Model, keys: Sequence[str], attempt: Try, misses: dict[str, float]) -> str:
    """The smallest larger model that gains what is missing, else the best of them, in words.

    Args:
        misses: by how much ``accuracy`` or ``macro_f1`` is too low, or an error too large.
    """
    rungs = larger(model, keys)
    own = _attempt(attempt, model)
    best: Neighbour | None = None
    for rung in rungs if own is not None and misses else ():
        made = _attempt(attempt, rung)
        if made is None or own is None:
            continue
        if best is None or made.merit > best.merit:
            best = made
        if all(made.gains(own, name) >= least for name, least in misses.items()):
            best = made
            break
    if best is None or own is None:
        return ""
    here = f"(this one there: {own.figure.removeprefix('macro F1 ')})"
    if best.merit <= own.merit:
        return f"A larger one brings nothing: {described(best)} {here}. "
    room = " It is past the budget." if best.cost and over_budget(model, best.cost) else ""
    return f"Nearest, measured: {described(best)} {here}.{room} "


def described(found: Neighbour) -> str:
    """``forest of 6 trees: 3,100 B of flash, 60 B of RAM, macro F1 0.81 on the validation …``."""
    parts = []
    if found.cost is not None:
        parts += [f"{found.cost.flash_bytes:,} B of flash", f"{found.cost.ram_bytes:,} B of RAM"]
        if found.cost.latency_us is not None:
            parts.append(f"{found.cost.latency_us:,} µs")
    parts.append(f"{found.figure} on the validation split")
    return f"{named(found.model)}: {', '.join(parts)}"


def named(model: Model) -> str:
    """A model in words, by its options."""
    options = dict(model.options)
    for key in ("min_leaf", "leaves", "source", "function"):
        options.pop(key, None)
    for key in ("history", "hop"):
        if options.get(key) == 1:
            options.pop(key)
    for key in ("ordered", "l2"):
        if not options.get(key, True):
            options.pop(key)
    if "trees" in options:
        trees = options.pop("trees")
        name = f"{model.architecture} of {trees} tree{'s' if trees != 1 else ''}"
    else:
        name = model.architecture
    rest = [f"{key} {list(v) if isinstance(v, tuple) else v}" for key, v in options.items()]
    return ", ".join([name, *rest])


def _said(found: Neighbour, model: Model) -> str:
    """The keys to write for it."""
    changed = {k: v for k, v in found.model.options.items() if v != model.options[k]}
    return " and ".join(
        f"`{key}: {list(v) if isinstance(v, tuple) else v}`" for key, v in changed.items()
    )


def _attempt(attempt: Try, model: Model) -> Neighbour | None:
    try:
        return attempt(model)
    except (DataError, ModelError):
        return None  # such a one cannot be had at all


def _sized(model: Model, key: str, parts: Sequence[float]) -> list[Model]:
    """The model with one option at other sizes, each once, none as it is; a depth goes by steps,
    for each is a factor of two."""
    own = model.options[key]
    values: list[object] = []
    for step, part in enumerate(parts, 1):
        value: object
        if key == "depth" and isinstance(own, int):
            most = DEPTH_MOST.get(model.architecture, own)
            value = min(most, own + step) if part > 1 else max(1, own - step)
        elif isinstance(own, tuple):
            value = tuple(_whole(n, part, key) for n in own) or ((round(8 * part),) * (part > 1))
        elif isinstance(own, int):
            value = _whole(own, part, key)
        else:
            continue
        if value not in (own, *values):
            values.append(value)
    return [model.model_copy(update={key: value}) for value in values]


def _whole(own: int, part: float, key: str) -> int:
    return min(max(1, round(own * part)), _MOST.get(key, 1 << 16))
