"""The JSON Schema: right about the example and about what is wrong, and useful in an editor."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from tests.spec.broken_files import FOLDER
from tinyfield.spec import json_schema

EXAMPLE = Path(__file__).parent / "apps" / "irrigation.yaml"


@pytest.fixture(scope="module")
def validator() -> Any:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def plain(path: Path) -> Any:
    yaml = YAML(typ="safe", pure=True)
    for tag in ("!secret", "!include"):
        yaml.constructor.add_constructor(tag, lambda constructor, node: node.value)
    return _jsonlike(yaml.load(path))


def _jsonlike(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _jsonlike(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_jsonlike(item) for item in value]
    return value.isoformat() if isinstance(value, datetime.date) else value


def test_the_example_is_valid(validator: Any, root: Path) -> None:
    assert [e.message for e in validator.iter_errors(plain(EXAMPLE))] == []
    for path in sorted((root / "apps").glob("*.yaml")):
        assert [e.message for e in validator.iter_errors(plain(path))] == [], path.name


@pytest.mark.parametrize(
    "name",
    ["02_unknown_key", "03_driver_misspelt", "05_missing_key", "06_type", "51_no_max_on",
     "54_calibration_missing", "58_dataset_unknown"],
)  # fmt: skip
def test_an_editor_sees_what_a_schema_can(name: str, validator: Any) -> None:
    assert list(validator.iter_errors(plain(FOLDER / f"{name}.yaml")))


def test_names_complete_with_their_meaning() -> None:
    schema: Any = json_schema()
    defs = schema["$defs"]
    assert "uno" in schema["properties"]["board"]["enum"]
    assert "bme280" in defs["SensorSection"]["properties"]["driver"]["enum"]
    assert "relay" in defs["ActuatorSection"]["properties"]["driver"]["enum"]
    assert "tomato" in defs["SiteSection"]["properties"]["plant"]["enum"]
    for section in defs.values():
        for key, value in section["properties"].items():
            assert value.get("description") or "$ref" in value, key
    assert "title" not in str(defs["ModelSection"])
