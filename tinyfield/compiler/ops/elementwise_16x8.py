"""ADD, SUB, MUL, MAXIMUM and MINIMUM of two int16 tensors.

Reference: TFLite ``reference_ops::AddElementwise`` and ``Sub`` (general scales), ``Add`` and
``Sub16`` (all scales powers of two and the option ``pot_scale_int16``, which is on unless a
converter turns it off), ``reference_integer_ops::MulElementwise``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from tinyfield.compiler.graph import Graph, Op
from tinyfield.compiler.ops.base import check_zero_points
from tinyfield.compiler.rounding import quantize_multiplier

#: What nn/broadcast_16x8.h calls them.
FUNCTIONS = {"ADD": 0, "SUB": 0, "MUL": 1, "MAXIMUM": 2, "MINIMUM": 3}
#: Its numbers, in its order.
FACTS = ("mult_a", "shift_a", "mult_b", "shift_b", "sign_b", "mult", "shift")


def check(graph: Graph, op: Op) -> Iterator[str]:
    """Complaints about an operator whose types and shapes are in order."""
    yield from check_zero_points(graph, op, (0, 1))
    first, second, output = graph.input(op, 0), graph.input(op, 1), graph.output(op)
    if op.kind not in ("ADD", "SUB"):
        return
    shifts = _shifts(graph, op)
    if shifts is not None:
        if max(shifts) > 0 or min(shifts) < -15 or 0 not in shifts:
            yield (
                "its scales are powers of two that TFLite's kernel does not take: "
                "quantize the model again with other calibration data"
            )
        if first.shape != second.shape:
            yield "TFLite's kernel for scales that are powers of two does not broadcast"
        return
    twice = 2 * max(first.q.scale, second.q.scale)
    if not 0 < twice / ((1 << 15) * output.q.scale) < 1:
        yield (
            f"its output's scale {output.q.scale:g} is far below its inputs': "
            "quantize the model again with other calibration data"
        )


def kernel(graph: Graph, op: Op) -> tuple[str | None, dict[str, int]]:
    """The kernel for operands of one shape, if there is one, and the operator's numbers."""
    if op.kind in ("MAXIMUM", "MINIMUM"):
        return None, {}
    first, second, output = graph.input(op, 0).q, graph.input(op, 1).q, graph.output(op).q
    if op.kind == "MUL":
        # MulPrepare multiplies and divides the scales in float32.
        product = np.float32(first.scale) * np.float32(second.scale) / np.float32(output.scale)
        mult, shift = quantize_multiplier(float(product))
        return "tiny_mul_16x8", {"mult": mult, "shift": shift}
    sign = -1 if op.kind == "SUB" else 1
    shifts = _shifts(graph, op)
    if shifts is not None:
        facts = {"down_a": -shifts[0], "down_b": -shifts[1], "sign_b": sign}
        return "tiny_add_pot_16x8", facts
    twice = 2 * max(first.scale, second.scale)
    facts = {}
    for name, real in (("a", first.scale / twice), ("b", second.scale / twice)):
        facts[f"mult_{name}"], facts[f"shift_{name}"] = quantize_multiplier(real)
    facts["sign_b"] = sign
    facts["mult"], facts["shift"] = quantize_multiplier(twice / ((1 << 15) * output.scale))
    return "tiny_add_16x8", facts


def _shifts(graph: Graph, op: Op) -> tuple[int, int] | None:
    """log2 of both operands' scales over the output's, where all are powers of two."""
    if not op.integer("pot_scale_int16"):
        return None
    places = (graph.input(op, 0), graph.input(op, 1), graph.output(op))
    logs = [math.log2(one.q.scale) for one in places]
    # CheckedLog2 takes what is as near as this for a power of two.
    if any(abs(log - round(log)) >= 1e-3 for log in logs):
        return None
    first, second, output = (round(log) for log in logs)
    return first - output, second - output
