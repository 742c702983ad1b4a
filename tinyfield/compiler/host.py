"""Runs a compiled model on this PC: the generated C, through ctypes."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tinyfield import hostcc
from tinyfield.errors import ModelError
from tinyfield.paths import firmware_dir

if TYPE_CHECKING:
    from tinyfield.compiler import Program

Arrays = dict[str, NDArray[Any]]


class HostModel:
    """One instance of a compiled model in this process."""

    def __init__(self, program: Program) -> None:
        library = hostcc.compile_shared(
            [program.source],
            include=[firmware_dir() / "core"],
            headers={f"{program.prefix}.h": program.header},
            name=program.prefix,
        )
        self._program = program
        loaded = ctypes.CDLL(str(library))
        self._invoke = getattr(loaded, f"{program.prefix}_invoke")
        self._invoke.restype = ctypes.c_int
        # Words, so that the arena is aligned as the kernels expect.
        self._arena = np.zeros(-(-program.arena_bytes // 8), np.uint64)
        if program.stateful:
            reset = getattr(loaded, f"{program.prefix}_reset")
            reset.restype = None
            reset(self._arena.ctypes.data_as(ctypes.c_void_p))

    def __call__(self, *inputs: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        """One inference: arrays of the inputs' shapes in, arrays of the outputs' shapes out."""
        program = self._program
        arguments = [self._arena.ctypes.data_as(ctypes.c_void_p)]
        held = []
        for port, given in zip(program.inputs, inputs, strict=True):
            array = np.ascontiguousarray(given, port.dtype)
            if array.size * array.itemsize != port.bytes:
                raise ModelError(f"input {port.name!r} is {list(port.shape)}, not {given.shape}")
            held.append(array)
            if port.offset is not None:
                room = self._arena.view(np.uint8)[port.offset : port.offset + port.bytes]
                room[:] = np.frombuffer(array.tobytes(), np.uint8)
                array = room
            arguments.append(array.ctypes.data_as(ctypes.c_void_p))
        outputs = [np.zeros(port.shape, port.dtype) for port in program.outputs]
        arguments += [array.ctypes.data_as(ctypes.c_void_p) for array in outputs]
        status = self._invoke(*arguments)
        if status != 0:
            raise ModelError(f"{program.prefix}_invoke returned {status}")
        return tuple(outputs)


def ordered(program: Program, inputs: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
    """``in0``, ``in1``, … of a mapping, each [n, …] of the right type and one common n.

    Raises:
        ModelError: one is missing, too many are there, or a shape or type does not fit.
    """
    names = [f"in{number}" for number in range(len(program.inputs))]
    if sorted(names) != sorted(inputs):
        raise ModelError(
            f"the model takes {', '.join(names)}; given: {', '.join(sorted(inputs)) or 'nothing'}",
            hint=f"name the arrays {', '.join(names)}, each with the calls along its first axis",
        )
    arrays: list[NDArray[Any]] = []
    for name, port in zip(names, program.inputs, strict=True):
        array = np.asarray(inputs[name])
        size = int(np.prod(port.shape, dtype=np.int64))
        if array.dtype != np.dtype(port.dtype):
            raise ModelError(f"{name} is {array.dtype}, the model takes {port.dtype}")
        if array.ndim == 0 or (len(array) > 0 and array[:1].size != size):
            raise ModelError(
                f"{name} is {list(array.shape)}, the model takes [n, {str(list(port.shape))[1:]}"
            )
        arrays.append(array)
    if len({len(array) for array in arrays}) > 1:
        raise ModelError("the inputs differ in their number of calls (first axis)")
    return arrays


def run_host(program: Program, inputs: Mapping[str, NDArray[Any]]) -> Arrays:
    """Successive calls on the host; ``in0 [n, …]`` → ``out0 [n, …]``."""
    arrays = ordered(program, inputs)
    model = HostModel(program)
    calls = [model(*one) for one in zip(*arrays, strict=True)]
    return stacked(program, calls)


def stacked(program: Program, calls: Sequence[Sequence[NDArray[Any]]]) -> Arrays:
    """The outputs of successive calls, one array an output."""
    return {
        f"out{number}": np.array([call[number] for call in calls], port.dtype).reshape(
            len(calls), *port.shape
        )
        for number, port in enumerate(program.outputs)
    }
