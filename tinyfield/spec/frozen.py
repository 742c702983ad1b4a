"""The base of what a resolved app is made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """No change after construction, no unknown fields."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", protected_namespaces=(), defer_build=True
    )


P = ParamSpec("P")
M = TypeVar("M", bound=Frozen)


def build(model: Callable[P, M]) -> Callable[P, M]:
    """A constructor that trusts its values: they come from checked sections, not from outside.

    It spares the start the making of pydantic's validators; a test validates its results.
    """
    return model.model_construct  # type: ignore[attr-defined,no-any-return]
