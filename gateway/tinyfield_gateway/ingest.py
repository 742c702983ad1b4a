"""From the broker's bytes to the disk, and only then the acknowledgements.

A delivery is read, batched, committed, acked at the broker, and answered to its node with the
watermark, in this order. Whatever fails before the commit leaves the delivery with the broker
and the decision with its node.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable

from tinyfield.errors import WireError
from tinyfield.wire import (
    TOPIC_GATEWAY_STATE,
    Downlink,
    Manifest,
    decode_message,
    encode_downlink,
    parse_topic,
    topic,
)
from tinyfield_gateway import log
from tinyfield_gateway.bus import Bus, Delivery
from tinyfield_gateway.health import OFFLINE, Health
from tinyfield_gateway.neighbours import Waiting, due, word
from tinyfield_gateway.store import (
    Batch,
    Committed,
    Heard,
    Hearing,
    Rejected,
    Store,
    StoreUnavailableError,
)

BATCH_MOST = 1000
BATCH_S = 0.05
BIRTH_MOST = 64 * 1024
"""Bytes of a birth's JSON: the manifest of a large app is a few thousand."""

_RETRY_S = (0.5, 1.0, 2.0, 5.0)


def read(delivery: Delivery, batch: Batch, received: int) -> None:
    """Put what a delivery says into the batch; what it does not say, into quarantine."""
    try:
        node, leaf = parse_topic(delivery.topic)
        if leaf == "up":
            message = decode_message(delivery.payload)
            batch.heard.append(Heard(node=node, message=message, received=received))
        elif leaf == "birth":
            manifest = _birth(delivery.payload)
            if manifest is not None:
                batch.births.append((node, manifest))
        elif leaf == "will" and delivery.payload:
            batch.online[node] = delivery.payload == b"online"
    except WireError as error:
        batch.rejected.append(
            Rejected(
                topic=delivery.topic,
                payload=delivery.payload,
                reason=error.message,
                received=received,
            )
        )


def _birth(payload: bytes) -> Manifest | None:
    if not payload:  # how a retained message is taken back
        return None
    if len(payload) > BIRTH_MOST:
        raise WireError(f"birth of {len(payload)} B, at most {BIRTH_MOST}")
    try:
        said = json.loads(payload)
    except (ValueError, RecursionError):
        raise WireError("birth: not JSON") from None
    if not isinstance(said, dict):
        raise WireError("birth: not an object")
    manifest = said.get("manifest")
    return None if manifest is None else Manifest.from_json(json.dumps(manifest))


class Ingest(threading.Thread):
    """The thread between broker and store.

    Args:
        clock: Unix time, as it is told to the nodes.
        rising: seconds by a clock that only rises, for how long a node has been quiet.
    """

    def __init__(
        self,
        bus: Bus,
        store: Store,
        health: Health,
        *,
        clock: Callable[[], float] = time.time,
        rising: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(name="ingest", daemon=True)
        self._bus, self._store, self._health = bus, store, health
        self._clock, self._rising = clock, rising
        self._stop_asked = threading.Event()
        self._log = log.get("ingest")
        self._quiet_until = 0.0
        self._waiting = Waiting()
        self._told: dict[tuple[str, str, str], tuple[str, bool | None]] = {}

    def stop(self) -> None:
        """Commit and ack what has been read, tell the broker, end the thread."""
        self._stop_asked.set()
        self.join(10)

    def run(self) -> None:
        """Serve until stopped, through every loss of broker or store."""
        failures = 0
        while not self._stop_asked.is_set():
            try:
                if not self._health.store.ok:
                    self._store.probe()
                    self._store_is(True, "ok")
                self._bus.connect()
                self._broker_is(True, f"connected to {self._bus.address}")
                self._bus.publish(TOPIC_GATEWAY_STATE, self._health.as_json(), retain=True)
                failures = 0
                self._serve()
            except StoreUnavailableError as error:
                self._store_failed(error)
            except OSError as error:
                self._broker_is(False, f"{self._bus.address}: {error.strerror or error}")
            except Exception:
                # A thread that dies in silence would look like a quiet field.
                self._log.exception("unexpected; starting the connection anew")
                self._broker_is(False, "starting the connection anew")
            pause = _RETRY_S[min(failures, len(_RETRY_S) - 1)]
            failures += 1
            self._stop_asked.wait(0 if self._stop_asked.is_set() else pause)
        self._leave()

    def _serve(self) -> None:
        while not self._stop_asked.is_set():
            first = self._bus.take(timeout=0.2)
            if first is None:
                self._pass_on_late()
                continue
            batch, held = Batch(), [first]
            read(first, batch, int(self._clock()))
            until = time.monotonic() + BATCH_S
            # Idle: commit at once. Busy: share one commit among what is there already.
            while len(held) < BATCH_MOST and time.monotonic() < until and self._bus.pending():
                more = self._bus.take(timeout=0)
                if more is not None:
                    held.append(more)
                    read(more, batch, int(self._clock()))
            self._finish(batch, held)
            self._pass_on_late()

    def _finish(self, batch: Batch, held: list[Delivery]) -> None:
        committed = self._store.commit(batch) if len(batch) else None
        for delivery in held:
            self._bus.ack(delivery)
        metrics = self._health.metrics
        metrics.received.inc(len(held))
        if committed is None:
            return
        self._answer(batch, committed)
        self._pass_on(batch, committed)
        metrics.commits.inc()
        metrics.stored.inc(committed.new)
        metrics.duplicates.inc(committed.duplicates)
        metrics.rejected.inc(len(batch.rejected) + len(committed.collisions))
        if batch.rejected:
            self._warn_rejected(batch.rejected)
        if committed.collisions:
            self._log.warning(
                "decision number used twice: two boards with one id, or a node's memory was erased",
                nodes=sorted(set(committed.collisions)),
                count=len(committed.collisions),
            )

    def _answer(self, batch: Batch, committed: Committed) -> None:
        now = int(self._clock())
        answered = set()
        for (node, boot), mark in committed.watermarks.items():
            down = Downlink(boot=boot, seq=mark, epoch=now) if mark >= 0 else Downlink(epoch=now)
            self._bus.publish(topic(node, "down"), encode_downlink(down))
            answered.add(node)
        for node in sorted({one.node for one in batch.heard} - answered):
            self._bus.publish(topic(node, "down"), encode_downlink(Downlink(epoch=now)))

    def _pass_on(self, batch: Batch, committed: Committed) -> None:
        now, clock = int(self._clock()), self._rising()
        found = due(committed.hearings, batch, now, self._waiting)
        self._send_words(found.fresh, now)
        for one in found.old:
            self._log_word("a neighbour's word is too old to be passed on", one, now)
        self._health.metrics.expired.inc(len(found.old))
        self._waiting.spoke(batch.spoke, clock)
        self._waiting.add(found.late, clock)

    def _pass_on_late(self) -> None:
        over = self._waiting.over(self._rising())
        if over:
            now = int(self._clock())
            heard = self._store.hearings(node for node, _ in over)
            words = [one for one in heard if (one.wish.node, one.rule) in over]
            self._send_words(
                [one for one in words if one.stands(now) and one.online is not False], now
            )
            self._waiting.done(over)

    def _send_words(self, hearings: list[Hearing], now: int) -> None:
        for one in hearings:
            self._bus.publish(topic(one.listener, "down"), encode_downlink(word(one, now)))
            self._log_word("a neighbour's word passed on", one, now)
        self._health.metrics.forwarded.inc(len(hearings))

    def _log_word(self, event: str, hearing: Hearing, now: int) -> None:
        # What is news to the operator; heartbeats repeat it, and would fill the journal.
        key = (hearing.listener, hearing.wish.node, hearing.wish.decision)
        news = self._told.get(key) != (event, hearing.active)
        self._told[key] = (event, hearing.active)
        (self._log.info if news else self._log.debug)(
            event,
            node=hearing.listener,
            of=hearing.wish.node,
            decision=hearing.wish.decision,
            active=hearing.active,
            age_s=now - (hearing.said or 0),
        )

    def _warn_rejected(self, rejected: list[Rejected]) -> None:
        # A mad node must not fill the journal: the store has them all.
        if time.monotonic() < self._quiet_until:
            return
        self._quiet_until = time.monotonic() + 1
        one = rejected[-1]
        self._log.warning(
            "message put into quarantine",
            topic=one.topic,
            reason=one.reason,
            payload=one.payload[:32].hex(),
            count=len(rejected),
        )

    def _store_failed(self, error: StoreUnavailableError) -> None:
        self._health.metrics.failures.inc()
        self._store_is(False, error.message + (f" ({error.hint})" if error.hint else ""))
        if self._bus.connected:
            self._bus.publish(TOPIC_GATEWAY_STATE, self._health.as_json(), retain=True)
            # Away from the broker while nothing can be kept: it holds what is not acked, and
            # whatever it drops the nodes still have.
            self._bus.drop()
        self._broker_is(False, "waiting for the store")

    def _leave(self) -> None:
        if self._bus.connected:
            self._bus.publish(TOPIC_GATEWAY_STATE, OFFLINE, retain=True)
            self._bus.drop()

    def _store_is(self, ok: bool, text: str) -> None:
        if self._health.set(self._health.store, ok, text):
            (self._log.info if ok else self._log.error)("store", ok=ok, detail=text)

    def _broker_is(self, ok: bool, text: str) -> None:
        if self._health.set(self._health.broker, ok, text):
            (self._log.info if ok else self._log.warning)("broker", ok=ok, detail=text)
