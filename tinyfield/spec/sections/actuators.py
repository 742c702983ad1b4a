"""``actuators:`` what the node switches, and the interlocks that no rule can get round."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from tinyfield.spec.sections.base import Section
from tinyfield.spec.sections.fields import Seconds, Switch


class ActuatorSection(Section):
    """One actuator; further keys are the driver's own and checked against it."""

    model_config = ConfigDict(extra="allow")

    driver: str = Field(description="what switches it", examples=["relay"])
    max_on: Seconds = Field(
        description="longest time on in one go; the node switches it off then",
        examples=["15 min"],
        json_schema_extra={"why": "nothing would ever switch it off"},
    )
    min_off: Seconds = Field(
        default=0, description="rest between two times on", examples=["30 min"]
    )
    max_starts: Annotated[int, Field(ge=1, le=100)] | None = Field(
        default=None,
        description="most times on in a day: from local midnight on, or for 24 h while the node "
        "has no date, and however the date is set never anew before 20 h of running time; not of "
        "what is safe on",
        examples=[2],
    )
    safe: Switch = Field(
        default=False,
        description="state at boot, on a fault and when nothing is known",
        examples=["off"],
    )
    excludes: list[str] = Field(
        default=[], description="actuators that must be off while this one is on"
    )
