"""``totals:`` what each day brings: how long something held, how much it came to."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema

from tinyfield.spec.sections.base import Section
from tinyfield.spec.sections.decisions import Condition
from tinyfield.spec.sections.fields import Seconds

Rate = Annotated[
    Any,
    WithJsonSchema(
        {
            "oneOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "additionalProperties": {
                        "type": "object",
                        "additionalProperties": {"type": ["string", "number", "object"]},
                    },
                },
            ]
        }
    ),
]


class TotalSection(Section):
    """One total of a day; rules read its ``.today``, ``.yesterday`` and ``.usual``."""

    time: Condition = Field(
        default=None,
        description="condition whose time is counted; it may go by several models",
        examples=["activity == lying"],
    )
    sum: Rate = Field(
        default=None,
        description="rate that is summed up over time: an expression, or a rate for each class of "
        "a model; a class may go by another model's instead",
        examples=[
            "{activity: {lying: 40 kcal/h, walking: 95 kcal/h}}",
            "{itch: {scratching: 60 kcal/h, other: {activity: {lying: 40 kcal/h, …}}}}",
        ],
    )
    times: str | None = Field(
        default=None, description="what a sum's rates are multiplied by", examples=["pet.rer"]
    )
    per: Literal["day"] = Field(
        default="day",
        description="a day ends at local midnight, or every 24 h while the node has no date",
    )
    usual: Seconds | None = Field(
        default=None,
        description="days of the rolling average that '.usual' is: each of them weighs one n-th",
        examples=["14 days"],
    )
    after: Seconds | None = Field(
        default=None,
        description="days before '.usual' is known (default: as many as 'usual')",
        examples=["3 days"],
    )
