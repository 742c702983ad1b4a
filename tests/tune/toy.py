"""A problem in five made-up inputs that trees solve in no time; as a script, its worker."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

from tests.learn.conftest import model, table
from tinyfield.features.table import FeatureTable
from tinyfield.learn import Cost
from tinyfield.spec.app import Budget, Model
from tinyfield.tune.problem import Problem
from tinyfield.tune.space import SPACE, Searched, Space, Whole

OBJECTIVES = ("macro_f1", "flash", "instructions")
ROWS = table(1200)


def rows(candidate: Model) -> FeatureTable:
    """The columns of the candidate's inputs."""
    at = [ROWS.names.index(feature.text) for feature in candidate.inputs]
    names = tuple(ROWS.names[i] for i in at)
    return replace(ROWS, X=ROWS.X[:, at], names=names)


def cost(candidate: Model, file: bytes) -> Cost:
    """Something that grows with the file, where no cross compiler is needed."""
    return Cost("toy", len(file), 10, count=10 * len(file))


def problem(flash: int | None = None) -> Problem:
    app = model(budget=Budget(flash_bytes=flash)).model_copy(
        update={"architecture": "tree", "depth": 3, "min_leaf": 5}
    )
    searched = {"tree": Searched({"depth": Whole(1, 9)}), "forest": SPACE["forest"]}
    space = Space(searched, tuple((feature,) for feature in app.inputs))
    return Problem(app, space, rows, cost, "toy")


class Sleeper(Problem):
    """Never ends its trial: to be killed in the middle of it."""

    def evaluate(self, candidate, progress=None):  # type: ignore[no-untyped-def]
        Path(os.environ["ASLEEP_PID"]).write_text(str(os.getpid()))
        Path(os.environ["ASLEEP"]).write_text("asleep")
        time.sleep(600)


if __name__ == "__main__":
    from tinyfield.tune import worker

    request = json.loads(sys.argv[1])
    made = problem()
    # Of several workers the first to come is the one that hangs.
    asleep = os.environ.get("ASLEEP")
    if asleep:
        try:
            os.close(os.open(asleep + ".taken", os.O_CREAT | os.O_EXCL))
            made.__class__ = Sleeper
        except FileExistsError:
            pass
    worker.main(request, made)
