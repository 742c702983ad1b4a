"""RESIZE_BILINEAR, int8 and int16, in both of TFLite's conventions.

Reference: TFLite ``reference_ops::ResizeBilinearInteger``. (RESIZE_NEAREST_NEIGHBOR moves elements
only and stands in ``rearrange.py``.)
"""

from __future__ import annotations

from collections.abc import Iterator

from tinyfield.compiler.calls import Buffer, Call, Literal
from tinyfield.compiler.graph import Graph, Op
from tinyfield.compiler.ops.base import Kind, Options, check_zero_points, one_type, same_types
from tinyfield.compiler.ops.moves import Unfit, numbers


def check(graph: Graph, op: Op) -> Iterator[str]:
    """Complaints; see :class:`~tinyfield.compiler.ops.base.Kind`."""
    found = [*same_types(graph, op, types=("int8", "int16"))]
    found = found or [*one_type(graph, op, (0,)), *check_zero_points(graph, op)]
    yield from found
    if found:
        return
    source, output = graph.input(op, 0), graph.output(op)
    try:
        sizes = numbers(graph, op, 1, "sizes", 2)
    except Unfit as error:
        yield str(error)
        return
    shape = (*source.shape[:1], *sizes, *source.shape[3:])
    if len(source.shape) != 4 or output.shape != shape:
        yield f"resizes {list(source.shape)} to {sizes}, its output is {list(output.shape)}"
    elif op.integer("align_corners") and op.integer("half_pixel_centers"):
        yield "has align_corners and half_pixel_centers: TFLite knows one or the other"


def _places(op: Op, size: int, wanted: int) -> tuple[int, int]:
    """Step from one output to the next and where the first lies, in 1/1024 of an input pixel."""
    step = ((size << 10) + wanted // 2) // wanted
    if op.integer("align_corners") and wanted > 1:
        step = (((size - 1) << 10) + (wanted - 1) // 2) // (wanted - 1)
    return step, step // 2 - (1 << 9) if op.integer("half_pixel_centers") else 0


def lower(graph: Graph, op: Op, _options: Options) -> list[Call]:
    """The kernel call."""
    source, output = graph.input(op, 0), graph.output(op)
    batches, in_h, in_w, channels = source.shape
    _, out_h, out_w, _ = output.shape
    facts = {"batches": batches, "in_h": in_h, "in_w": in_w, "channels": channels}
    facts |= {"out_h": out_h, "out_w": out_w}
    facts["step_h"], facts["start_h"] = _places(op, in_h, out_h)
    facts["step_w"], facts["start_w"] = _places(op, in_w, out_w)
    suffix = "_16x8" if source.dtype == "int16" else ""
    call = Call(
        f"tiny_resize_bilinear{suffix}",
        f"resize_bilinear{suffix}.h",
        (
            Buffer(source.index),
            Buffer(output.index, write=True),
            *(Literal(name, value, fixed=False) for name, value in facts.items()),
        ),
        graph.label(op),
    )
    return [call]


KIND = Kind("RESIZE_BILINEAR", check, lower)
