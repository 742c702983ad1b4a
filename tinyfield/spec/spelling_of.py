"""Hints about channel names."""

from __future__ import annotations

from tinyfield.spec.app import Channel
from tinyfield.spelling import listing, nearest


def renamed(name: str, channels: tuple[Channel, ...]) -> str | None:
    """The one channel of another sensor that gives the same quantity; None = none, or several."""
    quantity = name.partition(".")[2]
    same = [ch.name for ch in channels if quantity and ch.quantity == quantity]
    return same[0] if len(same) == 1 else None


def channel_hint(name: str, channels: tuple[Channel, ...]) -> str | None:
    """What to write instead of ``sensor.quantity`` or a bare sensor; None = no idea."""
    sensor, _, quantity = name.partition(".")
    gives = [ch.quantity for ch in channels if ch.sensor == sensor]
    if not gives:
        return None
    if not quantity:
        return f"write '{sensor}.{gives[0]}'"
    near = nearest(quantity, gives)
    if near is None and len(gives) == 1:
        return f"{sensor!r} gives one quantity: write '{sensor}.{gives[0]}'"
    return f"did you mean '{sensor}.{near}'?" if near else f"{sensor!r} gives {listing(gives)}"
