"""What is searched: a table keyed by architecture and by compression, and an app's own inputs.

A new architecture, or a new key under ``compress:``, joins the search by one entry here.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Protocol

from tinyfield.spec import App, Feature, Model
from tinyfield.spec.architectures import OPTIONS
from tinyfield.spec.durations import duration_text
from tinyfield.spec.features import parse_feature
from tinyfield.spec.mistake import Mistake
from tinyfield.spec.unsure import Unsure
from tinyfield.tune.candidate import Candidate, said


@dataclass(frozen=True)
class Whole:
    """A whole number from ``low`` to ``high``; ``log``: ratios count, not differences."""

    low: int
    high: int
    log: bool = False


@dataclass(frozen=True)
class OneOf:
    """One of some values, as the model holds them; None means that the key is not written."""

    values: tuple[object, ...]


Choice = Whole | OneOf


@dataclass(frozen=True)
class Searched:
    """What may be varied of one architecture: its options, and keys under ``compress:``."""

    options: Mapping[str, Choice]
    compress: Mapping[str, Choice] = field(default_factory=dict)


NETWORK: Mapping[str, Choice] = MappingProxyType(
    {
        "prune": OneOf((None, Decimal("0.25"), Decimal("0.5"))),
        "share": OneOf((None, 16, 32)),
        "sparse": OneOf((None, Decimal("0.5"))),
    }
)
"""Keys under ``compress:`` that every network has."""

NEEDS: Mapping[str, str] = MappingProxyType({"sparse": "share"})
"""Keys that mean nothing where another is not written."""

NOT_16X8 = ("share", "sparse")
"""Keys that go only with weights and values of 8 bits."""

_LEAVES = OneOf((1, 5, 20, 100))
_BACK = OneOf((1, 4))
_HISTORY = OneOf((8, 16, 32))
_KERNEL = OneOf((3, 5))

SPACE: Mapping[str, Searched] = MappingProxyType(
    {
        "mlp": Searched(
            {
                "hidden": OneOf(
                    ((4,), (8,), (16,), (32,), (64,), (8, 8), (16, 8), (16, 16), (32, 16), (48, 24))
                ),
                "history": _BACK,
            },
            NETWORK,
        ),
        "cnn": Searched(
            {
                "filters": Whole(4, 24, log=True),
                "blocks": Whole(1, 2),
                "kernel": _KERNEL,
                "history": _HISTORY,
            },
            NETWORK,
        ),
        "ds_cnn": Searched(
            {
                "filters": Whole(4, 32, log=True),
                "blocks": Whole(1, 2),
                "kernel": _KERNEL,
                "history": _HISTORY,
            },
            NETWORK,
        ),
        "tcn": Searched(
            {"filters": Whole(4, 24, log=True), "kernel": _KERNEL, "history": _HISTORY}, NETWORK
        ),
        "gru": Searched({"units": Whole(4, 24, log=True), "history": OneOf((6, 12, 24))}, NETWORK),
        "tree": Searched({"depth": Whole(2, 12), "min_leaf": _LEAVES}),
        "forest": Searched(
            {"trees": Whole(2, 30, log=True), "depth": Whole(3, 10), "min_leaf": _LEAVES}
        ),
        "gbt": Searched(
            {"trees": Whole(2, 40, log=True), "depth": Whole(1, 5), "min_leaf": _LEAVES}
        ),
        "bonsai": Searched(
            {
                "depth": Whole(1, 4),
                "projection": Whole(3, 24, log=True),
                "density": OneOf((0.1, 0.2, 0.3, 0.5, 1.0)),
            }
        ),
        "mahalanobis": Searched({"history": _BACK}),
        "autoencoder": Searched(
            {"hidden": OneOf(((2,), (4,), (8,), (16, 4), (16, 8))), "history": _BACK}
        ),
        "gmm": Searched(
            {
                "components": Whole(1, 16, log=True),
                "covariance": OneOf(("full", "diagonal")),
                "history": _BACK,
            }
        ),
    }
)
"""What is searched of each architecture; one that is not here is not searched. How many false
alarms there may be is the app's to say, and no matter of search."""

WINDOWS = (0.5, 1, 2)
"""Lengths of a window that are tried, as parts of the app's own."""

_OUT = "left out"
_LAST_TIME = re.compile(r"[\d.,]+\s*[^\W\d]+\s*$")


class Trial(Protocol):
    """What of Optuna's trial is needed here."""

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int: ...

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any: ...


@dataclass(frozen=True)
class Space:
    """The search space of one model of an app.

    Attributes:
        searched: by architecture.
        inputs: for each of the app's inputs what it may be, its own form first.
    """

    searched: Mapping[str, Searched]
    inputs: tuple[tuple[Feature, ...], ...]

    def key(self) -> str:
        """Changes with every change of the space."""
        text = repr(sorted(self.searched.items())) + repr(
            [[feature.text for feature in forms] for forms in self.inputs]
        )
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def suggest(self, trial: Trial) -> Candidate:
        """The candidate that a trial stands for. At least one input stays."""
        architecture = str(trial.suggest_categorical("architecture", list(self.searched)))
        one = self.searched[architecture]
        options = {
            key: _suggest(trial, f"{architecture} {key}", choice)
            for key, choice in one.options.items()
        }
        compress: dict[str, object] = {}
        for key, choice in one.compress.items():
            idle = key in NEEDS and compress.get(NEEDS[key]) is None
            name = f"{architecture} compress {key}"
            compress[key] = None if idle else _suggest(trial, name, choice)
        inputs: list[Feature] = []
        places: list[int] = []
        for i, forms in enumerate(self.inputs):
            texts = {feature.text: feature for feature in forms}
            text = trial.suggest_categorical(f"input {forms[0].text}", [*texts, _OUT])
            if text != _OUT and texts[text] not in inputs:
                inputs.append(texts[text])
                places.append(i)
        return Candidate(
            architecture=architecture,
            options=tuple(options.items()),
            inputs=tuple(inputs) or (self.inputs[0][0],),
            compress=tuple(compress.items()),
            places=tuple(places) or (0,),
        )

    def parameters(self, model: Model) -> dict[str, Any] | None:
        """The trial that stands for the app's own model; None if it is outside of the space."""
        if model.architecture not in self.searched:
            return None
        one, name = self.searched[model.architecture], model.architecture
        found: dict[str, Any] = {"architecture": name}
        for prefix, choices, values in (
            (f"{name} ", one.options, model.options),
            (f"{name} compress ", one.compress, dict(model.compress)),
        ):
            for key, choice in choices.items():
                value = values[key]
                if key in NEEDS and values[NEEDS[key]] is None:
                    continue
                found[prefix + key] = value if isinstance(choice, Whole) else _text(value)
        for forms in self.inputs:
            found[f"input {forms[0].text}"] = forms[0].text
        return found


def space_of(app: App, model: Model, architectures: Sequence[str] | None = None) -> Space:
    """The search space of a model: the table, the app's own values, its inputs and windows."""
    names = list(SPACE) if architectures is None else list(dict.fromkeys(architectures))
    searched = {name: SPACE[name] for name in names if name in SPACE and name in OPTIONS}
    own = searched.get(model.architecture)
    if own is not None:
        searched[model.architecture] = Searched(
            {k: _with(c, model.options[k]) for k, c in own.options.items()},
            {k: _with(c, dict(model.compress)[k]) for k, c in own.compress.items()},
        )
    if model.compress.quantize == "16x8":
        searched = {
            name: Searched(
                one.options, {k: c for k, c in one.compress.items() if k not in NOT_16X8}
            )
            for name, one in searched.items()
        }
    return Space(searched, tuple(_forms(app, feature) for feature in model.inputs))


def _with(choice: Choice, value: Any) -> Choice:
    """The choice with one more value in it."""
    if isinstance(choice, Whole):
        return Whole(min(choice.low, value), max(choice.high, value), choice.log)
    return choice if value in choice.values else OneOf((*choice.values, value))


def _forms(app: App, feature: Feature) -> tuple[Feature, ...]:
    """The feature and, where it has a window, others of the same kind that the app allows: of
    readings whole samples; of a fast sensor whole frames, as many as its burst or a node holds."""
    found = {_window(app, feature): feature}
    for text in _texts(app, feature):
        try:
            other = parse_feature(
                text,
                app.channels,
                sample_s=app.sample_s,
                has_crop=app.site is not None and app.site.crop is not None,
                unsure=Unsure(),
            )
        except Mistake:
            continue  # too short or too long, or no whole number of samples or frames
        if other is not None:
            found.setdefault(_window(app, other), other)
    return tuple(found.values())


def _window(app: App, feature: Feature) -> Fraction | None:
    """Its length in s; None without a window."""
    if feature.frames is not None:
        return feature.frames.count / app.channels[feature.channel or 0].rate
    return None if feature.window_s is None else Fraction(feature.window_s)


def _texts(app: App, feature: Feature) -> Iterator[str]:
    """The feature with each of the other windows."""
    own = _window(app, feature)
    for part in WINDOWS if own is not None else ():
        length = (own or 0) * Fraction(part)
        if feature.frames is None:
            whole = max(1, round(length))
            yield f"{feature.source} {feature.op} {duration_text(whole)}"
        else:
            yield _LAST_TIME.sub(
                f"{float(length):.6f}".rstrip("0").rstrip(".") + " s", feature.text
            )


def _suggest(trial: Trial, name: str, choice: Choice) -> object:
    if isinstance(choice, Whole):
        return trial.suggest_int(name, choice.low, choice.high, log=choice.log)
    texts = {_text(value): value for value in choice.values}
    return texts[trial.suggest_categorical(name, list(texts))]


def _text(value: object) -> str:
    """A value in a study, which knows no lists."""
    return json.dumps(said(value))
