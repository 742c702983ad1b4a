"""``sensors:`` the driver of each, and whatever else that driver asks for."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from tinyfield.spec.sections.base import Section
from tinyfield.spec.sections.fields import Rate, Span


class SensorSection(Section):
    """One sensor; keys besides ``driver`` are the driver's own and checked against it."""

    model_config = ConfigDict(extra="allow")

    driver: str = Field(description="what reads it", examples=["bme280"])
    compensate: dict[str, str] | None = Field(
        default=None,
        description="channels whose influence is taken out of its readings, where its driver can",
        examples=["{temperature: air.temperature}"],
    )
    rate: Rate | None = Field(
        default=None,
        description="of a fast sensor: frames a second, without a pause unless 'burst' is given",
        examples=["100 Hz"],
    )
    burst: Span | None = Field(
        default=None,
        description="of a fast sensor: how long it measures at each sample; between them it sleeps",
        examples=["2.56 s"],
    )
