"""Models: features bound to channels, names of data sets, architectures that are built.

It is long because each key of a model has its own mistakes, and the words for them.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from tinyfield.spec.app import Augment, Budget, Channel, Compress, Feature, Model, Train
from tinyfield.spec.architectures import (
    ANOMALY,
    DEPTH_MOST,
    HISTORY_MOST,
    KEYS,
    NOT_NETWORKS,
    OPTIONS,
    OVER_TIME,
    OWN,
    UNKNOWN,
    VALUES,
    that_have,
)
from tinyfield.spec.braces import expand
from tinyfield.spec.features import parse_feature
from tinyfield.spec.frozen import build
from tinyfield.spec.known import DATASETS, SPLITS, STAND_INS
from tinyfield.spec.mistake import Mistake
from tinyfield.spec.nodes import List, Map, Node, Scalar
from tinyfield.spec.problems import Problems
from tinyfield.spec.resolve_target import resolve_accept, resolve_goal
from tinyfield.spec.samples import read_samples
from tinyfield.spec.sections.base import ok
from tinyfield.spec.sections.models import ModelSection
from tinyfield.spec.unsure import Unsure
from tinyfield.spelling import listing, nearest

MAX_INPUTS = 128
MOST_REMOVED = Decimal("0.95")
MOST_FALSE = Decimal("0.2")
HISTORY_LEAST = 4
HOP_MOST = 1000
UNROLLED_MOST = 64
HISTORY_BYTES_MOST = 16_384
NO_COMPRESS, NO_BUDGET = build(Compress)(), build(Budget)()


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
    train_node = node.items.get("train")
    if isinstance(train_node, Map) and ok(section.train):
        fast = any(channel.frames for channel in channels) or bool(unsure)
        _check_augment(train_node, section, fast, problems)
    target = resolve_goal(section, node, problems)
    architecture = _named(node, section, problems)
    _check_refit(train_node, architecture, problems)
    options = _options(node, section, architecture, sample_s, problems)
    if inputs is not None:
        _history(node, architecture, options, sum(f.width for f in inputs), problems)
    options |= _source(node, architecture, problems)
    unknown = _unknown(node, section, architecture, problems)
    _compress(node, section, architecture, problems)
    accept = None
    if section.accept is None or ok(section.accept):
        accept = resolve_accept(section.accept, node, target, problems)
    parts = (
        section.inputs,
        section.classes,
        section.target,
        section.train,
        section.architecture,
        *(getattr(section, key) for key in KEYS),
        section.unknown,
        section.compress,
        section.budget,
        section.accept,
    )
    if not all(ok(part) for part in parts):
        return None
    if any(d.kind == "error" for d in problems.found[before:]) or inputs is None or accept is None:
        return None
    if target is None and section.classes is None:
        return None
    given = (section.train, section.compress, section.budget, section.accept)
    values = [v for part in given if part is not None for _, v in part]
    if not all(ok(value) for value in values):
        return None
    compress, budget, train = section.compress, section.budget, section.train
    return build(Model)(
        name=name,
        inputs=inputs,
        classes=tuple(section.classes or ()),
        target=target,
        train=build(Train)(
            **{
                **dict(train),
                "label": target.name if target else train.label,
                "augment": _augment(section),
            }
        ),
        architecture=architecture,
        **options,
        unknown=unknown,
        compress=build(Compress)(**dict(compress)) if compress else NO_COMPRESS,
        budget=build(Budget)(
            flash_bytes=budget.flash, ram_bytes=budget.ram, latency_us=budget.latency
        )
        if budget
        else NO_BUDGET,
        accept=accept,
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
        try:
            expanded = expand(item.text)
        except Mistake as mistake:
            problems.mistake(item, mistake)
            whole = False
            continue
        for one in expanded:
            said = " ".join(one.text.split())
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
                    one.text, channels, sample_s=sample_s, has_crop=has_crop, unsure=unsure
                )
            except Mistake as mistake:
                problems.mistake(item, one.moved(mistake))
                whole = False
                break  # what else the braces stand for is wrong in the same way
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


def _augment(section: ModelSection) -> Augment | None:
    given = section.train.augment
    if given is None:
        return None
    alike = given.rotate == "no" and not given.shift
    return build(Augment)(
        rotate=given.rotate,
        shift=given.shift,
        copies=0 if alike else given.copies,
        between=given.between,
    )


def _check_augment(train: Map, section: ModelSection, fast: bool, problems: Problems) -> None:
    """Refuses copies that would be no different, or of what is no recording."""
    place, given = train.items.get("augment"), getattr(section.train, "augment", None)
    if place is None or given is None or not ok(given):
        return
    if not fast:
        problems.at(
            place,
            "no sensor is sampled fast: there are no recordings to make copies of",
            hint="remove it",
            key=True,
            code="option",
        )
    elif (
        given.rotate == "no"
        and not given.shift
        and (given.between is None or "copies" in getattr(place, "items", {}))
    ):
        problems.at(
            place,
            "copies that differ in nothing",
            hint="write 'rotate: random', 'shift: true' or both",
            key=True,
            code="option",
        )


def _check_refit(train: Node | None, architecture: str, problems: Problems) -> None:
    """Refuses to fit again what was never fitted here."""
    if architecture == "tflite" and isinstance(train, Map) and "refit" in train.items:
        problems.at(
            train.items["refit"],
            "'refit' means nothing to 'tflite'",
            hint="remove it: the file is trained already, and is shipped as it is",
            key=True,
            code="option",
        )


def _options(
    node: Map, section: ModelSection, name: str, sample_s: int, problems: Problems
) -> dict[str, Any]:
    """What the app says, else what holds for its architecture."""
    found: dict[str, Any] = dict(OPTIONS.get(name, {}))
    for key in found.keys() - {"history", "hop"}:
        said = getattr(section, key)
        if said is not None and ok(said):
            found[key] = said
    # A time of history counts the samples that enter it.
    for key, most in (("hop", HOP_MOST), ("history", HISTORY_MOST)):
        if key not in found or key not in node.items:
            continue
        before = len(problems.found)
        samples = read_samples(node.items[key], sample_s * int(found["hop"]), problems, most=most)
        if len(problems.found) == before:
            found[key] = samples
    if "hidden" in found:
        found["hidden"] = tuple(found["hidden"])
    for key in ("density", "false_alarms", "l2"):
        if key in found:
            found[key] = float(found[key])
    return found


def _named(node: Map, section: ModelSection, problems: Problems) -> str:
    """The architecture's name; one that there is not is reported."""
    if not ok(section.architecture):
        return ""
    own = [key for key in OWN if key in node.items]
    said = [key for key in ("architecture", *own) if key in node.items]
    if len(said) > 1:
        problems.at(
            node.items[said[1]],
            f"{said[0]!r} and {said[1]!r} both say what is learned",
            hint="remove one of them",
            key=True,
            code="duplicate",
        )
    name = own[0] if own else section.architecture
    place: Node | None = node.items.get("architecture")
    if name in OPTIONS and (own or name not in OWN):
        _check_options(node, section, name, problems)
        return name
    if place is None:
        return name
    built = listing([key for key in OPTIONS if key not in OWN])
    if name in OWN or name.endswith((".keras", ".h5", ".py", ".tflite")):
        example = "tflite: my_model.tflite" if "tflite" in name else "keras: my_model.py:build"
        problems.at(
            place,
            f"{name!r} is no architecture",
            hint=f"for a network of your own write '{example}' instead of 'architecture:'",
            code="unknown",
        )
        return name
    near = nearest(name, [key for key in OPTIONS if key not in OWN])
    hint = f"did you mean {near!r}?" if near else f"write one of {built}"
    problems.at(place, f"there is no architecture {name!r}", hint=hint, code="unknown")
    return name


def _history(node: Map, name: str, options: dict[str, Any], width: int, problems: Problems) -> None:
    """Refuses a history that the architecture, or a node, can do nothing with."""
    kernel = options.get("kernel", 1)
    if isinstance(kernel, tuple) and kernel[1] > width:
        problems.at(
            node.items["kernel"],
            f"a kernel of {kernel[1]} inputs, and there {'is' if width == 1 else 'are'} {width}",
            hint=f"write '[{kernel[0]}, {width}]' or less, or '{max(2, kernel[0])}'",
            code="range",
        )
    history, place = options.get("history", 1), node.items.get("history", node)
    if history == 1 and options.get("hop", 1) > 1:
        problems.at(
            node.items["hop"],
            "'hop' means nothing where one sample is looked at",
            key=True,
            hint="add 'history: 12', or remove it",
            code="option",
        )
    if name in OVER_TIME and history < HISTORY_LEAST:
        problems.at(
            place,
            f"{name!r} has nothing to look at in {history} sample{'' if history == 1 else 's'}",
            hint=f"write at least {HISTORY_LEAST} samples, or 'architecture: mlp'",
            code="range",
        )
    elif name == "gru" and history > UNROLLED_MOST:
        problems.at(
            place,
            f"a gru of {history} samples is more than a node should carry",
            hint=f"write at most {UNROLLED_MOST} samples, or 'architecture: tcn'",
            code="range",
        )
    elif history * width > HISTORY_BYTES_MOST:
        problems.at(
            place,
            f"{history} samples of {width} inputs are {history * width:,} bytes to remember",
            hint=f"write at most {HISTORY_BYTES_MOST // max(1, width)} samples",
            code="range",
        )


def _unknown(
    node: Map, section: ModelSection, architecture: str, problems: Problems
) -> float | None:
    """The share of known rows that may be called unknown."""
    place, given = node.items.get("unknown"), section.unknown
    if place is None or given is None or not ok(given):
        return None
    hint = None
    if section.target is not None:
        message, hint = "'unknown' means nothing to a number", "remove it, or write 'classes:'"
    elif architecture in (*ANOMALY, "tflite"):
        message = f"'unknown' means nothing to {architecture!r}"
        hint = "remove it: what is not as usual is all that it tells"
        if architecture == "tflite":
            hint = "remove it: what the model was trained on is not known"
    elif UNKNOWN in ((section.classes if ok(section.classes) else None) or ()):
        message = f"{UNKNOWN!r} is a class already"
        hint = "remove it from 'classes', or remove 'unknown'"
    if hint is not None:
        problems.at(place, message, hint=hint, key=True, code="option")
        return None
    if not 0 < given <= MOST_FALSE:
        problems.at(
            place,
            "no threshold keeps to that",
            hint=f"write more than 0 %, and at most {MOST_FALSE:.0%}",
            code="range",
        )
        return None
    return float(given)


def _source(node: Map, name: str, problems: Problems) -> dict[str, Any]:
    """Where the app's own network is."""
    place = node.items.get(name) if name in OWN else None
    if not isinstance(place, Scalar) or not isinstance(place.data, str):
        return {}
    path, _, function = place.data.strip().partition(":")
    example = "my_model.py:build" if name == "keras" else "my_model.tflite"
    if name == "keras" and not function.isidentifier():
        problems.at(
            place,
            f"{place.data!r} names no file and function",
            hint=f"write it as {example!r}",
            code="type",
        )
        return {}
    found = (Path(place.source.name).parent / path).resolve()
    if not found.is_file():
        problems.at(
            place,
            f"there is no file {path!r}",
            hint=f"the path counts from this file's folder; write it as {example!r}",
            code="unknown",
        )
        return {}
    return {"source": str(found), "function": function}


def _check_options(node: Map, section: ModelSection, name: str, problems: Problems) -> None:
    classes = (section.classes if ok(section.classes) else None) or []
    if section.target is not None and name not in VALUES:
        problems.at(
            node.items["target"],
            f"{name!r} gives classes, no number",
            hint=f"write 'classes:', or 'architecture: {VALUES[0]}'",
            key=True,
            code="option",
        )
    if name in ANOMALY and len(classes) > 2:
        problems.at(
            node.items["classes"],
            f"{len(classes)} classes: a {name} knows the normal rows and all others",
            hint="write two, the normal one first, such as [normal, anomaly]",
            code="range",
        )
    accept = node.items.get("accept")
    if name not in ANOMALY and isinstance(accept, Map) and "auc" in accept.items:
        problems.at(
            accept.items["auc"],
            f"'auc' means nothing to {name!r}",
            hint="write 'macro_f1', or an architecture that learns what is usual: "
            + listing(ANOMALY),
            key=True,
            code="option",
        )
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
                f"{name!r} of depth {section.depth} is more than a node should carry",
                hint=f"write at most {DEPTH_MOST[name]}",
                code="range",
            )
        elif key == "kernel" and isinstance(section.kernel, tuple) and name != "cnn":
            problems.at(
                place,
                f"the kernel of a {name} spans samples only",
                hint=f"write '{section.kernel[0]}', or 'architecture: cnn'",
                code="option",
            )
        elif key == "hidden" and name == "autoencoder" and not section.hidden:
            problems.at(
                place,
                "an autoencoder has a layer to pass through",
                hint="write its units, such as [4]",
                code="range",
            )
        elif key == "false_alarms" and not 0 < (section.false_alarms or 0) <= MOST_FALSE:
            problems.at(
                place,
                "no threshold keeps to that",
                hint=f"write more than 0 %, and at most {MOST_FALSE:.0%}",
                code="range",
            )
        elif key == "density" and section.density == 0:
            problems.at(
                place, "a projection of nothing but zeros", hint="write 10 % to 100 %", code="range"
            )


def _compress(node: Map, section: ModelSection, name: str, problems: Problems) -> None:
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

    if name in NOT_NETWORKS:
        for key in ("prune", "share", "sparse", "huffman"):
            means_nothing(key, repr(name), "remove it: only networks have it")
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
