"""The names behind the ids in a message. ``build`` writes them."""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tinyfield.errors import WireError
from tinyfield.wire.cbor import U32
from tinyfield.wire.topics import NODE_ID, NODE_ID_MAX


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ManifestAction(_Part):
    """One thing a rule does."""

    actuator: str
    on: bool
    seconds: int | None = Field(default=None, ge=0, le=U32)
    label: str | None = None
    """Only when the decision has this label; None: whatever the label."""
    text: str
    """In words: ``valve on for 8 min``."""


class ManifestRule(_Part):
    """One decision of the app; its place in the list is its id."""

    name: str
    labels: tuple[str, ...]
    clauses: tuple[str, ...]
    """The comparisons of ``when`` in the user's own spelling; their place is the bit of why."""
    severity: Literal["info", "warning", "critical"] = "info"
    actions: tuple[ManifestAction, ...] = ()


class ManifestModel(_Part):
    """One model of the app."""

    name: str
    classes: tuple[str, ...]
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class ManifestNeighbour(_Part):
    """A decision of another node that this one wants to hear of."""

    name: str
    """Of the sensor that it is to this node."""
    node: str = Field(pattern=rf"^{NODE_ID.pattern}$", max_length=NODE_ID_MAX)
    decision: str
    """A rule of that node's manifest."""
    expires: int = Field(ge=1, le=U32)
    """Seconds after which its word says nothing any more."""


class Manifest(_Part):
    """The names behind the ids in a message; the list index is the id throughout."""

    wire_version: Literal[1] = 1
    app: str
    node: str
    board: str
    rules: tuple[ManifestRule, ...] = ()
    actuators: tuple[str, ...] = ()
    sensors: tuple[str, ...] = ()
    models: tuple[ManifestModel, ...] = ()
    neighbours: tuple[ManifestNeighbour, ...] = ()
    """Left out of the JSON, and so of the hash, where there are none."""

    @cached_property
    def hash(self) -> int:
        """First four bytes, big-endian, of SHA-256 over the canonical JSON less node and board.

        One app on many nodes and boards is one manifest to the gateway.
        """
        text = self._text({"node", "board"})
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")

    def to_json(self) -> str:
        """Canonical JSON: sorted keys, no spaces, ASCII."""
        return self._text(set())

    def _text(self, without: set[str]) -> str:
        nothing = set() if self.neighbours else {"neighbours"}
        return _canonical(self.model_dump(mode="json", exclude=without | nothing))

    @classmethod
    def from_json(cls, text: str | bytes) -> Manifest:
        """A manifest from its JSON.

        Raises:
            WireError: not JSON, or not a manifest.
        """
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "the text"
            raise WireError(f"manifest: {where}: {first['msg']}") from None

    def action_text(self, rule: int, label: str) -> str | None:
        """What rule number ``rule`` asks for when it fires with ``label``; None if nothing."""
        texts = [
            action.text for action in self.rules[rule].actions if action.label in (None, label)
        ]
        return ", ".join(texts) or None


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
