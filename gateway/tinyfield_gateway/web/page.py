"""The page: rendered on the server, pushed to the browser when something changed."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from nicegui import ui

from tinyfield.wire import is_node_id
from tinyfield_gateway.health import Health
from tinyfield_gateway.store import Store, StoreUnavailableError
from tinyfield_gateway.web.view import UNREAD, Page, build

_HERE = Path(__file__).parent
_TICK_S = 1.0
_FRESHEN_S = 10
"""How often the page is drawn anew although nothing came: "12 s ago" grows old."""
_LIMIT, _LIMIT_MOST = 50, 1000

_templates = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=True,  # names come from an app file, or from a stranger's birth
    trim_blocks=True,
    lstrip_blocks=True,
)


def register(store: Store, health: Health, broker: str) -> None:
    """Put the page at ``/``; ``broker`` is the address that the empty page tells."""
    css = (_HERE / "static" / "page.css").read_text(encoding="utf-8")

    @ui.page("/")
    def index(node: str = "", limit: int = _LIMIT) -> None:
        chosen = node if is_node_id(node) else None
        shown = max(1, min(limit, _LIMIT_MOST))
        ui.add_css(css)
        with ui.element("div").classes("tf-wrap"):
            head = ui.html("", sanitize=False)
            empty = ui.html("", sanitize=False)
            with ui.element("div").classes("tf-cols") as columns:
                fleet = ui.html("", sanitize=False, tag="aside")
                feed = ui.html("", sanitize=False, tag="main")

        def draw(page: Page) -> None:
            about = {
                "page": page,
                "health": health,
                "chosen": chosen,
                "limit": shown,
                "broker": broker,
                "zone": datetime.now().astimezone().tzname(),
            }
            columns.set_visibility(bool(page.nodes))
            empty.set_visibility(page.read and not page.nodes)
            for element, name in ((head, "head"), (fleet, "fleet"), (feed, "feed")):
                element.set_content(_templates.get_template(f"{name}.html").render(about))
            empty.set_content(_templates.get_template("empty.html").render(about))

        refresh = _refresher(store, health, chosen, shown, draw)
        refresh()
        ui.timer(_TICK_S, refresh)


def _refresher(
    store: Store, health: Health, node: str | None, limit: int, draw: Callable[[Page], None]
) -> Callable[[], None]:
    """Draws when the store or the gateway's health has changed since the last time."""
    last = UNREAD
    seen: tuple[int, int, int] | None = None

    def refresh() -> None:
        nonlocal last, seen
        now = int(time.time())
        key = (store.generation, health.generation, now // _FRESHEN_S)
        if key == seen:
            return
        # Failing that, the banner says so, and what was last known stays on the page.
        with suppress(StoreUnavailableError):
            last = build(store, node=node, limit=limit, now=now)
        seen = key
        draw(last)

    return refresh
