"""Small apps put together by hand, so that these tests do not depend on the YAML."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tinyfield.spec.app import App, Channel, Feature, Site
from tinyfield.spec.crops import crops

WINDOWED = ("mean", "min", "max", "sum", "slope", "std", "range", "lag")
COMPARED = ("change", "ewma", "deviation", "relative")


def channel(name: str, scale: int = -1, minimum: int = -1000, maximum: int = 1000) -> Channel:
    sensor, quantity = name.split(".")
    return Channel(
        name=name,
        sensor=sensor,
        quantity=quantity,
        unit="%",
        scale=scale,
        minimum=minimum,
        maximum=maximum,
    )


def feature(source: str, op: str, window_s: int | None = None, channel: int | None = 0) -> Feature:
    text = f"{source} {op}" + (f" {window_s} s" if window_s else "")
    width = {"one_hot": 4, "cyclic": 2}.get(op, 1)
    return Feature(
        text=text,
        source=source,
        op=op,
        window_s=window_s,
        unit="%",
        scale=0,
        width=width,
        channel=channel,
    )


def site(source: str, op: str = "value") -> Feature:
    return feature(f"site.{source}", op, channel=None)


def cyclic(source: str) -> Feature:
    return feature(source, "cyclic", channel=None)


def app(
    channels: list[Channel],
    models: dict[str, list[Feature]],
    sample_s: int = 600,
    history: int = 1,
    hop: int = 1,
) -> App:
    class Inputs:
        def __init__(self, inputs: list[Feature]) -> None:
            self.inputs = tuple(inputs)
            self.history = history
            self.hop = hop
            self.target = None
            self.architecture = "mlp"
            self.train = SimpleNamespace(augment=None, refit=False)

    fields: dict[str, Any] = {
        "channels": tuple(channels),
        "models": {name: Inputs(inputs) for name, inputs in models.items()},
        "decisions": {},
        "sample_s": sample_s,
        "site": Site(plant="tomato", crop=crops()["tomato"]),
    }
    return App.model_construct(**fields)
