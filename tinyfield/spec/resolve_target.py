"""``target:`` of a model: which number of the data set, its unit, what error is accepted."""

from __future__ import annotations

from typing import Any

from tinyfield.spec.app import Accept, Target
from tinyfield.spec.frozen import build
from tinyfield.spec.known import TARGETS, Column
from tinyfield.spec.mistake import Mistake
from tinyfield.spec.nodes import Map, Scalar
from tinyfield.spec.problems import Problems
from tinyfield.spec.sections.base import ok
from tinyfield.spec.sections.fields import measure
from tinyfield.spec.sections.models import AcceptSection, ModelSection
from tinyfield.spelling import listing, nearest

_OF_CLASSES = ("accuracy", "macro_f1")
_OF_NUMBERS = ("mae", "rmse")


def resolve_goal(section: ModelSection, node: Map, problems: Problems) -> Target | None:
    """The target; None for a classifier. What is neither or both is reported."""
    has = [key for key in ("classes", "target") if key in node.items]
    train = node.items.get("train")
    if len(has) == 2:
        problems.at(
            node.items[has[1]],
            "a model gives one of its 'classes' or a number, its 'target'",
            hint=f"remove {has[0]!r} or {has[1]!r}",
            key=True,
            code="duplicate",
        )
        return None
    if not has and not node.thin:
        problems.at(
            node,
            "'classes' is missing",
            hint="add 'classes: [none, light, heavy]', or 'target: {name: need}' for a number",
            key=True,
            code="missing",
        )
        return None
    if has == ["target"]:
        if isinstance(train, Map) and "label" in train.items:
            problems.at(
                train.items["label"],
                "'label' is of classes: what a number is to be, 'target' says",
                hint="remove it",
                key=True,
                code="duplicate",
            )
        return _target(section, node, problems)
    if isinstance(train, Map) and "label" not in train.items and not train.thin:
        problems.at(train, "'label' is missing", hint="add 'label: need'", key=True, code="missing")
    return None


def _target(section: ModelSection, node: Map, problems: Problems) -> Target | None:
    given, place = section.target, node.items["target"]
    if given is None or not ok(given) or not ok(given.name) or not ok(section.train):
        return None
    dataset = section.train.dataset
    if not ok(dataset) or not isinstance(place, Map):
        return None
    columns = TARGETS.get(dataset)
    name, _, ahead = given.name.partition(" in ")
    if columns is None:
        problems.at(
            place,
            f"{dataset} has no number to learn",
            hint=f"data sets that have: {listing(list(TARGETS))}; or write 'classes:'",
            key=True,
            code="unknown",
        )
        return None
    if name not in columns:
        near = nearest(name, columns)
        hint = f"did you mean {near!r}?" if near else f"its numbers: {listing(list(columns))}"
        problems.at(
            place.items["name"],
            f"{dataset} has no number {name!r}",
            hint=hint,
            code="unknown",
        )
        return None
    column = columns[name]
    if ahead and not column.ahead:
        problems.at(
            place.items["name"],
            f"{name!r} is of its own time ahead already",
            hint=f"write '{name}'",
            code="unknown",
        )
        return None
    if not _same_unit(given.unit, column, name, place, problems):
        return None
    return build(Target)(
        name=given.name,
        unit=column.unit,
        scale=column.scale,
        minimum=column.minimum,
        maximum=column.maximum,
    )


def _same_unit(unit: object, column: Column, name: str, place: Map, problems: Problems) -> bool:
    if unit is None or unit == column.unit:
        return True
    if ok(unit):
        problems.at(
            place.items["unit"],
            f"{name!r} is in {column.unit}, not in {unit}",
            hint=f"write 'unit: {column.unit}'; rules may use any unit of its kind",
            code="unit",
        )
    return False


def resolve_accept(
    given: AcceptSection | None, node: Map, target: Target | None, problems: Problems
) -> Accept | None:
    """What is accepted, errors in the target's unit; None where it does not fit the model."""
    place = node.items.get("accept")
    if given is None or not isinstance(place, Map) or not all(ok(v) for _, v in given):
        return build(Accept)()
    found: dict[str, Any] = {}
    whole = True
    for key, value in given:
        if value is None:
            continue
        wrong = key in (_OF_CLASSES if target is not None else _OF_NUMBERS)
        if wrong:
            problems.at(
                place.items[key],
                f"{key!r} means nothing to a model of "
                + ("numbers" if target is not None else "classes"),
                hint="write 'mae: …'" if target is not None else "write 'macro_f1: 0.8'",
                key=True,
                code="option",
            )
            whole = False
            continue
        try:
            found[key] = _figure(key, value, place.items[key], target)
        except Mistake as mistake:
            problems.mistake(place.items[key], mistake)
            whole = False
    return build(Accept)(**found) if whole else None


def _figure(key: str, value: Any, place: Any, target: Target | None) -> float:
    if target is None:
        if isinstance(value, str):
            raise Mistake(
                f"{value!r} is no share of macro F1", hint="write it as '0.02'", code="unit"
            )
        return float(value)
    text = place.text if isinstance(place, Scalar) else value
    number = float(measure(text, target.unit, f"2 {target.unit}"))
    if number < 0 or (number == 0 and key != "max_drop"):
        raise Mistake("no model is without an error", hint=f"write '1 {target.unit}'", code="range")
    return number
