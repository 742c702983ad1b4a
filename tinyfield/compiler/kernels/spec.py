"""What a convolution or a fully connected layer computes, stripped of the graph around it.

A target's kernels (``dsp.py``, ``mve.py``, …) take one of these and lay out weights as they like.
The input's zero point is already in the bias; a tap outside the image counts as that zero point.
"""

from __future__ import annotations

from dataclasses import dataclass

from tinyfield.compiler.calls import Window, overlap_rows
from tinyfield.compiler.graph import Array


@dataclass(frozen=True)
class Wanted:
    """What the choice of a kernel hangs on, beside the layer.

    Attributes:
        target: a name of ``targets.TARGETS``, or ``host``.
        optimize: ``speed``, ``size`` or ``vectors``.
        coding, unpack: of the weights; see ``coding``.
    """

    target: str
    optimize: str
    coding: str = "none"
    unpack: str = "layer"

    @property
    def row_coding(self) -> str:
        """How weights are coded that a kernel itself unpacks; ``none`` if none does."""
        return self.coding if self.unpack == "row" else "none"


@dataclass(frozen=True)
class ConvSpec:
    """A 2-D convolution, grouped or depthwise, int8, batch 1.

    Attributes:
        source, output: the tensors' indices; layouts [in_h][in_w][in_c], [out_h][out_w][out_c].
        depthwise: each input channel yields ``out_c / in_c`` outputs of its own.
        weights: int8 [out_c][k_h][k_w][w_c], w_c = in_c / groups; depthwise [k_h][k_w][out_c].
        bias: int32 [out_c], with −zero_point·Σweights in it.
        mult, shift: int32 and int8 [out_c]; output = sum·mult·2^(shift−31), rounded as
            ``rounding`` says (``tiny_rounding_t``).
        sums: for each output channel the least and the greatest sum, partial or whole.
        pad: the input's zero point.
        zero_point, low, high: of the output.
        label: for comments and tables.
    """

    source: int
    output: int
    depthwise: bool
    in_h: int
    in_w: int
    in_c: int
    out_h: int
    out_w: int
    out_c: int
    k_h: int
    k_w: int
    stride_h: int
    stride_w: int
    dilation_h: int
    dilation_w: int
    pad_top: int
    pad_left: int
    weights: Array
    bias: Array
    mult: Array
    shift: Array
    rounding: int
    sums: tuple[tuple[int, int], ...]
    pad: int
    zero_point: int
    low: int
    high: int
    label: str

    @property
    def w_c(self) -> int:
        """Input channels that one output channel sees (1 if depthwise)."""
        return 1 if self.depthwise else int(self.weights.shape[3])

    @property
    def macs(self) -> int:
        """Multiply-accumulates."""
        return self.out_h * self.out_w * self.out_c * self.k_h * self.k_w * self.w_c

    @property
    def pointwise(self) -> bool:
        """1×1, stride 1, one group: every output pixel is made of one input pixel."""
        return (
            not self.depthwise
            and self.k_h == self.k_w == self.stride_h == self.stride_w == 1
            and self.w_c == self.in_c
            and self.pad_top == self.pad_left == 0
            and (self.out_h, self.out_w) == (self.in_h, self.in_w)
        )

    @property
    def window(self) -> Window:
        """The rows that an output row is made of."""
        return Window(
            self.in_h,
            self.in_w * self.in_c,
            self.out_h,
            self.out_w * self.out_c,
            self.stride_h,
            self.pad_top,
            (self.k_h - 1) * self.dilation_h + 1,
        )

    def overlap(self, lag: int = 0) -> dict[int, int]:
        """For :attr:`Call.overlap`, of a kernel that goes row by row."""
        return {self.source: overlap_rows(self.window, lag)}


@dataclass(frozen=True)
class FullyConnectedSpec:
    """A fully connected layer, int8: rows [rows][inputs] → [rows][outputs].

    Attributes:
        weights: int8 [outputs][inputs].
        bias: int32 [outputs], with −zero_point·Σweights in it.
        mult, shift: int32 and int8, [outputs] or [1]; ``rounding`` says how they are meant.
        sums: for each output the least and the greatest sum, partial or whole.
    """

    source: int
    output: int
    rows: int
    weights: Array
    bias: Array
    mult: Array
    shift: Array
    rounding: int
    sums: tuple[tuple[int, int], ...]
    zero_point: int
    low: int
    high: int
    label: str

    @property
    def inputs(self) -> int:
        """Inputs of one row."""
        return int(self.weights.shape[1])

    @property
    def outputs(self) -> int:
        """Outputs of one row."""
        return int(self.weights.shape[0])

    @property
    def per_channel(self) -> bool:
        """A scale for each output?"""
        return len(self.mult) > 1

    @property
    def macs(self) -> int:
        """Multiply-accumulates."""
        return self.rows * self.inputs * self.outputs
