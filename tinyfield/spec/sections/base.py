"""The base of every section: pydantic models that report all their mistakes with their places.

Pydantic stops building a model at its first bad field. Here each field's mistake is recorded
with its place and the field becomes ``BROKEN``, so the checks behind go on with what is right.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeGuard, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    ModelWrapValidatorHandler,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
    model_validator,
)
from typing_extensions import Self

from tinyfield.spec.mistake import Mistake
from tinyfield.spec.nodes import Map, Marked, Node, Scalar, descend
from tinyfield.spec.problems import Problems
from tinyfield.spelling import listing, nearest


class _Broken:
    """Stands where a value could not be read; its mistake is already reported."""

    def __repr__(self) -> str:
        return "BROKEN"

    def __bool__(self) -> bool:
        return False


BROKEN: Any = _Broken()
T = TypeVar("T")
S = TypeVar("S", bound="Section")


def ok(value: T) -> TypeGuard[T]:
    """Whether a field was read; False where its mistake is already reported."""
    return not isinstance(value, _Broken)


class Reading:
    """The validation context: where mistakes go and which mapping is being read."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self.stack: list[Node] = []


class Section(BaseModel):
    """A mapping of the app file."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", protected_namespaces=(), defer_build=True
    )

    @model_validator(mode="wrap")
    @classmethod
    def _read(
        cls, data: Any, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo
    ) -> Self:
        if not ok(data):
            return data  # type: ignore[no-any-return]
        reading: Reading | None = info.context
        if reading is None or not isinstance(data, Marked):
            return handler(data)
        reading.stack.append(data.node)
        try:
            return handler(data)
        except ValidationError as error:
            if error.errors(include_url=False)[0]["type"] in ("model_type", "dict_type"):
                raise
            known = [f.alias or n for n, f in cls.model_fields.items()]
            free = cls.model_config["extra"] == "allow"
            absent = [str(e["loc"][0]) for e in error.errors() if e["type"] == "missing"]
            before = dict(data.node.items)
            # Where a driver adds keys of its own, only what must be there can be meant.
            meant = take_for_known(data.node, absent if free else known, spare=known)
            if free:
                for bad, good in meant.items():
                    unknown_key(reading.problems, before[bad], [good])
            missing = report(error, data.node, reading.problems, cls, meant)
            keep = [k for k in data if k in known or (free and k not in meant)]
            rest = {k: data[k] for k in keep} | {good: data[bad] for bad, good in meant.items()}
            # The second reading finds the same mistakes again; equal ones are shown once.
            return handler(rest | dict.fromkeys(missing, BROKEN))
        finally:
            reading.stack.pop()

    @field_validator("*", mode="wrap")
    @classmethod
    def _field(cls, value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        if not ok(value):
            return value
        reading: Reading | None = info.context
        if reading is None:
            return handler(value)
        name = info.field_name or ""
        field = cls.model_fields[name]
        node = descend(reading.stack[-1], [field.alias or name])
        example = str(field.examples[0]) if field.examples else None
        if value is None:
            # A misspelt key is complaint enough.
            if not isinstance(node.key, Scalar) or node.key.text == (field.alias or name):
                _nothing(node, example, reading.problems)
            return BROKEN
        try:
            return handler(value)
        except ValidationError as error:
            report(error, node, reading.problems, None, example=example)
            bad = {item["loc"][0] for item in error.errors(include_url=False) if item["loc"]}
            if not isinstance(value, Marked) or not bad or not bad <= value.keys():
                return BROKEN
            try:
                return handler({k: BROKEN if k in bad else v for k, v in value.items()})
            except ValidationError:
                return BROKEN


def _nothing(node: Node, example: str | None, problems: Problems) -> None:
    """A key with nothing behind it; a secret that is not there is another matter."""
    if node.secret is not None or node.thin:
        return
    key = node.key.text if isinstance(node.key, Scalar) else "it"
    write = f"write '{key}: {example}'" if example else "write it"
    problems.at(
        node,
        f"nothing is written behind '{key}:'",
        hint=f"{write}, or remove the line",
        code="missing",
    )


def keys_of(section: type[Section]) -> frozenset[str]:
    """The keys a section has in the file."""
    return frozenset(f.alias or name for name, f in section.model_fields.items())


def take_for_known(node: Map, known: list[str], *, spare: Sequence[str] = ()) -> dict[str, str]:
    """Misspelt keys whose right spelling is not there: the tree gets them under the right one.

    ``spare`` are further right spellings, which mean themselves.
    """
    meant: dict[str, str] = {}
    for name in [n for n in node.items if n not in known and n not in spare]:
        near = nearest(name, [k for k in known if k not in node.items])
        if near is not None:
            meant[name] = near
            node.items[near] = node.items.pop(name)
    return meant


def report(
    error: ValidationError,
    node: Node,
    problems: Problems,
    section: type[BaseModel] | None,
    meant: dict[str, str] | None = None,
    *,
    example: str | None = None,
) -> list[str]:
    """Turns pydantic's errors below ``node`` into problems; the names of missing keys.

    ``meant`` are misspelt keys with what they are taken for, ``example`` a value of the field.
    """
    meant = meant or {}
    missing: list[str] = []
    for item in error.errors(include_url=False):
        loc = list(item["loc"])
        kind = item["type"]
        if kind == "missing" and section is not None and len(loc) == 1:
            name = str(loc[0])
            if name in meant.values():
                continue
            missing.append(name)
            if not node.thin:
                why = (
                    (section.model_fields[name].json_schema_extra or {})
                    if (name in section.model_fields)
                    else {}
                )
                because = f": {why['why']}" if isinstance(why, dict) and "why" in why else ""
                problems.at(
                    node,
                    f"{name!r} is missing{because}",
                    key=True,
                    code="missing",
                    hint=f"add {_example(section, name)}",
                )
            continue
        if kind == "extra_forbidden" and section is not None and len(loc) == 1:
            known = [f.alias or n for n, f in section.model_fields.items()]
            name = str(loc[0])
            place = descend(node, [meant.get(name, name)])
            unknown_key(problems, place, [meant[name]] if name in meant else known)
            continue
        place = descend(node, loc)
        if place.damaged and isinstance(place, Scalar):
            continue
        cause = item.get("ctx", {}).get("error")
        if isinstance(cause, Mistake):
            problems.mistake(place, cause)
        else:
            message, hint = _phrase(kind, item, place)
            if example is not None and not loc and kind in _KINDS:
                hint = f"write it as {example}"
            if kind in ("list_type", "tuple_type") and _is_number(place):
                hint = f"write it as [{place.text}]"
            problems.at(place, message, hint=hint, code="type" if "type" in kind else "range")
    return missing


def _is_number(node: Node) -> TypeGuard[Scalar]:
    return isinstance(node, Scalar) and type(node.data) in (int, float)


def unknown_key(
    problems: Problems, place: Node, known: list[str], *, hint: str | None = None
) -> None:
    """A key nobody knows here, with the nearest one that is."""
    name = place.key.text if isinstance(place.key, Scalar) else ""
    near = nearest(name, known)
    if hint is None:
        hint = f"did you mean {near!r}?" if near else f"keys here: {listing(known, 14)}"
        if name.isdecimal():
            hint = "if it is the end of a number, write a point instead of the comma"
    problems.at(place, f"unknown key {name!r}", hint=hint, key=True, code="unknown key")


def _example(section: type[BaseModel], name: str) -> str:
    for field_name, field in section.model_fields.items():
        if (field.alias or field_name) == name and field.examples:
            return f"'{name}: {field.examples[0]}'"
    return f"'{name}: …'"


_KINDS: dict[str, tuple[str, str]] = {
    "string_type": ("a word", "write one word or quote the text"),
    "int_type": ("a whole number", "write digits only"),
    "int_parsing": ("a whole number", "write digits only"),
    "int_from_float": ("a whole number", "write digits only"),
    "float_type": ("a number", "write digits, with a point for decimals"),
    "float_parsing": ("a number", "write digits, with a point for decimals"),
    "bool_type": ("true or false", "write true or false"),
    "bool_parsing": ("true or false", "write true or false"),
    "dict_type": ("a section", "write 'key: value' lines below it, indented by 2 spaces"),
    "model_type": ("a section", "write 'key: value' lines below it, indented by 2 spaces"),
    "list_type": ("a list", "write [one, two] or lines beginning with '- '"),
    "tuple_type": ("a list", "write [one, two] or lines beginning with '- '"),
    "finite_number": ("a number", "write digits, with a point for decimals"),
}


def _phrase(kind: str, item: Any, place: Node) -> tuple[str, str | None]:
    """Pydantic's error in the words of the field."""
    ctx = item.get("ctx", {})
    if kind in _KINDS:
        what, hint = _KINDS[kind]
        return f"expected {what}, got {spelled(place)}", hint
    if kind == "literal_error":
        words = [w.strip(" '") for w in str(ctx["expected"]).replace(" or ", ", ").split(",")]
        near = nearest(str(place.value()), words)
        hint = f"did you mean {near!r}?" if near else f"write one of {listing(words)}"
        return f"{spelled(place)} is not known here", hint
    limits = {
        "greater_than": "gt",
        "greater_than_equal": "ge",
        "less_than": "lt",
        "less_than_equal": "le",
    }
    if kind in limits:
        words_for = {"gt": "more than", "ge": "at least", "lt": "less than", "le": "at most"}
        key = limits[kind]
        return f"{spelled(place)} is out of range", f"write a number of {words_for[key]} {ctx[key]}"
    if kind == "too_short":
        return "too few entries", f"list at least {ctx['min_length']}"
    if kind == "too_long":
        return "too many entries", f"list at most {ctx['max_length']}"
    return item["msg"][:1].lower() + item["msg"][1:], None


def spelled(node: Node) -> str:
    """A value in the user's own spelling, for messages."""
    if isinstance(node, Scalar):
        if node.data is None and not node.quoted:
            return "nothing"
        text = node.text if len(node.text) <= 40 else node.text[:39] + "…"
        return repr(text)
    return "a section" if isinstance(node, Map) else "a list"


def read_section(section: type[S], node: Node, problems: Problems) -> S | None:
    """The node as that section, with BROKEN where a field could not be read; None if it is no
    mapping at all."""
    if not isinstance(node, Map):
        hint = "write 'key: value' lines below it, indented by 2 spaces"
        problems.at(node, f"expected a section, got {spelled(node)}", hint=hint, code="type")
        return None
    return section.model_validate(node.value(), context=Reading(problems))
