"""Who hears whom, in words for the page and as values for scripts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from tinyfield_gateway.names import iso
from tinyfield_gateway.store import Hearing

_LISTENERS_SHOWN = 3
_UNITS = ((86_400, "d"), (3600, "h"), (60, "min"))
_NB = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True)
class Line:
    """One line of a node's card."""

    text: str
    state: str
    """active, quiet or missing; a class of the style sheet."""


def ago(seconds: int) -> str:
    """A length of time as people say it."""
    return f"just{_NB}now" if seconds < 5 else f"{span(seconds)}{_NB}ago"


def span(seconds: int) -> str:
    """A time in its largest unit of which there are two: ``90 s``, ``2 min``."""
    for size, unit in _UNITS:
        if seconds >= 2 * size:
            return f"{seconds // size}{_NB}{unit}"
    return f"{seconds}{_NB}s"


def state_of(hearing: Hearing, now: int) -> str:
    """``active`` or ``inactive``; else why the listener does not know: ``waits`` (no such node
    has been heard), ``nameless`` (its manifest is not here), ``missing`` (it has no such
    decision), ``silent`` (nothing said since its start), ``expired``."""
    if not hearing.known:
        return "waits"
    if not hearing.named:
        return "nameless"
    if hearing.rule is None:
        return "missing"
    if hearing.said is None:
        return "silent"
    if not hearing.stands(now):
        return "expired"
    return "active" if hearing.active else "inactive"


def line(hearing: Hearing, now: int) -> Line:
    """What a listener knows of one neighbour, in a line of its card."""
    node, decision = hearing.wish.node, hearing.wish.decision
    state = state_of(hearing, now)
    if state in ("active", "inactive"):
        word = f"{decision} is {'active' if hearing.active else 'not active'}"
        text = f"hears {node}: {word}, said {ago(now - (hearing.said or now))}"
        return Line(text, "active" if hearing.active else "quiet")
    if state == "expired":
        silent = span(now - (hearing.said or now))
        return Line(f"hears no more of {decision} from {node}: silent for {silent}", "missing")
    why = {
        "waits": f"waits for {node}, which has not been heard yet",
        "nameless": f"cannot hear {node}: its manifest is missing, so {decision} has no number",
        "missing": f"cannot hear {node}: it has no decision {decision}",
        "silent": f"has heard nothing of {decision} from {node} since that started",
    }
    return Line(why[state], "quiet" if state == "silent" else "missing")


def heard_by(hearings: Iterable[Hearing]) -> dict[str, str]:
    """By node that is listened to: which of its decisions are heard, by whom."""
    listeners: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for one in hearings:
        listeners[one.wish.node][one.wish.decision].append(one.listener)
    said = {}
    for node, decisions in listeners.items():
        together = defaultdict(list)
        for decision, who in decisions.items():
            together[_some(who)].append(decision)
        said[node] = "; ".join(
            f"{', '.join(them)} heard by {who}" for who, them in together.items()
        )
    return said


def as_dict(hearing: Hearing, now: int) -> dict[str, object]:
    """For JSON."""
    return {
        "name": hearing.wish.name,
        "node": hearing.wish.node,
        "decision": hearing.wish.decision,
        "expires_s": hearing.wish.expires,
        "state": state_of(hearing, now),
        "active": hearing.active,
        "said": None if hearing.said is None else iso(hearing.said),
    }


def _some(names: list[str]) -> str:
    shown, more = names[:_LISTENERS_SHOWN], len(names) - _LISTENERS_SHOWN
    if more > 0:
        return f"{', '.join(shown)} and {more} more"
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))
