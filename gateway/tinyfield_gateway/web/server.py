"""The HTTP server: one socket for the page, the API and the metrics."""

from __future__ import annotations

import os
import signal
import socket
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from tinyfield.errors import EnvironmentFault, UsageError
from tinyfield_gateway.health import Health
from tinyfield_gateway.store import Store

_ICON = (
    "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24'><path fill='#2f7d4f' "
    "d='M12 21c0-6 0-9-5-12 5-1 6 2 6 4 0-5 2-8 8-9 0 6-2 9-8 10v7z'/></svg>"
)


def listen(address: str) -> socket.socket:
    """A listening socket at ``host:port``; port 0 is any free one.

    Raises:
        UsageError: not an address.
        EnvironmentFault: the port is taken or not allowed.
    """
    try:
        parts = urlsplit(f"//{address.removeprefix('http://')}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or port is None:
        raise UsageError(f"--http {address}: not HOST:PORT", hint="use --http 127.0.0.1:8080")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise EnvironmentFault(
            f"cannot open the page at {host}:{port}: {error.strerror or error}",
            hint="another program has the port; choose one: --http 127.0.0.1:0",
        ) from None


def serve(
    sock: socket.socket, store: Store, health: Health, broker: str, ready: Callable[[], None]
) -> None:
    """Serve until SIGINT or SIGTERM; ``ready`` is called when requests are answered."""
    # NiceGUI makes a folder for its storage in the working directory on import; nothing of
    # ours is kept there.
    os.environ.setdefault("NICEGUI_STORAGE_PATH", tempfile.gettempdir() + "/tinyfield-nicegui")
    import uvicorn
    from fastapi import FastAPI
    from nicegui import ui

    from tinyfield_gateway.web import api, page

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        ready()
        yield

    app = FastAPI(title="tinyfield gateway", docs_url=None, redoc_url=None, lifespan=lifespan)
    api.register(app, store, health)
    page.register(store, health, broker)
    ui.run_with(
        app,
        title="tinyfield",
        favicon=_ICON,
        dark=None,
        tailwind=False,
        show_welcome_message=False,
        reconnect_timeout=10,
    )
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, timeout_graceful_shutdown=2, lifespan="on"
    )
    server = uvicorn.Server(config)
    # uvicorn raises the signal again once it has stopped: without a handler of ours the process
    # would die of it before the rest is put away.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    server.run(sockets=[sock])
