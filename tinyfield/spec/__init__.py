"""The app file: YAML with line marks → ``App``; units; rule expressions; JSON Schema."""

from __future__ import annotations

from tinyfield.spec.app import (
    SITE_SOURCES,
    Accept,
    Action,
    Actuator,
    App,
    Budget,
    Channel,
    Compress,
    Decision,
    Feature,
    Model,
    Network,
    Power,
    Reporting,
    Sensor,
    Site,
    Total,
    Train,
    Wifi,
)
from tinyfield.spec.crops import Crop, crops
from tinyfield.spec.diagnostics import Diagnostic, render_all
from tinyfield.spec.expr import (
    And,
    Arith,
    Battery,
    ChannelRef,
    Clause,
    Compare,
    Confidence,
    DecisionRef,
    Expr,
    LabelIs,
    LabelTable,
    Neg,
    Not,
    Num,
    Numeric,
    Or,
    Rescale,
    SiteRef,
    TotalRef,
)
from tinyfield.spec.load import load_app
from tinyfield.spec.scenario import Expectation, Fault, Play, Scenario, Window
from tinyfield.spec.units import Quantity, parse_quantity

__all__ = [
    "SITE_SOURCES",
    "Accept",
    "Action",
    "Actuator",
    "And",
    "App",
    "Arith",
    "Battery",
    "Budget",
    "Channel",
    "ChannelRef",
    "Clause",
    "Compare",
    "Compress",
    "Confidence",
    "Crop",
    "Decision",
    "DecisionRef",
    "Diagnostic",
    "Expectation",
    "Expr",
    "Fault",
    "Feature",
    "LabelIs",
    "LabelTable",
    "Model",
    "Neg",
    "Network",
    "Not",
    "Num",
    "Numeric",
    "Or",
    "Play",
    "Power",
    "Quantity",
    "Reporting",
    "Rescale",
    "Scenario",
    "Sensor",
    "Site",
    "SiteRef",
    "Total",
    "TotalRef",
    "Train",
    "Wifi",
    "Window",
    "crops",
    "json_schema",
    "load_app",
    "parse_quantity",
    "render_all",
]


def json_schema() -> dict[str, object]:
    """The JSON Schema of the app file, for editors (loads every driver and board)."""
    from tinyfield.spec.schema import json_schema as make

    return make()
