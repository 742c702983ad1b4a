"""Reads a ``.tflite`` file into a :class:`~tinyfield.compiler.graph.Graph`.

The first subgraph is the model; the others (what CALL_ONCE, WHILE and IF name) hang on it as
``subgraphs``. Whatever the file holds, the outcome is graphs that are verified, each for itself,
or a :class:`~tinyfield.errors.ModelError`.
"""

from __future__ import annotations

import math

import numpy as np

from tinyfield.compiler.flatbuffer import Reader, Table
from tinyfield.compiler.graph import ITEM_BYTES, Array, Graph, Op, Quant, Tensor
from tinyfield.compiler.schema import (
    ACTIVATIONS,
    FILE_IDENTIFIER,
    OPERATORS,
    OPTIONS,
    PADDINGS,
    TYPES,
)
from tinyfield.errors import ModelError

_MAX_ELEMENTS = 1 << 28
_MAX_DIMENSIONS = 8
_MAX_SUBGRAPHS = 256
_DAMAGED = "convert the model again; this file is corrupt"


def read(data: bytes) -> Graph:
    """The model's graph.

    Args:
        data: the file's bytes.

    Raises:
        ModelError: not a TFLite file, damaged, or of a kind that has no graph.
    """
    # Bytes of its own, so that the constants, which are not copied, keep what they are.
    model = Reader(bytes(data), FILE_IDENTIFIER).root()
    version = model.integer(0, "u32")
    if version != 3:
        raise ModelError(f"TFLite schema version {version}; only version 3 is known")
    kinds = [_operator_kind(code) for code in model.tables(1)]
    buffers = [_buffer(table) for table in model.tables(4)]
    graphs = []
    for number, table in enumerate(model.tables(2)):
        if number == _MAX_SUBGRAPHS:
            raise ModelError(f"the model has over {_MAX_SUBGRAPHS} subgraphs", hint=_DAMAGED)
        graphs.append(_graph(table, kinds, buffers))
    if not graphs:
        raise ModelError("the model has no subgraph", hint=_DAMAGED)
    if not graphs[0].outputs:
        raise ModelError("the model has no output", hint=_DAMAGED)
    graphs[0].subgraphs = tuple(graphs)
    return graphs[0]


def _graph(subgraph: Table, kinds: list[str], buffers: list[memoryview]) -> Graph:
    tensors = {
        index: _tensor(index, table, buffers) for index, table in enumerate(subgraph.tables(0))
    }
    ops = [_op(node, table, kinds) for node, table in enumerate(subgraph.tables(3))]
    graph = Graph(
        tensors,
        ops,
        _indices(subgraph, 1),
        _indices(subgraph, 2),
        subgraph.text(4) or "main",
    )
    graph.verify()
    return graph


def _operator_kind(code: Table) -> str:
    # Codes under 127 stand in the old 8-bit field, in old files only there.
    number = max(code.integer(0, "i8"), code.integer(3, "i32"))
    if not 0 <= number < len(OPERATORS):
        return f"operator {number}"
    if OPERATORS[number] == "CUSTOM":
        return f"CUSTOM {code.text(1)}"
    return OPERATORS[number]


def _buffer(table: Table) -> memoryview:
    if table.integer(1, "u64") > 1:
        raise ModelError(
            "the weights stand outside the flatbuffer (a model of over 2 GB)",
            hint="no microcontroller holds such a model; train a smaller one",
        )
    return table.raw(0)


def _indices(table: Table, slot: int) -> tuple[int, ...]:
    return tuple(int(index) for index in table.array(slot, "<i4"))


def _tensor(index: int, table: Table, buffers: list[memoryview]) -> Tensor:
    name = table.text(3)
    where = f"tensor {index} {name!r}"
    shape = _indices(table, 0)
    if len(shape) > _MAX_DIMENSIONS or any(size < 0 for size in shape):
        raise ModelError(f"{where} has the shape {list(shape)}", hint=_DAMAGED)
    if math.prod(shape) > _MAX_ELEMENTS:
        raise ModelError(f"{where} would have {math.prod(shape):,} elements", hint=_DAMAGED)
    number = table.integer(1, "i8")
    dtype = TYPES.get(number, f"type {number}")
    place = table.integer(2, "u32")
    if place >= len(buffers) > 0:
        raise ModelError(f"{where} names buffer {place} of {len(buffers)}", hint=_DAMAGED)
    content = buffers[place] if buffers else memoryview(b"")
    variable = bool(table.integer(5, "u8"))
    data = None if variable or not content else _constant(where, content, dtype, shape)
    quant = _quant(where, table.table(4), shape)
    unknown = -1 in _indices(table, 7)
    return Tensor(index, name, shape, dtype, quant, data, persistent=variable, open=unknown)


def _constant(where: str, content: memoryview, dtype: str, shape: tuple[int, ...]) -> Array | None:
    if dtype not in ITEM_BYTES:
        return None  # refused by its type, later, with all else that is unsupported
    wanted = math.prod(shape) * ITEM_BYTES[dtype]
    if len(content) != wanted:
        raise ModelError(
            f"{where} needs {wanted} bytes, its buffer has {len(content)}", hint=_DAMAGED
        )
    # Not copied: many tensors may name one buffer.
    array = np.frombuffer(content, np.dtype(dtype).newbyteorder("<"))
    return array.astype(np.dtype(dtype), copy=False).reshape(shape)


def _quant(where: str, table: Table | None, shape: tuple[int, ...]) -> Quant | None:
    if table is None:
        return None
    scales = tuple(float(scale) for scale in table.array(2, "<f4"))
    if not scales:
        return None
    zeros = tuple(int(zero) for zero in table.array(3, "<i8")) or (0,) * len(scales)
    axis = table.integer(6)
    if len(zeros) != len(scales):
        raise ModelError(f"{where}: {len(scales)} scales, {len(zeros)} zero points", hint=_DAMAGED)
    if not all(math.isfinite(scale) and scale >= 0 for scale in scales):
        raise ModelError(f"{where} has a scale that is no positive number", hint=_DAMAGED)
    if any(not -(1 << 31) <= zero < 1 << 31 for zero in zeros):
        raise ModelError(f"{where} has a zero point outside 32 bits", hint=_DAMAGED)
    if len(scales) > 1 and not (0 <= axis < len(shape) and shape[axis] == len(scales)):
        raise ModelError(
            f"{where}: {len(scales)} scales along axis {axis} of {list(shape)}", hint=_DAMAGED
        )
    return Quant(scales, zeros, axis if len(scales) > 1 else 0)


def _op(node: int, table: Table, kinds: list[str]) -> Op:
    code = table.integer(0, "u32")
    if code >= len(kinds):
        raise ModelError(f"node {node} names operator code {code} of {len(kinds)}", hint=_DAMAGED)
    kind = kinds[code]
    options = table.table(4)
    attributes: dict[str, int | float | str] = {}
    for name, (slot, number, default) in OPTIONS.get(kind, {}).items():
        if isinstance(default, str):
            attributes[name] = default if options is None else options.text(slot)
            continue
        value = default if options is None else options.number(slot, number, default)
        attributes[name] = _named(node, kind, name, value)
    return Op(
        kind,
        _indices(table, 1),
        _indices(table, 2),
        attributes,
        node,
        intermediates=_indices(table, 8),
    )


def _named(node: int, kind: str, name: str, value: int | float) -> int | float | str:
    known = {"activation": ACTIVATIONS, "padding": PADDINGS}.get(name)
    if known is None:
        return value
    if not 0 <= value < len(known):
        raise ModelError(f"node {node} {kind} has the {name} {value}", hint=_DAMAGED)
    return known[int(value)]
