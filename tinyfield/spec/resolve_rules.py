"""Decisions: conditions, actions, thresholds, and what must not leave the node.

It is a little over 400 lines because an action may be written in four ways, each with its own
mistakes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from tinyfield.spec.app import Action, Actuator, Decision, Level
from tinyfield.spec.durations import duration_text, parse_seconds
from tinyfield.spec.expr import Always, Compare, Expr, Numeric
from tinyfield.spec.frozen import build
from tinyfield.spec.mistake import Mistake
from tinyfield.spec.nodes import List, Map, Node, Scalar
from tinyfield.spec.problems import Problems
from tinyfield.spec.resolve_escalate import resolve_escalate
from tinyfield.spec.rule_numbers import Const, in_steps, step
from tinyfield.spec.rule_parser import Tree
from tinyfield.spec.rule_sense import half
from tinyfield.spec.rule_types import Scope, Typed, compile_condition, compile_number
from tinyfield.spec.samples import read_samples
from tinyfield.spec.sections.base import ok, spelled
from tinyfield.spec.sections.decisions import DecisionSection
from tinyfield.spelling import listing, nearest

MAX_SAMPLES = 10_000
INT32_MAX = 2**31 - 1


def resolve_decision(
    name: str,
    section: DecisionSection,
    node: Map,
    scope: Scope,
    actuators: Mapping[str, Actuator],
    *,
    sample_s: int,
    problems: Problems,
) -> Decision | None:
    """The rule, or None with its mistakes reported."""
    before = len(problems.found)
    when = _condition("when", node, scope, problems)
    clear = _condition("clear", node, scope, problems)
    samples = read_samples(node.items.get("for"), sample_s, problems, most=MAX_SAMPLES)
    model = when.model if when else None
    level = _level(section, node.items.get("level"), model, scope, problems)
    labels: tuple[str, tuple[str, ...]] | None = None
    if level is not None:
        labels = ("level", level.labels)
    elif model is not None:
        labels = (model, scope.models[model])
    escalate = resolve_escalate(
        node.items.get("escalate"), scope, model, sample_s=sample_s, problems=problems
    )
    actions = _Actions(scope, actuators, labels, problems, node).read(node.items.get("do"))
    if when and clear and when.expr and clear.expr:
        _far_side(when.expr, clear.expr, node, problems)
    for typed, key in ((when, "when"), (clear, "clear")):
        if typed is not None and isinstance(typed.expr, Always):
            _check_always(key, node, problems)
    repeat_s = section.repeat if ok(section.repeat) else None
    if repeat_s is not None and sample_s > 0 and repeat_s < sample_s:
        problems.at(
            node.items["repeat"],
            f"repeats more often than it samples (every {duration_text(sample_s)})",
            hint=f"write {duration_text(sample_s)} or more",
            code="window",
        )
    if any(d.kind == "error" for d in problems.found[before:]):
        return None
    if when is None or when.expr is None:
        return None
    if not (ok(section.severity) and ok(section.repeat) and ok(section.level)):
        return None
    if clear is not None and clear.expr is None:
        return None
    return build(Decision)(
        name=name,
        when=when.expr,
        clauses=when.clauses,
        for_samples=samples,
        clear=clear.expr if clear else None,
        repeat_s=repeat_s,
        severity=section.severity,
        model=when.model,
        actions=tuple(actions),
        level=level,
        escalate=escalate,
    )


def _level(
    section: DecisionSection,
    node: Node | None,
    model: str | None,
    scope: Scope,
    problems: Problems,
) -> Level | None:
    """The steps whose labels the rule has; None where it has none or mistakes are reported."""
    level = section.level
    if not isinstance(node, Map) or not ok(level) or level is None:
        return None
    if not ok(level.of) or not ok(level.steps):
        return None
    if model is not None:
        problems.at(
            node,
            f"the label is a class of {model!r} already, which 'when' names",
            hint="make a decision of its own for the level",
            key=True,
            code="action",
        )
        return None
    of, steps = node.items["of"], node.items["steps"]
    typed = compile_number(level.of, scope)
    for mistake in typed.mistakes:
        problems.mistake(of, mistake)
    value = typed.number
    if isinstance(value, Const):
        problems.at(of, "a constant has one level", hint="name a reading", code="expression")
    if not isinstance(value, Numeric) or not isinstance(steps, Map):
        return None
    found: list[int] = []
    for item in steps.items.values():
        limit = _step(item, value, level.of, scope, problems)
        if limit is None:
            return None
        if found and limit <= found[-1]:
            problems.at(
                item, "not above the step before it", hint="write them rising", code="threshold"
            )
            return None
        found.append(limit)
    return build(Level)(value=value, labels=tuple(steps.items), steps=tuple(found))


def _step(node: Node, value: Numeric, said: str, scope: Scope, problems: Problems) -> int | None:
    """The least scaled integer at which a step is reached."""
    if not isinstance(node, Scalar):
        problems.at(node, f"expected a number, got {spelled(node)}", hint="write 0", code="type")
        return None
    typed = compile_number(node.text, scope)
    for mistake in typed.mistakes:
        problems.mistake(node, mistake)
    if isinstance(typed.number, Numeric):
        problems.at(node, "no constant", hint="write a number with its unit", code="expression")
    if not isinstance(typed.number, Const):
        return None
    const = typed.number
    if const.value == 0:
        const = Const(const.value, value.unit)
    try:
        exact = in_steps(const, value, Tree("number", 0, len(node.text)), node.text, said)
    except Mistake as mistake:
        problems.mistake(node, mistake)
        return None
    limit = step(">=", exact)
    if limit is None or abs(limit) > INT32_MAX:
        problems.at(node, "past what 32 bits hold", hint="write a smaller one", code="overflow")
        return None
    return limit


def _condition(key: str, rule: Map, scope: Scope, problems: Problems) -> Typed | None:
    node = rule.items.get(key)
    if node is None:
        return None
    if not isinstance(node, Scalar) or isinstance(node.data, (int, float)) or node.data is None:
        hint = "write one, such as 'need == heavy'"
        if isinstance(node, Scalar) and isinstance(node.data, bool):
            hint = "remove it, or write a condition"
            if key == "when" and node.data:
                hint = "write 'when: always', and 'repeat: 1 h' for how often"
        if not node.damaged:
            problems.at(
                node,
                f"expected a condition, got {spelled(node)}",
                code="expression",
                hint=hint,
            )
        return None
    typed = compile_condition(node.text, scope)
    for mistake in typed.mistakes:
        problems.mistake(node, mistake)
    return typed


class _Actions:
    """Reads ``do:`` in its forms."""

    def __init__(
        self,
        scope: Scope,
        actuators: Mapping[str, Actuator],
        labels: tuple[str, tuple[str, ...]] | None,
        problems: Problems,
        rule: Map,
    ) -> None:
        self.scope = scope
        self.actuators = actuators
        self.labels = labels
        self.problems = problems
        self.rule = rule

    def read(self, node: Node | None) -> list[Action]:
        """The actions of the node; its mistakes are reported."""
        if node is None:
            return []
        if isinstance(node, List):
            return [action for item in node.items for action in self.read(item)]
        if isinstance(node, Map):
            found: list[Action] = []
            for key, value in node.items.items():
                if self._known(key, value, key=True):
                    found += self._of(key, value)
            return found
        assert isinstance(node, Scalar)
        if not isinstance(node.data, str):
            self.problems.at(
                node, f"expected an action, got {spelled(node)}", code="type", hint=self._example()
            )
            return []
        try:
            action = self._sentence(node)
        except Mistake as mistake:
            self.problems.mistake(node, mistake)
            return []
        return [action] if action else []

    def _example(self) -> str:
        name = next(iter(self.actuators), "valve")
        return f"write 'report' or '{name} on for 8 min'"

    def _sentence(self, node: Scalar) -> Action | None:
        words = [(m.group(), m.start()) for m in re.finditer(r"\S+", node.text)]
        first = words[0][0] if words else ""
        if first.lower() == "report":
            self._report(node, words[1:])
            return None
        if not self._known(first, node, offset=0):
            return None
        if len(words) < 2 or words[1][0] not in ("on", "off"):
            at = words[1][1] if len(words) > 1 else len(node.text) - 1
            width = len(words[1][0]) if len(words) > 1 else 1
            raise Mistake(
                f"say whether {first!r} goes on or off",
                hint=f"write '{first} on for 8 min' or '{first} off'",
                code="action",
                offset=at,
                width=width,
            )
        on = words[1][0] == "on"
        if len(words) == 2:
            return build(Action)(actuator=first, on=on, duration_s=None, label=None)
        if words[2][0] != "for" or len(words) < 4:
            word, at = words[2]
            raise Mistake(
                f"{word!r} does not fit behind '{first} {words[1][0]}'",
                hint=f"write '{first} on for 8 min'",
                code="action",
                offset=at,
                width=len(word),
            )
        if not on:
            raise Mistake(
                "an actuator goes off at once, not for a time",
                hint=f"write '{first} off' (its min_off keeps it off)",
                code="action",
                offset=words[2][1],
                width=len(node.text) - words[2][1],
            )
        at = words[3][1]
        seconds = self._time(node.text[at:], first, at)
        if seconds is None:
            return None
        return build(Action)(actuator=first, on=True, duration_s=seconds, label=None)

    def _report(self, node: Scalar, words: list[tuple[str, int]]) -> None:
        if not words:
            return
        rest, at = node.text[words[0][1] :], words[0][1]
        typed = compile_condition(f"{rest} == {rest}", self.scope)
        names = re.findall(r"[A-Za-z_][\w.]*", rest)
        raw = [n for n in names if n in {ch.name for ch in self.scope.channels}]
        sensors = {ch.sensor for ch in self.scope.channels}
        raw = raw or [n for n in names if n in sensors or n.partition(".")[0] in self.scope.totals]
        if raw or (typed.expr is not None and typed.expr.raw):
            raise Mistake(
                f"{raw[0] if raw else rest!r} is a raw reading, and no reading leaves the node",
                hint="write just 'report': the label, confidence and which conditions held are "
                "sent",
                code="privacy",
                offset=at,
                width=len(rest),
            )
        raise Mistake(
            f"'report' takes nothing behind it: {rest!r}",
            hint="write just 'report': label, confidence and battery are always in the message",
            code="action",
            offset=at,
            width=len(rest),
        )

    def _known(
        self, name: str, node: Node, *, key: bool = False, offset: int | None = None
    ) -> bool:
        if name in self.actuators:
            return True
        near = nearest(name, [*self.actuators, "report"])
        if self.scope.unsure.excuses(name, near):
            return False
        hint = f"did you mean {near!r}?" if near else None
        if hint is None:
            hint = (
                f"actuators: {listing(self.actuators)}"
                if self.actuators
                else ("add it under 'actuators', or write 'report'")
            )
        self.problems.at(
            node,
            f"there is no actuator {name!r}",
            hint=hint,
            key=key,
            code="unknown",
            offset=offset,
            width=max(1, len(name)),
        )
        return False

    def _time(self, text: str, actuator: str, at: int | None) -> int | None:
        width = len(text) if at is not None else None
        try:
            seconds = parse_seconds(text)
        except Mistake as mistake:
            raise Mistake(
                mistake.message, hint=mistake.hint, code=mistake.code, offset=at, width=width
            ) from None
        limit = self.actuators[actuator].max_on_s
        if 0 < limit < seconds:
            raise Mistake(
                f"{text.strip()} is longer than {actuator}'s max_on of {duration_text(limit)}",
                hint=f"write at most {duration_text(limit)}, or raise max_on",
                code="interlock",
                offset=at,
                width=width,
            )
        return seconds

    def _of(self, actuator: str, value: Node) -> list[Action]:
        """``valve: on for 8 min``, ``valve: off``, ``valve: 8 min``, ``valve: {light: 4 min}``."""
        if isinstance(value, Map):
            return self._per_class(actuator, value)
        try:
            action = self._switch(actuator, value, None)
        except Mistake as mistake:
            self.problems.mistake(value, mistake)
            return []
        return [action] if action else []

    def _per_class(self, actuator: str, table: Map) -> list[Action]:
        if self.labels is None:
            if "level" in self.rule.items:
                return []
            if not self.scope.unsure and "when" in self.rule.items:
                models = listing(self.scope.models) or "a model"
                self.problems.at(
                    table,
                    "a table of classes, but 'when' names no model",
                    code="action",
                    hint=f"name {models} in 'when', or write '{actuator} on for 8 min'",
                )
            return []
        of, classes = self.labels
        found: list[Action] = []
        for label, value in table.items.items():
            if label not in classes:
                near = nearest(label, classes)
                hint = f"did you mean {near!r}?" if near else f"it has: {listing(classes)}"
                self.problems.at(
                    value,
                    f"{of!r} has no {'step' if of == 'level' else 'class'} {label!r}",
                    hint=hint,
                    key=True,
                    code="unknown",
                )
                continue
            try:
                action = self._switch(actuator, value, label)
            except Mistake as mistake:
                self.problems.mistake(value, mistake)
                continue
            if action:
                found.append(action)
        return found

    def _switch(self, actuator: str, value: Node, label: str | None) -> Action | None:
        if not isinstance(value, Scalar) or not isinstance(value.data, (str, int, float)):
            raise Mistake(
                f"expected a time, got {spelled(value)}", hint="write '4 min' or 'off'", code="type"
            )
        text = value.text.strip()
        if text in ("on", "off"):
            return build(Action)(actuator=actuator, on=text == "on", duration_s=None, label=label)
        match = re.match(r"on\s+for\s+", text)
        at = match.end() if match else None
        time = text[at:] if at else text
        if not match and isinstance(value.data, (int, float)):
            raise Mistake(f"{text} of what?", hint=f"give a unit: '{text} min'", code="unit")
        seconds = self._time(time, actuator, at)
        if seconds is None:
            return None
        return build(Action)(actuator=actuator, on=True, duration_s=seconds, label=label)


def _check_always(key: str, node: Map, problems: Problems) -> None:
    """A rule that always holds goes by ``repeat`` alone."""
    if key == "clear":
        hint = "remove it: without it the rule ends as soon as 'when' no longer holds"
        problems.at(node.items[key], "it would end at once", hint=hint, code="expression")
    elif "clear" in node.items:
        place = node.items["clear"]
        hint = "remove it, or write in 'when' what holds until then"
        problems.at(place, "what always holds never ends", hint=hint, key=True, code="expression")
    elif "repeat" not in node.items:
        message, hint = "it fires at a start, and never again", "add 'repeat: 1 h'"
        problems.at(node.items[key], message, hint=hint, code="expression")


def _far_side(when: Expr, clear: Expr, node: Map, problems: Problems) -> None:
    """``clear`` must lie beyond ``when``: both true at once makes the rule flutter."""
    if not (isinstance(when, Compare) and isinstance(clear, Compare)):
        return
    a, b = half(when), half(clear)
    if a is None or b is None or a[0] != b[0]:
        return
    (_, low_a, high_a), (_, low_b, high_b) = a, b
    if max(low_a, low_b) > min(high_a, high_b):
        return
    when_node, clear_node = node.items["when"], node.items["clear"]
    said = " ".join(when_node.text.split()) if isinstance(when_node, Scalar) else ""
    side = "above" if when.op in ("<", "<=") else "below"
    sign = ">" if side == "above" else "<"
    hint = f"put the threshold of 'clear' {side} that of 'when', with '{sign}'"
    problems.at(
        clear_node, f"'clear' is true while 'when: {said}' still is", hint=hint, code="threshold"
    )
