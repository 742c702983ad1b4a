"""One point of the search: what it says of a model, in the model's terms and in YAML's."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tinyfield.spec import Compress, Feature, Model
from tinyfield.spec.architectures import NOT_NETWORKS, OPTIONS
from tinyfield.spec.frozen import build

SHARES = ("density", "prune", "sparse")
"""Keys whose numbers are written in percent."""


@dataclass(frozen=True)
class Candidate:
    """A model of the app, as the search varies it.

    Attributes:
        architecture: its name.
        options: of the architecture, those that were searched, with the values of ``Model``.
        inputs: the features, in the app's order.
        compress: keys under ``compress:`` that were searched; None where one is not written.
        places: which of the app's own inputs each of ``inputs`` stands for.
    """

    architecture: str
    options: tuple[tuple[str, object], ...]
    inputs: tuple[Feature, ...]
    compress: tuple[tuple[str, object], ...] = ()
    places: tuple[int, ...] = field(default=(), compare=False)

    def apply(self, model: Model) -> Model:
        """The model with everything that the candidate says."""
        same = model.architecture == self.architecture
        options = model.options if same else dict(OPTIONS[self.architecture])
        compress = model.compress.model_copy(update=dict(self.compress))
        if self.architecture in NOT_NETWORKS:
            compress = build(Compress)()
        return model.model_copy(
            update={
                "architecture": self.architecture,
                **options,
                **dict(self.options),
                "inputs": self.inputs,
                "compress": compress,
            }
        )

    @property
    def text(self) -> str:
        """The candidate on one line, without its inputs: ``forest, trees 6, depth 4``."""
        parts = [self.architecture]
        pairs = [*self.options, *self.compress]
        parts += [f"{key} {written(key, value)}" for key, value in pairs if value is not None]
        return ", ".join(parts)

    def as_json(self) -> dict[str, Any]:
        """As it stands in the app file."""
        return {
            "architecture": self.architecture,
            **{key: written(key, value) for key, value in self.options if value is not None},
            "inputs": [feature.text for feature in self.inputs],
            "compress": {k: written(k, v) for k, v in self.compress if v is not None},
        }


def said(value: object) -> Any:
    """A value as JSON holds it."""
    if isinstance(value, tuple):
        return [said(item) for item in value]
    return float(value) if isinstance(value, Decimal) else value


def written(key: str, value: object) -> Any:
    """A value as it is written in the app file: shares in percent."""
    if key in SHARES and isinstance(value, (int, float, Decimal)):
        percent = f"{Decimal(str(value)) * 100:f}"
        return f"{percent.rstrip('0').rstrip('.') if '.' in percent else percent} %"
    return said(value)
