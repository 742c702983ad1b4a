"""UNIDIRECTIONAL_SEQUENCE_LSTM: int8 activations, int16 cell state.

With or without peepholes, layer normalization, projection and a coupled input gate; time first or
batch first is the same for the batch of 1 that is taken. LiteRT has no kernel for int16
activations, and so no reference for them.

Reference: TFLite ``unidirectional_sequence_lstm.cc`` (PopulateQuantizedLstmParams8x8_16,
PrecomputeZeroPointTimesWeightWithBias) and ``lstm_eval.cc`` (EvalInteger8x8_16).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinyfield.compiler.calls import Buffer, Call, Literal, Rom, Scratch
from tinyfield.compiler.graph import Array, Graph, Op, Tensor
from tinyfield.compiler.ops.base import LIMITS, Kind, Options, constant, quantized, sane
from tinyfield.compiler.rounding import INT32_MAX, quantize_multiplier

# Input places, by gate: input, forget, cell, output (−1: there is none).
_WEIGHTS, _RECURRENT = (1, 2, 3, 4), (5, 6, 7, 8)
_PEEPHOLE, _BIAS = (9, 10, -1, 11), (12, 13, 14, 15)
_PROJECTION, _PROJECTION_BIAS, _STATE, _CELL = 16, 17, 18, 19
_NORM = (20, 21, 22, 23)
_NAMES = ("input", "forget", "cell", "output")
_HIDDEN = 4


@dataclass(frozen=True)
class _Shape:
    """What kind of LSTM it is, by which inputs it has."""

    gates: tuple[int, ...]
    peepholes: bool
    normalized: bool
    projected: bool
    inputs: int
    cells: int
    outputs: int


def _shape(graph: Graph, op: Op) -> _Shape:
    coupled = not graph.has_input(op, _WEIGHTS[0])
    recurrent = graph.input(op, _RECURRENT[3]).shape
    return _Shape(
        tuple(range(1 if coupled else 0, 4)),
        graph.has_input(op, _PEEPHOLE[3]),
        graph.has_input(op, _NORM[1]),
        graph.has_input(op, _PROJECTION),
        graph.input(op, 0).shape[-1],
        recurrent[0],
        recurrent[1],
    )


def check(graph: Graph, op: Op) -> Iterator[str]:
    """Complaints; see :class:`~tinyfield.compiler.ops.base.Kind`."""
    if len(op.inputs) not in (20, 24) or len(op.outputs) != 1:
        yield f"has {len(op.inputs)} inputs and {len(op.outputs)} outputs: the file is damaged"
        return
    if any(op.inputs[place] < 0 for place in (0, _WEIGHTS[3], _RECURRENT[3], _STATE, _CELL)):
        yield "has no input, weights or state: the file is damaged"
        return
    source, output = graph.input(op, 0), graph.output(op)
    if source.dtype == "int16":
        yield "TFLite has no reference kernel for int16 activations here: convert with int8 ones"
        return
    found = [
        *quantized(source),
        *quantized(output),
        *quantized(graph.input(op, _STATE)),
        *quantized(graph.input(op, _CELL), ("int16",)),
    ]
    recurrent = graph.input(op, _RECURRENT[3])
    if len(recurrent.shape) != 2 or len(source.shape) != 3 or 0 in recurrent.shape:
        found.append(f"input {list(source.shape)}, recurrent weights {list(recurrent.shape)}")
    if not found:
        shape = _shape(graph, op)
        found += [*_check_shapes(graph, op, shape), *_check_constants(graph, op, shape)]
    if not found:
        found += _check_scales(graph, op, shape)
    yield from found


def _check_shapes(graph: Graph, op: Op, shape: _Shape) -> Iterator[str]:
    source, output = graph.input(op, 0), graph.output(op)
    batch = source.shape[1 if op.integer("time_major") else 0]
    if batch != 1:
        yield f"a batch of {batch}: convert the model with a batch of 1"
    if output.shape != (*source.shape[:2], shape.outputs):
        yield f"output {list(output.shape)} does not fit input {list(source.shape)}"
    state, cell = graph.input(op, _STATE), graph.input(op, _CELL)
    if not state.persistent or not cell.persistent or state.index == cell.index:
        yield "its states are no variable tensors of its own: the file is damaged"
    for tensor in (state, cell):
        if len(graph.readers(tensor.index)) > 1:
            yield f"its state {tensor.name!r} is read by another operator too"
    if (state.elements, cell.elements) != (shape.outputs, shape.cells):
        yield f"states {list(state.shape)} and {list(cell.shape)} for {shape.cells} cells"
    if not shape.projected and shape.outputs != shape.cells:
        yield f"{shape.outputs} outputs of {shape.cells} cells without a projection"
    if shape.peepholes and shape.outputs > shape.cells:
        yield f"peepholes with {shape.outputs} outputs of {shape.cells} cells"
    if op.text("activation") != "TANH":
        yield f"activation {op.text('activation')}: TFLite's integer kernel computes tanh only"
    if op.integer("diagonal_recurrent"):
        yield "diagonal recurrent weights are not supported"


def _check_constants(graph: Graph, op: Op, shape: _Shape) -> Iterator[str]:
    wanted: list[tuple[int, str, str, tuple[int, ...]]] = []
    for gate in shape.gates:
        name = _NAMES[gate]
        wanted += [
            (_WEIGHTS[gate], f"{name} weights", "int8", (shape.cells, shape.inputs)),
            (_RECURRENT[gate], f"recurrent {name} weights", "int8", (shape.cells, shape.outputs)),
            (_BIAS[gate], f"{name} biases", "int32", (shape.cells,)),
        ]
        if shape.peepholes and gate != 2:
            wanted.append((_PEEPHOLE[gate], f"{name} peepholes", "int16", (shape.cells,)))
        if shape.normalized:
            wanted.append((_NORM[gate], f"{name} normalization", "int16", (shape.cells,)))
    if shape.projected:
        matrix = (shape.outputs, shape.cells)
        wanted.append((_PROJECTION, "projection weights", "int8", matrix))
        if graph.has_input(op, _PROJECTION_BIAS):
            wanted.append((_PROJECTION_BIAS, "projection biases", "int32", (shape.outputs,)))
    for place, what, dtype, size in wanted:
        found = [*constant(graph, op, place, what, dtype)]
        yield from found
        if found:
            continue
        tensor = graph.input(op, place)
        if tensor.shape != size:
            yield f"its {what} are {list(tensor.shape)}, not {list(size)}"
        elif dtype != "int32" and not sane(tensor):
            yield f"its {what} need one scale, of a usual size"
        elif dtype == "int8" and tensor.q.zero_point != 0:
            yield f"its {what} have the zero point {tensor.q.zero_point}, not 0"


def _check_scales(graph: Graph, op: Op, shape: _Shape) -> Iterator[str]:
    bits = _cell_bits(graph, op)
    if bits is None or not 0 <= bits <= 6:
        yield f"its cell state's scale is {graph.input(op, _CELL).q.scale:g}: not 2^-15 to 2^-9"
    if op.attributes["cell_clip"] < 0 or op.attributes["proj_clip"] < 0:  # type: ignore[operator]
        yield "a clip below 0: the file is damaged"
    needed = (*shape.gates, _HIDDEN) if shape.normalized else (_HIDDEN,)
    if len(op.intermediates) != 5 or any(
        op.intermediates[place] < 0 or not sane(_intermediate(graph, op, place)) for place in needed
    ):
        yield "its intermediate tensors, which hold scales, are not there: convert the model anew"
        return
    low, high = LIMITS["int8"]
    if not low <= _intermediate(graph, op, _HIDDEN).q.zero_point <= high:
        yield "its hidden state's zero point lies outside int8"
    numbers = [n for gate in shape.gates for n in _scales(graph, op, shape, gate)[1:9:2]]
    numbers += [_hidden(graph, op)[1], _projection(graph, op, shape)[1]]
    if any(not -31 <= shift <= 30 for shift in numbers):
        yield "its scales are too far apart: quantize the model again with other data"
    for what, sums in _sums(graph, op, shape):
        if sums > INT32_MAX:
            yield f"the sums of its {what} may exceed 32 bits: check the quantization"


def _data(graph: Graph, op: Op, place: int) -> Array:
    return np.asarray(graph.input(op, place).data)


def _absorbed(bias: Array, weights: Array, zero: int) -> Array:
    """Biases that take inputs as they are: −zero·Σweights added."""
    result: Array = bias.astype(np.int64) - zero * weights.astype(np.int64).sum(axis=1)
    return result


def _gate_bias(graph: Graph, op: Op, shape: _Shape, gate: int) -> tuple[Array, Array]:
    weights, recurrent = _data(graph, op, _WEIGHTS[gate]), _data(graph, op, _RECURRENT[gate])
    # With layer normalization the bias comes after it.
    bias = _data(graph, op, _BIAS[gate])
    start = np.zeros(shape.cells, np.int64) if shape.normalized else bias
    return (
        _absorbed(start, weights, graph.input(op, 0).q.zero_point),
        _absorbed(np.zeros(shape.cells, np.int64), recurrent, graph.input(op, _STATE).q.zero_point),
    )


def _projection_bias(graph: Graph, op: Op, shape: _Shape) -> Array:
    weights = _data(graph, op, _PROJECTION)
    bias = np.zeros(shape.outputs, np.int64)
    if graph.has_input(op, _PROJECTION_BIAS):
        bias = _data(graph, op, _PROJECTION_BIAS)
    return _absorbed(bias, weights, -_intermediate(graph, op, _HIDDEN).q.zero_point)


def _sums(graph: Graph, op: Op, shape: _Shape) -> Iterator[tuple[str, int]]:
    """The greatest magnitude that each kind of sum may reach."""
    for gate in shape.gates:
        parts = zip(_gate_bias(graph, op, shape, gate), (_WEIGHTS, _RECURRENT), strict=True)
        for bias, places in parts:
            weights = np.abs(_data(graph, op, places[gate]).astype(np.int64)).sum(axis=1)
            yield f"{_NAMES[gate]} gate", int((np.abs(bias) + 128 * weights).max())
    if shape.projected:
        weights = np.abs(_data(graph, op, _PROJECTION).astype(np.int64)).sum(axis=1)
        bias = np.abs(_projection_bias(graph, op, shape))
        yield "projection", int((bias + 128 * weights).max())


def _intermediate(graph: Graph, op: Op, place: int) -> Tensor:
    return graph.tensors[op.intermediates[place]]


def _cell_bits(graph: Graph, op: Op) -> int | None:
    """Integer bits of the cell state; None unless its scale is a power of two (CheckedLog2)."""
    exact = math.log2(graph.input(op, _CELL).q.scale)
    return None if abs(exact - round(exact)) >= 1e-3 else 15 + round(exact)


def _scale(graph: Graph, op: Op, place: int) -> Any:
    return np.float32(graph.input(op, place).q.scale)


def _scales(graph: Graph, op: Op, shape: _Shape, gate: int) -> list[int]:
    """The numbers of one gate in the order of lstm.h; products are float32, as in the source."""
    into = np.float32(2.0**-12)
    if shape.normalized:
        into = np.float32(_intermediate(graph, op, gate).q.scale)
    fresh = _scale(graph, op, _WEIGHTS[gate]) * _scale(graph, op, 0) / into
    past = _scale(graph, op, _RECURRENT[gate]) * _scale(graph, op, _STATE) / into
    numbers = [*quantize_multiplier(float(fresh)), *quantize_multiplier(float(past)), 0, 0, 0, 0, 1]
    if shape.peepholes and gate != 2:
        # std::pow gives a double.
        power = 2.0 ** ((_cell_bits(graph, op) or 0) - 15)
        seen = power * float(_scale(graph, op, _PEEPHOLE[gate])) / float(into)
        numbers[4:6] = quantize_multiplier(float(np.float32(seen)))
    if shape.normalized:
        norm = _scale(graph, op, _NORM[gate])
        mult, shift = quantize_multiplier(float(norm))
        numbers[6:] = [mult, shift + 12, max(1, int(np.float32(10000) * norm))]
    return numbers


def _hidden(graph: Graph, op: Op) -> tuple[int, int]:
    scale = float(np.float32(_intermediate(graph, op, _HIDDEN).q.scale))
    return quantize_multiplier(float(np.float32(2.0**-15 / scale * 2.0**-15)))


def _projection(graph: Graph, op: Op, shape: _Shape) -> tuple[int, int]:
    if not shape.projected:
        return 0, 0
    hidden = np.float32(_intermediate(graph, op, _HIDDEN).q.scale)
    scale = _scale(graph, op, _PROJECTION) * hidden / _scale(graph, op, _STATE)
    return quantize_multiplier(float(scale))


def _clip(clip: float, scale: float, most: int) -> int:
    """A clip in steps of its scale, cut to its type; 0 for none."""
    return int(min(np.float32(clip) / np.float32(scale), np.float32(most))) if clip > 0 else 0


def lower(graph: Graph, op: Op, _options: Options) -> list[Call]:
    """The kernel call, for all steps of the sequence."""
    shape = _shape(graph, op)
    source, output = graph.input(op, 0), graph.output(op)
    state, cell = graph.input(op, _STATE), graph.input(op, _CELL)
    steps = source.elements // shape.inputs
    nothing8, nothing32 = np.zeros(1, np.int8), np.zeros(1, np.int32)
    nothing16 = np.zeros(1, np.int16)

    def stacked(places: tuple[int, ...]) -> Array:
        parts = [
            np.zeros(shape.cells, np.int16) if places[gate] < 0 else _data(graph, op, places[gate])
            for gate in shape.gates
        ]
        return np.stack(parts)

    bias = [part for gate in shape.gates for part in _gate_bias(graph, op, shape, gate)]
    scales = [number for gate in shape.gates for number in _scales(graph, op, shape, gate)]
    hidden, projection = _hidden(graph, op), _projection(graph, op, shape)
    hidden_zero = _intermediate(graph, op, _HIDDEN).q.zero_point
    facts = {
        "coupled": int(len(shape.gates) == 3),
        "peepholes": int(shape.peepholes),
        "normalized": int(shape.normalized),
        "projected": int(shape.projected),
        "steps": steps,
        "inputs": shape.inputs,
        "cells": shape.cells,
        "outputs": shape.outputs,
        "cell_bits": _cell_bits(graph, op) or 0,
        "cell_clip": _clip(float(op.attributes["cell_clip"]), cell.q.scale, 32767),
        "hidden_mult": hidden[0],
        "hidden_shift": hidden[1],
        # What is projected is stored with the opposite sign of its zero point, and its projection
        # absorbs that.
        "hidden_zero": -hidden_zero if shape.projected else hidden_zero,
        "projection_mult": projection[0],
        "projection_shift": projection[1],
        "projection_zero": state.q.zero_point,
        "projection_clip": _clip(float(op.attributes["proj_clip"]), output.q.scale, 127),
    }
    call = Call(
        "tiny_lstm",
        "lstm.h",
        (
            Buffer(source.index),
            Buffer(output.index, write=True),
            Buffer(state.index, write=True, updates=True),
            Buffer(cell.index, write=True, updates=True),
            Scratch(len(shape.gates) * shape.cells * 2),
            Rom("weights", stacked(_WEIGHTS)),
            Rom("recurrent", stacked(_RECURRENT)),
            Rom("bias", np.stack(bias).astype(np.int32)),
            Rom("peephole", stacked(_PEEPHOLE) if shape.peepholes else nothing16),
            Rom("norm", stacked(_NORM) if shape.normalized else nothing16),
            Rom("norm_bias", stacked(_BIAS) if shape.normalized else nothing32),
            Rom("projection", _data(graph, op, _PROJECTION) if shape.projected else nothing8),
            Rom(
                "projection_bias",
                _projection_bias(graph, op, shape).astype(np.int32)
                if shape.projected
                else nothing32,
            ),
            Rom("scales", np.array(scales, np.int32)),
            *(Literal(name, value) for name, value in facts.items()),
        ),
        graph.label(op),
        macs=steps
        * shape.cells
        * (len(shape.gates) * (shape.inputs + shape.outputs) + shape.projected * shape.outputs),
    )
    return [call]


KIND = Kind("UNIDIRECTIONAL_SEQUENCE_LSTM", check, lower)
