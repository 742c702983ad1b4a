"""What the gateway keeps: nodes, decisions, manifests, and what it could not read."""

from tinyfield_gateway.store.engine import StoreUnavailableError
from tinyfield_gateway.store.records import (
    ActiveRule,
    Batch,
    Committed,
    Decision,
    Heard,
    Hearing,
    Node,
    Rejected,
)
from tinyfield_gateway.store.sql import Store, open_store

__all__ = [
    "ActiveRule",
    "Batch",
    "Committed",
    "Decision",
    "Heard",
    "Hearing",
    "Node",
    "Rejected",
    "Store",
    "StoreUnavailableError",
    "open_store",
]
