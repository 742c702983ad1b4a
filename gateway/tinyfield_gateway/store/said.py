"""Whether a rule is active, of what a node's decisions and its heartbeats say about it."""

from __future__ import annotations

from tinyfield.wire import ACTIVE_RULES

SLACK_S = 5
"""Two moments nearer than this may be told in the wrong order: ages are whole seconds."""

AHEAD_S = 30
"""So far may a word be dated ahead to come after the one before it; nodes believe up to 60 s."""

Word = tuple[bool, int]
"""Active and settled, or not; and when that was said: unix seconds by the gateway's clock."""


def beaten(mask: int | None, at: int | None, rule: int) -> Word | None:
    """What the last heartbeat said of a rule; None if it did not."""
    if mask is None or at is None or rule >= ACTIVE_RULES:
        return None
    return bool(mask >> rule & 1), at


def latest(decided: Word | None, beat: Word | None) -> Word | None:
    """A decision is believed until a heartbeat that is surely later."""
    if decided is None or beat is None:
        return decided or beat
    if beat[0] == decided[0]:
        return decided[0], max(decided[1], beat[1])
    if beat[1] > decided[1] + SLACK_S:
        return beat
    return decided[0], max(decided[1], beat[1] + 1)
