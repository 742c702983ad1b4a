"""One decision of a node, with names for its numbers."""

from __future__ import annotations

import json
from dataclasses import dataclass

from tinyfield.errors import EnvironmentFault
from tinyfield.wire import LABEL_UNKNOWN, Case, Manifest, Message, Outcome


@dataclass(frozen=True)
class SimDecision:
    """A decision as a sim prints it.

    Attributes:
        t: virtual second it was taken at.
        decision: the rule's name.
        label: class of the rule's model, ``on`` or ``off`` for a rule without one; None when the
            model could not run.
        confidence: 0 to 1, in steps of 1/255, to three decimals.
        action: what was asked of the actuators, in words; None if nothing.
        outcome: ``done``, ``blocked`` by an interlock, or None without an action.
        why: the clauses of the rule that were true, in the user's own spelling.
        active: the rule fired (True) or cleared (False).
        boot, seq: the node's own number of the decision.
        case: ``asked`` where the edge is to judge it, ``edge`` where that has judged, ``alone``
            where no answer came and the node settled it; None where it did so at once.
    """

    t: int
    decision: str
    label: str | None
    confidence: float
    action: str | None
    outcome: str | None
    why: tuple[str, ...]
    active: bool
    boot: int
    seq: int
    case: str | None = None

    @property
    def ended(self) -> bool:
        """The rule is no longer active; no case was settled by that."""
        return not self.active and not self.settles

    @property
    def settles(self) -> bool:
        """Says what became of a case that it was passed up with."""
        return self.case in ("edge", "alone")

    @property
    def fired(self) -> bool:
        """The rule fired, whether it then asked the edge or not."""
        return self.active and not self.settles

    @property
    def words(self) -> str:
        """Without its time: ``water fired: heavy (0.84) → valve on for 8 min: done``."""
        sure = f"{self.label or 'unknown'} ({self.confidence:.2f})"
        plain = self.label in ("on", "off")  # a rule that hangs on no model is always sure
        if self.ended:
            return f"{self.decision} ended" + ("" if plain else f": {sure}")
        text = f"{self.decision} {'fired' if self.fired else 'settled'}"
        text += "" if plain else f": {sure}"
        if self.action:
            text += f" → {self.action}: {self.outcome}"
        if self.case is not None:
            dismissed = "" if self.active else ", dismissed"
            text += f"  [{Case[self.case.upper()].words}{dismissed}]"
        if self.why:
            text += "   because " + ", ".join(self.why)
        return text

    def as_json(self) -> str:
        """One JSON line, the same bytes on every board; ``case`` only where there is one."""
        line: dict[str, object] = {
            "t": self.t,
            "decision": self.decision,
            "label": self.label,
            "confidence": self.confidence,
            "action": self.action,
            "outcome": self.outcome,
            "why": list(self.why),
        }
        if self.case is not None:
            line["case"] = self.case
        return json.dumps(line, ensure_ascii=False)


def decision_of(message: Message, names: Manifest, t: int) -> SimDecision:
    """Name the numbers of a decision that was taken at virtual second ``t``.

    Raises:
        EnvironmentFault: the manifest is another build's.
    """
    rule_id, label_id = message.rule or 0, message.label or 0
    known = message.manifest == names.hash and rule_id < len(names.rules)
    if known and label_id != LABEL_UNKNOWN:
        known = label_id < len(names.rules[rule_id].labels)
    if not known:
        raise EnvironmentFault(
            "the firmware on the virtual board is not the one that manifest.json explains",
            hint="tinyfield build writes both",
        )
    rule = names.rules[rule_id]
    label = None if label_id == LABEL_UNKNOWN else rule.labels[label_id]
    outcome = message.outcome.name.lower() if message.outcome != Outcome.NONE else None
    action = names.action_text(rule_id, label or "") if outcome is not None else None
    why = message.why or 0
    return SimDecision(
        t=t,
        decision=rule.name,
        label=label,
        confidence=round(message.confidence, 3),
        action=action,
        outcome=outcome,
        why=tuple(text for i, text in enumerate(rule.clauses) if why >> i & 1),
        active=message.active,
        boot=message.boot,
        seq=message.seq or 0,
        case=message.case.name.lower() if message.case != Case.NONE else None,
    )
