"""What the families of random models share: scales near what a converter would choose."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from ai_edge_litert import schema_py_generated as schema

Random = np.random.Generator
Family = Callable[[Random], bytes]
ACTIVATIONS = ("NONE", "RELU", "RELU6", "RELU_N1_TO_1")


def any_scale(random: Random, low: float = -8, high: float = -2) -> float:
    """A power of two now and then: only there do ties of rounding really occur."""
    exponent = random.uniform(low, high)
    return float(2.0 ** (np.round(exponent) if random.random() < 0.3 else exponent))


def any_zero(random: Random) -> int:
    """An int8 zero point; an extreme as often as not."""
    return int(random.choice([-128, 0, 127, random.integers(-128, 128)]))


def any_bias_type(random: Random, dtype: str) -> str:
    """The type of a layer's biases whose activations are ``dtype``."""
    return "int32" if dtype == "int8" else str(random.choice(["int64", "int64", "int32"]))


def any_activation(random: Random) -> int:
    """A fused activation."""
    return int(getattr(schema.ActivationFunctionType, str(random.choice(ACTIVATIONS))))


def output_size(size: int, stride: int, seen: int, padding: str) -> int:
    """The output's length along one axis."""
    return -(-size // stride) if padding == "SAME" else -(-(size - seen + 1) // stride)
