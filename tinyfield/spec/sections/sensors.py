"""``sensors:`` the driver of each, and whatever else that driver asks for."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from tinyfield.spec.sections.base import Section


class SensorSection(Section):
    """One sensor; keys besides ``driver`` are the driver's own and checked against it."""

    model_config = ConfigDict(extra="allow")

    driver: str = Field(description="what reads it", examples=["bme280"])
