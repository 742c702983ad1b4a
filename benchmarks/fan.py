"""How the machine monitor does at speeds that it was never trained on, and later in time.

``python benchmarks/fan.py DATA`` (a folder that holds ``anomaly_fan/``) trains each model of
``apps/machine_monitor.yaml`` anew with one speed left out at a time, the slowest and the fastest
apart, and scores the generated C on that speed; then once on all speeds, scored on the last part of
every recording, as the app itself is built. Of a rule that may ask the edge it says which of those
rows the node settles and which it passes up, and what would become of them if rows unlike all that
was trained on were passed up, too: those farther from the nearest training row than 95 % of a
training speed's rows are from the nearest of another speed. One speed left out of this set leaves a
gap of 10 or 15 points, so that most folds ask as much as a speed between two that were trained on.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tinyfield import data, features
from tinyfield.cases import Cases, Told, asking, cases_of
from tinyfield.data.dataset import Dataset, Recording, Split
from tinyfield.data.fan import GAP
from tinyfield.features.table import FeatureTable
from tinyfield.learn.metrics import auc, auc_interval, score
from tinyfield.learn.runner import answers
from tinyfield.learn.train import obtain
from tinyfield.spec import App, load_app
from tinyfield.spec.app import Decision
from tinyfield.spec.architectures import ANOMALY

APP = Path(__file__).parents[1] / "apps" / "machine_monitor.yaml"
FIELDS = ("y", "out", "group", "speed", "far")
VALID = 0.25
"""Of each recording that is trained on, its end."""


FAR = 95
"""Percentile of distances between training speeds from which on a row is unlike them."""
_MOST = 2500


@dataclass(frozen=True)
class Said:
    """What a model's C said of some rows: truth [n], scores [n, classes], group and speed [n], and
    whether they are unlike what it was trained on [n]."""

    y: NDArray[np.int64]
    out: NDArray[np.int8]
    group: NDArray[np.str_]
    speed: NDArray[np.int64]
    far: NDArray[np.bool_]

    def rows(self, keep: NDArray[np.bool_]) -> Said:
        """Some of them."""
        return Said(
            self.y[keep], self.out[keep], self.group[keep], self.speed[keep], self.far[keep]
        )


def main() -> None:
    """Prints every table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder that holds the data sets")
    parser.add_argument("--app", type=Path, default=APP)
    parser.add_argument("--model", action="append", help="only this one; may be repeated")
    args = parser.parse_args()
    os.environ["TINYFIELD_DATA"] = str(args.data)
    app = load_app(args.app)
    measured = [n for n, m in app.models.items() if m.train.label != "running"]
    found: dict[str, tuple[Said, Said]] = {}
    for name in args.model or measured:
        whole = data.load(app, name, held_out=True, data_dir=args.data)
        unseen, later = found[name] = left_out(app, name, whole), in_time(app, name)
        one_class = app.models[name].architecture in ANOMALY
        print(f"{name} ({app.models[name].architecture})")
        classes = app.models[name].classes
        for speed in np.unique(unseen.speed):
            there = unseen.rows(unseen.speed == speed)
            print(f"  {speed:3d} % left out: {figures(there, classes, one_class)}")
        print(f"  unseen speeds, all of these: {figures(unseen, classes, one_class)}")
        print(f"  later in time, all speeds: {figures(later, classes, one_class)}", flush=True)
    for rule, model in asking(app):
        if model in found:
            print(f"{rule.name}, by {', '.join(found)}")
            decided(app, rule, {n: unseen for n, (unseen, _) in found.items()}, "unseen speeds")
            decided(app, rule, {n: later for n, (_, later) in found.items()}, "later in time")


def decided(app: App, rule: Decision, found: dict[str, Said], where: str) -> None:
    """Prints which rows a rule settles and which it passes up, at each speed and at all of them."""
    speed, group = next(iter(found.values())).speed, next(iter(found.values())).group

    def of(keep: NDArray[np.bool_]) -> Cases:
        told = {name: Told(said.y[keep], said.out[keep]) for name, said in found.items()}
        return cases_of(app, rule, told, group[keep])

    for one in np.unique(speed[speed > 0]):
        unlike = ", ".join(
            f"{said.far[speed == one].mean():.0%} by {name}" for name, said in found.items()
        )
        print(f"  {one:3d} % left out: {briefly(of(speed == one))}; unlike training {unlike}")
    print(f"  {where}:")
    for row in of(np.ones(len(group), bool)).records():
        name, *cells = row.values()
        print(f"    {name:40s} " + " ".join(f"{cell:>8s}" for cell in cells))
    for name, said in found.items():
        if said.far.any():
            print(f"    unlike training by the inputs of {name}: {said.far.mean():.0%} of the rows")
            print(f"      those: {briefly(of(said.far))}")
            print(f"      all others: {briefly(of(~said.far))}")


def briefly(found: Cases) -> str:
    """Of each kind the share of rows, and how many of these rightly."""
    parts = (("let be", found.lets_be), ("acts", found.acts), ("passed up", found.passed_up))
    said = (f"{name} {p.share:.0%}" + (f" ({p.right:.0%})" if p.rows else "") for name, p in parts)
    return ", ".join(said)


def figures(said: Said, classes: tuple[str, ...], one_class: bool) -> str:
    """Macro F1, of a model of what is usual the AUC, each with its interval."""
    found = score(said.y, said.out.argmax(axis=1), said.group, classes)
    text = f"macro F1 {found.macro_f1:.3f}{span(found.interval)}"
    if one_class:
        area = auc_interval(said.y, said.out[:, 1], said.group)
        text += f", AUC {auc(said.y, said.out[:, 1]) or 0:.3f}{span(area)}"
    return f"{text}, {found.n} rows"


def span(interval: tuple[float, float] | None) -> str:
    """Two figures in brackets, or nothing."""
    return "" if interval is None else f" [{interval[0]:.3f}-{interval[1]:.3f}]"


def left_out(app: App, name: str, whole: Dataset) -> Said:
    """Every speed but the first and the last, each by a model that never saw it."""
    speeds = sorted({int(r.site["speed"]) for r in whole.recordings})
    return joined([fold(app, name, whole, speed) for speed in speeds[1:-1]])


def fold(app: App, name: str, whole: Dataset, speed: int) -> Said:
    """One speed, by a model of all the others."""
    recordings: list[Recording] = []
    split: dict[str, Split] = {}
    for one in whole.recordings:
        if int(one.site["speed"]) == speed:
            recordings.append(one)
            split[one.group] = "test"
            continue
        at = round(len(one) * (1 - VALID))
        pieces: dict[Split, slice] = {"train": slice(0, at - GAP), "valid": slice(at, None)}
        for part, piece in pieces.items():
            recordings.append(cut(one, f"{part}/{one.group}", piece))
            split[f"{part}/{one.group}"] = part
    made = replace(whole, recordings=tuple(recordings), split=split)
    return judged(app, name, made, speed)


def in_time(app: App, name: str) -> Said:
    """The last part of every recording, as the app is built."""
    return judged(app, name, data.load(app, name), 0)


def cut(one: Recording, group: str, piece: slice) -> Recording:
    """A piece of a recording."""
    return replace(
        one,
        group=group,
        t0=one.t0 + timedelta(seconds=(piece.start or 0) / one.rate_hz),
        channels={name: values[piece] for name, values in one.channels.items()},
        labels=one.labels[piece],
    )


def judged(app: App, name: str, made: Dataset, speed: int) -> Said:
    """The test rows of a data set, by the C of a model trained on its other rows."""
    table = features.compute(app, name, made).judged
    _, network, _ = obtain(table, app.models[name])
    test = table.part("test")
    out = answers(network.model, test.X, network.scaler)
    unlike = far(table, made) if speed else np.zeros(len(test), bool)
    return Said(test.y.astype(np.int64), out, test.group, np.full(len(test), speed), unlike)


def far(table: FeatureTable, made: Dataset) -> NDArray[np.bool_]:
    """Which test rows lie farther from what was recorded for training than training speeds do from
    each other, in deviations of the inputs; the test rows have no part in the limit."""
    speed_of = {r.group: int(r.site["speed"]) for r in made.recordings}
    rows = table.rows((table.split != "test") & np.isin(table.group, list(speed_of)))
    rows = rows.rows(np.arange(len(rows)) % max(1, len(rows) // _MOST) == 0)
    spread = rows.X.std(axis=0) + 1e-9
    known, asked = rows.X / spread, table.part("test").X / spread
    speed = np.array([speed_of[str(group)] for group in rows.group])
    between = np.concatenate(
        [nearest(known[speed == one], known[speed != one]) for one in np.unique(speed)]
    )
    found: NDArray[np.bool_] = nearest(asked, known) > np.percentile(between, FAR)
    return found


def nearest(rows: NDArray[np.float64], of: NDArray[np.float64]) -> NDArray[np.float64]:
    """The distance of each of some rows [n, k] from the nearest of others [m, k], [n]."""
    return np.array([np.sqrt(((of - row) ** 2).sum(axis=1).min()) for row in rows])


def joined(parts: list[Said]) -> Said:
    """All rows of some."""
    return Said(*(np.concatenate([getattr(p, f) for p in parts]) for f in FIELDS))


if __name__ == "__main__":
    main()
