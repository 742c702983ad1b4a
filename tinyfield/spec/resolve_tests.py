"""``tests:``: what is played, what goes wrong, what must be decided."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from tinyfield.spec.app import Channel, Decision, Model, Total
from tinyfield.spec.durations import LONGEST_S, duration_text, parse_seconds
from tinyfield.spec.expectations import COUNTS, parse_expectation
from tinyfield.spec.faults import parse_fault
from tinyfield.spec.frozen import build
from tinyfield.spec.mistake import Mistake
from tinyfield.spec.nodes import List, Map, Node, Scalar
from tinyfield.spec.problems import Problems
from tinyfield.spec.remembers import example, find_total, parse_kept
from tinyfield.spec.said import EXAMPLES, parse_said
from tinyfield.spec.scenario import EdgeAnswer, Expectation, Fault, Kept, Play, Said, Scenario
from tinyfield.spec.sections.base import ok, spelled
from tinyfield.spec.sections.rest import ScenarioSection
from tinyfield.spec.unsure import Unsure
from tinyfield.spec.worlds import WorldKind, worlds
from tinyfield.spelling import listing, nearest

_TIMES = re.compile(r"(\d{1,4})\s+times?")
_PLAY = re.compile(r"\s*(\S+)\s+(\S.*)", re.S)
_LINES_MOST = 10_000

T = TypeVar("T")


def resolve_test(
    name: str,
    section: ScenarioSection,
    node: Map,
    *,
    channels: Sequence[Channel],
    models: Mapping[str, Model | None],
    totals: Mapping[str, Total | None],
    decisions: Mapping[str, Decision | None],
    folder: Path,
    unsure: Unsure,
    problems: Problems,
) -> Scenario | None:
    """One scenario; None where something in it is wrong."""
    before = problems.wrong
    kind, script = _world(node.items.get("world"), problems)
    trace = _trace(section, node, folder, problems)
    played = "world" in node.items
    if not played and "trace" not in node.items and not node.thin:
        problems.at(
            node, "nothing is played", key=True, code="missing",
            hint="add 'trace: traces/dry_week.csv' or 'world: {bed: [sunny 3 d]}'",
        )  # fmt: skip
    if played and "trace" in node.items:
        problems.at(
            node.items["trace"], "a trace beside a world", key=True,
            hint="keep one of them; a scenario plays one thing",
        )  # fmt: skip
    if kind is not None:
        _answers(kind, channels, node, problems)
    for key in ("seed", "start") if not played else ():
        if key in node.items:
            problems.at(
                node.items[key], f"a {key} beside a trace", key=True,
                hint="remove it: a trace says it all itself",
            )  # fmt: skip
    total = sum(play.seconds for play in script or ())
    faults = _faults(node.items.get("faults"), channels, total, unsure, problems)
    kept = _kept(node.items.get("remembers"), section, totals, played, unsure, problems)
    edge = _edge(node.items.get("edge"), decisions, unsure, problems)
    neighbours = _said(node.items.get("neighbours"), channels, total, unsure, problems)
    known = script if played else ()
    expect = _expected(node.items.get("expect"), models, decisions, known, unsure, problems)
    if problems.wrong and not before:
        return None
    if not all(ok(getattr(section, field)) for field in type(section).model_fields):
        return None
    return build(Scenario)(
        name=name,
        trace=trace,
        world=kind.name if kind is not None else None,
        script=tuple(script or ()),
        seed=section.seed or 0,
        start=section.start,
        remembers=tuple(kept),
        faults=tuple(faults),
        edge=tuple(edge),
        neighbours=tuple(neighbours),
        expect=tuple(expect),
    )


def _trace(section: ScenarioSection, node: Map, folder: Path, problems: Problems) -> Path | None:
    if not ok(section.trace) or section.trace is None:
        return None
    trace = folder / section.trace
    if not trace.exists():
        problems.at(
            node.items["trace"],
            f"there is no file {section.trace} yet",
            kind="warning",
            hint="'tinyfield test' will need it",
            code="file",
        )
    return trace


# --- the world -------------------------------------------------------------------------------


def _world(node: Node | None, problems: Problems) -> tuple[WorldKind | None, list[Play] | None]:
    """The world and its script; None where they could not be read."""
    if node is None:
        return None, None
    shape = "write {world: [state 10 min, other state 1 h]}"
    if not isinstance(node, Map) or len(node.items) != 1:
        if not node.thin:
            what = "one world" if isinstance(node, Map) else "a world and its script"
            problems.at(node, f"expected {what}, got {spelled(node)}", hint=shape, code="type")
        return None, None
    ((name, script),) = node.items.items()
    kind = worlds().get(name)
    if kind is None:
        near = nearest(name, worlds())
        hint = f"did you mean {near!r}?" if near else f"worlds: {listing(worlds())}"
        problems.at(script, f"there is no world {name!r}", hint=hint, key=True, code="unknown")
        return None, None
    plays = _script(script, kind, problems)
    if plays is not None and sum(play.seconds for play in plays) > LONGEST_S:
        problems.at(
            script, f"a script of more than {duration_text(LONGEST_S)}", key=True,
            hint="shorten it", code="range",
        )  # fmt: skip
        return kind, None
    return kind, plays


def _script(node: Node, kind: WorldKind, problems: Problems) -> list[Play] | None:
    """The lines of a script, repetitions written out."""
    if isinstance(node, Scalar):
        play = _attempt(partial(_play, node.text, kind), node, problems)
        return None if play is None else [play]
    plays: list[Play] = []
    whole = True
    for _, item in node.children():
        found: list[Play] | None
        if isinstance(item, Map):
            found = _repeated(item, kind, problems)
        else:
            found = _script(item, kind, problems)
        if found is None or len(plays) + len(found) > _LINES_MOST:
            whole = False
            continue
        plays += found
    if whole and not plays:
        problems.at(node, "an empty script", hint=f"states: {listing(kind.states)}", code="missing")
        return None
    return plays if whole else None


def _repeated(node: Map, kind: WorldKind, problems: Problems) -> list[Play] | None:
    """``{10 times: [a 1 h, b 2 h]}``."""
    if len(node.items) == 1:
        ((key, body),) = node.items.items()
        times = _TIMES.fullmatch(key.strip())
        if times is not None and int(times[1]) > 0:
            plays = _script(body, kind, problems)
            if plays is not None and len(plays) * int(times[1]) > _LINES_MOST:
                problems.at(
                    body, f"a script of more than {_LINES_MOST} lines", key=True,
                    hint="repeat it less often", code="range",
                )  # fmt: skip
                return None
            return None if plays is None else plays * int(times[1])
    problems.at(
        node, "neither a state nor a repetition", code="type",
        hint="write 'sleep 1 h', or '10 times: [sleep 1 h, walk 1 h]'",
    )  # fmt: skip
    return None


def _play(text: str, kind: WorldKind) -> Play:
    match = _PLAY.fullmatch(text)
    state = match[1] if match else text.strip()
    if state not in kind.states:
        near = nearest(state, kind.states)
        hint = f"did you mean {near!r}?" if near else f"states: {listing(kind.states)}"
        raise Mistake(
            f"the world {kind.name!r} has no state {state!r}", hint=hint, code="unknown",
            offset=text.find(state), width=len(state),
        )  # fmt: skip
    if match is None:
        raise Mistake(f"{state} for how long?", hint=f"write '{state} 1 h'", code="missing")
    return Play(state, parse_seconds(match[2]))


def _answers(kind: WorldKind, channels: Sequence[Channel], node: Map, problems: Problems) -> None:
    """A world that knows nothing of a channel leaves it without readings: better said."""
    silent = [c.name for c in channels if not c.told and c.quantity not in kind.quantities]
    if silent:
        problems.at(
            node.items["world"],
            f"the world {kind.name!r} has no {listing(silent, 4)}: no reading will come",
            kind="warning",
            hint=f"it answers: {listing(kind.quantities, 8)}",
            code="world",
        )


# --- what it remembers, faults and expectations ----------------------------------------------


def _kept(
    node: Node | None,
    section: ScenarioSection,
    totals: Mapping[str, Total | None],
    played: bool,
    unsure: Unsure,
    problems: Problems,
) -> list[Kept]:
    found: list[Kept] = []
    for name, value in node.children() if isinstance(node, Map) else ():
        first = name.partition(".")[0]
        try:
            _, part = find_total(name, totals)
        except Mistake as mistake:
            if not unsure.excuses(first, nearest(first, totals)):
                problems.at(value, mistake.message, hint=mistake.hint, key=True, code=mistake.code)
            continue
        total = totals[first]
        if not isinstance(value, Scalar) or not value.text.strip():
            hint = f"write '{name}: {example(total)}'"
            problems.at(value, f"{spelled(value)} is no value", hint=hint)
        elif total is not None and ok(section.start):
            parse = partial(
                parse_kept, value.text, total=total, part=part, start=section.start, played=played
            )
            one = _attempt(parse, value, problems)
            if one is not None:
                found.append(one)
    return found


def _faults(
    node: Node | None,
    channels: Sequence[Channel],
    total: int,
    unsure: Unsure,
    problems: Problems,
) -> list[Fault]:
    found = []
    for _, item in node.children() if isinstance(node, List) else ():
        if isinstance(item, Scalar) and item.text.strip():
            if item.text.split()[0].partition(".")[0] in unsure:
                continue
            parse = partial(parse_fault, item.text, channels=channels, total=total)
            fault = _attempt(parse, item, problems)
            if fault is not None:
                found.append(fault)
    return found


def _said(
    node: Node | None,
    channels: Sequence[Channel],
    total: int,
    unsure: Unsure,
    problems: Problems,
) -> list[Said]:
    """What each neighbour says; one that is named and says nothing special is quiet."""
    known = [c.sensor for c in channels if c.told]
    found = []
    for name, value in node.children() if isinstance(node, Map) else ():
        if name not in known:
            near = nearest(name, known)
            if not unsure.excuses(name, near):
                cure = f"neighbours: {listing(known)}" if known else _NO_NEIGHBOUR
                hint = f"did you mean {near!r}?" if near else cure
                problems.at(value, f"{name!r} is no neighbour", hint=hint, key=True, code="unknown")
            continue
        for item in value.items if isinstance(value, List) else [value]:
            if not isinstance(item, Scalar) or not item.text.strip():
                problems.at(item, f"{spelled(item)} is nothing that it says", hint=EXAMPLES)
                continue
            one = _attempt(partial(parse_said, item.text, sensor=name, total=total), item, problems)
            if one is not None:
                found.append(one)
    return found


_NO_NEIGHBOUR = "add a sensor 'hall: {driver: neighbour, node: …, decision: …, expires: …}'"
_ANSWER = re.compile(r"(yes|no)(?:\s+after\s+(.+))?", re.S)


def _edge(
    node: Node | None,
    decisions: Mapping[str, Decision | None],
    unsure: Unsure,
    problems: Problems,
) -> list[EdgeAnswer]:
    """What the edge says of each decision that asks it."""
    found = []
    for name, value in node.children() if isinstance(node, Map) else ():
        rule = decisions.get(name)
        if rule is None or rule.escalate is None:
            asking = [n for n, one in decisions.items() if one is not None and one.escalate]
            near = nearest(name, asking)
            if rule is not None or (name not in decisions and not unsure.excuses(name, near)):
                what = "never asks the edge" if rule else "is no decision"
                hint = f"did you mean {near!r}?" if near else "give it 'escalate: confidence < 0.8'"
                problems.at(value, f"{name!r} {what}", hint=hint, key=True, code="unknown")
            continue
        text = value.text.strip() if isinstance(value, Scalar) else ""
        match = _ANSWER.fullmatch(text)
        if match is None:
            problems.at(
                value, f"{spelled(value)} is no answer", hint="write 'yes', or 'no after 2 min'"
            )
            continue
        after = _attempt(partial(parse_seconds, match[2]), value, problems) if match[2] else 0
        if after is not None:
            found.append(build(EdgeAnswer)(decision=name, yes=match[1] == "yes", after_s=after))
    return found


def _expected(
    node: Node | None,
    models: Mapping[str, Model | None],
    decisions: Mapping[str, Decision | None],
    script: Sequence[Play] | None,
    unsure: Unsure,
    problems: Problems,
) -> list[Expectation]:
    found = []
    for name, value in node.children() if isinstance(node, Map) else ():
        if name not in decisions:
            near = nearest(name, decisions)
            if not unsure.excuses(name, near):
                hint = f"did you mean {near!r}?" if near else f"decisions: {listing(decisions)}"
                problems.at(
                    value, f"there is no decision {name!r}", hint=hint, key=True, code="unknown"
                )
            continue
        rule = decisions[name]
        labels = None if rule is None else _labels(rule, models)
        for item in value.items if isinstance(value, List) else [value]:
            if not isinstance(item, Scalar) or not item.text.strip():
                problems.at(item, f"{spelled(item)} is no count", hint=COUNTS)
                continue
            parse = partial(
                parse_expectation, item.text, decision=name, labels=labels, script=script
            )
            one = _attempt(parse, item, problems)
            if one is not None:
                found.append(one)
    return found


def _labels(rule: Decision, models: Mapping[str, Model | None]) -> tuple[str, ...] | None:
    """A rule's labels; empty where they are on and off, None if its model is broken."""
    if rule.level is not None:
        return rule.level.labels
    if rule.model is None:
        return ()
    model = models.get(rule.model)
    return None if model is None else model.labels


def _attempt(parse: Callable[[], T], node: Node, problems: Problems) -> T | None:
    try:
        return parse()
    except Mistake as mistake:
        problems.mistake(node, mistake)
        return None
