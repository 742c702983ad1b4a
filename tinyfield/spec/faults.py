"""What goes wrong in a scenario: ``imu stuck from 2 h for 30 min``, ``battery 3.1 V from 1 d``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from tinyfield.spec.app import Channel
from tinyfield.spec.durations import duration_text, parse_seconds
from tinyfield.spec.expectations import TIME
from tinyfield.spec.frozen import build
from tinyfield.spec.mistake import Mistake
from tinyfield.spec.scenario import Fault
from tinyfield.spec.units import (
    dimension_name,
    find_unit,
    nearest_int,
    parse_quantity,
    power_of_ten,
    same_dimension,
)
from tinyfield.spelling import listing, nearest

_TAIL = re.compile(
    rf"^(?P<what>.*?)(?:\s+(?:from|at)\s+(?P<begin>{TIME}))?(?:\s+for\s+(?P<long>{TIME}))?\s*$",
    re.S,
)
_KINDS = ("stuck", "missing", "reads", "noise")
_NODE = {
    "power cut": "power", "link down": "link", "clock never set": "clock", "clock unset": "clock",
}  # fmt: skip
EXAMPLES = "write 'soil stuck from 2 h for 30 min', 'battery 3.1 V', 'power cut at 6 h'"


def parse_fault(text: str, *, channels: Sequence[Channel], total: int) -> Fault:
    """One fault.

    Args:
        channels: of the app.
        total: seconds that the script lasts; 0 where that is not known.

    Raises:
        Mistake: with the place in ``text``.
    """
    match, times = when(text, total)
    what = " ".join(match["what"].split())
    if what in _NODE:
        return _of_node(_NODE[what], times, match)
    words = what.split(" ", 2)
    if words[0] == "battery":
        return build(Fault)(kind="battery", value=_battery(" ".join(words[1:])), **times)
    verb = next((w for w in words[1:2] if w in _KINDS), None)
    if verb is None:
        raise _not_understood(words, match.start("what"))
    named = _channels(words[0], channels, text)
    rest = words[2] if len(words) > 2 else ""
    if verb in ("stuck", "missing"):
        if rest:
            raise Mistake(
                f"{rest!r} is not understood here", hint=EXAMPLES,
                offset=text.find(rest), width=len(rest),
            )  # fmt: skip
        return build(Fault)(kind=verb, channels=tuple(c.name for c in named), **times)  # type: ignore[arg-type]
    if len(named) > 1:
        raise Mistake(
            f"{words[0]!r} has {len(named)} channels: which {verb} {rest or '…'}?",
            hint=f"write '{named[0].name} {verb} …'",
            offset=text.find(words[0]), width=len(words[0]),
        )  # fmt: skip
    value = (_reading if verb == "reads" else _noise)(rest, named[0])
    return build(Fault)(kind=verb, channels=(named[0].name,), value=value, **times)  # type: ignore[arg-type]


def when(text: str, total: int) -> tuple[re.Match[str], dict[str, Any]]:
    """The pieces of ``what from 2 h for 30 min``, and begin, end and text for a line of a scenario.

    Raises:
        Mistake: no such times, or after ``total`` seconds (0: not known).
    """
    match = _TAIL.match(text)
    assert match is not None  # it takes any text
    begin = parse_seconds(match["begin"], least=0) if match["begin"] else 0
    end = begin + parse_seconds(match["long"]) if match["long"] else None
    if total and begin >= total:
        raise Mistake(
            f"at {duration_text(begin)} all is over",
            hint=f"the script lasts {duration_text(total)}", code="range",
            offset=match.start("begin"), width=len(match["begin"]),
        )  # fmt: skip
    return match, {"begin_s": begin, "end_s": end, "text": " ".join(text.split())}


def _of_node(kind: str, times: dict[str, Any], match: re.Match[str]) -> Fault:
    if kind == "power" and not match["begin"]:
        raise Mistake("when is the power cut?", hint="write 'power cut at 6 h for 10 min'")
    if kind == "clock" and (match["begin"] or match["long"]):
        raise Mistake("a clock that is never set has no time", hint="write just 'clock never set'")
    if kind == "power" and times["end_s"] is None:
        times["end_s"] = times["begin_s"]  # back at once
    return build(Fault)(kind=kind, **times)  # type: ignore[arg-type]


def _channels(name: str, channels: Sequence[Channel], text: str) -> list[Channel]:
    found = [c for c in channels if name in (c.name, c.sensor)]
    if found:
        return found
    known = [*dict.fromkeys(c.sensor for c in channels), *(c.name for c in channels)]
    near = nearest(name, known)
    raise Mistake(
        f"there is no sensor or channel {name!r}",
        hint=f"did you mean {near!r}?" if near else f"sensors: {listing(known)}",
        code="unknown", offset=text.find(name), width=len(name),
    )  # fmt: skip


def _reading(text: str, channel: Channel) -> int:
    """A physical value in the channel's scaled steps."""
    quantity = _quantity(text, channel, "reads")
    value = nearest_int(quantity.exact(channel.unit) / power_of_ten(channel.scale))
    if not channel.minimum <= value <= channel.maximum:
        low, high = (v * power_of_ten(channel.scale) for v in (channel.minimum, channel.maximum))
        raise Mistake(
            f"{channel.name} can never read {quantity}",
            hint=f"write {float(low):g} to {float(high):g} {channel.unit}, or 'missing'",
            code="range",
        )
    return value


def _noise(text: str, channel: Channel) -> int:
    """A standard deviation in the channel's scaled steps: a difference, without an offset."""
    quantity = _quantity(text, channel, "noise")
    share = find_unit(quantity.unit).factor / find_unit(channel.unit).factor
    value = nearest_int(Fraction(quantity.value) * share / power_of_ten(channel.scale))
    if value < 1:
        step = float(power_of_ten(channel.scale))
        raise Mistake(
            f"noise of {quantity} does not move {channel.name}",
            hint=f"write {step:g} {channel.unit} or more", code="range",
        )  # fmt: skip
    return value


def _quantity(text: str, channel: Channel, verb: str) -> Any:
    example = f"{verb} {'20' if verb == 'reads' else '2'} {channel.unit}".strip()
    if not text:
        raise Mistake(f"{verb} what?", hint=f"write '{channel.name} {example}'")
    quantity = parse_quantity(text, example=f"20 {channel.unit}".strip())
    if not same_dimension(quantity.unit, channel.unit):
        raise Mistake(
            f"{channel.name} is {dimension_name(channel.unit)}, {text!r} is "
            f"{dimension_name(quantity.unit)}",
            hint=f"write it in {channel.unit or 'plain numbers'}",
            code="unit",
        )
    return quantity


def _battery(text: str) -> int:
    """A voltage in mV."""
    if not text:
        raise Mistake("battery at which voltage?", hint="write 'battery 3.1 V from 1 h'")
    quantity = parse_quantity(text, example="3.1 V")
    if not same_dimension(quantity.unit, "mV"):
        raise Mistake(
            f"{text!r} is {dimension_name(quantity.unit)}, not a voltage",
            hint="write 'battery 3.1 V from 1 h'", code="unit",
        )  # fmt: skip
    value = nearest_int(quantity.exact("mV"))
    if not 1 <= value <= 65535:
        raise Mistake(f"a battery of {quantity}", hint="write 1 mV to 65 V", code="range")
    return value


def _not_understood(words: list[str], at: int) -> Mistake:
    whole = " ".join(words)
    near = nearest(whole, _NODE)
    if near is None and len(words) > 1:
        near = nearest(words[1], _KINDS)
    if near is None and not whole:
        return Mistake("nothing goes wrong", hint=EXAMPLES)
    return Mistake(
        f"{whole!r} is no fault", hint=f"did you mean {near!r}?" if near else EXAMPLES,
        offset=at, width=max(len(whole), 1),
    )  # fmt: skip
