"""Facts of the irrigation app with made-up results: no training, no C compiler, no sim."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from tests.compiler.models import perceptron
from tinyfield.compiler import Program, compile_model
from tinyfield.estimate import BoardCost
from tinyfield.features.table import FeatureTable
from tinyfield.learn import Metrics, Trained
from tinyfield.learn.metrics import score
from tinyfield.learn.stages import Stage
from tinyfield.report import Facts, Play, gather
from tinyfield.sim import SimDecision, Verdict
from tinyfield.spec import App, load_app

CLASSES = ("none", "light", "heavy")
MANY = (
    "good", "moderate", "unhealthy_for_sensitive_groups", "unhealthy", "very_unhealthy",
    "hazardous", "beyond_the_index", "not_known",
)  # fmt: skip
SECRET = 'a<b>&"c"'
"""A text that would be markup if it were not escaped."""


def _said(accuracy: float, macro_f1: float) -> dict[str, float]:
    return {"accuracy": accuracy, "macro_f1": macro_f1}


STAGES = (
    Stage("float", "", _said(0.80, 0.79), _said(0.80, 0.78), 515, 2060),
    Stage("pruned", "5 of 28 units gone", _said(0.79, 0.78), _said(0.79, 0.77), 370, 1480),
    Stage("int8", "after training", _said(0.78, 0.77), _said(0.78, 0.76), 370, 460, 900),
    Stage("shared", "16 levels", _said(0.70, 0.68), _said(0.69, 0.66), 370, 460, 620, kept=False),
)


def table(n: int = 600, *, last: bool = True, classes: tuple[str, ...] = CLASSES) -> FeatureTable:
    """Rows of twelve groups; without ``last`` the last class has none to test on."""
    random = np.random.default_rng(3)
    k = len(classes)
    at = np.arange(n) % 12
    split = np.array(["train"] * 6 + ["valid"] * 2 + ["test"] * 4)[at]
    y = random.integers(0, k, n).astype(np.int16)
    if not last:
        y[(split == "test") & (y == k - 1)] = 0
    return FeatureTable(
        model="need", names=("a",), classes=classes, X=np.zeros((n, 1), np.int32), y=y,
        group=np.array([f"g{i}" for i in at]), split=split,
        origin=np.where(at % 2, "driven", "generated"), t=np.arange(n, dtype=np.int64), dropped=7,
    )  # fmt: skip


def metrics(rows: FeatureTable, *, right: float = 0.8) -> Metrics:
    """Scores of answers that are right as often as asked."""
    test = rows.part("test")
    truth = test.y.astype(np.int64)
    random = np.random.default_rng(5)
    said = np.where(random.random(len(truth)) < right, truth, (truth + 1) % len(rows.classes))
    one = score(truth, said, test.group, rows.classes)
    return Metrics(
        float=one, int8=one, device=one,
        baseline=score(truth, np.zeros_like(truth), test.group, rows.classes),
        by_origin={
            name: score(truth[m], said[m], test.group[m], rows.classes)
            for name in ("generated", "driven") for m in (test.origin == name,)
        },
        calibration_error=0.031, compared=len(truth), agreement=0.99,
        notes=(f"`site.p` never changes in the training rows {SECRET}",), stages=STAGES,
    )  # fmt: skip


def decided(
    t: int,
    rule: str,
    label: str,
    *,
    active: bool = True,
    outcome: str | None = None,
    case: str | None = None,
) -> SimDecision:
    """One decision."""
    action = "valve on for 8 min" if outcome else None
    why = ("tank.level > 10 %",) if active else ()
    return SimDecision(t, rule, label, 0.92, action, outcome, why, active, 1, t, case)


def plays() -> tuple[Play, ...]:
    """A trace of a week and a season of forty days."""
    day = 86400
    week = (
        decided(day, "water", "light", outcome="done"),
        decided(2 * day, "water", "heavy", outcome="blocked"),
        decided(2 * day + 9000, "water", "heavy", case="asked"),
        decided(2 * day + 18000, "water", "heavy", outcome="done", case="alone"),
        decided(3 * day, "water", "none", active=False),
        decided(3 * day, "heat", "on"),
    )
    season = (decided(5 * day, "tank_low", "on"), decided(9 * day, "tank_low", "off", active=False))
    start = 1_776_643_200
    return (
        Play("test “dry week”", False, start, 0, 7 * day, week, {"days": 7.0},
             (Verdict("water", "at least 3", (day, 2 * day), False),),
             remembers=("dry.usual 3 h", "dry.today 20 min"), faults=("tank stuck from 2 d",),
             wrong=((2 * day, 7 * day, "tank stuck from 2 d"),),
             script=("sunny 3 d", "rain 4 d"),
             states=((0, 3 * day, "sunny"), (3 * day, 7 * day, "rain")),
             note="Generated: by hand"),
        Play("the default season", True, start, 0, 40 * day, season,
             {"litres": 1234.56, "z": -0.01}),
    )  # fmt: skip


COSTS = (
    BoardCost("uno", "simavr_uno", 27_000, 32_256, 900, 2048, 450, 34_000, "cycles", 2.125),
    BoardCost("esp32dev", None, note="not measured: no virtual board has its core"),
    BoardCost("native", "native", 23_000, 1 << 30, 2600, 1 << 30, None, None, "instructions"),
)


def app(root: Path) -> App:
    """The irrigation app."""
    return load_app(root / "apps/irrigation.yaml")


def trained(the: App, rows: FeatureTable, report: Metrics) -> Trained:
    """A perceptron with random weights of the model's shape."""
    widths = [the.models["need"].width, 16, 12, len(rows.classes)]
    model = perceptron(np.random.default_rng(1), widths)
    return Trained("need", model, (), rows.classes, report)


def programs(models: Mapping[str, Trained]) -> dict[str, Program]:
    """Their C for this PC."""
    return {name: compile_model(one.model) for name, one in models.items()}


def facts(
    root: Path,
    *,
    right: float = 0.8,
    stages: tuple[Stage, ...] = STAGES,
    classes: tuple[str, ...] = CLASSES,
    told: Metrics | None = None,
) -> Facts:
    """All of it."""
    the, rows = app(root), table(classes=classes)
    report = told or replace(metrics(rows, right=right), stages=stages)
    provenance = (
        "MEASURED: weekly soil-water probes.",
        f"GENERATED: seasons by the `fao56` generator, noise fitted to soil_quebec {SECRET}.",
    )
    models = {"need": trained(the, rows, report)}
    return gather(the, models, {"need": rows}, programs(models), provenance, COSTS, plays())
