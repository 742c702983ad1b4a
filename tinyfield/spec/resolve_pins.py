"""Pins: which exist, what they can do, who else is on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tinyfield.boards import Board, Pin
from tinyfield.spec.mistake import Mistake
from tinyfield.spec.nodes import Node, Scalar
from tinyfield.spec.problems import Problems
from tinyfield.spec.resolve_parts import Part
from tinyfield.spec.sections.base import spelled
from tinyfield.spec.unsure import Unsure
from tinyfield.spelling import listing, nearest

_NEED = {"adc": "measure a voltage", "in": "be an input", "out": "be an output"}
_HAVE = {"adc": "analogue pins", "in": "input pins", "out": "output pins"}


@dataclass(frozen=True)
class Wiring:
    """A board with what an app overrides for it.

    Attributes:
        pins: ``sensor.param`` to the node that names its pin on this board.
        section: the override's own node, or None for the app's own board.
        radio: whether it reports over a wireless link.
    """

    board: Board
    pins: Mapping[str, Node]
    section: Node | None
    radio: bool


def override_pins(
    node: Node | None, parts: list[Part], problems: Problems, unsure: Unsure
) -> dict[str, Node]:
    """``boards.X.pins`` by full parameter name; keys that name nothing are reported."""
    named: dict[str, Node] = {}
    by_name = {part.name: part for part in parts}
    for key, value in node.children() if node is not None else ():
        name, _, param = key.partition(".")
        part = by_name.get(name)
        if part is None:
            near = nearest(name, by_name)
            if not unsure.excuses(name, near):
                hint = f"did you mean {near!r}?" if near else f"parts: {listing(by_name)}"
                problems.at(
                    value,
                    f"there is no sensor or actuator {name!r}",
                    hint=hint,
                    key=True,
                    code="unknown",
                )
            continue
        pins = list(part.pins)
        if not pins:
            how = f"it is on the {part.driver.bus.upper()} bus"
            if part.driver.bus == "link":
                how = "it comes over the link"
            problems.at(
                value,
                f"{name!r} has no pin to set: {how}",
                hint="remove the line",
                key=True,
                code="unknown",
            )
        elif not param and len(pins) == 1:
            named[f"{name}.{pins[0]}"] = value
        elif param in pins:
            named[key] = value
        else:
            near = nearest(param, pins) if param else None
            full = listing([f"{name}.{p}" for p in pins])
            hint = f"did you mean '{name}.{near}'?" if near else f"write {full}"
            problems.at(
                value,
                f"{name!r} has no pin {param!r}" if param else f"{name!r} has more than one pin",
                hint=hint,
                key=True,
                code="unknown",
            )
    return named


def wire(parts: list[Part], wiring: Wiring, problems: Problems) -> dict[str, dict[str, int]]:
    """Every part's pins as HAL numbers on that board; what cannot be is reported."""
    board = wiring.board
    numbers: dict[str, dict[str, int]] = {part.name: {} for part in parts}
    used: dict[int, str] = {}
    if board.i2c and any(part.driver.bus == "i2c" for part in parts):
        for wire_name, pin_name in zip(("SDA", "SCL"), board.i2c, strict=True):
            used[board.pins[pin_name].number] = f"the I2C bus ({wire_name})"
    wanted: dict[tuple[Part, str], Node] = {}
    for part in parts:
        for param, own in part.pins.items():
            if (node := wiring.pins.get(f"{part.name}.{param}", own)) is not None:
                wanted[part, param] = node
    busy = dict(used)
    for node in wanted.values():
        if isinstance(node, Scalar) and (found := board.pin(str(node.data))) is not None:
            busy[found.number] = ""
    _check_full_scale(parts, board, problems)
    for (part, param), node in wanted.items():
        full = f"{part.name}.{param}"
        function = part.driver.params[param].function
        try:
            pin = _pin(node, function, wiring, busy)
            if not board.any_pin and (other := used.get(pin.number)) is not None:
                said, free = _said(node), _free(wiring, function, busy)
                raise Mistake(
                    f"pin {said} is already used by {_owner(other)}",
                    hint=f"take another: {free}",
                    code="pin",
                )
        except Mistake as mistake:
            _place(problems, wiring, node, full, mistake)
            continue
        if pin.strapping:
            problems.at(
                node,
                f"pin {_said(node)} of {board.name} is read at reset: {pin.note}",
                hint=f"better: {_free(wiring, function, busy)}",
                kind="warning",
                code="strapping",
            )
        used[pin.number] = full
        numbers[part.name][param] = pin.number
    return numbers


def _check_full_scale(parts: list[Part], board: Board, problems: Problems) -> None:
    """A calibration voltage that the board's ADC cannot see."""
    if board.adc is None:
        return
    for part in (part for part in parts if part.driver.bus == "adc"):
        for name, param in part.driver.params.items():
            value = part.params.get(name, 0)
            seen = name.startswith("calibrate.") and name in part.nodes
            if seen and param.unit == "mV" and value > board.adc.vref_mv:
                problems.at(
                    part.nodes[name],
                    f"{board.name} measures up to {board.adc.vref_mv} mV only",
                    hint="check the value, or put a voltage divider before the pin",
                    code="calibration",
                )


def _pin(node: Node, function: str, wiring: Wiring, used: Mapping[int, str]) -> Pin:
    """The pin a node names, if it can do what it must; Mistake otherwise."""
    board = wiring.board
    value = node.data if isinstance(node, Scalar) else None
    said = _said(node)
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise Mistake(f"{said!r} is no pin", hint="write its name, such as A0 or 7", code="type")
    pin = board.pin(value)
    free = _free(wiring, function, used)
    if pin is None:
        near = nearest(value, board.pins) if isinstance(value, str) and len(value) > 2 else None
        guess = f"did you mean {near!r}? " if near else ""
        raise Mistake(
            f"{board.name} has no pin {said!r}",
            hint=f"{guess}{_HAVE[function]}: {free}",
            code="pin",
        )
    if not pin.functions:
        raise Mistake(
            f"pin {said} of {board.name} is taken: {pin.note}",
            hint=f"take one of {free}",
            code="pin",
        )
    cannot = f"pin {said} of {board.name} cannot {_NEED[function]}"
    if function not in pin.functions:
        note = f": it is {pin.note}" if pin.note == "input only" else ""
        raise Mistake(f"{cannot}{note}", hint=f"{_HAVE[function]}: {free}", code="pin")
    for conflict in board.conflicts:
        if wiring.radio and conflict.function == function and pin.name in conflict.pins:
            raise Mistake(f"{cannot}: {conflict.why}", hint=f"take one of {free}", code="pin")
    return pin


def _place(problems: Problems, wiring: Wiring, node: Node, full: str, mistake: Mistake) -> None:
    """At the pin; for another board that has no line for it, at that board's section."""
    if wiring.section is None or full in wiring.pins:
        problems.mistake(node, mistake)
        return
    short = full.removesuffix(".pin")
    problems.at(
        wiring.section,
        f"{short!r}: {mistake.message}",
        hint=f"add '{short}: …' to the pins here; {mistake.hint}",
        key=True,
        code="pin",
    )


def _said(node: Node) -> str:
    return spelled(node).strip("'")


def _free(wiring: Wiring, function: str, used: Mapping[int, str]) -> str:
    """Pins that would do: with the function, not used, nothing to beware of; best first."""
    board = wiring.board
    taken = {p for c in board.conflicts if c.function == function and wiring.radio for p in c.pins}
    bus = set(board.i2c or ())
    names = [
        pin.name
        for pin in board.pins.values()
        if function in pin.functions
        and pin.number not in used
        and pin.name not in taken | bus
        and not pin.strapping
        and "led" not in pin.functions
        and (function == "adc" or "adc" not in pin.functions)
    ]
    return listing(names, 8)


def _owner(full: str) -> str:
    return full if full.startswith("the ") else repr(full.removesuffix(".pin"))
