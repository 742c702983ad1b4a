"""What a scenario expects of a decision: ``at least 3``, ``never before rub``, ``heavy once``.

An expectation is made of pieces, in any order: a count (without one: at least 1), a label of the
rule's model, an outcome (``done``, ``blocked``, ``ended``, ``asked`` …), and windows of the
scenario, which all must hold (``within 10 min of rub``, ``during rain``, ``after 2 d``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal, NoReturn

from tinyfield.spec.durations import duration_text, parse_seconds
from tinyfield.spec.frozen import build
from tinyfield.spec.mistake import Mistake
from tinyfield.spec.scenario import Expectation, Play, Window
from tinyfield.spelling import listing, nearest

COUNTS = "write 'never', 'once', '3', 'at least 3', 'at most 3' or '2 to 5'"
TIME = r"\d[\d.]*\s*[^\W\d]+(?:\s+\d[\d.]*\s*[^\W\d]+)*"
"""A time inside a longer text; :func:`parse_seconds` has its say afterwards."""

_COUNT = re.compile(
    r"(?:(?P<never>never)|(?P<once>once)|(?P<twice>twice)"
    r"|at\s+least\s+(?P<least>\d{1,6})|at\s+most\s+(?P<most>\d{1,6})"
    r"|(?P<a>\d{1,6})\s*(?:to|-|–)\s*(?P<b>\d{1,6})|(?:exactly\s+)?(?P<n>\d{1,6}))"
    r"(?:\s+times?)?(?![\w.])"
)
_OUTCOMES = ("done", "blocked", "ended", "asked", "confirmed", "dismissed", "alone")
_OUTCOME = re.compile(rf"({'|'.join(_OUTCOMES)})(?!\w)")
_LABEL = re.compile(r"(?:label\s+)?(\w+)(?!\w)")
_WINDOW = re.compile(
    rf"(within|before|after|during)(?!\w)(?:\s+(?P<time>{TIME}))?"
    r"(?(time)(?:\s+of\s+(?:the\s+start\s+of\s+)?(?P<of>\w+))?|\s+(?P<state>\w+))?"
)
_WORD = re.compile(r"\S+")
_WORDS = (
    "never", "once", "twice", "at least", "at most", "exactly", *_OUTCOMES,
    "within", "before", "after", "during",
)  # fmt: skip


def parse_expectation(
    text: str, *, decision: str, labels: Sequence[str] | None, script: Sequence[Play] | None
) -> Expectation:
    """One expectation.

    Args:
        labels: classes of the rule's model; empty where it has none, None where that is unsure.
        script: what is played; empty for a trace, None where that is unsure.

    Raises:
        Mistake: with the place in ``text``.
    """
    found: dict[str, Any] = {}
    windows: list[Window] = []
    at = 0
    while match := _WORD.search(text, at):
        at = match.start()
        if piece := _WINDOW.match(text, at):
            windows.append(_window(piece, script))
        elif piece := _COUNT.match(text, at):
            _once(found, "count", piece)
            found["count"] = _counts(piece, text)
        elif piece := _OUTCOME.match(text, at):
            _once(found, "outcome", piece)
            found["outcome"] = piece[1]
        else:
            piece = _LABEL.match(text, at)
            if piece is None or (labels is not None and piece[1] not in labels):
                _unknown(text, at, bool(found or windows), decision, labels)
            _once(found, "label", piece)
            found["label"] = piece[1]
        at = piece.end()
    if not found and not windows:
        raise Mistake("nothing is expected", hint=COUNTS)
    least, most = found.get("count", (1, None))
    return build(Expectation)(
        decision=decision,
        least=least,
        most=most,
        text=" ".join(text.split()),
        label=found.get("label"),
        outcome=found.get("outcome"),
        windows=tuple(windows),
    )


def _once(found: dict[str, Any], what: str, piece: re.Match[str]) -> None:
    if what in found:
        raise Mistake(
            f"a second {what}",
            hint="write a list: [at least 1 done, never during rain]",
            offset=piece.start(),
            width=len(piece[0]),
        )


def _counts(match: re.Match[str], text: str) -> tuple[int, int | None]:
    if match["never"] or match["once"] or match["twice"]:
        number = ("never", "once", "twice").index(re.split(r"\s", match[0])[0])
        return number, number
    if match["least"]:
        return int(match["least"]), None
    if match["most"]:
        return 0, int(match["most"])
    if match["n"]:
        return int(match["n"]), int(match["n"])
    least, most = int(match["a"]), int(match["b"])
    if least > most:
        where = None if match[0] == text.strip() else match.start()
        raise Mistake(
            f"{match[0]!r} counts backwards", hint=f"write '{most} to {least}'", code="range",
            offset=where, width=len(match[0]),
        )  # fmt: skip
    return least, most


def _window(match: re.Match[str], script: Sequence[Play] | None) -> Window:
    kind: Literal["within", "before", "after", "during"] = match[1]  # type: ignore[assignment]
    place = {"offset": match.start(), "width": len(match[0])}
    state = match["of"] or match["state"]
    if (match["time"] is None and state is None) or (kind == "within" and match["time"] is None):
        raise Mistake(f"{kind} what?", hint=f"write '{_EXAMPLE[kind]}'", **place)  # type: ignore[arg-type]
    if (match["of"] and kind != "within") or (match["time"] and kind == "during"):
        raise Mistake(f"{match[0]!r} is no window", hint=f"write '{_EXAMPLE[kind]}'", **place)  # type: ignore[arg-type]
    if state is not None and script is not None:
        _known_state(state, script, match.start("of" if match["of"] else "state"))
    seconds = parse_seconds(match["time"]) if match["time"] else None
    total = sum(play.seconds for play in script or ())
    if kind == "after" and seconds is not None and script and seconds >= total:
        raise Mistake(
            f"nothing is {match[0]!r}: all is over in {duration_text(total)}",
            hint=f"write a time below {duration_text(total)}",
            code="range",
            **place,  # type: ignore[arg-type]
        )
    return Window(kind, seconds, state)


_EXAMPLE = {
    "within": "within 10 min", "before": "before 2 h", "after": "after 2 h",
    "during": "during rain",
}  # fmt: skip


def _known_state(state: str, script: Sequence[Play], offset: int) -> None:
    states = list(dict.fromkeys(play.state for play in script))
    if state in states:
        return
    near = nearest(state, states)
    if not states:
        hint = "a trace has no states: write a time from its start, such as 'within 2 h'"
    else:
        hint = f"did you mean {near!r}?" if near else f"played here: {listing(states)}"
    raise Mistake(
        f"{state!r} is not played here", hint=hint, code="unknown", offset=offset, width=len(state)
    )


def _unknown(
    text: str, at: int, some: bool, decision: str, labels: Sequence[str] | None
) -> NoReturn:
    match = _WORD.match(text, at)
    word = match[0] if match else text
    near = nearest(word, [*(labels or ()), *_WORDS])
    hint = f"did you mean {near!r}?" if near else COUNTS
    if word == "label" or text[at:].startswith("label "):
        name = text[at:].split()[1:2]
        if not labels:
            raise Mistake(
                f"{decision!r} has no label: it hangs on no model", hint="leave the label out",
                offset=at, width=len(word),
            )  # fmt: skip
        raise Mistake(
            f"there is no label {' '.join(name)!r}", hint=f"labels: {listing(labels)}",
            code="unknown", offset=at, width=len(word),
        )  # fmt: skip
    if not some and word == text.strip():
        raise Mistake(f"{word!r} is no count", hint=hint)
    raise Mistake(f"{word!r} is not understood here", hint=hint, offset=at, width=len(word))
