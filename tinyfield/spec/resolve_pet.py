"""The animal: its facts, and the total that says how long it moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from tinyfield.spec.app import Pet, Total
from tinyfield.spec.frozen import build
from tinyfield.spec.nodes import Map, Node
from tinyfield.spec.problems import Problems
from tinyfield.spec.sections.base import ok
from tinyfield.spec.sections.pet import PetSection
from tinyfield.spec.unsure import Unsure
from tinyfield.spelling import listing, nearest


@dataclass(frozen=True)
class PetSource:
    """A value the node derives from the animal: unit, greatest whole number (scale 0)."""

    unit: str
    maximum: int
    summary: str


_OLDEST = 40
"""Years: the oldest cat on record lived to 38, the oldest dog to about 30."""
_LEANEST = 500
"""kcal/kg: tinned food is four fifths water and has some 800."""

PET: dict[str, PetSource] = {
    "pet.rer": PetSource("kcal/d", 3723, "what it needs in a day at rest: 70 kcal x kg^0.75"),
    "pet.need": PetSource("kcal/d", 11169, "what it needs in a day, by age, neutering, activity"),
    "pet.ration": PetSource("gram/d", 111690, "how much of its food that is"),
}


def resolve_pet(section: PetSection | None, node: Node | None, problems: Problems) -> Pet | None:
    """The animal, without its activity; warns of one that is not born yet by this PC's clock."""
    if section is None or not ok(section) or not isinstance(node, Map):
        return None
    if not all(ok(getattr(section, name)) for name in type(section).model_fields):
        return None
    for key, wrong, what, cure in (
        (
            "born",
            section.born.year + _OLDEST < date.today().year,
            f"more than {_OLDEST} years old",
            "look at the year",
        ),
        (
            "food",
            section.food < _LEANEST,
            "less energy than wet food has: as much of it as this says is no meal",
            f"write what a kilogram holds: {section.food} kcal in 100 g are "
            f"'{10 * section.food} kcal/kg'",
        ),
    ):
        if wrong:
            problems.at(node.items[key], what, hint=cure, code="range", kind="warning")
    if section.born > date.today():
        problems.at(
            node.items["born"],
            "not born yet: until that day its need is told as a grown one's",
            hint="look at the year, and at this PC's clock",
            code="date",
            kind="warning",
        )
    return build(Pet)(
        species=section.species,
        weight_g=section.weight,
        born=section.born,
        neutered=section.neutered,
        kcal_per_kg=section.food,
        active=None,
    )


def check_active(
    section: PetSection | None,
    node: Node | None,
    totals: Mapping[str, Total | None],
    unsure: Unsure,
    problems: Problems,
) -> str | None:
    """The total that says how long the animal moves, if one is named and there is one."""
    if section is None or not ok(section) or not isinstance(node, Map):
        return None
    name = section.active
    if not ok(name) or name is None:
        return None
    if name not in totals:
        near = nearest(name, totals)
        if not unsure.excuses(name, near):
            hint = f"did you mean {near!r}?" if near else f"totals: {listing(totals) or 'none'}"
            problems.at(
                node.items["active"], f"there is no total {name!r}", hint=hint, code="unknown"
            )
        return None
    total = totals[name]
    if total is not None and total.held is None:
        problems.at(
            node.items["active"],
            f"{name!r} is a sum, not a time",
            hint="name a total such as {time: activity == walking, usual: 7 days}",
            code="total",
        )
        return None
    return name
