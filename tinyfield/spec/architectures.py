"""Which architectures an app can name, and which options each of them has."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

OPTIONS: Mapping[str, Mapping[str, object]] = MappingProxyType(
    {
        "mlp": {"hidden": (16,)},
        "tree": {"depth": 8, "min_leaf": 5},
        "forest": {"trees": 10, "depth": 8, "min_leaf": 5},
        "gbt": {"trees": 20, "depth": 3, "min_leaf": 5},
        "bonsai": {"depth": 2, "projection": 10, "density": 0.3},
    }
)
"""Architectures that are built: their options, with what holds where the app says nothing."""

PLANNED = ("cnn", "ds_cnn", "gru")

DEPTH_MOST: Mapping[str, int] = MappingProxyType({"tree": 20, "forest": 20, "gbt": 12, "bonsai": 5})
"""How deep one may be."""

NOT_NETWORKS = ("tree", "forest", "gbt", "bonsai")
"""Architectures that become integers by ways of their own, with nothing to prune or share."""

KEYS = tuple(dict.fromkeys(key for options in OPTIONS.values() for key in options))
"""Every option's key."""


def that_have(option: str) -> tuple[str, ...]:
    """The architectures that have an option."""
    return tuple(name for name, options in OPTIONS.items() if option in options)
