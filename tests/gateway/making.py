"""Messages and manifests for the gateway's tests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tinyfield.wire import Kind, Manifest, Message
from tinyfield_gateway.store import Batch, Heard

NOW = 1_776_643_200  # 20 April 2026


def manifest(**change: Any) -> Manifest:
    """An irrigation app's."""
    values: dict[str, Any] = {
        "app": "irrigation",
        "node": "bed-3",
        "board": "uno",
        "rules": [
            {
                "name": "water",
                "labels": ["none", "light", "heavy"],
                "clauses": ["need == heavy", "confidence > 0.7", "tank.level > 15 %"],
                "severity": "info",
                "actions": [
                    {
                        "actuator": "valve",
                        "on": True,
                        "seconds": 480,
                        "label": None,
                        "text": "valve on for 8 min",
                    }
                ],
            },
            {
                "name": "tank_low",
                "labels": ["off", "on"],
                "clauses": ["tank.level < 10 %"],
                "severity": "warning",
            },
            {
                "name": "frost",
                "labels": ["off", "on"],
                "clauses": ["air.temperature < 1 °C"],
                "severity": "critical",
            },
        ],
        "actuators": ["valve"],
        "sensors": ["soil", "air", "light", "tank"],
        "models": [],
        **change,
    }
    return Manifest.model_validate(values)


def decision(seq: int, **change: Any) -> Message:
    """Decision number ``seq`` of boot 1: water, heavy, 86 %, valve on, done."""
    plain = Message(
        boot=1,
        seq=seq,
        age=0,
        rule=0,
        label=2,
        score=220,
        flags=0b011,
        battery=3312,
        manifest=manifest().hash,
        why=0b111,
    )
    return replace(plain, **change)


def birth(boot: int = 1, node: str = "bed-3", manifest: int | None = None) -> Message:
    """The first word of a node; None: of the irrigation app's."""
    number = irrigation().hash if manifest is None else manifest
    return Message(kind=Kind.BIRTH, boot=boot, node=node, manifest=number, battery=3312)


def batch(*messages: Message, node: str = "bed-3", received: int = NOW) -> Batch:
    """What one node said at one moment."""
    return Batch(heard=[Heard(node=node, message=one, received=received) for one in messages])


def listener(
    *wishes: tuple[str, str], expires: int = 600, node: str = "attic-1", **change: Any
) -> Manifest:
    """That of a node which wants to hear of (node, decision)."""
    neighbours = [
        {"name": f"ear_{place}", "node": who, "decision": what, "expires": expires}
        for place, (who, what) in enumerate(wishes)
    ]
    return manifest(app="attic", node=node, neighbours=neighbours, **change)


def heartbeat(active: int | None, node: str = "bed-3", **change: Any) -> Message:
    """A sign of life that says which rules are active."""
    return Message(
        kind=Kind.HEARTBEAT, **{"boot": 1, "node": node, "active_mask": active, **change}
    )


irrigation = manifest
