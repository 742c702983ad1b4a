"""``decisions:`` the rules."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema

from tinyfield.spec.sections.base import Section
from tinyfield.spec.sections.fields import Seconds

Condition = Annotated[
    Any,
    WithJsonSchema({"type": ["string", "boolean"]}),
]
Samples = Annotated[Any, WithJsonSchema({"type": ["string", "integer"]})]
Do = Annotated[
    Any,
    WithJsonSchema(
        {
            "oneOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "additionalProperties": {
                        "oneOf": [
                            {"type": "string"},
                            {"type": "object", "additionalProperties": {"type": "string"}},
                        ]
                    },
                },
                {"type": "array", "items": {"type": "string"}},
            ]
        }
    ),
]


class DecisionSection(Section):
    """One rule."""

    when: Condition = Field(
        description="condition that makes it fire", examples=["need == heavy and confidence > 0.7"]
    )
    for_: Samples = Field(
        default=1,
        alias="for",
        description="how long 'when' must hold first",
        examples=["2 samples"],
    )
    do: Do = Field(
        default=None,
        description="what an actuator does; without it the decision is only reported",
        examples=["valve on for 8 min"],
    )
    clear: Condition = Field(
        default=None, description="condition that ends it (default: 'when' no longer holds)"
    )
    repeat: Seconds | None = Field(
        default=None, description="fire again this often while 'when' still holds"
    )
    severity: Literal["info", "warning", "critical"] = Field(
        default="info", description="how loudly the gateway shows it"
    )
