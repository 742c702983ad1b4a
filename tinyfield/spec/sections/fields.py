"""Types of single values in the app file: names, times, sizes, powers, shares."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import PlainValidator, WithJsonSchema

from tinyfield.spec.durations import parse_duration, parse_every, parse_seconds
from tinyfield.spec.mistake import Mistake
from tinyfield.spec.units import (
    UNITS,
    dimension_name,
    nearest_int,
    parse_quantity,
    same_dimension,
    units_like,
)
from tinyfield.spelling import listing

NAME = re.compile(r"[a-z][a-z0-9_]*")
NAME_MOST = 24
NODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
NODE_MOST = 16
_WORDS = """
    and or not if for in is true false null none site time confidence battery node app report on off
    auto break case char const continue default do double else enum extern float goto inline int
    long register restrict return short signed sizeof static struct switch typedef union unsigned
    void volatile while bool
"""
RESERVED = frozenset(_WORDS.split())
"""Words of the rule language and of C, which no name may be."""


def check_name(value: Any) -> str:
    """A name that is also a C identifier: ``[a-z][a-z0-9_]*``, at most 24 characters."""
    if value is None or isinstance(value, (dict, list)):
        raise Mistake("expected a name", hint="write one word in small letters", code="type")
    text = str(value)
    if not isinstance(value, str) or not NAME.fullmatch(text):
        better = re.sub(r"_+", "_", re.sub(r"[^a-z0-9]", "_", text.lower())).strip("_")
        better = better if better[:1].isalpha() else f"n_{better}".rstrip("_")
        raise Mistake(
            f"{text!r} cannot be a name: small letters, digits and '_', a letter first",
            hint=f"write '{better[:NAME_MOST]}'",
            code="name",
        )
    if len(text) > NAME_MOST:
        raise Mistake(
            f"the name {text!r} is longer than {NAME_MOST} characters",
            hint="shorten it",
            code="name",
        )
    if text in RESERVED:
        raise Mistake(
            f"{text!r} is a word with a meaning of its own", hint=f"write '{text}_1'", code="name"
        )
    return text


def check_label(value: Any) -> str:
    """A class name; ``none``, ``on`` and the like are allowed here."""
    if isinstance(value, str) and value in RESERVED - {"and", "or", "not"}:
        return value
    return check_name(value)


def check_node(value: Any) -> str:
    """An id that can stand in a topic: ``[a-z0-9-]``, at most 16 characters."""
    if value is None or isinstance(value, (dict, list)):
        raise Mistake("expected an id", hint="write one word, such as 'bed-3'", code="type")
    text = str(value)
    if not NODE.fullmatch(text) or len(text) > NODE_MOST:
        better = re.sub(r"-+", "-", re.sub(r"[^a-z0-9]", "-", text.lower())).strip("-")
        better = better[:NODE_MOST].rstrip("-")
        raise Mistake(
            f"{text!r} cannot be a node id: small letters, digits and single '-', at "
            f"most {NODE_MOST}",
            hint=f"write '{better or 'node-1'}'",
            code="name",
        )
    return text


def measure(value: Any, unit: str, example: str) -> Any:
    """A quantity as an exact fraction of ``unit``; Mistake for another dimension."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise Mistake(
            f"expected {dimension_name(unit)}", hint=f"write it as {example!r}", code="type"
        )
    like = units_like(unit)
    fitting = f"units that fit: {listing(like)}, as in {example!r}" if like else None
    try:
        quantity = parse_quantity(str(value), example=example)
    except Mistake as mistake:
        if fitting and mistake.message.startswith("unknown unit") and mistake.hint == UNITS:
            mistake.hint = fitting
        raise
    if quantity.unit == "" and unit != "":
        usual = parse_quantity(example).unit
        raise Mistake(
            f"{value} of what? {dimension_name(unit)} needs a unit".replace("? a", "? A", 1),
            hint=f"write '{value} {usual if same_dimension(usual, unit) else unit}'",
            code="unit",
        )
    if not same_dimension(quantity.unit, unit):
        raise Mistake(
            f"{str(value)!r} is {dimension_name(quantity.unit)}, but {dimension_name(unit)} "
            "is needed",
            hint=fitting or f"write it as {example!r}",
            code="unit",
        )
    return quantity.exact(unit)


def whole(unit: str, least: int, most: int, example: str) -> Callable[[Any], int]:
    """A validator: a quantity as a whole number of ``unit`` within limits."""

    def validate(value: Any) -> int:
        number = nearest_int(measure(value, unit, example))
        if not least <= number <= most:
            raise Mistake(
                f"{value} is out of range",
                hint=f"write {least} {unit} to {most} {unit}",
                code="range",
            )
        return number

    return validate


def _share(value: Any) -> Decimal:
    """0 to 1, written as ``50 %`` or ``0.5``."""
    number = measure(value, "", "50 %") if not _has_unit(value) else measure(value, "%", "50 %")
    share = number / 100 if _has_unit(value) else number
    if not 0 <= share <= 1:
        raise Mistake(f"{value} is out of range", hint="write 0 % to 100 %", code="range")
    return Decimal(share.numerator) / Decimal(share.denominator)


def _share_or_auto(value: Any) -> Decimal | str:
    """The same, or ``auto``."""
    return "auto" if value == "auto" else _share(value)


def _refit(value: Any) -> bool | Literal["all"]:
    """Whether a model is fitted once more, and whether to all rows."""
    if isinstance(value, bool):
        return value
    if value == "all":
        return "all"
    raise Mistake(
        f"expected true, false or all, got {value!r}",
        hint="true: training and validation rows; all: the test rows too",
        code="option",
    )


def _has_unit(value: Any) -> bool:
    return isinstance(value, str) and value.strip()[-1:] == "%"


def _date(value: Any) -> date:
    text = str(value)
    try:
        return date.fromisoformat(text)
    except ValueError:
        match = re.fullmatch(r"(\d{1,2})([./])(\d{1,2})[./](\d{4})", text)
        hint = "write year-month-day, such as '2026-04-20'"
        if match:
            day, mark, month, year = match.groups()
            hint = f"write year-month-day: {_either(int(day), int(month), year, mark)}"
        elif re.fullmatch(r"\d{4}-\d{1,2}-\d{1,2}", text):
            hint = "check month and day, both with two digits"
        raise Mistake(f"{text!r} is no date", hint=hint, code="type") from None


def _either(first: int, second: int, year: str, mark: str) -> str:
    """A date whose day comes first where points part it; with slashes it may be the month."""
    days = [(second, first)] + ([(first, second)] if mark == "/" else [])  # month and day
    said = [f"'{year}-{m:02}-{d:02}'" for m, d in days if 1 <= m <= 12 and 1 <= d <= 31]
    return " or ".join(dict.fromkeys(said)) or "'2026-04-20'"


def _local_time(value: Any) -> datetime:
    text = str(value).strip()
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Mistake(
            f"{text!r} is no time", hint="write day and time: '2026-06-01 06:00'", code="type"
        ) from None
    if found.tzinfo is not None or found.microsecond:
        raise Mistake(
            f"{text!r} is more than a local time",
            hint=f"write '{found:%Y-%m-%d %H:%M:%S}'",
            code="type",
        )
    return found


def _switch(value: Any) -> bool:
    words = {"on": True, "off": False}
    if isinstance(value, str) and value.lower() in words:
        return words[value.lower()]
    if isinstance(value, bool):
        return value
    raise Mistake(f"{str(value)!r} is neither on nor off", hint="write on or off", code="type")


def _score(value: Any) -> float:
    number = _share(value)
    return float(number)


def _amount(value: Any) -> str:
    """A number with a unit, as text: what unit fits is known later."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise Mistake("expected a quantity", hint="write it as '2 mm'", code="type")
    parse_quantity(str(value), example="2 mm")
    return str(value)


def _kernel(value: Any) -> int | tuple[int, int]:
    """2 to 32 samples, or samples and inputs."""
    if isinstance(value, list):
        if len(value) != 2 or not all(type(part) is int for part in value):
            raise Mistake(
                "a kernel spans samples and inputs", hint="write it as [3, 3]", code="type"
            )
        if not all(1 <= part <= 32 for part in value) or max(value) < 2:
            raise Mistake(f"{value} is out of range", hint="write 1 to 32 of each", code="range")
        return value[0], value[1]
    if isinstance(value, bool) or not isinstance(value, int):
        raise Mistake("expected a whole number", hint="write 3, or [3, 3]", code="type")
    if not 2 <= value <= 32:
        raise Mistake(
            f"{str(value)!r} is out of range", hint="write a number of 2 to 32", code="range"
        )
    return value


def _score_or_amount(value: Any) -> float | str:
    """A score, or a number with a unit of its own."""
    plain = not isinstance(value, str) or _has_unit(value)
    return _score(value) if plain or parse_quantity(value).unit == "" else _amount(value)


def text_schema(kind: str, example: str, **more: Any) -> WithJsonSchema:
    """The JSON schema of a value written as text."""
    return WithJsonSchema({"type": "string", "description": kind, "examples": [example], **more})


_WEST_S, _EAST_S = -12 * 3600, 14 * 3600
_NUMBER_WITH_UNIT = r"^\s*[+-]?[0-9.]+([eE][+-]?[0-9]+)?\s*\S.*$"


def _seconds(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise Mistake("expected a time", hint="write it as '10 min'", code="type")
    return parse_seconds(value)


def _offset(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise Mistake("expected a time", hint="write it as '8 h' or '-5 h'", code="type")
    text = str(value).strip()
    if match := re.fullmatch(r"(?:UTC|GMT)? ?([+-]?)(\d{1,2}):(\d\d)", text):
        hours, minutes = int(match[2]), int(match[3])
        said = f"{hours} h {minutes} min" if minutes else f"{hours} h"
        hint = f"write '{'-' if match[1] == '-' else ''}{said}'"
        raise Mistake(f"{text!r} is no time", hint=hint, code="unit")
    if not re.search(r"\d", text):
        hint = "write how far local time is from UTC, such as '1 h' or '-5 h'"
        raise Mistake(f"{text!r} is no time", hint=hint, code="unit")
    if isinstance(value, (int, float)):
        raise Mistake(f"{text} of what?", hint=f"give a unit: '{text} h'", code="unit")
    if text[:1] in ("+", "-"):
        size = parse_seconds(text[1:], least=0)
    else:
        size = parse_seconds(value, least=0)
    seconds = -size if text.startswith("-") else size
    if not _WEST_S <= seconds <= _EAST_S or seconds % 60:
        raise Mistake(
            f"no place on earth is {text} from UTC",
            hint="write -12 h to 14 h, such as '5 h 30 min'",
            code="range",
        )
    return seconds


def _span(value: Any) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise Mistake("expected a time", hint="write it as '2.56 s'", code="type")
    span = parse_duration(value)
    if not span:
        raise Mistake("no time at all", hint="write it as '2.56 s'", code="range")
    return span


def _rate(value: Any) -> int:
    exact = measure(value, "Hz", "100 Hz") * 1000
    if exact.denominator != 1 or not 0 < exact <= 10_000_000:
        raise Mistake(
            f"{value} is no rate of frames",
            hint="write 0.001 Hz to 10 kHz, in whole thousandths of a hertz",
            code="range",
        )
    return int(exact)


def _every(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise Mistake("expected a time", hint="write it as 'every 10 min'", code="type")
    return parse_every(value)


Name = Annotated[
    str,
    PlainValidator(check_name),
    text_schema("a name", "soil", pattern=r"^[a-z][a-z0-9_]{0,23}$"),
]
Label = Annotated[
    str,
    PlainValidator(check_label),
    text_schema("a class", "heavy", pattern=r"^[a-z][a-z0-9_]{0,23}$"),
]
NodeId = Annotated[
    str,
    PlainValidator(check_node),
    text_schema("a node id", "bed-3", pattern=r"^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$"),
]
Seconds = Annotated[
    int, PlainValidator(_seconds), text_schema("a time", "10 min", pattern=_NUMBER_WITH_UNIT)
]
UtcOffset = Annotated[
    int,
    PlainValidator(_offset),
    text_schema("local time less UTC", "8 h", pattern=_NUMBER_WITH_UNIT),
]
Every = Annotated[int, PlainValidator(_every), text_schema("a period", "every 10 min")]
Span = Annotated[
    Fraction, PlainValidator(_span), text_schema("a time", "2.56 s", pattern=_NUMBER_WITH_UNIT)
]
Rate = Annotated[
    int, PlainValidator(_rate), text_schema("a rate", "100 Hz", pattern=_NUMBER_WITH_UNIT)
]
Bytes = Annotated[
    int,
    PlainValidator(whole("B", 1, 2**30, "8 KiB")),
    text_schema("an amount of memory", "8 KiB", pattern=_NUMBER_WITH_UNIT),
]
Micros = Annotated[
    int,
    PlainValidator(whole("us", 1, 600_000_000, "20 ms")),
    text_schema("a time", "20 ms", pattern=_NUMBER_WITH_UNIT),
]
MilliampHours = Annotated[
    int,
    PlainValidator(whole("mAh", 1, 1_000_000, "2600 mAh")),
    text_schema("a battery capacity", "2600 mAh", pattern=_NUMBER_WITH_UNIT),
]
Milliwatts = Annotated[
    int,
    PlainValidator(whole("mW", 1, 1_000_000, "0.5 W")),
    text_schema("a power", "0.5 W", pattern=_NUMBER_WITH_UNIT),
]
SquareCentimetres = Annotated[
    int,
    PlainValidator(whole("cm2", 1, 10**10, "20 m2")),
    text_schema("an area", "20 m2", pattern=_NUMBER_WITH_UNIT),
]
Share = Annotated[
    Decimal,
    PlainValidator(_share),
    WithJsonSchema({"type": ["string", "number"], "examples": ["50 %", 0.5]}),
]
ShareOrAuto = Annotated[
    Decimal | Literal["auto"],
    PlainValidator(_share_or_auto),
    WithJsonSchema({"type": ["string", "number"], "examples": ["50 %", "auto"]}),
]
Refit = Annotated[
    bool | Literal["all"],
    PlainValidator(_refit),
    WithJsonSchema({"enum": [True, False, "all"]}),
]
Score = Annotated[
    float,
    PlainValidator(_score),
    WithJsonSchema({"type": ["string", "number"], "examples": [0.8, "80 %"]}),
]
Kernel = Annotated[
    int | tuple[int, int],
    PlainValidator(_kernel),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 2, "maximum": 32},
                {
                    "type": "array",
                    "items": {"type": "integer", "minimum": 1, "maximum": 32},
                    "minItems": 2,
                    "maxItems": 2,
                },
            ],
            "examples": [3, [3, 3]],
        }
    ),
]
Amount = Annotated[str, PlainValidator(_amount), text_schema("a quantity", "2 mm")]
ScoreOrAmount = Annotated[
    float | str,
    PlainValidator(_score_or_amount),
    WithJsonSchema({"type": ["string", "number"], "examples": [0.02, "0.2 mm"]}),
]
Day = Annotated[date, PlainValidator(_date), text_schema("a day", "2026-04-20", format="date")]
LocalTime = Annotated[
    datetime, PlainValidator(_local_time), text_schema("a local time", "2026-06-01 06:00")
]
Switch = Annotated[
    bool,
    PlainValidator(_switch),
    WithJsonSchema({"enum": ["on", "off", True, False], "description": "on or off"}),
]
