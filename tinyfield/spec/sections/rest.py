"""``reporting:``, ``power:``, ``network:``, ``tests:``, ``boards:``."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema

from tinyfield.spec.sections.base import Section
from tinyfield.spec.sections.fields import MilliampHours, Milliwatts, Seconds

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
    """One of the app's own tests."""

    trace: str = Field(description="CSV of channel values", examples=["traces/dry_week.csv"])
    expect: dict[str, Any] = Field(
        description="how often each decision must come", examples=["{water: at least 3}"]
    )


class BoardSection(Section):
    """What differs on another board."""

    pins: dict[str, Any] = Field(
        default={}, description="'sensor' or 'sensor.param' to pin", examples=["{soil: 34}"]
    )
    reporting: ReportingSection | None = Field(default=None, description="instead of the app's own")
    power: PowerSection | None = Field(default=None, description="instead of the app's own")
