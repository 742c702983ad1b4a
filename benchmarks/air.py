"""How the air app does at stations and in years that it was never trained on.

``python benchmarks/air.py DATA`` (a folder that holds ``pollution_beijing/``) trains each model of
``apps/air_quality.yaml`` as the app is built (``by station``), on the first part of every station
(``by time``), and with one year from March to February left out at a time (``without 2013``),
and scores the generated C on what was left out: at stations that were trained on in the other
years, and at two that never were; and once more with these two learned from in the other years
(``without 2013, every station``), as a refit to all rows has it. Beside each figure stand those of
what learns nothing: the largest class, and of a label of the future what it is now (persistence)
and what is usual at that hour in that month (climatology). ``--bands pm2_5_eu`` scores another
index of as many classes.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from tinyfield import data, features
from tinyfield.data.dataset import Dataset, Split
from tinyfield.learn import evaluate, held_out
from tinyfield.learn.train import train
from tinyfield.spec import App, load_app
from tinyfield.spec.app import Accept

APP = Path(__file__).parents[1] / "apps" / "air_quality.yaml"
NEW, VALID = 2, 1
"""Stations that a left-out year is also scored at without any training there; stations that cut
points are chosen on."""

EVERY = "every station"
"""Ends a way that keeps no station back."""


def main() -> None:
    """Prints a line a model and a way to leave something out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder that holds the data sets")
    parser.add_argument("--app", type=Path, default=APP)
    parser.add_argument("--model", action="append", help="only this one; may be repeated")
    parser.add_argument("--way", action="append", help="only this one, such as 'by time'")
    parser.add_argument("--bands", help="of another index, such as pm2_5_eu")
    args = parser.parse_args()
    os.environ["TINYFIELD_DATA"] = str(args.data)
    app = load_app(args.app)
    for name in args.model or list(app.models):
        if args.bands:
            app = banded(app, name, args.bands)
        print(name, app.models[name].train.label)
        for way, split in ways(app, name):
            if args.way and way not in args.way:
                continue
            kept = dataset(split, name, way)
            made = features.compute(split, name, kept).judged
            model = split.models[name].model_copy(update={"accept": Accept()})
            trained = train(made, model, neighbours=False)
            got = evaluate(split, held_out(split, trained, kept))
            print(f"  {way}: {figures(got)}", flush=True)


def ways(app: App, name: str) -> Iterator[tuple[str, App]]:
    """How something is left out, and the app that learns so."""
    yield "by station", split_so(app, name, "by station")
    yield "by time", split_so(app, name, "by time")
    whole = data.load(app, name, held_out=True)
    for year in sorted({group.partition("/")[0] for group in whole.split}):
        yield f"without {year}", app
        yield f"without {year}, {EVERY}", app


def split_so(app: App, name: str, way: str) -> App:
    """The app with another split of that model's data."""
    return learning(app, name, split=way)


def banded(app: App, name: str, bands: str) -> App:
    """The app with other bands for that model, as far ahead."""
    _, ahead, lead = app.models[name].train.label.partition(" in ")
    return learning(app, name, label=bands + ahead + lead)


def learning(app: App, name: str, **changes: str) -> App:
    """The app with that model's ``train:`` changed."""
    model = app.models[name]
    learn = model.train.model_copy(update=changes)
    return app.model_copy(
        update={"models": {**app.models, name: model.model_copy(update={"train": learn})}}
    )


def dataset(app: App, name: str, way: str) -> Dataset:
    """The model's data, split that way."""
    if not way.startswith("without "):
        return data.load(app, name)
    year = way.split()[1].rstrip(",")
    whole = data.load(app, name, held_out=True)
    stations = sorted({group.partition("/")[2] for group in whole.split})
    new, valid = set(stations[-NEW:]), set(stations[:VALID])
    if way.endswith(EVERY):
        new = set()
    split: dict[str, Split] = {}
    for group in whole.split:
        when, _, station = group.partition("/")
        if when == year:
            split[group] = "test"
        elif station not in new:
            split[group] = "valid" if station in valid else "train"
    series = tuple(s for s in whole.series if s.group in split)
    return replace(whole, series=series, split=split)


def figures(got: dict[str, Any]) -> str:
    """Macro F1 with its interval, at known and at new places, and of what learns nothing."""
    places = got["by_place"]
    text = f"macro F1 {one(got['value'], got['interval'])}"
    if len(places) > 1:
        text += ", " + ", ".join(
            f"{part} stations {one(found['macro_f1'], found['interval'])}"
            for part, found in places.items()
        )
    for what, found in got["baselines"].items():
        if found is not None:
            text += f", {what} {one(found['macro_f1'], found['interval'])}"
    return f"{text}, {got['n']} rows"


def one(value: float, interval: list[float] | tuple[float, float] | None) -> str:
    """A figure, and two in brackets where there are."""
    span = "" if interval is None else f" [{interval[0]:.3f}-{interval[1]:.3f}]"
    return f"{value:.3f}{span}"


if __name__ == "__main__":
    main()
