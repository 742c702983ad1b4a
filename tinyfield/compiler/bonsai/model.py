"""Bonsai as plain integer arrays: what training hands over; a model file is this as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinyfield.compiler import modeljson
from tinyfield.errors import ModelError

MAGIC = b'{"tinyfield": "bonsai"'
TANH_STEPS = 32
"""Entries of ``TANH`` a unit of its argument."""

TANH = tuple(round(127 * float(np.tanh(i / TANH_STEPS))) for i in range(128))
"""127 · tanh(i / 32); tanh of 4 and more is 1."""

DEPTH_MOST = 6
PROJECTION_MOST = 64
_VERSION = 1
_SHIFT_MOST = 24


@dataclass(frozen=True)
class Bonsai:
    """One tree on a projection; the formulas are in ``reference``.

    Attributes:
        depth: levels below the root; a path has ``depth + 1`` nodes.
        Z: projection of the int8 inputs, −127 to 127, [projection, inputs].
        bias: what a projected value begins with, [projection].
        shifts: how far each is shifted right, [projection].
        W, V: of every node, −127 to 127, [nodes, classes, projection].
        T: the branches, −127 to 127, [inner nodes, projection].
        w_shift, v_shift: how far a node's sums are shifted right.
        octave: margins: so much less than the winner halves a class's score.
        example: one training row's int8 inputs.
    """

    depth: int
    Z: NDArray[np.int32]
    bias: NDArray[np.int32]
    shifts: NDArray[np.int32]
    W: NDArray[np.int32]
    V: NDArray[np.int32]
    T: NDArray[np.int32]
    w_shift: int
    v_shift: int
    octave: float
    example: NDArray[np.int32]

    @property
    def projection(self) -> int:
        """Dimensions of ẑ."""
        return len(self.Z)

    @property
    def inputs(self) -> int:
        """Features."""
        return int(self.Z.shape[1])

    @property
    def classes(self) -> int:
        """Classes."""
        return int(self.W.shape[1])

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one inference."""
        node = 2 * self.classes * self.projection
        return (
            int((self.Z != 0).sum())
            + (self.depth + 1) * (node + self.classes)
            + self.depth * self.projection
        )

    def verify(self) -> Bonsai:
        """Checks shapes and that no sum leaves 32 bits, whatever the inputs.

        Raises:
            ModelError: one does.
        """
        nodes, inner = (2 << self.depth) - 1, (1 << self.depth) - 1
        p = self.projection
        shapes = {
            "bias": (p,),
            "shifts": (p,),
            "W": (nodes, self.classes, p),
            "V": (nodes, self.classes, p),
            "T": (inner, p),
        }
        if not 0 <= self.depth <= DEPTH_MOST or not 1 <= p <= PROJECTION_MOST:
            raise ModelError(
                f"Bonsai {self.depth} deep on {p} dimensions",
                hint=f"at most {DEPTH_MOST} deep, at most {PROJECTION_MOST} dimensions",
            )
        if not 1 <= self.inputs <= 255 or not 2 <= self.classes <= 128:
            raise ModelError(f"Bonsai of {self.inputs} inputs and {self.classes} classes")
        for name, shape in shapes.items():
            if getattr(self, name).shape != shape:
                raise ModelError(f"Bonsai: {name} is {getattr(self, name).shape}, not {shape}")
        for name in ("Z", "W", "V", "T"):
            values = getattr(self, name)
            if values.size and int(np.abs(values).max()) > 127:
                raise ModelError(f"Bonsai: a weight of {name} does not fit 8 bits")
        sums = np.abs(self.Z).sum(axis=1).astype(np.int64) * 128 + np.abs(self.bias)
        shifted = (p * 127 * 128) >> self.w_shift
        small = all(0 <= s <= _SHIFT_MOST for s in (*self.shifts, self.w_shift, self.v_shift))
        if int(sums.max()) >= 1 << 31 or shifted >= 1 << 15 or not small or self.octave <= 0:
            raise ModelError("Bonsai: a sum does not fit its integer")
        if len(self.example) not in (0, self.inputs):
            raise ModelError("Bonsai: an example of another width")
        return self

    def dump(self) -> str:
        """The model as text."""
        return (
            f"Bonsai {self.depth} deep: {self.inputs} inputs, projection {self.projection} "
            f"({int((self.Z != 0).sum())} weights), {self.classes} classes, "
            f"{len(self.W)} nodes, {self.macs} multiply-accumulates\n"
        )

    def to_bytes(self) -> bytes:
        """The model file."""
        return modeljson.write("bonsai", _VERSION, vars(self))

    @classmethod
    def from_bytes(cls, data: bytes) -> Bonsai:
        """Reads a model file.

        Raises:
            ModelError: damaged, or of another version.
        """

        def made(given: dict[str, Any]) -> Bonsai:
            if given["depth"] == 0:
                given["T"] = given["T"].reshape(0, len(given["Z"]))
            return cls(**given).verify()

        return modeljson.read(data, "bonsai", _VERSION, "Bonsai", made)
