"""``escalate:`` which cases of a rule the edge is asked about."""

from __future__ import annotations

from dataclasses import replace

from tinyfield.spec.app import Escalation
from tinyfield.spec.durations import duration_text
from tinyfield.spec.frozen import build
from tinyfield.spec.nodes import Map, Node, Scalar
from tinyfield.spec.problems import Problems
from tinyfield.spec.rule_types import Scope, compile_condition
from tinyfield.spec.sections.base import ok, read_section, spelled
from tinyfield.spec.sections.decisions import EscalateSection

WAIT_S = 600


def resolve_escalate(
    node: Node | None, scope: Scope, model: str | None, *, sample_s: int, problems: Problems
) -> Escalation | None:
    """When the rule asks; None where it never does or mistakes are reported.

    Args:
        model: of the rule, whose confidence is meant.
        sample_s: the node hears an answer when it samples.
    """
    if node is None:
        return None
    when: Node = node
    wait: int | None = None
    act = True
    if isinstance(node, Map):
        section = read_section(EscalateSection, node, problems)
        if section is None or "when" not in node.items:
            return None
        when = node.items["when"]
        if not ok(section.wait) or not ok(section.else_):
            return None
        wait, act = section.wait, section.else_ == "act"
        if wait is not None and wait < sample_s:
            problems.at(
                node.items["wait"],
                f"no answer is heard before the next sample, {duration_text(sample_s)} later",
                hint=f"write {duration_text(2 * sample_s)} or more",
                code="window",
            )
            return None
    if not isinstance(when, Scalar) or not isinstance(when.data, str):
        problems.at(
            when,
            f"expected a condition, got {spelled(when)}",
            hint="write one, such as 'confidence < 0.8', or 'always'",
            code="expression",
        )
        return None
    typed = compile_condition(when.text, replace(scope, model=model))
    for mistake in typed.mistakes:
        problems.mistake(when, mistake)
    if typed.expr is None or typed.mistakes:
        return None
    if typed.model not in (None, model):
        problems.at(
            when,
            f"the rule hangs on {f'the model {model!r}' if model else 'no model'}, "
            f"this on {typed.model!r}",
            hint="name the rule's own model",
            code="expression",
        )
        return None
    return build(Escalation)(
        when=typed.expr,
        text=" ".join(when.text.split()),
        wait_s=wait if wait is not None else max(WAIT_S, 2 * sample_s),
        act=act,
    )
