"""The file of a model of our own (trees, Bonsai, mixtures): one JSON object, arrays as lists."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np

from tinyfield.errors import ModelError

T = TypeVar("T")


def write(kind: str, version: int, fields: Mapping[str, Any]) -> bytes:
    """The file of a model of that kind, whose arrays hold integers."""
    made = {name: v.tolist() if isinstance(v, np.ndarray) else v for name, v in fields.items()}
    return (json.dumps({"tinyfield": kind, "version": version, **made}) + "\n").encode("ascii")


def read(data: bytes, kind: str, version: int, what: str, make: Callable[[dict[str, Any]], T]) -> T:
    """What ``make`` makes of a file's fields, lists as int32 arrays.

    Args:
        what: the kind in words, for the message.

    Raises:
        ModelError: damaged, or of another version; or what ``make`` says.
    """
    try:
        fields = json.loads(data)
        if fields.pop("tinyfield") != kind or fields.pop("version") != version:
            raise ModelError(f"a file of {what} of another version", hint="train it anew")
        return make(
            {n: np.array(v, np.int32) if isinstance(v, list) else v for n, v in fields.items()}
        )
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError) as error:
        raise ModelError(f"a damaged file of {what}: {error}", hint="train it anew") from error
