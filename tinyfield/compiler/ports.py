"""The caller's side of a compiled model: its inputs and outputs, and how C declares them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinyfield.compiler.graph import ITEM_BYTES, Tensor
from tinyfield.compiler.memory import Place
from tinyfield.compiler.ops.base import LIMITS


@dataclass(frozen=True)
class Port:
    """An input or output of the compiled model; real = scale · (value − zero_point).

    ``offset`` is where an input lies in the arena; None where the caller has a buffer for it.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    scale: float
    zero_point: int
    offset: int | None = None

    @property
    def c_type(self) -> str:
        """The C type of one value."""
        return c_type(self.dtype)

    @property
    def meaning(self) -> str:
        """What a value stands for, as text."""
        if self.dtype not in LIMITS:
            return "as it is"
        sign, zero = ("-", self.zero_point) if self.zero_point >= 0 else ("+", -self.zero_point)
        return f"real = {self.scale!r} * (q {sign} {zero})"

    @property
    def bytes(self) -> int:
        """Its size."""
        return int(np.prod(self.shape, dtype=np.int64)) * ITEM_BYTES[self.dtype]


def c_type(dtype: str) -> str:
    """The C type that a caller sees for a tensor's type."""
    return {"float32": "float", "bool": "uint8_t"}.get(dtype, f"{dtype}_t")


def port(tensor: Tensor, place: Place | None = None) -> Port:
    """The caller's view of a tensor, which lies at ``place``."""
    scale, zero = (
        (1.0, 0) if tensor.quant is None else (tensor.quant.scale, tensor.quant.zero_point)
    )
    offset = place.offset if place is not None and place.region == "arena" else None
    return Port(tensor.name, tensor.shape, tensor.dtype, scale, zero, offset)


def declaration(name: str, port: Port, prefix: str, arena: str = "arena") -> str:
    """C that declares an input or output on the caller's side."""
    key = f"{prefix.upper()}_{name.upper()}"
    if port.offset is not None:
        place = f"({arena} + {key}_OFFSET)"
        return f"static {port.c_type} *const {name} = ({port.c_type} *)(void *){place};"
    return f"static {port.c_type} {name}[{key}_BYTES / sizeof({port.c_type})];"
