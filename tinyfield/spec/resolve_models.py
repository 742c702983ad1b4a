"""Models: features bound to channels, names of data sets, architectures that are built."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tinyfield.spec.app import Accept, Budget, Channel, Compress, Feature, Model, Train, build
from tinyfield.spec.architectures import (
    DEPTH_MOST,
    KEYS,
    NOT_NETWORKS,
    OPTIONS,
    PLANNED,
    that_have,
)
from tinyfield.spec.features import parse_feature
from tinyfield.spec.known import DATASETS, SPLITS, STAND_INS
from tinyfield.spec.mistake import Mistake
from tinyfield.spec.nodes import List, Map, Node, Scalar
from tinyfield.spec.problems import Problems
from tinyfield.spec.sections.base import ok
from tinyfield.spec.sections.models import ModelSection
from tinyfield.spec.unsure import Unsure
from tinyfield.spelling import listing, nearest

MAX_INPUTS = 64
MOST_REMOVED = Decimal("0.95")
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
    _compress(node, section, problems)
    parts = (
        section.inputs,
        section.classes,
        section.train,
        section.architecture,
        *(getattr(section, key) for key in KEYS),
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
        **_options(section),
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


def _options(section: ModelSection) -> dict[str, Any]:
    """What the app says, else what holds for its architecture."""
    found: dict[str, Any] = dict(OPTIONS.get(section.architecture, {}))
    for key in found:
        said = getattr(section, key)
        if said is not None:
            found[key] = said
    if "hidden" in found:
        found["hidden"] = tuple(found["hidden"])
    if "density" in found:
        found["density"] = float(found["density"])
    return found


def _architecture(node: Map, section: ModelSection, problems: Problems) -> None:
    if not ok(section.architecture):
        return
    name = section.architecture
    place: Node | None = node.items.get("architecture")
    if name in OPTIONS:
        _check_options(node, section, name, problems)
        return
    if place is None:
        return
    built = listing(OPTIONS)
    if name in PLANNED or name.endswith((".keras", ".h5")):
        problems.at(
            place,
            f"architecture {name!r}",
            hint=f"write one of {built} for now",
            kind="not built yet",
            code="not built",
        )
        return
    near = nearest(name, [*OPTIONS, *PLANNED])
    hint = f"did you mean {near!r}?" if near else f"write one of {built}"
    problems.at(place, f"there is no architecture {name!r}", hint=hint, code="unknown")


def _check_options(node: Map, section: ModelSection, name: str, problems: Problems) -> None:
    for key in KEYS:
        place = node.items.get(key)
        if place is None or not ok(getattr(section, key)):
            continue
        if key not in OPTIONS[name]:
            problems.at(
                place,
                f"{key!r} means nothing to {name!r}",
                hint=f"remove it, or write 'architecture: {that_have(key)[0]}'",
                key=True,
                code="option",
            )
        elif key == "depth" and (section.depth or 0) > DEPTH_MOST[name]:
            problems.at(
                place,
                f"a {name} {section.depth} deep is more than a node should carry",
                hint=f"write at most {DEPTH_MOST[name]}",
                code="range",
            )
        elif key == "density" and section.density == 0:
            problems.at(
                place, "a projection of nothing but zeros", hint="write 10 % to 100 %", code="range"
            )


def _compress(node: Map, section: ModelSection, problems: Problems) -> None:
    compress, given = node.items.get("compress"), section.compress
    if not isinstance(compress, Map) or given is None or not ok(section.architecture):
        return

    def means_nothing(key: str, to: str, hint: str) -> None:
        if key in compress.items:
            problems.at(
                compress.items[key],
                f"{key!r} means nothing to {to}",
                key=True,
                hint=hint,
                code="option",
            )

    if section.architecture in NOT_NETWORKS:
        for key in ("prune", "share", "sparse", "huffman"):
            means_nothing(key, repr(section.architecture), "remove it: only networks have it")
        return
    if given.share is None:
        means_nothing("sparse", "a layer whose weights are not shared", "add 'share: 16'")
    if given.quantize == "16x8":
        for key in ("share", "sparse"):
            means_nothing(key, "16x8", "write 'quantize: int8'")
    for key in ("prune", "sparse"):
        value = getattr(given, key)
        if ok(value) and isinstance(value, Decimal) and value > MOST_REMOVED:
            problems.at(
                compress.items[key],
                "too little of the network would be left",
                hint=f"write at most {MOST_REMOVED * 100:.0f} %",
                code="range",
            )
