"""``decisions:`` the rules."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema

from tinyfield.spec.sections.base import Section
from tinyfield.spec.sections.fields import Label, Seconds

Condition = Annotated[
    Any,
    WithJsonSchema({"type": "string"}),
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


Step = Annotated[Any, WithJsonSchema({"type": ["string", "number"]})]


class LevelSection(Section):
    """Steps of a number, as the label of a decision."""

    of: str = Field(description="the number", examples=["pet.ration / 2"])
    steps: Annotated[dict[Label, Step], Field(min_length=2, max_length=16)] = Field(
        description="labels with the number from which each holds, rising; below the first one "
        "the first holds too",
        examples=["{small: 0 gram/d, medium: 90 gram/d}"],
    )


class EscalateSection(Section):
    """Which cases are passed up to the edge; the others the node settles itself."""

    when: Condition = Field(description="what makes it ask", examples=["confidence < 0.8"])
    wait: Seconds | None = Field(
        default=None, description="how long it waits for an answer (default: 10 min)"
    )
    else_: Literal["act", "nothing"] = Field(
        default="act", alias="else", description="what it does itself when no answer comes"
    )


Escalate = Annotated[
    Any, WithJsonSchema({"oneOf": [{"type": "string"}, EscalateSection.model_json_schema()]})
]


class DecisionSection(Section):
    """One rule."""

    when: Condition = Field(
        description="condition that makes it fire; 'always' for what goes by 'repeat' alone",
        examples=["need == heavy and confidence > 0.7"],
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
    level: LevelSection | None = Field(
        default=None,
        description="its label: which step of a number is reached (default: the class of the "
        "model that 'when' names, else on and off)",
    )
    escalate: Escalate = Field(
        default=None,
        description="when to ask the edge before acting (default: never)",
        examples=["confidence < 0.8"],
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
