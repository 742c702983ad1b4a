"""How the gateway itself is: what the page, /healthz, /metrics and ``tf/v1/gw/state`` tell."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Counter, Gauge


@dataclass
class Part:
    """One thing that the gateway needs."""

    ok: bool = False
    text: str = "starting"


class Health:
    """The state of the broker and the store, and what has been counted since the start."""

    def __init__(self) -> None:
        self.broker = Part()
        self.store = Part()
        self.generation = 0
        self._lock = threading.Lock()
        self.metrics = Metrics()

    @property
    def ok(self) -> bool:
        """Messages are being taken and kept."""
        return self.broker.ok and self.store.ok

    def set(self, part: Part, ok: bool, text: str) -> bool:
        """Change one part; returns whether that was news."""
        with self._lock:
            news = (part.ok, part.text) != (ok, text)
            part.ok, part.text = ok, text
            self.generation += news
        gauge = self.metrics.broker_up if part is self.broker else self.metrics.store_up
        gauge.set(ok)
        return news

    def as_dict(self) -> dict[str, object]:
        """The answer of /healthz."""
        return {
            "ok": self.ok,
            "broker": {"ok": self.broker.ok, "text": self.broker.text},
            "store": {"ok": self.store.ok, "text": self.store.text},
        }

    def as_json(self) -> bytes:
        """The retained message on ``tf/v1/gw/state``."""
        state = "ok" if self.store.ok else "store unavailable"
        return json.dumps({"state": state, "text": self.store.text}).encode()


OFFLINE = json.dumps({"state": "offline", "text": "the gateway is not running"}).encode()
"""What the broker says on ``tf/v1/gw/state`` in the gateway's absence."""


@dataclass
class Metrics:
    """Counters and gauges for /metrics, in a registry of their own."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    def __post_init__(self) -> None:
        self.received = Counter(
            "tinyfield_messages_received", "Messages off the broker", registry=self.registry
        )
        self.stored = Counter(
            "tinyfield_decisions_stored", "Decisions new in the store", registry=self.registry
        )
        self.duplicates = Counter(
            "tinyfield_decisions_duplicate", "Decisions that were there", registry=self.registry
        )
        self.rejected = Counter(
            "tinyfield_messages_rejected", "Messages put into quarantine", registry=self.registry
        )
        self.forwarded = Counter(
            "tinyfield_neighbour_words_forwarded",
            "Decisions passed on to nodes that asked for them",
            registry=self.registry,
        )
        self.expired = Counter(
            "tinyfield_neighbour_words_expired",
            "Decisions not passed on, being older than their listener believes",
            registry=self.registry,
        )
        self.commits = Counter(
            "tinyfield_store_commits", "Transactions committed", registry=self.registry
        )
        self.failures = Counter(
            "tinyfield_store_failures", "Transactions that failed", registry=self.registry
        )
        self.broker_up = Gauge(
            "tinyfield_broker_up", "Connected to the broker", registry=self.registry
        )
        self.store_up = Gauge("tinyfield_store_up", "The store can write", registry=self.registry)
