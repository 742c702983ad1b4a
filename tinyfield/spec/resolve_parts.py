"""Sensors and actuators: drivers, their parameters, calibrations, I2C addresses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from tinyfield.spec.app import Channel
from tinyfield.spec.drivers import Driver, Param, driver, driver_names
from tinyfield.spec.durations import duration_text
from tinyfield.spec.frozen import build
from tinyfield.spec.mistake import Mistake
from tinyfield.spec.nodes import Map, Node, Scalar
from tinyfield.spec.problems import Problems
from tinyfield.spec.sections.base import spelled, take_for_known, unknown_key
from tinyfield.spec.sections.fields import check_name, check_node, measure
from tinyfield.spec.units import find_unit, nearest_int, parse_quantity
from tinyfield.spelling import listing, nearest

FAST_KEYS = ("rate", "burst")
"""Keys of a sensor whose driver is fast."""

_WORDS: dict[str, Callable[[Any], str]] = {"node": check_node, "name": check_name}
"""Kinds of parameters that are names, and what checks them."""


@dataclass(frozen=True)
class Sampling:
    """How a fast sensor is sampled: its rate in mHz, frames a sample, and whether it pauses."""

    rate_mhz: int
    frames: int
    continuous: bool


@dataclass(eq=False)
class Part:
    """A sensor or actuator whose driver is known; ``pins`` are still nodes, resolved later;
    ``words`` are the parameters that are names."""

    name: str
    node: Map
    driver: Driver
    params: dict[str, int] = field(default_factory=dict)
    pins: dict[str, Node | None] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    nodes: dict[str, Node] = field(default_factory=dict)
    fast: Sampling | None = None


def read_part(
    name: str, node: Map, driver_name: str, *, kind: str, own_keys: list[str], problems: Problems
) -> Part | None:
    """The part with all parameters but its pins; None when its driver is not known."""
    found = _driver(node, driver_name, kind, problems)
    if found is None:
        return None
    part = Part(name, node, found)
    given = _flat(part, [*own_keys, *(FAST_KEYS if found.fast else ())], problems)
    for param in found.params.values():
        value = given.get(param.name)
        if param.kind == "pin":
            part.pins[param.name] = value
        if value is None:
            _absent(part, param, problems)
            continue
        part.nodes[param.name] = value
        if param.kind in _WORDS:
            word = _word(param, value, problems)
            if word is not None:
                part.words[param.name] = word
        elif param.kind != "pin":
            number = _value(param, value, problems)
            if number is not None:
                part.params[param.name] = number
    _differ(part, problems)
    if found.bus == "i2c":
        _address(part, given.get("address"), problems)
    return part


def channels_of(part: Part) -> list[Channel]:
    """The channels the part's driver gives; none where a fast part's rate is not known."""
    if part.driver.fast is not None and part.fast is None:
        return []
    return [
        build(Channel)(
            name=f"{part.name}.{ch.name}",
            sensor=part.name,
            quantity=ch.name,
            unit=ch.unit,
            scale=ch.scale,
            minimum=ch.minimum,
            maximum=ch.maximum,
            told=part.driver.bus == "link",
            **(vars(part.fast) if part.fast else {}),
        )
        for ch in part.driver.channels
    ]


def valid_name(name: str, node: Node, problems: Problems) -> bool:
    """Whether a part, model or decision may be called that; says so if not."""
    try:
        check_name(name)
    except Mistake as mistake:
        problems.at(node, mistake.message, hint=mistake.hint, code="name", key=True)
        return False
    return True


def check_addresses(parts: list[Part], problems: Problems) -> None:
    """Two parts on one I2C address."""
    seen: dict[int, Part] = {}
    for part in parts:
        address = part.params.get("address")
        if address is None:
            continue
        other = seen.setdefault(address, part)
        if other is part:
            continue
        free = [a for a in part.driver.addresses if a != address]
        hint = f"give one of them another: {listing([_hex(a) for a in free])}"
        same = [a for a in free if a not in seen]
        if same:
            hint = f"strap one to {_hex(same[0])} and write 'address: {_hex(same[0])}' for it"
        place = part.nodes.get("address", part.node)
        problems.at(
            place,
            f"{other.name!r} and {part.name!r} are both at I2C address {_hex(address)}",
            hint=hint,
            code="address",
            key="address" not in part.nodes,
        )


def _driver(node: Map, name: str, kind: str, problems: Problems) -> Driver | None:
    place = node.items.get("driver", node)
    if name not in driver_names():
        same_kind = [n for n in driver_names() if driver(n).kind == kind]
        near = nearest(name, same_kind)
        hint = f"did you mean {near!r}?" if near else f"drivers: {listing(same_kind)}"
        problems.at(place, f"there is no driver {name!r}", hint=hint, code="unknown")
        # Taken for the near one, so that the rest of the file is checked as it is meant.
        return driver(near) if near else None
    found = driver(name)
    if found.kind != kind:
        same_kind = [n for n in driver_names() if driver(n).kind == kind]
        where = "sensors" if found.kind == "sensor" else "actuators"
        article = "a sensor" if found.kind == "sensor" else "an actuator"
        problems.at(
            place,
            f"{name!r} is {article}",
            hint=f"write it under '{where}', or take one of {listing(same_kind)}",
            code="unknown",
        )
        return None
    return found


def _flat(part: Part, own_keys: list[str], problems: Problems) -> dict[str, Node]:
    """The driver's parameters by dotted name; unknown keys are reported."""
    params = part.driver.params
    groups = {name.partition(".")[0] for name in params if "." in name}
    top = [n for n in params if "." not in n]
    known = [*own_keys, *top, *sorted(groups)] + (["address"] if part.driver.bus == "i2c" else [])
    given: dict[str, Node] = {}
    misspelt = {key: value for key, value in part.node.items.items() if key not in known}
    for key, good in take_for_known(part.node, known).items():
        unknown_key(problems, misspelt[key], [good])
    for key, value in part.node.items.items():
        if key in own_keys:
            continue
        names = [n.partition(".")[2] for n in params if n.startswith(key + ".")]
        if key in groups:
            if not isinstance(value, Map):
                hint = f"write '{key}: {{{', '.join(f'{n}: …' for n in names)}}}'"
                problems.at(
                    value, f"expected a section, got {spelled(value)}", hint=hint, code="type"
                )
                # Named here, so that nobody says they are missing.
                part.nodes.update({f"{key}.{n}": value for n in names})
                continue
            wrong = {k: v for k, v in value.items.items() if k not in names}
            for inner_key, good in take_for_known(value, names).items():
                unknown_key(problems, wrong[inner_key], [good])
            for inner_key, inner in value.items.items():
                if inner_key in names:
                    given[f"{key}.{inner_key}"] = inner
                else:
                    unknown_key(problems, inner, names)
        elif key in top or (key == "address" and part.driver.bus == "i2c"):
            given[key] = value
        elif key in FAST_KEYS and part.driver.kind == "sensor":
            problems.at(
                value,
                f"{part.driver.name!r} gives one reading a sample: it has no {key}",
                key=True,
                code="unknown key",
                hint="remove it; 'sample:' says how often it is read",
            )
        elif key == "address":
            problems.at(
                value,
                f"{part.driver.name!r} has no I2C address",
                key=True,
                code="unknown key",
                hint=f"remove it; keys here: {listing(known, 14)}",
            )
        else:
            inside = next((n for n in params if n.endswith(f".{key}")), None)
            group = inside.partition(".")[0] if inside else ""
            hint = f"write it as '{group}: {{{key}: …}}'" if inside else ""
            unknown_key(problems, value, known, hint=hint or None)
    return given


def _absent(part: Part, param: Param, problems: Problems) -> None:
    if not param.required:
        if param.default is not None:
            part.params[param.name] = int(param.default)
        return
    if part.node.thin or param.name in part.nodes:
        return
    group, _, leaf = param.name.rpartition(".")
    place = part.node.items.get(group, part.node) if group else part.node
    if place.thin:
        return
    example = param.example or "…"
    text = (
        f"{group}: {{{leaf}: {example}}}" if group and place is part.node else f"{leaf}: {example}"
    )
    problems.at(
        place,
        f"{leaf!r} is missing: {param.summary}",
        hint=f"add '{text}'",
        key=True,
        code="missing",
    )


def _word(param: Param, node: Node, problems: Problems) -> str | None:
    """A parameter that is a name, as the app writes it."""
    try:
        return _WORDS[param.kind](node.value())
    except Mistake as mistake:
        problems.mistake(node, mistake)
        return None


def _value(param: Param, node: Node, problems: Problems) -> int | None:
    if not isinstance(node, Scalar):
        if node.key is not None and node.key.source is node.source and isinstance(node, Map):
            problems.at(
                node,
                f"expected one value, got {spelled(node)}",
                code="type",
                hint=f"write '{param.name.rpartition('.')[2]}: …'",
            )
        return None
    if node.path.rpartition(".")[2] != param.name.rpartition(".")[2]:
        return None
    try:
        return _number(param, node)
    except Mistake as mistake:
        problems.mistake(node, mistake)
        return None


def _number(param: Param, node: Scalar) -> int:
    value: Any = node.text if node.quoted else node.data
    if param.kind == "bool":
        if not isinstance(value, bool):
            raise Mistake(
                f"expected true or false, got {spelled(node)}",
                hint="write true or false",
                code="type",
            )
        return int(value)
    if param.kind == "choice":
        if str(value) not in param.choices:
            near = nearest(str(value), param.choices)
            hint = f"did you mean {near!r}?" if near else f"one of {listing(param.choices)}"
            raise Mistake(f"{spelled(node)} is not known here", hint=hint, code="unknown")
        return param.choices.index(str(value))
    if param.kind == "int":
        if isinstance(value, bool) or not isinstance(value, int):
            raise Mistake(
                f"expected a whole number, got {spelled(node)}",
                hint="write digits only",
                code="type",
            )
        number = value
    else:
        if value is None or isinstance(value, bool):
            raise Mistake(
                f"expected a quantity, got {spelled(node)}",
                hint=f"write a number and a unit: '… {param.unit}'",
                code="type",
            )
        example = param.example or f"{param.least or 1} {param.unit}"
        exact: Fraction = measure(node.text, param.unit, example)
        number = nearest_int(exact)
    low, high = param.least, param.most
    if (low is not None and number < low) or (high is not None and number > high):
        raise Mistake(
            f"{node.text!r} is out of range",
            code="range",
            hint=f"write {_said(low, param, node)} to {_said(high, param, node)}",
        )
    return number


def _said(number: int | None, param: Param, node: Scalar) -> str:
    """A limit of a parameter: a duration in words, else in the unit that the user wrote, where
    that makes a whole number of it."""
    if param.unit == "s" and number:
        return duration_text(number)
    if param.kind != "int" and number is not None:
        unit = parse_quantity(node.text).unit
        own, other = find_unit(param.unit), find_unit(unit)
        exact = Fraction(number) * own.factor / other.factor
        if not other.offset and not own.offset and exact.denominator == 1:
            return f"{exact} {unit}".strip()
    return f"{number} {param.unit}".strip()


def _differ(part: Part, problems: Problems) -> None:
    for param in part.driver.params.values():
        other = param.differs
        if other is None or param.name not in part.params or other not in part.params:
            continue
        if part.params[param.name] == part.params[other]:
            mine, its = param.name.rpartition(".")[2], other.rpartition(".")[2]
            problems.at(
                part.nodes[param.name],
                f"{mine!r} and {its!r} are the same",
                hint=f"measure both again: {part.driver.channels[0].name} is read between them",
                code="calibration",
            )


def _address(part: Part, node: Node | None, problems: Problems) -> None:
    if node is None:
        if part.driver.address is not None:
            part.params["address"] = part.driver.address
        return
    part.nodes["address"] = node
    value = node.data if isinstance(node, Scalar) else None
    if isinstance(value, str):
        try:
            value = int(value, 0)
        except ValueError:
            value = None
    allowed = part.driver.addresses
    names = " or ".join(_hex(a) for a in allowed)
    if isinstance(value, bool) or not isinstance(value, int):
        problems.at(
            node, f"{spelled(node)} is no I2C address", hint=f"write one of {names}", code="address"
        )
        return
    if value not in allowed:
        hint = f"it can be strapped to {names}"
        if isinstance(node, Scalar) and node.text.isdigit():
            as_hex = int(node.text, 16)
            if as_hex in allowed:
                hint = f"addresses are hexadecimal: write {_hex(as_hex)}"
        problems.at(
            node, f"{part.driver.name!r} cannot be at {spelled(node)}", hint=hint, code="address"
        )
        return
    part.params["address"] = value


def _hex(value: int) -> str:
    return f"0x{value:02X}"
