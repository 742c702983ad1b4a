"""Other integers in a ``.tflite`` file, in place: weights, biases, scales and zero points.

Training that ends in exact integers (fake quantization, shared weights) writes them here, instead
of hoping that the converter would round to the same ones. Nothing moves and no size changes, so
the file stays what the converter made, but for the bytes named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinyfield.compiler.flatbuffer import Reader, Table
from tinyfield.compiler.schema import FILE_IDENTIFIER, TYPES
from tinyfield.errors import ModelError

# Slots of schema.fbs: Model, SubGraph, Tensor, QuantizationParameters, Buffer.
_SUBGRAPHS, _BUFFERS = 2, 4
_TENSORS = 0
_TYPE, _BUFFER, _QUANTIZATION = 1, 2, 4
_SCALE, _ZERO_POINT = 2, 3
_DATA = 0


@dataclass(frozen=True)
class Patch:
    """New contents of one tensor; what is None stays.

    Attributes:
        data: integers of a constant, in the tensor's own shape and type.
        scales: one, or one a channel.
        zero_points: as many as scales.
    """

    data: NDArray[Any] | None = None
    scales: NDArray[np.float32] | None = None
    zero_points: NDArray[np.int64] | None = None


def patched(tflite: bytes, patches: Mapping[int, Patch]) -> bytes:
    """The file with other contents in some tensors of its first subgraph.

    Args:
        tflite: the model file's bytes.
        patches: tensor index → what it gets.

    Raises:
        ModelError: no such tensor, another number of bytes or scales than the file has room for,
            or two tensors that stand on the same bytes would get different ones.
    """
    root = Reader(bytes(tflite), FILE_IDENTIFIER).root()
    buffers = list(root.tables(_BUFFERS))
    graph = next(root.tables(_SUBGRAPHS))
    tensors = list(graph.tables(_TENSORS))
    out = bytearray(tflite)
    written: dict[int, int] = {}
    for index, patch in patches.items():
        if not 0 <= index < len(tensors):
            raise ModelError(f"the model has no tensor {index}; it has {len(tensors)}")
        where = f"tensor {index} {tensors[index].text(3)!r}"
        if patch.data is not None:
            _write(out, written, where, *_constant(where, tensors[index], buffers, patch.data))
        for values, slot, kind in (
            (patch.scales, _SCALE, "<f4"),
            (patch.zero_points, _ZERO_POINT, "<i8"),
        ):
            if values is not None:
                _write(out, written, where, *_numbers(where, tensors[index], slot, kind, values))
    # Tensors that share a constant which only one of them was to change.
    _check_shared(tensors, patches)
    return bytes(out)


def tempered(tflite: bytes, logits: int, weights: int, bias: int | None, by: float) -> bytes:
    """The file with its logits divided by a temperature, without one other integer in them.

    Scales of the last layer's weights, bias and output are divided; what the layer computes stays
    the same to the byte, and only softmax reads it as smaller or larger.
    """
    from tinyfield.compiler.tflite import read

    tensors = read(tflite).tensors
    patches = {
        index: Patch(scales=(np.array(tensors[index].q.scales) / by).astype(np.float32))
        for index in (logits, weights, bias)
        if index is not None
    }
    return patched(tflite, patches)


def _constant(
    where: str, tensor: Table, buffers: list[Table], data: NDArray[Any]
) -> tuple[int, bytes]:
    number = tensor.integer(_BUFFER, "u32")
    span = buffers[number].span(_DATA, 1) if number < len(buffers) else None
    dtype = TYPES.get(tensor.integer(_TYPE, "i8"), "")
    if span is None or dtype != data.dtype.name:
        raise ModelError(f"{where} is no constant of {data.dtype.name}")
    raw = np.ascontiguousarray(data).astype(data.dtype.newbyteorder("<")).tobytes()
    if len(raw) != span[1]:
        raise ModelError(f"{where} has {span[1]} bytes; {len(raw)} cannot take their place")
    return span[0], raw


def _numbers(
    where: str, tensor: Table, slot: int, kind: str, values: NDArray[Any]
) -> tuple[int, bytes]:
    table = tensor.table(_QUANTIZATION)
    span = table.span(slot, np.dtype(kind).itemsize) if table is not None else None
    if span is None or span[1] != np.size(values):
        has = 0 if span is None else span[1]
        raise ModelError(f"{where} has {has} scales or zero points, not {np.size(values)}")
    return span[0], np.asarray(values).astype(kind).tobytes()


def _write(out: bytearray, written: dict[int, int], where: str, start: int, raw: bytes) -> None:
    end = start + len(raw)
    if start in written and out[start:end] != raw:
        raise ModelError(f"{where} shares its bytes with another tensor that gets other ones")
    written[start] = end
    out[start:end] = raw


def _check_shared(tensors: list[Table], patches: Mapping[int, Patch]) -> None:
    changed = {
        tensors[index].integer(_BUFFER, "u32")
        for index, patch in patches.items()
        if patch.data is not None
    }
    for index, tensor in enumerate(tensors):
        patch = patches.get(index, Patch())
        if patch.data is None and tensor.integer(_BUFFER, "u32") in changed:
            raise ModelError(
                f"tensor {index} {tensor.text(3)!r} shares its bytes with a tensor that is changed"
            )
