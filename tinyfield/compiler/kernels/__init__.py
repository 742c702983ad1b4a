"""Which kernel computes a layer on which processor.

Each target has an order of preference; the first module whose function gives a call for a layer's
shape wins, and ``portable`` takes every shape. All compute the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from tinyfield.compiler.calls import Call
from tinyfield.compiler.kernels import (
    coded,
    dsp,
    dsp_pixel,
    host,
    mve,
    pixel,
    portable,
    scalar,
    scalar_fc,
)
from tinyfield.compiler.kernels.linear import linear_add
from tinyfield.compiler.kernels.spec import ConvSpec, FullyConnectedSpec, Wanted

__all__ = ["ConvSpec", "FullyConnectedSpec", "Wanted", "conv", "fully_connected", "refined"]

Conv = Callable[[ConvSpec], Call | None]
FullyConnected = Callable[[FullyConnectedSpec], Call | None]

Chosen = TypeVar("Chosen")

#: Target → its kernels before the portable ones, the best first.
_CONV: dict[str, tuple[Conv, ...]] = {
    "cortex-m0": (pixel.conv, scalar.narrow, scalar.depthwise),
    "cortex-m3": (pixel.conv, scalar.narrow, scalar.depthwise),
    "cortex-m4": (dsp_pixel.conv, dsp.conv),
    "cortex-m7": (dsp_pixel.conv, dsp.conv),
    "cortex-m33": (dsp_pixel.conv, dsp.conv),
    "cortex-m55": (mve.conv,),
    "rv32imc": (pixel.conv, scalar.wide, scalar.narrow, scalar.depthwise),
}
_FULLY_CONNECTED: dict[str, tuple[FullyConnected, ...]] = {
    "cortex-m0": (scalar_fc.four_rows,),
    "cortex-m3": (scalar_fc.four_rows,),
    "cortex-m4": (dsp.fully_connected,),
    "cortex-m7": (dsp.fully_connected,),
    "cortex-m33": (dsp.fully_connected,),
    "cortex-m55": (mve.fully_connected,),
    "rv32imc": (scalar_fc.packed,),
}

#: Target → kernel → one for that processor that takes the same arguments, and its header.
_TWINS: dict[str, dict[str, tuple[str, str]]] = {
    "cortex-m4": dsp.TWINS,
    "cortex-m7": dsp.TWINS,
    "cortex-m33": dsp.TWINS,
    "cortex-m55": mve.TWINS,
}


def conv(spec: ConvSpec, wanted: Wanted) -> Call:
    """The call for a convolution, depthwise or not."""
    if wanted.row_coding != "none":
        call = coded.conv(spec, wanted.row_coding)
        if call is not None:
            return call
    for choice in _choices(_CONV, (host.conv,), wanted):
        call = choice(spec)
        if call is not None:
            return call
    return portable.conv(spec)


def fully_connected(spec: FullyConnectedSpec, wanted: Wanted) -> Call:
    """The call for a fully connected layer."""
    if wanted.row_coding != "none":
        call = coded.fully_connected(spec, wanted.row_coding)
        if call is not None:
            return call
    choices = _choices(_FULLY_CONNECTED, (host.fully_connected,), wanted)
    if wanted.coding != "none":
        # Who has weights coded has no flash to spare.
        choices = tuple(scalar_fc.four_rows if c is scalar_fc.packed else c for c in choices)
    for choice in choices:
        call = choice(spec)
        if call is not None:
            return call
    return portable.fully_connected(spec)


def _choices(
    table: dict[str, tuple[Chosen, ...]], vectors: tuple[Chosen, ...], wanted: Wanted
) -> tuple[Chosen, ...]:
    if wanted.optimize == "vectors":
        return vectors
    return table.get(wanted.target, ()) if wanted.optimize == "speed" else ()


def refined(call: Call, target: str, optimize: str) -> Call:
    """The same computation by a cheaper kernel, where there is one."""
    call = linear_add(call) or call
    twin = _TWINS.get(target, {}).get(call.kernel) if optimize == "speed" else None
    return call if twin is None else replace(call, kernel=twin[0], header=twin[1])
