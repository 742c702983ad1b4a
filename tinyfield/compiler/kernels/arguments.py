"""Arguments that many kernels take."""

from __future__ import annotations

from tinyfield.compiler.calls import Argument, First, Literal, Ring, Rows
from tinyfield.compiler.kernels.spec import ConvSpec


def size(name: str, value: int) -> Literal:
    """A number that may become a parameter where layers share a function."""
    return Literal(name, value, fixed=False)


def image(spec: ConvSpec) -> tuple[Argument, ...]:
    """Which rows are computed, of what image: first, rows, in_h, in_ring, in_w, in_c, out_w."""
    return (
        First(),
        Rows("rows", spec.out_h),
        size("in_h", spec.in_h),
        Ring("in_ring", spec.in_h),
        size("in_w", spec.in_w),
        size("in_c", spec.in_c),
        size("out_w", spec.out_w),
    )
