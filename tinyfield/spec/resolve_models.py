"""Models: features bound to channels, names of data sets, architectures that are built."""

from __future__ import annotations

from tinyfield.spec.app import Accept, Budget, Channel, Compress, Feature, Model, Train, build
from tinyfield.spec.features import parse_feature
from tinyfield.spec.known import DATASETS, SPLITS, STAND_INS
from tinyfield.spec.mistake import Mistake
from tinyfield.spec.nodes import List, Map, Node, Scalar
from tinyfield.spec.problems import Problems
from tinyfield.spec.sections.base import ok
from tinyfield.spec.sections.models import (
    BUILT_ARCHITECTURES,
    PLANNED_ARCHITECTURES,
    ModelSection,
)
from tinyfield.spec.unsure import Unsure
from tinyfield.spelling import listing, nearest

MAX_INPUTS = 64
NO_COMPRESS, NO_BUDGET, NO_ACCEPT = build(Compress)(), build(Budget)(), build(Accept)()


def resolve_model(
    name: str,
    section: ModelSection,
    node: Map,
    channels: tuple[Channel, ...],
    *,
    sample_s: int,
    has_crop: bool,
    unsure: Unsure,
    problems: Problems,
) -> Model | None:
    """The model, or None with its mistakes reported."""
    before = len(problems.found)
    inputs = _inputs(
        node, channels, sample_s=sample_s, has_crop=has_crop, unsure=unsure, problems=problems
    )
    _classes(node, problems)
    _train(node, problems)
    _architecture(node, section, problems)
    _compress(node, problems)
    parts = (
        section.inputs,
        section.classes,
        section.train,
        section.architecture,
        section.hidden,
        section.compress,
        section.budget,
        section.accept,
    )
    if not all(ok(part) for part in parts):
        return None
    if any(d.kind == "error" for d in problems.found[before:]) or inputs is None:
        return None
    given = (section.train, section.compress, section.budget, section.accept)
    values = [v for part in given if part is not None for _, v in part]
    if not all(ok(value) for value in values):
        return None
    compress, budget, accept = section.compress, section.budget, section.accept
    return build(Model)(
        name=name,
        inputs=inputs,
        classes=tuple(section.classes),
        train=build(Train)(**dict(section.train)),
        architecture=section.architecture,
        hidden=tuple(section.hidden),
        compress=build(Compress)(**dict(compress)) if compress else NO_COMPRESS,
        budget=build(Budget)(
            flash_bytes=budget.flash, ram_bytes=budget.ram, latency_us=budget.latency
        )
        if budget
        else NO_BUDGET,
        accept=build(Accept)(**dict(accept)) if accept else NO_ACCEPT,
    )


def _inputs(
    node: Map,
    channels: tuple[Channel, ...],
    *,
    sample_s: int,
    has_crop: bool,
    unsure: Unsure,
    problems: Problems,
) -> tuple[Feature, ...] | None:
    listed = node.items.get("inputs")
    if not isinstance(listed, List):
        return None
    found: list[Feature] = []
    seen: dict[str, int] = {}
    whole = True
    for item in listed.items:
        if not isinstance(item, Scalar) or not isinstance(item.data, str):
            whole = False
            continue
        said = " ".join(item.text.split())
        if said in seen:
            problems.at(
                item,
                f"{said!r} is listed twice",
                hint=f"it is input {seen[said]} already: remove one",
                code="duplicate",
            )
            continue
        seen[said] = len(seen) + 1
        try:
            feature = parse_feature(
                item.text, channels, sample_s=sample_s, has_crop=has_crop, unsure=unsure
            )
        except Mistake as mistake:
            problems.mistake(item, mistake)
            whole = False
            continue
        if feature is None:
            whole = False
        else:
            found.append(feature)
    width = sum(feature.width for feature in found)
    if width > MAX_INPUTS:
        problems.at(
            listed,
            f"{width} inputs are too many",
            hint=f"at most {MAX_INPUTS}",
            key=True,
            code="range",
        )
    return tuple(found) if whole else None


def _classes(node: Map, problems: Problems) -> None:
    listed = node.items.get("classes")
    seen: set[str] = set()
    for item in listed.items if isinstance(listed, List) else ():
        text = item.text if isinstance(item, Scalar) else ""
        if text and text in seen:
            problems.at(
                item, f"the class {text!r} is listed twice", hint="remove one", code="duplicate"
            )
        seen.add(text)


def _train(node: Map, problems: Problems) -> None:
    train = node.items.get("train")
    if not isinstance(train, Map):
        return
    for key, known, what in (
        ("dataset", DATASETS, "data set"),
        ("stand_in", STAND_INS, "generator"),
        ("split", SPLITS, "split"),
    ):
        value = train.items.get(key)
        if not isinstance(value, Scalar) or not isinstance(value.data, str):
            continue
        if value.data not in known:
            near = nearest(value.data, known)
            hint = f"did you mean {near!r}?" if near else f"{what}s: {listing(known)}"
            problems.at(value, f"there is no {what} {value.data!r}", hint=hint, code="unknown")


def _architecture(node: Map, section: ModelSection, problems: Problems) -> None:
    place: Node | None = node.items.get("architecture")
    if place is None or not ok(section.architecture):
        return
    name = section.architecture
    if name in BUILT_ARCHITECTURES:
        return
    built = " or ".join(repr(a) for a in BUILT_ARCHITECTURES)
    if name in PLANNED_ARCHITECTURES or name.endswith((".keras", ".h5")):
        problems.at(
            place,
            f"architecture {name!r}",
            hint=f"write {built} for now",
            kind="not built yet",
            code="not built",
        )
        return
    near = nearest(name, [*BUILT_ARCHITECTURES, *PLANNED_ARCHITECTURES])
    hint = f"did you mean {near!r}?" if near else f"write {built}"
    problems.at(place, f"there is no architecture {name!r}", hint=hint, code="unknown")


def _compress(node: Map, problems: Problems) -> None:
    compress = node.items.get("compress")
    if not isinstance(compress, Map):
        return
    for key in ("prune", "cluster"):
        if key in compress.items:
            problems.at(
                compress.items[key],
                f"compress.{key}",
                key=True,
                code="not built",
                hint="remove it for now; 'quantize: int8' works",
                kind="not built yet",
            )
