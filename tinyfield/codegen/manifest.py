"""The app's manifest: the names behind the ids in a message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tinyfield.codegen.labels import labels_of
from tinyfield.wire import (
    Manifest,
    ManifestAction,
    ManifestModel,
    ManifestNeighbour,
    ManifestRule,
)

if TYPE_CHECKING:
    from tinyfield.compiler import Program
    from tinyfield.spec.app import App, Decision


def make_manifest(app: App, board: str, programs: Mapping[str, Program]) -> Manifest:
    """The manifest of ``app`` on ``board``; the models' hashes are those of their files."""
    return Manifest(
        app=app.name,
        node=app.node,
        board=board,
        rules=tuple(_rule(app, name, decision) for name, decision in app.decisions.items()),
        actuators=tuple(app.actuators),
        sensors=tuple(app.sensors),
        models=tuple(
            ManifestModel(name=name, classes=model.labels, sha256=_digest(programs[name]))
            for name, model in app.models.items()
        ),
        neighbours=tuple(
            ManifestNeighbour(
                name=sensor.name,
                node=sensor.neighbour.node,
                decision=sensor.neighbour.decision,
                expires=sensor.neighbour.expires_s,
            )
            for sensor in app.sensors.values()
            if sensor.neighbour is not None
        ),
    )


def _rule(app: App, name: str, decision: Decision) -> ManifestRule:
    return ManifestRule(
        name=name,
        labels=labels_of(app, decision),
        clauses=tuple(clause.text for clause in decision.clauses),
        severity=decision.severity,
        actions=tuple(
            ManifestAction(
                actuator=action.actuator,
                on=action.on,
                seconds=action.duration_s,
                label=action.label,
                text=action.text,
            )
            for action in decision.actions
        ),
    )


def _digest(program: Program) -> str:
    """The same on every board, whatever code the compiler chose for it."""
    return program.sha256
