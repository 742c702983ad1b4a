"""How the smoke alarm's model was chosen, what it does on what comes later, and when it alarms.

``python benchmarks/gas.py DATA`` (a folder that holds ``gas_mq/``) trains the model of
``apps/smoke_alarm.yaml`` anew on recordings that end after 50, 60, 70 and 80 % of their length, by
the app's own split in time, and scores the generated C on the last part of each: a moving origin.
None of that touches the last fifth, so that inputs, kinds and sizes may be chosen by it. Then the
whole recordings, as the app is built: once, with what had been chosen; beside it what a model could
say that had seen the same hours; the same readings in other weather; and the alarm itself, by the
firmware on this PC, over the last fifth.
"""

from __future__ import annotations

import argparse
import csv
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tinyfield import data, features, pipeline, project
from tinyfield.data.air import parts_in_time
from tinyfield.data.dataset import Dataset, Series, Split
from tinyfield.data.gas import GAP
from tinyfield.learn.metrics import Score, score
from tinyfield.learn.runner import answers
from tinyfield.learn.train import obtain
from tinyfield.spec import App, load_app
from tinyfield.spec.features import parse_feature
from tinyfield.spec.unsure import Unsure

APPS = Path(__file__).parents[1] / "apps"
MODEL = "smell"
ENDS = (0.5, 0.6, 0.7, 0.8)
"""Where the recordings end that may choose."""
BLOCK = 150
"""Samples of a block of the recordings, of which hindsight is taught every other."""

INPUTS = {
    "reading": ("last",),
    "reading, means of 20 s and 60 s": ("last", "mean 20 s", "mean 60 s"),
    "reading, spread of 180 s": ("last", "std 180 s"),
    "mean of 60 s, spread of 180 s": ("mean 60 s", "std 180 s"),
    "reading, least and most of 180 s": ("last", "min 180 s", "max 180 s"),
    "reading less its average of 300 s": ("deviation 300 s",),
}
KINDS: dict[str, dict[str, object]] = {
    "forest, 24 trees to depth 10": {"trees": 24, "depth": 10, "min_leaf": 3},
    "one tree": {"architecture": "tree", "trees": 1, "depth": 8, "min_leaf": 10},
    "gbt": {"architecture": "gbt", "trees": 20, "depth": 3, "min_leaf": 10},
    "bonsai": {"architecture": "bonsai", "depth": 2, "projection": 10, "density": 0.3},
}
CURVES = {"MQ-135": (1.71, 1.25, 0.91, 0.91), "MQ-3": (1.60, 1.22, 0.88, 0.88)}
"""Rs at -10, 5 and 50 degC against 20 degC, and at 85 % against 33 %: see ``mq_gas.h``."""
WEATHER = ((5, 33), (12, 50), (28, 60), (35, 85))
"""degC and %."""


@dataclass(frozen=True)
class Said:
    """What a model's C said of some rows: truth and answer [n], and their groups [n]."""

    y: NDArray[np.int64]
    answer: NDArray[np.int64]
    group: NDArray[np.str_]

    @property
    def score(self) -> Score:
        """Macro F1 with its interval, over stretches of time."""
        return score(self.y, self.answer, self.group, [str(k) for k in range(self.y.max() + 1)])

    @property
    def f1(self) -> float:
        """Macro F1 of all."""
        return self.score.macro_f1

    def taken(self, truth: Sequence[int], answer: Sequence[int]) -> str:
        """How many rows of some classes were taken for some others."""
        there = np.isin(self.y, truth)
        return f"{int(np.isin(self.answer[there], answer).sum())} of {int(there.sum())}"


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder that holds the data sets")
    parser.add_argument("--app", type=Path, default=APPS / "smoke_alarm.yaml")
    parser.add_argument("--kinds", action="store_true", help="other kinds of model, too: slow")
    args = parser.parse_args()
    os.environ["TINYFIELD_DATA"] = str(args.data)
    app = load_app(args.app)
    whole = data.load(app, MODEL, held_out=True, data_dir=args.data)
    print("moving origin: macro F1 on the last part of recordings that end early")
    print(
        f"  {'recordings end after':42s}" + "".join(f"{100 * e:5.0f} %" for e in ENDS) + "   mean"
    )
    moving(app, whole, "the app")
    moving(changed(app, {"train": app.models[MODEL].train.model_copy(update={"refit": False})}),
           whole, "the app, not refitted")  # fmt: skip
    for name, ops in INPUTS.items():
        moving(with_inputs(app, ops), whole, name)
    for name, options in KINDS.items() if args.kinds else ():
        moving(changed(app, options), whole, name)
    built = said(app, in_time(whole.series, whole))
    print("the whole recordings, as the app is built: the last fifth, looked at once")
    print(f"  the app: {figure(built)}, always one class {majority(built):.3f}")
    print(f"  trained on blocks of the same hours: {figure(hindsight(app, whole))}")
    weather(app, whole)
    alarm(args.app, app, whole, built)


def moving(app: App, whole: Dataset, name: str) -> None:
    """A line of the first table."""
    found = [said(app, in_time(ended(whole.series, end), whole)).f1 for end in ENDS]
    text = "".join(f"{one:7.3f}" for one in (*found, np.mean(found)))
    print(f"  {name:42s}{text}", flush=True)


def figure(of: Said) -> str:
    """Macro F1 with its interval."""
    low, high = of.score.interval or (0, 1)
    return f"macro F1 {of.f1:.3f} [{low:.3f}-{high:.3f}], {len(of.y)} rows"


def majority(of: Said) -> float:
    """Macro F1 of who always says the same."""
    return replace(of, answer=np.zeros_like(of.answer)).f1


# --- models and rows -------------------------------------------------------------------------


def changed(app: App, options: Mapping[str, object]) -> App:
    """The app with other options for its model."""
    model = app.models[MODEL].model_copy(update=dict(options))
    return app.model_copy(update={"models": {**app.models, MODEL: model}})


def with_inputs(app: App, operations: Sequence[str]) -> App:
    """The app with these of every sensor as its model's inputs."""
    ratios = [c.name for c in app.channels if c.quantity == "ratio"]
    inputs = [
        parse_feature(f"{name} {op}", app.channels, sample_s=app.sample_s, has_crop=False,
                      unsure=Unsure()) for name in ratios for op in operations
    ]  # fmt: skip
    return changed(app, {"inputs": tuple(inputs)})


def piece(one: Series, group: str, at: slice) -> Series:
    """Some samples of a series."""
    return replace(
        one,
        group=group,
        channels={name: values[at] for name, values in one.channels.items()},
        day=one.day[at],
        labels=one.labels[at],
    )


def ended(series: Sequence[Series], end: float) -> list[Series]:
    """The series, which end early."""
    return [piece(one, one.group, slice(0, round(end * len(one)))) for one in series]


def in_time(series: Sequence[Series], whole: Dataset) -> Dataset:
    """Split as the app's data are."""
    cut, split = parts_in_time(list(series), gap=GAP)
    return replace(whole, series=tuple(cut), split=split)


def said(app: App, made: Dataset) -> Said:
    """The test rows of a data set, by the C of a model trained on its other rows."""
    table = features.compute(app, MODEL, made).judged
    _, network, _ = obtain(table, app.models[MODEL])
    test = table.part("test")
    out = answers(network.model, test.X, network.scaler)
    return Said(test.y.astype(np.int64), out.argmax(axis=1), test.group)


def hindsight(app: App, whole: Dataset) -> Said:
    """What a model says that has seen the time before and after: every recording is cut into blocks
    of four minutes, a minute apart, of which one in four is scored and the others are taught."""
    series: list[Series] = []
    split: dict[str, Split] = {}
    for one in whole.series:
        for k, first in enumerate(range(0, len(one) - BLOCK, BLOCK)):
            part: Split = ("train", "test", "train", "valid")[k % 4]
            group = f"{k}/{one.group}"
            split[group] = part
            series.append(piece(one, group, slice(first, first + BLOCK - GAP)))
    return said(app, replace(whole, series=tuple(series), split=split))


# --- weather ---------------------------------------------------------------------------------


def weather(app: App, whole: Dataset) -> None:
    """The last fifth as sensors would have given it in other weather. The set has neither
    temperature nor humidity: this is the datasheets' curve laid over real readings."""
    print("the last fifth in other weather than the calibration's (simulated), macro F1")
    for celsius, humidity in WEATHER:
        line = []
        for name, curve in CURVES.items():
            factor = usual(celsius, humidity, curve)
            left = factor / usual(celsius, humidity, CURVES["MQ-135"])
            without = said(app, under(in_time(whole.series, whole), factor)).f1
            line.append(f"as an {name}: not compensated {without:.3f}")
            if left != 1:
                with_other = said(app, under(in_time(whole.series, whole), left)).f1
                line.append(f"with the MQ-135's curve {with_other:.3f}")
        print(f"  {celsius:2d} degC, {humidity} %: " + ", ".join(line), flush=True)


def usual(celsius: float, humidity: float, curve: Sequence[float]) -> float:
    """What weather does to a sensor: its resistance against that at 20 degC and 33 %."""
    cold, cool, hot, damp = curve
    warmth = np.interp(celsius, (-10, 5, 20, 50), (cold, cool, 1, hot))
    return float(warmth * (1 + (damp - 1) * (humidity - 33) / 52))


def under(made: Dataset, factor: float) -> Dataset:
    """The test part's ratios multiplied."""
    series = [
        replace(one, channels={n: np.round(v * factor, 3) for n, v in one.channels.items()})
        if made.split[one.group] == "test"
        else one
        for one in made.series
    ]
    return replace(made, series=tuple(series))


# --- the alarm -------------------------------------------------------------------------------


def alarm(path: Path, app: App, whole: Dataset, built: Said) -> None:
    """What the user hears: the firmware over the last fifth of clean air or perfume, followed by
    that of smoke or a mixture, whose readings begin at once. What ships has learned from that
    fifth, too; here is what it was before."""
    made = in_time(whole.series, whole)
    part = {
        app.models[MODEL].classes[int(one.labels[0])]: one
        for one in made.series
        if made.split[one.group] == "test"
    }
    names = app.models[MODEL].classes
    quiet, fire = names[:2], names[2:]
    print("the alarm over the last fifth, by the firmware")
    false: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as folder, project.scratch() as own:
        before_tests = Path(folder) / path.name
        text = path.read_text(encoding="utf-8").replace("refit: all", "refit: true")
        before_tests.write_text(text, encoding="utf-8")
        for before in quiet:
            for after in fire:
                trace = Path(folder) / f"{before}-{after}.csv"
                begins = write(trace, app, part[before], part[after])
                run = pipeline.simulate(before_tests, board="native", trace=trace, out=own)
                heard = [d.t for d in run if d.decision == "smoke" and d.active]
                false[before] = sum(t < begins for t in heard)
                first = next((t - begins for t in heard if t >= begins), None)
                late = "no alarm" if first is None else f"alarm after {first} s"
                print(f"  {before}, then {after}: {late}; {false[before]} false before it")
    hours = sum(len(part[name]) for name in quiet) * app.sample_s / 3600
    count = sum(false.values())
    most = "" if count else f" (95 %: below {3 / hours:.0f}, by the rule of three)"
    print(f"  false alarms: {count} in {hours:.2f} h, {count / hours:.1f} an hour{most}")
    print(f"  rows of clean air and perfume taken for a fire: {built.taken((0, 1), (2, 3))}, "
          f"of a fire for neither: {built.taken((2, 3), (0, 1))}")  # fmt: skip


def write(path: Path, app: App, before: Series, after: Series) -> int:
    """A trace of two series, one after the other; the second in which the later begins."""
    columns = [c.name for c in app.channels]  # what the set does not have is left empty: missing
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["t", *columns])
        for k in range(len(before) + len(after)):
            one, at = (before, k) if k < len(before) else (after, k - len(before))
            rows.writerow(
                [
                    k * app.sample_s,
                    *(one.channels[name][at] if name in one.channels else "" for name in columns),
                ]
            )
    return len(before) * app.sample_s


if __name__ == "__main__":
    main()
