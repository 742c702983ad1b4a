"""Which architectures an app can name, and which options each of them has."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

OPTIONS: Mapping[str, Mapping[str, object]] = MappingProxyType(
    {
        "mlp": {"hidden": (16,), "l2": 0.0, "history": 1, "hop": 1},
        "cnn": {"history": 16, "hop": 1, "filters": 8, "kernel": 3, "blocks": 2},
        "ds_cnn": {"history": 16, "hop": 1, "filters": 12, "kernel": 3, "blocks": 2},
        "tcn": {"history": 16, "hop": 1, "filters": 8, "kernel": 3, "blocks": 3},
        "gru": {"history": 12, "hop": 1, "units": 8},
        "tree": {"depth": 8, "min_leaf": 5},
        "forest": {"trees": 10, "depth": 8, "min_leaf": 5},
        "gbt": {"trees": 20, "depth": 3, "leaves": 31, "min_leaf": 5, "ordered": False},
        "bonsai": {"depth": 2, "projection": 10, "density": 0.3, "history": 1, "hop": 1},
        "mahalanobis": {"false_alarms": 0.01, "history": 1, "hop": 1},
        "autoencoder": {"hidden": (4,), "false_alarms": 0.01, "history": 1, "hop": 1},
        "gmm": {
            "components": 8,
            "covariance": "full",
            "false_alarms": 0.01,
            "history": 1,
            "hop": 1,
        },
        "keras": {"history": 1, "hop": 1},
        "tflite": {"history": 1, "hop": 1},
    }
)
"""Architectures that are built: their options, with what holds where the app says nothing."""

OWN = ("keras", "tflite")
"""What the app brings itself: the key that names the file stands for ``architecture:``."""

OVER_TIME = ("cnn", "ds_cnn", "tcn", "gru")
"""Architectures that have nothing to look at in one sample alone."""

HISTORY_MOST = 1024
"""Samples that a model may look back."""

DEPTH_MOST: Mapping[str, int] = MappingProxyType({"tree": 20, "forest": 20, "gbt": 12, "bonsai": 5})
"""How deep one may be."""

ANOMALY = ("mahalanobis", "autoencoder", "gmm")
"""Architectures that learn from the rows of the first class alone; the second is all else."""

VALUES = ("mlp", "cnn", "ds_cnn", "tcn", "gru", "tree", "forest", "gbt", "keras", "tflite")
"""Architectures that can give a number, a ``target:``, as well as classes."""

UNKNOWN = "unknown"
"""The label of what is like nothing that a model learned from."""

NOT_NETWORKS = ("tree", "forest", "gbt", "bonsai", "tflite", *ANOMALY)
"""Architectures that are integers or become so by ways of their own: nothing to prune or share."""

KEYS = tuple(dict.fromkeys(key for options in OPTIONS.values() for key in options))
"""Every option's key."""


def that_have(option: str) -> tuple[str, ...]:
    """The architectures that have an option."""
    return tuple(name for name, options in OPTIONS.items() if option in options)
