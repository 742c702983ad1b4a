"""What neighbours say in a scenario: ``hall: [active from 10 min for 20 min, late 5 min]``."""

from __future__ import annotations

from tinyfield.spec.durations import parse_seconds
from tinyfield.spec.faults import when
from tinyfield.spec.frozen import build
from tinyfield.spec.mistake import Mistake
from tinyfield.spec.scenario import Said
from tinyfield.spelling import nearest

STATES = ("active", "quiet", "silent")
EXAMPLES = "write 'active from 10 min for 20 min', 'quiet', 'silent from 1 h' or 'late 5 min'"


def parse_said(text: str, *, sensor: str, total: int) -> Said:
    """One line of what the neighbour ``sensor`` says.

    Args:
        total: seconds that the script lasts; 0 where that is not known.

    Raises:
        Mistake: with the place in ``text``.
    """
    match, times = when(text, total)
    words = match["what"].split()
    if words[:1] == ["late"]:
        if len(words) < 2:
            raise Mistake("how late?", hint="write 'late 5 min from 1 h'", code="missing")
        value = parse_seconds(" ".join(words[1:]))
        return build(Said)(sensor=sensor, kind="late", value=value, **times)
    if len(words) == 1 and words[0] in STATES:
        return build(Said)(sensor=sensor, kind=words[0], **times)  # type: ignore[arg-type]
    whole = " ".join(words)
    near = nearest(whole, (*STATES, "late"))
    raise Mistake(
        f"{whole!r} is nothing that a neighbour says" if whole else "a neighbour says what?",
        hint=f"did you mean {near!r}?" if near else EXAMPLES,
        code="unknown", offset=match.start("what"), width=max(len(whole), 1),
    )  # fmt: skip
