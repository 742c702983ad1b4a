"""``reporting:``, ``power:``, ``network:``, ``tests:``, ``boards:``."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema

from tinyfield.spec.sections.base import Section
from tinyfield.spec.sections.fields import LocalTime, MilliampHours, Milliwatts, Seconds

BUILT_LINKS = ("serial",)
PLANNED_LINKS = ("mqtt", "lora")
WIRELESS = ("mqtt", "lora")
HEARTBEAT_S = 6 * 3600

_Any = Annotated[Any, WithJsonSchema({})]


class ReportingSection(Section):
    """How the node reports. Only decisions leave it, never a reading."""

    link: Literal["serial", "mqtt", "lora"] | None = Field(
        default=None, description="the way out (default: serial)"
    )
    heartbeat: Seconds | None = Field(
        default=None, description="how often it says that it lives (default: 6 h)", examples=["6 h"]
    )


class PowerSection(Section):
    """The supply."""

    battery: MilliampHours | None = Field(default=None, description="battery capacity")
    solar: Milliwatts | None = Field(default=None, description="solar panel's peak power")
    sleep: Literal["deep", "light", "none"] = Field(
        default="deep", description="sleep between samples"
    )


class NetworkSection(Section):
    """What a wireless link needs; keep it in secrets.yaml."""

    wifi: _Any = Field(
        default=None, description="{ssid: …, password: …}", examples=["!secret wifi"]
    )
    broker: Annotated[Any, WithJsonSchema({"type": "string"})] = Field(
        default=None, description="mqtt://user:password@host:1883", examples=["!secret broker"]
    )


class ScenarioSection(Section):
    """One of the app's own tests: a trace or a world to play, and what must be decided."""

    trace: str | None = Field(
        default=None, description="CSV of channel values", examples=["traces/dry_week.csv"]
    )
    world: _Any = Field(
        default=None,
        description="a world of ours, and what it plays in order",
        examples=["{bed: [sunny 3 d, rain 6 h]}"],
    )
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = Field(
        default=None, description="of the world's chance (default: 0)"
    )
    start: LocalTime | None = Field(
        default=None,
        description="local time of the world's first sample (default: the planting day)",
    )
    remembers: dict[str, Any] = Field(
        default={},
        description="what the node kept of its totals before: of today so far, of yesterday, and "
        "what is usual (default: nothing, as a fresh node)",
        examples=["{on_foot.usual: 90 min, on_foot.yesterday: 80 min}"],
    )
    faults: list[str] = Field(
        default=[],
        description="what goes wrong on purpose",
        examples=["[soil stuck from 2 h for 30 min, battery 3.1 V from 1 d]"],
    )
    edge: dict[str, Any] = Field(
        default={},
        description="what the edge says when a decision asks it",
        examples=["{fault: yes after 2 min}"],
    )
    neighbours: dict[str, Any] = Field(
        default={},
        description="what each neighbour says, and when; one that is named is quiet otherwise",
        examples=["{hall: [active from 10 min for 20 min, silent from 40 min]}"],
    )
    expect: dict[str, Any] = Field(
        description="how often each decision must come, and when",
        examples=["{water: at least 3, tank_low: never}"],
    )


class BoardSection(Section):
    """What differs on another board."""

    pins: dict[str, Any] = Field(
        default={}, description="'sensor' or 'sensor.param' to pin", examples=["{soil: 34}"]
    )
    reporting: ReportingSection | None = Field(default=None, description="instead of the app's own")
    power: PowerSection | None = Field(default=None, description="instead of the app's own")
