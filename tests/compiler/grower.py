"""One growing graph: its values, and how constants are added with scales that fit together."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.compiler.models import ModelBuilder
from tests.compiler.operators.base import Random

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Value:
    """One tensor of a growing graph."""

    index: int
    shape: Shape
    scale: float
    zero: int

    @property
    def image(self) -> bool:
        """[1, h, w, c] with something to slide over?"""
        return len(self.shape) == 4 and self.shape[1] * self.shape[2] > 1

    @property
    def size(self) -> int:
        """Elements."""
        return math.prod(self.shape)


class Grower:
    """Grows one graph of activations ``int8`` or ``int16``."""

    def __init__(self, random: Random, dtype: str) -> None:
        self.random = random
        self.dtype = dtype
        self.narrow = dtype == "int8"
        self.build = ModelBuilder()
        self.values: list[Value] = []
        self.inputs: list[Value] = []
        self.read: set[int] = set()
        self.kinds: list[str] = []

    def value(
        self, shape: Shape, scale: float, zero: int | None = None, *, given: bool = False
    ) -> Value:
        """A new tensor; without a zero point, any."""
        if zero is None:
            zero = int(self.random.integers(-128, 128))
        zero = zero if self.narrow else 0
        index = self.build.tensor(shape, self.dtype, scale=scale, zero=zero)
        one = Value(index, shape, float(np.float32(scale)), zero)
        if given:
            self.inputs.append(one)
        self.values.append(one)
        return one

    def op(self, kind: str, operands: list[Value | int], out: Value, **options: Any) -> Value:
        """An operator from operands (values, or indices of constants) to one new value."""
        self.many(kind, operands, [out], **options)
        return out

    def many(
        self, kind: str, operands: list[Value | int], outs: list[Value], **options: Any
    ) -> None:
        """An operator of several outputs."""
        indices = [one.index if isinstance(one, Value) else one for one in operands]
        self.read |= set(indices)
        self.kinds.append(kind)
        self.build.op(kind, indices, [out.index for out in outs], **options)

    def constant(self, values: Any) -> int:
        """int32 numbers: axes, shapes, amounts."""
        data = np.array(values)
        return self.build.tensor(data.shape, "int32", scale=None, data=data)

    def integer(self, low: int, high: int) -> int:
        """low … high, both included."""
        return int(self.random.integers(low, high + 1))

    def pick(self, fits: Callable[[Value], bool]) -> Value | None:
        """A value that fits; the latest ones are the likeliest."""
        found = [one for one in self.values if fits(one)]
        if not found:
            return None
        back = min(int(self.random.geometric(0.5)) - 1, len(found) - 1)
        return found[-1 - back]

    def other(self, like: Value) -> Value:
        """A second operand of the same shape: another value, or the same one again."""
        found = [v for v in self.values if v.shape == like.shape and v.index != like.index]
        if found and self.random.random() < 0.85:
            return found[self.integer(0, len(found) - 1)]
        return like

    def weights(self, shape: Shape, channels: int, axis: int) -> tuple[int, list[float]]:
        """Constant weights and their scales, one a channel or one for all."""
        many = channels if self.random.random() < 0.7 else 1
        scales = [float(2.0 ** self.random.uniform(-8, -5)) for _ in range(many)]
        data = self.random.integers(-127, 128, shape)
        return self.build.tensor(shape, scale=scales, axis=axis, data=data), scales

    def bias(self, source: Value, scales: list[float], channels: int, products: int) -> int:
        """Constant biases about as large as the sums."""
        reach = int(73 * (73 if self.narrow else 18700) * math.sqrt(products))
        data = self.random.integers(-reach, reach + 1, channels)
        return self.build.tensor(
            (channels,),
            "int32" if self.narrow else "int64",
            scale=[source.scale * scale for scale in scales] * (channels // len(scales)),
            data=data,
        )

    def target(self, source: Value, scales: list[float], products: int) -> float:
        """An output scale such that outputs use their range and sometimes leave it."""
        spread = source.scale * max(scales) * 73 * 73 * math.sqrt(products)
        return float(spread / self.random.uniform(40, 120))
