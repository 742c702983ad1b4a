"""Feeds a sink from the store, from where it stopped, in the order of arrival.

A sink that fails or is slow holds nobody up: its place is a cursor in the store. It gets every
decision at least once; only a crash between its writing and the cursor's repeats some.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Protocol

from tinyfield_gateway import log
from tinyfield_gateway.names import Shown, show
from tinyfield_gateway.store import Store, StoreUnavailableError


class Sink(Protocol):
    """A place that decisions go on to."""

    name: str
    """Its cursor's name: the same sink, the same name."""

    def write(self, decisions: Sequence[Shown]) -> None:
        """Pass them on, durably; OSError if that fails now and should be tried again."""


class Follower(threading.Thread):
    """The thread that feeds one sink."""

    _CHUNK = 500
    _IDLE_S = 0.5

    def __init__(self, store: Store, sink: Sink) -> None:
        super().__init__(name=f"sink {sink.name}", daemon=True)
        self._store, self._sink = store, sink
        self._stop_asked = threading.Event()
        self._log = log.get("sink")

    def stop(self) -> None:
        """Pass on what is stored, then end the thread."""
        self._stop_asked.set()
        self.join(5)

    def run(self) -> None:
        """Follow until stopped."""
        seen, failing = -1, False
        while True:
            last_round = self._stop_asked.is_set()
            generation = self._store.generation
            if generation != seen:
                try:
                    while self._pass_on():
                        pass
                    seen, failing = generation, False
                except (OSError, StoreUnavailableError) as error:
                    if not failing:
                        self._log.error("cannot write", sink=self._sink.name, reason=str(error))
                    failing = True
            if last_round:
                return
            self._stop_asked.wait(self._IDLE_S)

    def _pass_on(self) -> bool:
        """One chunk; whether there was any."""
        after = self._store.cursor(self._sink.name)
        decisions = self._store.decisions(after=after, limit=self._CHUNK)
        if not decisions:
            return False
        manifests = self._store.manifests()
        self._sink.write([show(decision, manifests) for decision in decisions])
        self._store.move_cursor(self._sink.name, decisions[-1].id)
        return True
