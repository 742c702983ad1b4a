"""The app file as a whole."""

from __future__ import annotations

from pydantic import Field

from tinyfield.spec.sections.actuators import ActuatorSection
from tinyfield.spec.sections.base import Section, keys_of
from tinyfield.spec.sections.decisions import DecisionSection
from tinyfield.spec.sections.fields import Every, Name, NodeId
from tinyfield.spec.sections.models import ModelSection
from tinyfield.spec.sections.pet import PetSection
from tinyfield.spec.sections.rest import (
    BoardSection,
    NetworkSection,
    PowerSection,
    ReportingSection,
    ScenarioSection,
)
from tinyfield.spec.sections.sensors import SensorSection
from tinyfield.spec.sections.site import SiteSection
from tinyfield.spec.sections.totals import TotalSection
from tinyfield.spec.structure import Shape


class AppSection(Section):
    """One app: a kind of node that decides by itself."""

    app: Name = Field(description="name of the app", examples=["irrigation"])
    node: NodeId | None = Field(
        default=None, description="id of the node (default: the app's name)"
    )
    board: str = Field(description="the board it is built for", examples=["uno"])
    site: SiteSection | None = Field(default=None, description="where and what the node watches")
    pet: PetSection | None = Field(default=None, description="the animal that wears the node")
    sensors: dict[str, SensorSection] = Field(
        description="what the node measures", examples=["{air: {driver: bme280}}"]
    )
    sample: Every = Field(description="how often it measures", examples=["every 10 min"])
    models: dict[str, ModelSection] = Field(default={}, description="what it learns")
    totals: dict[str, TotalSection] = Field(
        default={},
        description="what each day brings",
        examples=["{rest: {time: activity == lying, usual: 14 days}}"],
    )
    actuators: dict[str, ActuatorSection] = Field(default={}, description="what it switches")
    decisions: dict[str, DecisionSection] = Field(
        description="its rules", examples=["{tank_low: {when: tank.level < 10 %}}"]
    )
    reporting: ReportingSection | None = Field(default=None, description="how it reports")
    power: PowerSection | None = Field(default=None, description="its supply")
    boards: dict[str, BoardSection] = Field(default={}, description="what differs on another board")
    network: NetworkSection | None = Field(default=None, description="what a wireless link needs")
    tests: dict[str, ScenarioSection] = Field(default={}, description="the app's own tests")


def shape() -> Shape:
    """Which keys stand where."""
    named: dict[str, type[Section]] = {
        "site": SiteSection,
        "pet": PetSection,
        "reporting": ReportingSection,
        "power": PowerSection,
        "network": NetworkSection,
    }
    free: dict[str, type[Section]] = {
        "sensors": SensorSection,
        "models": ModelSection,
        "totals": TotalSection,
        "actuators": ActuatorSection,
        "decisions": DecisionSection,
        "boards": BoardSection,
        "tests": ScenarioSection,
    }
    return Shape(
        top=tuple(AppSection.model_fields),
        below={name: keys_of(section) for name, section in named.items()},
        items={name: keys_of(section) for name, section in free.items()},
    )
