"""AVERAGE_POOL_2D and MAX_POOL_2D, int8 and int16.

Reference: TFLite ``reference_integer_ops::AveragePool`` and ``MaxPool``.
"""

from __future__ import annotations

from collections.abc import Iterator

from tinyfield.compiler.calls import (
    Buffer,
    Call,
    First,
    Literal,
    Ring,
    Rows,
    Window,
    overlap_rows,
)
from tinyfield.compiler.graph import Graph, Op
from tinyfield.compiler.ops.base import (
    Kind,
    Options,
    check_zero_points,
    image_shapes,
    one_type,
    same_types,
)
from tinyfield.compiler.passes.padding import window


def check_pool(graph: Graph, op: Op) -> Iterator[str]:
    """Complaints; see :class:`~tinyfield.compiler.ops.base.Kind`."""
    found = [*same_types(graph, op, types=("int8", "int16"))]
    if not found:
        found = [*one_type(graph, op), *check_zero_points(graph, op)]
    if not found and min(window(graph, op)) < 1:
        found = ["its window is empty: the file is damaged"]
    if not found:
        found = [*image_shapes(graph, op, window(graph, op))]
    yield from found
    if found:
        return
    source, output = graph.input(op, 0), graph.output(op)
    if source.shape[3] != output.shape[3]:
        yield f"input {list(source.shape)} and output {list(output.shape)} differ in channels"
    if source.q != output.q:
        yield "input and output differ in scale or zero point: convert the model anew"
    if op.integer("filter_h") * op.integer("filter_w") > 1 << 15:
        yield "its window is too large: the file is damaged"
    if op.text("activation") not in ("NONE", "RELU", "RELU6", "RELU_N1_TO_1"):
        yield f"fused activation {op.text('activation')}: use one of NONE, RELU, RELU6"


def lower_pool(graph: Graph, op: Op, _options: Options) -> list[Call]:
    """The kernel call."""
    source, output = graph.input(op, 0), graph.output(op)
    _, in_h, in_w, channels = source.shape
    _, out_h, out_w, _ = output.shape
    if source.dtype == "int16":
        return [_lower_int16(graph, op)]
    facts = {
        "in_h": in_h,
        "in_w": in_w,
        "channels": channels,
        "out_h": out_h,
        "out_w": out_w,
        "k_h": op.integer("filter_h"),
        "k_w": op.integer("filter_w"),
    }
    names = ("stride_h", "stride_w", "pad_top", "pad_left", "low", "high")
    facts.update({name: op.integer(name) for name in names})
    call = Call(
        "tiny_average_pool_2d" if op.kind == "AVERAGE_POOL_2D" else "tiny_max_pool_2d",
        "pool_2d.h",
        (
            Buffer(source.index),
            Buffer(output.index, write=True),
            *(Literal(name, value) for name, value in facts.items()),
        ),
        graph.label(op),
    )
    return [call]


def _lower_int16(graph: Graph, op: Op) -> Call:
    source, output = graph.input(op, 0), graph.output(op)
    _, in_h, in_w, channels = source.shape
    _, out_h, out_w, _ = output.shape
    seen = Window(
        in_h,
        2 * in_w * channels,
        out_h,
        2 * out_w * channels,
        op.integer("stride_h"),
        op.integer("pad_top"),
        op.integer("filter_h"),
    )
    return Call(
        "tiny_average_pool_2d_16x8" if op.kind == "AVERAGE_POOL_2D" else "tiny_max_pool_2d_16x8",
        "pool_2d_16x8.h",
        (
            Buffer(source.index),
            Buffer(output.index, write=True),
            First(),
            Rows("rows", out_h),
            Literal("in_h", in_h, fixed=False),
            Ring("in_ring", in_h),
            Literal("in_w", in_w, fixed=False),
            Literal("channels", channels, fixed=False),
            Literal("out_w", out_w, fixed=False),
            Literal("k_h", op.integer("filter_h")),
            Literal("k_w", op.integer("filter_w")),
            *(
                Literal(name, op.integer(name))
                for name in ("stride_h", "stride_w", "pad_top", "pad_left", "low", "high")
            ),
        ),
        graph.label(op),
        overlap={source.index: overlap_rows(seen)},
        windows={source.index: seen},
    )


KINDS = [
    Kind("AVERAGE_POOL_2D", check_pool, lower_pool),
    Kind("MAX_POOL_2D", check_pool, lower_pool),
]
