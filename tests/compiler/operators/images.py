"""Networks on wide images, whose layers the planner runs row by row."""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tests.compiler.models import ModelBuilder
from tests.compiler.operators.base import Family, Random, any_zero


class _Images:
    """Adds layers to a model; keeps the newest map's height, width and channels."""

    def __init__(self, random: Random, shape: tuple[int, int, int]) -> None:
        self.build = ModelBuilder()
        self.random = random
        self.shape = shape
        self.zero = any_zero(random)
        self.scale = 0.1
        self.newest = self.given = self._map()

    def _map(self) -> int:
        return self.build.tensor((1, *self.shape), scale=self.scale, zero=self.zero)

    def conv(self, *, depthwise: bool) -> None:
        """A convolution of any kernel, stride and padding that leaves an image."""
        random, (height, width, channels) = self.random, self.shape
        k_h, k_w = (int(n) for n in random.choice([1, 1, 2, 3, 3, 3, 5], 2))
        k_h, k_w = min(k_h, height), min(k_w, width)
        s_h, s_w = (int(n) for n in random.choice([1, 1, 1, 2], 2))
        padding = str(random.choice(["SAME", "SAME", "VALID"]))
        out_c = channels if depthwise else int(random.choice([3, 4, 8, 12]))
        before = channels
        self.shape = (_size(height, k_h, s_h, padding), _size(width, k_w, s_w, padding), out_c)
        products = k_h * k_w * (1 if depthwise else before)
        shape = (1, k_h, k_w, out_c) if depthwise else (out_c, k_h, k_w, before)
        weights = self.build.tensor(
            shape,
            scale=[0.01] * out_c,
            axis=3 if depthwise else 0,
            data=random.integers(-127, 128, shape),
        )
        bias = self.build.tensor(
            (out_c,), "int32", scale=[0.01 * self.scale] * out_c,
            data=random.integers(-2000, 2001, out_c),
        )  # fmt: skip
        source = self.newest
        self.scale *= 0.01 * 73 * float(np.sqrt(products)) * 73 / 90
        self.zero = any_zero(random)
        self.newest = self._map()
        options = {
            "padding": getattr(schema.Padding, padding),
            "strideH": s_h,
            "strideW": s_w,
            "dilationHFactor": 1,
            "dilationWFactor": 1,
            "fusedActivationFunction": int(random.choice([0, 0, 1])),
        }
        if depthwise:
            options["depthMultiplier"] = 1
        kind = "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D"
        self.build.op(kind, [source, weights, bias], [self.newest], **options)

    def add(self, other: int) -> None:
        """The sum of the newest map and another of its shape."""
        source = self.newest
        self.newest = self._map()
        self.build.op("ADD", [source, other], [self.newest])

    def pool(self) -> None:
        """A maximum or an average of 2×2."""
        height, width, channels = self.shape
        if min(height, width) < 2:
            return
        source = self.newest
        self.shape = (height // 2, width // 2, channels)
        self.newest = self._map()
        self.build.op(
            str(self.random.choice(["MAX_POOL_2D", "AVERAGE_POOL_2D"])),
            [source],
            [self.newest],
            padding=schema.Padding.VALID,
            strideH=2,
            strideW=2,
            filterHeight=2,
            filterWidth=2,
        )


def _size(size: int, seen: int, stride: int, padding: str) -> int:
    return -(-size // stride) if padding == "SAME" else -(-(size - seen + 1) // stride)


def rows(random: Random) -> bytes:
    """Convolutions, depthwise and not, sums with an earlier map, pooling: wide at first."""
    images = _Images(
        random,
        (int(random.integers(6, 26)), int(random.integers(16, 34)), int(random.integers(1, 5))),
    )
    for _ in range(int(random.integers(3, 8))):
        earlier, shape = images.newest, images.shape
        images.conv(depthwise=bool(random.random() < 0.4))
        if images.shape == shape and earlier != images.given and random.random() < 0.7:
            images.add(earlier)
        elif random.random() < 0.15:
            images.pool()
    return images.build.build([images.given], [images.newest])


FAMILIES: dict[str, Family] = {"rows": rows}
