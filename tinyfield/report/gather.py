"""From the stages' results to what stands in a report.

Nothing in here depends on the time, the machine or a path: the same app, data and versions give
the same facts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tinyfield.boards import board
from tinyfield.codegen.labels import labels_of
from tinyfield.compiler import Program, draw
from tinyfield.data import registry
from tinyfield.data.dataset import SPLITS
from tinyfield.learn.evaluate import slices
from tinyfield.report import doubts, words
from tinyfield.report.facts import (
    ORIGINS,
    ActuatorFacts,
    Facts,
    ModelFacts,
    Part,
    Play,
    RuleFacts,
    SensorFacts,
    TotalFacts,
)
from tinyfield.spec.drivers import driver
from tinyfield.spec.durations import duration_text

if TYPE_CHECKING:
    from tinyfield.data.registry import Entry
    from tinyfield.estimate import BoardCost
    from tinyfield.features.table import FeatureTable
    from tinyfield.learn import Cost, Kept, Trained
    from tinyfield.spec.app import App, Model


def gather(
    app: App,
    trained: Mapping[str, Trained],
    tables: Mapping[str, FeatureTable],
    programs: Mapping[str, Program],
    provenance: Sequence[str],
    boards: Sequence[BoardCost],
    plays: Sequence[Play],
    settled: Sequence[tuple[str, Sequence[Mapping[str, str]]]] = (),
    *,
    costs: Mapping[str, Cost] | None = None,
    growth: Mapping[str, tuple[Kept, ...]] | None = None,
) -> Facts:
    """Everything that a report says.

    Args:
        app: the app as resolved for its board.
        trained: its models, scored.
        tables: the rows that each learned from and was scored on.
        programs: each model's C for the app's board, or for the virtual board that stands for it.
        provenance: what was measured and what generated.
        boards: what the firmware takes on each board.
        plays: what the node decided over time.
        settled: which test rows rules settle on the node and which they pass up: tables by title.
        costs: what each model takes of the app's board.
        growth: what the first trees of each would give and take.
    """
    cost, grown = costs or {}, growth or {}
    models = tuple(
        _model(
            model, trained[name], tables[name], programs[name], cost.get(name), grown.get(name, ())
        )
        for name, model in app.models.items()
    )
    return Facts(
        name=app.name, about=about(app.path),
        board=board(app.board).title,
        sentences=_sentences(app),
        sensors=_sensors(app),
        models=models,
        totals=tuple(TotalFacts(t.name, words.total(app, t)) for t in app.totals.values()),
        rules=tuple(
            RuleFacts(
                d.name, d.severity, words.rule(app, d), tuple(c.text for c in d.clauses),
                words.actions(d), labels_of(app, d),
            )
            for d in app.decisions.values()
        ),
        actuators=tuple(
            ActuatorFacts(a.name, driver(a.driver).summary, a.driver, words.interlocks(a))
            for a in app.actuators.values()
        ),
        leaves=_leaves(app),
        provenance=tuple(provenance),
        entries=_entries(models, provenance),
        boards=tuple(boards),
        plays=tuple(plays),
        warnings=doubts.every(app, models, boards, plays),
        settled=tuple((title, tuple(rows)) for title, rows in settled),
    )  # fmt: skip


def about(file: Path) -> str:
    """What an app's file says of itself: its first comment, less lines that name a command."""
    said = []
    for line in file.read_text(encoding="utf-8-sig", errors="replace").splitlines():
        if not line.startswith("#"):
            break
        said.append(line.lstrip("# ").rstrip())
    return " ".join(line for line in said if line and "tinyfield " not in line)


def note_of(trace: Path) -> str:
    """What a trace says of itself: the comment on its first line; may be empty."""
    with trace.open(encoding="utf-8-sig", errors="replace") as lines:
        first = lines.readline().strip()
    return first.lstrip("# ") if first.startswith("#") else ""


def _sentences(app: App) -> tuple[str, ...]:
    every = duration_text(app.sample_s)
    own = [sensor.name for sensor in app.sensors.values() if sensor.neighbour is None]
    said = [
        f"One node on {board(app.board).title} reads {words.counted(len(own), 'sensor')} "
        f"({words.listing(own)}) every {every}."
    ]
    heard = [sensor.neighbour for sensor in app.sensors.values() if sensor.neighbour is not None]
    if heard:
        said.append(
            "Over the link it hears what other nodes have decided: "
            + words.listing(
                [
                    f"{one.decision} of {one.node} (known for {duration_text(one.expires_s)} "
                    "after it was said)"
                    for one in heard
                ]
            )
            + "."
        )
    for model in app.models.values():
        said.append(
            f"On the node itself, the model “{model.name}” "
            + (
                f"says {words.listing(model.labels, 'or')}."
                if model.target is None
                else f"gives {model.target.name} in {words.unit(model.target.unit)}."
            )
        )
    acts = words.counted(len(app.actuators), "actuator")
    switched = f", over {acts} ({words.listing(list(app.actuators))})" if app.actuators else ""
    verb = "decides" if len(app.decisions) == 1 else "decide"
    said.append(f"{words.counted(len(app.decisions), 'rule')} {verb}{switched}.")
    return tuple(said)


def _leaves(app: App) -> tuple[str, ...]:
    """What goes over the link, and what never does."""
    return (
        f"Over its {app.reporting.link} link the node tells what it decided: the rule, the label, "
        "the confidence, which of the rule's conditions held, what was asked of the actuators and "
        "whether an interlock refused it, the battery's state and its counters.",
        f"Every {duration_text(app.reporting.heartbeat_s)} it says that it lives, and which of its "
        "rules are active. A node that asks for one of its rules as a neighbour is told that one "
        "bit, and no more.",
        f"No raw reading leaves it: none of its {words.counted(len(app.channels), 'channel')} has "
        "a place in a message, and a rule that would send one is refused when the app is checked.",
    )


def _model(
    model: Model, trained: Trained, table: FeatureTable, program: Program, cost: Cost | None,
    growth: tuple[Kept, ...],
) -> ModelFacts:  # fmt: skip
    return ModelFacts(
        name=model.name,
        what=words.architecture(model),
        inputs=tuple(words.feature(one) for one in model.inputs),
        width=model.width,
        classes=trained.classes,
        dataset=model.train.dataset,
        label=model.train.label,
        split=model.train.split,
        stand_in=model.train.stand_in,
        accept_f1=model.accept.macro_f1,
        accept_mae=model.accept.mae,
        parts=_parts(table),
        dropped=table.dropped,
        slices=() if model.target else tuple(slices(trained.before_tests(), table.part("test"))),
        report=trained.report,
        cost=cost,
        growth=growth,
        budget=model.budget.flash_bytes,
        file_bytes=len(trained.model),
        constants=program.weights_bytes,
        arena=program.arena_bytes,
        macs=program.macs,
        steps=len(program.plan.steps),
        plan=draw.draw(program.plan),
    )


def _sensors(app: App) -> tuple[SensorFacts, ...]:
    """Sensors with one driver that read the same stand together."""
    kinds: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for s in app.sensors.values():
        reads = tuple(
            f"{c.quantity} in {words.unit(c.unit)}" if c.unit else c.quantity
            for c in app.channels
            if c.sensor == s.name
        )
        if s.neighbour is not None:
            reads = (f"whether {s.neighbour.decision} of {s.neighbour.node} is active",)
        kinds.setdefault((s.driver, reads), []).append(s.name)
    return tuple(
        SensorFacts(tuple(names), driver(name).summary, name, reads)
        for (name, reads), names in kinds.items()
    )


def _parts(table: FeatureTable) -> tuple[Part, ...]:
    found = []
    for split in SPLITS:
        for origin in (*ORIGINS, *sorted(set(map(str, table.origin)) - set(ORIGINS))):
            rows = table.rows((table.split == split) & (table.origin == origin))
            if len(rows):
                counts = tuple(int((rows.y == k).sum()) for k in range(len(table.classes)))
                groups = len(set(map(str, rows.group)))
                found.append(Part(split, origin, groups, len(rows), counts))
    return tuple(found)


def _entries(models: Sequence[ModelFacts], provenance: Sequence[str]) -> tuple[Entry, ...]:
    """The data sets that the models name, then those that only the provenance names."""
    told = " ".join(provenance)
    own = [model.dataset for model in models]
    also = [entry.name for entry in registry.entries() if entry.name in told]
    return tuple(registry.info(name) for name in dict.fromkeys([*own, *also]))
