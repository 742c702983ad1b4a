"""The JSON Schema of the app file, for completion and checks in an editor.

Made from the pydantic sections, with the names that only the installed drivers, boards and crops
know filled in: ``# yaml-language-server: $schema=…`` on an app's first line is enough in VS Code.
"""

from __future__ import annotations

from typing import Any

from tinyfield.boards import load_boards
from tinyfield.spec.architectures import OPTIONS, OWN
from tinyfield.spec.crops import crops
from tinyfield.spec.drivers import Driver, Param, load_drivers
from tinyfield.spec.features import CHANNEL_OPS, SITE
from tinyfield.spec.known import DATASETS, SOILS, SPLITS, STAND_INS
from tinyfield.spec.said import STATES
from tinyfield.spec.sections.app import AppSection
from tinyfield.spec.sections.fields import NAME, NAME_MOST, NODE, NODE_MOST
from tinyfield.spec.signals import SIGNALS, STATISTICS
from tinyfield.spec.times import CYCLIC
from tinyfield.spec.worlds import worlds

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, object]:
    """The schema as a dict, JSON-ready; its names are those of the installed drivers and boards."""
    schema = AppSection.model_json_schema(by_alias=True, mode="validation")
    defs: dict[str, Any] = schema["$defs"]
    _tidy(schema)
    properties = schema["properties"]
    properties["board"].update(_choice({n: b.title for n, b in load_boards().items()}))
    properties["boards"]["propertyNames"] = {"enum": list(load_boards())}
    site = defs["SiteSection"]["properties"]
    site["plant"] = {"description": site["plant"].get("description", "")} | _choice(
        {name: f"{crop.season}, {crop.days} days" for name, crop in crops().items()}
    )
    site["soil"] = {"description": "soil texture", "enum": list(SOILS)}
    for name, kind in (("SensorSection", "sensor"), ("ActuatorSection", "actuator")):
        drivers = {n: d for n, d in load_drivers().items() if d.kind == kind}
        defs[name] = _per_driver(defs[name], drivers)
    train = defs["TrainSection"]["properties"]
    train["dataset"]["enum"] = list(DATASETS)
    train["stand_in"] = {"description": train["stand_in"]["description"], "enum": list(STAND_INS)}
    train["split"]["enum"] = list(SPLITS)
    model = defs["ModelSection"]["properties"]
    model["inputs"]["items"] = _feature()
    model["architecture"]["enum"] = [name for name in OPTIONS if name not in OWN]
    model["keras"]["pattern"] = r"\.py:[A-Za-z_]\w*$"
    model["tflite"]["pattern"] = r"\.tflite$"
    action = {"type": "string", "examples": ["valve on for 8 min", "valve off", "report"]}
    do = defs["DecisionSection"]["properties"]["do"]
    do["oneOf"] = [action, *do["oneOf"][1:]]
    _scenario(defs["ScenarioSection"]["properties"])
    return {
        "$schema": DIALECT,
        "$id": "urn:tinyfield:app",
        **schema,
        "title": "tinyfield app",
    }


def _scenario(test: dict[str, Any]) -> None:
    """Worlds and their states, and expectations, in place."""
    test["world"] |= {
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
        "properties": {
            name: {
                "description": f"{kind.what}; states: "
                + ", ".join(f"{state} ({what})" for state, what in kind.states.items()),
                "type": ["array", "string"],
                "examples": [[f"{state} 1 h" for state in kind.states]],
            }
            for name, kind in worlds().items()
        },
    }
    one = {"type": ["string", "integer"], "examples": ["at least 1 within 2 h", "never"]}
    some = {"type": "array", "items": one, "minItems": 1}
    says: dict[str, Any] = {"type": "string"}
    says |= {"pattern": rf"^\s*({'|'.join(STATES)}|late\s+\S.*)(\s+.*)?$"}
    says |= {"examples": ["active from 10 min for 20 min", "silent from 40 min"]}
    test["neighbours"]["additionalProperties"] = {
        "anyOf": [says, {"type": "array", "items": says, "minItems": 1}]
    }
    test["expect"]["additionalProperties"] = {"anyOf": [one, some]}


def _tidy(node: Any) -> None:
    """Leaves out what only repeats itself: titles, nulls for what may simply be missing."""
    if isinstance(node, list):
        for item in node:
            _tidy(item)
        return
    if not isinstance(node, dict):
        return
    if isinstance(node.get("title"), str):
        node.pop("title")
    options = node.get("anyOf")
    if isinstance(options, list) and {"type": "null"} in options:
        left = [option for option in options if option != {"type": "null"}]
        node.pop("anyOf")
        if len(left) == 1:
            kept = {k: v for k, v in node.items() if k != "default" or v is not None}
            node.clear()
            node.update({**left[0], **kept})
        else:
            node["anyOf"] = left
    if node.get("default", 0) is None:
        node.pop("default")
    for value in list(node.values()):
        _tidy(value)


def _choice(named: dict[str, str]) -> dict[str, Any]:
    """An enum whose members show their description while completing."""
    return {"enum": list(named), "markdownEnumDescriptions": list(named.values())}


def _feature() -> dict[str, Any]:
    ops = "|".join(op for op in CHANNEL_OPS if op != "last")
    site = "|".join(name.replace(".", r"\.") for name in SITE)
    time = "|".join(name.replace(".", r"\.") for name in CYCLIC)
    window = rf"[a-z]\w*\.\w+(\s+last|\s+({ops})\s+\S.*)?"
    several = r"\{[\w,]+\}"
    words = "|".join([*STATISTICS, several])
    alone = "|".join(name for name, signal in SIGNALS.items() if not signal.second)
    second = "|".join(name for name, signal in SIGNALS.items() if signal.second)
    signal = rf"(\s+({alone}|({second})\s+[a-z]\w*\.\w+))?"
    frames = rf"[a-z]\w*\.\w+({several})?{signal}(\s+jerk)?\s+({words})\s+\S.*"
    return {
        "type": "string",
        "description": "'sensor.quantity op window', of a fast sensor 'sensor.vector norm rms "
        "2.56 s', a value of the site ("
        + ", ".join(SITE)
        + ") or a time: "
        + ", ".join(f"{name} cyclic" for name in CYCLIC),
        "pattern": rf"^\s*({window}|{frames}|({site})(\s+(value|one_hot))?|({time})\s+cyclic)\s*$",
        "examples": ["soil.moisture last", "air.temperature mean 24 h", *SITE, "time.hour cyclic"],
    }


def _per_driver(base: dict[str, Any], drivers: dict[str, Driver]) -> dict[str, Any]:
    """The section with, for each driver, that driver's own keys."""
    common = dict(base["properties"])
    driver = common["driver"] | _choice({n: d.summary for n, d in drivers.items()})
    cases = []
    for name, found in drivers.items():
        properties = {**dict.fromkeys(common, True), **_params(found)}
        required = {key.partition(".")[0] for key, param in found.params.items() if param.required}
        cases.append(
            {
                "if": {"properties": {"driver": {"const": name}}, "required": ["driver"]},
                "then": {
                    "properties": properties,
                    "required": sorted(required),
                    "additionalProperties": False,
                },
            }
        )
    return {
        "type": "object",
        "description": base.get("description", ""),
        "properties": {**common, "driver": driver},
        "required": base["required"],
        "allOf": cases,
    }


def _params(driver: Driver) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, param in driver.params.items():
        group, _, leaf = name.rpartition(".")
        if not group:
            found[name] = _param(param)
            continue
        section = found.setdefault(
            group,
            {"type": "object", "properties": {}, "required": [], "additionalProperties": False},
        )
        section["properties"][leaf] = _param(param)
        if param.required:
            section["required"].append(leaf)
    if driver.bus == "i2c":
        hexes = [f"0x{a:02X}" for a in driver.addresses]
        found["address"] = {
            "description": f"I2C address: {' or '.join(hexes)}",
            "enum": [*driver.addresses, *hexes, *(h.lower() for h in hexes)],
            "default": driver.address,
        }
    return found


def _param(param: Param) -> dict[str, Any]:
    text: dict[str, Any] = {"description": param.summary}
    if param.kind == "pin":
        return {**text, "type": ["string", "integer"], "examples": ["A0", 7]}
    if param.kind == "bool":
        return {**text, "type": "boolean", "default": bool(param.default)}
    if param.kind == "choice":
        return {**text, "enum": list(param.choices)}
    if param.kind == "int":
        return {**text, "type": "integer"}
    if param.kind in ("node", "name"):
        pattern = NODE if param.kind == "node" else NAME
        most = NODE_MOST if param.kind == "node" else NAME_MOST
        return {
            **text,
            "type": "string",
            "pattern": f"^{pattern.pattern}$",
            "maxLength": most,
            "examples": [param.example],
        }
    limits = f", {param.least} to {param.most} {param.unit}" if param.most is not None else ""
    return {
        "description": f"{param.summary}{limits}",
        "type": "string",
        "examples": [param.example or f"{param.least or 1} {param.unit}"],
    }
