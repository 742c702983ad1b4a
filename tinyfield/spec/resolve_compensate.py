"""``compensate:`` of a sensor: the readings whose influence is taken out of its own."""

from __future__ import annotations

from tinyfield.spec.app import Channel
from tinyfield.spec.nodes import Map, Scalar
from tinyfield.spec.problems import Problems
from tinyfield.spec.resolve_parts import Part
from tinyfield.spec.sections.base import unknown_key
from tinyfield.spec.units import same_dimension
from tinyfield.spec.unsure import Unsure
from tinyfield.spelling import listing, nearest


def resolve_compensate(
    part: Part, channels: tuple[Channel, ...], unsure: Unsure, problems: Problems
) -> dict[str, str]:
    """What the driver can take out of its readings → the channel that tells it."""
    node = part.node.items.get("compensate")
    if node is None:
        return {}
    wanted = part.driver.compensate
    if not wanted:
        problems.at(
            node,
            f"'compensate' means nothing to {part.driver.name!r}",
            hint="remove it",
            key=True,
            code="option",
        )
        return {}
    if not isinstance(node, Map):
        return {}  # the section has said so
    found: dict[str, str] = {}
    for key, value in node.items.items():
        if key not in wanted:
            unknown_key(problems, value, list(wanted))
            continue
        text = value.text if isinstance(value, Scalar) else ""
        channel = next((c for c in channels if c.name == text), None)
        fitting = [
            c.name for c in channels
            if same_dimension(c.unit, wanted[key]) and c.sensor != part.name
            and (wanted[key] != "%" or c.quantity == key)
        ]  # fmt: skip
        if channel is None:
            near = nearest(text, fitting)
            if unsure.excuses(text.partition(".")[0], near):
                continue
            hint = f"did you mean {near!r}?" if near else f"write one of {listing(fitting)}"
            problems.at(value, f"there is no channel {text!r}", hint=hint, code="unknown")
        elif channel.name not in fitting:
            problems.at(
                value,
                f"{text} is no {key} of something else",
                hint=f"write one of {listing(fitting)}",
                code="unit",
            )
        else:
            found[key] = channel.name
    return found
