"""The compiler's one intermediate form: tensors, operators, and what must hold between them.

A :class:`Graph` is read from a model, rewritten by the passes and lowered to calls. Operators
stand in the order in which they run. A graph is a value to its passes: they take one and give
back another (:meth:`Graph.copy` is cheap, for tensors are frozen and share their data).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinyfield.errors import ModelError

Array = NDArray[Any]

#: Bytes of one element of each type that a graph may hold.
ITEM_BYTES = {"int8": 1, "uint8": 1, "bool": 1, "int16": 2, "int32": 4, "int64": 8, "float32": 4}


@dataclass(frozen=True)
class Quant:
    """Affine quantization: real = scale · (q − zero_point), one pair or one a channel.

    Scales are float32 values (TFLite stores them so), held as Python floats.
    """

    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    axis: int = 0

    @property
    def scale(self) -> float:
        """The scale of a per-tensor quantization."""
        return self.scales[0]

    @property
    def zero_point(self) -> int:
        """The zero point of a per-tensor quantization."""
        return self.zero_points[0]

    @property
    def per_channel(self) -> bool:
        """More than one scale?"""
        return len(self.scales) > 1


@dataclass(frozen=True)
class Tensor:
    """One value of a graph; ``data`` is there for constants only.

    A ``persistent`` tensor keeps its value from one call of the model to the next; operators may
    read it first and write it again. It starts as ``initial``, or as its zero point. The shape of
    an ``open`` one is not fixed in the file (``passes/shapes.py``).
    """

    index: int
    name: str
    shape: tuple[int, ...]
    dtype: str
    quant: Quant | None = None
    data: Array | None = None
    persistent: bool = False
    initial: Array | None = None
    open: bool = False

    @property
    def elements(self) -> int:
        """How many numbers."""
        return math.prod(self.shape)

    @property
    def bytes(self) -> int:
        """How many bytes."""
        return self.elements * ITEM_BYTES[self.dtype]

    @property
    def q(self) -> Quant:
        """The quantization, which ``check`` has made sure is there."""
        if self.quant is None:
            raise ModelError(f"tensor {self.index} {self.name!r} has no quantization")
        return self.quant

    def __str__(self) -> str:
        text = f"t{self.index} {self.dtype}{list(self.shape)}"
        if self.quant is not None:
            many = f" ×{len(self.quant.scales)}" if self.quant.per_channel else ""
            text += f" q({self.quant.scale:.6g}{many}, {self.quant.zero_point})"
        if self.data is not None:
            text += " const"
        if self.persistent:
            text += " persistent"
        return text


@dataclass(frozen=True)
class Op:
    """One operator; an absent optional input is −1. ``node`` is its place in the model's file.

    ``intermediates`` are tensors that hold only the quantization of values within the operator.
    """

    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    attributes: dict[str, int | float | str] = field(default_factory=dict)
    node: int = -1
    intermediates: tuple[int, ...] = ()

    def integer(self, name: str) -> int:
        """An attribute that is a whole number."""
        return int(self.attributes[name])

    def text(self, name: str) -> str:
        """An attribute that is a name."""
        return str(self.attributes[name])


@dataclass
class Graph:
    """Tensors by index, operators in running order, inputs and outputs in the caller's order.

    ``subgraphs`` are all graphs of the file, this one (as it was read) first, for the operators
    that name others; the passes which resolve those leave none.
    """

    tensors: dict[int, Tensor]
    ops: list[Op]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    name: str = "main"
    subgraphs: tuple[Graph, ...] = field(default=(), repr=False, compare=False)

    def copy(self) -> Graph:
        """A graph that may be changed without touching this one."""
        return replace(self, tensors=dict(self.tensors), ops=list(self.ops))

    def ins(self, op: Op) -> list[Tensor]:
        """The tensors that ``op`` reads; absent ones left out."""
        return [self.tensors[index] for index in op.inputs if index >= 0]

    def input(self, op: Op, place: int) -> Tensor:
        """The tensor at one input place.

        Raises:
            ModelError: nothing is there, as no converter leaves it.
        """
        if not self.has_input(op, place):
            raise ModelError(
                f"{self.label(op)} has no input {place}",
                hint="convert the model again; this file is corrupt",
            )
        return self.tensors[op.inputs[place]]

    def output(self, op: Op) -> Tensor:
        """The first tensor that ``op`` writes."""
        return self.tensors[op.outputs[0]]

    def has_input(self, op: Op, place: int) -> bool:
        """Is an optional input given?"""
        return place < len(op.inputs) and op.inputs[place] >= 0

    def readers(self, tensor: int) -> list[Op]:
        """The operators that read a tensor."""
        return [op for op in self.ops if tensor in op.inputs]

    def writer(self, tensor: int) -> Op | None:
        """The operator that writes a tensor."""
        return next((op for op in self.ops if tensor in op.outputs), None)

    def add_tensor(
        self,
        name: str,
        shape: tuple[int, ...],
        dtype: str,
        quant: Quant | None = None,
        *,
        persistent: bool = False,
        initial: Array | None = None,
    ) -> int:
        """A new tensor without a value; returns its index."""
        index = max(self.tensors, default=-1) + 1
        self.tensors[index] = Tensor(
            index, name, shape, dtype, quant, persistent=persistent, initial=initial
        )
        return index

    def add_constant(self, name: str, data: Array, quant: Quant | None = None) -> int:
        """A new constant; returns its index."""
        index = max(self.tensors, default=-1) + 1
        self.tensors[index] = Tensor(index, name, data.shape, str(data.dtype), quant, data)
        return index

    def set_data(self, index: int, data: Array) -> None:
        """Makes a tensor a constant."""
        self.tensors[index] = replace(self.tensors[index], data=data)

    def label(self, op: Op) -> str:
        """What a user finds an operator by: its place, kind and output's name."""
        name = f" {self.output(op).name!r}" if op.outputs else ""
        return f"node {op.node} {op.kind}{name}"

    def verify(self) -> None:
        """Checks what every stage relies on.

        Raises:
            ModelError: an index without a tensor, a value read before it is written or written
                twice, a constant written, an output that nobody makes, data of the wrong shape.
        """
        for index, tensor in self.tensors.items():
            if tensor.index != index:
                raise ModelError(f"tensor {index} calls itself {tensor.index}")
            if tensor.data is not None and tuple(tensor.data.shape) != tensor.shape:
                raise ModelError(
                    f"tensor {index} {tensor.name!r} is {list(tensor.shape)}, "
                    f"its data {list(tensor.data.shape)}"
                )
            if tensor.persistent and tensor.data is not None:
                raise ModelError(f"tensor {index} {tensor.name!r} is a constant that changes")
        known = {
            index
            for index, tensor in self.tensors.items()
            if tensor.data is not None or tensor.persistent
        }
        for index in (*self.inputs, *self.outputs):
            if index not in self.tensors:
                raise ModelError(f"the graph's inputs or outputs name tensor {index}: none such")
        if set(self.inputs) & known or len(set(self.inputs)) != len(self.inputs):
            raise ModelError("an input of the graph is a constant, or is given twice")
        known |= set(self.inputs)
        for op in self.ops:
            self._verify_op(op, known)
            known |= set(op.outputs)
        for index in self.outputs:
            if index not in known:
                raise ModelError(f"output t{index} is computed by no operator")

    def _verify_op(self, op: Op, known: set[int]) -> None:
        where = f"node {op.node} {op.kind}"
        for index in (*op.inputs, *op.outputs, *op.intermediates):
            if index != -1 and index not in self.tensors:
                raise ModelError(f"{where} names tensor {index}: there is none")
        for index in op.inputs:
            if index >= 0 and index not in known:
                raise ModelError(f"{where} reads t{index} before anything has written it")
        for index in op.outputs:
            if index < 0 or (index in known and not self.tensors[index].persistent):
                raise ModelError(f"{where} writes t{index}, which already has a value")

    def dump(self) -> str:
        """The graph as text: one line an operator, readable and stable."""
        lines = [f"graph {self.name!r}: {len(self.ops)} operators"]
        lines += [f"  in   {self.tensors[index]}" for index in self.inputs]
        for op in self.ops:
            outs = ", ".join(str(self.tensors[index]) for index in op.outputs)
            args = ", ".join("–" if index < 0 else self._short(index) for index in op.inputs)
            facts = " ".join(f"{key}={value}" for key, value in sorted(op.attributes.items()))
            lines.append(
                f"  {op.node:>3}  {outs} = {op.kind}({args})" + f" {{{facts}}}" * bool(facts)
            )
        lines += [f"  out  {self.tensors[index]}" for index in self.outputs]
        return "\n".join(lines) + "\n"

    def _short(self, index: int) -> str:
        tensor = self.tensors[index]
        if tensor.data is None:
            return f"t{index}"
        flat = np.asarray(tensor.data).ravel()
        if 0 < flat.size <= 8 and tensor.dtype in ("int32", "int64"):
            return f"t{index}={tensor.data.tolist()}"
        return f"t{index}:{tensor.dtype}{list(tensor.shape)}"
