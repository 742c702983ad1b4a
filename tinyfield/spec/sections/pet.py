"""``pet:`` the animal that the node goes with: what its food is reckoned from."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator

from tinyfield.spec.mistake import Mistake
from tinyfield.spec.sections.base import Section
from tinyfield.spec.sections.fields import Day, measure, text_schema, whole
from tinyfield.spec.units import nearest_int


def _grams(value: Any) -> int:
    """A weight of 0.1 kg to 200 kg in whole grams."""
    number = nearest_int(measure(value, "kg", "24 kg") * 1000)
    if not 100 <= number <= 200_000:
        raise Mistake(f"{value} is out of range", hint="write 0.1 kg to 200 kg", code="range")
    return number


Grams = Annotated[int, PlainValidator(_grams), text_schema("a mass", "24 kg")]
KcalPerKg = Annotated[
    int,
    PlainValidator(whole("kcal/kg", 100, 9000, "3600 kcal/kg")),
    text_schema("an energy density", "3600 kcal/kg"),
]


class PetSection(Section):
    """The animal; rules read pet.rer, pet.need and pet.ration."""

    species: Literal["dog", "cat"] = Field(description="what it is", examples=["dog"])
    weight: Grams = Field(description="what it should weigh", examples=["24 kg"])
    born: Day = Field(description="its day of birth, or nearly", examples=["2022-03-01"])
    neutered: bool = Field(description="whether it is neutered", examples=["true"])
    food: KcalPerKg = Field(
        description="energy in its food, as the label says", examples=["3600 kcal/kg"]
    )
    active: str | None = Field(
        default=None,
        description="the total that says how long it moves in a day (none: moderately)",
        examples=["moving"],
    )
