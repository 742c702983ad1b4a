"""A mixture of Gaussians as plain integer arrays: what training hands over; a model file is this
as JSON."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tinyfield.compiler import modeljson
from tinyfield.errors import ModelError

MAGIC = b'{"tinyfield": "gmm"'
STEPS = 32
"""Of a whitened deviation, a standard deviation."""
UNIT = 64
"""Of a distance, a squared standard deviation."""
MOST = 64 * STEPS - 1
"""Deviation from which on nothing is told apart (``TINY_GMM_MOST``)."""
FARTHEST = (1 << 24) - 1
"""Distance from which on nothing is told apart (``TINY_GMM_FARTHEST``)."""

_VERSION = 1
_SHIFT_MOST = 24


@dataclass(frozen=True)
class Gmm:
    """A mixture and its threshold; the formulas are in ``reference``.

    Attributes:
        full: whether a row of the weights is one of a triangle, else of a diagonal.
        weights: of every component its rows one after the other, 16 bits, [components, each];
            ``each`` is inputs · (inputs + 1) / 2, or of a diagonal inputs.
        bias: what a row's sum begins with, [components, inputs].
        shifts: how far each is shifted right, [components, inputs].
        offsets: what a component's distance begins with, in units of 1/64, [components].
        threshold: the distance from which on an input is not usual, in units of 1/64.
        example: one training row's int8 inputs.
    """

    full: bool
    weights: NDArray[np.int32]
    bias: NDArray[np.int32]
    shifts: NDArray[np.int32]
    offsets: NDArray[np.int32]
    threshold: int
    example: NDArray[np.int32]

    @property
    def components(self) -> int:
        """Gaussians."""
        return len(self.bias)

    @property
    def inputs(self) -> int:
        """Features."""
        return int(self.bias.shape[1])

    @property
    def classes(self) -> int:
        """Usual, and not."""
        return 2

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one inference."""
        return int(self.weights.size + self.bias.size)

    def rows(self) -> NDArray[np.int64]:
        """The weights as matrices, [components, inputs, inputs], nothing above the diagonal."""
        out = np.zeros((self.components, self.inputs, self.inputs), np.int64)
        at = np.tril_indices(self.inputs) if self.full else np.diag_indices(self.inputs)
        out[:, at[0], at[1]] = self.weights
        return out

    def verify(self) -> Gmm:
        """Checks shapes and that no sum leaves 32 bits, whatever the inputs.

        Raises:
            ModelError: one does.
        """
        if self.bias.ndim != 2 or not 1 <= self.inputs <= 255 or not 1 <= self.components <= 255:
            raise ModelError(f"a mixture with biases of shape {self.bias.shape}")
        each = self.inputs * (self.inputs + 1) // 2 if self.full else self.inputs
        shapes = {
            "weights": (self.components, each),
            "shifts": self.bias.shape,
            "offsets": (self.components,),
        }
        for name, shape in shapes.items():
            if getattr(self, name).shape != shape:
                raise ModelError(f"mixture: {name} is {getattr(self, name).shape}, not {shape}")
        if int(np.abs(self.weights).max()) > (1 << 15) - 1:
            raise ModelError("mixture: a weight does not fit 16 bits")
        sums = np.abs(self.rows()).sum(axis=2) * 128 + np.abs(self.bias.astype(np.int64))
        small = bool(((self.shifts >= 0) & (self.shifts <= _SHIFT_MOST)).all())
        near = bool(((self.offsets >= 0) & (self.offsets <= FARTHEST)).all())
        if int(sums.max()) >= 1 << 31 or not small or not near:
            raise ModelError("mixture: a sum does not fit its integer")
        if not 1 <= self.threshold <= FARTHEST:
            raise ModelError(f"mixture: a threshold of {self.threshold}")
        if len(self.example) not in (0, self.inputs):
            raise ModelError("mixture: an example of another width")
        return self

    def dump(self) -> str:
        """The model as text."""
        kind = "full" if self.full else "diagonal"
        return (
            f"mixture of {self.components} Gaussians, {kind}: {self.inputs} inputs, threshold "
            f"{self.threshold / UNIT:g}, {self.macs} multiply-accumulates\n"
        )

    def to_bytes(self) -> bytes:
        """The model file."""
        return modeljson.write("gmm", _VERSION, vars(self))

    @classmethod
    def from_bytes(cls, data: bytes) -> Gmm:
        """Reads a model file.

        Raises:
            ModelError: damaged, or of another version.
        """
        return modeljson.read(
            data, "gmm", _VERSION, "a mixture", lambda given: cls(**given).verify()
        )
