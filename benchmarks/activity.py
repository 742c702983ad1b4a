"""How the activity app does on people it was never trained on, each of many left out in turn.

``python benchmarks/activity.py DATA`` (a folder that holds ``har_geotec/``) takes the people of the
app's training and validation splits, five groups of them, and trains the app's model anew with one
group left out and the next one for validation; the generated C is scored on those left out. The
people of the test split are never looked at. Rows are the app's own: one a second, what most of it
was; *clear* are those of which one activity holds 70 % and more. ``--others`` also says what
learners far too large for a node reach on the same rows, one for each device.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tinyfield import data, features
from tinyfield.data.dataset import Split
from tinyfield.features.table import REFIT, FeatureTable
from tinyfield.learn.evaluate import clear_rows, devices
from tinyfield.learn.metrics import score
from tinyfield.learn.runner import answers
from tinyfield.learn.train import obtain
from tinyfield.spec import load_app

APP = Path(__file__).parents[1] / "apps" / "activity.yaml"
FOLDS = 5

Labels = NDArray[np.int64]


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder that holds the data sets")
    parser.add_argument("--app", type=Path, default=APP)
    parser.add_argument("--model", default="activity")
    parser.add_argument("--others", action="store_true", help="large learners, too")
    args = parser.parse_args()
    os.environ["TINYFIELD_DATA"] = str(args.data)
    app = load_app(args.app)
    model = app.models[args.model]
    held = data.load(app, args.model)
    known = tuple(r for r in held.recordings if held.split[r.group] != "test")
    groups = sorted({r.group for r in known})
    copied, plain = (
        features.compute(
            app, args.model, replace(held, recordings=known, split=dict.fromkeys(groups, part))
        ).judged
        for part in ("train", "valid")
    )
    plain = plain.rows(plain.split != REFIT)
    said: dict[str, list[Labels]] = {}
    tested: list[FeatureTable] = []
    for number, table in enumerate(folds(copied, plain)):
        test = table.part("test")
        tested.append(test)
        _, network, _ = obtain(table, model)
        out = answers(network.model, test.X, network.scaler)
        said.setdefault("the app's model, generated C", []).append(out.argmax(axis=1))
        train = table.part("train")
        most = np.bincount(train.y).argmax()
        said.setdefault("the most frequent activity", []).append(np.full(len(test), most))
        if args.others:
            for name, found in others(table, number):
                said.setdefault(name, []).append(found)
    whole = joined(tested)
    for name, parts in said.items():
        print(name)
        for line in figures(whole, np.concatenate(parts)):
            print(f"  {line}", flush=True)


def person(group: NDArray[np.str_]) -> NDArray[np.str_]:
    """``phone/s07`` is s07: one person's two devices stay together."""
    return np.array([one.split("/")[-1] for one in group.tolist()])


def folds(copied: FeatureTable, plain: FeatureTable) -> Iterator[FeatureTable]:
    """Tables of the same people, other ones left out in each."""
    people = np.random.default_rng(3).permutation(np.unique(person(plain.group)))
    for k in range(FOLDS):
        left_out, valid = people[k::FOLDS], people[(k + 1) % FOLDS :: FOLDS]
        away = np.concatenate([left_out, valid])
        parts: list[tuple[FeatureTable, Any, Split | Literal["refit"]]] = [
            (copied, ~np.isin(person(copied.group), away), "train"),
            (copied, np.isin(person(copied.group), valid) & bool(copied.refit), REFIT),
            (plain, np.isin(person(plain.group), valid), "valid"),
            (plain, np.isin(person(plain.group), left_out), "test"),
        ]
        rows = [(table.rows(keep), part) for table, keep, part in parts]
        yield joined([replace(t, split=np.full(len(t), part)) for t, part in rows])


def joined(tables: list[FeatureTable]) -> FeatureTable:
    """The rows of several tables in one."""
    first = tables[0]
    arrays = [f.name for f in fields(first) if isinstance(getattr(first, f.name), np.ndarray)]
    whole: dict[str, Any] = {
        name: np.concatenate([getattr(t, name) for t in tables]) for name in arrays
    }
    return replace(first, **whole)


def figures(rows: FeatureTable, said: Labels) -> Iterator[str]:
    """One line a device: macro F1 with its interval over people, and of the clear rows."""
    truth, clear = rows.y.astype(np.int64), clear_rows(rows)
    for name, here in devices(rows).items():
        texts = []
        for keep in (here, here if clear is None else here & clear):
            found = score(truth[keep], said[keep], rows.group[keep], rows.classes)
            low, high = found.interval or (0.0, 1.0)
            texts.append(f"{found.macro_f1:.3f} [{low:.3f}-{high:.3f}]")
        right = float((truth[here] == said[here]).mean())
        yield (
            f"{name}: macro F1 {texts[0]}, clear {texts[1]}, accuracy {right:.3f}, "
            f"{here.sum()} rows"
        )


def others(table: FeatureTable, seed: int) -> Iterator[tuple[str, Labels]]:
    """Forests and boosted trees of any size, one for each device."""
    from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier

    test = table.part("test")
    known = table.rows((table.split != "test") & (table.split != "valid"))
    made: dict[str, Any] = {
        "extremely randomised trees, 300": ExtraTreesClassifier(
            300, min_samples_leaf=2, max_features=0.15, random_state=seed
        ),
        "boosted trees, 200 rounds of 15 leaves": HistGradientBoostingClassifier(
            max_iter=200, max_leaf_nodes=15, learning_rate=0.06, l2_regularization=1.0,
            max_features=0.3, random_state=seed,
        ),
    }  # fmt: skip
    for name, learner in made.items():
        said = np.zeros(len(test), np.int64)
        mine, asked = devices(known), devices(test)
        for device in asked:
            learner.fit(known.X[mine[device]], known.y[mine[device]])
            said[asked[device]] = learner.predict(test.X[asked[device]])
        yield name, said


if __name__ == "__main__":
    main()
