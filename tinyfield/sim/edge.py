"""The edge of a sim: it answers the decisions that ask for its judgement."""

from __future__ import annotations

from collections.abc import Callable

from tinyfield.sim.decision import SimDecision
from tinyfield.wire import Downlink, encode_downlink

Says = Callable[[SimDecision], tuple[bool, int] | None]
"""What it says to a decision, and after how many seconds; None: nothing."""


class Edge:
    """Hears decisions and answers those that ask, each once; without ``says`` it is silent."""

    def __init__(self, says: Says | None) -> None:
        self._says = says
        self._heard: set[tuple[int, int]] = set()
        self._answers: list[tuple[int, bytes]] = []  # due at that time

    def hear(self, decision: SimDecision, now: int) -> None:
        """A decision has come at virtual second ``now``."""
        number = (decision.boot, decision.seq)
        if self._says is None or decision.case != "asked" or number in self._heard:
            return
        self._heard.add(number)
        answer = self._says(decision)
        if answer is not None:
            yes, after = answer
            down = Downlink(case_boot=decision.boot, case_seq=decision.seq, yes=yes)
            self._answers.append((now + after, encode_downlink(down)))

    def due(self, now: int) -> list[bytes]:
        """The downlinks that have come by ``now``; each is given once."""
        ready = [answer for t, answer in self._answers if t <= now]
        self._answers = [later for later in self._answers if later[0] > now]
        return ready
