"""Ids into names: a stored decision as an operator, a sink or the API sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone

from tinyfield.wire import LABEL_UNKNOWN, Case, Manifest, ManifestRule, Outcome
from tinyfield_gateway.store import Decision

_CASES = {Case.NONE: None, Case.ASKED: "asked", Case.EDGE: "edge", Case.ALONE: "alone"}
_OUTCOMES = {Outcome.NONE: None, Outcome.DONE: "done", Outcome.BLOCKED: "blocked"}


@dataclass(frozen=True)
class Shown:
    """A decision in words. Holds labels, clauses and counters; there is no raw value to hold."""

    id: int
    node: str
    app: str | None
    """None: no manifest explains this decision, and the words below are numbers."""
    boot: int
    seq: int
    at: int
    decision: str
    label: str
    confidence: float
    modelled: bool
    """The label is a model's guess; otherwise the confidence says nothing."""
    action: str | None
    outcome: str | None
    active: bool
    repeated: bool
    case: str | None
    """``asked``: the edge is to judge it; ``edge``: it has; ``alone``: the node had no answer."""
    severity: str
    why: tuple[str, ...]
    """The clauses of the rule that were true, in the app's own spelling."""
    battery: int | None

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return {
            "id": self.id,
            "node": self.node,
            "app": self.app,
            "boot": self.boot,
            "seq": self.seq,
            "t": self.at,
            "at": iso(self.at),
            "decision": self.decision,
            "label": self.label,
            "confidence": round(self.confidence, 3),
            "action": self.action,
            "outcome": self.outcome,
            "active": self.active,
            "repeated": self.repeated,
            "case": self.case,
            "severity": self.severity,
            "why": list(self.why),
            "battery_mv": self.battery,
        }


def iso(seconds: int) -> str:
    """Unix seconds as ISO 8601 in UTC."""
    return datetime.fromtimestamp(seconds, tz=timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def rule_of(manifest: Manifest | None, rule: int) -> ManifestRule | None:
    """Rule number ``rule``, if the manifest knows it."""
    return manifest.rules[rule] if manifest and rule < len(manifest.rules) else None


def label_of(rule: ManifestRule | None, label: int) -> str:
    """The name of a label, or its number."""
    if label == LABEL_UNKNOWN:
        return "unknown"
    return rule.labels[label] if rule and label < len(rule.labels) else f"label {label}"


def show(decision: Decision, manifests: Mapping[int, Manifest]) -> Shown:
    """A decision in words, as far as its manifest is here."""
    manifest = manifests.get(decision.manifest)
    rule = rule_of(manifest, decision.rule)
    label = label_of(rule, decision.label)
    bits = [bit for bit in range(32) if decision.why >> bit & 1]
    if rule is None:
        why = tuple(f"clause {bit}" for bit in bits)
    else:
        why = tuple(rule.clauses[bit] for bit in bits if bit < len(rule.clauses))
    action = manifest.action_text(decision.rule, label) if manifest and rule else None
    outcome = _OUTCOMES[decision.outcome]
    return Shown(
        id=decision.id,
        node=decision.node,
        app=manifest.app if manifest else None,
        boot=decision.boot,
        seq=decision.seq,
        at=decision.at,
        decision=rule.name if rule else f"rule {decision.rule}",
        label=label,
        confidence=decision.score / 255,
        modelled=rule is not None and rule.labels != ("off", "on"),
        action=action if outcome else None,
        outcome=outcome,
        active=decision.active,
        repeated=decision.repeated,
        case=_CASES[decision.case],
        severity=rule.severity if rule else "info",
        why=why,
        battery=decision.battery,
    )
