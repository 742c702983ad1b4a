"""JSON for scripts, and what monitoring asks for."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import Annotated

from fastapi import FastAPI, Query, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from tinyfield_gateway.health import Health
from tinyfield_gateway.names import iso, show
from tinyfield_gateway.store import Node, Store, StoreUnavailableError
from tinyfield_gateway.web.words import as_dict


def register(app: FastAPI, store: Store, health: Health) -> None:
    """Put /api, /healthz and /metrics into ``app``."""

    @app.exception_handler(StoreUnavailableError)
    def unavailable(_request: object, error: StoreUnavailableError) -> JSONResponse:
        return JSONResponse({"error": error.message, "hint": error.hint}, status_code=503)

    @app.get("/api/decisions")
    def decisions(
        node: str | None = None,
        limit: Annotated[int, Query(ge=1, le=10_000)] = 50,
        after: Annotated[int | None, Query(ge=0)] = None,
    ) -> list[dict[str, object]]:
        """The newest first; with ``after=ID`` what came later, oldest first."""
        manifests = store.manifests()
        found = store.decisions(node=node, limit=limit, after=after)
        return [show(decision, manifests).as_dict() for decision in found]

    @app.get("/api/nodes")
    def nodes() -> list[dict[str, object]]:
        """Every node ever heard, by name."""
        manifests = store.manifests()
        apps = {number: manifest.app for number, manifest in manifests.items()}
        now, ears = int(time.time()), defaultdict(list)
        for hearing in store.hearings():
            ears[hearing.listener].append(as_dict(hearing, now))
        return [{**_node(node, apps), "neighbours": ears[node.name]} for node in store.nodes()]

    @app.get("/api/quarantine")
    def quarantine(
        limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    ) -> list[dict[str, object]]:
        """What could not be read, the newest first."""
        return [
            {
                "received": iso(one.received),
                "topic": one.topic,
                "reason": one.reason,
                "payload": one.payload.hex(),
            }
            for one in store.rejected(limit)
        ]

    @app.get("/healthz")
    def healthz() -> JSONResponse:
        """200 while messages are taken and kept, 503 otherwise."""
        return JSONResponse(health.as_dict(), status_code=200 if health.ok else 503)

    @app.get("/metrics")
    def metrics() -> Response:
        """Prometheus."""
        return Response(generate_latest(health.metrics.registry), media_type=CONTENT_TYPE_LATEST)


def _node(node: Node, apps: dict[int, str]) -> dict[str, object]:
    return {
        "node": node.name,
        "app": apps.get(node.manifest) if node.manifest is not None else None,
        "board": node.board,
        "manifest": None if node.manifest is None else f"{node.manifest:08x}",
        "boot": node.boot,
        "online": node.online,
        "last_heard": iso(node.last_heard) if node.last_heard else None,
        "season": iso(node.season) if node.season else None,
        "battery_mv": node.battery,
        "decisions": node.decisions,
        "dropped": node.dropped,
        "fault_mask": node.fault_mask,
        "collisions": node.collisions,
    }
