"""Control flow goes: counted WHILE loops and IFs with a known condition are written out.

A loop's counters start at constants, so its condition and all arithmetic on counters can be
computed here, pass by pass through the body; what is left is the body's work, once for each pass,
with constant places where a counter was an index. That is what the recurrent layers of Keras
become (a GRU over its time steps). A sequence that each pass cuts in two and joins again around its
own step is followed in thought only, and put together once, at the end. Anything else stays as it
is, with the reason in the attribute ``why``, for the operator's check to tell.

Reference: TFLite ``while.cc`` and ``if.cc``: values pass between the graphs as bytes.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from tinyfield.compiler.graph import Array, Graph, Op, Tensor
from tinyfield.compiler.ops.base import Kind, never_lowered

#: How much work loops may be written out to, in operators and passes together.
_MOST = 4096
_DEEPEST = 8
_SMALL = 64
_WIDE = 8
_WHOLE = ("int32", "int64", "bool")

_TWO: dict[str, Callable[[Array, Array], Array]] = {
    "ADD": operator.add,
    "SUB": operator.sub,
    "MUL": operator.mul,
    "LESS": operator.lt,
    "LESS_EQUAL": operator.le,
    "GREATER": operator.gt,
    "GREATER_EQUAL": operator.ge,
    "EQUAL": operator.eq,
    "NOT_EQUAL": operator.ne,
    "LOGICAL_AND": np.logical_and,
    "LOGICAL_OR": np.logical_or,
    "MINIMUM": np.minimum,
    "MAXIMUM": np.maximum,
}


class _Refused(Exception):
    """Why a loop or branch cannot be written out."""


@dataclass(frozen=True)
class _Run:
    """Rows ``start`` to ``end`` of a tensor, along its first axis."""

    tensor: int
    start: int
    end: int


def _between(runs: list[_Run], start: int, end: int) -> list[_Run]:
    """The rows from ``start`` to ``end`` of what some runs make up."""
    result, place = [], 0
    for run in runs:
        first, last = max(start - place, 0), min(end - place, run.end - run.start)
        if first < last:
            result.append(_Run(run.tensor, run.start + first, run.start + last))
        place += run.end - run.start
    return result


def _united(runs: list[_Run]) -> list[_Run]:
    """The same rows; runs that follow each other in one tensor are one."""
    result: list[_Run] = []
    for run in runs:
        if result and (result[-1].tensor, result[-1].end) == (run.tensor, run.start):
            result[-1] = replace(result[-1], end=run.end)
        else:
            result.append(run)
    return result


def inline(graph: Graph) -> Graph:
    """The graph without control flow, as far as that can be written out."""
    if not any(op.kind in ("WHILE", "IF") for op in graph.ops):
        return graph
    return _Inliner(graph).run()


class _Inliner:
    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self.result = replace(graph.copy(), ops=[])
        self._left = _MOST
        self._next = max(graph.tensors, default=-1) + 1
        self._kept: dict[int, dict[int, int]] = {}
        self._empty: set[int] = set()
        #: Tensors that nobody has needed yet: the runs of rows that they are made of.
        self._rows: dict[int, list[_Run]] = {}

    def run(self) -> Graph:
        for op in self._graph.ops:
            if op.kind not in ("WHILE", "IF"):
                self.result.ops.append(op)
                continue
            before = list(self.result.ops), dict(self.result.tensors)
            self._rows = {}
            try:
                values = self._control(op, list(op.inputs), 0)
                for target, value in zip(op.outputs, values, strict=True):
                    self._becomes(target, value, op.node)
            except _Refused as reason:
                self.result.ops, self.result.tensors = before
                facts = {**op.attributes, "why": str(reason)}
                self.result.ops.append(replace(op, attributes=facts))
        return self.result

    def _control(self, op: Op, values: list[int], depth: int) -> list[int]:
        """The tensors that hold the operator's outputs once it is written out."""
        if depth > _DEEPEST:
            raise _Refused("control flow is nested without end")
        if op.kind == "IF":
            chosen = self._constant(values[0]) if values else None
            if chosen is None or chosen.size != 1:
                raise _Refused("only a constant condition is supported")
            which = "then_subgraph" if chosen.reshape(-1)[0] else "else_subgraph"
            results = self._body(self._named(op, which), op, values[1:], depth)
        else:
            condition, body = self._named(op, "cond_subgraph"), self._named(op, "body_subgraph")
            results = values
            while self._holds(condition, results):
                self._spend(1 + len(values) // _WIDE)
                results = self._body(body, op, results, depth)
        if len(results) != len(op.outputs):
            raise _Refused(f"{len(results)} values for {len(op.outputs)} outputs")
        return results

    def _named(self, op: Op, which: str) -> tuple[int, Graph]:
        number = op.integer(which)
        if not 0 < number < len(self._graph.subgraphs):
            raise _Refused(f"its subgraph {number} is not there: the file is damaged")
        return number, self._graph.subgraphs[number]

    def _spend(self, amount: int) -> None:
        self._left -= amount
        if self._left < 0:
            raise _Refused(
                f"written out it would be over {_MOST} operators: use fewer time steps, or an LSTM "
                "layer, which TFLite has as one operator"
            )

    def _holds(self, named: tuple[int, Graph], values: list[int]) -> bool:
        inner = named[1]
        if len(inner.inputs) != len(values) or len(inner.outputs) != 1:
            raise _Refused("its condition does not fit its inputs: the file is damaged")
        self._spend(len(inner.ops))
        known: dict[int, Array] = {}
        for index, value in zip(inner.inputs, values, strict=True):
            given = self._constant(value)
            if given is not None:
                known[index] = given
        for op in inner.ops:
            self._spend(len(op.inputs) // _WIDE)
            given_all = [_known(inner, known, index) for index in op.inputs]
            found = _evaluated(op, given_all)
            if found is not None and len(op.outputs) == 1:
                known[op.outputs[0]] = found
        holds = _known(inner, known, inner.outputs[0])
        if holds is None or holds.size != 1:
            raise _Refused(
                "how often it runs is not known: only counted loops are supported, whose "
                "condition compares a counter with a constant"
            )
        return bool(holds.reshape(-1)[0])

    def _body(
        self, named: tuple[int, Graph], caller: Op, values: list[int], depth: int
    ) -> list[int]:
        number, inner = named
        if len(inner.inputs) != len(values):
            raise _Refused(f"{len(values)} values for {len(inner.inputs)} inputs of its body")
        if number not in self._kept:
            # Constants and states are the same in each pass.
            self._kept[number] = {-1: -1} | {
                index: self._new(tensor)
                for index, tensor in inner.tensors.items()
                if tensor.persistent or tensor.data is not None
            }
        kept = self._kept[number]
        places: dict[int, int] = {}
        for index, value in zip(inner.inputs, values, strict=True):
            places[index] = self._as(inner.tensors[index], value, caller.node)

        def place(index: int) -> int:
            return kept[index] if index in kept else places[index]

        for op in inner.ops:
            self._spend(1 + (len(op.inputs) + len(op.outputs)) // _WIDE)
            inputs = [place(index) for index in op.inputs]
            if op.kind in ("WHILE", "IF"):
                for index, value in zip(
                    op.outputs, self._control(op, inputs, depth + 1), strict=True
                ):
                    places[index] = value
                continue
            for index in (*op.outputs, *op.intermediates):
                if index not in kept:
                    places[index] = self._new(inner.tensors[index])
            self._emit(
                Op(
                    op.kind,
                    tuple(inputs),
                    tuple(place(index) for index in op.outputs),
                    op.attributes,
                    caller.node,
                    tuple(place(index) for index in op.intermediates),
                )
            )
        return [place(index) for index in inner.outputs]

    def _emit(self, op: Op) -> None:
        tensors = self.result.tensors
        found = _evaluated(op, [self._constant(index) for index in op.inputs])
        made = tensors[op.outputs[0]] if len(op.outputs) == 1 else None
        if found is not None and made is not None and made.dtype in _WHOLE:
            data = found.astype(made.dtype)
            tensors[made.index] = replace(made, data=data, shape=data.shape)
            return
        if op.kind == "SLICE" and len(op.inputs) == 3 and len(op.outputs) == 1:
            self._cut(op)
        elif op.kind == "CONCATENATION" and len(op.outputs) == 1:
            op = replace(op, inputs=tuple(n for n in op.inputs if n not in self._empty))
            self._join(op)
        if any(index in self._rows for index in op.outputs):
            return
        for index in op.inputs:
            self._needed(index, op.node)
        if any(index in self._empty for index in op.inputs):
            raise _Refused(f"{op.kind} of an empty tensor in its body")
        if not any(index in self._empty for index in op.outputs):
            self.result.ops.append(op)

    def _cut(self, op: Op) -> None:
        """The length of a slice may depend on a counter."""
        begin, size = (self._constant(index) for index in op.inputs[1:])
        if op.inputs[0] < 0 or begin is None or size is None:
            return
        source, made = self.result.tensors[op.inputs[0]], self.result.tensors[op.outputs[0]]
        lengths = tuple(
            whole - int(first) if count == -1 else int(count)
            for whole, first, count in zip(source.shape, begin.flat, size.flat, strict=False)
        )
        if len(lengths) == len(source.shape) == size.size and min(lengths, default=0) >= 0:
            self.result.tensors[made.index] = replace(made, shape=lengths)
            if 0 in lengths:
                self._empty.add(made.index)
            elif lengths[1:] == source.shape[1:] and made.quant == source.quant:
                start, runs = int(begin.flat[0]), self._runs(source.index)
                self._rows[made.index] = _between(runs, start, start + lengths[0])

    def _join(self, op: Op) -> None:
        parts = [self.result.tensors[index] for index in op.inputs if index >= 0]
        made = self.result.tensors[op.outputs[0]]
        axis = op.integer("axis")
        if not parts or not -len(parts[0].shape) <= axis < len(parts[0].shape):
            return
        axis %= len(parts[0].shape)
        if all(len(part.shape) == len(parts[0].shape) for part in parts):
            length = sum(part.shape[axis] for part in parts)
            shape = (*parts[0].shape[:axis], length, *parts[0].shape[axis + 1 :])
            self.result.tensors[made.index] = replace(made, shape=shape)
            plain = all(part.quant == made.quant and part.dtype == made.dtype for part in parts)
            if axis == 0 and plain and len(parts) == len(op.inputs):
                runs = [run for part in parts for run in self._runs(part.index)]
                if len(runs) <= _MOST:
                    self._rows[made.index] = _united(runs)

    def _runs(self, index: int) -> list[_Run]:
        return self._rows.get(index) or [_Run(index, 0, self.result.tensors[index].shape[0])]

    def _needed(self, index: int, node: int) -> None:
        """Puts together a tensor that has been followed in thought."""
        runs = self._rows.pop(index, None)
        if runs is None:
            return
        tensors = self.result.tensors
        made = tensors[index]
        pieces = [self._piece(run, made, node) for run in runs]
        if len(pieces) == 1:
            self.result.ops.append(Op("RESHAPE", (pieces[0],), (index,), {}, node))
            return
        facts: dict[str, int | float | str] = {"axis": 0, "activation": "NONE"}
        self.result.ops.append(Op("CONCATENATION", tuple(pieces), (index,), facts, node))

    def _piece(self, run: _Run, like: Tensor, node: int) -> int:
        source = self.result.tensors[run.tensor]
        if run.end - run.start == source.shape[0]:
            return run.tensor
        if source.data is not None:
            cut = np.asarray(source.data)[run.start : run.end]
            return self._new(replace(source, data=cut, shape=cut.shape))
        index = self._new(replace(like, shape=(run.end - run.start, *source.shape[1:])))
        rest = len(source.shape) - 1
        ends = ([run.start] + [0] * rest, [run.end - run.start] + [-1] * rest)
        operands = [
            self._new(Tensor(0, "place", (rest + 1,), "int32", None, np.array(end, np.int32)))
            for end in ends
        ]
        self.result.ops.append(Op("SLICE", (run.tensor, *operands), (index,), {}, node))
        return index

    def _constant(self, index: int) -> Array | None:
        tensor = self.result.tensors.get(index)
        if tensor is None or tensor.data is None or not _countable(tensor):
            return None
        return np.asarray(tensor.data)

    def _new(self, like: Tensor) -> int:
        index, self._next = self._next, self._next + 1
        self.result.tensors[index] = replace(like, index=index)
        return index

    def _as(self, wanted: Tensor, value: int, node: int) -> int:
        """A value where a graph sees it with a quantization of its own."""
        given = self.result.tensors.get(value)
        if given is None or given.dtype != wanted.dtype:
            raise _Refused(f"its value {wanted.name!r} changes its type: the file is damaged")
        if given.quant == wanted.quant:
            return value
        index = self._new(replace(wanted, shape=given.shape))
        self._becomes(index, value, node)
        return index

    def _becomes(self, target: int, value: int, node: int) -> None:
        self._needed(value, node)
        tensors = self.result.tensors
        given, made = tensors[value], tensors[target]
        if given.dtype != made.dtype:
            raise _Refused(f"its output {made.name!r} changes its type: the file is damaged")
        tensors[target] = replace(made, shape=given.shape, data=given.data)
        if given.data is None:
            self.result.ops.append(Op("RESHAPE", (value,), (target,), {}, node))


def _known(graph: Graph, known: dict[int, Array], index: int) -> Array | None:
    """A whole number of a condition: computed, or a constant of its graph."""
    tensor = graph.tensors.get(index)
    if index in known or tensor is None or tensor.data is None or not _countable(tensor):
        return known.get(index)
    return np.asarray(tensor.data)


def _countable(tensor: Tensor) -> bool:
    return tensor.dtype in _WHOLE and tensor.quant is None and tensor.elements <= _SMALL


def _evaluated(op: Op, inputs: list[Array | None]) -> Array | None:
    """An operator's output where its inputs are few known whole numbers; None otherwise."""
    given = [array for array in inputs if array is not None]
    if len(given) != len(inputs) or not given or op.attributes.get("activation", "NONE") != "NONE":
        return None
    try:
        if op.kind in _TWO and len(given) == 2:
            with np.errstate(over="ignore"):
                found = np.asarray(_TWO[op.kind](given[0], given[1]))
        elif op.kind == "LOGICAL_NOT" and len(given) == 1:
            found = np.logical_not(given[0])
        elif op.kind == "RESHAPE" and len(given) == 2:
            found = given[0].reshape([int(n) for n in given[1].flat])
        elif op.kind == "CONCATENATION":
            found = np.concatenate(given, op.integer("axis"))
        else:
            return None
    except (ValueError, TypeError):
        return None
    return found if found.size <= _SMALL else None


def _why(_graph: Graph, op: Op) -> list[str]:
    return [str(op.attributes.get("why", "the file is damaged"))]


KINDS = [Kind(name, lambda g, op: iter(_why(g, op)), never_lowered) for name in ("WHILE", "IF")]
