"""SVDF: int8 activations, int16 state and time weights.

Reference: TFLite ``svdf.cc`` and ``reference_ops::EvalIntegerSVDF``.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tinyfield.compiler.calls import Buffer, Call, Literal, Rom
from tinyfield.compiler.graph import Graph, Op
from tinyfield.compiler.ops.base import Kind, Options, constant, quantized, sane
from tinyfield.compiler.rounding import INT32_MAX, quantize_multiplier

_SHIFTS = range(-31, 31)


def check(graph: Graph, op: Op) -> Iterator[str]:
    """Complaints; see :class:`~tinyfield.compiler.ops.base.Kind`."""
    if len(op.inputs) != 5 or len(op.outputs) != 1 or op.inputs[0] < 0 or op.inputs[4] < 0:
        yield f"has {len(op.inputs)} inputs and {len(op.outputs)} outputs: the file is damaged"
        return
    source, state, output = graph.input(op, 0), graph.input(op, 4), graph.output(op)
    found = [
        *quantized(source),
        *quantized(output),
        *quantized(state, ("int16",)),
        *constant(graph, op, 1, "feature weights", "int8"),
        *constant(graph, op, 2, "time weights", "int16"),
        *(constant(graph, op, 3, "biases", "int32") if graph.has_input(op, 3) else ()),
    ]
    if not found:
        found += _check_shapes(graph, op)
    if not found:
        found += _check_scales(graph, op)
    yield from found


def _check_shapes(graph: Graph, op: Op) -> Iterator[str]:
    source, state, output = graph.input(op, 0), graph.input(op, 4), graph.output(op)
    features, time = graph.input(op, 1), graph.input(op, 2)
    rank = op.integer("rank")
    if len(source.shape) != 2 or len(features.shape) != 2 or len(time.shape) != 2:
        yield f"input {list(source.shape)}, weights {list(features.shape)}, {list(time.shape)}"
        return
    filters, memory = time.shape
    if source.shape[0] != 1:
        yield f"a batch of {source.shape[0]}: convert the model with a batch of 1"
    if rank < 1 or filters % rank or memory < 1 or filters < 1:
        yield f"rank {rank} of {filters} filters with {memory} steps: the file is damaged"
        return
    units = filters // rank
    if features.shape != (filters, source.shape[1]):
        yield f"feature weights {list(features.shape)} do not fit input {list(source.shape)}"
    if graph.has_input(op, 3) and graph.input(op, 3).shape != (units,):
        yield f"biases {list(graph.input(op, 3).shape)} for {units} units"
    if output.shape != (1, units):
        yield f"output {list(output.shape)} of {units} units"
    if state.elements != filters * memory or not state.persistent:
        yield f"its state {list(state.shape)} is no variable tensor of {filters * memory}"
    elif len(graph.readers(state.index)) > 1:
        yield f"its state {state.name!r} is read by another operator too"
    if op.text("activation") != "RELU":
        yield f"activation {op.text('activation')}: TFLite's integer kernel takes RELU only"


def _check_scales(graph: Graph, op: Op) -> Iterator[str]:
    for place in (1, 2):
        weights = graph.input(op, place)
        if not sane(weights) or weights.q.zero_point:
            yield f"its weights {weights.name!r} need one scale and the zero point 0"
            return
    if any(shift not in _SHIFTS for _, shift in _steps(graph, op)):
        yield "its scales are too far apart: quantize the model again with other data"
    features = np.abs(np.asarray(graph.input(op, 1).data).astype(np.int64))
    if features.size and 255 * int(features.sum(axis=1).max()) > INT32_MAX:
        yield "its sums may exceed 32 bits"


def _steps(graph: Graph, op: Op) -> tuple[tuple[int, int], tuple[int, int]]:
    """(mult, shift) from a feature's sum to the state, and from the sum over time to the output."""
    source, features, time, state = (graph.input(op, place).q.scale for place in (0, 1, 2, 4))
    return (
        quantize_multiplier(source * features / state),
        quantize_multiplier(state * time / graph.output(op).q.scale),
    )


def lower(graph: Graph, op: Op, _options: Options) -> list[Call]:
    """The kernel call."""
    source, state, output = graph.input(op, 0), graph.input(op, 4), graph.output(op)
    features = np.asarray(graph.input(op, 1).data)
    time = np.asarray(graph.input(op, 2).data)
    filters, memory = time.shape
    rank = op.integer("rank")
    units = filters // rank
    bias = np.zeros(units, np.int32)
    if graph.has_input(op, 3):
        bias = np.asarray(graph.input(op, 3).data)
    zero = -source.q.zero_point * features.astype(np.int64).sum(axis=1)
    first, second = _steps(graph, op)
    facts = {
        "inputs": features.shape[1],
        "units": units,
        "rank": rank,
        "memory": memory,
        "mult_1": first[0],
        "shift_1": first[1],
        "mult_2": second[0],
        "shift_2": second[1],
        "zero_point": output.q.zero_point,
    }
    call = Call(
        "tiny_svdf",
        "svdf.h",
        (
            Buffer(source.index),
            Rom("features", features),
            Rom("feature_bias", zero.astype(np.int32)),
            Rom("time", time),
            Rom("bias", bias),
            Buffer(state.index, write=True, updates=True),
            Buffer(output.index, write=True),
            *(Literal(name, value) for name, value in facts.items()),
        ),
        graph.label(op),
        macs=filters * (features.shape[1] + memory),
    )
    return [call]


KIND = Kind("SVDF", check, lower)
