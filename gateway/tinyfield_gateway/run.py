"""Puts the rooms together: broker, store, ingest, sinks, page; and takes them apart again."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

from tinyfield_gateway import log
from tinyfield_gateway.bus import BrokerAddress, Bus, EmbeddedBroker, parse_broker
from tinyfield_gateway.health import Health
from tinyfield_gateway.ingest import Ingest
from tinyfield_gateway.sinks import Follower, JsonLines
from tinyfield_gateway.store import Store, StoreUnavailableError
from tinyfield_gateway.web import serve
from tinyfield_gateway.web.server import listen


def run(
    *,
    broker: str | None,
    embedded: bool,
    store: str | None,
    http: str,
    jsonl: Path | None,
    client_id: str,
    say: Callable[[str], None],
    as_json: bool,
) -> None:
    """A whole gateway until SIGINT or SIGTERM; ``say`` gets the addresses once it serves."""
    with ExitStack() as stack:
        kept = Store(store)
        stack.callback(kept.close)
        # A disk or a database that is away now may come back: the page tells, ingest tries on.
        with suppress(StoreUnavailableError):
            kept.prepare()
        sock = listen(http)
        stack.callback(sock.close)
        address = parse_broker(broker) if broker else BrokerAddress()
        if embedded or broker is None:
            own = EmbeddedBroker(address)
            address = own.start()
            stack.callback(own.stop)
        health = Health()
        if jsonl is not None:
            follower = Follower(kept, JsonLines(jsonl))
            follower.start()
            stack.callback(follower.stop)
        ingest = Ingest(Bus(address, client_id), kept, health)
        ingest.start()
        stack.callback(ingest.stop)

        host, port = sock.getsockname()[:2]
        page = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        where = {"page": page, "broker": str(address), "store": kept.url}

        def ready() -> None:
            if as_json:
                say(json.dumps(where))
            else:
                say("\n".join(f"{name:7}{place}" for name, place in where.items()))

        if host not in ("127.0.0.1", "::1"):
            log.get("web").warning("the page has no password", reachable_at=page)
        serve(sock, kept, health, str(address), ready)
        log.get("run").info("stopping")
