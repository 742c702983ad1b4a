"""``site:`` where and what the node watches."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tinyfield.spec.sections.base import Section
from tinyfield.spec.sections.fields import Day, SquareCentimetres, UtcOffset


class SiteSection(Section):
    """Where and what the node watches."""

    plant: str | None = Field(default=None, description="the crop, from the bundled FAO-56 table")
    planted: Day | None = Field(
        default=None, description="day of planting or sowing; day 0 of the season"
    )
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = Field(
        default=None, description="degrees, north is positive"
    )
    soil: str | None = Field(default=None, description="soil texture, such as sandy_loam")
    utc_offset: UtcOffset | None = Field(
        default=None,
        description="local standard time less UTC; what the day, time.hour and time.year go by",
    )
    area: SquareCentimetres | None = Field(default=None, description="watered area")
