"""What the collar makes of collars that hang otherwise, and of simulated dogs over weeks.

``python benchmarks/pet.py`` builds ``apps/pet_tracker.yaml`` and prints three tables:

- the behaviour model, its generated C, on the last part of every recording of ``pet_dog`` as it was
  recorded and turned as if the collar hung in other ways (needs the data set: one dog);
- SIMULATED dogs: minutes of each behaviour, calories and ration from the labels of the same C,
  against what the simulator had the dog do;
- SIMULATED dogs: what the firmware decides in three weeks that hold a day of lying about, a bad
  night, a day of scratching and a long hike: what it found, and its false alarms in a dog's month.

The simulated dogs are those of ``tinyfield/data/generators``: made up, each with habits of its own.
They move as the simulated dogs do that the models also learn from, so that these are told apart far
better than a real dog's would be. Figures on them say whether the node counts and compares rightly,
and nothing about real dogs.
"""

from __future__ import annotations

import argparse
import ctypes
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from ruamel.yaml import YAML

from tinyfield import data, features, hostcc, pio, pipeline, project, sim
from tinyfield.boards import Board, board
from tinyfield.data.generators.dog import BEHAVIOURS
from tinyfield.data.generators.dog_scene import World
from tinyfield.data.generators.mounting import random_rotation
from tinyfield.data.generators.scene import Play
from tinyfield.features.bind import FeatureLibrary
from tinyfield.features.scale import MISSING
from tinyfield.features.ticks import turned
from tinyfield.learn.metrics import score
from tinyfield.learn.runner import answers
from tinyfield.paths import firmware_dir
from tinyfield.pipeline import Brain
from tinyfield.sim.frames import WorldFrames
from tinyfield.sim.source import WorldSource
from tinyfield.spec import App, load_app

APP = Path(__file__).parents[1] / "apps" / "pet_tracker.yaml"
MODEL = "behaviour"
START = datetime(2026, 6, 1, 6)
DAY, HOUR = 86400, 3600
MOVING = ("walking", "running", "climbing")
NOT_THERE = ("contradiction", "escaped", "fever", "cold", "heart_fast", "heart_slow")
"""Decisions that the three weeks give no reason for."""
LIKE = "sitting"
"""What a behaviour costs that the app's calories have no row for."""


Minutes = NDArray[np.float64]


@dataclass(frozen=True)
class Event:
    """A part of the three weeks that a decision should find: when it was, and until when it
    counts (the totals are of a day)."""

    decision: str
    begin: int
    end: int
    until: int


def main() -> None:
    """Prints the three tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--app", type=Path, default=APP)
    parser.add_argument("--dogs", type=int, default=10, help="simulated dogs (each 21 days)")
    parser.add_argument("--turns", type=int, default=20, help="ways in which the collar hangs")
    args = parser.parse_args()
    app = load_app(args.app)
    brain = pipeline.train(app)
    otherwise_mounted(app, brain, args.turns)
    budgets(app, brain, args.dogs)
    alarms(args.app, brain, args.dogs)


# --- the recorded dog, turned ----------------------------------------------------------------


def otherwise_mounted(app: App, brain: Brain, turns: int) -> None:
    """Macro F1 on the test recordings, as they are and turned."""
    whole = data.load(app, MODEL)
    test = [
        r for r in whole.recordings
        if whole.split[r.group] == "test" and r.origin == "measured"
    ]  # fmt: skip
    if not test:
        print("pet_dog is not here: nothing was measured, so nothing to turn\n")
        return
    rng = np.random.default_rng(71)
    found = []
    for number in range(turns + 1):
        turn = np.eye(3) if number == 0 else random_rotation(rng)
        made = [turned(app, r, turn) for r in test]
        part = replace(whole, recordings=tuple(made), split={r.group: "test" for r in made})
        table = features.compute(app, MODEL, part)
        said = labels(brain, table.X)
        found.append(score(table.y.astype(np.int64), said, table.group, whole.classes))
    others = np.array([f.macro_f1 for f in found[1:]])
    print(f"pet_dog, ONE dog, last fifth of each recording ({found[0].n} bursts), macro F1:")
    print(f"  as it was mounted                     {found[0].macro_f1:.3f}")
    print(
        f"  turned in {turns} random ways             {others.mean():.3f} on average, "
        f"{others.min():.3f} to {others.max():.3f}\n"
    )


def labels(brain: Brain, X: NDArray[np.int32], name: str = MODEL) -> NDArray[np.int64]:
    """Label numbers that the model's C gives to rows of inputs."""
    network = brain.trained[name]
    return np.asarray(answers(network.model, X, network.scaler).argmax(axis=1), dtype=np.int64)


# --- minutes, calories, ration ---------------------------------------------------------------


@dataclass(frozen=True)
class Days:
    """Label numbers at each sample of some days, [days, samples]: what the dog did (of
    ``BEHAVIOURS``), and what the node's two models say (of their classes)."""

    did: NDArray[np.int64]
    said: NDArray[np.int64]
    itch: NDArray[np.int64]


def budgets(app: App, brain: Brain, dogs: int, days: int = 2) -> None:
    """A day's minutes of each behaviour, calories and ration, against what the dog did."""
    lived = [some_days(app, brain, 1000 + dog, days) for dog in range(dogs)]
    found = Days(
        *(np.concatenate([getattr(one, f) for one in lived]) for f in ("did", "said", "itch"))
    )
    print(f"SIMULATED: {dogs} dogs, {days} ordinary days each; minutes a day")
    moved, moves = minutes(app, found)
    calories(app, found)
    rations(app, moved, moves)
    called(app, found)


def some_days(app: App, brain: Brain, seed: int, days: int) -> Days:
    """Ordinary days of one dog."""
    world = World(app, [Play("day", days * DAY)], seed=seed, start=datetime(2026, 6, 1))
    times = np.arange(0, days * DAY, app.sample_s)
    did = np.array([BEHAVIOURS.index(world.behaviour(int(t))) for t in times])
    frames = WorldFrames(app, world)
    bursts = np.stack([frames.burst(int(t), 0) for t in times])
    library = FeatureLibrary(app)
    said = [judged(app, brain, library, bursts, name) for name in (MODEL, "itch")]
    return Days(*(a.reshape(days, -1) for a in (did, *said)))


def judged(
    app: App, brain: Brain, library: FeatureLibrary, bursts: NDArray[np.int16], name: str
) -> NDArray[np.int64]:
    """A model's label for each burst [n, frames, channels] that a node gets."""
    rows = np.full((len(bursts), len(app.channels)), MISSING, dtype=np.int32)
    when = np.full((len(bursts), 3), MISSING, dtype=np.int32)
    X, valid = library.run(name, rows, when, None, [bursts])
    assert valid.all(), "every burst is whole"
    return labels(brain, X, name)


def minutes(app: App, days: Days) -> tuple[Minutes, Minutes]:
    """Prints them; minutes that it moved, and that the node says it did, of each day."""
    names, itches = app.models[MODEL].classes, app.models["itch"].classes

    def row(name: str, true: NDArray[np.bool_], told: NDArray[np.bool_]) -> tuple[Minutes, Minutes]:
        did, said = (a.sum(axis=1) * app.sample_s / 60 for a in (true, told))
        print(
            f"  {name:<12} {did.mean():8.0f} {said.mean():15.0f} {np.abs(said - did).mean():21.1f}"
        )
        return did, said

    print("  behaviour      it did   the node says   mean error of a day")
    for k, name in enumerate(names):
        row(name, days.did == BEHAVIOURS.index(name), days.said == k)
    scratching = days.itch == itches.index("scratching")
    row("scratching", days.did == BEHAVIOURS.index("scratching"), scratching)
    moves = np.isin(days.said, [names.index(m) for m in MOVING])
    return row(
        "moving", np.isin(days.did, [BEHAVIOURS.index(m) for m in MOVING]),
        moves & (days.itch == itches.index("other")),
    )  # fmt: skip


def calories(app: App, days: Days) -> None:
    """Prints how far the node's are off."""
    itch, cost = costs(app.path)
    true = np.array([{**cost, **itch}.get(b, cost[LIKE]) for b in BEHAVIOURS])[days.did]
    behaviour = np.array([cost[n] for n in app.models[MODEL].classes])[days.said]
    other = app.models["itch"].classes.index("other")
    itches = np.array([itch.get(n, 0.0) for n in app.models["itch"].classes])[days.itch]
    told = np.where(days.itch == other, behaviour, itches)
    spent, counted = (Pet(app).rer * rates.mean(axis=1) for rates in (true, told))
    off = np.abs(counted - spent) / spent
    print(f"  calories: {spent.mean():.0f} kcal a day, the node says {counted.mean():.0f}; "
          f"error of a day {off.mean():.1%} on average, at most {off.max():.1%}")  # fmt: skip


def rations(app: App, moved: Minutes, moves: Minutes) -> None:
    """Prints how far the node's are off, had every day been its usual one."""
    right, given = (np.array([Pet(app).ration(m * 60) for m in days]) for days in (moved, moves))
    gram = np.abs(right - given)
    print(f"  ration: the right one on {np.mean(gram == 0):.0%} of the days; off by "
          f"{gram.mean():.0f} g of {right.mean():.0f} g on average, "
          f"at most {gram.max():.0f} g")  # fmt: skip


def called(app: App, days: Days) -> None:
    """Prints what the node calls each behaviour."""
    names = app.models[MODEL].classes
    print("  what the node calls each behaviour (%):")
    print("    " + " " * 12 + "".join(f"{n:>10}" for n in names))
    for k, name in enumerate(BEHAVIOURS):
        counts = np.bincount(days.said[days.did == k], minlength=len(names))
        print(
            f"    {name:<12}" + "".join(f"{100 * n / max(counts.sum(), 1):10.0f}" for n in counts)
        )
    print(flush=True)


def costs(path: Path) -> tuple[dict[str, float], dict[str, float]]:
    """Multiples of the need at rest, as the app's ``burned`` has them: of what the model ``itch``
    tells, and of each behaviour."""
    told = dict(YAML(typ="safe").load(path.read_text(encoding="utf-8"))["totals"]["burned"]["sum"])
    itch = dict(told["itch"])
    of = itch.pop("other")[MODEL]
    first, second = ({str(k): float(v) for k, v in one.items()} for one in (itch, of))
    return first, second


class Pet:
    """The node's own C of needs and rations (firmware/core/pet.c), for the app's animal."""

    class _Facts(ctypes.Structure):
        _fields_ = (
            ("weight_g", ctypes.c_uint32), ("born", ctypes.c_int32),
            ("kcal_per_kg", ctypes.c_uint16), ("neutered", ctypes.c_bool),
            ("species", ctypes.c_uint8),
        )  # fmt: skip

    def __init__(self, app: App) -> None:
        pet = app.pet
        assert pet is not None, "the app has a pet"
        core = firmware_dir() / "core"
        self._library = ctypes.CDLL(
            str(hostcc.compile_shared(
                [core / "pet.c", core / "features" / "arithmetic.c"], include=[core], name="pet"
            ))
        )  # fmt: skip
        epoch = date(2000, 1, 1)
        self._facts = self._Facts(
            pet.weight_g, (pet.born - epoch).days, pet.kcal_per_kg, pet.neutered, 0
        )
        self._day = (START.date() - epoch).days
        self.rer: int = self._library.tiny_pet_rer(pet.weight_g)

    def ration(self, active_s: float) -> int:
        """Grams a day for so many seconds of moving a day."""
        return int(
            self._library.tiny_pet_ration(ctypes.byref(self._facts), self._day, round(active_s))
        )


# --- decisions -------------------------------------------------------------------------------


def three_weeks() -> tuple[list[Play], list[Event]]:
    """A script that begins at six in the morning, and what is to be found in it."""
    script = [
        Play("day", 7 * DAY), Play("lazy", DAY), Play("day", 4 * DAY + 16 * HOUR),
        Play("restless", 8 * HOUR), Play("day", 3 * DAY), Play("itchy", DAY), Play("day", 2 * DAY),
        Play("hike", DAY), Play("day", DAY),
    ]  # fmt: skip
    wanted = {"lazy": "lethargic", "restless": "restless", "itchy": "scratches", "hike": "busy"}
    events, at = [], 0
    for play in script:
        begin, at = at, at + play.seconds
        if play.state in wanted:
            midnight = (START + timedelta(seconds=at)).replace(hour=0) + timedelta(days=1)
            events.append(
                Event(wanted[play.state], begin, at, int((midnight - START).total_seconds()))
            )
    return script, events


def alarms(path: Path, brain: Brain, dogs: int) -> None:
    """What the firmware finds in three weeks of each dog, and what it only thinks it does."""
    native = board("native")
    with project.scratch() as folder:
        app = pipeline.generate(path, native, brain, folder)
        image = pio.build(native.env, folder)
        _three_weeks(app, native, image, dogs)


def _three_weeks(app: App, native: Board, image: pio.Image, dogs: int) -> None:
    script, events = three_weeks()
    found: dict[str, list[float]] = {e.decision: [] for e in events}
    false = dict.fromkeys([*found, *NOT_THERE], 0)
    for dog in range(dogs):
        world = World(app, script, seed=2000 + dog, start=START)
        run = sim.SimRun(app, native, image, WorldSource(app, world, start=START))
        fired: Mapping[str, list[int]] = {name: [] for name in false}
        for decision in run:
            if decision.active and decision.decision in fired:
                fired[decision.decision].append(decision.t)
        for name, times in fired.items():
            mine = [e for e in events if e.decision == name]
            for event in mine:
                inside = [t for t in times if event.begin <= t < event.until]
                if inside:
                    found[name].append((inside[0] - event.begin) / HOUR)
            false[name] += sum(not any(e.begin <= t < e.until for e in mine) for t in times)
    months = dogs * sum(p.seconds for p in script) / DAY / 30
    print(f"SIMULATED: the firmware, {dogs} dogs, three weeks each ({months:.1f} dog-months)")
    for name, hours in found.items():
        after = f", after {np.median(hours):.0f} h (median)" if hours else ""
        print(f"  {name:<14} found {len(hours)} of {dogs}{after}; "
              f"false alarms a month: {false[name] / months:.2f}")  # fmt: skip
    for name in NOT_THERE:
        print(f"  {name:<14} nothing to find; false alarms a month: {false[name] / months:.2f}")


if __name__ == "__main__":
    main()
